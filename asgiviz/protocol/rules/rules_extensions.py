"""The book of rules, extensions: denial response, push, zero-copy and path send, trailers, early hints, debug.

That an extension must be announced is CORE-030. A table, and therefore long.
"""

from __future__ import annotations

from asgiviz.model.finding import Severity
from asgiviz.protocol.rules.rule import Basis, Party, Rule
from asgiviz.protocol.terms_places import (
    EXT_DEBUG,
    EXT_DENIAL,
    EXT_EARLY_HINTS,
    EXT_PATH_SEND,
    EXT_PUSH,
    EXT_TRAILERS,
    EXT_ZERO_COPY,
)

_SPECIFICATION, _PORTABILITY = Basis.SPECIFICATION, Basis.PORTABILITY
_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_APP, _SERVER = Party.APP, Party.SERVER

_DENIAL = (
    Rule(
        "EXT-DENY-001",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "A denial response answers websocket.connect; it cannot follow websocket.accept.",
        "Decide before you accept. Once a WebSocket is open, refuse with websocket.close and a code.",
        *EXT_DENIAL,
        breaks="""
            websocket, extensions={"websocket.http.response": {}}
            receive websocket.connect
            send websocket.accept
            send websocket.http.response.start, status=401 -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            websocket, extensions={"websocket.http.response": {}}
            receive websocket.connect
            send websocket.http.response.start, status=401
            send websocket.http.response.body, body=b"log in first"
            returned
        """,
    ),
    Rule(
        "EXT-DENY-002",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "A denial response is made like an HTTP response: a status and headers, then the body.",
        "Send one websocket.http.response.start with a number as status, then websocket.http.response.body.",
        *EXT_DENIAL,
        breaks="""
            websocket, extensions={"websocket.http.response": {}}
            receive websocket.connect
            send websocket.http.response.start, status="401" -> TypeError
            raised TypeError
        """,
        keeps="""
            websocket, extensions={"websocket.http.response": {}}
            receive websocket.connect
            send websocket.http.response.start, status=401, headers=[[b"content-type", b"text/plain"]]
            send websocket.http.response.body, body=b"log in first"
            returned
        """,
    ),
    Rule(
        "EXT-DENY-003",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "A denial response is completed, and no WebSocket message follows it.",
        "End it with a body without more_body, empty if need be, and return. There is nothing to close.",
        *EXT_DENIAL,
        breaks="""
            websocket, extensions={"websocket.http.response": {}}
            receive websocket.connect
            send websocket.http.response.start, status=401
            returned
        """,
        keeps="""
            websocket, extensions={"websocket.http.response": {}}
            receive websocket.connect
            send websocket.http.response.start, status=401
            send websocket.http.response.body
            returned
        """,
    ),
    Rule(
        "EXT-DENY-004",
        _PORTABILITY,
        _WARNING,
        _SERVER,
        "A denial response reaches the client as an ordinary HTTP response.",
        "Announce websocket.http.response when you can do that, and leave out the headers of an upgrade.",
        *EXT_DENIAL,
        keeps="""
            websocket, extensions={"websocket.http.response": {}}
            receive websocket.connect
            send websocket.http.response.start, status=401
            send websocket.http.response.body, body=b"log in first"
            returned
        """,
        needs="The client's side: what came over the wire.",
        servers=(
            "uvicorn, hypercorn and granian announce it; granian's response still says upgrade: websocket. daphne does not, "
            "ignores the messages, and the handshake hangs."
        ),
    ),
)

_PUSH = (
    Rule(
        "EXT-PUSH-001",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "A push comes after http.response.start and before the last piece of the body.",
        "Send http.response.push right behind http.response.start, when the client has not yet read what will make it ask.",
        *EXT_PUSH,
        breaks="""
            http, http_version="2", extensions={"http.response.push": {}}
            receive http.request
            send http.response.push, path="/style.css", headers=[] -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            http, http_version="2", extensions={"http.response.push": {}}
            receive http.request
            send http.response.start, status=200
            send http.response.push, path="/style.css", headers=[]
            send http.response.body, body=b"hello"
            returned
        """,
        servers="Only hypercorn announces it, with HTTP/2.",
    ),
    Rule(
        "EXT-PUSH-002",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "A push has a path, a decoded text, and headers: pairs of bytes with names in lower case.",
        'Write path="/style.css" as str, without percent signs, and headers=[] when there are none.',
        *EXT_PUSH,
        breaks="""
            http, http_version="2", extensions={"http.response.push": {}}
            receive http.request
            send http.response.start, status=200
            send http.response.push, path=b"/style.css", headers=[] -> TypeError
            raised TypeError
        """,
        keeps="""
            http, http_version="2", extensions={"http.response.push": {}}
            receive http.request
            send http.response.start, status=200
            send http.response.push, path="/style.css", headers=[[b"accept", b"text/css"]]
            send http.response.body, body=b"hello"
            returned
        """,
    ),
    Rule(
        "EXT-PUSH-003",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "A server turns a push into a request of its own, with a new call of the app.",
        "Call the app with a new scope for the pushed path, as if the client had asked, for the same host.",
        *EXT_PUSH,
        needs="The client's side: whether it takes pushes. Where it does not, no call follows, and that is right.",
        servers="hypercorn does it, with HTTP/2, and keeps the host.",
    ),
)

