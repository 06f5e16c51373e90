"""The event loops that ASGI servers run on, behind one door."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import trio

LOOPS = ("asyncio", "trio")


def run(loop: str, main: Callable[[], Awaitable[Any]]) -> Any:
    """What `main()` gives on a fresh loop of that kind; it is the loop's only task."""
    return asyncio.run(main()) if loop == "asyncio" else trio.run(main)  # type: ignore[arg-type]  # any awaitable will do


async def turn(loop: str) -> None:
    """Let the loop go round once."""
    if loop == "asyncio":
        await asyncio.sleep(0)
    else:
        await trio.lowlevel.checkpoint()
