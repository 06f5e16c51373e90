"""The book of rules, WebSocket, what the app sends: the answer to the handshake, messages, the close, and how the call ends.

A table, and therefore long.
"""

from __future__ import annotations

from asgiviz.model.finding import Severity
from asgiviz.protocol.rules.rule import Basis, Party, Rule
from asgiviz.protocol.terms_places import (
    ACCEPT,
    CLOSE,
    CONNECT,
    DISCONNECTED_CLIENT,
    SPEC_VERSIONS,
    WEBSOCKET_SCOPE,
    WS_DISCONNECT,
    WS_SEND,
    rfc,
)

_SPECIFICATION, _RFC, _PORTABILITY = Basis.SPECIFICATION, Basis.RFC, Basis.PORTABILITY
_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_APP, _SERVER = Party.APP, Party.SERVER

_HANDSHAKE = (
    Rule(
        "WS-S-001",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "The answer to websocket.connect is accept, close, or an HTTP response where that is announced.",
        "Send websocket.accept to open the conversation, or websocket.close to refuse the client.",
        *CONNECT,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            receive websocket.disconnect, code=1000
            returned
        """,
        needs=(
            "Decided message by message, by the rules on each wrong answer: WS-S-010 for a message, EXT-DENY-002 for a body "
            "without a status, CORE-030 for a response that is not announced, WS-S-030 for no answer at all."
        ),
    ),
    Rule(
        "WS-S-002",
        _PORTABILITY,
        _WARNING,
        _APP,
        "The app receives websocket.connect before it answers.",
        "Await receive once before you send websocket.accept or websocket.close.",
        *CONNECT,
        breaks="""
            websocket
            send websocket.accept
            receive websocket.connect
            receive websocket.disconnect, code=1000
            returned
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            receive websocket.disconnect, code=1000
            returned
        """,
        servers="It works with all four. The text calls websocket.accept an answer to websocket.connect.",
    ),
    Rule(
        "WS-S-003",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "websocket.accept is sent once only.",
        "Accept in one place: in the middleware or in the app behind it, not in both.",
        *ACCEPT,
        breaks="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.accept -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.send, text="welcome"
            receive websocket.disconnect, code=1000
            returned
        """,
        servers="All four raise out of send; with daphne it is an AttributeError.",
    ),
    Rule(
        "WS-S-004",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "The subprotocol is a str, or None.",
        "Write subprotocol='chat', not b'chat': only the headers are bytes.",
        *ACCEPT,
        breaks="""
            websocket, subprotocols=["chat"], headers=[[b"host", b"localhost"], [b"sec-websocket-protocol", b"chat"]]
            receive websocket.connect
            send websocket.accept, subprotocol=b"chat" -> TypeError
            raised TypeError
        """,
        keeps="""
            websocket, subprotocols=["chat"], headers=[[b"host", b"localhost"], [b"sec-websocket-protocol", b"chat"]]
            receive websocket.connect
            send websocket.accept, subprotocol="chat"
            receive websocket.disconnect, code=1000
            returned
        """,
    ),
    Rule(
        "WS-S-005",
        _RFC,
        _ERROR,
        _APP,
        "The subprotocol is one that the client has offered.",
        "Choose one out of scope['subprotocols'], or none. A browser closes a connection with one that it did not ask for.",
        *rfc(6455, "4.2.2", "Sending the Server's Opening Handshake"),
        breaks="""
            websocket
            receive websocket.connect
            send websocket.accept, subprotocol="chat" -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            websocket, subprotocols=["chat"], headers=[[b"host", b"localhost"], [b"sec-websocket-protocol", b"chat"]]
            receive websocket.connect
            send websocket.accept, subprotocol="chat"
            receive websocket.disconnect, code=1000
            returned
        """,
        servers="granian, and uvicorn with websockets, send it. hypercorn, and uvicorn with wsproto, cut the connection.",
    ),
    Rule(
        "WS-S-006",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "The headers of websocket.accept are pairs of bytes, with names in lower case and no pseudo headers.",
        "Write [(b'set-cookie', b'id=7')]. From a dict take list(d.items()), and encode each text.",
        *ACCEPT,
        breaks="""
            websocket
            receive websocket.connect
            send websocket.accept, headers=[["set-cookie", "id=7"]] -> TypeError
            raised TypeError
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept, headers=[[b"set-cookie", b"id=7"]]
            receive websocket.disconnect, code=1000
            returned
        """,
        servers=(
            "str: hypercorn raises, and uvicorn with websockets; granian, and uvicorn with wsproto, take it. daphne ignores "
            "all headers of websocket.accept, the right ones too."
        ),
    ),
    Rule(
        "WS-S-007",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "sec-websocket-protocol is not among the headers of websocket.accept.",
        "Give the subprotocol in the key subprotocol; the server makes the header.",
        *ACCEPT,
        breaks="""
            websocket, subprotocols=["chat"], headers=[[b"host", b"localhost"], [b"sec-websocket-protocol", b"chat"]]
            receive websocket.connect
            send websocket.accept, headers=[[b"sec-websocket-protocol", b"chat"]] -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            websocket, subprotocols=["chat"], headers=[[b"host", b"localhost"], [b"sec-websocket-protocol", b"chat"]]
            receive websocket.connect
            send websocket.accept, subprotocol="chat"
            receive websocket.disconnect, code=1000
            returned
        """,
        servers="Only hypercorn refuses it.",
    ),
    Rule(
        "WS-S-008",
        _SPECIFICATION,
        _INFO,
        _APP,
        "websocket.accept has headers only where the server announces version 2.1 or later.",
        "Look at scope['asgi']['spec_version'] first; where it is missing, 2.0 is meant.",
        *SPEC_VERSIONS,
        breaks="""
            websocket, asgi={"version": "3.0", "spec_version": "2.0"}
            receive websocket.connect
            send websocket.accept, headers=[[b"set-cookie", b"id=7"]]
            receive websocket.disconnect, code=1000
            returned
        """,
        keeps="""
            websocket, asgi={"version": "3.0", "spec_version": "2.1"}
            receive websocket.connect
            send websocket.accept, headers=[[b"set-cookie", b"id=7"]]
            receive websocket.disconnect, code=1000
            returned
        """,
        servers="daphne announces no version, and ignores the headers. The others announce 2.3 or 2.4.",
    ),
)

