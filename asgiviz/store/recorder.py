"""The recorder: an append-only run of events, bounded in number and bytes, read by cursor from any thread.

Emitting is one `list.extend` of six atoms: no object per event stays, so nothing is left for the garbage collector to
visit. A keeper thread packs what has come in into `marshal` blocks and, beyond the bounds, lets the oldest blocks go.
A connection that is still open then keeps its events as long as there is room, and its scope (or environ) always.
"""

from __future__ import annotations

import marshal
import threading
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import perf_counter_ns
from typing import Any

from asgiviz.model.events import BEGINNINGS, ENDINGS, GAP, LARGE, Emit, Event, Raw, expand
from asgiviz.model.values import freeze, kept_length
from asgiviz.store.numbering import Numbering

#: Events kept in memory, and bytes of them as they are packed.
MAX_EVENTS = 200_000
MAX_BYTES = 256 * 1024 * 1024
#: Events in a block. Packing one holds the interpreter for well under a millisecond.
BLOCK = 512
#: Blocks are compressed, the oldest first, when more bytes than this are kept: what fits easily is not worth the time.
ROOMY = 48 * 1024 * 1024
#: Blocks with more bytes an event than this hold bodies and are not worth compressing.
COMPRESS_BELOW = 512
#: Blocks that stay open after they were read.
OPENED = 6
#: How often the keeper looks, in seconds: when events come in, and when none do.
BUSY, QUIET = 0.02, 0.25

_VERSION = 2  # of marshal: without back references, which cost time and save nothing after compression
_WIDTH = 6  # atoms of an event
_EVENT_BYTES = 100  # of an event that is kept as it came, beside its body

Numbered = tuple[int, Raw]


@dataclass(slots=True)
class _Block:
    """Events `first` to `last`, packed; large bodies stay as they came (`loose`), because copying them would take long.

    `open` are the connections that have events here and were open at its end; `size` is about how many bytes it holds.
    """

    first: int
    last: int
    data: bytes
    loose: list[Any] | None
    size: int
    open: frozenset[int]
    compressed: bool = False

    def load(self) -> list[Raw]:
        if self.loose is not None:
            return events_of(self.loose)
        return events_of(marshal.loads(zlib.decompress(self.data) if self.compressed else self.data))

    def compress(self) -> None:
        """Hold the same events in fewer bytes, if that is worth it."""
        if self.loose is None and len(self.data) < COMPRESS_BELOW * (self.last - self.first + 1):
            self.data = zlib.compress(self.data, 1)
            self.compressed = True
            self.size = len(self.data)


def events_of(atoms: list[Any]) -> list[Raw]:
    """Raw events from a flat run of their atoms."""
    columns = iter(atoms)
    return list(zip(columns, columns, columns, columns, columns, columns, strict=True))


def size_of(atoms: list[Any]) -> int:
    """About how many bytes a run of atoms with large bodies holds."""
    messages = (payload for kind, payload in zip(atoms[1::_WIDTH], atoms[5::_WIDTH], strict=True) if kind in LARGE)
    return _EVENT_BYTES * len(atoms) // _WIDTH + sum(kept_length(value) for message in messages for value in message.values())


def packed(atoms: list[Any]) -> bytes:
    """Atoms as marshal keeps them; a payload that nobody has frozen is frozen now, so that it cannot stop the keeper."""
    try:
        return marshal.dumps(atoms, _VERSION)
    except ValueError:
        return marshal.dumps([freeze(atom) for atom in atoms], _VERSION)


def _last_seq(block: _Block) -> int:
    return block.last


def _seq_of(item: Numbered) -> int:
    return item[0]