_FILES = (
    Rule(
        "EXT-ZC-001",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "A file is sent by http.response.zerocopysend after the start and before the end of the body.",
        "Treat it as a piece of the body: several may follow each other, and may mix with http.response.body.",
        *EXT_ZERO_COPY,
        breaks="""
            http, extensions={"http.response.zerocopysend": {}}
            receive http.request
            send http.response.zerocopysend, file={"$repr": "<film.mp4>", "$type": "_io.BufferedReader"} -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            http, extensions={"http.response.zerocopysend": {}}
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"header", more_body=True
            send http.response.zerocopysend, file={"$repr": "<film.mp4>", "$type": "_io.BufferedReader"}
            returned
        """,
        servers="None of the four announces it.",
    ),
    Rule(
        "EXT-ZC-002",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "A zero-copy send has a file that the operating system knows; offset and count are numbers from 0 up.",
        "Open the file itself. What lies in memory, such as a BytesIO, is sent by http.response.body.",
        *EXT_ZERO_COPY,
        breaks="""
            http, extensions={"http.response.zerocopysend": {}}
            receive http.request
            send http.response.start, status=200
            send http.response.zerocopysend, file={"$repr": "<_io.BytesIO>", "$type": "_io.BytesIO"} \
-> io.UnsupportedOperation: fileno
            raised io.UnsupportedOperation: fileno
        """,
        keeps="""
            http, extensions={"http.response.zerocopysend": {}}
            receive http.request
            send http.response.start, status=206
            send http.response.zerocopysend, file={"$repr": "<film.mp4>", "$type": "_io.BufferedReader"}, offset=0, count=500
            returned
        """,
    ),
    Rule(
        "EXT-ZC-003",
        _SPECIFICATION,
        _WARNING,
        _APP,
        "The app closes a file that it has sent by zero-copy; the server does not.",
        "Open it in a `with` block, and send from within that block.",
        *EXT_ZERO_COPY,
        needs="Whether the file was closed at the end of the call. A recording does not hold the file.",
    ),
    Rule(
        "EXT-ZC-004",
        _SPECIFICATION,
        _INFO,
        _APP,
        "A zero-copy send without more_body completes the response, as a last piece of the body does.",
        "Send no empty body behind it. Where more is to come, say more_body=True.",
        *EXT_ZERO_COPY,
        keeps="""
            http, extensions={"http.response.zerocopysend": {}}
            receive http.request
            send http.response.start, status=200
            send http.response.zerocopysend, file={"$repr": "<film.mp4>", "$type": "_io.BufferedReader"}
            returned
        """,
        allows=True,
    ),
    Rule(
        "EXT-PATH-001",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "A file that is sent by its path is the whole body: once, after the start, with no other piece.",
        "Send http.response.start, http.response.pathsend, and return.",
        *EXT_PATH_SEND,
        breaks="""
            http, extensions={"http.response.pathsend": {}}
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"header", more_body=True
            send http.response.pathsend, path="/srv/film.mp4" -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            http, extensions={"http.response.pathsend": {}}
            receive http.request
            send http.response.start, status=200, headers=[[b"content-type", b"video/mp4"], [b"content-length", b"700"]]
            send http.response.pathsend, path="/srv/film.mp4"
            returned
        """,
        servers="Only granian announces it, and raises RuntimeError behind a piece of the body.",
    ),
    Rule(
        "EXT-PATH-002",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "The path of http.response.pathsend is a text and absolute.",
        "Send str(path.resolve()): the server may stand in another directory.",
        *EXT_PATH_SEND,
        breaks="""
            http, extensions={"http.response.pathsend": {}}
            receive http.request
            send http.response.start, status=200, headers=[[b"content-type", b"video/mp4"], [b"content-length", b"700"]]
            send http.response.pathsend, path="film.mp4" -> ValueError
            raised ValueError
        """,
        keeps="""
            http, extensions={"http.response.pathsend": {}}
            receive http.request
            send http.response.start, status=200, headers=[[b"content-type", b"video/mp4"], [b"content-length", b"700"]]
            send http.response.pathsend, path="/srv/film.mp4"
            returned
        """,
    ),
    Rule(
        "EXT-PATH-003",
        _SPECIFICATION,
        _WARNING,
        _APP,
        "An app that sends a file by its path sends content-type and content-length itself.",
        "Look up the file's size and kind, and put both into the headers of http.response.start.",
        *EXT_PATH_SEND,
        breaks="""
            http, extensions={"http.response.pathsend": {}}
            receive http.request
            send http.response.start, status=200, headers=[[b"content-type", b"video/mp4"]]
            send http.response.pathsend, path="/srv/film.mp4"
            returned
        """,
        keeps="""
            http, extensions={"http.response.pathsend": {}}
            receive http.request
            send http.response.start, status=200, headers=[[b"content-type", b"video/mp4"], [b"content-length", b"700"]]
            send http.response.pathsend, path="/srv/film.mp4"
            returned
        """,
        servers="granian adds no length: the response is chunked, and the client sees no progress.",
    ),
    Rule(
        "EXT-PATH-004",
        _PORTABILITY,
        _WARNING,
        _APP,
        "A file that is sent by its path exists and can be read.",
        "Look before you send http.response.start, and answer 404 yourself.",
        *EXT_PATH_SEND,
        keeps="""
            http, extensions={"http.response.pathsend": {}}
            receive http.request
            send http.response.start, status=200, headers=[[b"content-type", b"video/mp4"], [b"content-length", b"700"]]
            send http.response.pathsend, path="/srv/film.mp4"
            returned
        """,
        needs="A look at the file when it was sent, as the server's own user. A recording does not look at files.",
        servers="granian answers 404 instead of the app's status, and the app does not hear of it.",
    ),
)

