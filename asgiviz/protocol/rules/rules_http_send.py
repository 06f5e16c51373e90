"""The book of rules, HTTP, what the app sends: the status and headers, the body, and how the call ends.

A table, and therefore long.
"""

from __future__ import annotations

from asgiviz.model.finding import Severity
from asgiviz.protocol.rules.rule import Basis, Party, Rule
from asgiviz.protocol.terms_places import (
    DISCONNECT,
    DISCONNECTED_CLIENT,
    ERROR_HANDLING,
    REQUEST,
    RESPONSE_BODY,
    RESPONSE_START,
    rfc,
)

_SPECIFICATION, _RFC, _PORTABILITY = Basis.SPECIFICATION, Basis.RFC, Basis.PORTABILITY
_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_APP, _SERVER = Party.APP, Party.SERVER

_STATUS_AND_HEADERS = (
    Rule(
        "HTTP-S-001",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "A response begins with http.response.start.",
        "Send http.response.start first, with the status. Only early hints and a debug message may stand before it.",
        *RESPONSE_START,
        keeps="""
            http, extensions={"http.response.early_hint": {}}
            receive http.request
            send http.response.early_hint, links=[b"</style.css>; rel=preload; as=style"]
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        needs=(
            "Decided message by message, by the rules on what comes too early: HTTP-S-021 for a body, EXT-PUSH-001, "
            "EXT-ZC-001, EXT-PATH-001, EXT-TRAIL-002 for what extensions add, CORE-030 where they are not announced."
        ),
    ),
    Rule(
        "HTTP-S-002",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "http.response.start is sent once only.",
        "Decide on the status before you send it. An error handler must look whether the response has begun already.",
        *RESPONSE_START,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.start, status=500 -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=500
            send http.response.body, body=b"something went wrong"
            returned
        """,
        servers="All four raise out of send, each with an error of its own.",
    ),
    Rule(
        "HTTP-S-003",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "http.response.start has a status.",
        "Give status a number, such as 200. It has no default.",
        *RESPONSE_START,
        breaks="""
            http
            receive http.request
            send http.response.start, headers=[[b"content-type", b"text/plain"]] -> KeyError
            raised KeyError
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200, headers=[[b"content-type", b"text/plain"]]
            send http.response.body, body=b"hello"
            returned
        """,
        servers=(
            "uvicorn closes the connection without an answer, hypercorn and granian answer 500, with daphne the client hangs."
        ),
    ),
    Rule(
        "HTTP-S-004",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "The status is an int.",
        "Write status=200, not status='200'. A value from http.HTTPStatus will do: it is an int, too.",
        *RESPONSE_START,
        breaks="""
            http
            receive http.request
            send http.response.start, status="200" -> TypeError
            raised TypeError
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        servers=(
            'status="200" works with hypercorn, which converts it. uvicorn closes the connection without an answer, granian '
            "answers 500, with daphne the client hangs."
        ),
    ),
    Rule(
        "HTTP-S-005",
        _RFC,
        _ERROR,
        _APP,
        "The status is one that ends a request: from 200 to 599, and known.",
        "Take a status from http.HTTPStatus that is 200 or more. 100, 101 and 103 are the server's to send.",
        *rfc(9110, "15", "Status Codes"),
        breaks="""
            http
            receive http.request
            send http.response.start, status=99 -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=404
            send http.response.body, body=b"there is no such page"
            returned
        """,
        servers=(
            "99 ends the whole process of granian, and daphne sends it. 999 is a KeyError and a closed connection with "
            "uvicorn; the others send it. 100 gives a broken response with daphne, and with uvicorn and httptools."
        ),
    ),
    Rule(
        "HTTP-S-006",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "The headers are a list, or another iterable, of pairs; neither a dict nor None.",
        "Write [(b'content-type', b'text/plain')]. From a dict take list(d.items()). Leave the key out when there are none.",
        *RESPONSE_START,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200, headers={"content-type": "text/plain"} -> ValueError
            raised ValueError
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200, headers=[[b"content-type", b"text/plain"]]
            send http.response.body, body=b"hello"
            returned
        """,
        servers=(
            "uvicorn closes the connection without an answer, the others answer 500 or hang. A generator is legal, but daphne "
            "loses its headers; no headers at all is legal, but granian 2.8 answers 500."
        ),
    ),
    Rule(
        "HTTP-S-007",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "The name and the value of a header are bytes.",
        "Write b'text/plain', or encode the text: value.encode('latin-1').",
        *RESPONSE_START,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200, headers=[["content-type", "text/plain"]] -> TypeError
            raised TypeError
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200, headers=[[b"content-type", b"text/plain"]]
            send http.response.body, body=b"hello"
            returned
        """,
        servers=(
            "str works with uvicorn and h11, and with nothing else: uvicorn with httptools closes the connection without an "
            "answer, the others answer 500."
        ),
    ),
    Rule(
        "HTTP-S-008",
        _SPECIFICATION,
        _WARNING,
        _APP,
        "The names of headers are in lower case.",
        "Write b'content-type', not b'Content-Type'. Clients do not care, but middleware looks for the small letters.",
        *RESPONSE_START,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200, headers=[[b"Content-Type", b"text/plain"]]
            send http.response.body, body=b"hello"
            returned
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200, headers=[[b"content-type", b"text/plain"]]
            send http.response.body, body=b"hello"
            returned
        """,
        servers="All four accept capitals. granian, and uvicorn with httptools, send small letters anyway; daphne Title-Case.",
    ),
    Rule(
        "HTTP-S-009",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "There is no pseudo header, such as :status, among the headers.",
        "Leave it out. In HTTP/2 the server makes :status from the status.",
        *RESPONSE_START,
        breaks="""
            http, http_version="2"
            receive http.request
            send http.response.start, status=200, headers=[[b":status", b"200"]] -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            http, http_version="2"
            receive http.request
            send http.response.start, status=200, headers=[[b"content-type", b"text/plain"]]
            send http.response.body, body=b"hello"
            returned
        """,
        servers=(
            "uvicorn closes the connection without an answer, hypercorn and granian answer 500, with daphne the client hangs."
        ),
    ),
    Rule(
        "HTTP-S-010",
        _RFC,
        _ERROR,
        _APP,
        "No line break and no NUL in the value of a header, and its name is one plain word.",
        "Never put what a client sent into a header unchecked: a line break in it would let the client add headers of its own.",
        *rfc(9110, "5.5", "Field Values"),
        breaks=r"""
            http
            receive http.request
            send http.response.start, status=302, headers=[[b"location", b"/home\r\nset-cookie: admin=1"]] -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=302, headers=[[b"location", b"/home%0D%0Aset-cookie:%20admin=1"]]
            send http.response.body
            returned
        """,
        servers=(
            "uvicorn closes the connection without an answer, hypercorn and granian answer 500. daphne puts a space for the "
            "line break and sends it."
        ),
    ),
    Rule(
        "HTTP-S-011",
        _SPECIFICATION,
        _INFO,
        _APP,
        "How the body travels is the server's business: it ignores transfer-encoding from the app.",
        "Leave transfer-encoding out. Send the body in pieces; the server frames them as the connection needs it.",
        *RESPONSE_START,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200, headers=[[b"transfer-encoding", b"chunked"]]
            send http.response.body, body=b"hello"
            returned
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hel", more_body=True
            send http.response.body, body=b"lo"
            returned
        """,
        servers=(
            "None ignores it. Beside a content-length, uvicorn with httptools and daphne send both, hypercorn sends "
            "transfer-encoding alone, and granian closes the connection."
        ),
    ),
    Rule(
        "HTTP-S-012",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "The server does not send the app's transfer-encoding on; it makes its own.",
        "Drop the header before the response is written.",
        *RESPONSE_START,
        servers="Of the four none drops it.",
        needs="The bytes that went over the network: compare the header that the app sent with what a client saw.",
    ),
    Rule(
        "HTTP-S-013",
        _RFC,
        _WARNING,
        _APP,
        "There is at most one content-length, a decimal number.",
        "Set it once, as digits: str(len(body)).encode(). Middleware that changes a body must replace it, not add one.",
        *rfc(9110, "8.6", "Content-Length"),
        breaks="""
            http
            receive http.request
            send http.response.start, status=200, headers=[[b"content-length", b"5"], [b"content-length", b"5"]]
            send http.response.body, body=b"hello"
            returned
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200, headers=[[b"content-length", b"5"]]
            send http.response.body, body=b"hello"
            returned
        """,
        servers=(
            "Two different ones: uvicorn with httptools and daphne send both, granian the first; with h11 and hypercorn it "
            "is an error. Letters for the number: daphne and granian send them."
        ),
    ),
    Rule(
        "HTTP-S-014",
        _RFC,
        _WARNING,
        _APP,
        "Headers about the connection, such as connection and upgrade, are left to the server.",
        "Leave them out. HTTP/2 and HTTP/3 forbid them; under HTTP/1 the server knows when it will close.",
        *rfc(9113, "8.2.2", "Connection-Specific Header Fields"),
        breaks="""
            http, http_version="2"
            receive http.request
            send http.response.start, status=200, headers=[[b"connection", b"keep-alive"]]
            send http.response.body, body=b"hello"
            returned
        """,
        keeps="""
            http, http_version="2"
            receive http.request
            send http.response.start, status=200, headers=[[b"cache-control", b"no-store"]]
            send http.response.body, body=b"hello"
            returned
        """,
    ),
    Rule(
        "HTTP-S-015",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "trailers is a bool, and true only where the server announces http.response.trailers.",
        "Look for http.response.trailers in scope['extensions'] before you promise trailers.",
        *RESPONSE_START,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200, trailers=True -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            http, headers=[[b"host", b"localhost"], [b"te", b"trailers"]], extensions={"http.response.trailers": {}}
            receive http.request
            send http.response.start, status=200, headers=[[b"trailer", b"x-checksum"]], trailers=True
            send http.response.body, body=b"hello"
            send http.response.trailers, headers=[[b"x-checksum", b"5d41"]]
            returned
        """,
        servers=(
            "uvicorn and granian ignore it, and raise when the trailers come. hypercorn waits for them over HTTP/1.1, refuses "
            "them, and cuts the connection before the end of the body."
        ),
    ),
    Rule(
        "HTTP-S-016",
        _SPECIFICATION,
        _WARNING,
        _SERVER,
        "The server keeps the order of the headers that the app sent.",
        "Write the headers as they came. Those of one name keep their order in any case: set-cookie counts on it.",
        *RESPONSE_START,
        servers="granian puts the headers of one name together.",
        needs="The bytes that went over the network: compare the order that the app sent with what a client saw.",
    ),
)

