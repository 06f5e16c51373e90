"""The lifespan of an app without a server's sockets: up, and down again, by the letter of the specification."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from asgiviz.host.errors import HostError
from asgiviz.host.in_process_http import Changed
from asgiviz.host.in_process_law import Law
from asgiviz.host.in_process_scope import State, lifespan_scope
from asgiviz.model.asgi import App, Message
from asgiviz.protocol import lifespan_machine as lifespan
from asgiviz.protocol.lifespan_machine import Lifespan as Place

_ANSWERED = frozenset({Place.UP, Place.FAILED})
_AT_ITS_END = frozenset({Place.END, Place.FAILED})


class Lifespan:
    """Asks `app` to start and to stop; `state` is the dict that it may fill. `tell` takes sentences on what went wrong."""

    def __init__(self, app: App, state: State, tell: Callable[[str], None]) -> None:
        self._app = app
        self._scope = lifespan_scope(state)
        self._tell = tell
        self._law = Law("lifespan")
        self._changed = Changed()
        self._asked: list[Message] = [{"type": lifespan.STARTUP}]
        self._failure = ""
        self._task: asyncio.Task[None] | None = None

    async def start(self, seconds: float) -> None:
        """Let the app start; one that has no lifespan is served without. HostError when it says that it cannot, or does not
        answer in time."""
        self._task = asyncio.create_task(self._call())
        if not await self._answer(_ANSWERED, seconds):
            raise HostError(f"the app's lifespan startup had not ended after {seconds:g} s", in_lifespan=True)
        if self._law.state is Place.FAILED:
            first = self._failure.strip().rpartition("\n")[2]
            raise HostError(
                f"the app's lifespan startup failed{': ' if first else ''}{first}", self._failure or None, in_lifespan=True
            )

    async def stop(self, seconds: float) -> None:
        """Let the app clean up, if it has a lifespan; one that does not answer in time is cancelled, and that is told."""
        if self._task is None:
            return
        if self._law.state is Place.UP and not self._task.done():
            self._asked.append({"type": lifespan.SHUTDOWN})
            self._changed.tell()
            if not await self._answer({Place.END}, seconds):
                self._tell(f"the app's lifespan shutdown had not ended after {seconds:g} s; it was cancelled")
            elif self._failure:
                self._tell(f"the app's lifespan shutdown failed: {self._failure}")
        if self._law.state in _AT_ITS_END:
            await asyncio.wait([self._task], timeout=seconds)
        self._task.cancel()
        await asyncio.wait([self._task], timeout=seconds)

    async def _answer(self, states: set[Place] | frozenset[Place], seconds: float) -> bool:
        """Wait until the app has answered or its call is over; says whether that happened in time."""
        try:
            async with asyncio.timeout(seconds):
                while self._law.state not in states and self._task is not None and not self._task.done():
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def _call(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  # means: no lifespan; the exit is in the recording
            if isinstance(error, (SystemExit, KeyboardInterrupt)):
                self._tell(f"the app raised {type(error).__name__} in its lifespan; a server would have ended")
        finally:
            asyncio.get_running_loop().call_soon(self._changed.tell)  # when this task is done

    async def _receive(self) -> Message:
        while not self._asked:
            await self._changed.wait()
        return self._law.gives(self._asked.pop(0))

    async def _send(self, message: Message) -> Any:
        what = self._law.takes(message)
        if what in (lifespan.START_FAILED, lifespan.STOP_FAILED):
            self._failure = str(message.get("message", "")) or "it did not say why"
        self._changed.tell()
