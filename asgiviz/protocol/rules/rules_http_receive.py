"""The book of rules, HTTP, what `receive()` gives. The server makes these messages, so the server must obey them."""

from __future__ import annotations

from asgiviz.model.finding import Severity
from asgiviz.protocol.rules.rule import Basis, Party, Rule
from asgiviz.protocol.terms_places import DISCONNECT, DISCONNECTED_CLIENT, HTTP_SCOPE, REQUEST

_ANSWER = """
send http.response.start, status=200
send http.response.body, body=b"ok"
returned"""
#: The app has answered, and waits for what comes then.
_ANSWERED = """http
receive http.request, body=b"", more_body=False
send http.response.start, status=200
send http.response.body, body=b"ok"
"""
#: A receive() that nobody answers, until the app is stopped.
_HANGS = """receive -> never
wait 6
cancelled"""

RULES: tuple[Rule, ...] = (
    Rule(
        "HTTP-R-001",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "During an HTTP request receive() gives http.request and http.disconnect, and nothing else.",
        "Server: send the body as http.request and the end as http.disconnect. App: raise on any other type; what comes then "
        "cannot be understood either.",
        *REQUEST,
        breaks='http, method="POST"\nreceive http.data, body=b"name=Ada"' + _ANSWER,
        keeps='http, method="POST"\nreceive http.request, body=b"name=Ada"' + _ANSWER,
    ),
    Rule(
        "HTTP-R-002",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "body of http.request, where it is given, is bytes.",
        "Server: hand over the bytes as they came, not decoded; leave the key out rather than give None. App: "
        'message.get("body", b"") is right, because the key may be missing.',
        *REQUEST,
        breaks='http, method="POST"\nreceive http.request, body="name=Ada"' + _ANSWER,
        keeps="http\nreceive http.request" + _ANSWER,
        servers='Without a request body all four give body=b"".',
    ),
    Rule(
        "HTTP-R-003",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "more_body of http.request, where it is given, is True or False.",
        'Server: give a bool; the text "false" counts as true in Python. App: message.get("more_body", False) is right, '
        "because the key may be missing.",
        *REQUEST,
        breaks='http, method="POST"\nreceive http.request, body=b"name=", more_body="true"\nreceive http.request, body=b"Ada"'
        + _ANSWER,
        keeps='http, method="POST"\nreceive http.request, body=b"name=Ada"' + _ANSWER,
    ),
    Rule(
        "HTTP-R-004",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "After the last piece of the request body only http.disconnect comes.",
        "Server: set more_body=True on every piece but the last, and then wait until the client leaves or the response is "
        "done. App: stop reading at the first piece without more_body=True.",
        *REQUEST,
        breaks='http, method="POST"\nreceive http.request, body=b"name=", more_body=False\nreceive http.request, body=b"Ada"'
        + _ANSWER,
        keeps='http, method="POST"\nreceive http.request, body=b"name=", more_body=True\nreceive http.request, body=b"Ada"'
        + _ANSWER,
        servers="All four keep a receive() after the last piece waiting until the response is done.",
    ),
    Rule(
        "HTTP-R-005",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "The pieces of the body are the content alone: nothing of the chunked coding is left in them.",
        "Server: decode transfer-encoding: chunked before you hand the bytes over. App: never parse chunk sizes yourself.",
        *HTTP_SCOPE,
        keeps='http, method="POST", headers=[[b"host", b"localhost"], [b"transfer-encoding", b"chunked"]]\n'
        'receive http.request, body=b"hello", more_body=True\nreceive http.request, body=b"", more_body=False' + _ANSWER,
        servers="uvicorn, hypercorn and granian pass pieces on as they come; daphne calls the app when the body is complete.",
        needs="The client's side: what it meant to send, before it was cut into chunks.",
    ),
    Rule(
        "HTTP-R-006",
        Basis.SPECIFICATION,
        Severity.WARNING,
        Party.SERVER,
        "A complete request body is as long as content-length says.",
        "Server: when the client leaves too early, give http.disconnect instead of a last piece. App: for what must be whole, "
        "compare the length with the header.",
        *REQUEST,
        breaks='http, method="POST", headers=[[b"host", b"localhost"], [b"content-length", b"8"]]\n'
        'receive http.request, body=b"name=", more_body=False' + _ANSWER,
        keeps='http, method="POST", headers=[[b"host", b"localhost"], [b"content-length", b"8"]]\n'
        'receive http.request, body=b"name=Ada", more_body=False' + _ANSWER,
        servers=(
            "When a client leaves in the middle of its upload, uvicorn, hypercorn and granian give http.disconnect; daphne "
            "never calls the app."
        ),
    ),
    Rule(
        "HTTP-R-007",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "Once the response is complete or the client is gone, receive() gives http.disconnect.",
        "Server: wake every receive() that waits when the connection ends. App: do not let clean-up depend on this message "
        "alone; put a time limit on the wait.",
        *DISCONNECT,
        breaks=_ANSWERED + _HANGS,
        keeps=_ANSWERED + "receive http.disconnect\nreturned",
        servers=(
            "All four give it after a complete response. When they are told to stop, uvicorn and granian say nothing to an app "
            "that waits."
        ),
    ),
    Rule(
        "HTTP-R-008",
        Basis.PORTABILITY,
        Severity.WARNING,
        Party.SERVER,
        "A receive() after http.disconnect gives http.disconnect again, rather than wait for ever.",
        "Server: repeat the message. App: do not count on it; after the first http.disconnect do not call receive() any more.",
        *DISCONNECT,
        breaks=_ANSWERED + "receive http.disconnect\n" + _HANGS,
        keeps=_ANSWERED + "receive http.disconnect\nreceive http.disconnect\nreturned",
        servers="uvicorn and granian repeat it, hypercorn and daphne wait for ever.",
    ),
    Rule(
        "HTTP-R-009",
        Basis.SPECIFICATION,
        Severity.WARNING,
        Party.SERVER,
        "From version 2.4 on, after http.disconnect a send() should raise an OSError.",
        "Server: raise an OSError of your own when the client is gone. App: be ready for both, an exception and a send() that "
        "does nothing.",
        *DISCONNECTED_CLIENT,
        keeps="""http
receive http.request
send http.response.start, status=200
receive http.disconnect
send http.response.body, body=b"tick", more_body=True -> OSError: the client is gone
raised OSError: the client is gone""",
        servers="None of the four raises in HTTP.",
        needs="Nothing: what send() did is known, and HTTP-S-033 tells whether it was right.",
    ),
    Rule(
        "HTTP-R-010",
        Basis.PORTABILITY,
        Severity.ERROR,
        Party.SERVER,
        "For a request without a body the first receive() comes back at once.",
        "Server: give one http.request with an empty body. App: there is nothing to do about it, but a GET handler that does "
        "not need the body may answer without calling receive().",
        *REQUEST,
        breaks="http\n" + _HANGS,
        keeps='http\nreceive http.request, body=b"", more_body=False' + _ANSWER,
        servers="uvicorn over HTTP/2 (zttp 0.0.35) let it wait for ever; the other configurations gave the message at once.",
    ),
)
