"""The book of rules, lifespan: what server and app say to each other when the process starts and when it stops.

A table, and therefore long.
"""

from __future__ import annotations

from asgiviz.model.finding import Severity
from asgiviz.protocol.rules.rule import Basis, Party, Rule
from asgiviz.protocol.terms_places import (
    ERROR_HANDLING,
    LIFESPAN_PROTOCOL,
    LIFESPAN_SCOPE,
    LIFESPAN_STATE,
    SHUTDOWN,
    SHUTDOWN_COMPLETE,
    STARTUP,
    STARTUP_COMPLETE,
    STARTUP_FAILED,
)

_SPECIFICATION, _PORTABILITY = Basis.SPECIFICATION, Basis.PORTABILITY
_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_APP, _SERVER = Party.APP, Party.SERVER

_OF_THE_SERVER = (
    Rule(
        "LIFE-001",
        _SPECIFICATION,
        _WARNING,
        _SERVER,
        "The spec_version of a lifespan scope is one of the lifespan protocol: 1.0 or 2.0.",
        'Say "2.0", or leave spec_version out, which means "1.0". The version of http and websocket is another one.',
        *LIFESPAN_SCOPE,
        breaks="""
            lifespan, asgi={"version": "3.0", "spec_version": "2.3"}
            receive lifespan.startup
            send lifespan.startup.complete
        """,
        keeps="""
            lifespan, asgi={"version": "3.0", "spec_version": "2.0"}
            receive lifespan.startup
            send lifespan.startup.complete
        """,
        servers="uvicorn and hypercorn say 2.0, granian says 2.3. daphne never calls the app with lifespan.",
    ),
    Rule(
        "LIFE-002",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "The state of a lifespan scope, if there is one, is an empty dict.",
        "Hand over {}: the app alone decides what stands in it.",
        *LIFESPAN_SCOPE,
        breaks="""
            lifespan, state={"server": "mine 1.0"}
            receive lifespan.startup
            send lifespan.startup.complete
        """,
        keeps="""
            lifespan, state={}
            receive lifespan.startup
            send lifespan.startup.complete
        """,
        servers="uvicorn, hypercorn and granian give {}.",
    ),
    Rule(
        "LIFE-003",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "A lifespan begins with lifespan.startup, and has one only.",
        "Give lifespan.startup to the first receive. To start again, call the app with a new scope.",
        *STARTUP,
        breaks="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.complete
            receive lifespan.startup
        """,
        keeps="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.complete
            receive lifespan.shutdown
            send lifespan.shutdown.complete
            returned
        """,
    ),
    Rule(
        "LIFE-004",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "lifespan.shutdown comes once, after the app has started, and when all connections are closed.",
        "Stop listening, end the open connections, and only then give lifespan.shutdown: the app takes away what they need.",
        *SHUTDOWN,
        breaks="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.complete
            receive lifespan.shutdown
            send lifespan.shutdown.complete
            returned
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        keeps="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.complete
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
            @1 receive lifespan.shutdown
            @1 send lifespan.shutdown.complete
            @1 returned
        """,
    ),
    Rule(
        "LIFE-005",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "No connection reaches the app before it has sent lifespan.startup.complete.",
        "Wait for that message, or for the app to refuse lifespan by raising, before you accept connections.",
        *STARTUP_COMPLETE,
        breaks="""
            lifespan
            receive lifespan.startup
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
            @1 send lifespan.startup.complete
        """,
        keeps="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.complete
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
    ),
    Rule(
        "LIFE-006",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "Each event loop that serves requests has a lifespan of its own, which runs in that loop.",
        "Run the lifespan in every worker process, in the loop of its requests: connection pools cannot move to another loop.",
        *LIFESPAN_PROTOCOL,
        needs="Which event loop each call of the app ran in. A recording does not hold that.",
    ),
    Rule(
        "LIFE-007",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "When an app raises in its lifespan before it has started, the server goes on without lifespan.",
        "Take the exception for 'not supported', say so in the log, and serve. Only lifespan.startup.failed stops the start.",
        *LIFESPAN_SCOPE,
        keeps="""
            lifespan
            raised ValueError: this app does not speak lifespan
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        needs="A request after the app has raised. That none reached the app can also mean that nobody made one.",
        servers="uvicorn, hypercorn and granian go on and log a line; uvicorn logs no traceback.",
    ),
)

