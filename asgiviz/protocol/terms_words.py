"""Explanations: the terms of the field."""

from __future__ import annotations

from asgiviz.protocol.terms_entry import Entry, Kind
from asgiviz.protocol.terms_places import (
    APPLICATIONS,
    CLOSE,
    CONNECT,
    CONNECTION_SCOPE,
    DISCONNECT,
    ERROR_HANDLING,
    EVENTS,
    EXTENSIONS,
    HTTP_SCOPE,
    LIFESPAN_SCOPE,
    MIDDLEWARE,
    OVERVIEW,
    PEP_DATABASES,
    PY_AWAIT,
    PY_CALLBACKS,
    REQUEST,
    RESPONSE_BODY,
    RESPONSE_START,
    WEBSOCKET,
    WSGI_COMPATIBILITY,
    rfc,
)

ENTRIES = (
    Entry(
        "ASGI",
        Kind.WORD,
        "Asynchronous Server Gateway Interface: how a Python server and an app talk about a connection.",
        "It is a way of calling and a set of messages, nothing to install. The event loop makes code "
        "asynchronous, not ASGI. It makes no single request faster: it lets one process keep many slow "
        "conversations going.",
        *OVERVIEW,
        see=("WSGI", "application", "server", "event"),
    ),
    Entry(
        "WSGI",
        Kind.WORD,
        "Web Server Gateway Interface, the older convention: one plain call per request, one response.",
        "It is not one request at a time: threads and processes serve many. It can stream, and holds a thread "
        "while it does. It has no words for WebSockets.",
        *WSGI_COMPATIBILITY,
        see=("ASGI", "thread pool", "streaming"),
    ),
    Entry(
        "application",
        Kind.WORD,
        "An async callable, app(scope, receive, send), that the server calls once for each connection.",
        "It is called anew for every request, every WebSocket and the lifespan, while its module is imported "
        "once. It opens no port. It returns nothing: the answer goes through send.",
        *APPLICATIONS,
        servers="uvicorn logs an error when it returns a value; the others ignore it.",
        see=("scope", "receive", "send", "server"),
    ),
    Entry(
        "server",
        Kind.WORD,
        "The program that holds the sockets and turns what comes over them into scopes and messages.",
        "It listens, parses HTTP and WebSocket, and calls the app. uvicorn, hypercorn, daphne and granian are "
        "such servers. A proxy such as nginx stands in front of it.",
        *OVERVIEW,
        see=("application", "event loop", "proxy"),
    ),
    Entry(
        "uvicorn",
        Kind.WORD,
        "An ASGI server written in Python: it runs the event loop and calls the app.",
        "It serves all connections of its process in one thread. It can start several workers.",
        *OVERVIEW,
        see=("server", "event loop", "waitress"),
    ),
    Entry(
        "handler",
        Kind.WORD,
        "The function that answers a request; frameworks call it a view or an endpoint.",
        "Without a framework it is the app itself. The server, or the framework, calls it anew for each request.",
        *APPLICATIONS,
        see=("application", "framework"),
    ),
    Entry(
        "driver",
        Kind.WORD,
        "The library by which an app talks to a database, or to another service.",
        "Whether it can await decides who waits: with one that blocks, the whole thread does.",
        *PEP_DATABASES,
        see=("blocking", "thread pool", "await"),
    ),
    Entry(
        "framework",
        Kind.WORD,
        "A library in which the application is written, such as FastAPI, Starlette or Django.",
        "To the server it is one ASGI app. Requests, responses and routes are its words: ASGI knows only scopes and messages.",
        *MIDDLEWARE,
        see=("application", "middleware"),
    ),
    Entry(
        "proxy",
        Kind.WORD,
        "A server between the client and the ASGI server, such as nginx or a load balancer.",
        "It changes what the app sees: client address, scheme and path are then the proxy's, unless it passes "
        "them on and the server believes it. Many collect a stream before they pass it on.",
        *HTTP_SCOPE,
        see=("server", "x-forwarded-for", "502"),
    ),
    Entry(
        "client",
        Kind.WORD,
        "Who sends the request: a browser, a script, another service.",
        "Two tabs of a browser with the same URL may be sent one after the other by the browser itself, which "
        "looks like a slow server.",
        *HTTP_SCOPE,
        see=('scope["client"]', "server", "disconnect"),
    ),
    Entry(
        "scope",
        Kind.WORD,
        "The dict that describes one connection; the app gets it when it is called.",
        "It holds type, path and headers, but never the body: that comes through receive. A middleware that "
        "changes it copies it first. For http it lasts one request, for a WebSocket as long as the socket.",
        *CONNECTION_SCOPE,
        see=('scope["type"]', "receive", "application"),
    ),
    Entry(
        "receive",
        Kind.WORD,
        "The function that the app awaits to get its next message.",
        "Calling it does not read from the client: it waits until the server has something to tell. After the "
        "last message it may wait for ever. Two calls at the same time steal each other's messages.",
        *APPLICATIONS,
        servers=(
            "A receive behind a disconnect: uvicorn and granian repeat the disconnect, hypercorn and daphne wait for ever."
        ),
        see=("send", "http.request", "await", "disconnect"),
    ),
    Entry(
        "send",
        Kind.WORD,
        "The function that the app awaits to hand a message to the server.",
        "When it comes back, the server has the message; the client may not. Without await nothing is sent at "
        "all. It may wait long, when the client reads slowly.",
        *APPLICATIONS,
        servers="To a client that is gone it does nothing for http, with all four; for WebSockets uvicorn raises.",
        see=("receive", "http.response.start", "back-pressure", "disconnect"),
    ),
    Entry(
        "connection",
        Kind.WORD,
        "What one call of the app is about: one HTTP request, one WebSocket, or the lifespan.",
        "It is not the TCP connection: that may carry many requests, and each of them is a call of its own with its own scope.",
        *CONNECTION_SCOPE,
        see=("scope", "keep-alive", "lifespan"),
    ),
    Entry(
        "event",
        Kind.WORD,
        "Something that happened on a connection, told as a dict with a type.",
        "Specification and servers say event and message for the same thing.",
        *EVENTS,
        see=("message", "receive", "send"),
    ),
    Entry(
        "message",
        Kind.WORD,
        "A dict with a type that crosses the line between server and app.",
        "It holds plain values only: bytes, text, numbers, lists, dicts. Unknown keys must be accepted; unknown "
        "types need not be.",
        *EVENTS,
        see=("event", 'message["type"]', "receive", "send"),
    ),
    Entry(
        "header",
        Kind.WORD,
        "A name and a value beside the body; in ASGI a pair of bytes in a list.",
        "A dict loses repeated headers such as set-cookie. The names of response headers must be in lower case.",
        *HTTP_SCOPE,
        servers="On the wire daphne writes names With-Capitals and granian in lower case.",
        see=('scope["headers"]', 'http.response.start["headers"]'),
    ),
    Entry(
        "body",
        Kind.WORD,
        "The content of a request or response; it travels in pieces.",
        "It is not in the scope. It can be read once.",
        *REQUEST,
        see=("http.request", "http.response.body", "streaming"),
    ),
    Entry(
        "status code",
        Kind.WORD,
        "The number that says how a request went: 2xx well, 3xx elsewhere, 4xx the client, 5xx the server.",
        "It is sent with http.response.start and cannot be changed afterwards.",
        *RESPONSE_START,
        see=('http.response.start["status"]', "200", "404", "500"),
    ),
    Entry(
        "close code",
        Kind.WORD,
        "The number that says why a WebSocket was closed.",
        "It reaches the other side only in a close frame: when the connection is lost, or the handshake refused, "
        "both sides make up their own. An app's own codes go from 4000 to 4999.",
        *CLOSE,
        see=("1000", "1005", "1006", "4000-4999"),
    ),
    Entry(
        "extension",
        Kind.WORD,
        "Something beyond the specification's core that a server may offer.",
        'It is there when its name is in scope["extensions"], and its messages are legal only then.',
        *EXTENSIONS,
        see=('scope["extensions"]',),
    ),
    Entry(
        "http",
        Kind.WORD,
        "The scope type of one HTTP request and its response.",
        "Requests on one TCP connection, and those that share an HTTP/2 connection, each have a scope of their own.",
        *HTTP_SCOPE,
        see=("scope", "http.request", "http.response.start"),
    ),
    Entry(
        "websocket",
        Kind.WORD,
        "The scope type of a conversation in which both sides may speak at any time.",
        "It begins as an HTTP request. It is no stream of bytes: whole messages come, text or binary. CORS does "
        "not protect it.",
        *WEBSOCKET,
        see=("handshake", "websocket.connect", "websocket.receive"),
    ),
    Entry(
        "lifespan",
        Kind.WORD,
        "The scope type in which the app is told that the server starts and stops.",
        "It is the first call that an app gets, and its call lasts as long as the server. It is once per event "
        "loop, so once per worker and not once per deployment. An app without it should raise; a mounted app gets "
        "none.",
        *LIFESPAN_SCOPE,
        servers=(
            'daphne never calls it. When it raises, the others serve on: uvicorn says "appears unsupported", and that '
            "without a traceback."
        ),
        see=("lifespan.startup", "lifespan.shutdown", 'scope["state"]'),
    ),
    Entry(
        "handshake",
        Kind.WORD,
        "The HTTP request with which a WebSocket begins, until it is accepted or refused.",
        "It waits for the app: no accept, no WebSocket. Headers and cookies are those of this one request.",
        *CONNECT,
        see=("websocket.connect", "websocket.accept", "101", "upgrade"),
    ),
    Entry(
        "subprotocol",
        Kind.WORD,
        "An agreement on what the messages inside a WebSocket mean, such as graphql-transport-ws.",
        "The client offers a list, the app takes one of it.",
        *rfc(6455, "1.9", "Subprotocols Using the WebSocket Protocol"),
        see=('scope["subprotocols"]', 'websocket.accept["subprotocol"]'),
    ),
    Entry(
        "ping",
        Kind.WORD,
        "A small WebSocket frame that asks whether the other side is still there.",
        "Servers send and answer pings by themselves; the app never sees one. A missing pong ends the connection.",
        *rfc(6455, "5.5.2", "Ping"),
        see=("keep-alive", "websocket.disconnect"),
    ),
    Entry(
        "disconnect",
        Kind.WORD,
        "The client has gone.",
        "The handler is not stopped by it: it runs to its end, and what it sends goes nowhere. Only receive tells.",
        *DISCONNECT,
        servers="None of the four cancels the app, and none raises out of send for http.",
        see=("http.disconnect", "websocket.disconnect", "cancellation"),
    ),
    Entry(
        "middleware",
        Kind.WORD,
        "An app that calls another app, and may change scope, receive and send on the way.",
        "It never sees a finished response: it sees the messages pass, one by one. Keep what belongs to one "
        "request in local variables, because the instance is shared by all. Pass on what is not http, too.",
        *MIDDLEWARE,
        see=("layer", "scope", "send"),
    ),
    Entry(
        "layer",
        Kind.WORD,
        "One of the apps that lie around each other, from the server to the innermost handler.",
        "Each hands the next one its own scope, receive and send. A message may change at every layer.",
        *MIDDLEWARE,
        see=("middleware", "application"),
    ),
    Entry(
        "exit",
        Kind.WORD,
        "The end of the app's call: it returned, raised, or was cancelled.",
        "Returning is not answering: an app may return with no answer, or with half of one. It may also go on "
        "working after the response is complete.",
        *ERROR_HANDLING,
        servers=(
            "When no response was begun, all answer 500 after an exception; after a plain return daphne lets the client hang."
        ),
        see=("application", "http.response.body", "500"),
    ),
    Entry(
        "event loop",
        Kind.WORD,
        "The one runner that lets many coroutines take turns in one thread.",
        "Only one of them runs at a time. They change places at await, and nowhere else: who does not await keeps "
        "all the others waiting.",
        *OVERVIEW,
        see=("await", "stall", "coroutine", "task"),
    ),
    Entry(
        "stall",
        Kind.WORD,
        "A time in which the event loop could not run, because something kept its thread.",
        "All connections of this process stand still meanwhile, not only the one that did it. Many open requests "
        "are no progress: while the loop stalls, none of them moves.",
        *OVERVIEW,
        see=("blocking", "event loop", "thread pool"),
    ),
    Entry(
        "blocking",
        Kind.WORD,
        "A call that keeps the thread until it is done, such as time.sleep or a plain database driver.",
        "Writing async def does not make it harmless: inside a coroutine it stops the whole loop. Use an async "
        "library, or hand it to a thread.",
        *OVERVIEW,
        see=("stall", "thread pool", "await"),
    ),
    Entry(
        "thread pool",
        Kind.WORD,
        "A few threads that do blocking work while the event loop goes on.",
        "It is limited: anyio, and with it FastAPI, has 40; asyncio.to_thread a few more than there are "
        "processors. The next one waits in a queue. For pure computation it gains little.",
        *WSGI_COMPATIBILITY,
        see=("blocking", "GIL", "stall"),
    ),
    Entry(
        "back-pressure",
        Kind.WORD,
        "A fast sender is made to wait for a slow receiver.",
        "In ASGI it is a send that takes long: the buffers are full and the client does not read. It is no fault, "
        "but it keeps memory bounded.",
        *RESPONSE_BODY,
        servers=(
            "To a client that did not read, uvicorn, hypercorn and granian waited after about 60 to 70 pieces of 64 "
            "KiB. daphne never waits and keeps everything in memory."
        ),
        see=("send", "streaming", "MemoryError"),
    ),
    Entry(
        "streaming",
        Kind.WORD,
        "Sending a body in pieces, as they come to be.",
        "It needs no ASGI, WSGI can do it as well; ASGI makes thousands of slow streams affordable. A proxy in "
        "between may collect them all first.",
        *RESPONSE_BODY,
        see=('http.response.body["more_body"]', "back-pressure", "WSGI"),
    ),
    Entry(
        "server-sent events",
        Kind.WORD,
        "A response of text that never ends; a browser reads each event as it comes.",
        "It is plain HTTP, one way, and reconnects by itself. The app should listen for http.disconnect, or it "
        "goes on for clients that left.",
        *RESPONSE_BODY,
        see=("streaming", "http.disconnect", "websocket"),
    ),
    Entry(
        "long polling",
        Kind.WORD,
        "A request that the app answers only when there is news.",
        "It waits in the app, which costs little. The app should listen for http.disconnect.",
        *DISCONNECT,
        servers="uvicorn and granian do not tell such a request that the server stops; hypercorn and daphne cancel it.",
        see=("http.disconnect", "server-sent events"),
    ),
    Entry(
        "background task",
        Kind.WORD,
        "Work that the app does after the response.",
        "It is no part of ASGI. In Starlette and FastAPI it runs in the same process and in the same call: it "
        "blocks the loop when it blocks, and is lost when the process ends.",
        *ERROR_HANDLING,
        see=("exit", "task", "202"),
    ),
    Entry(
        "keep-alive",
        Kind.WORD,
        "One TCP connection is used for several HTTP requests, one after the other.",
        "The app does not see it: each request is a call of its own.",
        *rfc(9112, "9.3", "Persistence"),
        see=("connection", "scope"),
    ),
    Entry(
        "chunked",
        Kind.WORD,
        "HTTP/1.1's way to send a body whose length is not known beforehand.",
        "Server and client do it; the app sees plain bytes. Chunks on the wire and messages of the app need not agree.",
        *rfc(9112, "7.1", "Chunked Transfer Coding"),
        see=("content-length", "transfer-encoding", 'http.request["more_body"]'),
    ),
    Entry(
        "HTTP/2",
        Kind.WORD,
        "The HTTP version in which many requests share one connection at the same time.",
        "The app needs no change: each request is still a call of its own. Only cookies may come in pieces, and "
        "connection headers are forbidden.",
        *rfc(9113, "5", "Streams and Multiplexing"),
        servers="hypercorn and granian speak it; uvicorn with --http zttp --http2; daphne with an extra package.",
        see=('scope["http_version"]', "http.response.push"),
    ),
    Entry(
        "coroutine",
        Kind.WORD,
        "What calling an async function gives: work that has not begun.",
        "It does nothing until it is awaited. A forgotten await means that nothing is sent, with no more than a "
        'warning "was never awaited" somewhere else.',
        *APPLICATIONS,
        see=("await", "task", "event loop"),
    ),
    Entry(
        "await",
        Kind.WORD,
        "Wait here for a result, and let others run meanwhile.",
        "It is the place where others get their turn, not a way to do two things at once: two awaits in a row run "
        "one after the other. When what is awaited has nothing to wait for, nobody else runs.",
        *APPLICATIONS,
        see=("coroutine", "event loop", "blocking"),
    ),
    Entry(
        "suspended",
        Kind.WORD,
        "It has begun, stands at an await, and does not run until what it waits for is there.",
        "A suspended coroutine keeps its variables and costs no thread. Meanwhile the event loop runs others.",
        *PY_AWAIT,
        see=("await", "coroutine", "event loop"),
    ),
    Entry(
        "callback",
        Kind.WORD,
        "A function that is handed over, to be called later.",
        "An event loop does nothing but call one after the other. It cannot interrupt one: a callback that does not come "
        "back keeps all others waiting. A turn of a coroutine, from one await to the next, is such a callback too.",
        *PY_CALLBACKS,
        see=("event loop", "hold the loop", "coroutine"),
    ),
    Entry(
        "task",
        Kind.WORD,
        "A coroutine that the event loop runs beside others.",
        "Two of them let an app receive and send at the same time. Keep a reference to it, end it before the app "
        "returns, and look at its exception: otherwise nobody does.",
        *OVERVIEW,
        see=("coroutine", "cancellation", "background task"),
    ),
    Entry(
        "cancellation",
        Kind.WORD,
        "A task is told to stop: CancelledError is raised where it waits.",
        "It reaches code only at an await, so code that blocks cannot be cancelled. Servers do not cancel an app "
        "because its client left.",
        *ERROR_HANDLING,
        servers="At a shutdown hypercorn and daphne cancel open requests; uvicorn and granian wait.",
        see=("CancelledError", "disconnect", "TimeoutError"),
    ),
    Entry(
        "concurrency",
        Kind.WORD,
        "Many things are under way at the same time.",
        "That is not the same as running at the same instant: one loop does one thing at a time, and uses the "
        "waits of one for another. Computation does not become faster by it.",
        *OVERVIEW,
        see=("event loop", "await", "GIL"),
    ),
    Entry(
        "GIL",
        Kind.WORD,
        "The lock that lets one thread at a time run Python code in a process.",
        "Threads still help with waiting, because waiting gives it up. For computation it takes processes. C code "
        "that does not give it up stops all threads.",
        *OVERVIEW,
        see=("thread pool", "blocking", "worker"),
    ),
    Entry(
        "worker",
        Kind.WORD,
        "Who serves requests: a server process, one of several that share a port; under WSGI also a thread.",
        "Each process has its own event loop, its own lifespan and its own memory: what one stores the others do not see.",
        *LIFESPAN_SCOPE,
        see=("lifespan", 'scope["state"]', "GIL"),
    ),
    Entry(
        "race",
        Kind.WORD,
        "Two things happen in an order that nobody fixed, and the result depends on it.",
        "One loop does not prevent it: between two lines with an await in between, others run and may change what both use.",
        *OVERVIEW,
        see=("await", "concurrency"),
    ),
)
