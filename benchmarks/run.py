"""``python benchmarks/run.py``: bare and traced servers, loaded in turns; medians of the rounds.

Every number is a ratio to the bare server of the same round, because a shared machine drifts by more than what is
measured. Before the first round a recorder's ring is filled, so that keeping is paid for too.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

import load
from contenders import STARTERS, Case, Contender, MissingError, scratch, start

CASES = {
    "hello-httptools": Case("hello", "httptools", 6),
    "hello-h11": Case("hello", "h11", 6),
    "fastapi": Case("json_api", "httptools", 6),
    "stream": Case("stream", "httptools", 206),
    "websocket-echo": Case("echo", "httptools", 4, websocket=True),
}
#: Events that are kept in memory while it is measured, and seconds that filling it may take.
FULL = 200_000
LONGEST_FILL = 40.0
_LIBRARIES = ("uvicorn", "httptools", "h11", "websockets", "uvloop", "fastapi", "starlette")


@dataclass
class Rounds:
    """What the rounds of one contender gave."""

    per_second: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    gc_ms: list[float] = field(default_factory=list)
    kept: int = 0

    def against(self, bare: Rounds) -> dict[str, Any]:
        """Medians, and medians of the ratios to the bare run of the same round."""
        return {
            "per_second": round(median(self.per_second)),
            "throughput_ratio": round(_ratio(self.per_second, bare.per_second), 3),
            "p99_ms": round(median(self.p99_ms), 2),
            "p99_ratio": round(_ratio(self.p99_ms, bare.p99_ms), 2),
            "cpu_us": round(median(self.cpu_us), 1),
            "cpu_ratio": round(_ratio(bare.cpu_us, self.cpu_us), 3),
            "longest_gc_ms": round(max(self.gc_ms), 2) if self.gc_ms else None,
            "events_kept": self.kept,
            "rounds": {"per_second": self.per_second, "p99_ms": self.p99_ms, "cpu_us": self.cpu_us},
        }


def _ratio(ours: list[float], bare: list[float]) -> float:
    return median(one / other for one, other in zip(ours, bare, strict=True))


def measure(case: Case, variants: list[str], rounds: int, seconds: float, loop: str) -> dict[str, Any]:
    """All rounds of one case."""
    running: dict[str, Contender] = {}
    missing: dict[str, str] = {}
    with scratch() as where:
        try:
            for variant in variants:
                try:
                    running[variant] = start(variant, case, loop, Path(where))
                except MissingError as why:
                    missing[variant] = str(why)
                    print(f"  {variant} is left out: {why}", file=sys.stderr, flush=True)
            for contender in running.values():
                fill(contender, case)
            results = {variant: Rounds() for variant in running}
            for number in range(rounds):
                for variant in list(running) if number % 2 == 0 else reversed(running):
                    one_round(running[variant], case, seconds, results[variant])
        finally:
            for contender in running.values():
                contender.stop()
    bare = results["bare"]
    return {"missing": missing} | {variant: result.against(bare) for variant, result in results.items()}


def fill(contender: Contender, case: Case) -> None:
    """Warm it up, and go on until a recorder in it has kept as many events as it keeps."""
    answers, spent = 0, 0.0
    while spent < LONGEST_FILL:
        done = load.run(contender.port, 1.0, case.websocket)
        answers, spent = answers + done.answers, spent + 1.0
        contender.forget_output()
        kept = contender.figures().get("kept", answers * case.events if contender.keeps else FULL)
        if kept >= 0.95 * FULL:
            return


def one_round(contender: Contender, case: Case, seconds: float, result: Rounds) -> None:
    """One run of the load on one contender."""
    before = contender.cpu()
    done = load.run(contender.port, seconds, case.websocket)
    result.per_second.append(done.per_second)
    result.p99_ms.append(done.p99_ms)
    result.cpu_us.append(round((contender.cpu() - before) / done.answers * 1e6, 2))
    figures = contender.figures()
    if "gc_ms" in figures:
        result.gc_ms.append(round(figures["gc_ms"], 2))
    result.kept = figures.get("kept", 0)
    contender.forget_output()


def machine() -> dict[str, Any]:
    """The machine in general words, and the versions of what is measured."""
    libraries = {}
    for name in _LIBRARIES:
        try:
            libraries[name] = version(name)
        except PackageNotFoundError:
            libraries[name] = "not installed"
    return {
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.system(),
        "processor": platform.machine(),
        "python": platform.python_version(),
        "libraries": libraries,
    }


def table(results: dict[str, Any]) -> str:
    """The ratios as a Markdown table: one row a case and contender."""
    lines = [
        "| case | contender | answers/s | of bare | p99 ms | × bare | CPU µs | longest GC ms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for case, contenders in results.items():
        for variant, row in contenders.items():
            if variant == "missing":
                continue
            gc = "–" if row["longest_gc_ms"] is None else f"{row['longest_gc_ms']:.1f}"
            lines.append(
                f"| {case} | {variant} | {row['per_second']:,} | {row['throughput_ratio']:.2f} | {row['p99_ms']:.2f} "
                f"| {row['p99_ratio']:.1f} | {row['cpu_us']:.0f} | {gc} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Measure what was asked for, print the table, write the figures."""
    parser = argparse.ArgumentParser(description="Throughput and latency of traced servers, relative to bare ones.")
    parser.add_argument("--cases", default=",".join(CASES), help="comma-separated; default: %(default)s")
    parser.add_argument(
        "--variants", default=",".join(STARTERS), help="comma-separated; bare is always there; default: %(default)s"
    )
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each run; default: %(default)s")
    parser.add_argument("--loop", default="asyncio", choices=["asyncio", "uvloop"], help="default: %(default)s")
    parser.add_argument("--write", type=Path, help="a JSON file for the figures")
    chosen = parser.parse_args()
    variants = list(dict.fromkeys(["bare", *chosen.variants.split(",")]))
    names = chosen.cases.split(",")
    if unknown := [name for name in names if name not in CASES] + [name for name in variants if name not in STARTERS]:
        parser.error(f"there is no {', '.join(unknown)}; cases: {', '.join(CASES)}; variants: {', '.join(STARTERS)}")
    results = {}
    for name in names:
        print(f"{name}: {', '.join(variants)}", file=sys.stderr, flush=True)
        results[name] = measure(CASES[name], variants, min(chosen.rounds, 50), min(chosen.seconds, 10.0), chosen.loop)
    print(table(results))
    if chosen.write:
        figures = {"machine": machine(), "loop": chosen.loop, "seconds": chosen.seconds, "results": results}
        chosen.write.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
