"""Real servers on loopback, each a child process that is started once and ended by its own id."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATIENCE = 20.0

#: How each server is called; `{port}` and `{app}` are filled in.
COMMANDS: dict[str, str] = {
    "uvicorn-h11": "uvicorn --http h11 --ws wsproto --host 127.0.0.1 --port {port} --log-level critical {app}",
    "uvicorn-httptools": "uvicorn --http httptools --ws websockets-sansio --host 127.0.0.1 --port {port} "
    "--log-level critical {app}",
    "hypercorn-asyncio": "hypercorn --worker-class asyncio --workers 0 --bind 127.0.0.1:{port} --log-level critical {app}",
    "hypercorn-trio": "hypercorn --worker-class trio --workers 0 --bind 127.0.0.1:{port} --log-level critical {app}",
    "daphne": "daphne -b 127.0.0.1 -p {port} -v 0 {app}",
    "granian": "granian --interface asgi --host 127.0.0.1 --port {port} --log-level critical {app}",
}


def free_port() -> int:
    """A port that the system says is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(server: str, app: str) -> Iterator[int]:
    """The port of a server that runs `app` (`module:attribute`) until the block ends."""
    for _ in range(3):  # another process may have taken the port in between
        port = free_port()
        name, *arguments = COMMANDS[server].format(port=port, app=app).split()
        child = subprocess.Popen(
            [sys.executable, "-m", name, *arguments],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
        try:
            if listening(port, child):
                yield port
                return
        finally:
            end(child)
    raise RuntimeError(f"{server} did not start")


def listening(port: int, child: subprocess.Popen[bytes]) -> bool:
    """Whether the child took the port; waits until it did, ended, or `PATIENCE` is over."""

    def connects() -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    return wait_until(lambda: child.poll() is not None or connects()) and child.poll() is None


def wait_until(condition: Callable[[], object], patience: float = PATIENCE) -> bool:
    """Whether the condition came true in time."""
    until = time.monotonic() + patience
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def end_with_parent() -> None:
    """In the child: be ended by the system when the test run is killed and cannot end it (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def end(child: subprocess.Popen[bytes]) -> None:
    """End the child, and what it started (its own process group), gently and then for certain."""
    try:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGTERM)
        child.wait(3)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def exchange(port: int, request: bytes, patience: float = PATIENCE) -> bytes:
    """What the server sends until it closes the connection, and ``<open>`` behind it when it does not."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as client:
        answer = b""
        try:
            client.sendall(request)
            while data := client.recv(65536):
                answer += data
        except ConnectionError:
            answer += b"<reset>"
        except TimeoutError:
            answer += b"<open>"
    return answer
