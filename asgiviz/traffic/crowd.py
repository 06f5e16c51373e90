"""Several clients at once, each in a thread of its own: they share no loop with the server, and none waits for another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from asgiviz.model.events import Emit
from asgiviz.traffic.player import Player
from asgiviz.traffic.script import Script
from asgiviz.traffic.seen import Seen
from asgiviz.traffic.wire import Dial, dial


class Crowd:
    """The clients of `scripts`; the n-th begins `stagger` seconds after the one before it, beside its own delay.

    `closely` and `dial` as in `Player`. `on_end` is called once, in the thread of the client that ends last,
    or by `start` when there is no client at all.
    """

    def __init__(
        self,
        scripts: Sequence[Script],
        url: str,
        emit: Emit | None = None,
        stagger: float = 0.0,
        on_end: Callable[[], None] | None = None,
        closely: bool = False,
        dial: Dial = dial,
    ) -> None:
        self._players = [Player(script, url, emit, closely, dial) for script in scripts]
        self._stagger = stagger
        self._on_end = on_end
        self._lock = threading.Lock()
        self._left = len(self._players)
        self._over = threading.Event()

    def start(self) -> Crowd:
        """Let them go; gives back itself."""
        for number, player in enumerate(self._players):
            arguments = (player, number * self._stagger)
            threading.Thread(target=self._run, args=arguments, name=f"asgiviz-client-{player.seen.client}", daemon=True).start()
        if not self._players:
            self._end()
        return self

    def wait(self, timeout: float) -> bool:
        """Wait until all of them have ended, at most `timeout` seconds; says whether they have."""
        return self._over.wait(timeout)

    def cancel(self, timeout: float = 2.0) -> bool:
        """Let all of them hang up now; says whether they have within `timeout` seconds."""
        for player in self._players:
            player.cancel()
        return self._over.wait(timeout)

    @property
    def finished(self) -> bool:
        """Whether all of them have ended."""
        return self._over.is_set()

    @property
    def seen(self) -> list[Seen]:
        """What each of them saw, in the order of the scripts; complete once they have finished."""
        return [player.seen for player in self._players]

    def _run(self, player: Player, delay: float) -> None:
        try:
            player.play(delay)
        finally:
            with self._lock:
                self._left -= 1
                last = self._left == 0
            if last:
                self._end()

    def _end(self) -> None:
        try:
            if self._on_end is not None:
                self._on_end()
        finally:
            self._over.set()
