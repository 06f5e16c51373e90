"""``python benchmarks/screen.py``: the trace screen in a terminal of 200x50: keys, throughput, idle, loss, a million events.

A traced server with its screen and a bare one take turns, the order reversed every other round. While one is loaded,
keys are pressed on its screen; a key's time ends when its effect has been read from the terminal. See `--help`.
"""

from __future__ import annotations

import argparse
import json
import selectors
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle, pairwise
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any

import load
from contenders import Case, start
from run import machine
from terminal import Terminal

HERE = Path(__file__).resolve().parent
PORT = rb"http://127\.0\.0\.1:(\d+)"
#: Offered requests a second, and connections that carry them.
RATE, CARRIERS = 1_000, 8
#: Events of one answer, and events that the ring holds.
EVENTS, RING = 6, 200_000
#: Seconds between two keys.
PAUSE = 0.12
UP, END, DOWN, HOME, PAGE_UP = b"\x1b[A", b"\x1b[F", b"\x1b[B", b"\x1b[H", b"\x1b[5~"
#: The title of the view that has the focus, as the terminal gets it.
TITLE = rb"\x1b\[1;[^m]*m%s\x1b"


class Keys:
    """Presses keys on a trace screen and notes how long each took, in milliseconds."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.took: dict[str, list[float]] = {}
        self._shown = b""

    def settle(self) -> None:
        """Go to the newest connection, and know which it is."""
        for _ in range(40):
            self.terminal.press(END)
            sleep(0.25)
            self.terminal.press(UP)
            sleep(0.25)
            self._shown = self.terminal.last(rb"m#([\d,]+) GET")
            if len(self._shown) > 2:  # there is room above it
                return
        raise TimeoutError("no connections came")

    def turn(self, name: str, key: bytes, title: bytes) -> None:
        """Press the number of a view and wait for its title."""
        self._press(name, key, TITLE % title)

    def move(self, name: str, key: bytes) -> None:
        """Press a key that selects another connection and wait for that one's heading."""
        self._shown = self._press(name, key, rb"m#(?!%s )([\d,]+) GET" % self._shown)

    def _press(self, name: str, key: bytes, pattern: bytes) -> bytes:
        began = self.terminal.press(key)
        at, found = self.terminal.wait(pattern)
        self.took.setdefault(name, []).append((at - began) * 1e3)
        return found[1] if found.re.groups else b""

    def mixed(self, until: float) -> None:
        """Keys of all sorts until a moment."""
        self.settle()
        for number in cycle(range(10)):
            if perf_counter() > until:
                return
            sleep(PAUSE)
            if number == 9:
                self.move("end", END)
            elif number in (3, 7):
                self.turn("view", b"3", b"Waterfall")
                sleep(PAUSE)
                self.turn("view", b"2", b"Sequence")
                sleep(PAUSE)
                self.turn("view", b"1", b"Connections")
            else:
                self.move("up", UP)

    def all(self) -> list[float]:
        """Every time, whatever the key."""
        return sorted(took for times in self.took.values() for took in times)


def percentile(times: list[float], part: float) -> float:
    """Of sorted times."""
    return times[min(len(times) - 1, int(len(times) * part))]


def spread(times: list[float]) -> dict[str, float]:
    """Median, 95th percentile and worst."""
    ordered = sorted(times)
    return {
        "keys": len(ordered),
        "p50": round(percentile(ordered, 0.5), 1),
        "p95": round(percentile(ordered, 0.95), 1),
        "max": round(ordered[-1], 1),
    }


# -- a steady load -------------------------------------------------------------------------------------------------------


