"""A client's side of HTTP/1.1 on one connection: requests out, answers in, in the order of asking. The parsing is h11's."""

from __future__ import annotations

import string
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, perf_counter_ns
from typing import Any
from urllib.parse import quote

import h11

from asgiviz.traffic.forms import PIECE, Bytes, length, pieces
from asgiviz.traffic.patience import EnoughError
from asgiviz.traffic.seen import KEPT_BODY, Ending, Exchange, Reporter, Seen, TrafficError
from asgiviz.traffic.steps import Read, Request
from asgiviz.traffic.wire import Wire

_AS_IT_IS = string.ascii_letters + string.digits + string.punctuation
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request whose answer has not been read: its own h11 connection, because h11 does not pipeline on one."""

    parser: h11.Connection
    seen: Exchange


class HttpTalk:
    """The requests and answers on one connection."""

    def __init__(self, wire: Wire, host: str, seen: Seen, reporter: Reporter) -> None:
        self.wire = wire
        self._host = host
        self._seen = seen
        self._reporter = reporter
        self._asked: deque[_Asked] = deque()
        self._unparsed = b""  # what came behind the end of the last answer
        self._eof = False

    # -- asking ----------------------------------------------------------------------------------------------------

    def ask(self, request: Request) -> None:
        """Send a request, part by part. A server that closes meanwhile is noted: it may have answered first."""
        asked = self._begin(request.method, request.path)
        with self._sending(asked):
            for number, burst in enumerate(_bursts(asked.parser, request, self._host)):
                if number:
                    self.wire.patience.sleep(request.gap)
                self._send(burst, f"{request.method} {request.path}" if number == 0 else None)

    def pipeline(self, requests: tuple[Request, ...]) -> None:
        """Send all of the requests in one write."""
        asked = [self._begin(request.method, request.path) for request in requests]
        with self._sending(*asked):
            sent = b"".join(
                piece
                for each, request in zip(asked, requests, strict=True)
                for burst in _bursts(each.parser, request, self._host)
                for piece in burst
            )
            self._send(iter([sent]), f"{len(requests)} requests in one write")

    def send_raw(self, value: Bytes) -> None:
        """Send bytes as they are."""
        with self._sending():
            self._send(pieces(value), "raw bytes")

    def _begin(self, method: str, path: str) -> _Asked:
        asked = _Asked(h11.Connection(h11.CLIENT), Exchange(method, path))
        self._asked.append(asked)
        self._seen.exchanges.append(asked.seen)
        return asked

    @contextmanager
    def _sending(self, *asked: _Asked) -> Iterator[None]:
        try:
            yield
        except (BrokenPipeError, ConnectionResetError):
            for each in asked:
                each.seen.upload_cut = True
        except h11.LocalProtocolError as error:
            raise _not_sent(error) from None
        now = perf_counter_ns()
        for each in asked:
            each.seen.sent_at = now

    def _send(self, burst: Iterator[bytes], text: str | None) -> None:
        """Send a burst in writes of about PIECE bytes."""
        total, held = 0, bytearray()
        for piece in burst:
            held += piece
            if len(held) >= PIECE:
                self.wire.send(bytes(held))
                total, held = total + len(held), bytearray()
        if held:
            self.wire.send(bytes(held))
        self._reporter.say("sent", bytes=total + len(held), text=text)

    # -- reading ---------------------------------------------------------------------------------------------------

    def read(self, step: Read) -> None:
        """Read answers as the step says. What the server does to them is seen, not raised; silence raises TimeoutError."""
        until = None if step.lasting is None else monotonic() + step.lasting
        for _ in range(step.count):
            if self.wire.ended:  # what was still asked has been written down as cut
                return
            asked = self._asked[0] if self._asked else self._begin_unasked()
            try:
                if not self._read_one(asked, step, until):
                    return
            except EnoughError:
                self._report(asked.seen)
                return
            except TimeoutError:
                self._finish(asked, Ending.TIMED_OUT)
                raise
            except ConnectionResetError:
                self._eof = True
                self._finish(asked, Ending.RESET)
            except h11.RemoteProtocolError:
                self._finish(asked, Ending.CUT if self._eof else Ending.GARBLED)

    def leave(self) -> None:
        """The client goes: answers that have not come whole will not come any more."""
        for asked in self._asked:
            asked.seen.ending = Ending.LEFT
        self._asked.clear()

    def _begin_unasked(self) -> _Asked:
        """Something to read an answer into when no request was sent, or a raw one: h11 takes it for the answer to a GET."""
        asked = self._begin("", "")
        asked.parser.send(h11.Request(method="GET", target="/", headers=[("host", "unasked")]))
        asked.parser.send(h11.EndOfMessage())
        return asked

    def _read_one(self, asked: _Asked, step: Read, until: float | None) -> bool:
        """Read up to the end of this answer (true) or as far as the step goes (false)."""
        self._feed(asked)
        while True:
            match asked.parser.next_event():
                case h11.NEED_DATA:
                    if step.until is not None and asked.seen.status is not None and asked.seen.length >= step.until:
                        self._report(asked.seen)
                        return False
                    self._receive(asked, step, until)
                case h11.InformationalResponse(status_code=status):
                    asked.seen.interim.append(status)
                case h11.Response() as response:
                    self._head(asked.seen, response)
                case h11.Data(data=data):
                    asked.seen.length += len(data)
                    asked.seen.body += data[: KEPT_BODY - len(asked.seen.body)]
                case h11.EndOfMessage():
                    self._unparsed = asked.parser.trailing_data[0]
                    self._finish(asked, Ending.COMPLETE)
                    return True
                case other:  # PAUSED behind a switch of protocols: what follows is no HTTP
                    raise TrafficError(f"the server left HTTP behind: {type(other).__name__}")

    def _feed(self, asked: _Asked) -> None:
        """Give the parser what came behind the answer before, once."""
        data, self._unparsed = self._unparsed, b""
        if data:
            self._first_bytes(asked.seen)
            asked.parser.receive_data(data)

    def _receive(self, asked: _Asked, step: Read, until: float | None) -> None:
        most = step.piece or PIECE
        if step.until is not None:  # not a byte more than asked for is taken off the connection
            most = max(min(most, step.until - asked.seen.length), 1)
        if step.gap and asked.seen.first_byte_at is not None:
            self.wire.patience.sleep(step.gap if until is None else max(min(step.gap, until - monotonic()), 0))
        data = self.wire.recv(most, until)
        if data:
            self._first_bytes(asked.seen)
        else:
            self._eof = True
        asked.parser.receive_data(data)

    def _first_bytes(self, seen: Exchange) -> None:
        seen.last_byte_at = self.wire.received_at
        if seen.first_byte_at is None:
            seen.first_byte_at = self.wire.received_at
            self._reporter.say("first_byte", at=seen.first_byte_at, text=_asked_for(seen))

    def _head(self, seen: Exchange, response: h11.Response) -> None:
        seen.status = response.status_code
        seen.headers = [(bytes(name), bytes(value)) for name, value in response.headers]

    def _finish(self, asked: _Asked, ending: Ending) -> None:
        asked.seen.ending = ending
        self._asked.remove(asked)
        self._report(asked.seen)
        states = asked.parser.our_state, asked.parser.their_state
        if self._eof or h11.ERROR in states or (states != (h11.DONE, h11.DONE) and not self._asked):
            self._end()

    def _end(self) -> None:
        """The connection is of no more use: nothing will come, or the answer said that it was the last."""
        for asked in tuple(self._asked):
            asked.seen.ending = Ending.CUT
            self._report(asked.seen)
        self._asked.clear()
        self.wire.close()

    def _report(self, seen: Exchange) -> None:
        figures: dict[str, Any] = {"status": seen.status, "bytes": seen.length, "ending": seen.ending.value}
        self._reporter.say("received", text=_asked_for(seen), **figures, **self._reporter.closely(seen))


def _asked_for(seen: Exchange) -> str | None:
    return f"{seen.method} {seen.path}" if seen.method else None


def _bursts(parser: h11.Connection, request: Request, host: str) -> Iterator[Iterator[bytes]]:
    """The bytes of a request in bursts between which the client pauses; without a gap there is one."""
    head = parser.send(head_of(request, host)) or b""
    budget = _Budget(request.send_only)
    groups = [(part,) for part in request.body] if request.gap and request.body else [request.body]
    for number, group in enumerate(groups):
        last = number == len(groups) - 1
        yield _burst(parser, head if number == 0 else b"", group, budget, last)


class _Budget:
    """How many bytes of the body may still be sent."""

    def __init__(self, most: int | None) -> None:
        self.limited = most is not None
        self._left = most or 0

    def cut(self, piece: bytes) -> bytes:
        if not self.limited:
            return piece
        piece = piece[: self._left]
        self._left -= len(piece)
        return piece


def _burst(parser: h11.Connection, head: bytes, parts: tuple[Bytes, ...], budget: _Budget, last: bool) -> Iterator[bytes]:
    if head:
        yield head
    for part in parts:
        for piece in pieces(part):
            if kept := budget.cut(piece):
                yield parser.send(h11.Data(data=kept)) or b""
    if last and not budget.limited:
        yield parser.send(h11.EndOfMessage()) or b""


def head_of(request: Request, host: str) -> h11.Request:
    """The request line and the headers of a request, names in lower case. TrafficError when they are not legal."""
    given = {name.lower() for name, _ in request.headers}
    headers = [] if "host" in given else [("host", host)]
    headers += request.headers
    if not given & {"content-length", "transfer-encoding"}:
        if request.chunked:
            headers.append(("transfer-encoding", "chunked"))
        elif request.body or request.method in _WITH_BODY:
            headers.append(("content-length", str(sum(length(part) for part in request.body))))
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    try:
        return h11.Request(method=request.method, target=quote(request.path, safe=_AS_IT_IS), headers=encoded)
    except h11.LocalProtocolError as error:
        raise _not_sent(error) from None


def _not_sent(error: h11.LocalProtocolError) -> TrafficError:
    return TrafficError(f"h11 does not send such a request ({error}); the step raw sends anything")