_TRAILERS = (
    Rule(
        "EXT-TRAIL-001",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "An app that said trailers=True sends http.response.trailers behind the body.",
        "Send them before you return, with headers=[] if there are none after all. Else leave trailers out of the start.",
        *EXT_TRAILERS,
        breaks="""
            http, headers=[[b"host", b"localhost"], [b"te", b"trailers"]], extensions={"http.response.trailers": {}}
            receive http.request
            send http.response.start, status=200, headers=[[b"trailer", b"x-checksum"]], trailers=True
            send http.response.body, body=b"hello"
            returned
        """,
        keeps="""
            http, headers=[[b"host", b"localhost"], [b"te", b"trailers"]], extensions={"http.response.trailers": {}}
            receive http.request
            send http.response.start, status=200, headers=[[b"trailer", b"x-checksum"]], trailers=True
            send http.response.body, body=b"hello"
            send http.response.trailers, headers=[[b"x-checksum", b"5d41402a"]]
            returned
        """,
        servers=(
            "With HTTP/1.1 no server announces them: hypercorn waits for them and cuts the connection, uvicorn, daphne and "
            "granian ignore trailers=True."
        ),
    ),
    Rule(
        "EXT-TRAIL-002",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "Trailers come behind the whole body, and only when the start said trailers=True.",
        "Put trailers=True into http.response.start, send the body to its end, then the trailers.",
        *EXT_TRAILERS,
        breaks="""
            http, headers=[[b"host", b"localhost"], [b"te", b"trailers"]], extensions={"http.response.trailers": {}}
            receive http.request
            send http.response.start, status=200, headers=[[b"trailer", b"x-checksum"]]
            send http.response.body, body=b"hello"
            send http.response.trailers, headers=[[b"x-checksum", b"5d41402a"]] -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            http, headers=[[b"host", b"localhost"], [b"te", b"trailers"]], extensions={"http.response.trailers": {}}
            receive http.request
            send http.response.start, status=200, headers=[[b"trailer", b"x-checksum"]], trailers=True
            send http.response.body, body=b"hello"
            send http.response.trailers, headers=[[b"x-checksum", b"5d41402a"]]
            returned
        """,
    ),
    Rule(
        "EXT-TRAIL-003",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "Trailers have headers, pairs of bytes with names in lower case; more_trailers is True or False.",
        "Write them as in http.response.start, and say more_trailers=True when another such message follows.",
        *EXT_TRAILERS,
        breaks="""
            http, headers=[[b"host", b"localhost"], [b"te", b"trailers"]], extensions={"http.response.trailers": {}}
            receive http.request
            send http.response.start, status=200, headers=[[b"trailer", b"x-checksum"]], trailers=True
            send http.response.body, body=b"hello"
            send http.response.trailers, headers=[["x-checksum", "5d41402a"]] -> TypeError
            raised TypeError
        """,
        keeps="""
            http, headers=[[b"host", b"localhost"], [b"te", b"trailers"]], extensions={"http.response.trailers": {}}
            receive http.request
            send http.response.start, status=200, headers=[[b"trailer", b"x-checksum"]], trailers=True
            send http.response.body, body=b"hello"
            send http.response.trailers, headers=[[b"x-checksum", b"5d41402a"]]
            returned
        """,
    ),
    Rule(
        "EXT-TRAIL-004",
        _SPECIFICATION,
        _INFO,
        _APP,
        "An app that sends trailers names them beforehand, in a trailer header.",
        'Put (b"trailer", b"x-checksum") into the headers of http.response.start: clients may ignore what was not named.',
        *EXT_TRAILERS,
        breaks="""
            http, headers=[[b"host", b"localhost"], [b"te", b"trailers"]], extensions={"http.response.trailers": {}}
            receive http.request
            send http.response.start, status=200, trailers=True
            send http.response.body, body=b"hello"
            send http.response.trailers, headers=[[b"x-checksum", b"5d41402a"]]
            returned
        """,
        keeps="""
            http, headers=[[b"host", b"localhost"], [b"te", b"trailers"]], extensions={"http.response.trailers": {}}
            receive http.request
            send http.response.start, status=200, headers=[[b"trailer", b"x-checksum"]], trailers=True
            send http.response.body, body=b"hello"
            send http.response.trailers, headers=[[b"x-checksum", b"5d41402a"]]
            returned
        """,
    ),
    Rule(
        "EXT-TRAIL-005",
        _SPECIFICATION,
        _INFO,
        _APP,
        "Trailers reach only a client that has asked for them, with the header te: trailers.",
        "Put nothing into trailers that every client needs, or look for that header first.",
        *EXT_TRAILERS,
        breaks="""
            http, extensions={"http.response.trailers": {}}
            receive http.request
            send http.response.start, status=200, headers=[[b"trailer", b"x-checksum"]], trailers=True
            send http.response.body, body=b"hello"
            send http.response.trailers, headers=[[b"x-checksum", b"5d41402a"]]
            returned
        """,
        keeps="""
            http, headers=[[b"host", b"localhost"], [b"te", b"trailers"]], extensions={"http.response.trailers": {}}
            receive http.request
            send http.response.start, status=200, headers=[[b"trailer", b"x-checksum"]], trailers=True
            send http.response.body, body=b"hello"
            send http.response.trailers, headers=[[b"x-checksum", b"5d41402a"]]
            returned
        """,
    ),
)

