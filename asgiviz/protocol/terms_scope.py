"""Explanations: the keys of the scope, the extensions that it announces, and what frameworks add to it."""

from __future__ import annotations

from asgiviz.protocol.terms_entry import Entry, Kind
from asgiviz.protocol.terms_places import (
    APPLICATIONS,
    CONNECTION_SCOPE,
    EXT_DEBUG,
    EXT_DENIAL,
    EXT_EARLY_HINTS,
    EXT_PATH_SEND,
    EXT_PUSH,
    EXT_TRAILERS,
    EXT_ZERO_COPY,
    EXTENSIONS,
    HTTP_SCOPE,
    LIFESPAN_STATE,
    MIDDLEWARE,
    SPEC_VERSIONS,
    TLS_SCOPE,
    WEBSOCKET_SCOPE,
)

ENTRIES = (
    Entry(
        'scope["type"]',
        Kind.SCOPE_KEY,
        'Which protocol this call of the app is about: "http", "websocket" or "lifespan".',
        'Look at it first: the same app is called for all of them. The first scope is usually "lifespan", which '
        "surprises apps that answer everything with http.response.start. An app should raise on a type that it "
        "does not know.",
        *CONNECTION_SCOPE,
        servers='daphne never calls the app with "lifespan".',
        see=("lifespan", "http", "websocket", 'message["type"]'),
    ),
    Entry(
        'scope["asgi"]',
        Kind.SCOPE_KEY,
        "A dict that says which versions of the specification the server speaks.",
        "It holds version, for ASGI itself, and spec_version, for the rules of this protocol.",
        *APPLICATIONS,
        see=('scope["asgi"]["version"]', 'scope["asgi"]["spec_version"]'),
    ),
    Entry(
        'scope["asgi"]["version"]',
        Kind.SCOPE_KEY,
        'The version of ASGI itself; "3.0" means one async callable, app(scope, receive, send).',
        'It is neither the version of HTTP nor that of the server. Where it is missing, "2.0" is meant: an app of '
        "two callables.",
        *APPLICATIONS,
        see=('scope["asgi"]["spec_version"]', "application"),
    ),
    Entry(
        'scope["asgi"]["spec_version"]',
        Kind.SCOPE_KEY,
        'The version of the protocol\'s own rules that the server knows, for example "2.3".',
        'Missing means "2.0" for http and websocket, and "1.0" for lifespan. For http and websocket 2.1 added '
        "headers to websocket.accept, 2.3 a reason to websocket.close, 2.4 an error from send on a closed "
        "connection, and 2.5 a reason to websocket.disconnect.",
        *SPEC_VERSIONS,
        servers=(
            "For http uvicorn and granian say 2.3, hypercorn 2.1, daphne nothing. For websocket uvicorn says 2.4, "
            "hypercorn and granian 2.3. uvicorn gives the reason of a disconnect all the same."
        ),
        see=('scope["asgi"]["version"]',),
    ),
    Entry(
        'scope["http_version"]',
        Kind.SCOPE_KEY,
        'The HTTP version of the request, as text: "1.0", "1.1" or "2".',
        "The app need not care: the server translates. In a websocket scope the key is optional and defaults to "
        '"1.1". A later change of the specification allows "3" as well.',
        *HTTP_SCOPE,
        servers='granian writes "1" for HTTP/1.0. daphne leaves the key out for websocket.',
        see=("HTTP/2",),
    ),
    Entry(
        'scope["method"]',
        Kind.SCOPE_KEY,
        "The HTTP method in capitals, such as GET or POST; only http scopes have it.",
        "A WebSocket handshake is a GET on the wire, but its scope has no method: code that reads it without a "
        "look at the type raises KeyError.",
        *HTTP_SCOPE,
        servers=(
            'hypercorn capitalises a client\'s lower-case "get", the others pass it on; uvicorn with httptools answers 400.'
        ),
        see=("GET (method)", "HEAD (method)", "POST (method)", 'scope["type"]'),
    ),
    Entry(
        'scope["scheme"]',
        Kind.SCOPE_KEY,
        'The first part of the URL: "http" or "https", for a WebSocket "ws" or "wss".',
        'It is optional and defaults to "http" or "ws". Behind a proxy that ends TLS it says "http", unless the '
        "server is told to believe the proxy's X-Forwarded-Proto.",
        *HTTP_SCOPE,
        servers="daphne leaves the key out for websocket.",
        see=("x-forwarded-proto", "proxy"),
    ),
    Entry(
        'scope["path"]',
        Kind.SCOPE_KEY,
        "The path of the URL as text, percent-escapes decoded, without the query string.",
        "What was decoded cannot be told apart any more: %2F has become a plain slash. Nothing is tidied up, so "
        "// and .. arrive as they were sent. Where there is a root_path, path begins with it.",
        *HTTP_SCOPE,
        servers=(
            "When a request line holds a whole URL, hypercorn, daphne and uvicorn with h11 leave http://host in the "
            "path; granian and uvicorn with httptools do not."
        ),
        see=('scope["raw_path"]', 'scope["root_path"]', 'scope["query_string"]'),
    ),
    Entry(
        'scope["raw_path"]',
        Kind.SCOPE_KEY,
        "The path as the bytes that the client sent, escapes and all, without the query string.",
        "It is optional: a server that does not know it leaves it out or gives None. Signatures and proxies need "
        "it; for everything else path is right.",
        *HTTP_SCOPE,
        see=('scope["path"]',),
    ),
    Entry(
        'scope["query_string"]',
        Kind.SCOPE_KEY,
        "The bytes behind the question mark of the URL, still percent-encoded.",
        "It is neither text nor a dict: parsing is left to the app, and urllib.parse.parse_qs does it. Without a "
        'question mark it is b"". In a websocket scope it may be missing.',
        *HTTP_SCOPE,
        see=('scope["path"]',),
    ),
    Entry(
        'scope["root_path"]',
        Kind.SCOPE_KEY,
        "The prefix of the URL under which the app is mounted; WSGI called it SCRIPT_NAME.",
        "By default it is empty. The path includes it, so an app strips root_path from path to find its own "
        "routes. A proxy that has already stripped the prefix is the usual cause of doubled prefixes and of 404s.",
        *HTTP_SCOPE,
        see=('scope["path"]', "WSGI"),
    ),
    Entry(
        'scope["headers"]',
        Kind.SCOPE_KEY,
        "The headers of the request: pairs of name and value, all of them bytes.",
        "It is no dict: a name may come more than once, and the order of its values counts. Servers give the "
        'names in lower case, so compare with b"content-type". With HTTP/2 the cookie may come in several pieces, '
        'to be joined by "; ".',
        *HTTP_SCOPE,
        servers=(
            "daphne and granian put equal names together. daphne drops names with an underscore. Over HTTP/2 uvicorn "
            "puts host last."
        ),
        see=("header", "cookie"),
    ),
    Entry(
        'scope["client"]',
        Kind.SCOPE_KEY,
        "The address at the other end of the connection: host and port, or None.",
        "Behind a proxy it is the proxy's address, unless the server is told to believe X-Forwarded-For. Over a "
        "unix socket there may be none.",
        *HTTP_SCOPE,
        servers="granian gives the port as text. daphne gives a list, the others a tuple.",
        see=('scope["server"]', "x-forwarded-for", "proxy"),
    ),
    Entry(
        'scope["server"]',
        Kind.SCOPE_KEY,
        "The address that the server listens on: host and port, or a path and None for a unix socket.",
        "It is not the name that the client asked for: that is in the host header. The key is optional.",
        *HTTP_SCOPE,
        servers="granian gives the port as text.",
        see=('scope["client"]', "host"),
    ),
    Entry(
        'scope["state"]',
        Kind.SCOPE_KEY,
        "What the app stored while it started: a shallow copy for each request.",
        "A key that one request sets is not seen by the next, because each has its own dict. An object that "
        "lifespan put in, such as a list or a pool, is the same one for all. Another worker process has other "
        "objects.",
        *LIFESPAN_STATE,
        servers="daphne has neither lifespan nor state.",
        see=('scope["state"] (lifespan)', "lifespan", "worker"),
    ),
    Entry(
        'scope["state"] (lifespan)',
        Kind.SCOPE_KEY,
        "An empty dict in which the app leaves what its requests shall find, such as a connection pool.",
        "Each request then gets a shallow copy. It belongs to one event loop: every worker process fills its own. "
        "Without the key the server does not support it.",
        *LIFESPAN_STATE,
        servers="daphne has neither lifespan nor state.",
        see=('scope["state"]', "lifespan.startup"),
    ),
    Entry(
        'scope["subprotocols"]',
        Kind.SCOPE_KEY,
        "The protocols inside WebSocket that the client offers; only websocket scopes have it.",
        "The app takes one of them in websocket.accept, or none. Taking one that was not offered makes the client "
        "fail the handshake.",
        *WEBSOCKET_SCOPE,
        servers=(
            "uvicorn with wsproto takes the header sec-websocket-protocol out of the headers, so this key is the only place."
        ),
        see=("subprotocol", 'websocket.accept["subprotocol"]', "sec-websocket-protocol"),
    ),
    Entry(
        'scope["extensions"]',
        Kind.SCOPE_KEY,
        "What this server offers on this connection beyond the specification's core.",
        "Each name leads to a dict of details, often an empty one. An extension's messages may be sent only when "
        "its name is here: ask for the feature, never for the server's name.",
        *EXTENSIONS,
        servers=(
            "Over HTTP/1.1 uvicorn has no such key for http, hypercorn an empty dict, and granian names "
            "http.response.pathsend and websocket.http.response in every scope. daphne has none."
        ),
        see=("extension",),
    ),
    Entry(
        'scope["extensions"]["websocket.http.response"]',
        Kind.SCOPE_KEY,
        "The app may refuse a WebSocket handshake with an HTTP response of its own.",
        "Without it a refusal is a bare 403. A browser does not show the response to its scripts; other clients do.",
        *EXT_DENIAL,
        servers="uvicorn, hypercorn and granian offer it. daphne ignores the messages, and the handshake hangs.",
        see=("websocket.http.response.start", "websocket.close"),
    ),
    Entry(
        'scope["extensions"]["http.response.push"]',
        Kind.SCOPE_KEY,
        "The server can push a resource to the client before it is asked for, over HTTP/2.",
        "Browsers have given server push up; early hints do what it was made for.",
        *EXT_PUSH,
        servers="Only hypercorn offers it, over HTTP/2.",
        see=("http.response.push", "HTTP/2"),
    ),
    Entry(
        'scope["extensions"]["http.response.zerocopysend"]',
        Kind.SCOPE_KEY,
        "The server can send an open file without copying its bytes through Python.",
        "The system copies from the file to the socket. It saves processor time for large files.",
        *EXT_ZERO_COPY,
        servers="None of the four offers it.",
        see=("http.response.zerocopysend",),
    ),
    Entry(
        'scope["extensions"]["http.response.pathsend"]',
        Kind.SCOPE_KEY,
        "The server can send a file when it is told the file's path.",
        "The app neither opens nor reads the file.",
        *EXT_PATH_SEND,
        servers="granian offers it.",
        see=("http.response.pathsend",),
    ),
    Entry(
        'scope["extensions"]["http.response.early_hint"]',
        Kind.SCOPE_KEY,
        "The server can send a 103 with links before the real response.",
        "The client may fetch these links while the app still works on its answer.",
        *EXT_EARLY_HINTS,
        servers="uvicorn and hypercorn offer it over HTTP/2 only.",
        see=("http.response.early_hint", "103"),
    ),
    Entry(
        'scope["extensions"]["http.response.trailers"]',
        Kind.SCOPE_KEY,
        "The server can send headers behind the body.",
        "A checksum of a stream is the usual example: it is known only at the end. Servers send trailers only to "
        "clients that asked with te: trailers.",
        *EXT_TRAILERS,
        servers="uvicorn and hypercorn offer it over HTTP/2 only.",
        see=("http.response.trailers", 'http.response.start["trailers"]'),
    ),
    Entry(
        'scope["extensions"]["http.response.debug"]',
        Kind.SCOPE_KEY,
        "The app may hand debug values to its caller; meant for test clients.",
        "A server in production should not offer it.",
        *EXT_DEBUG,
        see=("http.response.debug",),
    ),
    Entry(
        'scope["extensions"]["tls"]',
        Kind.SCOPE_KEY,
        "What is known of the TLS connection: certificates, version, cipher.",
        "It is only there when the connection is encrypted and the server supports the extension. Behind a proxy "
        "that ends TLS it is absent.",
        *TLS_SCOPE,
        servers="None of the four offers it.",
        see=('scope["scheme"]', "proxy"),
    ),
    Entry(
        'scope["extensions"]["tls"]["server_cert"]',
        Kind.SCOPE_KEY,
        "The certificate that the server showed, as PEM text, or None.",
        "The key is mandatory; None means that the server cannot tell.",
        *TLS_SCOPE,
        see=('scope["extensions"]["tls"]',),
    ),
    Entry(
        'scope["extensions"]["tls"]["client_cert_chain"]',
        Kind.SCOPE_KEY,
        "The certificates that the client showed, as PEM texts, its own first.",
        "It is empty when the client showed none. The key is optional.",
        *TLS_SCOPE,
        see=('scope["extensions"]["tls"]["client_cert_name"]',),
    ),
    Entry(
        'scope["extensions"]["tls"]["client_cert_name"]',
        Kind.SCOPE_KEY,
        "The subject of the client's certificate, as one text, or None.",
        "It must agree with the first certificate of the chain where there is one.",
        *TLS_SCOPE,
        see=('scope["extensions"]["tls"]["client_cert_chain"]',),
    ),
    Entry(
        'scope["extensions"]["tls"]["client_cert_error"]',
        Kind.SCOPE_KEY,
        "Why the client's certificate was not accepted, or None.",
        "Most servers refuse such a connection instead, and then the app never sees it.",
        *TLS_SCOPE,
        see=('scope["extensions"]["tls"]["client_cert_chain"]',),
    ),
    Entry(
        'scope["extensions"]["tls"]["tls_version"]',
        Kind.SCOPE_KEY,
        "The version of TLS as a number: 0x0303 is TLS 1.2 and 0x0304 is TLS 1.3.",
        "The key is mandatory; None means that the server cannot tell.",
        *TLS_SCOPE,
        see=('scope["extensions"]["tls"]["cipher_suite"]',),
    ),
    Entry(
        'scope["extensions"]["tls"]["cipher_suite"]',
        Kind.SCOPE_KEY,
        "The cipher of the connection, as the 16-bit number that the TLS documents give it.",
        "The key is mandatory; None means that the server cannot tell.",
        *TLS_SCOPE,
        see=('scope["extensions"]["tls"]["tls_version"]',),
    ),
    Entry(
        'scope["app"]',
        Kind.SCOPE_KEY,
        "The framework's application object; Starlette and FastAPI add it.",
        "It is no part of ASGI: the server does not send it. Request handlers reach their app through it.",
        *MIDDLEWARE,
        see=("middleware", 'scope["router"]'),
    ),
    Entry(
        'scope["router"]',
        Kind.SCOPE_KEY,
        "The framework's router, which chose the handler; Starlette and FastAPI add it.",
        "It is no part of ASGI. URLs are built backwards from route names with it.",
        *MIDDLEWARE,
        see=('scope["app"]', 'scope["endpoint"]'),
    ),
    Entry(
        'scope["endpoint"]',
        Kind.SCOPE_KEY,
        "The function or class that handles the request; Starlette and FastAPI add it.",
        "It is no part of ASGI. It appears once the router has matched, so outer middleware does not see it on the way in.",
        *MIDDLEWARE,
        see=('scope["path_params"]', 'scope["route"]'),
    ),
    Entry(
        'scope["route"]',
        Kind.SCOPE_KEY,
        "The route that matched; some frameworks add it.",
        "It is no part of ASGI.",
        *MIDDLEWARE,
        see=('scope["endpoint"]',),
    ),
    Entry(
        'scope["path_params"]',
        Kind.SCOPE_KEY,
        "The parts of the path that the matching route names; Starlette and FastAPI add it.",
        "It is no part of ASGI. For the route /orders/{number} it holds the number.",
        *MIDDLEWARE,
        see=('scope["path"]', 'scope["endpoint"]'),
    ),
    Entry(
        'scope["session"]',
        Kind.SCOPE_KEY,
        "The session of this user; a session middleware adds it.",
        "It is no part of ASGI. Without the middleware, a framework that is asked for it raises.",
        *MIDDLEWARE,
        see=("cookie", "middleware"),
    ),
    Entry(
        'scope["user"]',
        Kind.SCOPE_KEY,
        "Who the request is from; an authentication middleware adds it.",
        "It is no part of ASGI. The server knows of no users.",
        *MIDDLEWARE,
        see=("authorization", "middleware"),
    ),
    Entry(
        'scope["auth"]',
        Kind.SCOPE_KEY,
        "What the user may do; Starlette's authentication middleware adds it.",
        "It is no part of ASGI.",
        *MIDDLEWARE,
        see=('scope["user"]', "authorization"),
    ),
)
