"""How long a client on the server's loop waits: for any one thing, and in all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from time import monotonic
from typing import TypeVar

from asgiviz.traffic.patience import EnoughError

_T = TypeVar("_T")


class Patience:
    """A client's time: `timeout` seconds for each wait, `limit` seconds for its whole life from `start` on."""

    def __init__(self, timeout: float, limit: float) -> None:
        self._timeout = timeout
        self._limit = limit
        self._deadline = monotonic() + limit

    def start(self) -> None:
        """The client's life begins now."""
        self._deadline = monotonic() + self._limit

    async def wait(self, what: Awaitable[_T], until: float | None = None) -> _T:
        """Wait for it. TimeoutError says which time is over; EnoughError at the `monotonic` time `until`, which takes the
        place of the time-out."""
        now = monotonic()
        most = self._timeout if until is None else until - now
        seconds = min(most, self._deadline - now)
        try:
            async with asyncio.timeout(seconds):
                return await what
        except TimeoutError:
            if seconds < most:
                raise TimeoutError(f"the client's {self._limit:g} s are over") from None
            raise (TimeoutError(f"nothing came from the app for {most:g} s") if until is None else EnoughError()) from None

    async def sleep(self, seconds: float) -> None:
        """Do nothing for so long, at most until the client's life is over."""
        try:
            await self.wait(asyncio.sleep(seconds), monotonic() + seconds + 1)
        except EnoughError:  # the loop was held: it was long enough
            return
