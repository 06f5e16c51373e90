"""Where it is written: the sections of the ASGI specification, of PEPs and RFCs, of Python's documentation and of our own."""

from __future__ import annotations

import re

#: The name of a section and its address.
Place = tuple[str, str]

_ASGI = "https://asgi.readthedocs.io/en/latest/"
_RFC = "https://www.rfc-editor.org/rfc/"
_PAGES = {
    "ASGI": "specs/main.html",
    "HTTP & WebSocket": "specs/www.html",
    "Lifespan": "specs/lifespan.html",
    "TLS": "specs/tls.html",
    "Extensions": "extensions.html",
}


def rfc(number: int, section: str, title: str) -> Place:
    """A section of an RFC; an appendix has a letter first."""
    anchor = f"section-{section}" if section[0].isdigit() else f"appendix-{section}"
    return f"RFC {number}, {section}: {title}", f"{_RFC}rfc{number}.html#{anchor}"


def _asgi(page: str, heading: str, anchor: str = "") -> Place:
    anchor = anchor or re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")
    return f"{page}: {heading}", f"{_ASGI}{_PAGES[page]}#{anchor}"


OVERVIEW = _asgi("ASGI", "Overview")
CONNECTION_SCOPE = _asgi("ASGI", "Connection Scope")
EVENTS = _asgi("ASGI", "Events")
APPLICATIONS = _asgi("ASGI", "Applications")
LEGACY_APPLICATIONS = _asgi("ASGI", "Legacy Applications")
PROTOCOL_SPECIFICATIONS = _asgi("ASGI", "Protocol Specifications")
MIDDLEWARE = _asgi("ASGI", "Middleware")
ERROR_HANDLING = _asgi("ASGI", "Error Handling")
EXTENSIONS = _asgi("ASGI", "Extensions")
STRINGS = _asgi("ASGI", "Strings and Unicode")
VERSION_HISTORY = _asgi("ASGI", "Version History")

SPEC_VERSIONS = _asgi("HTTP & WebSocket", "Spec Versions")
HTTP = _asgi("HTTP & WebSocket", "HTTP")
HTTP_SCOPE = _asgi("HTTP & WebSocket", "HTTP Connection Scope")
REQUEST = _asgi("HTTP & WebSocket", "Request - receive event")
RESPONSE_START = _asgi("HTTP & WebSocket", "Response Start - send event")
RESPONSE_BODY = _asgi("HTTP & WebSocket", "Response Body - send event")
DISCONNECTED_CLIENT = _asgi("HTTP & WebSocket", "Disconnected Client - send exception")
DISCONNECT = _asgi("HTTP & WebSocket", "Disconnect - receive event")
WEBSOCKET = _asgi("HTTP & WebSocket", "WebSocket")
WEBSOCKET_SCOPE = _asgi("HTTP & WebSocket", "Websocket Connection Scope")
CONNECT = _asgi("HTTP & WebSocket", "Connect - receive event")
ACCEPT = _asgi("HTTP & WebSocket", "Accept - send event")
WS_RECEIVE = _asgi("HTTP & WebSocket", "Receive - receive event")
WS_SEND = _asgi("HTTP & WebSocket", "Send - send event")
WS_DISCONNECT = _asgi("HTTP & WebSocket", "Disconnect - receive event", "disconnect-receive-event-ws")
CLOSE = _asgi("HTTP & WebSocket", "Close - send event")
WSGI_COMPATIBILITY = _asgi("HTTP & WebSocket", "WSGI Compatibility")

LIFESPAN_PROTOCOL = _asgi("Lifespan", "Lifespan Protocol")
LIFESPAN_SCOPE = _asgi("Lifespan", "Scope")
LIFESPAN_STATE = _asgi("Lifespan", "Lifespan State")
STARTUP = _asgi("Lifespan", "Startup - receive event")
STARTUP_COMPLETE = _asgi("Lifespan", "Startup Complete - send event")
STARTUP_FAILED = _asgi("Lifespan", "Startup Failed - send event")
SHUTDOWN = _asgi("Lifespan", "Shutdown - receive event")
SHUTDOWN_COMPLETE = _asgi("Lifespan", "Shutdown Complete - send event")
SHUTDOWN_FAILED = _asgi("Lifespan", "Shutdown Failed - send event")

EXT_DENIAL = _asgi("Extensions", "Websocket Denial Response")
EXT_PUSH = _asgi("Extensions", "HTTP/2 Server Push")
EXT_ZERO_COPY = _asgi("Extensions", "Zero Copy Send")
EXT_PATH_SEND = _asgi("Extensions", "Path Send")
EXT_EARLY_HINTS = _asgi("Extensions", "Early Hints")
EXT_TRAILERS = _asgi("Extensions", "HTTP Trailers")
EXT_DEBUG = _asgi("Extensions", "Debug")
TLS_USE = _asgi("TLS", "When to use this extension")
TLS_SCOPE = _asgi("TLS", "TLS Connection Scope")


def _pep(number: int, heading: str) -> Place:
    anchor = re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")
    return f"PEP {number}: {heading}", f"https://peps.python.org/pep-{number:04}/#{anchor}"


def _python(page: str, title: str, anchor: str) -> Place:
    return f"Python: {title}", f"https://docs.python.org/3/{page}.html#{anchor}"


def _own(page: str, heading: str) -> Place:
    return f"asgiviz: {heading}", f"docs/{page}.md#{heading.lower().replace(' ', '-')}"


PEP_APPLICATION = _pep(3333, "The Application/Framework Side")
PEP_DETAILS = _pep(3333, "Specification Details")
PEP_ENVIRON = _pep(3333, "environ Variables")
PEP_STREAMS = _pep(3333, "Input and Error Streams")
PEP_START_RESPONSE = _pep(3333, "The start_response() Callable")
PEP_STREAMING = _pep(3333, "Buffering and Streaming")
PEP_WRITE = _pep(3333, "The write() Callable")
PEP_ERRORS = _pep(3333, "Error Handling")
PEP_THREADS = _pep(3333, "Thread Support")
PEP_URL = _pep(3333, "URL Reconstruction")
PEP_FILES = _pep(3333, "Optional Platform-Specific File Handling")
PEP_DATABASES = _pep(249, "Introduction")

PY_AWAIT = _python("reference/expressions", "Await expression", "await-expression")
PY_CALLBACKS = _python("library/asyncio-eventloop", "Scheduling callbacks", "scheduling-callbacks")
PY_CEIL = _python("library/math", "math.ceil", "math.ceil")

#: Words of asgiviz itself stand in no specification, but in its documentation.
OUR_RUN = _own("lessons", "Run")
OUR_LOOK = _own("lessons", "Look")
OUR_EXERCISES = _own("lessons", "Exercises")
OUR_EVENTS = _own("recording-format", "Events")
OUR_CHECK = _own("check", "Checking an app")
OUR_OPTIONS = _own("check", "The options")
OUR_IN_A_PROJECT = _own("check", "In a project")

#: CORS stands in a living standard that is no RFC; what an origin is stands in one.
CORS = ("Fetch Standard, CORS protocol; on origins RFC 6454", f"{_RFC}rfc6454.html")
