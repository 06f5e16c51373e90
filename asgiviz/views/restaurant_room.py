"""Who is where in the restaurant at a moment, and a sentence about it: guests are clients, waiters threads or the one loop.

Nothing is made up: a guest is at a table when the app has been called for it, a waiter sleeps when a callback holds the loop.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from asgiviz.course.run_record import RunRecord, SideRecord
from asgiviz.views.client_lanes import IN_APP, WAITING, ClientLane, Hold, Phase, holds_of, is_wsgi, lanes_of, since
from asgiviz.views.lane_bars import turns
from asgiviz.views.spans import Role
from asgiviz.views.text import counted, fit, number

#: What a line of code calls.
_CALL = re.compile(r"[A-Za-z_][\w.]*(?=\()")
#: Waiters that are drawn at most.
MOST_WAITERS = 200


@dataclass(frozen=True)
class Waiter:
    """A waiter at a moment. `table` is where it is, or (`free`) where it was last; `hold` what it sleeps in."""

    table: int | None
    free: bool = False
    hold: Hold | None = None


@dataclass(frozen=True)
class Room:
    """The dining room of one side at a moment."""

    record: RunRecord
    side: SideRecord
    at: int | None
    guests: list[ClientLane]
    waiters: list[Waiter]

    @property
    def in_line(self) -> list[ClientLane]:
        """Who stands at the door."""
        return [guest for guest in self.guests if guest.came is not None and guest.done is None and guest.phase in WAITING]

    @property
    def seated(self) -> list[ClientLane]:
        """Who has a table: somebody has begun with it."""
        there = [guest for guest in self.guests if guest.came is not None and guest.done is None]
        return [guest for guest in there if guest.phase in IN_APP or guest.phase is Phase.ANSWER]

    @property
    def gone(self) -> list[ClientLane]:
        """Who has left."""
        return [guest for guest in self.guests if guest.done is not None]

    @property
    def cooking(self) -> list[ClientLane]:
        """Whose food is in the kitchen: whose handler has begun and is neither done nor sleeping."""
        return [guest for guest in self.seated if guest.phase in IN_APP and guest.phase is not Phase.HELD]


def room_of(record: RunRecord, side: SideRecord, at: int | None = None) -> Room:
    """The room at a moment (None: as far as is known)."""
    now = since(record, record.last) if at is None else at
    guests = lanes_of(record, side, at)
    waiters = _threads(side, guests) if is_wsgi(side) else [_loop(record, side, guests, now)]
    return Room(record, side, at, guests, waiters)


def sentence(room: Room) -> tuple[str, Role]:
    """What goes on, in a sentence or two, for somebody who has never heard of any of it."""
    line, seated, gone, guests = len(room.in_line), len(room.seated), len(room.gone), len(room.guests)
    waiting = f" {number(line)} in line." if line else " Nobody stands in line."
    asleep = next((waiter for waiter in room.waiters if waiter.hold is not None), None)
    if not line and not seated and not gone:
        return "The restaurant is open. No guest has come yet.", Role.QUIET
    if not line and not seated and gone == guests:
        last = max((guest.done for guest in room.gone if guest.done is not None), default=0)
        return f"{_everybody(guests)} has been served, the last one after {last / 1e9:.2f} s.", Role.SEND
    if asleep is not None and asleep.hold is not None:
        others = f" {number(line)} {'waits' if line == 1 else 'wait'} at the door." if line else ""
        return f"The waiter {_sleeps(asleep.hold)} at table {_table(asleep)}{_where(asleep.hold)}.{others}", Role.ERROR
    if not is_wsgi(room.side):
        went = f"The waiter has taken {counted(seated, 'order')} and walks on" if seated else "The waiter is free"
        return f"{went}.{waiting}", Role.PLAIN
    busy = [waiter for waiter in room.waiters if not waiter.free]
    if not busy:
        return f"{counted(len(room.waiters), 'waiter').capitalize()} free.{waiting}", Role.PLAIN
    if len(busy) == 1 == len(room.waiters):
        return f"The waiter stands still at table {_table(busy[0])} until the dish is there.{waiting}", Role.PLAIN
    if len(busy) == len(room.waiters):
        return f"All {number(len(busy))} waiters stand still until a dish is there.{waiting}", Role.PLAIN
    stay = f"{counted(len(busy), 'waiter')} {'stands' if len(busy) == 1 else 'stand'}"
    return f"{stay} still until a dish is there, {number(len(room.waiters) - len(busy))} free.{waiting}", Role.PLAIN


# -- who is where ------------------------------------------------------------------------------------------------------


def _threads(side: SideRecord, guests: Sequence[ClientLane]) -> list[Waiter]:
    """A waiter for each thread: those that serve, then those that have nothing to do."""
    serving = [Waiter(guest.number) for guest in guests if guest.phase is Phase.RUNNING and guest.done is None]
    threads = side.facts.get("threads")
    count = max(len(serving), min(threads, MOST_WAITERS) if type(threads) is int else 1)
    return [*serving[:count], *[Waiter(None, free=True)] * (count - len(serving))]


def _loop(record: RunRecord, side: SideRecord, guests: Sequence[ClientLane], now: int) -> Waiter:
    """The one waiter: asleep, at a table, or on its way from the last one."""
    whose = {conn: guest.number for guest in guests for conn in guest.conns}
    for hold in holds_of(record, side, now):
        if hold.began <= now < hold.ended:
            return Waiter(None if hold.conn is None else whose.get(hold.conn), hold=hold)
    running = next((guest.number for guest in guests if guest.phase is Phase.RUNNING), None)
    if running is not None:
        return Waiter(running)
    taken = turns(record, side, now)
    there = any(guest.done is None and guest.came is not None for guest in guests)
    return Waiter(taken[-1][1] if taken and there else None, free=True)


def _everybody(guests: int) -> str:
    return "The guest" if guests == 1 else f"Each of the {number(guests)} guests"


def _sleeps(hold: Hold) -> str:
    return "sleeps" if "sleep" in hold.code else "is stuck"


def _table(waiter: Waiter) -> str:
    return "?" if waiter.table is None else number(waiter.table)


def _where(hold: Hold) -> str:
    """`` (time.sleep, app.py:7)``, as far as it is known."""
    if not hold.file:
        return ""
    place = f"{fit(hold.file.replace(chr(92), '/').rsplit('/', 1)[-1], 40)}:{number(hold.line)}"
    call = _CALL.search(hold.code)
    return f" ({fit(call[0], 30)}, {place})" if call else f" ({place})"
