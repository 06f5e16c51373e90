"""Explanations: the messages that cross the line, both ways, and their keys."""

from __future__ import annotations

from asgiviz.protocol.terms_entry import Entry, Kind
from asgiviz.protocol.terms_places import (
    ACCEPT,
    CLOSE,
    CONNECT,
    DISCONNECT,
    EVENTS,
    EXT_DEBUG,
    EXT_DENIAL,
    EXT_EARLY_HINTS,
    EXT_PATH_SEND,
    EXT_PUSH,
    EXT_TRAILERS,
    EXT_ZERO_COPY,
    REQUEST,
    RESPONSE_BODY,
    RESPONSE_START,
    SHUTDOWN,
    SHUTDOWN_COMPLETE,
    SHUTDOWN_FAILED,
    STARTUP,
    STARTUP_COMPLETE,
    STARTUP_FAILED,
    WS_DISCONNECT,
    WS_RECEIVE,
    WS_SEND,
)

ENTRIES = (
    Entry(
        "http.request",
        Kind.MESSAGE,
        "A piece of the request's body, or all of it; the app gets it from receive.",
        "The body is not in the scope: it comes in these messages, one after the other. Read until more_body is "
        "false, or an upload is cut short. Even a GET has one, with an empty body. A body can be read once: when "
        "a middleware has taken it, the app behind waits for ever.",
        *REQUEST,
        servers=(
            "The pieces differ: an upload of 300 kB came in 3 with uvicorn, 6 with hypercorn, 8 with granian and 37 "
            "with daphne. daphne calls the app only when the whole body is there."
        ),
        see=('http.request["more_body"]', "http.disconnect", "receive"),
    ),
    Entry(
        "http.disconnect",
        Kind.MESSAGE,
        "The client is gone, or the response is complete; the app gets it from receive.",
        "Nothing stops the handler when a client leaves: this message is the only sign, and only an app that "
        "calls receive sees it. It also ends a receive behind a complete response, so it does not always mean "
        "trouble.",
        *DISCONNECT,
        servers="A further receive gives it again with uvicorn and granian; with hypercorn and daphne it waits for ever.",
        see=("disconnect", "http.response.body"),
    ),
    Entry(
        "http.response.start",
        Kind.MESSAGE,
        "The app begins its response: status and headers, sent once.",
        "It does not send the answer: at least one http.response.body must follow. Once it is out, the status "
        "cannot be changed, so an error behind it can only cut the response off. The server may hold it back "
        "until the first body.",
        *RESPONSE_START,
        servers=(
            "An error right behind it becomes a 500 with granian, which holds it back; uvicorn and hypercorn cut the "
            "connection, and with daphne the client hangs."
        ),
        see=('http.response.start["status"]', 'http.response.start["headers"]', "http.response.body"),
    ),
    Entry(
        "http.response.body",
        Kind.MESSAGE,
        "A piece of the response's body; the one without more_body is the last.",
        "When send comes back, the bytes are with the server, not with the client. Without a last one the "
        "response is never complete, even when the body is empty. Nothing may follow the last one.",
        *RESPONSE_BODY,
        servers=(
            "A message behind the last one raises with uvicorn, hypercorn and granian; daphne ignores it. A client "
            "that does not read makes send wait, but never with daphne."
        ),
        see=('http.response.body["more_body"]', "back-pressure", "http.response.start"),
    ),
    Entry(
        "http.response.push",
        Kind.MESSAGE,
        "The app asks the server to push another resource to the client.",
        "It goes between the start and the last body. A client that takes it becomes a new call of the app, as if "
        "it had asked.",
        *EXT_PUSH,
        see=('scope["extensions"]["http.response.push"]', "HTTP/2"),
    ),
    Entry(
        "http.response.zerocopysend",
        Kind.MESSAGE,
        "The app sends a part of an open file without reading it.",
        "It counts as body, may be mixed with http.response.body, and may come more than once. The app closes the file itself.",
        *EXT_ZERO_COPY,
        see=('scope["extensions"]["http.response.zerocopysend"]', "http.response.pathsend"),
    ),
    Entry(
        "http.response.pathsend",
        Kind.MESSAGE,
        "The app sends a whole file by its path.",
        "It takes the place of every http.response.body and comes once. The app sets content-type and content-length itself.",
        *EXT_PATH_SEND,
        servers="With granian a missing file becomes a 404, and the app is not told.",
        see=('scope["extensions"]["http.response.pathsend"]', "http.response.zerocopysend"),
    ),
    Entry(
        "http.response.early_hint",
        Kind.MESSAGE,
        "The app sends links in a 103 response, before the real one.",
        "Earlier versions of the specification wanted it behind http.response.start, the newest wants it before.",
        *EXT_EARLY_HINTS,
        servers="uvicorn and hypercorn accept it only before http.response.start, over HTTP/2.",
        see=("103", "link"),
    ),
    Entry(
        "http.response.trailers",
        Kind.MESSAGE,
        "The app sends headers behind the last piece of the body.",
        "They must have been announced with trailers in http.response.start; then the response is complete only with them.",
        *EXT_TRAILERS,
        servers=(
            "Over HTTP/1.1, where it is not offered, uvicorn ignores the announcement and then raises, and hypercorn "
            "cuts the connection."
        ),
        see=('http.response.start["trailers"]', "trailer"),
    ),
    Entry(
        "http.response.debug",
        Kind.MESSAGE,
        "The app hands debug values to a test client.",
        "It comes once, before http.response.start.",
        *EXT_DEBUG,
        see=('scope["extensions"]["http.response.debug"]',),
    ),
    Entry(
        "websocket.connect",
        Kind.MESSAGE,
        "A client wants to open a WebSocket; it is the first message that receive gives.",
        "The connection is not open yet. The app answers with websocket.accept or websocket.close, and until then "
        "the client waits. No message of the client comes before that.",
        *CONNECT,
        servers=(
            "An app that returns without an answer: 500 with uvicorn and hypercorn, 403 with granian, and with daphne "
            "the client hangs."
        ),
        see=("websocket.accept", "websocket.close", "handshake"),
    ),
    Entry(
        "websocket.receive",
        Kind.MESSAGE,
        "One whole message from the client, text or bytes.",
        "It is never a fragment: the server joins the frames, and answers pings itself. It comes out of receive; "
        "the name says who receives, not which function to call.",
        *WS_RECEIVE,
        see=('websocket.receive["text"]', 'websocket.receive["bytes"]', "websocket.send"),
    ),
    Entry(
        "websocket.disconnect",
        Kind.MESSAGE,
        "The WebSocket is closed, by either side or by a lost connection; receive gives it.",
        "An app that only sends and never calls receive does not learn of it. It comes after the app's own "
        "websocket.close too.",
        *WS_DISCONNECT,
        servers=(
            "For a lost connection the code is 1005 with uvicorn and granian, 1006 with hypercorn and daphne. After a "
            "refused handshake hypercorn gives no disconnect at all."
        ),
        see=('websocket.disconnect["code"]', "close code", "disconnect"),
    ),
    Entry(
        "websocket.accept",
        Kind.MESSAGE,
        "The app takes the WebSocket: the handshake completes, and both sides may send.",
        "Sending before it is the classic mistake, and it may be sent only once.",
        *ACCEPT,
        servers=(
            "Sending before it raises with uvicorn, hypercorn and daphne; granian takes it silently and then answers 403."
        ),
        see=('websocket.accept["subprotocol"]', "websocket.connect", "handshake"),
    ),
    Entry(
        "websocket.send",
        Kind.MESSAGE,
        "One message to the client, either text or bytes.",
        "Exactly one of the two keys may be set. It is legal only between websocket.accept and the close.",
        *WS_SEND,
        servers=(
            "After a disconnect uvicorn raises, the others do nothing. With both keys set uvicorn and hypercorn send "
            "the bytes and drop the text."
        ),
        see=('websocket.send["text"]', 'websocket.send["bytes"]', "back-pressure"),
    ),
    Entry(
        "websocket.close",
        Kind.MESSAGE,
        "The app closes the WebSocket, or refuses it when it was not accepted yet.",
        "Before websocket.accept it becomes an HTTP 403, and code and reason are lost: a browser then reports "
        "1006. Nothing may be sent behind it.",
        *CLOSE,
        servers="daphne loses the reason. A second close raises with uvicorn and is ignored by the others.",
        see=('websocket.close["code"]', "close code", "403"),
    ),
    Entry(
        "websocket.http.response.start",
        Kind.MESSAGE,
        "The app refuses a handshake with an HTTP response of its own: status and headers.",
        "It takes the place of websocket.accept and websocket.close, and has the keys of http.response.start.",
        *EXT_DENIAL,
        servers="daphne ignores it, and the handshake hangs.",
        see=('scope["extensions"]["websocket.http.response"]', "http.response.start"),
    ),
    Entry(
        "websocket.http.response.body",
        Kind.MESSAGE,
        "The body of a response that refuses a handshake.",
        "It has the keys of http.response.body, and the last one ends the conversation.",
        *EXT_DENIAL,
        see=("websocket.http.response.start", "http.response.body"),
    ),
    Entry(
        "lifespan.startup",
        Kind.MESSAGE,
        "The server is about to serve; the app gets its time to prepare.",
        "No connection is handled before the app answers with lifespan.startup.complete. An exception here does "
        "not stop the server: it is taken for an app without lifespan.",
        *STARTUP,
        servers="daphne has no lifespan.",
        see=("lifespan.startup.complete", "lifespan.startup.failed", "lifespan"),
    ),
    Entry(
        "lifespan.startup.complete",
        Kind.MESSAGE,
        "The app is ready, and the server begins to serve.",
        "The call of the app goes on: it waits in receive for lifespan.shutdown. An app that returns here never "
        "hears of the shutdown.",
        *STARTUP_COMPLETE,
        servers="A second one raises with uvicorn; hypercorn accepts it.",
        see=("lifespan.startup", "lifespan.shutdown"),
    ),
    Entry(
        "lifespan.startup.failed",
        Kind.MESSAGE,
        "The app could not start, and the server ends.",
        "This is the way to stop a server, not an exception: after an exception it serves on without lifespan.",
        *STARTUP_FAILED,
        servers=(
            "uvicorn exits with code 3, granian with 1. hypercorn raises out of send, and an app that swallows that "
            "error is served all the same."
        ),
        see=('lifespan.startup.failed["message"]', "lifespan.startup"),
    ),
    Entry(
        "lifespan.shutdown",
        Kind.MESSAGE,
        "The server has stopped serving; the app tidies up.",
        "It comes when all connections are closed, so one open stream can hold it back. It never comes when the "
        "process is killed.",
        *SHUTDOWN,
        servers=(
            "uvicorn and granian wait for an open long poll without telling the app, unless they are given a time "
            "limit; hypercorn cancels it."
        ),
        see=("lifespan.shutdown.complete", "lifespan.startup"),
    ),
    Entry(
        "lifespan.shutdown.complete",
        Kind.MESSAGE,
        "The app has tidied up, and the server may end.",
        "The server waits for it.",
        *SHUTDOWN_COMPLETE,
        servers="hypercorn cancels the lifespan task soon after it.",
        see=("lifespan.shutdown",),
    ),
    Entry(
        "lifespan.shutdown.failed",
        Kind.MESSAGE,
        "The app could not tidy up; the server says so and ends.",
        "The server ends in any case.",
        *SHUTDOWN_FAILED,
        servers="uvicorn and granian log the message, hypercorn raises out of send.",
        see=('lifespan.shutdown.failed["message"]', "lifespan.shutdown"),
    ),
    Entry(
        'message["type"]',
        Kind.MESSAGE_KEY,
        "What kind of message it is; every message has it.",
        "The first word is the scope's type and the rest says what happened, as in http.request. A misspelt type "
        "is refused by most servers.",
        *EVENTS,
        servers="daphne silently ignores an unknown type on a WebSocket, such as websocket.sned; the others raise.",
        see=('scope["type"]', "message"),
    ),
    Entry(
        'http.request["body"]',
        Kind.MESSAGE_KEY,
        "The bytes of this piece; missing means none.",
        "It is not the whole body when more_body is true. It is never decoded or parsed: JSON and forms are the app's work.",
        *REQUEST,
        see=('http.request["more_body"]',),
    ),
    Entry(
        'http.request["more_body"]',
        Kind.MESSAGE_KEY,
        "Whether more of the body is to come; missing means that this was the last piece.",
        "A client's chunks and these pieces need not agree. One receive is enough only for small bodies, and only by luck.",
        *REQUEST,
        see=('http.request["body"]', "chunked"),
    ),
    Entry(
        'http.response.start["status"]',
        Kind.MESSAGE_KEY,
        "The status code, a whole number such as 200.",
        'It must be an int: "200" and True are mistakes. 1xx codes are not responses and do not belong here.',
        *RESPONSE_START,
        servers=(
            "An unusual number such as 999 closes the connection with uvicorn and is sent by the others. 99 ends the "
            "whole server process of granian."
        ),
        see=("status code",),
    ),
    Entry(
        'http.response.start["headers"]',
        Kind.MESSAGE_KEY,
        "The response's headers: pairs of name and value, both bytes, names in lower case.",
        "Text instead of bytes is the commonest mistake. It may be any iterable, even a generator that can be "
        "read only once. Leave transfer-encoding to the server. A length that disagrees with the body breaks the "
        "response.",
        *RESPONSE_START,
        servers=(
            "Text works with uvicorn on h11, closes the connection with uvicorn on httptools, and gives a 500 with "
            "the others. daphne loses the headers of a generator."
        ),
        see=("header", "content-length", "content-type"),
    ),
    Entry(
        'http.response.start["trailers"]',
        Kind.MESSAGE_KEY,
        "Whether trailers will follow the body; missing means no.",
        "With it the response is complete only after http.response.trailers. It needs the extension of that name.",
        *EXT_TRAILERS,
        see=("http.response.trailers",),
    ),
    Entry(
        'http.response.body["body"]',
        Kind.MESSAGE_KEY,
        "The bytes of this piece; missing means none.",
        "It must be bytes: text and None are mistakes, which servers treat very differently.",
        *RESPONSE_BODY,
        servers=(
            "Text raises TypeError with uvicorn, hypercorn and daphne; granian sends an empty 200 and says nothing. "
            "None counts as empty with uvicorn and granian."
        ),
        see=('http.response.body["more_body"]', "content-length"),
    ),
    Entry(
        'http.response.body["more_body"]',
        Kind.MESSAGE_KEY,
        "Whether more of the body is to come; missing means that this was the last piece.",
        "To stream, set it true on every piece but the last. A stream that ends without a last piece leaves the "
        'response incomplete. It is a bool: the text "false" counts as true.',
        *RESPONSE_BODY,
        servers='granian takes "false" for false.',
        see=("http.response.body",),
    ),
    Entry(
        'http.response.push["path"]',
        Kind.MESSAGE_KEY,
        "The path of the resource to push, as decoded text.",
        "The server asks the app for it in a call of its own.",
        *EXT_PUSH,
        see=("http.response.push",),
    ),
    Entry(
        'http.response.push["headers"]',
        Kind.MESSAGE_KEY,
        "The headers of the request that the client did not have to send: pairs of bytes.",
        "The server adds the host of the request that led to the push.",
        *EXT_PUSH,
        see=("http.response.push",),
    ),
    Entry(
        'http.response.zerocopysend["file"]',
        Kind.MESSAGE_KEY,
        "The open file to send; it must have a file descriptor.",
        "A file in memory (io.BytesIO) has none. The app closes it, not the server.",
        *EXT_ZERO_COPY,
        see=("http.response.zerocopysend",),
    ),
    Entry(
        'http.response.zerocopysend["offset"]',
        Kind.MESSAGE_KEY,
        "Where in the file to begin; missing means at its current position.",
        "It counts bytes.",
        *EXT_ZERO_COPY,
        see=('http.response.zerocopysend["count"]',),
    ),
    Entry(
        'http.response.zerocopysend["count"]',
        Kind.MESSAGE_KEY,
        "How many bytes to send; missing means up to the end of the file.",
        "It should agree with content-length where there is one.",
        *EXT_ZERO_COPY,
        see=('http.response.zerocopysend["offset"]',),
    ),
    Entry(
        'http.response.zerocopysend["more_body"]',
        Kind.MESSAGE_KEY,
        "Whether more of the body is to come; missing means that this was the last piece.",
        "It has the same meaning as in http.response.body.",
        *EXT_ZERO_COPY,
        see=('http.response.body["more_body"]',),
    ),
    Entry(
        'http.response.pathsend["path"]',
        Kind.MESSAGE_KEY,
        "The absolute path of the file, in the notation of the server's system.",
        "It must exist where the server runs; to the client it says nothing.",
        *EXT_PATH_SEND,
        see=("http.response.pathsend",),
    ),
    Entry(
        'http.response.early_hint["links"]',
        Kind.MESSAGE_KEY,
        "The values of the link headers to send, each of them bytes.",
        "They are values alone, not pairs as in headers.",
        *EXT_EARLY_HINTS,
        see=("link", "103"),
    ),
    Entry(
        'http.response.trailers["headers"]',
        Kind.MESSAGE_KEY,
        "The trailers: pairs of name and value, both bytes, names in lower case.",
        "Announce their names in the trailer header of the response. Framing and routing headers, such as "
        "content-length, do not belong here.",
        *EXT_TRAILERS,
        see=("http.response.trailers", "trailer"),
    ),
    Entry(
        'http.response.trailers["more_trailers"]',
        Kind.MESSAGE_KEY,
        "Whether more trailers are to come; missing means no.",
        "The response is complete with the message that has it false or missing.",
        *EXT_TRAILERS,
        see=("http.response.trailers",),
    ),
    Entry(
        'http.response.debug["info"]',
        Kind.MESSAGE_KEY,
        "A dict with whatever the app wants its tests to see.",
        "Its keys and values are not defined.",
        *EXT_DEBUG,
        see=("http.response.debug",),
    ),
    Entry(
        'websocket.receive["text"]',
        Kind.MESSAGE_KEY,
        "The message, when the client sent text; otherwise None or missing.",
        "Exactly one of text and bytes is set. Test against None: an empty text is a message too.",
        *WS_RECEIVE,
        servers="hypercorn sends both keys, one of them None; the others send one key.",
        see=('websocket.receive["bytes"]',),
    ),
    Entry(
        'websocket.receive["bytes"]',
        Kind.MESSAGE_KEY,
        "The message, when the client sent binary data; otherwise None or missing.",
        'Exactly one of text and bytes is set. Code that reads message["text"] raises KeyError when a client sends bytes.',
        *WS_RECEIVE,
        servers="hypercorn sends both keys, one of them None; the others send one key.",
        see=('websocket.receive["text"]',),
    ),
    Entry(
        'websocket.send["text"]',
        Kind.MESSAGE_KEY,
        "The text to send.",
        "Exactly one of text and bytes must be set. JSON must be made a text first.",
        *WS_SEND,
        servers="daphne silently drops an empty text.",
        see=('websocket.send["bytes"]',),
    ),
    Entry(
        'websocket.send["bytes"]',
        Kind.MESSAGE_KEY,
        "The binary data to send.",
        "Exactly one of text and bytes must be set. A browser gets it as a Blob, not as text.",
        *WS_SEND,
        servers="daphne silently drops empty bytes.",
        see=('websocket.send["text"]',),
    ),
    Entry(
        'websocket.disconnect["code"]',
        Kind.MESSAGE_KEY,
        "The close code; 1005 when the client gave none.",
        "It is what the server knows, not always what the client sent.",
        *WS_DISCONNECT,
        servers=(
            "hypercorn gives 1006 whatever the client said, daphne None when the client gave none, and after a lost "
            "connection uvicorn and granian say 1005."
        ),
        see=("close code", 'websocket.close["code"]'),
    ),
    Entry(
        'websocket.disconnect["reason"]',
        Kind.MESSAGE_KEY,
        "The reason that the client gave, as text; it may be missing or empty.",
        "It was added in version 2.5.",
        *WS_DISCONNECT,
        servers="Only uvicorn gives it.",
        see=('websocket.disconnect["code"]',),
    ),
    Entry(
        'websocket.accept["subprotocol"]',
        Kind.MESSAGE_KEY,
        "The protocol that the app chose of those that the client offers; missing means none.",
        'It must be one of scope["subprotocols"].',
        *ACCEPT,
        servers="One that was not offered is sent by granian and by uvicorn with websockets; wsproto and hypercorn fail.",
        see=("subprotocol", 'scope["subprotocols"]'),
    ),
    Entry(
        'websocket.accept["headers"]',
        Kind.MESSAGE_KEY,
        "Headers of the response that completes the handshake: pairs of bytes.",
        "The place for a set-cookie. The subprotocol has a key of its own and must not be here. It was added in version 2.1.",
        *ACCEPT,
        servers="daphne ignores it.",
        see=("set-cookie", "websocket.accept"),
    ),
    Entry(
        'websocket.close["code"]',
        Kind.MESSAGE_KEY,
        "The close code to send; missing means 1000.",
        "An app's own codes go from 4000 to 4999. 1005, 1006 and 1015 are never sent. Before websocket.accept the "
        "code is lost: the client sees a 403.",
        *CLOSE,
        servers="daphne allows only 1000 and 3000 to 4999. granian sends even 1005.",
        see=("close code", "websocket.close"),
    ),
    Entry(
        'websocket.close["reason"]',
        Kind.MESSAGE_KEY,
        "Why the app closes, as text of at most 123 bytes; missing means none.",
        "It was added in version 2.3.",
        *CLOSE,
        servers=(
            "daphne never sends it. A longer one raises with uvicorn on websockets, is cut with wsproto and "
            "hypercorn, and makes an illegal frame with granian."
        ),
        see=('websocket.close["code"]',),
    ),
    Entry(
        'lifespan.startup.failed["message"]',
        Kind.MESSAGE_KEY,
        "Why the app could not start, for the server to print; missing means an empty text.",
        "Frameworks put the whole traceback here.",
        *STARTUP_FAILED,
        see=("lifespan.startup.failed",),
    ),
    Entry(
        'lifespan.shutdown.failed["message"]',
        Kind.MESSAGE_KEY,
        "Why the app could not tidy up, for the server to print; missing means an empty text.",
        "Frameworks put the whole traceback here.",
        *SHUTDOWN_FAILED,
        see=("lifespan.shutdown.failed",),
    ),
)
