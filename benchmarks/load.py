"""The load: `wrk` where it is installed, else a plain socket client; one question at a time on each connection.

The socket client also speaks to the WebSocket echo. It counts bytes and parses nothing, so that it is not what is
measured: every answer of a case has the same length, which is learned from the first one.
"""

from __future__ import annotations

import argparse
import json
import re
import selectors
import shutil
import socket
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

CONNECTIONS = 16
_GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
_TEXT_FRAME = b"\x81\x85\0\0\0\0hello"  # masked with zeros
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Load:
    """What a run of the load gave: answers, answers per second, and the 99th percentile of the time to one."""

    answers: int
    per_second: float
    p99_ms: float
    tool: str


def run(port: int, seconds: float, websocket: bool) -> Load:
    """Load the server on `port` for about `seconds` from a process of its own."""
    if not websocket and shutil.which("wrk"):
        return _wrk(port, seconds)
    command = [sys.executable, __file__, str(port), str(seconds), *(["--websocket"] if websocket else [])]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 30)
    return Load(**json.loads(answer.stdout))


def _wrk(port: int, seconds: float) -> Load:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--latency", f"http://127.0.0.1:{port}/"]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 30).stdout
    answers, took = re.search(r"(\d+) requests in ([\d.]+)s", text), re.search(r"99%\s+([\d.]+)(us|ms|s)\b", text)
    if answers is None or took is None or "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError(f"wrk was not answered as it should be:\n{text}")
    rate = int(answers[1]) / float(answers[2])
    return Load(int(answers[1]), round(rate, 1), float(took[1]) * _UNITS[took[2]], "wrk")


def ask_all(port: int, seconds: float, websocket: bool) -> Load:
    """The socket client: keeps every connection busy with one question until the time is over."""
    question = _TEXT_FRAME if websocket else _GET
    selector = selectors.DefaultSelector()
    length = 0
    for _ in range(CONNECTIONS):
        sock = _connect(port, websocket)
        length = length or _first_answer(sock, question)
        selector.register(sock, selectors.EVENT_READ, [perf_counter(), 0])
        sock.sendall(question)
    took: list[float] = []
    began = perf_counter()
    while (now := perf_counter()) < began + seconds:
        for key, _ in selector.select(1.0):
            asked, state = key.fileobj, key.data
            if not isinstance(asked, socket.socket):
                raise TypeError("only sockets are registered")
            state[1] += len(asked.recv(65536))
            if state[1] >= length:
                now = perf_counter()
                took.append(now - state[0])
                state[:] = [now, 0]
                asked.sendall(question)
    took.sort()
    return Load(len(took), round(len(took) / (now - began), 1), round(took[len(took) * 99 // 100] * 1000, 3), "sockets")


def _connect(port: int, websocket: bool) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port), timeout=10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if websocket:
        sock.sendall(_UPGRADE)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += sock.recv(65536)
        if b" 101 " not in answer:
            raise RuntimeError(f"no WebSocket: {answer[:200]!r}")
    return sock


def _first_answer(sock: socket.socket, question: bytes) -> int:
    """Bytes of one answer: what comes until nothing more comes for a while."""
    sock.sendall(question)
    length = len(sock.recv(65536))
    sock.settimeout(0.3)
    try:
        while more := sock.recv(65536):
            length += len(more)
    except TimeoutError:
        sock.settimeout(10)
    return length


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog=Path(__file__).name, description="Load a server on this machine.")
    parser.add_argument("port", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--websocket", action="store_true")
    chosen = parser.parse_args()
    print(json.dumps(asdict(ask_all(chosen.port, min(chosen.seconds, 60.0), chosen.websocket))))
