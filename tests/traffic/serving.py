"""An app on a real server in a thread, with a tap around it: what the app saw can be asked for, and waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn

from asgiviz.model.asgi import App
from asgiviz.model.events import CLIENT, EXIT, KINDS, SCOPE, SEND_END, Emit, Ev, Raw, payload_of
from asgiviz.probe.tap import Tap
from asgiviz.traffic.crowd import Crowd
from asgiviz.traffic.script import Script
from asgiviz.traffic.seen import Seen

#: Seconds that a condition may take to come true before the test fails.
PATIENCE = 20.0


def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait until the condition gives something true, and give that back."""
    deadline = time.monotonic() + PATIENCE
    while not (result := condition()):
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.01)
    return result


class Served:
    """A served app: its address, and what its tap recorded, by path."""

    def __init__(self, url: str, raws: list[Raw]) -> None:
        self.url = url
        self.raws = raws

    def conns(self, path: str) -> list[int]:
        """The numbers of the connections with that path, in order."""
        return [raw[2] for raw in self.raws if raw[1] == SCOPE and raw[2] and payload_of(raw).get("path") == path]

    def scope(self, path: str) -> Any:
        """The first scope with that path."""
        return next(payload_of(raw) for raw in self.raws if raw[1] == SCOPE and payload_of(raw).get("path") == path)

    def received(self, path: str) -> list[Any]:
        """The messages that the app received there."""
        return [payload_of(raw) for raw in self._of(path, *messages_of(Ev.RECEIVE_END))]

    def sent(self, path: str) -> list[Any]:
        """The messages that the app sent there."""
        return [payload_of(raw) for raw in self._of(path, *messages_of(Ev.SEND_BEGIN))]

    def send_ends(self, path: str) -> list[int]:
        """When each of its sends came back."""
        return [raw[0] for raw in self._of(path, SEND_END)]

    def outcome(self, path: str) -> str:
        """How the app's call ended, once it has."""
        ended: list[Raw] = until(lambda: self._of(path, EXIT), f"the end of {path}")
        return str(payload_of(ended[0])["outcome"])

    def wait_received(self, path: str, kind: str) -> Any:
        """The first message of that type that the app receives there."""
        return until(
            lambda: next((message for message in self.received(path) if message["type"] == kind), None), f"{kind} on {path}"
        )

    def client_events(self) -> list[tuple[int, dict[str, Any]]]:
        """What the built-in clients emitted, with the times."""
        return [(raw[0], payload_of(raw)) for raw in self.raws if raw[1] == CLIENT]

    def _of(self, path: str, *kinds: int) -> list[Raw]:
        conns = set(self.conns(path))
        return [raw for raw in self.raws if raw[1] in kinds and raw[2] in conns]


def messages_of(ev: Ev) -> list[int]:
    """The raw kinds that stand for `ev` with a message."""
    return [kind for kind, (name, key) in enumerate(KINDS) if name == ev and key == "message"]


@contextmanager
def serving(app: App, **options: Any) -> Iterator[Served]:
    """The app on uvicorn, for as long as the block lasts; `options` are uvicorn's."""
    raws: list[Raw] = []
    tap: Any = Tap(app, raws.append)
    known = {"port": 0, "ws": "websockets-sansio", "log_config": None, "timeout_graceful_shutdown": 1}
    server = uvicorn.Server(uvicorn.Config(tap, **{**known, **options}))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started or not thread.is_alive(), "the server's start")
    assert server.started
    scheme = "https" if "ssl_certfile" in options else "http"
    bound = server.servers[0].sockets[0].getsockname()
    url = f"unix:{bound}" if isinstance(bound, str) else f"{scheme}://127.0.0.1:{bound[1]}"
    try:
        yield Served(url, raws)
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()


def play_all(
    scripts: Sequence[Script], url: str, emit: Emit | None = None, stagger: float = 0.0, timeout: float = 60.0
) -> list[Seen]:
    """Play the scripts side by side and give back what each saw; who is not done after `timeout` seconds is cancelled."""
    crowd = Crowd(scripts, url, emit, stagger).start()
    if not crowd.wait(timeout):
        crowd.cancel()
    return crowd.seen
