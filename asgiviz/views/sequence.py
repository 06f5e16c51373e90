"""What one connection did, step by step: a fold over its events, in constant time for each, that the lifelines draw.

A receive or a send is one `Step` from its begin to its end. Steps are shown as `Moment`s, each of them a row, in the order
in which they happened: a receive that waits takes a row when it is called and one when its message comes, a send one for
its message and, if it waited, one when it is back; so calls that overlap stand truly. Long runs of alike messages become
one `Fold`, a time without any event a pause. Waiting is what took 1 ms or more. Nothing here raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from asgiviz.model.connection import MOST_OPEN_CALLS, SERVICE_RESTART
from asgiviz.model.environ import scope_of
from asgiviz.model.events import Ev, Event
from asgiviz.views.folding import Rows
from asgiviz.views.messages import is_compressed
from asgiviz.views.spells import Spells
from asgiviz.views.steps import (
    APP_CLOSES,
    APP_REFUSES,
    CLIENT_CLOSES,
    CLIENT_GONE,
    CLOSED,
    ENDED,
    NOT_BEGUN,
    SERVER_CLOSES,
    Edge,
    Fold,
    Item,
    Moment,
    State,
    Step,
    shortened_message,
)
from asgiviz.views.tracebacks import parse
from asgiviz.views.wsgi_messages import given_in

#: Nanoseconds from which a time without events is a row of its own.
PAUSE = 1_000_000_000
#: Layers that are told apart; a tap further in than this counts as the innermost.
MOST_LAYERS = 32
_LOST = 1006


class Steps:
    """The steps of one connection so far; `items` are its rows with the folds folded, ordered by `seq`."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._rows = Rows()
        #: places in `items` of the exits that have a traceback
        self.exits: list[int] = []
        #: the scope's type; wsgi
        self.kind: str | None = None
        #: what the app was called with; of a WSGI app what its environ tells, in the form of a scope
        self.scope: Any = None
        #: the connection's number
        self.conn: int | None = None
        #: the step by which the client's request is first seen here: the call of the app, or that it stands in line
        self.first: Step | None = None
        self.began = self.last = 0
        self.last_seq: int | None = None
        #: for each layer the calls that are not back
        self.open: list[dict[tuple[str, int | None], Step]] = []
        self._state: list[int] = []
        self._states: dict[State, State] = {}
        self._encoded: set[tuple[str, int]] = set()
        #: when the app was called
        self.called = 0
        self._exited = self._suspended = 0
        self._suspended_since: int | None = None
        self._queued: Step | None = None
        self._spells = Spells()
        self._accepted = self._closed = False
        for event in events:
            self.add(event)

    def __iter__(self) -> Iterator[Step]:
        """Every step once, in the order of its first row; costs a walk over all of them."""
        seen: set[int] = set()
        for item in self.items:
            for moment in item.moments if isinstance(item, Fold) else (item,):
                if moment.edge is not Edge.PAUSE and id(moment.step) not in seen:
                    seen.add(id(moment.step))
                    yield moment.step

    @property
    def items(self) -> Sequence[Item]:
        """The rows, folds folded."""
        return self._rows.items

    def place_of(self, seq: int) -> int:
        """Where in `items` the event `seq` is shown; the nearest row before it when it has none."""
        return self._rows.place_of(seq)

    @property
    def state(self) -> State:
        """For each layer the calls that are open, or `NOT_BEGUN`, or `ENDED`."""
        state = tuple(self._state)
        return self._states.setdefault(state, state)

    @property
    def is_open(self) -> bool:
        """Whether the app has been called, or will be, and has not come back."""
        return bool(self._state) and (self._state[0] >= 0 or (self._state[0] == NOT_BEGUN and self.in_line is not None))

    @property
    def in_line(self) -> int | None:
        """Since when a WSGI request stands in line for a thread; None when it never did, or got one."""
        return None if self._queued is None or self._queued.ended is not None else self._queued.t

    def running(self, now: int) -> int:
        """Nanoseconds in which the app was inside its call and in no receive or send of the outermost layer."""
        if not self._state or self._state[0] == NOT_BEGUN:
            return 0
        end = self._exited if self._state[0] == ENDED else max(now, self.last)
        waiting = 0 if self._suspended_since is None else max(0, end - self._suspended_since)
        return max(0, end - self.called - self._suspended - waiting)

    def add(self, event: Event) -> None:
        """Take in the next event of the connection."""
        if event.ev == Ev.SITE:
            return  # it says more of the call that follows, and is no step of its own
        self.conn = event.conn if self.conn is None else self.conn
        if self.last_seq is None:
            self.began = self.last = event.t
        elif event.t - self.last > PAUSE:
            self._pause(event)
        layer = max(0, min(event.layer or 0, MOST_LAYERS - 1))
        match event.ev:
            case Ev.SCOPE:
                self._begin(event, layer)
            case Ev.RECEIVE_BEGIN:
                self._put(self._call("receive", event, layer), Edge.CALLED, event)
            case Ev.SEND_BEGIN:
                self._send(event, layer)
            case Ev.RECEIVE_END:
                self._received(event, layer)
            case Ev.SEND_END:
                self._sent(event, layer)
            case Ev.EXIT | Ev.WSGI_EXIT:
                self._exit(event, layer)
            case Ev.WSGI_QUEUED | Ev.WSGI_ENVIRON | Ev.WSGI_START_RESPONSE | Ev.WSGI_CHUNK:
                self._add_wsgi(event, layer)
            case Ev.STEP_BEGIN | Ev.STEP_END if event.get("at") is None:  # that it goes on, and its end, other rows tell
                self._spells.took(event)
            case _:
                self._point(event, layer)
        self.last = max(self.last, event.t)
        self.last_seq = event.seq

    # -- what each event means -------------------------------------------------------------------------------------

    def _point(self, event: Event, layer: int) -> Step:
        step = Step(event.ev, layer, event.seq, event.t)
        step.fields = event.fields
        if (took := self._spells.took(event)) is not None:
            step.t, step.ended = event.t - took, event.t
        self._put(step, Edge.POINT, event)
        return step

    def _put(self, step: Step, edge: Edge, event: Event) -> None:
        self._rows.put(self._moment(step, edge, event))

    def _moment(self, step: Step, edge: Edge, event: Event) -> Moment:
        return Moment(step, edge, event.seq, event.t, self.state)

    def _pause(self, event: Event) -> None:
        step = Step("pause", 0, event.seq, self.last)
        step.ended = event.t
        self._rows.put(Moment(step, Edge.PAUSE, event.seq, self.last, self.state))

    def _begin(self, event: Event, layer: int) -> None:
        scope = event.get("scope")
        self._enter(layer, event.t)
        if self.scope is None and isinstance(scope, Mapping):
            kind = scope.get("type")
            self.scope, self.kind = scope, kind if isinstance(kind, str) else None
        if isinstance(scope, Mapping) and is_compressed(scope.get("headers")):
            self._encoded.add(("receive", layer))
        self._request(self._point(event, layer))

    def _request(self, step: Step) -> None:
        if step.layer == 0 and self.first is None:
            self.first = step

    def _add_wsgi(self, event: Event, layer: int) -> None:
        match event.ev:
            case Ev.WSGI_QUEUED if self._queued is None:
                self._get_in_line(event, layer)
            case Ev.WSGI_QUEUED:
                self._point(event, layer)
            case Ev.WSGI_ENVIRON:
                self._take_environ(event, layer)
            case _:
                self._give(event, layer)

    def _get_in_line(self, event: Event, layer: int) -> None:
        self.kind = self.kind or "wsgi"
        self._deepen(layer)
        self._queued = self._point(event, layer)
        self._request(self._queued)

    def _take_environ(self, event: Event, layer: int) -> None:
        self._enter(layer, event.t)
        if self._queued is not None and self._queued.ended is None:
            self._queued.ended = event.t
        environ = event.get("environ")
        if self.scope is None and isinstance(environ, Mapping):
            self.scope = scope_of(environ)
        self.kind = self.kind or "wsgi"
        self._request(self._point(event, layer))

    def _give(self, event: Event, layer: int) -> None:
        """A WSGI app gives something: that takes no time that could be told."""
        self._enter(layer, event.t)
        step = Step("send", layer, event.seq, event.t)
        step.end_seq, step.ended = event.seq, event.t
        self._carry(step, given_in(event))
        self._put(step, Edge.MESSAGE, event)

    def _exit(self, event: Event, layer: int) -> None:
        self._enter(layer, event.t)
        again = self._state[layer] == ENDED
        if layer == 0 and not again:
            self._resume(event.t)
            self._exited = event.t
        self._state[layer] = ENDED
        step = self._point(event, layer)
        error = event.get("error")
        if layer == 0 and not again and event.get("outcome") == "raised" and isinstance(error, Mapping):
            step.parts = parse(text_of(error.get("traceback")))
            self.exits.append(len(self.items) - 1)

    def _call(self, what: str, event: Event, layer: int) -> Step:
        self._enter(layer, event.t)
        step = Step(what, layer, event.seq, event.t)
        calls = self.open[layer]
        if len(calls) >= MOST_OPEN_CALLS:
            del calls[next(iter(calls))]
        calls[what, event.call] = step
        if layer == 0 and self._suspended_since is None and self._state[0] != ENDED:
            self._suspended_since = event.t
        self._count_open(layer)
        return step

    def _back(self, what: str, event: Event, layer: int) -> Step:
        """The step that ends with this event; one of its own when its begin was not recorded."""
        self._enter(layer, event.t)
        step = self.open[layer].pop((what, event.call), None)
        if step is None:
            step = Step(what, layer, event.seq, event.t)
        elif layer == 0 and not self.open[0]:
            self._resume(event.t)
        step.end_seq, step.ended = event.seq, event.t
        self._count_open(layer)
        if event.get("cancelled") or event.get("raised") is not None:
            step.fields = event.fields
        return step

    def _send(self, event: Event, layer: int) -> None:
        step = self._call("send", event, layer)
        self._carry(step, event.get("message"))
        self._put(step, Edge.MESSAGE, event)

    def _received(self, event: Event, layer: int) -> None:
        step = self._back("receive", event, layer)
        if not step.broke:
            self._carry(step, event.get("message"))
        last = self._rows.last_moment()
        step.apart = step.seq != event.seq and not (last is not None and last.step is step)
        moment = self._moment(step, Edge.MESSAGE, event)
        self._rows.take_back_call(moment)
        self._rows.put(moment)

    def _sent(self, event: Event, layer: int) -> None:
        step = self._back("send", event, layer)
        if step.waited or step.broke or step.seq == event.seq:
            self._put(step, Edge.BACK, event)

    def _carry(self, step: Step, message: Any) -> None:
        step.message = shortened_message(message)
        if not isinstance(message, Mapping):
            return
        if step.what == "send" and is_compressed(message.get("headers")):
            self._encoded.add((step.what, step.layer))
        step.compressed = (step.what, step.layer) in self._encoded
        match step.what, message.get("type"):
            case ("send", "websocket.accept" | "websocket.http.response.start"):
                self._accepted = True
            case ("send", "websocket.close"):
                step.lead = "" if self._closed else APP_CLOSES if self._accepted else APP_REFUSES
                self._closed = self._closed or step.layer == 0
            case ("receive", "websocket.disconnect"):
                step.lead = CLOSED if self._closed else _closer(message.get("code"))
                self._closed = self._closed or step.layer == 0
            case _:
                pass

    # -- who is where ----------------------------------------------------------------------------------------------

    def _deepen(self, layer: int) -> None:
        while len(self._state) <= layer:
            self._state.append(NOT_BEGUN)
            self.open.append({})

    def _enter(self, layer: int, t: int) -> None:
        self._deepen(layer)
        if self._state[layer] == NOT_BEGUN:
            self._state[layer] = 0
            if layer == 0:
                self.called = t

    def _count_open(self, layer: int) -> None:
        if self._state[layer] != ENDED:
            self._state[layer] = len(self.open[layer])

    def _resume(self, t: int) -> None:
        if self._suspended_since is not None:
            self._suspended += max(0, t - self._suspended_since)
            self._suspended_since = None


def steps(events: Iterable[Event]) -> list[Step]:
    """What one connection did, from its own events in order."""
    return list(Steps(events))


def text_of(value: Any) -> str:
    """A frozen text as far as it was kept; empty for anything else."""
    if isinstance(value, Mapping):
        value = value.get("$text")
    return value if isinstance(value, str) else ""


def _closer(code: Any) -> str:
    """Who ended a conversation that the app did not end."""
    if code == SERVICE_RESTART:
        return SERVER_CLOSES
    return CLIENT_GONE if code == _LOST else CLIENT_CLOSES