_BODY = (
    Rule(
        "HTTP-S-020",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "At least one http.response.body follows http.response.start.",
        "Send http.response.body even when there is nothing in it: it says that the response is complete.",
        *RESPONSE_START,
        breaks="""
            http
            receive http.request
            send http.response.start, status=204
            returned
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=204
            send http.response.body
            returned
        """,
        servers=(
            "uvicorn logs it and cuts the connection, hypercorn cuts it silently, granian answers 500, with daphne the "
            "client hangs."
        ),
    ),
    Rule(
        "HTTP-S-021",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "No http.response.body before http.response.start.",
        "Send http.response.start first: the status and the headers go over the line before the body.",
        *RESPONSE_BODY,
        breaks="""
            http
            receive http.request
            send http.response.body, body=b"hello" -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        servers="All four raise out of send. The client gets what follows from that: as a rule a 500.",
    ),
    Rule(
        "HTTP-S-022",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "The body is bytes.",
        "Encode a text: body='hello'.encode(). Without a body leave the key out, or send b''; None is not allowed.",
        *RESPONSE_BODY,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body="hello" -> TypeError
            raised TypeError
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello"
            returned
        """,
        servers=(
            "A str: uvicorn and hypercorn raise and cut the connection, with daphne the client hangs, granian sends a clean "
            "200 with an empty body and logs nothing. None: uvicorn and granian take it for empty, the others raise. "
            "The number 5: hypercorn sends five NUL bytes."
        ),
    ),
    Rule(
        "HTTP-S-023",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "more_body is True or False.",
        "Send more_body=True with each piece but the last. A text such as 'false' counts as true.",
        *RESPONSE_BODY,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hello", more_body="false" -> TypeError
            raised TypeError
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hel", more_body=True
            send http.response.body, body=b"lo", more_body=False
            returned
        """,
        servers="'false' is true for uvicorn, hypercorn and daphne, which wait for more. granian takes it for False.",
    ),
    Rule(
        "HTTP-S-024",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "No more of a body after its last piece.",
        "Send more_body=True with every piece that another one follows. Without it the response is complete.",
        *RESPONSE_BODY,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hel"
            send http.response.body, body=b"lo" -> RuntimeError
            raised RuntimeError
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"hel", more_body=True
            send http.response.body, body=b"lo"
            returned
        """,
        servers="The text says that it is ignored. daphne does so; uvicorn, hypercorn and granian raise out of send.",
    ),
    Rule(
        "HTTP-S-025",
        _SPECIFICATION,
        _WARNING,
        _SERVER,
        "When send comes back the data is in the server's buffer, and send waits while that is full.",
        "Let send wait until the client has taken some of it: otherwise a slow client fills the memory.",
        *RESPONSE_BODY,
        servers=(
            "When a client does not read, send waits after 60 to 70 pieces of 64 KiB with uvicorn, hypercorn and granian. "
            "daphne never waits."
        ),
        needs="What the client had read by then: when send is fast, the client may be fast. Use one that does not read.",
    ),
    Rule(
        "HTTP-S-026",
        _RFC,
        _ERROR,
        _APP,
        "The body is as long as content-length says.",
        "Count bytes, not characters, and count after all changes to the body: len(text.encode()).",
        *rfc(9110, "8.6", "Content-Length"),
        breaks="""
            http
            receive http.request
            send http.response.start, status=200, headers=[[b"content-length", b"50"]]
            send http.response.body, body=b"hello"
            returned
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200, headers=[[b"content-length", b"5"]]
            send http.response.body, body=b"hello"
            returned
        """,
        servers=(
            "Too short: uvicorn and hypercorn raise and cut, but with uvicorn and h11 the client hangs, as it does with "
            "daphne and granian. Too long: daphne and granian send it all, and the rest looks like the next response."
        ),
    ),
    Rule(
        "HTTP-S-027",
        _RFC,
        _WARNING,
        _APP,
        "A response with status 204 or 304 has no body.",
        "Send an empty http.response.body, or choose 200 if there is something to say.",
        *rfc(9110, "6.4.1", "Content Semantics"),
        breaks="""
            http, method="DELETE"
            receive http.request
            send http.response.start, status=204
            send http.response.body, body=b"deleted"
            returned
        """,
        keeps="""
            http, method="DELETE"
            receive http.request
            send http.response.start, status=204
            send http.response.body
            returned
        """,
        servers="uvicorn raises, after it has sent the status. The others drop the body.",
    ),
    Rule(
        "HTTP-S-028",
        _RFC,
        _INFO,
        _APP,
        "A response to HEAD may have a body; the server drops it.",
        "Answer as if it were GET, or send an empty body with the content-length of the real one. Both are right.",
        *rfc(9110, "9.3.2", "HEAD"),
        keeps="""
            http, method="HEAD"
            receive http.request
            send http.response.start, status=200, headers=[[b"content-length", b"5"]]
            send http.response.body
            returned
        """,
        servers="All four drop the body and keep the content-length.",
        allows=True,
    ),
)