_OF_THE_APP = (
    Rule(
        "LIFE-008",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "An app answers lifespan.startup once, with lifespan.startup.complete or lifespan.startup.failed.",
        "Send the one or the other when your preparations are over, and never both.",
        *STARTUP_COMPLETE,
        breaks="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.complete
            send lifespan.startup.complete -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.complete
            receive lifespan.shutdown
            send lifespan.shutdown.complete
            returned
        """,
        servers="uvicorn and granian raise AssertionError at the second one, hypercorn accepts it.",
    ),
    Rule(
        "LIFE-009",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "An app answers lifespan.startup and lifespan.shutdown only after it has received them.",
        "Await receive first, and look at the type of what it gives.",
        *STARTUP_COMPLETE,
        breaks="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.complete
            send lifespan.shutdown.complete -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.complete
            receive lifespan.shutdown
            send lifespan.shutdown.complete
            returned
        """,
        servers="shutdown.complete before the startup: uvicorn and granian raise AssertionError, hypercorn accepts it.",
    ),
    Rule(
        "LIFE-010",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "An app answers lifespan.shutdown once, with lifespan.shutdown.complete or lifespan.shutdown.failed.",
        "Send the answer before you return: the server waits for it. If cleaning up fails, send lifespan.shutdown.failed.",
        *SHUTDOWN_COMPLETE,
        breaks="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.complete
            receive lifespan.shutdown
            returned
        """,
        keeps="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.complete
            receive lifespan.shutdown
            send lifespan.shutdown.failed, message="the cache could not be written"
            returned
        """,
        servers=(
            "An app that raises instead: uvicorn logs that lifespan appears unsupported, granian a warning, hypercorn an error "
            "with the traceback."
        ),
    ),
    Rule(
        "LIFE-011",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "The message of lifespan.startup.failed and lifespan.shutdown.failed is a text.",
        "Send str(error), not the exception itself, or leave the key out.",
        *STARTUP_FAILED,
        breaks="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.failed, message=b"no database" -> TypeError
            raised TypeError
        """,
        keeps="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.failed, message="no database"
            returned
        """,
    ),
    Rule(
        "LIFE-012",
        _SPECIFICATION,
        _WARNING,
        _APP,
        "An app that raises after lifespan.startup is taken for one without lifespan: the server starts.",
        "Catch the error and send lifespan.startup.failed with a message: that stops the server.",
        *LIFESPAN_SCOPE,
        breaks="""
            lifespan
            receive lifespan.startup
            raised ConnectionError: no database
        """,
        keeps="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.failed, message="no database"
            raised ConnectionError: no database
        """,
        servers=(
            "uvicorn, hypercorn and granian start and serve. uvicorn logs one line without a traceback, and hides the error "
            "that way."
        ),
    ),
    Rule(
        "LIFE-013",
        _PORTABILITY,
        _WARNING,
        _APP,
        "An app without lifespan raises; it does not just return.",
        'Raise for a scope["type"] that you do not handle, or answer lifespan.startup.',
        *LIFESPAN_SCOPE,
        breaks="""
            lifespan
            returned
        """,
        keeps="""
            lifespan
            raised ValueError: this app does not speak lifespan
        """,
        servers="uvicorn logs that the startup is complete, and serves. hypercorn and granian serve and log nothing.",
    ),
    Rule(
        "LIFE-014",
        _PORTABILITY,
        _WARNING,
        _APP,
        "An app's lifespan goes on until lifespan.shutdown; one that returns before never hears of it.",
        "After lifespan.startup.complete await receive again. It comes back when the server stops.",
        *LIFESPAN_SCOPE,
        breaks="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.complete
            returned
        """,
        keeps="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.complete
            receive lifespan.shutdown
            send lifespan.shutdown.complete
            returned
        """,
        servers="uvicorn, hypercorn and granian serve, and give no shutdown to anybody.",
    ),
    Rule(
        "LIFE-015",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "In a lifespan only the answers to startup and shutdown are sent.",
        "Send lifespan.startup.complete, lifespan.startup.failed, lifespan.shutdown.complete or lifespan.shutdown.failed.",
        *ERROR_HANDLING,
        breaks="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.completed -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.complete
            receive lifespan.shutdown
            send lifespan.shutdown.complete
            returned
        """,
        servers="uvicorn raises AssertionError without a text, hypercorn UnexpectedMessageError, granian KeyError.",
    ),
    Rule(
        "LIFE-016",
        _SPECIFICATION,
        _WARNING,
        _APP,
        "After lifespan.startup.failed the app ends, and lets pass what send may have raised.",
        "Return or raise right behind that message. Put no `except Exception` around it.",
        *STARTUP_FAILED,
        breaks="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.failed, message="no database" -> hypercorn.utils.LifespanFailureError
            receive -> never
        """,
        keeps="""
            lifespan
            receive lifespan.startup
            send lifespan.startup.failed, message="no database" -> hypercorn.utils.LifespanFailureError
            raised hypercorn.utils.LifespanFailureError
        """,
        servers=(
            "hypercorn raises out of send; when the app swallows that, it starts in spite of the failure. uvicorn and granian "
            "log the message and exit."
        ),
    ),
    Rule(
        "LIFE-017",
        _SPECIFICATION,
        _WARNING,
        _APP,
        "The keys of state are texts, named so that no other framework or middleware uses the same.",
        'Begin them with the name of your package: state["shop.database"].',
        *LIFESPAN_STATE,
        breaks="""
            lifespan, state={}
            receive lifespan.startup
            send lifespan.startup.complete
            http, state={1: "database"}
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
        """,
        keeps="""
            lifespan, state={}
            receive lifespan.startup
            send lifespan.startup.complete
            http, state={"shop.database": "database"}
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
        """,
    ),
    Rule(
        "LIFE-018",
        _PORTABILITY,
        _INFO,
        _APP,
        "What a request puts into its state is seen by no other request; what it changes inside an object is.",
        "Keep what requests share in an object that the lifespan put there, and what belongs to one request elsewhere.",
        *LIFESPAN_STATE,
        needs="What the app does with its state between messages. A recording holds a copy from when the app was called.",
        servers="uvicorn, hypercorn and granian make a shallow copy for each request.",
    ),
)

RULES: tuple[Rule, ...] = (*_OF_THE_SERVER, *_OF_THE_APP)
