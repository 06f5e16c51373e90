"""How far a host has come, and what both hosts have in common: waiting for it."""

from __future__ import annotations

import threading
from enum import StrEnum
from typing import Any, Protocol

from asgiviz.host.errors import HostError


class Phase(StrEnum):
    """The life of a host."""

    #: the app is imported, its lifespan begins
    STARTING = "starting"
    #: requests are answered
    LISTENING = "listening"
    #: nothing is served: not yet, or not any more
    ENDED = "ended"


class Host(Protocol):
    """Runs one app under one server. Everything is said through `state` and the events; nothing here blocks but `wait`."""

    state: State

    @property
    def url(self) -> str:
        """The address, once it is started."""

    def start(self) -> None:
        """Begin to serve. HostError when the address cannot be had."""

    def stop(self, force: bool = False) -> None:
        """Ask the server to finish, or (force) to drop what is open; safe to say again."""

    def restart(self) -> None:
        """Serve the app afresh on the same address, after it has ended; nothing once the address was given back."""

    def close(self) -> None:
        """Give the address back."""


class State:
    """What is known of a running host; written by the host's threads, read by anybody.

    `facts` describes the server (see `serve.server_facts`), `failure` says why it ended if it was not asked to.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.phase = Phase.ENDED
        self.facts: dict[str, Any] | None = None
        self.failure: HostError | None = None

    def set(self, phase: Phase, failure: HostError | None = None) -> None:
        """Move on; the first failure is kept."""
        with self._changed:
            self.phase = phase
            self.failure = self.failure or failure
            self._changed.notify_all()

    def load(self, facts: dict[str, Any]) -> None:
        """The app is imported."""
        with self._changed:
            self.facts = facts
            self._changed.notify_all()

    def begin(self) -> None:
        """Forget how the last run went: a new one starts."""
        with self._changed:
            self.phase, self.failure = Phase.STARTING, None
            self._changed.notify_all()

    def wait_loaded(self, timeout: float | None = None) -> bool:
        """Wait until the app is imported or the run ended."""
        with self._changed:
            return self._changed.wait_for(lambda: self.facts is not None or self.phase is Phase.ENDED, timeout)

    def wait_listening(self, timeout: float | None = None) -> bool:
        """Wait until requests are answered or the run ended."""
        with self._changed:
            return self._changed.wait_for(lambda: self.phase is not Phase.STARTING, timeout)

    def wait_ended(self, timeout: float | None = None) -> bool:
        """Wait until nothing is served any more."""
        with self._changed:
            return self._changed.wait_for(lambda: self.phase is Phase.ENDED, timeout)
