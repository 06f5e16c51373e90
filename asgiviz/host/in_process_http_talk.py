"""A client's side of HTTP on one connection of the server without sockets: requests out, answers in, in the order of asking."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from time import monotonic, perf_counter_ns
from typing import NamedTuple

from asgiviz.host.in_process_caller import Caller
from asgiviz.host.in_process_http import HttpLine
from asgiviz.host.in_process_patience import Patience
from asgiviz.host.in_process_scope import http_scope
from asgiviz.traffic.forms import PIECE, pieces
from asgiviz.traffic.patience import EnoughError
from asgiviz.traffic.seen import KEPT_BODY, Ending, Exchange, Reporter, Seen, TrafficError
from asgiviz.traffic.steps import Read, Request


class _Asked(NamedTuple):
    """A request whose answer has not been read."""

    line: HttpLine
    seen: Exchange


class HttpTalk:
    """The requests and answers on one connection. `ended`: the client has left it."""

    def __init__(self, server: Caller, seen: Seen, reporter: Reporter, patience: Patience) -> None:
        self.ended = False
        self._server = server
        self._port = server.port()
        self._seen = seen
        self._reporter = reporter
        self._patience = patience
        self._asked: deque[_Asked] = deque()
        self._lines: list[HttpLine] = []

    async def ask(self, request: Request) -> None:
        """Send a request, part by part. The app is called for it as soon as the answers before it are over."""
        line = HttpLine(http_scope(request, self._port, self._server.shared))
        asked = _Asked(line, Exchange(request.method, request.path))
        self._asked.append(asked)
        self._seen.exchanges.append(asked.seen)
        self._server.call(line, self._lines[-1] if self._lines else None)
        self._lines.append(line)
        total = 0
        for number, (piece, more) in enumerate(_pieces(request)):
            if number:
                await self._patience.sleep(request.gap)
            total += len(piece)
            await self._patience.wait(line.feed(piece, more))
        asked.seen.sent_at = perf_counter_ns()
        self._reporter.say("sent", bytes=total, text=f"{request.method} {request.path}")

    async def read(self, step: Read) -> None:
        """Read answers as the step says. What the app does to them is seen, not raised; silence raises TimeoutError."""
        until = None if step.lasting is None else monotonic() + step.lasting
        for _ in range(step.count):
            if not self._asked:
                raise TrafficError("there is no answer to read: no request waits for one")
            asked = self._asked[0]
            try:
                whole = await self._read_one(asked, step, until)
            except EnoughError:
                whole = False
            except TimeoutError:
                self._finish(asked, Ending.TIMED_OUT)
                raise
            if not whole:
                self._report(asked.seen)
                return
            self._finish(asked, Ending.CUT if asked.line.cut else Ending.COMPLETE)

    def half_close(self) -> None:
        """Send no more: a request that is not whole will not be."""
        if self._lines:
            self._lines[-1].leave_off()

    def leave(self) -> None:
        """The client goes: answers that have not come whole will not come any more."""
        self.ended = True
        for asked in self._asked:
            asked.seen.ending = Ending.LEFT
        self._asked.clear()
        for line in self._lines:
            line.leave()

    async def _read_one(self, asked: _Asked, step: Read, until: float | None) -> bool:
        """Read up to the end of this answer (true) or as far as the step goes (false)."""
        line, seen = asked
        while True:
            if line.head is not None and seen.status is None:
                seen.status, seen.headers = line.head
                seen.interim += line.interim
            if step.until is not None and seen.status is not None and seen.length >= step.until:
                return False
            most = step.piece or PIECE
            data = line.take(most if step.until is None else max(min(most, step.until - seen.length), 1))
            if data:
                self._note(seen, data)
                if step.gap:
                    await self._patience.sleep(step.gap if until is None else max(min(step.gap, until - monotonic()), 0))
            elif line.drained:
                return True
            else:
                await self._patience.wait(line.changed.wait(), until)

    def _note(self, seen: Exchange, data: bytes) -> None:
        seen.last_byte_at = perf_counter_ns()
        if seen.first_byte_at is None:
            seen.first_byte_at = seen.last_byte_at
            self._reporter.say("first_byte", at=seen.first_byte_at, text=f"{seen.method} {seen.path}")
        seen.length += len(data)
        seen.body += data[: KEPT_BODY - len(seen.body)]

    def _finish(self, asked: _Asked, ending: Ending) -> None:
        asked.seen.ending = ending
        self._asked.remove(asked)
        self._report(asked.seen)
        if ending is not Ending.COMPLETE:
            self.leave()
            self._reporter.say("closed", by="client" if ending is Ending.TIMED_OUT else "server", how=ending.value)

    def _report(self, seen: Exchange) -> None:
        text = f"{seen.method} {seen.path}"
        self._reporter.say("received", text=text, status=seen.status, bytes=seen.length, ending=seen.ending.value)


def _pieces(request: Request) -> Iterator[tuple[bytes, bool]]:
    """The body as a server reads it: each part on its own when there is a gap between them, or they are chunks."""
    parts = [piece for part in request.body for piece in pieces(part)]
    if not request.gap and not request.chunked and sum(map(len, parts)) <= PIECE:
        parts = [b"".join(parts)]
    left = None if request.send_only is None else request.send_only
    for number, part in enumerate(parts or [b""]):
        if left is None:
            yield part, number < len(parts) - 1
        elif kept := part[:left]:
            left -= len(kept)
            yield kept, True
