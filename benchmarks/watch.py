"""``python benchmarks/watch.py``: what the watch on the loop costs, idle and under load.

Two servers in processes of their own, one with the watch and one without, take turns. Idle: processor time of the process
as a share of a core. Under load (`wrk` or the socket client of `load.py`): answers per second, and processor time for one
answer, which moves less when other work shares the machine. Medians of all rounds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from time import process_time, sleep
from typing import Any

import load

HERE = Path(__file__).parent


class Child:
    """A server; `stall_ms` 0: without the watch."""

    def __init__(self, stall_ms: int, loop: str) -> None:
        command = [sys.executable, __file__, "--serve", str(stall_ms), "--loop", loop]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.ask(None))

    def ask(self, question: str | None) -> str:
        """Its answer to a line."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if question is not None:
            self._process.stdin.write(question + "\n")
            self._process.stdin.flush()
        return self._process.stdout.readline()

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=30)


def serve(stall_ms: int, loop: str) -> None:
    """The child: writes its port, then for each line how much processor time it has used and how many stalls it told."""
    from asgiviz.host.options import Run, ServerOptions
    from asgiviz.host.thread import ThreadHost
    from asgiviz.model.events import STALL
    from asgiviz.store.recorder import Recorder

    out = sys.stdout
    recorder = Recorder().start()
    stalls = [0]

    def emit(raw: Any) -> None:
        if raw[1] == STALL:
            stalls[0] += 1
        recorder.emit(raw)

    host = ThreadHost(Run("targets:hello", str(HERE), options=ServerOptions(port=0, loop=loop), stall_ms=stall_ms), emit)
    host.start()
    host.state.wait_listening()
    print(host.url.rpartition(":")[2], file=out, flush=True)
    for _ in sys.stdin:
        print(json.dumps([process_time(), stalls[0]]), file=out, flush=True)
    host.stop()
    host.state.wait_ended(10)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--loop", default="asyncio", choices=["asyncio", "uvloop"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0)
    given = parser.parse_args()
    if given.serve is not None:
        serve(given.serve, given.loop)
        return
    children = {"without": Child(0, given.loop), "with": Child(50, given.loop)}
    idle: dict[str, list[float]] = {name: [] for name in children}
    rates: dict[str, list[float]] = {name: [] for name in children}
    costs: dict[str, list[float]] = {name: [] for name in children}
    ratios = []
    for turn in range(given.rounds):
        for name, child in list(children.items())[:: 1 if turn % 2 else -1]:
            before = json.loads(child.ask("?"))[0]
            sleep(given.seconds)
            between = json.loads(child.ask("?"))[0]
            idle[name].append((between - before) / given.seconds * 100)
            result = load.run(child.port, given.seconds, websocket=False)
            rates[name].append(result.per_second)
            costs[name].append((json.loads(child.ask("?"))[0] - between) / result.answers * 1e6)
        ratios.append(rates["with"][-1] / rates["without"][-1])
    for name, child in children.items():
        told = json.loads(child.ask("?"))[1]
        shown = f"idle {statistics.median(idle[name]):.2f}% of a core, {statistics.median(rates[name]):,.0f} answers/s"
        shown += f", {statistics.median(costs[name]):.1f} µs of processor time an answer"
        print(f"{name:>8}: {shown}, {told} stalls told")
        child.close()
    print(
        f"   ratio: {statistics.median(ratios):.3f} (median of {given.rounds} rounds: {', '.join(f'{r:.2f}' for r in ratios)})"
    )


if __name__ == "__main__":
    main()
