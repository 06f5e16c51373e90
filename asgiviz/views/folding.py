"""The rows of a sequence, folded as they come: alike messages in a row become one, each at a constant cost."""

from __future__ import annotations

from bisect import bisect_right

from asgiviz.model.connection import MOST_OPEN_CALLS
from asgiviz.model.events import Ev
from asgiviz.views.steps import Alike, Edge, Fold, Item, Moment, alike

#: What is folded -> how many in a row make a fold.
FOLDED = {
    "http.request": 4,
    "http.response.body": 4,
    "websocket.http.response.body": 4,
    "websocket.receive": 21,
    "websocket.send": 21,
    "wsgi.chunk": 4,
}


class _Run:
    """Rows from `start` on that may become a fold: of one kind, or so far only of receives that were called."""

    __slots__ = ("count", "kind", "start")

    def __init__(self, start: int, layer: int) -> None:
        self.start = start
        self.kind: Alike = ("receive", layer, None)
        self.count = 0

    def takes(self, kind: Alike) -> bool:
        return self.kind[:2] == kind[:2] and (self.kind[2] is None or kind[2] is None or self.kind[2] == kind[2])


class Rows:
    """`items` are the moments and folds so far, ordered by `seq`."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._run: _Run | None = None

    def put(self, moment: Moment) -> None:
        """Add a row, and fold it into the run before it when it continues that."""
        step, edge, run, kind = moment.step, moment.edge, self._run, alike(moment.step)
        if edge is Edge.PAUSE or step.what == Ev.STEP_END:
            self.items.append(moment)  # whether the run goes on is for the row behind it to say
            return
        if step.what not in ("receive", "send") or step.broke or (edge is not Edge.CALLED and kind[2] not in FOLDED):
            self._run = run = None
        elif run is None or not run.takes(kind):
            self._run = run = _Run(len(self.items), step.layer)
        self.items.append(moment)
        if run is None or edge is Edge.CALLED:
            return
        run.kind = kind
        run.count += edge is Edge.MESSAGE
        if run.count >= FOLDED[str(kind[2])]:
            self._fold(run.start)

    def take_back_call(self, moment: Moment) -> None:
        """Take the last row away when it only says that a receive was called which has come back at once."""
        last = self.last_moment()
        if last is not None and last.step is moment.step and last.edge is Edge.CALLED and not moment.step.waited:
            self.items.pop()

    def last_moment(self) -> Moment | None:
        """The last row before any pause, if it is a moment."""
        for item in reversed(self.items[-2:]):
            if isinstance(item, Fold):
                return None
            if item.edge is not Edge.PAUSE:
                return item
        return None

    def _fold(self, start: int) -> None:
        moments = [item for item in self.items[start:] if isinstance(item, Moment)]
        first = self.items[start]
        if isinstance(first, Fold):
            first.absorb(moments)
        else:
            first = Fold(moments)
        self.items[start:] = [first]

    def place_of(self, seq: int) -> int:
        """Where in `items` the event `seq` is shown; the nearest row before it when it has none."""
        place = bisect_right(self.items, seq, key=_seq_of) - 1
        for nearby in range(place, max(-1, place - MOST_OPEN_CALLS), -1):
            item = self.items[nearby]
            if isinstance(item, Fold):
                break
            if seq in item.step.seqs:
                return nearby
        return max(0, place)


def _seq_of(item: Item) -> int:
    return item.seq
