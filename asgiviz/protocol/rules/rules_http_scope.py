"""The book of rules, HTTP, the scope of a request. The server makes it, so the server must obey them.

The examples answer the request in the plainest way: what is to be seen stands in their first lines. A table, therefore long.
"""

from __future__ import annotations

from asgiviz.model.finding import Severity
from asgiviz.protocol.rules.rule import Basis, Party, Rule
from asgiviz.protocol.terms_places import HTTP, HTTP_SCOPE, LIFESPAN_STATE, WSGI_COMPATIBILITY, rfc

_ANSWER = """
receive http.request
send http.response.start, status=200
send http.response.body, body=b"ok"
returned"""
_STARTED = """
receive lifespan.startup
send lifespan.startup.complete
"""
_BOTH_ANSWER = """
@1 send http.response.start, status=200
@1 send http.response.body, body=b"one"
@1 returned
@2 send http.response.start, status=200
@2 send http.response.body, body=b"two"
@2 returned"""

RULES: tuple[Rule, ...] = (
    Rule(
        "HTTP-C-001",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        'The scope of an HTTP request has the type "http", in lower case.',
        'Server: write "http" for every HTTP request; whether it is encrypted stands in the scheme, not in the type. App: '
        "raise on a type that you do not know.",
        *HTTP_SCOPE,
        breaks='http, type="HTTP"\nraised ValueError: unknown scope type HTTP',
        keeps='http, scheme="https"' + _ANSWER,
    ),
    Rule(
        "HTTP-C-002",
        Basis.SPECIFICATION,
        Severity.WARNING,
        Party.SERVER,
        'scope["asgi"]["spec_version"], where it is given, is one of "2.0" to "2.5".',
        'Server: name the version of the HTTP and WebSocket rules that you follow; "3.0" belongs into "version". App: where '
        'the key is missing, take it for "2.0".',
        *HTTP_SCOPE,
        breaks='http, asgi={"version": "3.0", "spec_version": "3.0"}' + _ANSWER,
        keeps='http, asgi={"version": "3.0"}' + _ANSWER,
        servers="For http, uvicorn and granian say 2.3 and hypercorn 2.1; daphne leaves it out.",
    ),
    Rule(
        "HTTP-C-003",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "The scope of an HTTP request has http_version, a str.",
        'Server: add it, as text and not as a number. App: meanwhile, scope.get("http_version", "1.1") is a safe guess.',
        *HTTP_SCOPE,
        breaks="http, -http_version" + _ANSWER,
        keeps='http, http_version="2"' + _ANSWER,
    ),
    Rule(
        "HTTP-C-004",
        Basis.SPECIFICATION,
        Severity.WARNING,
        Party.SERVER,
        'http_version is "1.0", "1.1", "2" or "3".',
        'Server: HTTP/1.0 is "1.0", and HTTP/2 is "2" without ".0". App: do not compare with one exact text; look at how it '
        "begins.",
        *HTTP_SCOPE,
        breaks='http, http_version="1"' + _ANSWER,
        keeps='http, http_version="1.0"' + _ANSWER,
        servers='granian writes "1" for HTTP/1.0; the other three write "1.0".',
    ),
    Rule(
        "HTTP-C-005",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "The scope of an HTTP request has method, a str.",
        "Server: put the method of the request line there, decoded to text. App: there is no default to fall back on; answer "
        "400 or raise.",
        *HTTP_SCOPE,
        breaks="http, -method" + _ANSWER,
        keeps='http, method="PATCH"' + _ANSWER,
    ),
    Rule(
        "HTTP-C-006",
        Basis.SPECIFICATION,
        Severity.WARNING,
        Party.SERVER,
        "The method is in capitals, whatever the client wrote.",
        'Server: capitalise what the client sent. App: if such a server matters to you, compare with scope["method"].upper().',
        *HTTP_SCOPE,
        breaks='http, method="get"' + _ANSWER,
        keeps='http, method="PROPFIND"' + _ANSWER,
        servers='For a client\'s "get" hypercorn says GET, uvicorn with httptools answers 400, all others pass "get" on.',
    ),
    Rule(
        "HTTP-C-007",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "The scheme, where it is given, is a str that is not empty.",
        'Server: leave the key out if you do not know the scheme. App: scope.get("scheme") or "http" copes with all of it.',
        *HTTP_SCOPE,
        breaks="http, scheme=None" + _ANSWER,
        keeps="http, -scheme" + _ANSWER,
    ),
    Rule(
        "HTTP-C-008",
        Basis.RFC,
        Severity.INFO,
        Party.SERVER,
        'The scheme of an HTTP request is "http" or "https".',
        "Server: name the scheme of the URL, not the kind of socket. App: a URL that is built from another scheme will not "
        "work in a browser.",
        *rfc(9110, "4.2", "HTTP-Related URI Schemes"),
        breaks='http, scheme="unix"' + _ANSWER,
        keeps='http, scheme="https"' + _ANSWER,
    ),
    Rule(
        "HTTP-C-009",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "path is a str: percent-escapes decoded, then UTF-8, and no query string behind it.",
        "Server: split at the first question mark, then decode what stands before it. App: a question mark in path is a part "
        "of the path; take the query from query_string.",
        *HTTP_SCOPE,
        breaks='http, path=b"/caf%C3%A9", raw_path=b"/caf%C3%A9"' + _ANSWER,
        keeps='http, path="/what?", raw_path=b"/what%3F", query_string=b"page=2"' + _ANSWER,
        servers="All four decode the escapes, and none tidies up // or .. in the path.",
    ),
    Rule(
        "HTTP-C-010",
        Basis.PORTABILITY,
        Severity.WARNING,
        Party.SERVER,
        "path begins with a slash, or is a lone * (for OPTIONS).",
        "Server: when the request line holds a whole URL, take its path only. App: expect that a client can make the path "
        "begin with http://, and let no check of access depend on its first letter.",
        *HTTP_SCOPE,
        breaks='http, path="http://localhost/items", raw_path=b"http://localhost/items"' + _ANSWER,
        keeps='http, method="OPTIONS", path="*", raw_path=b"*"' + _ANSWER,
        servers="uvicorn with h11, hypercorn and daphne leave the URL in path; granian and uvicorn with httptools do not.",
    ),
    Rule(
        "HTTP-C-011",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "raw_path, where it is given, is bytes or None, without the query string.",
        "Server: hand over the bytes as they came, up to the question mark, or leave the key out. App: when it is missing or "
        "None, work with path.",
        *HTTP_SCOPE,
        breaks='http, path="/café", raw_path="/caf%C3%A9"' + _ANSWER,
        keeps='http, path="/café", raw_path=None' + _ANSWER,
    ),
    Rule(
        "HTTP-C-012",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "The scope of an HTTP request has query_string: bytes, with its percent-escapes left as they are.",
        'Server: pass on the bytes behind the question mark, b"" if there is none. App: parse it yourself, such as with '
        "urllib.parse.parse_qs.",
        *HTTP_SCOPE,
        breaks='http, query_string="page=2"' + _ANSWER,
        keeps='http, query_string=b"q=caf%C3%A9"' + _ANSWER,
    ),
    Rule(
        "HTTP-C-013",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "root_path, where it is given, is a str.",
        'Server: write "" for an app that is not mounted, or leave the key out. App: scope.get("root_path") or "" copes with '
        "all of it.",
        *HTTP_SCOPE,
        breaks="http, root_path=None" + _ANSWER,
        keeps="http, -root_path" + _ANSWER,
    ),
    Rule(
        "HTTP-C-014",
        Basis.SPECIFICATION,
        Severity.WARNING,
        Party.SERVER,
        "path includes root_path: it begins with the prefix under which the app is mounted.",
        "Server: when you set a root_path and a proxy has cut the prefix off, put it back in front of path. App: cut root_path "
        "off only where path begins with it.",
        *WSGI_COMPATIBILITY,
        breaks='http, root_path="/api", path="/items", raw_path=b"/items"' + _ANSWER,
        keeps='http, root_path="/api", path="/api/items", raw_path=b"/api/items"' + _ANSWER,
    ),
    Rule(
        "HTTP-C-015",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "The scope has headers: pairs of name and value, all of them bytes.",
        "Server: give a list of pairs, not a dict, and do not decode them. App: names are compared as bytes, such as "
        'b"content-type".',
        *HTTP_SCOPE,
        breaks='http, headers=[["host", "localhost"]]' + _ANSWER,
        keeps='http, headers=[(b"host", b"localhost"), (b"accept", b"*/*")]' + _ANSWER,
    ),
    Rule(
        "HTTP-C-016",
        Basis.SPECIFICATION,
        Severity.WARNING,
        Party.SERVER,
        "The names of request headers should be in lower case.",
        "Server: lower-case the names; capitals mean nothing in HTTP. App: if such a server matters to you, compare with "
        "name.lower().",
        *HTTP_SCOPE,
        breaks='http, headers=[[b"Host", b"localhost"]]' + _ANSWER,
        keeps='http, headers=[[b"host", b"LOCALHOST"]]' + _ANSWER,
        servers="All four lower-case them. daphne drops headers with an underscore in their name.",
    ),
    Rule(
        "HTTP-C-017",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "Pseudo headers of HTTP/2, such as :method, do not stand among the headers.",
        "Server: turn them into keys of the scope (method, scheme, path) and :authority into a host header. App: skip names "
        "that begin with a colon.",
        *HTTP_SCOPE,
        breaks='http, http_version="2", headers=[[b"host", b"localhost"], [b":method", b"GET"]]' + _ANSWER,
        keeps='http, http_version="2", headers=[[b"host", b"localhost"], [b"accept", b"*/*"]]' + _ANSWER,
    ),
    Rule(
        "HTTP-C-018",
        Basis.SPECIFICATION,
        Severity.WARNING,
        Party.SERVER,
        "From HTTP/2 on, :authority becomes the host header and stands first.",
        "Server: put host at the start of the headers, or write the value over a host that the client sent. App: look for host "
        "in all the headers, whatever its place.",
        *HTTP_SCOPE,
        breaks='http, http_version="2", headers=[[b"accept", b"*/*"], [b"host", b"localhost"]]' + _ANSWER,
        keeps='http, http_version="2", headers=[[b"host", b"localhost"], [b"accept", b"*/*"]]' + _ANSWER,
        servers="Over HTTP/2 uvicorn puts host last, hypercorn and granian put it first.",
    ),
    Rule(
        "HTTP-C-019",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "A header that comes more than once stays so: each value apart, in the order in which they came.",
        "Server: do not join the values with commas, and do not drop any. App: read all pairs of that name, not only one.",
        *HTTP,
        keeps='http, headers=[[b"host", b"localhost"], [b"accept", b"text/html"], [b"accept", b"text/plain"]]' + _ANSWER,
        servers="All four keep the values and their order; daphne and granian put equal names side by side, which is legal.",
        needs="The bytes that went over the network: compare the header lines with the scope.",
    ),
    Rule(
        "HTTP-C-020",
        Basis.SPECIFICATION,
        Severity.INFO,
        Party.APP,
        "From HTTP/2 on, the cookie header may come in several pieces, and the app must join them.",
        'App: join the values of all cookie headers with b"; " before you parse them. Server: both are legal, in pieces and '
        "joined.",
        *HTTP,
        breaks='http, http_version="2", headers=[[b"host", b"localhost"], [b"cookie", b"a=1"], [b"cookie", b"b=2"]]' + _ANSWER,
        keeps='http, http_version="2", headers=[[b"host", b"localhost"], [b"cookie", b"a=1; b=2"]]' + _ANSWER,
        servers="Over HTTP/2 granian and uvicorn pass the pieces on, hypercorn joins them.",
    ),
    Rule(
        "HTTP-C-021",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "client, where it is given, is a pair of host (str) and port (int), or None.",
        "Server: give the port as a number; over a unix socket, give None or leave the key out. App: expect None, and write "
        "int(port) where you count on a number.",
        *HTTP_SCOPE,
        breaks='http, client=["127.0.0.1", "50000"]' + _ANSWER,
        keeps="http, client=None" + _ANSWER,
        servers="granian gives the port as text. daphne gives a list and the others a tuple; both are legal.",
    ),
    Rule(
        "HTTP-C-022",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "server, where it is given, is host (str) and port (int), or a socket's path and None, or None.",
        "Server: give the port as a number, and None for the port of a unix socket. App: take the name that the client asked "
        "for from the host header, not from here.",
        *HTTP_SCOPE,
        breaks='http, server=["127.0.0.1", "8000"]' + _ANSWER,
        keeps='http, server=["/run/app.sock", None]' + _ANSWER,
        servers="granian gives the port as text.",
    ),
    Rule(
        "HTTP-C-023",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "state, where it is given, is a dict.",
        'Server: without lifespan, leave the key out instead of giving None. App: scope.get("state") or {} copes with all of '
        "it.",
        *HTTP_SCOPE,
        breaks="http, state=None" + _ANSWER,
        keeps='http, state={"shop.pool": {"$repr": "<Pool>", "$type": "shop.Pool"}}' + _ANSWER,
        servers="daphne has no state.",
    ),
    Rule(
        "HTTP-C-024",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "Each request has its own copy of the lifespan state, with the same values in it.",
        "Server: write state.copy() for each request; a deep copy is wrong, too. App: keep what belongs to one request in a "
        "variable, so that nothing leaks into another one.",
        *LIFESPAN_STATE,
        breaks="lifespan, state={}" + _STARTED + 'http, state={"shop.user": "Ada"}\nshares state 1' + _ANSWER,
        keeps="lifespan, state={}" + _STARTED + 'http, state={"shop.hits": 0}' + _ANSWER,
        servers="uvicorn, hypercorn and granian make a shallow copy for each request.",
    ),
    Rule(
        "HTTP-C-025",
        Basis.SPECIFICATION,
        Severity.WARNING,
        Party.SERVER,
        "Requests have state if the lifespan scope had it, and only then.",
        "Server: whoever offers state at startup must hand it to every request, also when it is empty. App: look whether the "
        "key is there before you rely on it.",
        *LIFESPAN_STATE,
        breaks="lifespan, state={}" + _STARTED + "http" + _ANSWER,
        keeps="lifespan, state={}" + _STARTED + "http, state={}" + _ANSWER,
        servers="uvicorn, hypercorn and granian give it in both, daphne in neither.",
    ),
    Rule(
        "HTTP-C-026",
        Basis.SPECIFICATION,
        Severity.ERROR,
        Party.SERVER,
        "Each request has its own scope, also when several share one HTTP/2 connection.",
        "Server: build a new dict for each request, and a new one again for the next. App: nothing guards against a shared "
        "one; middleware writes into the scope, and so two users get mixed up.",
        *HTTP,
        breaks='http, http_version="2"\nhttp, http_version="2"\nshares scope 1' + _BOTH_ANSWER,
        keeps='http, http_version="2"\nhttp, http_version="2"' + _BOTH_ANSWER,
    ),
)
