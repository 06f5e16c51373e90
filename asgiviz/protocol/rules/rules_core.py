"""The book of rules, core: what holds for every app, every scope and every message, whatever the protocol.

A table, and therefore long.
"""

from __future__ import annotations

from asgiviz.model.finding import Severity
from asgiviz.protocol.rules.rule import Basis, Party, Rule
from asgiviz.protocol.terms_places import (
    APPLICATIONS,
    CONNECTION_SCOPE,
    ERROR_HANDLING,
    EVENTS,
    EXTENSIONS,
    LEGACY_APPLICATIONS,
    MIDDLEWARE,
    OVERVIEW,
    PROTOCOL_SPECIFICATIONS,
    STRINGS,
    VERSION_HISTORY,
)

_SPECIFICATION, _PORTABILITY = Basis.SPECIFICATION, Basis.PORTABILITY
_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_APP, _SERVER, _BOTH, _MIDDLEWARE = Party.APP, Party.SERVER, Party.BOTH, Party.MIDDLEWARE

_APP_AND_SCOPE = (
    Rule(
        "CORE-001",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "An app is one async callable that takes scope, receive and send.",
        "Write `async def app(scope, receive, send)`, or a class whose `__call__` is like that.",
        *APPLICATIONS,
        breaks="""
            http
            raised TypeError: object NoneType can't be used in 'await' expression
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
    ),
    Rule(
        "CORE-002",
        _SPECIFICATION,
        _WARNING,
        _APP,
        "An app of two callables, app(scope) and then instance(receive, send), is of the old ASGI 2.",
        "Make it one callable of three arguments. guarantee_single_callable of asgiref.compatibility can wrap it until then.",
        *LEGACY_APPLICATIONS,
        breaks="""
            http
            raised TypeError: app() takes 1 positional argument but 3 were given
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
    ),
    Rule(
        "CORE-003",
        _PORTABILITY,
        _WARNING,
        _APP,
        "An app returns nothing: a value that it returns reaches no client.",
        "Send the response with http.response.start and http.response.body, and return without a value.",
        *APPLICATIONS,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned "hello"
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        servers="uvicorn logs an error and closes the connection; hypercorn, daphne and granian ignore the value.",
    ),
    Rule(
        "CORE-004",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "The scope is a dict.",
        "Call the app with a plain dict. A mapping that only behaves like one cannot be copied as every middleware does it.",
        *APPLICATIONS,
        breaks="""
            scope {"$repr": "<server.Scope object at 0x7f12>", "$type": "server.Scope"}
            raised TypeError: 'Scope' object is not subscriptable
        """,
        keeps="""
            scope {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "path": "/", \
"query_string": b"", "headers": []}
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
    ),
    Rule(
        "CORE-005",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "A scope has a type, a text that names the protocol.",
        'Set scope["type"] to "http", "websocket" or "lifespan", as str.',
        *PROTOCOL_SPECIFICATIONS,
        breaks="""
            http, -type
            raised KeyError: 'type'
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
    ),
    Rule(
        "CORE-006",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "A scope has a dict under asgi, with the version of ASGI in it.",
        'Set scope["asgi"] to {"version": "3.0"}, with the spec_version of the protocol beside it.',
        *APPLICATIONS,
        breaks="""
            http, -asgi
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        keeps="""
            http, asgi={"version": "3.0"}
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
    ),
    Rule(
        "CORE-007",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "The versions in a scope are texts, not numbers.",
        'Write "3.0" and "2.3" as str: as numbers, 2.10 and 2.1 would be the same.',
        *APPLICATIONS,
        breaks="""
            http, asgi={"version": "3.0", "spec_version": 2.3}
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        keeps="""
            http, asgi={"version": "3.0", "spec_version": "2.3"}
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
    ),
    Rule(
        "CORE-008",
        _SPECIFICATION,
        _WARNING,
        _SERVER,
        "The version of ASGI is one that exists: 2.0, 2.1 or 3.0.",
        'Say "3.0" for an app of one callable. The version of the protocol\'s own rules goes into spec_version.',
        *VERSION_HISTORY,
        breaks="""
            http, asgi={"version": "3", "spec_version": "2.3"}
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        keeps="""
            http, asgi={"version": "3.0", "spec_version": "2.3"}
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
    ),
    Rule(
        "CORE-009",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "An app refuses a scope that it does not understand: it raises.",
        'Look at scope["type"] first, and raise for a type that you do not handle. Servers take that for "not supported".',
        *PROTOCOL_SPECIFICATIONS,
        breaks="""
            lifespan
            send http.response.start, status=200 -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            lifespan
            raised ValueError: this app does not speak lifespan
        """,
        servers=(
            "All refuse an http message in a lifespan scope: uvicorn with an AssertionError without text, hypercorn with "
            "UnexpectedMessageError, granian with KeyError. daphne never calls the app with lifespan."
        ),
    ),
)

