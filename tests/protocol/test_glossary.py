"""The explanations: complete, short, well-formed, and found by any spelling."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.protocol import glossary
from asgiviz.protocol.glossary import ENTRIES, Kind
from asgiviz.protocol.standing import AUTOMATA

ROOT = Path(__file__).parents[2]
#: A http scope as uvicorn gives it, with what FastAPI adds.
HTTP_SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "http_version": "1.1",
    "server": ("127.0.0.1", 8000),
    "client": ("127.0.0.1", 51234),
    "scheme": "http",
    "method": "POST",
    "root_path": "",
    "path": "/orders",
    "raw_path": b"/orders",
    "query_string": b"",
    "headers": [(b"host", b"127.0.0.1:8000"), (b"user-agent", b"curl"), (b"accept", b"*/*"), (b"content-length", b"14")],
    "state": {},
    "app": object(),
    "router": object(),
    "endpoint": object(),
    "path_params": {},
}
WEBSOCKET_SCOPE = {
    "type": "websocket",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "scheme": "ws",
    "server": ("127.0.0.1", 8000),
    "client": ("127.0.0.1", 51234),
    "root_path": "",
    "path": "/chat",
    "raw_path": b"/chat",
    "query_string": b"room=1",
    "headers": [
        (b"host", b"x"),
        (b"upgrade", b"websocket"),
        (b"connection", b"Upgrade"),
        (b"sec-websocket-key", b"k"),
        (b"sec-websocket-version", b"13"),
        (b"sec-websocket-extensions", b"permessage-deflate"),
        (b"sec-websocket-protocol", b"chat"),
        (b"origin", b"http://x"),
    ],
    "subprotocols": ["chat"],
    "state": {},
    "extensions": {"websocket.http.response": {}},
}
LIFESPAN_SCOPE = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
#: Every message, with every key that the specification gives it.
MESSAGES: list[dict[str, Any]] = [
    {"type": "http.request", "body": b"", "more_body": False},
    {"type": "http.disconnect"},
    {"type": "http.response.start", "status": 200, "headers": [], "trailers": False},
    {"type": "http.response.body", "body": b"", "more_body": False},
    {"type": "http.response.push", "path": "/", "headers": []},
    {"type": "http.response.zerocopysend", "file": None, "offset": 0, "count": 1, "more_body": False},
    {"type": "http.response.pathsend", "path": "/"},
    {"type": "http.response.early_hint", "links": []},
    {"type": "http.response.trailers", "headers": [], "more_trailers": False},
    {"type": "http.response.debug", "info": {}},
    {"type": "websocket.connect"},
    {"type": "websocket.accept", "subprotocol": None, "headers": []},
    {"type": "websocket.receive", "text": "", "bytes": None},
    {"type": "websocket.send", "text": "", "bytes": None},
    {"type": "websocket.disconnect", "code": 1000, "reason": ""},
    {"type": "websocket.close", "code": 1000, "reason": ""},
    {"type": "websocket.http.response.start", "status": 401, "headers": [], "trailers": False},
    {"type": "websocket.http.response.body", "body": b"", "more_body": False},
    {"type": "lifespan.startup"},
    {"type": "lifespan.startup.complete"},
    {"type": "lifespan.startup.failed", "message": ""},
    {"type": "lifespan.shutdown"},
    {"type": "lifespan.shutdown.complete"},
    {"type": "lifespan.shutdown.failed", "message": ""},
]
TLS_KEYS = ("server_cert", "client_cert_chain", "client_cert_name", "client_cert_error", "tls_version", "cipher_suite")


@pytest.mark.parametrize("scope", [HTTP_SCOPE, WEBSOCKET_SCOPE, LIFESPAN_SCOPE], ids=["http", "websocket", "lifespan"])
def test_every_key_of_a_real_scope_is_explained(scope: dict[str, Any]) -> None:
    """No key of a scope that uvicorn gives, nor of the dicts in it, nor a header, is without an explanation."""
    inner = [f"{key}.{name}" for key in ("asgi", "extensions") for name in scope.get(key, {})]
    for key in [*scope, *inner]:
        entry = glossary.scope_key(scope["type"], key)
        assert entry is not None, key
        assert entry.kind is Kind.SCOPE_KEY
    assert [name for name, _ in scope.get("headers", []) if glossary.header(name.decode()) is None] == []


@pytest.mark.parametrize("name", TLS_KEYS)
def test_every_key_of_the_tls_extension_is_explained(name: str) -> None:
    """What the server may tell of an encrypted connection is explained key by key."""
    assert glossary.scope_key("http", f"extensions.tls.{name}")


def test_state_means_another_thing_in_lifespan() -> None:
    """`state` is empty in the scope of lifespan and a copy in that of a request."""
    theirs, ours = glossary.scope_key("http", "state"), glossary.scope_key("lifespan", "state")
    assert theirs is not None
    assert ours is not None
    assert "copy" in theirs.line
    assert "empty" in ours.line


def test_every_key_of_a_real_environ_is_explained() -> None:
    """No key that waitress gives is without an explanation; a header leads to that of the header, or to what HTTP_ means."""
    keys = [
        "REMOTE_ADDR",
        "REMOTE_HOST",
        "REMOTE_PORT",
        "REQUEST_METHOD",
        "SERVER_PORT",
        "SERVER_NAME",
        "SERVER_SOFTWARE",
        "SERVER_PROTOCOL",
        "SCRIPT_NAME",
        "PATH_INFO",
        "REQUEST_URI",
        "QUERY_STRING",
        "CONTENT_TYPE",
        "CONTENT_LENGTH",
        "wsgi.url_scheme",
        "wsgi.version",
        "wsgi.errors",
        "wsgi.multithread",
        "wsgi.multiprocess",
        "wsgi.run_once",
        "wsgi.input",
        "wsgi.file_wrapper",
        "wsgi.input_terminated",
        "waitress.client_disconnected",
        "HTTP_COOKIE",
        "HTTP_X_OWN",
    ]
    assert [key for key in keys if glossary.environ_key(key) is None] == []
    assert glossary.environ_key("HTTP_COOKIE") is glossary.header("cookie")
    assert glossary.environ_key("werkzeug.socket") is None
    assert glossary.environ_key(7) is None


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message["type"])
def test_every_message_and_all_its_keys_are_explained(message: dict[str, Any]) -> None:
    """A message, and each key that it may have, is explained."""
    entry = glossary.message(message["type"])
    assert entry is not None
    assert entry.word == message["type"]
    assert [key for key in message if glossary.message_key(message["type"], key) is None] == []


def test_every_message_of_the_transition_tables_is_explained() -> None:
    """What the automata know, the glossary explains; and the other way round."""
    known = {row.what for automaton in AUTOMATA.values() for side in automaton.sides for row in side.rows if "." in row.what}
    assert {what for what in known if glossary.message(what) is None} == set()
    assert {message["type"] for message in MESSAGES} <= known


def test_the_states_of_the_automata_are_those_explained() -> None:
    """Each state has an explanation, and no explained state is missing from the automata."""
    states = {str(state) for automaton in AUTOMATA.values() for side in automaton.sides for state in side.states}
    assert states == {entry.word for entry in ENTRIES if entry.kind is Kind.STATE}
    assert all(glossary.state(state) for state in states)


def test_every_explanation_is_short_and_whole() -> None:
    """One sentence below 100 characters, then one to four more, all of them in plain ASCII and with a full stop."""
    for entry in ENTRIES:
        assert len(entry.line) < 100, entry.line
        assert not re.search(r"[.!?] [A-Z]", entry.line), entry.line
        assert 1 <= len(re.findall(r"\.(?= [A-Z]|$)", entry.more)) <= 4, entry.more
        for text in filter(None, (entry.line, entry.more, entry.servers)):
            assert text.endswith("."), text
            assert text.isascii(), text
            assert text.isprintable(), text
            assert "  " not in text, text


def test_every_explanation_leads_to_where_it_is_written() -> None:
    """Its address is a page of the ASGI specification, a PEP, an RFC, Python's documentation or our own: the one it names."""
    page = r"https://asgi\.readthedocs\.io/en/latest/(specs/(main|www|lifespan|tls)|extensions)\.html#[a-z0-9-]+"
    for entry in ENTRIES:
        if rfc := re.search(r"RFC (\d+)", entry.section):
            document = rf"https://www\.rfc-editor\.org/rfc/rfc{rfc[1]}\.html(#(section|appendix)-[\dA-Z.]+)?"
            assert re.fullmatch(document, entry.url), entry.url
        elif pep := re.match(r"PEP (\d+): ", entry.section):
            assert re.fullmatch(rf"https://peps\.python\.org/pep-0*{pep[1]}/#[a-z0-9-]+", entry.url), entry.url
        elif entry.section.startswith("Python: "):
            assert re.fullmatch(r"https://docs\.python\.org/3/(library|reference)/[a-z-]+\.html#[a-z.-]+", entry.url), entry.url
        elif entry.section.startswith("asgiviz: "):
            ours, _, anchor = entry.url.partition("#")
            heading = entry.section.removeprefix("asgiviz: ")
            assert heading.lower().replace(" ", "-") == anchor
            assert re.search(rf"^#+ {heading}$", (ROOT / ours).read_text(encoding="utf-8"), re.MULTILINE), entry.url
        else:
            assert re.fullmatch(page, entry.url), entry.url
            assert re.fullmatch(r"(ASGI|HTTP & WebSocket|Lifespan|TLS|Extensions): .+", entry.section), entry.section