class Recorder:
    """Keeps raw events; `emit` takes one, `cursor()` reads them as they come.

    `max_events` and `max_bytes` bound what is kept, to within a block. `started` and `epoch` are the same moment on the
    wall clock and on the clock of the events.
    """

    def __init__(self, max_events: int = MAX_EVENTS, max_bytes: int = MAX_BYTES) -> None:
        self.started = datetime.now(UTC)
        self.epoch = perf_counter_ns()
        #: what events are called that come from a file
        self.numbering = Numbering()
        self._fresh: list[Any] = []  # atoms, six an event
        #: Takes one raw event; a bound `list.extend`, safe from any thread.
        self.emit: Emit = self._fresh.extend
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._blocks: list[_Block] = []
        self._packed = 0  # seq of the last packed event
        self._block_bytes = 0
        self._compressed = 0  # how many of the oldest blocks were compressed or are not worth it
        self._live: set[int] = set()  # connections that were open when the last block was packed
        self._evicted = 0  # all events up to this seq are gone, but for `_open`
        self._open: dict[int, list[tuple[int, bytes]]] = {}  # evicted events of connections that are not over
        self._open_count = 0
        self._open_bytes = 0
        self._opened: dict[int, list[Raw]] = {}  # first seq of a block -> its events
        self._closed = threading.Event()
        self._keeper: threading.Thread | None = None

    def start(self) -> Recorder:
        """Begin to pack and to bound, in a thread of its own; gives back itself."""
        if self._keeper is None:
            self._keeper = threading.Thread(target=self._keep, name="asgiviz-keeper", daemon=True)
            self._keeper.start()
        return self

    def close(self) -> None:
        """End the keeper's thread; what is recorded stays readable."""
        self._closed.set()
        if self._keeper is not None and self._keeper is not threading.current_thread():
            self._keeper.join()

    def __len__(self) -> int:
        """How many events were emitted so far, kept or not."""
        with self._lock:
            return self._packed + len(self._fresh) // _WIDTH

    @property
    def kept(self) -> int:
        """How many events are in memory."""
        with self._lock:
            return self._packed - self._evicted + self._open_count + len(self._fresh) // _WIDTH

    @property
    def oldest(self) -> int:
        """The number from which on all events are in memory."""
        with self._lock:
            return self._evicted + 1

    @property
    def unfinished(self) -> frozenset[int]:
        """Connections that are not over and have events from before `oldest`; what is left of those is kept."""
        with self._lock:
            return frozenset(self._open)

    @property
    def bytes_kept(self) -> int:
        """Bytes of the packed events in memory."""
        with self._lock:
            return self._block_bytes + self._open_bytes

    def cursor(self, after: int = 0) -> Cursor:
        """A reader that begins behind event `after`."""
        return Cursor(self, after)

    # -- keeping ---------------------------------------------------------------------------------------------------

    def _keep(self) -> None:
        while not self._closed.wait(BUSY if self.tidy() else QUIET):
            pass
        self.tidy()

    def tidy(self) -> bool:
        """Pack what has come in and keep to the bounds; True when there was something to pack."""
        any_packed = False
        while self._pack_one():
            any_packed = True
            while self._evict_one() or self._compress_one():
                pass
        return any_packed

    def _pack_one(self) -> bool:
        with self._lock:
            if len(self._fresh) < BLOCK * _WIDTH:
                return False
            atoms = self._fresh[: BLOCK * _WIDTH]
        kinds = atoms[1::_WIDTH]
        large = any(kind in kinds for kind in LARGE)
        data = b"" if large else packed(atoms)
        size = size_of(atoms) if large else len(data)
        touched = self._follow_connections(kinds, atoms[2::_WIDTH])
        with self._lock:
            del self._fresh[: BLOCK * _WIDTH]
            block = _Block(self._packed + 1, self._packed + BLOCK, data, atoms if large else None, size, touched)
            self._blocks.append(block)
            self._packed += BLOCK
            self._block_bytes += size
        return True

    def _follow_connections(self, kinds: list[int], conns: list[int | None]) -> frozenset[int]:
        """Keep `_live` up to date; gives the connections of a block that are open at its end."""
        live = self._live
        for kind, conn in zip(kinds, conns, strict=True):
            if kind in BEGINNINGS:
                live.add(conn)  # type: ignore[arg-type]  # what begins has a connection
            elif kind in ENDINGS:
                live.discard(conn)
        return frozenset(live.intersection(conns))

    def _compress_one(self) -> bool:
        """Compress the oldest block that is not, if there is much in memory."""
        with self._lock:
            if self._block_bytes <= ROOMY or self._compressed == len(self._blocks):
                return False
            block = self._blocks[self._compressed]
        before = block.size
        smaller = replace(block)
        smaller.compress()
        with self._lock:
            self._blocks[self._compressed] = smaller
            self._compressed += 1
            self._block_bytes += smaller.size - before
        return True

    def _evict_one(self) -> bool:
        """Let the oldest block go if the bounds ask for it; what belongs to an open connection stays in `_open`.

        Of connections that have finished nothing is looked at: the block that holds their exit goes later, as a whole.
        """
        with self._lock:
            count = self._packed - self._evicted + self._open_count
            if not self._blocks or (count <= self._max_events and self._block_bytes + self._open_bytes <= self._max_bytes):
                return False
            block = self._blocks[0]
        kept = block.open & (self._live | self._open.keys())
        raws = block.load() if kept or self._open else []
        with self._lock:
            for seq, raw in enumerate(raws, block.first):
                conn = raw[2]
                if conn in kept:
                    self._keep_open(conn, seq, raw)
                elif raw[1] in ENDINGS and conn in self._open:
                    self._forget(conn)
            del self._blocks[0]
            self._compressed = max(0, self._compressed - 1)
            self._block_bytes -= block.size
            self._evicted = block.last
            if self._open_count > self._max_events // 2 or self._open_bytes > self._max_bytes // 2:
                self._keep_scopes_only()
        return True

    def _keep_open(self, conn: int, seq: int, raw: Raw) -> None:
        if raw[1] in BEGINNINGS or conn in self._open:
            data = packed(list(raw))
            self._open.setdefault(conn, []).append((seq, data))
            self._open_count += 1
            self._open_bytes += len(data)

    def _forget(self, conn: int) -> None:
        for _, data in self._open.pop(conn):
            self._open_count -= 1
            self._open_bytes -= len(data)

    def _keep_scopes_only(self) -> None:
        """Open connections alone fill half of the room: of their evicted events only the scopes stay."""
        for conn, events in self._open.items():
            # a connection's first event is its scope; that of a request that stood in line comes before its environ
            began = [(seq, data) for seq, data in events[:2] if marshal.loads(data)[1] in BEGINNINGS]
            self._open[conn] = began
            self._open_count -= len(events) - len(began)
            self._open_bytes -= sum(len(data) for _, data in events) - sum(len(data) for _, data in began)

    # -- reading ---------------------------------------------------------------------------------------------------

    def take(self, after: int, most: int) -> list[Numbered]:
        """At least one and about `most` events behind `after`, in order; a GAP stands for those that are gone."""
        with self._lock:
            if after < self._evicted:
                return self._with_gap(self._survivors(after), after)
            if after >= self._packed:
                start = (after - self._packed) * _WIDTH
                atoms = self._fresh[start : start + most * _WIDTH]
                return list(enumerate(events_of(atoms), after + 1))
            block = self._blocks[bisect_right(self._blocks, after, key=_last_seq)]
        return list(enumerate(block.load(), block.first))[after + 1 - block.first :]

    def read(self, seqs: Sequence[int]) -> list[Numbered]:
        """The events with these numbers, in order, as far as they are still there; each block is opened once."""
        found: list[Numbered] = []
        place = 0
        while place < len(seqs):
            block = self._opened_block(seqs[place])
            if block is None:
                numbered, last = self._outside_blocks(seqs[place])
                end = bisect_right(seqs, last, place)
                wanted = set(seqs[place:end])
                found += [item for item in numbered if item[0] in wanted]
            else:
                first, raws = block
                end = bisect_right(seqs, first + len(raws) - 1, place)
                found += [(seq, raws[seq - first]) for seq in seqs[place:end]]
            place = end
        return found

    def _opened_block(self, seq: int) -> tuple[int, list[Raw]] | None:
        """The packed block that holds an event, opened: its first seq and all its events. None: it is in no such block.

        The last few stay open, because what a screen shows lies in few blocks and is asked for connection by connection.
        """
        with self._lock:
            if not self._evicted < seq <= self._packed:
                return None
            block = self._blocks[bisect_left(self._blocks, seq, key=_last_seq)]
        raws = self._opened.pop(block.first, None) or block.load()
        self._opened[block.first] = raws
        for first in list(self._opened)[:-OPENED]:
            self._opened.pop(first, None)  # another thread may have done it
        return block.first, raws

    def _outside_blocks(self, seq: int) -> tuple[list[Numbered], int]:
        """The events from `seq` on that are kept of the evicted, or that are not packed yet; and up to where that goes.

        Up to the number before, when the event was packed this very moment.
        """
        with self._lock:
            if seq <= self._evicted:
                return self._survivors(seq - 1), self._evicted
            if seq <= self._packed:
                return [], seq - 1
            start = (seq - self._packed - 1) * _WIDTH
            atoms = self._fresh[start : start + BLOCK * _WIDTH]
        return list(enumerate(events_of(atoms), seq)), seq + BLOCK - 1

    def packed_block(self, after: int) -> tuple[int, int, bytes] | None:
        """The block that holds event `after` + 1, as it is packed: its first and last seq and all its atoms.

        None when that event is not in such a block: `take` has it.
        """
        with self._lock:
            if not self._evicted <= after < self._packed:
                return None
            block = self._blocks[bisect_right(self._blocks, after, key=_last_seq)]
        if block.loose is not None:
            return None
        return block.first, block.last, zlib.decompress(block.data) if block.compressed else block.data

    def _survivors(self, after: int) -> list[Numbered]:
        """What is left of the evicted events behind `after`."""
        kept = sorted((seq, data) for events in self._open.values() for seq, data in events if seq > after)
        return [(seq, tuple(marshal.loads(data))) for seq, data in kept]

    def _with_gap(self, numbered: list[Numbered], after: int) -> list[Numbered]:
        """The survivors behind `after`, and a gap event that counts the others."""
        dropped = self._evicted - after - len(numbered)
        if not dropped:
            return numbered
        seqs = {seq for seq, _ in numbered}
        last = self._evicted
        while last in seqs:
            last -= 1
        before = [raw[0] for seq, raw in numbered if seq < last]
        gap: Raw = (before[-1] if before else self.epoch, GAP, None, None, None, {"dropped": dropped})
        return sorted([*numbered, (last, gap)], key=_seq_of)


class Cursor:
    """Reads a recorder from one place on; each reader has its own."""

    def __init__(self, recorder: Recorder, after: int = 0) -> None:
        self.recorder = recorder
        #: seq of the last event that was read
        self.seq = after

    def take(self, most: int = BLOCK) -> list[Numbered]:
        """The next raw events with their numbers, about `most` of them; empty when there are none yet."""
        numbered = self.recorder.take(self.seq, most)
        if numbered:
            self.seq = numbered[-1][0]
        return numbered

    def __iter__(self) -> Iterator[Event]:
        """All events up to now."""
        while numbered := self.take():
            for seq, raw in numbered:
                yield expand(seq, raw, self.recorder.epoch)
