"""Start-up: milliseconds from a command to its end, or to its first answer; medians.

A port that is bound early accepts connections before anybody answers them, so it is the answer that counts.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import monotonic, perf_counter_ns, sleep

HERE = Path(__file__).resolve().parent


def starts(rounds: int) -> dict[str, float]:
    """Milliseconds until a command is done or listens, medians."""
    asgiviz = [sys.executable, "-m", "asgiviz.cli.main"]
    uvicorn = [sys.executable, "-m", "uvicorn", "--log-level", "warning"]
    return {
        "python_ms": _until_done([sys.executable, "-c", "pass"], rounds),
        "help_ms": _until_done([*asgiviz, "--help"], rounds),
        "uvicorn_hello_ms": _until_listening([*uvicorn, "targets:hello"], rounds),
        "trace_hello_ms": _until_listening([*asgiviz, "trace", "targets:hello"], rounds),
        "uvicorn_fastapi_ms": _until_listening([*uvicorn, "targets:json_api"], rounds),
        "trace_fastapi_ms": _until_listening([*asgiviz, "trace", "targets:json_api"], rounds),
    }


def _until_done(command: list[str], rounds: int) -> float:
    took = []
    for _ in range(rounds):
        began = perf_counter_ns()
        subprocess.run(command, check=True, cwd=HERE, stdout=subprocess.DEVNULL)
        took.append((perf_counter_ns() - began) / 1e6)
    return round(median(took))


def _until_listening(command: list[str], rounds: int) -> float:
    """Until the first request is answered."""
    took = []
    for _ in range(rounds):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port: int = free.getsockname()[1]
        began = perf_counter_ns()
        process = subprocess.Popen(
            [*command, "--port", str(port)], cwd=HERE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait_for_answer(port, process)
            took.append((perf_counter_ns() - began) / 1e6)
        finally:
            process.terminate()
            process.wait(15)
    return round(median(took))


def _wait_for_answer(port: int, process: subprocess.Popen[bytes]) -> None:
    end = monotonic() + 30
    while monotonic() < end and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
                sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                if sock.recv(1):
                    return
        except OSError:
            sleep(0.005)
    raise RuntimeError(f"{process.args!r} did not answer")
