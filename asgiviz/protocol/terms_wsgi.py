"""Explanations: the words of WSGI (PEP 3333), and the keys of its environ."""

from __future__ import annotations

from asgiviz.protocol.terms_entry import Entry, Kind
from asgiviz.protocol.terms_places import (
    PEP_DETAILS,
    PEP_ENVIRON,
    PEP_ERRORS,
    PEP_FILES,
    PEP_START_RESPONSE,
    PEP_STREAMING,
    PEP_STREAMS,
    PEP_THREADS,
    PEP_URL,
    PEP_WRITE,
    WSGI_COMPATIBILITY,
    Place,
)

WORDS = (
    Entry(
        "environ",
        Kind.WORD,
        "The dict that a WSGI app is called with: everything the server knows of the request.",
        "Its keys come from CGI (REQUEST_METHOD, PATH_INFO), from the headers (HTTP_HOST) and from WSGI itself "
        "(wsgi.input). It is a new dict for every request, and the app may change it. In ASGI the scope takes its "
        "place, and the body comes through receive.",
        *PEP_ENVIRON,
        see=("WSGI", "scope", "start_response", "wsgi.input"),
    ),
    Entry(
        "start_response",
        Kind.WORD,
        "The function by which a WSGI app says status and headers, before the first byte of its body.",
        "It sends nothing by itself: the server waits for the first byte that is not empty. So a second call may "
        "replace the first one, if it hands over exc_info and no byte was given. It returns write().",
        *PEP_START_RESPONSE,
        see=("http.response.start", "iterable", "write()", "exc_info"),
    ),
    Entry(
        "iterable",
        Kind.WORD,
        "What a WSGI app returns: pieces of the body, for which the server asks one after the other.",
        "A list is ready at once, and the app has nothing more to do. A generator runs only while the server asks it "
        "for the next piece, and holds its thread until the end. A bytes object in place of a list is sent byte by byte.",
        *PEP_STREAMING,
        see=("http.response.body", "streaming", "start_response", "close()"),
    ),
    Entry(
        "write()",
        Kind.WORD,
        "The function that start_response returns: an old way to give pieces of the body.",
        "It is there for frameworks that could not return an iterable. New apps should not use it. What is written "
        "comes before the pieces of the iterable.",
        *PEP_WRITE,
        see=("start_response", "iterable"),
    ),
    Entry(
        "close()",
        Kind.WORD,
        "What the server calls on the app's iterable when the request is over, however it ended.",
        "It is called when the client has gone, too. A generator gets a GeneratorExit where it stands, so a finally runs. "
        "WSGI has no other way to tell an app that its client has gone.",
        *PEP_DETAILS,
        see=("iterable", "disconnect"),
    ),
    Entry(
        "exc_info",
        Kind.WORD,
        "The third argument of start_response: the exception because of which the app answers otherwise.",
        "It allows start_response to be called again. If the headers are out already, the server raises the exception, "
        "and the answer breaks off.",
        *PEP_ERRORS,
        see=("start_response",),
    ),
    Entry(
        "thread",
        Kind.WORD,
        "One line of execution in a process; a WSGI server gives each request that it serves one of its own.",
        "While the app waits for a database or sleeps, its thread waits with it and can serve nobody else. So four threads "
        "serve four requests at a time, and the fifth stands in line. More threads cost memory and switching. Python "
        "code of two threads runs in turns, but waiting overlaps.",
        *PEP_THREADS,
        see=("queue", "thread pool", "event loop", "waitress"),
    ),
    Entry(
        "queue",
        Kind.WORD,
        "The line in which requests stand while every thread of a WSGI server is busy.",
        "The server has read the request, but nothing of the app runs for it yet. The time in line counts for the "
        "client, and the app's own clock does not see it.",
        *PEP_THREADS,
        see=("thread", "waitress", "WSGI"),
    ),
    Entry(
        "waitress",
        Kind.WORD,
        "A WSGI server written in Python: one thread reads and sends, a few others call the app.",
        "It runs with four threads when nobody says otherwise. It reads a request to its end before an app is called, and "
        "keeps what the app gives faster than the client takes it.",
        *WSGI_COMPATIBILITY,
        see=("server", "thread", "queue"),
    ),
)


def _key(name: str, line: str, more: str, place: Place, *see: str) -> Entry:
    return Entry(f'environ["{name}"]', Kind.ENVIRON_KEY, line, more, *place, see=see or ("environ",))


