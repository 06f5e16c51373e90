"""What is counted beside the judging: events, connections, and the names of those that have findings. In bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from asgiviz.check.judge import Judge
from asgiviz.model.events import Raw
from asgiviz.model.finding import Finding
from asgiviz.store.recorder import Cursor

#: Events that are judged at a time.
AT_A_TIME = 2_048


class Tally:
    """Judges the events of one recording as they come. `layers` as in its header.

    `names` are those of connections with findings, ``GET /items`` for example; `events` is a count.
    """

    def __init__(self, layers: Sequence[str] = ()) -> None:
        self.findings: list[Finding] = []
        self.names: dict[int, str] = {}
        self.events = 0
        self._judge = Judge(layers)

    @property
    def connections(self) -> int:
        """How many connections there were."""
        return self._judge.talks.count

    def drain(self, cursor: Cursor) -> None:
        """Take what was recorded since the last time."""
        while numbered := cursor.take(AT_A_TIME):
            self.take(numbered)

    def take(self, numbered: Sequence[tuple[int, Raw]]) -> None:
        """Take in events, in order."""
        self.events += len(numbered)
        self._keep(self._judge.take(numbered))

    def finish(self) -> None:
        """Nothing more will come."""
        self._keep(self._judge.finish())

    def _keep(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.findings.append(finding)
            conn = finding.conn
            if conn is not None and conn not in self.names:
                scope = self._judge.talks.scope_of(conn)
                self.names[conn] = f"connection {conn}" if scope is None else name_of(scope)


def name_of(scope: Any) -> str:
    """What a connection is called: its method and path, ``WebSocket /path``, or the type of its scope."""
    if not isinstance(scope, Mapping):
        return "a scope that is no dict"
    kind, path, method = (scope.get(key) for key in ("type", "path", "method"))
    if kind == "http" and isinstance(path, str):
        return f"{method} {path}" if isinstance(method, str) else path
    if kind == "websocket" and isinstance(path, str):
        return f"WebSocket {path}"
    return kind if isinstance(kind, str) else "a scope without a type"