_MESSAGES = (
    Rule(
        "WS-S-010",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "The app sends messages only after websocket.accept and before websocket.close.",
        "Send websocket.accept first: until then there is no WebSocket, only an HTTP request that asks for one.",
        *WS_SEND,
        breaks="""
            websocket
            receive websocket.connect
            send websocket.send, text="welcome" -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.send, text="welcome"
            receive websocket.disconnect, code=1000
            returned
        """,
        servers=(
            "uvicorn and hypercorn raise, and the client gets a 500. daphne raises, and the client hangs. granian takes it "
            "silently and answers 403."
        ),
    ),
    Rule(
        "WS-S-011",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "In websocket.send, text is a str and bytes is bytes; either may be None.",
        "Put a str into text and bytes into bytes. From json.dumps you get a str.",
        *WS_SEND,
        breaks="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.send, text=b"hello" -> TypeError
            raised TypeError
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.send, bytes=b"hello"
            receive websocket.disconnect, code=1000
            returned
        """,
        servers=(
            "Bytes in text: uvicorn with wsproto or the legacy websockets sends them as a binary message, granian sends an "
            "empty text, the others raise."
        ),
    ),
    Rule(
        "WS-S-012",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "Of text and bytes exactly one is given.",
        "Send two messages if you have two things to say, and none if you have nothing. None counts as not given.",
        *WS_SEND,
        breaks="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.send, text="hello", bytes=b"hello" -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.send, text="hello", bytes=None
            receive websocket.disconnect, code=1000
            returned
        """,
        servers=(
            "Both: uvicorn and hypercorn send the bytes and drop the text without a word; daphne and granian raise. Neither: "
            "daphne does nothing, like uvicorn with websockets-sansio; the others raise."
        ),
    ),
    Rule(
        "WS-S-013",
        _PORTABILITY,
        _INFO,
        _APP,
        "An empty text, or empty bytes, is a message like any other, but it does not arrive everywhere.",
        "Say it with a message that is not empty if it matters, such as '{}' in place of ''.",
        *WS_SEND,
        breaks="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.send, text=""
            receive websocket.disconnect, code=1000
            returned
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.send, text="{}"
            receive websocket.disconnect, code=1000
            returned
        """,
        servers="daphne drops it silently; the others send it.",
    ),
)

_CLOSE = (
    Rule(
        "WS-S-020",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "The code of websocket.close is an int.",
        "Write code=1000. Without the key the code is 1000, too.",
        *CLOSE,
        breaks="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.close, code="1000" -> TypeError
            raised TypeError
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.close, code=1000
            receive websocket.disconnect, code=1000
            returned
        """,
        servers="A str of digits works with hypercorn and granian; uvicorn and daphne raise.",
    ),
    Rule(
        "WS-S-021",
        _RFC,
        _ERROR,
        _APP,
        "The code of websocket.close is one that may be sent: 1000-1003, 1007-1014 or 3000-4999.",
        "Take 1000 for a normal end, 1011 for a mistake of the server, 4000-4999 for meanings of your own.",
        *rfc(6455, "7.4", "Status Codes"),
        breaks="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.close, code=1006 -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.close, code=4001
            receive websocket.disconnect, code=4001
            returned
        """,
        servers=(
            "1005, which stands for no code at all: uvicorn with websockets and daphne raise, uvicorn with wsproto and "
            "hypercorn send 1000, granian sends 1005. daphne allows only 1000 and 3000-4999."
        ),
    ),
    Rule(
        "WS-S-022",
        _SPECIFICATION,
        _WARNING,
        _APP,
        "The reason of websocket.close is a str or None, and counts on version 2.3 or later.",
        "Look at scope['asgi']['spec_version'] first. What must not be lost belongs in the code, or in a message before it.",
        *CLOSE,
        breaks="""
            websocket, asgi={"version": "3.0", "spec_version": "2.1"}
            receive websocket.connect
            send websocket.accept
            send websocket.close, code=4001, reason="the game is over"
            receive websocket.disconnect, code=4001
            returned
        """,
        keeps="""
            websocket, asgi={"version": "3.0", "spec_version": "2.3"}
            receive websocket.connect
            send websocket.accept
            send websocket.close, code=4001, reason="the game is over"
            receive websocket.disconnect, code=4001
            returned
        """,
        servers="daphne announces no version, and never sends a reason. The others do.",
    ),
    Rule(
        "WS-S-023",
        _RFC,
        _ERROR,
        _APP,
        "The reason of websocket.close has at most 123 bytes in UTF-8.",
        "Keep it to a few words: a close must fit into one small frame. Send a longer explanation as a message before.",
        *rfc(6455, "5.5", "Control Frames"),
        breaks="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.send, text="The session has ended."
            # 69 characters, 126 bytes
            send websocket.close, reason="Сессия завершена: вы долгое время молчали. Войдите, пожалуйста, снова" -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.close, code=4001, reason="session ended"
            receive websocket.disconnect, code=4001
            returned
        """,
        servers=(
            "With 200 bytes: uvicorn with websockets raises, uvicorn with wsproto and hypercorn cut it to 123, daphne drops "
            "it, and granian sends a frame that no client may accept."
        ),
    ),
    Rule(
        "WS-S-024",
        _SPECIFICATION,
        _INFO,
        _APP,
        "A close before the accept refuses the client with an HTTP 403; code and reason are lost.",
        "That is legal. To tell a client why, accept first, then close; or refuse by HTTP where that is announced.",
        *CLOSE,
        breaks="""
            websocket
            receive websocket.connect
            send websocket.close, code=4401, reason="log in first"
            receive websocket.disconnect, code=1006
            returned
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.close, code=4401, reason="log in first"
            receive websocket.disconnect, code=4401
            returned
        """,
        servers="All four answer 403. A browser reports 1006. hypercorn gives the app no disconnect after it.",
    ),
    Rule(
        "WS-S-025",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "Nothing is sent after websocket.close.",
        "Close in one place, as the last thing, and remember that you did: a finally that closes again is the usual cause.",
        *CLOSE,
        breaks="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.close, code=1000
            send websocket.close, code=1011 -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.close, code=1000
            receive websocket.disconnect, code=1000
            returned
        """,
        servers=(
            "A second close raises with uvicorn, and is ignored by the others. A message after the close raises with all but "
            "granian, which drops it."
        ),
    ),
    Rule(
        "WS-S-026",
        _SPECIFICATION,
        _WARNING,
        _SERVER,
        "Since version 2.4, send raises an OSError when the client is gone.",
        "Raise a subclass of OSError out of send, so that an app that only sends learns that it may stop.",
        *DISCONNECTED_CLIENT,
        breaks="""
            websocket
            receive websocket.connect
            send websocket.accept
            receive websocket.disconnect, code=1001
            send websocket.send, text="tick"
            returned
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            receive websocket.disconnect, code=1001
            send websocket.send, text="tick" -> OSError
            raised OSError
        """,
        servers=(
            "uvicorn announces 2.4 and raises an OSError; with the legacy websockets a RuntimeError. The others announce less "
            "and do nothing."
        ),
    ),
)

_END = (
    Rule(
        "WS-S-030",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "The app answers the handshake before it ends.",
        "Send websocket.accept or websocket.close on each way through the app. To refuse all WebSockets raise at once.",
        *CONNECT,
        breaks="""
            websocket
            receive websocket.connect
            returned
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.close
            returned
        """,
        servers="uvicorn and hypercorn answer 500, granian 403, and with daphne the client hangs.",
    ),
    Rule(
        "WS-S-031",
        _PORTABILITY,
        _WARNING,
        _APP,
        "An app that has accepted closes the WebSocket before it ends, unless the client left.",
        "Send websocket.close as the last thing, with a code that tells why.",
        *WEBSOCKET_SCOPE,
        breaks="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.send, text="bye"
            returned
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.send, text="bye"
            send websocket.close, code=1000
            returned
        """,
        servers=(
            "uvicorn cuts the connection, and the client sees 1006. hypercorn closes with 1011, granian without a code. daphne "
            "leaves it open."
        ),
    ),
    Rule(
        "WS-S-032",
        _PORTABILITY,
        _WARNING,
        _APP,
        "While it sends for long, the app has a receive waiting.",
        "Await receive in a second task while you send. When websocket.disconnect comes, stop.",
        *WS_DISCONNECT,
        breaks="""
            websocket
            receive websocket.connect
            send websocket.accept
            40 times send websocket.send, text="tick"
            wait 6
            40 times send websocket.send, text="tick"
            send websocket.close
            returned
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            receive -> never
            40 times send websocket.send, text="tick"
            wait 6
            40 times send websocket.send, text="tick"
            send websocket.close
            returned
        """,
        servers="With hypercorn, daphne and granian send never raises when the client has left: only receive tells it.",
    ),
)

#: The rules of this part, in the order of the book.
RULES: tuple[Rule, ...] = (*_HANDSHAKE, *_MESSAGES, *_CLOSE, *_END)
