"""Runs made by hand, as the laboratory records them: a WSGI side with threads, an ASGI side that awaits or blocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asgiviz.course.run_record import GO, SIDE, RunRecord
from asgiviz.model.events import Ev, Event

S = 1_000_000_000
#: When the clients are let go, on the clock of the recording.
ZERO = 7 * S
WHERE = {"file": "/lesson/apps/asgi.py", "line": 7, "function": "app", "code": "await asyncio.sleep(WAIT)"}
STACK = [{"file": "/lesson/apps/asgi.py", "line": 7, "function": "app", "code": "time.sleep(WAIT)"}]


class Script:
    """Events in the order of time, put together side by side; times are seconds since the clients were let go."""

    def __init__(self, **knobs: float) -> None:
        self._knobs = knobs
        self._told: list[tuple[int, str, int | None, int | None, Mapping[str, Any]]] = []
        self._sides = 0

    def note(self, when: float, ev: str, conn: int | None, **fields: Any) -> None:
        """One event."""
        self._told.append((ZERO + round(when * S), ev, conn, None if conn is None else 0, fields))

    def side(self, id_: str, label: str, interface: str, threads: int = 1, server: str = "") -> int:
        """Another side; its first connection's number."""
        first = 1 + 100 * self._sides
        self._sides += 1
        data = {
            "id": id_, "label": label, "interface": interface, "first": first, "last": first + 99, "threads": threads,
            "server": {"name": server},
        }  # fmt: skip
        self.note(-1, Ev.NOTE, None, name=SIDE, data=data)
        return first

    def comes(self, side: str, number: int, at: float = 0.0) -> list[Any]:
        """A client connects and sends; its address."""
        peer = ["127.0.0.1", 40_000 + number]
        self.note(at, Ev.CLIENT, None, client=f"{side}/{number}", what="connected", local=peer)
        self.note(at + 0.001, Ev.CLIENT, None, client=f"{side}/{number}", what="sent")
        return peer

    def leaves(self, side: str, number: int, at: float, status: int = 200) -> None:
        """It has got its answer."""
        self.note(at, Ev.CLIENT, None, client=f"{side}/{number}", what="received", status=status, ending="complete", bytes=4)
        self.note(at + 0.001, Ev.CLIENT, None, client=f"{side}/{number}", what="closed")

    def record(self) -> RunRecord:
        """The fold of all of it."""
        self.note(0, Ev.NOTE, None, name="asgiviz.go", data=self._knobs)
        told = sorted(self._told, key=lambda each: (each[0], each[1] != Ev.NOTE))
        return RunRecord(
            Event(seq, t, ev, conn, layer, None, fields) for seq, (t, ev, conn, layer, fields) in enumerate(told, 1)
        )


assert GO == "asgiviz.go"


def threaded(script: Script, clients: int = 10, wait: float = 0.5, threads: int = 1, broken: int = 0) -> None:
    """A WSGI side whose handlers hold their thread for `wait` each; client `broken` gets a 500."""
    first = script.side("wsgi", "WSGI", "wsgi", threads, "waitress")
    for number in range(1, clients + 1):
        peer = script.comes("wsgi", number)
        conn, began = first + number - 1, (number - 1) // threads * wait + 0.003
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": f"/{number}"}
        script.note(0.002, Ev.WSGI_QUEUED, conn, client=peer)
        script.note(began, Ev.WSGI_ENVIRON, conn, environ=environ, thread=f"waitress-{(number - 1) % threads}")
        script.note(began + wait, Ev.WSGI_EXIT, conn, outcome="raised" if number == broken else "returned")
        script.leaves("wsgi", number, began + wait + 0.001, 500 if number == broken else 200)


def looping(script: Script, clients: int = 10, wait: float = 0.5, blocking: bool = False, watched: bool = True) -> None:
    """An ASGI side whose handlers await for `wait`, or block the loop for it (and a watch on it may tell)."""
    first = script.side("asgi", "ASGI", "asgi", server="uvicorn")
    for number in range(1, clients + 1):
        peer, conn = script.comes("asgi", number), first + number - 1
        begun = 0.003 + (number - 1) * ((wait + 0.001) if blocking else 0.0005)
        script.note(begun, Ev.SCOPE, conn, scope={"type": "http", "method": "GET", "path": f"/{number}", "client": peer})
        script.note(begun, Ev.STEP_BEGIN, conn, task=number)
        if blocking:
            if watched:
                script.note(begun + wait, Ev.STALL, conn, ms=wait * 1000, culprit=conn, stack=STACK, id=number)
            script.note(begun + wait + 0.0001, Ev.EXIT, conn, outcome="returned")
            script.note(begun + wait + 0.0002, Ev.STEP_END, conn, task=number)
        else:
            script.note(begun + 0.0004, Ev.STEP_END, conn, task=number, at=WHERE)
            script.note(begun + wait, Ev.STEP_BEGIN, conn, task=number)
            script.note(begun + wait + 0.0003, Ev.EXIT, conn, outcome="returned")
            script.note(begun + wait + 0.0004, Ev.STEP_END, conn, task=number)
        script.leaves("asgi", number, begun + wait + 0.001)


def lesson_one(clients: int = 10, wait: float = 0.5, threads: int = 1, blocking: bool = False) -> RunRecord:
    """Both sides at once."""
    script = Script(clients=clients, wait=wait)
    threaded(script, clients, wait, threads)
    looping(script, clients, wait, blocking)
    return script.record()
