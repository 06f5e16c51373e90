"""Explanations: the exceptions that are met around an ASGI app, by the names of their classes."""

from __future__ import annotations

from asgiviz.protocol.terms_entry import Entry, Kind
from asgiviz.protocol.terms_places import (
    CLOSE,
    DISCONNECT,
    DISCONNECTED_CLIENT,
    ERROR_HANDLING,
    EVENTS,
    MIDDLEWARE,
    REQUEST,
    RESPONSE_BODY,
    RESPONSE_START,
    STARTUP,
    STARTUP_FAILED,
    WS_DISCONNECT,
    WS_SEND,
)

ENTRIES = (
    Entry(
        "CancelledError",
        Kind.ERROR,
        "The task was asked to stop; it is raised at the await where the task waits.",
        "It is no failure of the code it appears in. Clean up in finally and let it go on: swallowing it leaves a "
        "task that cannot be stopped. A client that leaves does not cause it; a time-out or a shutdown does.",
        *ERROR_HANDLING,
        servers=(
            "At a shutdown hypercorn and daphne cancel open requests; uvicorn and granian wait for them, uvicorn up "
            "to its time limit when it has one."
        ),
        see=("cancellation", "TimeoutError", "disconnect"),
    ),
    Entry(
        "RuntimeError",
        Kind.ERROR,
        "Out of send: the server refuses a message that is not allowed at this point.",
        "The text names what was expected and what came, for example http.response.start before any body, or "
        "nothing after a complete response. It can have many other causes when it does not come out of send.",
        *ERROR_HANDLING,
        servers=(
            "uvicorn and granian raise it, hypercorn raises UnexpectedMessageError, daphne ValueError, or it says nothing."
        ),
        see=("http.response.start", "http.response.body", "websocket.accept"),
    ),
    Entry(
        "UnexpectedMessageError",
        Kind.ERROR,
        "hypercorn refuses a message that is not allowed at this point.",
        "Its text names the state and the message.",
        *ERROR_HANDLING,
        see=("RuntimeError", "http.response.start"),
    ),
    Entry(
        "LifespanFailureError",
        Kind.ERROR,
        "hypercorn was told that the app could not start.",
        "It comes out of send, behind lifespan.startup.failed, and should be left to pass: an app that swallows "
        "it is served all the same.",
        *STARTUP_FAILED,
        see=("lifespan.startup.failed",),
    ),
    Entry(
        "ClientDisconnected",
        Kind.ERROR,
        "Out of send: uvicorn says that the WebSocket's client is gone.",
        "It is a kind of OSError, and no mistake of the app: stop sending, clean up, and return or let it pass. "
        "uvicorn then does not log it.",
        *DISCONNECTED_CLIENT,
        servers="uvicorn raises it for WebSockets only; for http its send does nothing.",
        see=("OSError", "disconnect", "websocket.send"),
    ),
    Entry(
        "ClientDisconnect",
        Kind.ERROR,
        "Starlette says that the client left while the body of the request was being read.",
        "It appears in request.body(), request.json() and request.form(), because the upload is incomplete. There "
        "is nobody to answer any more.",
        *DISCONNECT,
        see=("http.disconnect", "disconnect"),
    ),
    Entry(
        "WebSocketDisconnect",
        Kind.ERROR,
        "Starlette and FastAPI say that the WebSocket has ended; it carries the close code.",
        "It is the normal end of a loop of receives: catch it around the loop. Code that only sends may never see it.",
        *WS_DISCONNECT,
        see=("websocket.disconnect", 'websocket.disconnect["code"]'),
    ),
    Entry(
        "HTTPException",
        Kind.ERROR,
        "A framework's way to answer with a certain status; it is caught inside the app.",
        "It becomes a response and normally does not leave the app. Raised after the response has begun, it comes "
        "too late for that.",
        *RESPONSE_START,
        see=("status code", "http.response.start"),
    ),
    Entry(
        "RequestValidationError",
        Kind.ERROR,
        "FastAPI found that the request does not fit its declared types.",
        "It becomes a 422 and does not leave the app.",
        *REQUEST,
        see=("422",),
    ),
    Entry(
        "ResponseValidationError",
        Kind.ERROR,
        "FastAPI found that what the handler returned does not fit the declared response.",
        "The mistake is on the server's side, so it becomes a 500.",
        *RESPONSE_START,
        see=("RequestValidationError", "500"),
    ),
    Entry(
        "AssertionError",
        Kind.ERROR,
        "Something that must be so is not; in lifespan often an app that does not know the scope.",
        'Many apps assert that scope["type"] is "http" and so refuse lifespan, which is legal. uvicorn raises it '
        "itself, without a text, for a wrong lifespan message.",
        *STARTUP,
        servers=(
            "uvicorn raises it for a wrong lifespan message, hypercorn UnexpectedMessageError, granian KeyError for "
            "an unknown one."
        ),
        see=("lifespan.startup", 'scope["type"]'),
    ),
    Entry(
        "KeyError",
        Kind.ERROR,
        "A key is missing, in the scope or in a message.",
        "'type': the app sent a dict without a type. 'method' or 'path': the app took a websocket or lifespan "
        "scope for an http one. 'text': a client sent bytes. Optional keys are read with get.",
        *EVENTS,
        servers="A status that uvicorn does not know also raises it, and nothing is sent.",
        see=('message["type"]', 'scope["type"]', 'websocket.receive["text"]'),
    ),
    Entry(
        "TypeError",
        Kind.ERROR,
        "Something has the wrong type; out of send usually text where bytes are meant.",
        'Bodies and headers are bytes. "takes 1 positional argument but 3 were given" means that the app is not '
        "an ASGI app, and a text about await that something was awaited that is not async.",
        *EVENTS,
        servers="uvicorn closes the connection without an answer when the headers are wrong; hypercorn can still answer 500.",
        see=('http.response.start["headers"]', 'http.response.body["body"]', "application"),
    ),
    Entry(
        "ValueError",
        Kind.ERROR,
        "A value does not fit; out of send a header or a message with a wrong form.",
        "A header that is not a pair, for example, or a content-length that is no number.",
        *ERROR_HANDLING,
        servers="daphne raises it for messages that are not allowed at this point.",
        see=('http.response.start["headers"]', "RuntimeError"),
    ),
    Entry(
        "AttributeError",
        Kind.ERROR,
        "An object does not have this attribute; often None where something else was meant.",
        "Out of a server's send it usually means a value of the wrong type, such as text where bytes are meant.",
        *ERROR_HANDLING,
        see=("TypeError",),
    ),
    Entry(
        "UnicodeDecodeError",
        Kind.ERROR,
        "Bytes are not the text that the code took them for.",
        "Headers and bodies are bytes from a stranger. A body piece may end in the middle of a character, so join "
        "the pieces before decoding. Headers decode as latin-1.",
        *REQUEST,
        see=('scope["headers"]', 'http.request["body"]'),
    ),
    Entry(
        "JSONDecodeError",
        Kind.ERROR,
        "The body is not JSON.",
        "An empty body, or only the first piece of a longer one, are the usual causes.",
        *REQUEST,
        see=('http.request["more_body"]', "400"),
    ),
    Entry(
        "OSError",
        Kind.ERROR,
        "Out of send: the client is gone, and the message went nowhere.",
        "Since version 2.4 a server should raise a kind of OSError then, but it is not guaranteed. Elsewhere it "
        "is an error of the system: a file, a socket, a limit.",
        *DISCONNECTED_CLIENT,
        servers="For http none of the four raises it. For WebSockets uvicorn does.",
        see=("disconnect", "ClientDisconnected"),
    ),
    Entry(
        "ConnectionResetError",
        Kind.ERROR,
        "The other side ended the connection abruptly.",
        "From a database or another service it means that that one went away, not the client.",
        *DISCONNECTED_CLIENT,
        see=("OSError", "disconnect"),
    ),
    Entry(
        "BrokenPipeError",
        Kind.ERROR,
        "Written to a connection that the other side has closed.",
        "It is a kind of OSError.",
        *DISCONNECTED_CLIENT,
        see=("OSError", "disconnect"),
    ),
    Entry(
        "TimeoutError",
        Kind.ERROR,
        "Something took longer than it was given.",
        "asyncio.wait_for and asyncio.timeout cancel what they wait for and then raise this. A time-out around "
        "receive may lose a message that was just arriving.",
        *ERROR_HANDLING,
        see=("cancellation", "CancelledError"),
    ),
    Entry(
        "LocalProtocolError",
        Kind.ERROR,
        "The HTTP or WebSocket library refuses what the app wants to send.",
        "It comes from h11 or wsproto. A body longer or shorter than its content-length, an illegal header or a "
        "subprotocol that was not offered lead to it.",
        *RESPONSE_BODY,
        see=("content-length", 'http.response.start["headers"]'),
    ),
    Entry(
        "ProtocolError",
        Kind.ERROR,
        "The WebSocket library refuses what the app wants to send.",
        "A close code that may not be sent, such as 1005, or a reason of more than 123 bytes lead to it.",
        *CLOSE,
        see=('websocket.close["code"]', 'websocket.close["reason"]'),
    ),
    Entry(
        "ConnectionClosed",
        Kind.ERROR,
        "The websockets library says that the connection has ended.",
        "A client written with it meets it; ConnectionClosedOK is the normal end and ConnectionClosedError is not.",
        *WS_DISCONNECT,
        see=("websocket.disconnect", "close code"),
    ),
    Entry(
        "Disconnected",
        Kind.ERROR,
        "autobahn, inside daphne, says that the WebSocket is closed already.",
        "The app sent something after its own close.",
        *WS_SEND,
        see=("websocket.close", "websocket.send"),
    ),
    Entry(
        "EndOfStream",
        Kind.ERROR,
        "A stream between two tasks has ended; inside a framework's middleware.",
        "BaseHTTPMiddleware meets it when the app behind it returns without an answer. It is handled there and "
        "becomes a RuntimeError, No response returned.",
        *MIDDLEWARE,
        see=("middleware", "http.response.start"),
    ),
    Entry(
        "ExceptionGroup",
        Kind.ERROR,
        "Several exceptions at once, from tasks that ran together.",
        "Look at the exceptions inside; the group itself says little. Task groups raise it even for a single one.",
        *ERROR_HANDLING,
        see=("CancelledError",),
    ),
    Entry(
        "SystemExit",
        Kind.ERROR,
        "Something asked the whole process to end.",
        "In a request handler that ends the server for everybody. To stop at startup send lifespan.startup.failed.",
        *ERROR_HANDLING,
        see=("worker", "lifespan.shutdown"),
    ),
    Entry(
        "KeyboardInterrupt",
        Kind.ERROR,
        "Ctrl-C.",
        "A server normally catches the signal and stops in order; the app then sees lifespan.shutdown.",
        *ERROR_HANDLING,
        see=("lifespan.shutdown",),
    ),
    Entry(
        "GeneratorExit",
        Kind.ERROR,
        "A generator was closed before it came to its end.",
        "A streaming response that is not read to its end leads to it. Clean up in finally, and do not await "
        "there: it may run late, or never.",
        *RESPONSE_BODY,
        see=("cancellation", "streaming"),
    ),
    Entry(
        "RecursionError",
        Kind.ERROR,
        "A function called itself too often.",
        "A middleware that was wrapped around itself is a likely cause.",
        *MIDDLEWARE,
        see=("middleware",),
    ),
    Entry(
        "MemoryError",
        Kind.ERROR,
        "There is no memory left.",
        "Reading whole uploads, or sending without waiting for slow clients, fills it.",
        *RESPONSE_BODY,
        see=("back-pressure",),
    ),
)
