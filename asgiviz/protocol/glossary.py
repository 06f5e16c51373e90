"""The explanations: one short, true text for everything that a recording can show, found by any spelling.

The texts stand in the tables `terms_…`; here they are only found. Nothing raises: what is not explained is None.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from asgiviz.protocol import (
    terms_check,
    terms_codes,
    terms_course,
    terms_errors,
    terms_headers,
    terms_messages,
    terms_scope,
    terms_states,
    terms_words,
    terms_wsgi,
)
from asgiviz.protocol.terms_entry import MEASURED_WITH, Entry, Kind
from asgiviz.protocol.terms_places import rfc

__all__ = [
    "ENTRIES", "MEASURED_WITH", "Entry", "Kind", "close_code", "close_words", "environ_key", "error", "header", "look_up",
    "look_up_all", "message", "message_key", "scope_key", "state", "status",
]  # fmt: skip

#: Every explanation, in the order in which several meanings of a word are told.
ENTRIES: tuple[Entry, ...] = (
    *terms_words.ENTRIES,
    *terms_wsgi.WORDS,
    *terms_course.ENTRIES,
    *terms_check.ENTRIES,
    *terms_scope.ENTRIES,
    *terms_messages.ENTRIES,
    *terms_codes.ENTRIES,
    *terms_headers.ENTRIES,
    *terms_states.ENTRIES,
    *terms_errors.ENTRIES,
    *terms_wsgi.KEYS,
)
#: Other names of things -> the word of their entry.
ALIASES = {
    "app": "application", "async": "coroutine", "asyncio": "event loop", "blocked": "stall",
    "background tasks": "background task", "cancelled": "cancellation", "cors": "access-control-allow-origin",
    "daphne": "server", "django": "framework", "early hints": "http.response.early_hint", "event type": 'message["type"]',
    "executor": "thread pool", "fastapi": "framework", "granian": "server", "hang": "stall", "https": 'scope["scheme"]',
    "hypercorn": "server", "loop": "event loop", "nginx": "proxy", "parallel": "concurrency", "pong": "ping",
    "process": "worker", "query": 'scope["query_string"]', "raised": "exit", "redirect": "307", "request": "http.request",
    "response": "http.response.start", "returned": "exit", "server push": "http.response.push", "shutdown": "lifespan.shutdown",
    "sse": "server-sent events", "starlette": "framework", "startup": "lifespan.startup",
    "in line": "queue", "flask": "framework", "queued": "queue", "chunk": "iterable", "span": "note", "write": "write()",
    "tls": 'scope["extensions"]["tls"]', "trailers": "http.response.trailers", "upload": "http.request",
    "ws": "websocket",
    "2x": "speed", "async def": "coroutine", "asyncio.sleep": "await", "asyncio.to_thread": "thread pool", "block": "blocking",
    "concurrent": "concurrency", "create_task": "task", "held the loop": "hold the loop", "hold": "hold the loop",
    "holds the loop": "hold the loop", "mark": "note", "marked": "note", "non-blocking": "blocking", "pool": "thread pool",
    "time.sleep": "blocking", "timeline": "lane", "virtual": "virtual clock", "asgiviz.note": "note", "asgiviz.span": "note",
}  # fmt: skip
_CLASSES = {
    1: "an interim answer: the real one follows",
    2: "the request succeeded",
    3: "the client has to look elsewhere",
    4: "the request was at fault",
    5: "the server was at fault",
}


def look_up(word: str) -> Entry | None:
    """The explanation of a word, the likeliest when it has several meanings."""
    found = look_up_all(word)
    return found[0] if found else None


def look_up_all(word: str) -> list[Entry]:
    """Every meaning of a word, the likeliest first.

    Any spelling will do: `http.request`, `more_body`, `scope[path]`, `HEAD (state)`, `close code 1006`, `Content-Length:`.
    """
    word = word.strip()
    wanted, kind = _without_kind(word)
    found = _by_name(wanted) or _by_number(wanted)
    if kind is None:
        return found
    return [entry for entry in found if entry.kind is kind] or _by_name(word)


def scope_key(kind: str | None, key: str) -> Entry | None:
    """A key of a scope of type `kind`; keys of inner dicts as `asgi.version` or `extensions.tls.cipher_suite`."""
    return _WORDS.get((Kind.SCOPE_KEY, f"scope.{key} ({kind})")) or _WORDS.get((Kind.SCOPE_KEY, f"scope.{key}"))


def environ_key(key: Any) -> Entry | None:
    """A key of a WSGI app's environ; a header of the request by its own explanation where there is one."""
    if not isinstance(key, str):
        return None
    name = key.removeprefix("HTTP_")
    if name != key:
        return header(name.replace("_", "-")) or _WORDS[Kind.ENVIRON_KEY, "environ.HTTP_*"]
    return _WORDS.get((Kind.ENVIRON_KEY, f"environ.{key}"))


def message(type_: str) -> Entry | None:
    """A type of message."""
    return _WORDS.get((Kind.MESSAGE, type_))


