"""Which events a check speaks of: a closed set of keys, each a plain question to one event, and all must be answered so.

``{ ev = "send", type = "http.response.start", status = 200 }``; a list of values means any of them, and the text
``"send:http.response.start"`` is short for an `ev` and a `type`. The end of a span counts only for who asks for its `phase`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from asgiviz.course.run_record import ClientRecord, ConnRecord, RunRecord, SideRecord, is_word
from asgiviz.model.events import CLOSELY, Ev, Event
from asgiviz.model.values import kept_bytes


class SelectorError(ValueError):
    """A table selects nothing that can be; `str()` is one sentence."""


class Happening(NamedTuple):
    """An event, the connection it belongs to and the client who caused that, as far as there are any."""

    event: Event
    call: ConnRecord | None
    client: ClientRecord | None

    @property
    def moment(self) -> tuple[int, int]:
        """Its place in the order of all events."""
        return self.event.t, self.event.seq


def happenings(record: RunRecord, side: SideRecord) -> list[Happening]:
    """All that happened on a side in the run, in order: at the outermost tap, without what was asked before the run."""
    found = []
    last_words = {stall.seq for stall in side.stalls}
    for event in record.events:
        if event.layer or is_word(event):
            continue
        if event.ev == Ev.STALL and event.seq not in last_words:
            continue
        if record.side_of_event(event) is side and side.counts(event.conn):
            call = None if event.conn is None else side.connections.get(event.conn)
            found.append(Happening(event, call, _client(side, event, call)))
    return sorted(found, key=lambda each: each.moment)


def _client(side: SideRecord, event: Event, call: ConnRecord | None) -> ClientRecord | None:
    if event.ev == Ev.CLIENT:
        number = str(event.get("client")).rpartition("/")[2]
        return side.clients.get(int(number[:9])) if number.isdecimal() and number.isascii() else None
    return None if call is None else side.client_of(call)


#: Short words for what happens, beside the names of events themselves.
EVS: Mapping[str, tuple[str, ...]] = {
    "scope": (Ev.SCOPE, Ev.WSGI_ENVIRON),
    "receive": (Ev.RECEIVE_END,),
    "send": (Ev.SEND_BEGIN,),
    "exit": (Ev.EXIT, Ev.WSGI_EXIT),
    **{ev.value: (ev.value,) for ev in Ev if ev not in (Ev.OTHER, Ev.SCOPE, Ev.EXIT, *CLOSELY)},
}


def _message(happening: Happening) -> Mapping[str, Any]:
    message = happening.event.get("message")
    return message if isinstance(message, Mapping) else {}


def _type(happening: Happening) -> Any:
    match happening.event.ev:
        case Ev.NOTE:
            return happening.event.get("name")
        case Ev.SCOPE:
            return happening.call.kind if happening.call is not None else None
        case _:
            return _message(happening).get("type")


def _status(happening: Happening) -> Any:
    if happening.event.ev == Ev.WSGI_START_RESPONSE:
        word = str(happening.event.get("status")).partition(" ")[0]
        return int(word) if word.isdecimal() and word.isascii() else None
    return _message(happening).get("status", happening.event.get("status"))


def _more_body(happening: Happening) -> Any:
    message = _message(happening)
    return bool(message.get("more_body")) if message.get("type") in ("http.request", "http.response.body") else None


def _body(happening: Happening) -> Any:
    body = _message(happening).get("body", happening.event.get("body"))
    return None if body is None else kept_bytes(body).decode("utf-8", "replace")


def _of_call(name: str) -> Callable[[Happening], Any]:
    return lambda happening: getattr(happening.call, name, None)


def _of_event(name: str) -> Callable[[Happening], Any]:
    return lambda happening: happening.event.get(name)


def _of_note(name: str) -> Callable[[Happening], Any]:
    return lambda happening: happening.event.get(name) if happening.event.ev == Ev.NOTE else None


class _Key(NamedTuple):
    kinds: tuple[type, ...]
    read: Callable[[Happening], Any]


#: key -> the types that its value may have in a file, and what it asks an event. `ev` and `data` are compared in their own way.
KEYS: Mapping[str, _Key] = {
    "ev": _Key((str,), lambda happening: happening.event.ev),
    "type": _Key((str,), _type),
    "name": _Key((str,), _of_note("name")),
    "phase": _Key((str,), _of_note("phase")),
    "data": _Key((dict,), _of_note("data")),
    "status": _Key((int,), _status),
    "more_body": _Key((bool,), _more_body),
    "body": _Key((str,), _body),
    "text": _Key((str,), lambda happening: _message(happening).get("text")),
    "code": _Key((int,), lambda happening: _message(happening).get("code", happening.event.get("code"))),
    "what": _Key((str,), _of_event("what")),
    "outcome": _Key((str,), _of_event("outcome")),
    "thread": _Key((str,), _of_event("thread")),
    "kind": _Key((str,), _of_call("kind")),
    "path": _Key((str,), _of_call("path")),
    "method": _Key((str,), _of_call("method")),
    "client": _Key((int,), lambda happening: None if happening.client is None else happening.client.number),
}
#: The keys that choose among connections.
CALL_KEYS = ("kind", "path", "method", "client")


@dataclass(frozen=True)
class Selector:
    """A question to an event: the keys that it must answer, and how."""

    asked: Mapping[str, Any]

    @property
    def of_lifespan(self) -> bool:
        """Whether it speaks of the lifespan, not of requests."""
        return self.asked.get("kind") == "lifespan" or str(self.asked.get("type", "")).startswith("lifespan")

    def matches(self, happening: Happening) -> bool:
        """Whether the event answers all of it."""
        if happening.event.ev == Ev.NOTE and "phase" not in self.asked and happening.event.get("phase") == "end":
            return False
        if happening.event.ev == Ev.RECEIVE_END and self.asked.get("ev") == "receive" and not _message(happening):
            return False
        return all(_answers(key, KEYS[key].read(happening), wanted) for key, wanted in self.asked.items())

    def takes(self, call: ConnRecord, client: ClientRecord | None) -> bool:
        """Whether a connection is one of those that it speaks of (by `CALL_KEYS`)."""
        happening = Happening(call.events[0], call, client)
        return all(_answers(key, KEYS[key].read(happening), self.asked[key]) for key in CALL_KEYS if key in self.asked)

    def __str__(self) -> str:
        """``send http.response.start, status 200``."""
        head = " ".join(_word(self.asked[key]) for key in ("ev", "type", "name") if key in self.asked)
        rest = [f"{key} {_word(value)}" for key, value in self.asked.items() if key not in ("ev", "type", "name")]
        return ", ".join([head, *rest] if head else rest) or "anything"


def selector(value: Any) -> Selector:
    """The selector that a table or a short text of a lesson means. SelectorError says what is wrong with it."""
    if isinstance(value, str):
        ev, colon, type_ = value.partition(":")
        value = {"ev": ev.strip(), "type": type_.strip()} if colon else {"ev": ev.strip()}
    if not isinstance(value, Mapping):
        raise SelectorError(f"{value!r} selects nothing: write a table such as {{ ev = 'note', name = 'x' }}")
    for key, wanted in value.items():
        if key not in KEYS:
            raise SelectorError(f"{key!r} is no key of a selector; there are {', '.join(KEYS)}")
        for each in _choices(wanted):
            if type(each) not in KEYS[key].kinds:
                raise SelectorError(f"{key} must be {KEYS[key].kinds[0].__name__}, not {each!r}")
            if key == "ev" and each not in EVS:
                raise SelectorError(f"{each!r} is no event; there are {', '.join(EVS)}")
    return Selector(dict(value))


def _answers(key: str, value: Any, wanted: Any) -> bool:
    for each in _choices(wanted):
        if key == "ev":
            if value in EVS[each]:
                return True
        elif key == "data":
            if isinstance(value, Mapping) and all(value.get(name) == part for name, part in each.items()):
                return True
        elif value == each and isinstance(value, bool) == isinstance(each, bool):
            return True
    return False


def _choices(wanted: Any) -> Iterator[Any]:
    yield from wanted if isinstance(wanted, (list, tuple)) else (wanted,)


def _word(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={part}" for key, part in value.items())
    return " or ".join(str(each) for each in _choices(value))