_MESSAGES = (
    Rule(
        "CORE-010",
        _SPECIFICATION,
        _ERROR,
        _BOTH,
        "A message is a dict.",
        'Send a dict with a type: {"type": "http.response.body", "body": b"hello"}.',
        *EVENTS,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200
            send b"hello" -> TypeError
            raised TypeError
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        servers="All four raise TypeError out of send.",
    ),
    Rule(
        "CORE-011",
        _SPECIFICATION,
        _ERROR,
        _BOTH,
        "A message has a type, a text.",
        "Say in each message what it is, under the key type.",
        *EVENTS,
        breaks="""
            http
            receive http.request
            send {"status": 200, "headers": []} -> KeyError: 'type'
            raised KeyError: 'type'
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200, headers=[]
            send http.response.body
            returned
        """,
        servers="uvicorn, hypercorn and daphne raise KeyError out of send, granian RuntimeError.",
    ),
    Rule(
        "CORE-012",
        _SPECIFICATION,
        _WARNING,
        _BOTH,
        "A message type of one's own begins with the protocol of its scope: http.timing, not timing.",
        "Name it by the scope's type, a dot and a word of your own. It may pass between layers only, never to the server.",
        *PROTOCOL_SPECIFICATIONS,
        breaks="""
            http
            L1 http
            L1 send timing.mark, name="database"
        """,
        keeps="""
            http
            L1 http
            L1 send http.timing, name="database"
        """,
    ),
    Rule(
        "CORE-013",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "A server gives an app only messages that the protocol defines.",
        "Use the types of the specification. What is new goes under a new key of a message, which apps ignore.",
        *ERROR_HANDLING,
        breaks="""
            websocket
            receive websocket.connect
            send websocket.accept
            receive websocket.message, text="hello"
            send websocket.close
            returned
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            receive websocket.receive, text="hello"
            send websocket.close
            returned
        """,
    ),
    Rule(
        "CORE-014",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "An app sends only messages that the protocol, or an announced extension, defines.",
        "Check the spelling of the type, and whether it belongs to this kind of connection.",
        *ERROR_HANDLING,
        breaks="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.sned, text="hello" -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.send, text="hello"
            send websocket.close
            returned
        """,
        servers="uvicorn, hypercorn and granian raise out of send. daphne raises in http and ignores it in a websocket.",
    ),
    Rule(
        "CORE-015",
        _SPECIFICATION,
        _ERROR,
        _BOTH,
        "All keys of a message are texts, in the dicts inside it, too.",
        'Write "body", not b"body", and turn numbers and enum members into str before they become keys.',
        *EVENTS,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200
            send {"type": "http.response.body", b"body": b"hello"} -> TypeError
            raised TypeError
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send {"type": "http.response.body", "body": b"hello"}
            returned
        """,
    ),
    Rule(
        "CORE-016",
        _SPECIFICATION,
        _ERROR,
        _BOTH,
        "A message holds plain values only: bytes, str, int, float, bool, None, lists and dicts of them.",
        "Turn dates, models and other objects into text or numbers first: a message may have to travel to another process.",
        *EVENTS,
        breaks="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.send, text="hi", at={"$repr": "datetime.datetime(2026, 5, 1, 8, 0)", "$type": "datetime.datetime"} \
-> TypeError
            raised TypeError
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.send, text="hi", at="2026-05-01T08:00:00"
            send websocket.close
            returned
        """,
    ),
    Rule(
        "CORE-017",
        _SPECIFICATION,
        _ERROR,
        _BOTH,
        "Whole numbers in a message fit into 64 bits with a sign.",
        "Send larger numbers, such as the number of a UUID, as text.",
        *EVENTS,
        breaks="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.send, text="hi", id=113059749145936325402354257176981405696 -> OverflowError
            raised OverflowError
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.send, text="hi", id="550e8400-e29b-41d4-a716-446655440000"
            send websocket.close
            returned
        """,
    ),
    Rule(
        "CORE-018",
        _SPECIFICATION,
        _ERROR,
        _BOTH,
        "Decimal numbers in a message are finite: neither infinity nor NaN.",
        "Send None, or leave the key out, where there is no number.",
        *EVENTS,
        breaks="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.send, text="hi", rate=1e999 -> ValueError
            raised ValueError
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.send, text="hi", rate=0.75
            send websocket.close
            returned
        """,
    ),
    Rule(
        "CORE-019",
        _PORTABILITY,
        _WARNING,
        _BOTH,
        "Where a message asks for bytes, send bytes itself, not a bytearray or memoryview.",
        "Wrap the buffer: bytes(buffer). It also keeps what was sent from changing when you use the buffer again.",
        *STRINGS,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body={"$bytes": b"hello", "$type": "bytearray"}
            returned
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        servers="uvicorn, hypercorn and granian take any buffer. daphne raises TypeError, and the client hangs.",
    ),
    Rule(
        "CORE-020",
        _PORTABILITY,
        _WARNING,
        _BOTH,
        "True and False stand where a truth value is asked for, and a number where a number is.",
        "Write bool(rest) for more_body, and 200 for a status. Servers test such values in different ways.",
        *EVENTS,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello", more_body=None
            returned
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello", more_body=False
            returned
        """,
        servers=(
            "status=True: an error at uvicorn and hypercorn, sent as it is by daphne, and granian's whole process ends. "
            'more_body="false" means more at uvicorn, hypercorn and daphne, and the end at granian.'
        ),
    ),
    Rule(
        "CORE-021",
        _SPECIFICATION,
        _INFO,
        _BOTH,
        "A key that the specification does not name is no error, neither in a message nor in a scope.",
        "Take what you know from a message and leave the rest alone: later versions of the specification add keys.",
        *ERROR_HANDLING,
        keeps="""
            http, vendor={"zone": "eu"}
            receive http.request, arrived=17
            send http.response.start, status=200, template="start.html"
            send http.response.body, body=b"hello", part=1
            returned
        """,
        servers="All four accept further keys.",
        allows=True,
    ),
    Rule(
        "CORE-022",
        _SPECIFICATION,
        _WARNING,
        _SERVER,
        "A server raises out of send when it is handed an invalid message.",
        "Check the type, the keys and their Python types, and raise, so that the app's own traceback shows the line.",
        *ERROR_HANDLING,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body="hello"
            returned
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        servers=(
            'body="hello": uvicorn, hypercorn and daphne raise TypeError; granian sends a response with an empty body and says '
            "nothing."
        ),
    ),
    Rule(
        "CORE-023",
        _SPECIFICATION,
        _WARNING,
        _APP,
        "An app raises when receive gives it an invalid message.",
        "End the branches on a message's type with one that raises.",
        *ERROR_HANDLING,
        needs=(
            "What the app made of the message. From outside, an app that skipped it and one that did not notice look the same; "
            "the invalid message itself is told by other rules."
        ),
    ),
    Rule(
        "CORE-024",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "When an app raises, the server ends its connection.",
        "Close the connection, or answer 500 while that is still possible, and report the error.",
        *ERROR_HANDLING,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        needs="The client's side: whether its connection was closed after the app's exit.",
        servers="After an error behind http.response.start, daphne leaves the client waiting; the others cut the connection.",
    ),
    Rule(
        "CORE-025",
        _SPECIFICATION,
        _WARNING,
        _SERVER,
        "Once the client is gone, send does nothing, or raises an OSError where the protocol says so.",
        "Return from send without an effect. From spec_version 2.4 on, raise a subclass of OSError instead.",
        *ERROR_HANDLING,
        breaks="""
            http
            receive http.request
            receive http.disconnect
            send http.response.start, status=200 -> RuntimeError: the connection is closed
            raised RuntimeError: the connection is closed
        """,
        keeps="""
            http, asgi={"version": "3.0", "spec_version": "2.3"}
            receive http.request
            receive http.disconnect
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        servers=(
            "In http none of the four raises. In a websocket uvicorn raises an OSError, with its old websockets implementation "
            "a RuntimeError; hypercorn, daphne and granian do nothing."
        ),
    ),
    Rule(
        "CORE-026",
        _SPECIFICATION,
        _WARNING,
        _SERVER,
        "A server takes back quietly what its own send raised because the client was gone.",
        "Catch that exception around the app's call, and log it no higher than debug: no one made a mistake.",
        *ERROR_HANDLING,
        breaks="""
            http
            receive http.request
            receive http.disconnect
            send http.response.start, status=200 -> OSError: the client is gone
            raised OSError: the client is gone
            log ERROR Exception in ASGI application
        """,
        keeps="""
            http
            receive http.request
            receive http.disconnect
            send http.response.start, status=200 -> OSError: the client is gone
            raised OSError: the client is gone
        """,
    ),
)

_LAYERS = (
    Rule(
        "CORE-027",
        _SPECIFICATION,
        _WARNING,
        _MIDDLEWARE,
        "A middleware copies the scope before it changes it.",
        "Hand on a new dict: `scope = {**scope, ...}`. Else your change shows in the layers around you.",
        *MIDDLEWARE,
        needs="The scope's dict itself, looked at before and after each layer. A recording holds an early copy.",
    ),
    Rule(
        "CORE-028",
        _SPECIFICATION,
        _WARNING,
        _MIDDLEWARE,
        "A middleware leaves the scope alone once it has called the app behind it.",
        "Put everything into the scope before the call. Behind you another layer may have made a copy of it.",
        *MIDDLEWARE,
        needs="The scope's dict itself, looked at with each message. A recording holds an early copy.",
    ),
    Rule(
        "CORE-029",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "The extensions of a scope are a dict: a name, and a dict of what belongs to it.",
        'Write {"http.response.push": {}}: the dict may be empty, but neither True nor a list will do.',
        *EXTENSIONS,
        breaks="""
            http, extensions={"http.response.push": True}
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        keeps="""
            http, extensions={"http.response.push": {}}
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
    ),
    Rule(
        "CORE-030",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "A message of an extension is sent only where the scope announces that extension.",
        'Look for its name in scope.get("extensions") first, and do without it elsewhere. Do not go by the server\'s name.',
        *EXTENSIONS,
        breaks="""
            http
            receive http.request
            send http.response.early_hint, links=[b"</style.css>; rel=preload; as=style"] -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            http, extensions={"http.response.early_hint": {}}
            receive http.request
            send http.response.early_hint, links=[b"</style.css>; rel=preload; as=style"]
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        servers="All four raise out of send for early hints, push, zero-copy and debug messages that they did not announce.",
    ),
    Rule(
        "CORE-031",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "A server calls the app once for each connection: a request, a WebSocket, or a lifespan.",
        "Give each connection one scope and one call. A kept HTTP connection makes a new call for each request.",
        *CONNECTION_SCOPE,
        needs="The client's side: which calls belong to one request. Two calls with equal scopes may be two equal requests.",
    ),
)