_END = (
    Rule(
        "HTTP-S-030",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "The app answers before it returns.",
        "Send a response on each way through the app, and await every send. A 404 is an answer, too.",
        *RESPONSE_START,
        breaks="""
            http, path="/nowhere", raw_path=b"/nowhere"
            receive http.request
            returned
        """,
        keeps="""
            http, path="/nowhere", raw_path=b"/nowhere"
            receive http.request
            send http.response.start, status=404
            send http.response.body, body=b"there is no such page"
            returned
        """,
        servers=(
            "uvicorn answers 500 and logs it, hypercorn and granian answer 500 and log nothing, with daphne the client hangs."
        ),
    ),
    Rule(
        "HTTP-S-031",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "The app completes its response before it returns.",
        "End with an http.response.body without more_body=True; it may be empty.",
        *RESPONSE_BODY,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"one", more_body=True
            send http.response.body, body=b"two", more_body=True
            returned
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            send http.response.body, body=b"one", more_body=True
            send http.response.body, body=b"two", more_body=True
            send http.response.body
            returned
        """,
        servers="uvicorn logs it and cuts the connection, hypercorn and granian cut it silently, with daphne the client hangs.",
    ),
    Rule(
        "HTTP-S-032",
        _SPECIFICATION,
        _ERROR,
        _APP,
        "No exception leaves the app before its response is complete.",
        "Catch what you expect, and answer with a status that says so. What you do not expect shall be raised: it is a bug.",
        *ERROR_HANDLING,
        breaks="""
            http, path="/items/x", raw_path=b"/items/x"
            receive http.request
            raised ValueError
        """,
        keeps="""
            http, path="/items/x", raw_path=b"/items/x"
            receive http.request
            send http.response.start, status=404
            send http.response.body, body=b"there is no such item"
            returned
        """,
        servers=(
            "Before the start all four answer 500. After it the client gets a part of the response; granian still answers 500 "
            "when nothing of the body was sent, and with daphne the client hangs."
        ),
    ),
    Rule(
        "HTTP-S-033",
        _SPECIFICATION,
        _WARNING,
        _SERVER,
        "Since version 2.4, send raises an OSError when the client is gone.",
        "Raise a subclass of OSError out of send, so that an app that only sends learns that it may stop.",
        *DISCONNECTED_CLIENT,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200
            receive http.disconnect
            send http.response.body, body=b"tick", more_body=True
            returned
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            receive http.disconnect
            send http.response.body, body=b"tick", more_body=True -> OSError
            raised OSError
        """,
        servers="None of the four raises in HTTP. They announce 2.3 or less, so that they owe it to nobody.",
    ),
    Rule(
        "HTTP-S-034",
        _SPECIFICATION,
        _INFO,
        _APP,
        "What is sent after http.disconnect reaches nobody.",
        "That is allowed. An app that has received the disconnect can stop its work.",
        *DISCONNECTED_CLIENT,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200
            receive http.disconnect
            send http.response.body, body=b"hello" -> OSError
            returned
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            receive http.disconnect
            returned
        """,
        servers="In all four it comes back at once and does nothing.",
    ),
    Rule(
        "HTTP-S-035",
        _SPECIFICATION,
        _WARNING,
        _APP,
        "An app that knows that its client is gone does not go on producing the body.",
        "Leave the loop when http.disconnect was received or send raised an OSError; clean up, and return.",
        *DISCONNECTED_CLIENT,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200
            receive http.disconnect
            101 times send http.response.body, body=b"row", more_body=True -> OSError
            returned
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            101 times send http.response.body, body=b"row", more_body=True
            receive http.disconnect
            returned
        """,
        servers="All four let the app go on for as long as it likes.",
    ),
    Rule(
        "HTTP-S-036",
        _PORTABILITY,
        _INFO,
        _APP,
        "While it streams for long, the app has a receive waiting.",
        "Await receive in a second task while you send. When http.disconnect comes, stop the stream.",
        *DISCONNECT,
        breaks="""
            http
            receive http.request
            send http.response.start, status=200
            40 times send http.response.body, body=b"tick", more_body=True
            wait 6
            40 times send http.response.body, body=b"tick", more_body=True
            send http.response.body
            returned
        """,
        keeps="""
            http
            receive http.request
            send http.response.start, status=200
            receive -> never
            40 times send http.response.body, body=b"tick", more_body=True
            wait 6
            40 times send http.response.body, body=b"tick", more_body=True
            send http.response.body
            returned
        """,
        servers="Of the four none raises out of send when the client leaves, so that only receive tells it.",
    ),
    Rule(
        "HTTP-S-037",
        _PORTABILITY,
        _INFO,
        _APP,
        "The response begins before the whole request was received.",
        "That is allowed, and right for an echo or an early refusal. Otherwise receive until more_body is False first.",
        *REQUEST,
        breaks="""
            http, method="POST"
            receive http.request, body=b"one", more_body=True
            send http.response.start, status=200
            send http.response.body, body=b"one", more_body=True
            receive http.request, body=b"two"
            send http.response.body, body=b"two"
            returned
        """,
        keeps="""
            http, method="POST"
            receive http.request, body=b"one", more_body=True
            receive http.request, body=b"two"
            send http.response.start, status=200
            send http.response.body, body=b"onetwo"
            returned
        """,
        servers="daphne calls the app only when it has the whole request.",
    ),
    Rule(
        "HTTP-S-038",
        _SPECIFICATION,
        _WARNING,
        _APP,
        "An app that received a piece with more_body=True receives the rest as well.",
        "Call receive until more_body is False. To refuse an upload in the middle answer with an error, such as 413.",
        *REQUEST,
        breaks="""
            http, method="PUT"
            receive http.request, body=b"the first half", more_body=True
            send http.response.start, status=201
            send http.response.body
            returned
        """,
        keeps="""
            http, method="PUT"
            receive http.request, body=b"the first half", more_body=True
            receive http.request, body=b"and the second"
            send http.response.start, status=201
            send http.response.body
            returned
        """,
        servers=(
            "How many pieces there are differs: a small body in one packet is one message with uvicorn and daphne, and two "
            "with hypercorn and granian, the last of them empty."
        ),
    ),
)

#: The rules of this part, in the order of the book.
RULES: tuple[Rule, ...] = (*_STATUS_AND_HEADERS, *_BODY, *_END)