def steady(port: int, seconds: float) -> dict[str, float]:
    """Offer RATE requests a second from this process; answers a second, and the 99th percentile from when each was due."""
    selector = selectors.DefaultSelector()
    free = []
    for _ in range(CARRIERS):
        sock = socket.create_connection(("127.0.0.1", port), timeout=10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        free.append(sock)
    due: dict[socket.socket, float] = {}
    took: list[float] = []
    sent, began = 0, perf_counter()
    while (now := perf_counter()) < began + seconds:
        while free and sent < (now - began) * RATE:
            sock = free.pop()
            sock.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            due[sock] = began + sent / RATE
            sent += 1
            selector.register(sock, selectors.EVENT_READ)
        for key, _ in selector.select(0.0005):
            asked = key.fileobj
            assert isinstance(asked, socket.socket)
            asked.recv(1 << 16)  # an answer of this app comes in one piece
            selector.unregister(asked)
            took.append(perf_counter() - due.pop(asked))
            free.append(asked)
    took.sort()
    return {"per_second": len(took) / seconds, "p99_ms": percentile(took, 0.99) * 1e3, "answers": len(took)}


def steady_elsewhere(port: int, seconds: float) -> dict[str, float]:
    """`steady` in a process of its own."""
    command = [sys.executable, __file__, "--steady", str(port), "--seconds", str(seconds)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 30)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def flood(port: int, seconds: float) -> dict[str, float]:
    """As many requests as a client can."""
    done = load.run(port, seconds, websocket=False)
    return {"per_second": done.per_second, "p99_ms": done.p99_ms, "answers": done.answers}


# -- a live run ----------------------------------------------------------------------------------------------------------


class Traced:
    """`asgiviz trace` of the hello app in a terminal."""

    def __init__(self, where: Path) -> None:
        command = [sys.executable, "-m", "asgiviz.cli.main", "trace", "targets:hello", "--app-dir", str(HERE), "--port", "0"]
        self.where = where
        self.terminal = Terminal(command, where)
        first, _ = self.terminal.wait(rb"Connections")
        #: milliseconds from the command to the first frame
        self.first_frame = (first - self.terminal.began) * 1e3
        _, found = self.terminal.wait(PORT)
        self.port = int(found[1])
        self.keys = Keys(self.terminal)

    def idle(self, seconds: float) -> float:
        """Share of a core in percent that the process uses while nothing happens."""
        before, began = self.terminal.cpu(), perf_counter()
        sleep(seconds)
        return (self.terminal.cpu() - before) / (perf_counter() - began) * 100

    def loaded(self, how: Any, seconds: float) -> tuple[dict[str, float], float]:
        """The load's figures and processor time of the screen's thread as a share of a core, while keys are pressed."""
        from threading import Thread

        figures: list[dict[str, float]] = []
        before, began = self.terminal.cpu_of_threads(), perf_counter()
        client = Thread(target=lambda: figures.append(how(self.port, seconds)))
        client.start()
        sleep(0.4)  # the client's start
        self.keys.mixed(began + seconds)
        client.join()
        main = str(self.terminal.pid)
        share = (self.terminal.cpu_of_threads()[main] - before[main]) / (perf_counter() - began) * 100
        return figures[0], share

    def saved(self) -> dict[str, Any]:
        """Save the recording by key and look for what is missing in it."""
        self.terminal.press(b"\x13")
        path = self._written()
        seqs: list[int] = []
        gaps: list[int] = []
        with path.open() as lines:
            next(lines)
            for line in lines:
                event = json.loads(line)
                (gaps if event["ev"] == "gap" else seqs).append(event["seq"])
        path.unlink()
        missing = sum(after - before - 1 for before, after in pairwise(seqs) if before > seqs[-1] - RING)
        return {"recorded": seqs[-1], "kept": len(seqs), "gaps": len(gaps), "missing_of_the_ring": missing}

    def _written(self) -> Path:
        """The saved file, when nothing more is added to it."""
        size = -1
        for _ in range(120):
            sleep(1.0)
            for path in self.where.glob("*.asgiviz"):
                if path.stat().st_size == size:
                    return path
                size = path.stat().st_size
        raise TimeoutError(f"the recording was not saved; the screen's last output: {self.terminal.last(b'.{1000}$')!r}")


def live(rounds: int, seconds: float, idle: float) -> dict[str, Any]:
    """Steady load and flood, a bare server and a traced one in turns."""
    with tempfile.TemporaryDirectory() as name:
        where = Path(name)
        traced = Traced(where)
        bare = start("bare", Case("hello", "httptools", EVENTS), "asyncio", where)
        try:
            return _live(traced, bare.port, rounds, seconds, idle)
        finally:
            traced.terminal.close()
            bare.stop()


def _live(traced: Traced, bare: int, rounds: int, seconds: float, idle: float) -> dict[str, Any]:
    sleep(2.0)
    results: dict[str, Any] = {"idle_percent": round(traced.idle(idle), 2)}
    answers = 0.0
    for name, how in (("steady", steady_elsewhere), ("flood", flood)):
        ours, theirs, shares = [], [], []
        traced.keys.took = {}
        for number in range(rounds):
            for which in ("bare", "traced") if number % 2 else ("traced", "bare"):
                if which == "bare":
                    theirs.append(how(bare, seconds))
                    continue
                done, share = traced.loaded(how, seconds)
                ours.append(done)
                shares.append(share)
                answers += done["answers"]
        results[name] = {
            "bare_per_second": round(median(one["per_second"] for one in theirs)),
            "traced_per_second": round(median(one["per_second"] for one in ours)),
            "ratios": [round(a["per_second"] / b["per_second"], 3) for a, b in zip(ours, theirs, strict=True)],
            "ratio": round(median(a["per_second"] / b["per_second"] for a, b in zip(ours, theirs, strict=True)), 3),
            "p99_ms": [round(median(one["p99_ms"] for one in both), 1) for both in (ours, theirs)],
            "screen_thread_percent": round(median(shares), 1),
            "keys_ms": {key: spread(times) for key, times in {**traced.keys.took, "all": traced.keys.all()}.items()},
        }
    sleep(15.0)  # what it is behind with is read
    results["idle_after_percent"] = round(traced.idle(idle), 2)
    results["answers"] = round(answers)
    results["loss"] = traced.saved()
    results["memory_mib"] = round(traced.terminal.memory() / 2**20, 1)
    return results


def first_frames(rounds: int) -> dict[str, Any]:
    """From the command to the first frame."""
    times = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            traced = Traced(Path(name))
            times.append(round(traced.first_frame))
            sleep(0.3)
            traced.terminal.close()
    return {"median_ms": median(times), "ms": times}


# -- a million events ----------------------------------------------------------------------------------------------------


def big(events: int) -> dict[str, Any]:
    """Scroll, sort and filter a recording of so many events."""
    with tempfile.TemporaryDirectory() as name:
        report = Path(name) / "report"
        terminal = Terminal([sys.executable, __file__, "--show", str(events), "--report", str(report)], HERE)
        keys = Keys(terminal)
        terminal.wait(rb"\xe2\x97\x8b [\d,]+ events", 120)
        loaded = perf_counter() - terminal.began
        results: dict[str, Any] = {"read_after_s": round(loaded, 1), "memory_mib": round(terminal.memory() / 2**20)}
        keys.settle()
        for _ in range(40):
            for key, what in ((PAGE_UP, "page up"), (UP, "up")):
                keys.move(what, key)
                sleep(0.02)
        keys.move("home", HOME)
        for text in ("~s 500", "~h x-request-id:77", "~p /orders/4 & !~e"):
            results[f"filter {text}"] = _filtered(keys, text)
            print(f"  {text}: {results[f'filter {text}']}", file=sys.stderr, flush=True)
        for _ in range(8):
            keys.turn("view", b"3", b"Waterfall")
            sleep(0.3)
            keys.turn("view", b"1", b"Connections")
            sleep(0.3)
        began = perf_counter()
        for _ in range(8):
            terminal.press(b"s")
            terminal.wait(rb"\xe2\x96[\xb4\xbe]")
            keys.took.setdefault("sort", []).append((perf_counter() - began) * 1e3)
            sleep(0.5)
            began = perf_counter()
        results["keys_ms"] = {key: spread(times) for key, times in keys.took.items()}
        results["memory_at_the_end_mib"] = round(terminal.memory() / 2**20)
        terminal.close()
        results |= json.loads(report.read_text())
        return results


def _filtered(keys: Keys, text: str) -> dict[str, Any]:
    """Type a filter; keys while it is judged, and how long that took."""
    terminal, count = keys.terminal, rb": [\d,]+ of [\d,]*\d(?:, [\d,]+ to judge| )"
    terminal.press(b"/")
    sleep(0.6)
    terminal.press(b"\x15")  # instead of what stood there
    sleep(0.3)
    began = terminal.press(text.encode())
    took, said = terminal.wait(count, 120)
    keys.took.setdefault("filter", []).append((took - began) * 1e3)
    found = said[0]
    sleep(0.2)
    terminal.press(b"\r")
    sleep(0.3)  # the focus is back on the list
    while b"to judge" in (found := terminal.last(count) or found) and perf_counter() < began + 120:
        keys.turn("view while a filter judges", b"4", b"State")
        sleep(0.05)
        found = terminal.last(count) or found
        keys.turn("view while a filter judges", b"1", b"Connections")
        sleep(0.05)
    seconds = perf_counter() - began
    return {"seconds": round(seconds, 1), "found": found.decode(errors="replace")}


def synthetic(events: int) -> Iterator[Any]:
    """Raw events of http connections, sixteen at a time; eight events each."""
    import marshal

    from asgiviz.model.events import EXIT, RECEIVE_BEGIN, RECEIVE_BODY, SCOPE, SEND_BEGIN, SEND_BODY, SEND_END

    for conn in range(1, events // 8 + 1):
        t = conn * 100_000
        headers = [(b"host", b"shop.example"), (b"accept", b"*/*"), (b"x-request-id", str(conn % 5_000).encode())]
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": "GET",
            "path": f"/orders/{conn % 1_000}", "raw_path": b"/orders", "query_string": b"page=1", "headers": headers,
            "client": ("127.0.0.1", 50_000 + conn % 16), "server": ("127.0.0.1", 8000), "scheme": "http", "root_path": "",
        }  # fmt: skip
        status = 500 if conn % 97 == 0 else 200
        answer = [(b"content-type", b"application/json"), (b"content-length", b"40")]
        began = {"type": "http.response.start", "status": status, "headers": answer}
        yield (t, SCOPE, conn, 0, None, marshal.dumps(scope, 2))
        yield (t + 20_000, RECEIVE_BEGIN, conn, 0, 1, None)
        yield (t + 40_000, RECEIVE_BODY, conn, 0, 1, b"")
        yield (t + 1_000_000, SEND_BEGIN, conn, 0, 2, marshal.dumps(began, 2))
        yield (t + 1_010_000, SEND_END, conn, 0, 2, None)
        yield (t + 1_020_000, SEND_BODY, conn, 0, 3, b'{"name": "table-%d"}' % (conn % 10_000))
        yield (t + 1_030_000, SEND_END, conn, 0, 3, None)
        yield (t + 1_040_000, EXIT, conn, 0, None, marshal.dumps({"outcome": "returned"}, 2))


def show(events: int, report: Path) -> None:
    """The screen on a recorder full of synthetic events, as `asgiviz open` shows it."""
    from serve import Pauses

    from asgiviz.model.masking import Mask
    from asgiviz.model.recording import Header
    from asgiviz.settings import Settings
    from asgiviz.store.recorder import Recorder
    from asgiviz.ui.app import AsgivizApp
    from asgiviz.ui.feed import Feed
    from asgiviz.ui.trace_screen import TraceScreen

    recorder = Recorder(2_000_000, 1 << 30)
    recorder.epoch = 0
    for number, raw in enumerate(synthetic(events)):
        recorder.emit(raw)
        if number % 50_000 == 0:
            recorder.tidy()
    recorder.tidy()
    pauses = Pauses()
    screen = TraceScreen(Feed(recorder, growing=False), "open", None, Header.now(recorder.started, target="synthetic"))
    AsgivizApp(Settings(), screen, mask=Mask()).run()
    report.write_text(json.dumps({"longest_collection_ms": round(pauses.take_ms(), 1), "packed_bytes": recorder.bytes_kept}))


def main() -> None:
    """Measure what was asked for, print and write it."""
    parser = argparse.ArgumentParser(description="The trace screen in a terminal of 200x50.")
    parser.add_argument("--parts", default="first,live,big", help="comma-separated; default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each load; default: %(default)s")
    parser.add_argument("--idle", type=float, default=15.0, help="seconds of looking at it idle; default: %(default)s")
    parser.add_argument("--events", type=int, default=1_000_000, help="of the large recording; default: %(default)s")
    parser.add_argument("--write", type=Path, help="a JSON file for the figures")
    for hidden in ("--steady", "--show"):
        parser.add_argument(hidden, type=int, help=argparse.SUPPRESS)
    parser.add_argument("--report", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.steady:
        print(json.dumps(steady(chosen.steady, min(chosen.seconds, 60.0))))
        return
    if chosen.show:
        show(min(chosen.show, 4_000_000), chosen.report)
        return
    results: dict[str, Any] = {}
    rounds, seconds = min(chosen.rounds, 30), min(chosen.seconds, 20.0)
    for part in chosen.parts.split(","):
        print(f"{part} …", file=sys.stderr, flush=True)
        match part:
            case "first":
                results[part] = first_frames(rounds)
            case "live":
                results[part] = live(rounds, seconds, min(chosen.idle, 60.0))
            case "big":
                results[part] = big(min(chosen.events, 4_000_000))
            case _:
                parser.error(f"there is no part {part!r}")
    print(json.dumps(results, indent=1))
    if chosen.write:
        chosen.write.write_text(json.dumps({"machine": machine(), "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
