"""The book of rules, WebSocket, what `receive()` gives. The server makes these messages, so the server must obey them."""

from __future__ import annotations

from asgiviz.model.finding import Severity
from asgiviz.protocol.rules.rule import Basis, Party, Rule
from asgiviz.protocol.terms_places import CONNECT, WEBSOCKET, WS_DISCONNECT, WS_RECEIVE

_OPEN = """websocket
receive websocket.connect
send websocket.accept
"""
_REFUSED = """websocket
receive websocket.connect
send websocket.close
"""
_END = """
receive websocket.disconnect, code=1000
returned"""
#: A receive() that nobody answers, until the app is stopped.
_HANGS = """receive -> never
wait 6
cancelled"""

RULES: tuple[Rule, ...] = (
    Rule(
        "WS-R-001",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "The first message of a WebSocket is websocket.connect, and it comes once.",
        "Server: give it when the handshake request is there, also when the client has gone meanwhile. App: receive it before "
        "you accept or close.",
        *CONNECT,
        breaks="websocket\nreceive websocket.connect\nreceive websocket.connect\nsend websocket.accept" + _END,
        keeps="websocket\nreceive websocket.connect\nreceive websocket.disconnect, code=1006\nreturned",
    ),
    Rule(
        "WS-R-002",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "No websocket.receive comes before the app has accepted.",
        "Server: the client cannot send yet; let receive() wait until the app has decided. App: accept first, then wait for "
        "messages.",
        *CONNECT,
        breaks='websocket\nreceive websocket.connect\nreceive websocket.receive, text="hello"\nsend websocket.accept' + _END,
        keeps=_OPEN + 'receive websocket.receive, text="hello"' + _END,
        servers="With all four a receive() before accept waits.",
    ),
    Rule(
        "WS-R-003",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "The client gets no answer to its handshake before the app has accepted or closed.",
        "Server: wait for the app, however long it takes. App: decide soon, because meanwhile the client waits.",
        *CONNECT,
        keeps=_OPEN.rstrip() + _END,
        needs="The client's side: what it got, and when.",
    ),
    Rule(
        "WS-R-004",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "In websocket.receive, text is a str or None, and bytes is bytes or None.",
        "Server: decode text frames, and leave binary frames as bytes. App: either key may be missing.",
        *WS_RECEIVE,
        breaks=_OPEN + 'receive websocket.receive, text=b"hello"' + _END,
        keeps=_OPEN + 'receive websocket.receive, bytes=b"hello"' + _END,
    ),
    Rule(
        "WS-R-005",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "In websocket.receive exactly one of text and bytes is there and not None.",
        "Server: fill the key of the frame's kind, and leave the other out or make it None. App: test for None and not for "
        'truth, because "" and b"" are messages, too.',
        *WS_RECEIVE,
        breaks=_OPEN + 'receive websocket.receive, text="hello", bytes=b"hello"' + _END,
        keeps=_OPEN + 'receive websocket.receive, text="hello", bytes=None' + _END,
        servers="hypercorn gives both keys, one of them None; the other three give one key.",
    ),
    Rule(
        "WS-R-006",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "The app gets whole messages; pieces are joined and pings answered by the server.",
        "Server: collect the pieces of a message before you hand it over, and answer pings yourself. App: one "
        "websocket.receive is one message.",
        *WEBSOCKET,
        keeps=_OPEN + 'receive websocket.receive, text="sent in two pieces"' + _END,
        servers="All four join pieces and answer pings.",
        needs="The frames that the client sent.",
    ),
    Rule(
        "WS-R-007",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "websocket.disconnect has code, an int.",
        "Server: give the code that the client sent, 1005 if it sent none, and 1006 if the line was cut. App: expect None from "
        "some servers, and do not build logic on 1005 and 1006.",
        *WS_DISCONNECT,
        breaks=_OPEN + "receive websocket.disconnect, code=None\nreturned",
        keeps=_OPEN + "receive websocket.disconnect, code=1005\nreturned",
        servers="For a client that closes without a code daphne gives None, hypercorn 1006, uvicorn and granian 1005.",
    ),
    Rule(
        "WS-R-008",
        Basis.SPECIFICATION,
        Severity.WARNING,
        Party.SERVER,
        "reason of websocket.disconnect, where it is given, is a str or None.",
        "Server: decode it, and leave the key out if there is none. App: the key may be missing, whatever version the server "
        "says it follows.",
        *WS_DISCONNECT,
        breaks=_OPEN + 'receive websocket.disconnect, code=1000, reason=b"bye"\nreturned',
        keeps=_OPEN + 'receive websocket.disconnect, code=1000, reason="bye"\nreturned',
        servers="uvicorn gives it, though it says that it follows 2.4; the other three do not.",
    ),
    Rule(
        "WS-R-009",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "After websocket.disconnect nothing comes, unless websocket.disconnect again.",
        "Server: hand over the messages that still wait, and only then the end. App: stop reading at the first "
        "websocket.disconnect.",
        *WS_DISCONNECT,
        breaks=_OPEN + 'receive websocket.disconnect, code=1000\nreceive websocket.receive, text="late"\nreturned',
        keeps=_OPEN + 'receive websocket.receive, text="last"\nreceive websocket.disconnect, code=1000\n'
        "receive websocket.disconnect, code=1005\nreturned",
        servers="All four hand over what was still unread before they report the end.",
    ),
    Rule(
        "WS-R-010",
        Basis.PORTABILITY,
        Severity.WARNING,
        Party.SERVER,
        "A receive() after websocket.disconnect gives it again, rather than wait for ever.",
        "Server: repeat the message. App: do not count on it; after the first websocket.disconnect do not call receive() any "
        "more.",
        *WS_DISCONNECT,
        breaks=_OPEN + "receive websocket.disconnect, code=1001\n" + _HANGS,
        keeps=_OPEN + "receive websocket.disconnect, code=1001\nreceive websocket.disconnect, code=1005\nreturned",
        servers="granian and (unless the line was cut) uvicorn repeat it with code 1005; hypercorn and daphne wait for ever.",
    ),
    Rule(
        "WS-R-011",
        Basis.SPECIFICATION,
        Severity.WARNING,
        Party.SERVER,
        "When the app or the server has closed, receive() gives websocket.disconnect, too.",
        "Server: report the end whoever caused it, also after a refused handshake. App: after your own close do not wait for "
        "anything; return.",
        *WS_DISCONNECT,
        breaks=_REFUSED + _HANGS,
        keeps=_REFUSED + "receive websocket.disconnect, code=1006\nreturned",
        servers="After a refused handshake hypercorn gives nothing, uvicorn and daphne 1006, granian 1005.",
    ),
    Rule(
        "WS-R-012",
        Basis.SPECIFICATION,
        Severity.WARNING,
        Party.SERVER,
        "The code of websocket.disconnect is the one that the client sent.",
        "Server: take it out of the close frame. App: do not take 1006 for proof that the line was cut.",
        *WS_DISCONNECT,
        keeps=_OPEN + "receive websocket.disconnect, code=4001\nreturned",
        servers="hypercorn gives 1006 for every close of a client; the other three give its code.",
        needs="The close frame that the client sent.",
    ),
)