def message_key(type_: str, key: str) -> Entry | None:
    """A key of a message; a WebSocket's denial has the keys of an HTTP response."""
    if key == "type":
        return _WORDS[Kind.MESSAGE_KEY, "message.type"]
    if type_.startswith("websocket.http."):
        type_ = type_.removeprefix("websocket.")
    return _WORDS.get((Kind.MESSAGE_KEY, f"{type_}.{key}"))


def close_code(code: int) -> Entry | None:
    """A close code of WebSocket; 3000 to 4999 are explained as ranges."""
    name = "3000-3999" if 3000 <= code < 4000 else "4000-4999" if 4000 <= code < 5000 else str(code)
    return _WORDS.get((Kind.CLOSE_CODE, name))


def header(name: str) -> Entry | None:
    """A header of HTTP, in capitals or not."""
    return _WORDS.get((Kind.HEADER, name.lower()))


def state(name: str) -> Entry | None:
    """A state of a connection's automaton."""
    return _WORDS.get((Kind.STATE, name))


def status(code: int) -> Entry | None:
    """A status code of HTTP; what has no text of its own is told by its phrase and its class."""
    if (entry := _WORDS.get((Kind.STATUS, str(code)))) is not None or not 100 <= code < 600:
        return entry
    try:
        phrase = HTTPStatus(code).phrase
    except ValueError:
        phrase = "A code that is not registered"
    group = code // 100
    line = f"{phrase}: {_CLASSES[group]}."
    more = f"A client that does not know it takes it for a {group}00."
    return Entry(str(code), Kind.STATUS, line, more, *rfc(9110, "15", "Status Codes"), see=("status code",))


def error(type_name: str) -> Entry | None:
    """An exception, by the name of its class, with or without its module."""
    return _WORDS.get((Kind.ERROR, type_name.rpartition(".")[2]))


def close_words(word: str) -> list[str]:
    """Up to three words that may have been meant."""
    close = difflib.get_close_matches(_plain(word[:100]), _NAMES, n=6, cutoff=0.7)
    words = dict.fromkeys(_NAMES[name][0].word for name in close)
    return list(words)[:3]


# -- how things are found ----------------------------------------------------------------------------------------------


def _plain(word: str) -> str:
    """The spelling that names are compared in: `Scope["raw_path"]` and `scope.raw-path` are the same."""
    word = re.sub(r"""["'\]\s_-]|\(\)$|:$""", "", word.strip().lower())
    return word.replace("[", ".")


def _without_kind(word: str) -> tuple[str, Kind | None]:
    """`HEAD (state)` and `close code 1006` without the kind that they name."""
    small = word.lower()
    for kind in Kind:
        if small.endswith(f"({kind})"):
            return word[: -len(kind) - 2].strip(), kind
    for kind in sorted(Kind, key=len, reverse=True):  # "message key" before "message"
        if small.startswith(f"{kind} "):
            return word[len(kind) :].strip(), kind
    return word, None


def _names(entry: Entry) -> Iterator[str]:
    """What an entry can be called: its word, and the last parts of a dotted one."""
    bare = re.sub(r" \(\w+\)$", "", entry.word)
    yield entry.word
    yield bare
    if entry.kind in (Kind.SCOPE_KEY, Kind.ENVIRON_KEY, Kind.MESSAGE, Kind.MESSAGE_KEY):
        parts = _plain(bare).split(".")
        yield from (".".join(parts[start:]) for start in range(1, len(parts)))


def _index() -> dict[str, list[Entry]]:
    index: dict[str, list[Entry]] = {}
    for entry in ENTRIES:
        for name in dict.fromkeys(_plain(name) for name in _names(entry)):
            index.setdefault(name, []).append(entry)
    for alias, word in ALIASES.items():
        meant = index[_plain(word)][0]
        others = [entry for entry in index.get(_plain(alias), []) if entry is not meant]
        index[_plain(alias)] = [meant, *others]
    return index


#: Kind and word -> entry; keys with dots, `http.request.body`. This is exact: it is what recordings are looked up in.
_WORDS: dict[tuple[Kind, str], Entry] = {
    (entry.kind, entry.word.replace('["', ".").replace('"]', "")): entry for entry in ENTRIES
}
#: Plain spelling -> entries: what people's words are looked up in.
_NAMES: dict[str, list[Entry]] = _index()


def _by_name(word: str) -> list[Entry]:
    name = _plain(word)
    found = _NAMES.get(name) or _NAMES.get(name.removesuffix("s")) or []
    if not found and (raised := error(word)) is not None:
        found = [raised]
    return sorted(found, key=lambda entry: _distance(entry, word, name))


def _distance(entry: Entry, word: str, name: str) -> int:
    """How far an entry's word is from what was asked; a state is meant only when it is written as one, in capitals."""
    if entry.word == word:
        return 0
    if entry.kind is Kind.STATE:
        return 3
    return 1 if _plain(entry.word) == name else 2


def _by_number(word: str) -> list[Entry]:
    """A status or close code, with its phrase behind it or not."""
    match = re.fullmatch(r"([0-9]{3,4})( .*)?", word)
    if match is None:
        return []
    entry = status(int(match[1])) if len(match[1]) == 3 else close_code(int(match[1]))
    phrase = (match[2] or "").strip().lower()
    return [entry] if entry is not None and entry.line.lower().startswith(phrase) else []
