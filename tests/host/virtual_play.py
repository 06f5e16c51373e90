"""Plays experiments in virtual time for tests: sources in, events out."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asgiviz.host.options import Run
from asgiviz.host.virtual_plan import Ending, VirtualPlan
from asgiviz.host.virtual_world import VirtualWorld
from asgiviz.model.events import Event, Raw, expand

WAIT = 60.0
EPOCH = 5_000_000_000
#: What every app of these tests needs.
HEAD = """
import asyncio, os, sys, threading, time

async def reply(send, body=b"ok"):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})

"""
GET = [{"do": "request", "path": "/"}, {"do": "read"}]

_CHANGING = re.compile(r"0x[0-9a-f]+|process \[\d+\]")


def asgi(body: str) -> str:
    """The source of an ASGI app whose handler does `body` and answers."""
    handler = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    return (
        f'{HEAD}\nasync def app(scope, receive, send):\n    if scope["type"] == "lifespan":\n'
        f"        raise RuntimeError\n{handler}\n    await reply(send)\n"
    )


def wsgi(body: str) -> str:
    """The source of a WSGI app whose handler does `body` and answers."""
    handler = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    return (
        f'{HEAD}\ndef app(environ, start_response):\n{handler}\n    start_response("200 OK", [("Content-Length", "2")])\n'
        '    return [b"ok"]\n'
    )


@dataclass
class Played:
    """How an experiment ended, and what it recorded."""

    ending: Ending
    events: list[Event]
    facts: dict[str, dict[str, Any]]

    def of(self, ev: str, **fields: Any) -> list[Event]:
        """The events of a kind that have these fields."""
        return [each for each in self.events if each.ev == ev and all(each.get(key) == fields[key] for key in fields)]

    def received(self, side: str = "") -> list[float]:
        """When the answers were whole, in virtual seconds."""
        answers = [each for each in self.of("client", what="received") if str(each.get("client")).startswith(side)]
        return [each.t / 1e9 for each in answers]

    @property
    def story(self) -> list[str]:
        """All events, without what differs from one process to the next."""
        return [_CHANGING.sub("…", repr((each.t, each.ev, each.conn, each.call, dict(each.fields)))) for each in self.events]


def clients(side: str, count: int, steps: list[dict[str, Any]] | None = None, **keys: Any) -> list[dict[str, Any]]:
    """Scripts of that many clients who do the same."""
    return [{"name": f"{side}/{number}", "steps": steps or GET, **keys} for number in range(1, count + 1)]


def run_of(directory: Path, name: str, source: str, **options: Any) -> Run:
    """The run of an app with this source."""
    (directory / f"{name}.py").write_text(source, encoding="utf-8")
    return Run(f"{name}:app", str(directory), **options)


def play(plan: VirtualPlan) -> Played:
    """Play it to its end."""
    return play_at_once(plan, 1)[0]


def play_at_once(plan: VirtualPlan, times: int) -> list[Played]:
    """Play it so many times, all at the same time."""
    records: list[list[Raw]] = [[] for _ in range(times)]
    worlds = [VirtualWorld(plan, raws.append, EPOCH) for raws in records]
    try:
        for world in worlds:
            world.start()
        assert all(world.wait(WAIT) for world in worlds)
    finally:
        for world in worlds:
            world.kill()
    return [_played(world, raws) for world, raws in zip(worlds, records, strict=True)]


def _played(world: VirtualWorld, raws: list[Raw]) -> Played:
    assert world.ending is not None
    return Played(world.ending, [expand(seq, raw, EPOCH) for seq, raw in enumerate(raws, 1)], world.facts)


def play_app(directory: Path, source: str, count: int = 1, steps: list[dict[str, Any]] | None = None, **options: Any) -> Played:
    """One side with this source and that many equal clients."""
    timeout = options.pop("timeout", 60.0)
    run = run_of(directory, "app_under_test", source, **options)
    return play(VirtualPlan(((run.interface, run),), {run.interface: clients(run.interface, count, steps)}, timeout=timeout))