def test_what_an_explanation_refers_to_is_explained() -> None:
    """Each word under see leads to another entry."""
    for entry in ENTRIES:
        assert entry.see, entry.word
        for word in entry.see:
            assert glossary.look_up(word) not in (None, entry), f"{entry.word} refers to {word}"


def test_a_word_leads_back_to_its_explanation() -> None:
    """Its word finds it, in small letters too; with its kind behind it, it comes first."""
    for entry in ENTRIES:
        assert entry in glossary.look_up_all(entry.word), entry.word
        assert entry in glossary.look_up_all(entry.word.lower()), entry.word
        assert glossary.look_up(f"{entry.word} ({entry.kind})") is entry, entry.word


def test_no_two_explanations_of_a_kind_share_a_word() -> None:
    """A word and a kind together mean one entry."""
    assert [pair for pair, count in Counter((entry.word, entry.kind) for entry in ENTRIES).items() if count > 1] == []


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ("HTTP.Request", "http.request"),
        ("scope[path]", 'scope["path"]'),
        ("scope['path']", 'scope["path"]'),
        ("scope.path", 'scope["path"]'),
        ("path", 'scope["path"]'),
        ("raw-path", 'scope["raw_path"]'),
        ("asgi.version", 'scope["asgi"]["version"]'),
        ("http.response.body.more_body", 'http.response.body["more_body"]'),
        ("more_body", 'http.request["more_body"]'),
        ("receive()", "receive"),
        ("send", "send"),
        ("lifespan", "lifespan"),
        ("startup.complete", "lifespan.startup.complete"),
        ("Content-Length:", "content-length"),
        ("content_length", "content-length"),
        ("backpressure", "back-pressure"),
        ("Event Loop", "event loop"),
        ("coroutines", "coroutine"),
        ("HEAD (state)", "HEAD"),
        ("HEAD", "HEAD"),
        ("head", "HEAD (method)"),
        ("state OPEN", "OPEN"),
        ("body", "body"),
        ("BODY", "BODY"),
        ("connect", "websocket.connect"),
        ("1006", "1006"),
        ("close code 4321", "4000-4999"),
        ("404 Not Found", "404"),
        ("status 418", "418"),
        ("header server", "server"),
        ("starlette.websockets.WebSocketDisconnect", "WebSocketDisconnect"),
        ("http/2", "HTTP/2"),
    ],
)
def test_any_spelling_is_understood(asked: str, word: str) -> None:
    """What people type is found."""
    found = glossary.look_up(asked)
    assert found is not None
    assert found.word == word