_HINTS_AND_DEBUG = (
    Rule(
        "EXT-HINT-001",
        _SPECIFICATION,
        _WARNING,
        _APP,
        "An early hint has links: bytes, each the value of a link header.",
        'Write links=[b"</style.css>; rel=preload; as=style"]. It has no headers.',
        *EXT_EARLY_HINTS,
        breaks="""
            http, extensions={"http.response.early_hint": {}}
            receive http.request
            send http.response.early_hint, headers=[[b"link", b"</style.css>; rel=preload; as=style"]] -> KeyError: 'links'
            raised KeyError: 'links'
        """,
        keeps="""
            http, extensions={"http.response.early_hint": {}}
            receive http.request
            send http.response.early_hint, links=[b"</style.css>; rel=preload; as=style"]
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
    ),
    Rule(
        "EXT-HINT-002",
        _SPECIFICATION,
        _WARNING,
        _APP,
        "An early hint comes before http.response.start.",
        "Send it first, while you still work on the response: with the response itself it says nothing new.",
        *EXT_EARLY_HINTS,
        breaks="""
            http, extensions={"http.response.early_hint": {}}
            receive http.request
            send http.response.start, status=200
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
        servers=(
            "The specification said 'after the start' until August 2026, and then changed to 'before'. hypercorn, and uvicorn "
            "with HTTP/2, take it only before."
        ),
    ),
    Rule(
        "EXT-DBG-001",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "A debug message comes once at most, before http.response.start, with a dict under info.",
        "Gather all that a test shall see, and send it in one http.response.debug before the start.",
        *EXT_DEBUG,
        breaks="""
            http, extensions={"http.response.debug": {}}
            receive http.request
            send http.response.start, status=200
            send http.response.debug, info={"template": "start.html"} -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            http, extensions={"http.response.debug": {}}
            receive http.request
            send http.response.debug, info={"template": "start.html"}
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        servers="None of the four announces it. Starlette's TestClient does.",
    ),
    Rule(
        "EXT-DBG-002",
        _SPECIFICATION,
        _INFO,
        _SERVER,
        "A server for real clients does not announce the debug extension.",
        "Leave http.response.debug to test clients: what apps put into it is not meant for strangers. A recording cannot tell "
        "a test client from a server, so this is a remark only.",
        *EXT_DEBUG,
        breaks="""
            http, extensions={"http.response.debug": {}}
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        servers="None of the four announces it.",
    ),
)

RULES: tuple[Rule, ...] = (*_DENIAL, *_PUSH, *_FILES, *_TRAILERS, *_HINTS_AND_DEBUG)