KEYS = (
    _key(
        "REQUEST_METHOD",
        'The method of the request, for example "GET" or "POST".',
        "It is never empty.",
        PEP_ENVIRON,
        'scope["method"]',
    ),
    _key(
        "SCRIPT_NAME",
        "The part of the path that belongs to where the app is mounted; empty at the root.",
        "Together with PATH_INFO it is the whole path. A dispatcher moves pieces from PATH_INFO to it.",
        PEP_ENVIRON,
        'scope["root_path"]',
        'environ["PATH_INFO"]',
    ),
    _key(
        "PATH_INFO",
        "The rest of the path, for the app to look up what is wanted.",
        "Escapes (%20) are decoded, and each character stands for one byte (Latin-1). To read UTF-8 in it, "
        "encode it as Latin-1 and decode it as UTF-8; frameworks do that.",
        PEP_ENVIRON,
        'scope["path"]',
        'environ["SCRIPT_NAME"]',
    ),
    _key(
        "QUERY_STRING",
        'What stands behind the "?", as it came; it may be empty or missing.',
        "Nothing in it is decoded.",
        PEP_ENVIRON,
        'scope["query_string"]',
    ),
    _key(
        "CONTENT_TYPE",
        "The header Content-Type of the request; it may be empty or missing.",
        "For historical reasons it has no HTTP_ before it.",
        PEP_ENVIRON,
        "content-type",
    ),
    _key(
        "CONTENT_LENGTH",
        "The header Content-Length of the request, as a text; it may be empty or missing.",
        "An app must not read more than this from wsgi.input. It is a text: convert it before you count with it.",
        PEP_ENVIRON,
        "content-length",
        "wsgi.input",
    ),
    _key(
        "SERVER_NAME",
        "The name of the server, for a URL when the client sent no Host.",
        "Prefer HTTP_HOST where it is there. waitress says waitress.invalid when nobody gave it a name.",
        PEP_URL,
        'scope["server"]',
        "host",
    ),
    _key("SERVER_PORT", "The port of the server, as a text.", "It is never empty.", PEP_URL, 'scope["server"]'),
    _key(
        "SERVER_PROTOCOL",
        'The version of HTTP that the client speaks, for example "HTTP/1.1".',
        "The answer may be sent with another version.",
        PEP_ENVIRON,
        'scope["http_version"]',
    ),
    _key(
        "SERVER_SOFTWARE",
        "The name of the server program.",
        "It comes from CGI, and is not required.",
        PEP_ENVIRON,
        "server",
    ),
    _key(
        "HTTP_*",
        "A header of the request: capitals, _ in place of -, and HTTP_ before it.",
        "A header that comes several times stands here once, joined. In ASGI headers stay a list of pairs of bytes.",
        PEP_ENVIRON,
        'scope["headers"]',
    ),
    _key(
        "REMOTE_ADDR",
        "The address of the client, or of the proxy before the server.",
        "It comes from CGI, and is not required.",
        PEP_ENVIRON,
        'scope["client"]',
    ),
    _key(
        "REMOTE_HOST",
        "The name of the client, where the server looked it up; most give the address again.",
        "It comes from CGI, and is not required.",
        PEP_ENVIRON,
        'scope["client"]',
    ),
    _key(
        "REMOTE_PORT",
        "The port of the client, as a text.",
        "Many servers tell it, and neither CGI nor WSGI asks for it.",
        PEP_ENVIRON,
        'scope["client"]',
    ),
    _key(
        "REQUEST_URI",
        "The target of the request as it stood on the line, with the query.",
        "Many servers tell it; WSGI does not ask for it.",
        PEP_URL,
        'scope["raw_path"]',
    ),
    _key(
        "wsgi.version",
        "The version of WSGI: the tuple (1, 0).",
        "It has been the same since 2003.",
        PEP_ENVIRON,
        'scope["asgi"]["version"]',
    ),
    _key(
        "wsgi.url_scheme",
        '"http" or "https".',
        'Behind a proxy that ends TLS it is "http", unless the server is told to believe the proxy.',
        PEP_ENVIRON,
        'scope["scheme"]',
        "proxy",
    ),
    _key(
        "wsgi.input",
        "A stream from which the app reads the body of the request.",
        "Reading blocks the thread until the bytes are there. What is read from it is not recorded. In ASGI the body "
        "comes in pieces through receive.",
        PEP_STREAMS,
        "http.request",
        'environ["CONTENT_LENGTH"]',
    ),
    _key(
        "wsgi.errors",
        "A text stream for errors: what is written to it ends in the server's log.",
        "Frameworks use logging in its place, most of the time.",
        PEP_STREAMS,
    ),
    _key(
        "wsgi.multithread",
        "Whether another thread of this process may call the app at the same time.",
        "If so, what requests share (globals, a database connection) needs care.",
        PEP_ENVIRON,
        "thread",
    ),
    _key(
        "wsgi.multiprocess",
        "Whether another process may call the same app at the same time.",
        "If so, globals are not shared: each process has its own.",
        PEP_ENVIRON,
        "worker",
    ),
    _key(
        "wsgi.run_once",
        "Whether the app is called only once in the life of this process, as under CGI.",
        "Then it does not pay to prepare or to remember anything.",
        PEP_ENVIRON,
    ),
    _key(
        "wsgi.file_wrapper",
        "A class of the server's in which an app may return a file, for the server to send its own way.",
        "The app calls it with an open file and returns what it gets. The server can then let the operating system copy "
        "the file. What is sent so is not seen here piece by piece.",
        PEP_FILES,
        "http.response.zerocopysend",
        "iterable",
    ),
    _key(
        "wsgi.input_terminated",
        "Whether wsgi.input ends where the body ends, so that an app may read it without counting.",
        "It is a habit of several servers and frameworks, not a part of the specification.",
        PEP_STREAMS,
        'environ["wsgi.input"]',
    ),
    _key(
        "waitress.client_disconnected",
        "A function of waitress: whether the client has gone in the meantime.",
        "It answers truly only where waitress looks ahead (channel_request_lookahead). WSGI itself has no word for it.",
        PEP_ENVIRON,
        "waitress",
        "disconnect",
    ),
)
