"""Explanations: the states of a response, a request, a WebSocket and a lifespan."""

from __future__ import annotations

from asgiviz.protocol.terms_entry import Entry, Kind
from asgiviz.protocol.terms_places import (
    CLOSE,
    CONNECT,
    DISCONNECT,
    EXT_DENIAL,
    EXT_TRAILERS,
    LIFESPAN_SCOPE,
    REQUEST,
    RESPONSE_BODY,
    RESPONSE_START,
    SHUTDOWN,
    SHUTDOWN_COMPLETE,
    STARTUP,
    STARTUP_COMPLETE,
    STARTUP_FAILED,
    WS_DISCONNECT,
    WS_SEND,
)

ENTRIES = (
    Entry(
        "IDLE",
        Kind.STATE,
        "The app has not begun its response.",
        "http.response.start comes next. An app that returns now leaves the client without an answer.",
        *RESPONSE_START,
        servers="The client then gets a 500, but hangs with daphne.",
        see=("HEAD (state)", "http.response.start"),
    ),
    Entry(
        "HEAD",
        Kind.STATE,
        "The app has sent status and headers, but no body yet.",
        "At least one http.response.body must follow. A second http.response.start is a mistake.",
        *RESPONSE_START,
        servers=(
            "An app that returns here: the connection is cut by uvicorn and hypercorn, granian answers 500, and with "
            "daphne the client hangs."
        ),
        see=("BODY (state)", "http.response.body"),
    ),
    Entry(
        "BODY",
        Kind.STATE,
        "The app is sending the body, and the last piece is still to come.",
        "A piece without more_body ends it. An error now cannot become a 500 any more.",
        *RESPONSE_BODY,
        see=("DONE (state)", 'http.response.body["more_body"]'),
    ),
    Entry(
        "TRAIL",
        Kind.STATE,
        "The body is complete, and the trailers that the app announced are still to come.",
        "http.response.trailers ends it.",
        *EXT_TRAILERS,
        see=("http.response.trailers", "DONE (state)"),
    ),
    Entry(
        "DONE",
        Kind.STATE,
        "The response is complete.",
        "Nothing may be sent any more, but the app may go on working: the client does not wait for its return.",
        *RESPONSE_BODY,
        see=("http.disconnect",),
    ),
    Entry(
        "REQ",
        Kind.STATE,
        "The body of the request is still arriving.",
        "Another receive gives its next piece.",
        *REQUEST,
        see=("WAIT (state)", 'http.request["more_body"]'),
    ),
    Entry(
        "WAIT",
        Kind.STATE,
        "The app has read the whole body of the request.",
        "Another receive waits until the response is complete or the client leaves. Waiting here before the "
        "response has begun is a common way to hang.",
        *REQUEST,
        see=("GONE (state)", "http.disconnect"),
    ),
    Entry(
        "GONE",
        Kind.STATE,
        "The app has been told that the client is gone or the response is complete.",
        "What it sends now goes nowhere. That is allowed, and a waste.",
        *DISCONNECT,
        servers=(
            "A further receive gives the same again with uvicorn and granian, and waits for ever with hypercorn and daphne."
        ),
        see=("http.disconnect", "DONE (state)"),
    ),
    Entry(
        "CONNECT",
        Kind.STATE,
        "The app has been called, but has not yet received websocket.connect.",
        "receive comes next. Servers tolerate an accept that comes before it.",
        *CONNECT,
        see=("HANDSHAKE (state)", "websocket.connect"),
    ),
    Entry(
        "HANDSHAKE",
        Kind.STATE,
        "The client waits for the app to accept or to refuse.",
        "websocket.accept opens the connection, websocket.close refuses it with a 403.",
        *CONNECT,
        servers=(
            "An app that returns here: 500 with uvicorn and hypercorn, 403 with granian, and with daphne the client hangs."
        ),
        see=("OPEN (state)", "websocket.accept", "handshake"),
    ),
    Entry(
        "OPEN",
        Kind.STATE,
        "Both sides may send, at any time and in any order.",
        "Receiving and sending at once takes two tasks. An app that never calls receive does not learn that the client left.",
        *WS_SEND,
        servers=(
            "An app that returns here: uvicorn cuts the connection without a close code, hypercorn closes with 1011, "
            "granian closes without a code, daphne leaves it open."
        ),
        see=("CLOSING (state)", "CLOSED (state)", "websocket.send"),
    ),
    Entry(
        "CLOSING",
        Kind.STATE,
        "The app has asked to close and has not yet been told that it is closed.",
        "It may receive websocket.disconnect, or simply return.",
        *CLOSE,
        see=("CLOSED (state)", "websocket.disconnect"),
    ),
    Entry(
        "CLOSED",
        Kind.STATE,
        "The WebSocket is closed and the app has been told.",
        "What it sends now goes nowhere, or raises.",
        *WS_DISCONNECT,
        servers="uvicorn raises on send, the others do nothing.",
        see=("websocket.disconnect", "close code"),
    ),
    Entry(
        "REJECTED",
        Kind.STATE,
        "The app has refused the handshake; there never was a WebSocket.",
        "The client got an HTTP response, by default a 403.",
        *CLOSE,
        see=("websocket.close", "403"),
    ),
    Entry(
        "DENYING",
        Kind.STATE,
        "The app is refusing the handshake with a response of its own, which is not complete yet.",
        "The last websocket.http.response.body ends it.",
        *EXT_DENIAL,
        see=("websocket.http.response.body", "REJECTED (state)"),
    ),
    Entry(
        "NEW",
        Kind.STATE,
        "The app has been called with the lifespan scope and has not yet asked for a message.",
        "An exception here means: this app has no lifespan. The server then goes on without.",
        *LIFESPAN_SCOPE,
        see=("STARTING (state)", "lifespan"),
    ),
    Entry(
        "STARTING",
        Kind.STATE,
        "The app is starting; no connection is served yet.",
        "It answers with lifespan.startup.complete or lifespan.startup.failed. An exception does not stop the server.",
        *STARTUP,
        servers="An app that returns here without a message is served all the same, by uvicorn, hypercorn and granian.",
        see=("UP (state)", "FAILED (state)", "lifespan.startup"),
    ),
    Entry(
        "UP",
        Kind.STATE,
        "The app has started, and connections are served.",
        "Its lifespan call waits in receive for lifespan.shutdown. Returning here means that shutdown is never seen.",
        *STARTUP_COMPLETE,
        see=("STOPPING (state)", "lifespan.shutdown"),
    ),
    Entry(
        "STOPPING",
        Kind.STATE,
        "The server has stopped serving, and the app tidies up.",
        "It answers with lifespan.shutdown.complete or lifespan.shutdown.failed.",
        *SHUTDOWN,
        see=("END (state)", "lifespan.shutdown.complete"),
    ),
    Entry(
        "END",
        Kind.STATE,
        "The lifespan is over.",
        "The app returns, and the server ends.",
        *SHUTDOWN_COMPLETE,
        see=("lifespan.shutdown.complete",),
    ),
    Entry(
        "FAILED",
        Kind.STATE,
        "The app has said that it cannot start.",
        "The server ends, and the app should return.",
        *STARTUP_FAILED,
        see=("lifespan.startup.failed",),
    ),
)