_CALLS = (
    Rule(
        "CORE-032",
        _PORTABILITY,
        _WARNING,
        _APP,
        "At most one receive() waits at a time.",
        "Let one task call receive and hand on what it gets, through a queue or an event.",
        *APPLICATIONS,
        breaks="""
            http
            receive -> never
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        keeps="""
            http
            receive http.request
            receive http.disconnect
            returned
        """,
        servers=(
            "The specification is silent. uvicorn and granian give both the same disconnect; hypercorn and daphne give it to "
            "one, and the other waits for ever."
        ),
    ),
    Rule(
        "CORE-033",
        _PORTABILITY,
        _WARNING,
        _APP,
        "At most one send() of a response is under way at a time.",
        "Let one task send, or put a lock around send. Else the pieces of a body mix.",
        *APPLICATIONS,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"one ", more_body=True -> never
            send http.response.body, body=b"two "
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"one ", more_body=True
            send http.response.body, body=b"two "
            returned
        """,
    ),
    Rule(
        "CORE-034",
        _PORTABILITY,
        _WARNING,
        _APP,
        "When the app has returned, nothing of it uses receive or send any more.",
        "Wait for your tasks before you return, or cancel them: a task group does both.",
        *OVERVIEW,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
            receive http.disconnect
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            receive http.disconnect
            returned
        """,
    ),
    Rule(
        "CORE-035",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "Each receive() and each send(message) is awaited; else nothing happens.",
        "Write `await` before it. Python says so, too: 'coroutine was never awaited', though at another place.",
        *APPLICATIONS,
        breaks="""
            websocket
            receive websocket.connect
            send websocket.accept
            unawaited send websocket.send, text="hello"
            receive websocket.disconnect, code=1000
            returned
        """,
        keeps="""
            websocket
            receive websocket.connect
            send websocket.accept
            send websocket.send, text="hello"
            receive websocket.disconnect, code=1000
            returned
        """,
    ),
    Rule(
        "CORE-036",
        _PORTABILITY,
        _WARNING,
        _APP,
        "An app does not hold the event loop: while it computes or blocks, no other connection moves.",
        "Await an async call instead, or move the work to a thread: `await asyncio.to_thread(work)`.",
        *OVERVIEW,
        breaks="""
            http
            receive http.request
            stall 300
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        keeps="""
            http
            receive http.request
            wait 0.3
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
    ),
    Rule(
        "CORE-037",
        _PORTABILITY,
        _INFO,
        _APP,
        "The app's call was cancelled: it is shown, and nobody is blamed.",
        "Clean up in `finally`, and let CancelledError pass: whoever cancels waits for the call to end.",
        *OVERVIEW,
        breaks="""
            http
            receive http.request
            cancelled
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        servers=(
            "None cancels a call because the client left. While it shuts down, hypercorn cancels after a time of grace and "
            "daphne at once; uvicorn and granian wait for the app."
        ),
    ),
)

RULES: tuple[Rule, ...] = (*_APP_AND_SCOPE, *_MESSAGES, *_LAYERS, *_CALLS)