def test_a_word_with_several_meanings_gives_them_all() -> None:
    """`path` is a key of the scope and of two messages; `server` is a word, a key and a header."""
    assert [entry.word for entry in glossary.look_up_all("path")] == [
        'scope["path"]',
        'http.response.push["path"]',
        'http.response.pathsend["path"]',
    ]
    assert [entry.kind for entry in glossary.look_up_all("server")] == [Kind.WORD, Kind.HEADER, Kind.SCOPE_KEY]


@pytest.mark.parametrize("code", [*range(1000, 1016), 3000, 3999, 4000, 4999])
def test_every_close_code_that_has_a_meaning_is_explained(code: int) -> None:
    """RFC 6455 and its registry are covered."""
    assert glossary.close_code(code)


@pytest.mark.parametrize("code", [-1, 0, 999, 1016, 2999, 5000, 10**30])
def test_a_close_code_without_a_meaning_has_no_explanation(code: int) -> None:
    """What nobody may send is not explained."""
    assert glossary.close_code(code) is None


@given(st.integers(-1000, 2000))
def test_every_status_is_explained(code: int) -> None:
    """Each of the five hundred codes says what its class means, and only those."""
    entry = glossary.status(code)
    assert (entry is not None) == (100 <= code < 600)
    assert entry is None or (entry.word == str(code) and entry.kind is Kind.STATUS and entry.line.endswith("."))


def test_an_exception_is_found_by_its_full_name() -> None:
    """A recording names the module too; the name of the class decides."""
    entry = glossary.error("uvicorn.protocols.utils.ClientDisconnected")
    assert entry is not None
    assert entry.word == "ClientDisconnected"
    assert glossary.error("KeyError") is glossary.error("builtins.KeyError")
    assert glossary.error("shop.OutOfTea") is None


def test_names_in_a_recording_are_taken_as_they_are() -> None:
    """What only resembles a key, message or header of the specification is not explained as if it were one."""
    assert glossary.look_up("contentlength") is glossary.header("Content-Length")
    assert glossary.header("content_length") is None
    assert glossary.scope_key("http", "rawpath") is None
    assert glossary.message("HTTP.request") is None
    assert glossary.message_key("http.request", "more-body") is None


def test_what_may_have_been_meant() -> None:
    """A misspelt word leads to words that exist."""
    assert "websocket.send" in glossary.close_words("websocket.sned")
    assert glossary.close_words("disconect")[0] == "disconnect"
    assert glossary.close_words("zzzzzzzz") == []


@given(st.text())
def test_nothing_that_is_asked_raises(text: str) -> None:
    """Whatever a recording or a person asks for, the answer is an entry or none."""
    found = glossary.look_up_all(text)
    assert (glossary.look_up(text) is None) == (not found)
    assert len(glossary.close_words(text)) <= 3
    for ask in (glossary.message, glossary.header, glossary.error, glossary.state):
        entry = ask(text)
        assert entry is None or entry in ENTRIES
    for entry in (glossary.scope_key(text, text), glossary.scope_key(None, text), glossary.message_key(text, text)):
        assert entry is None or entry in ENTRIES
