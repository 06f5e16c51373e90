"""A run that asks for it is recorded closely, in this process and in a child, on either loop."""

from __future__ import annotations

import itertools
import textwrap
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from asgiviz.host.options import Run, ServerOptions
from asgiviz.host.process import ProcessHost
from asgiviz.host.state import Host
from asgiviz.host.thread import ThreadHost
from asgiviz.model.events import EXIT, SEND_BEGIN, SITE, UNAWAITED, Raw, payload_of

WAIT = 30.0
_numbers = itertools.count()
APP = """
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            raise RuntimeError("none")
        send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await say(send)

    async def say(send):
        await send({"type": "http.response.body", "body": b"hello"})
    """


def served(kind: type[ThreadHost | ProcessHost], directory: Path, **options: Any) -> list[Raw]:
    """What is recorded of one request to the app."""
    module = f"closely_{next(_numbers)}"  # in this process a module stays imported
    (directory / f"{module}.py").write_text(textwrap.dedent(APP), encoding="utf-8")
    raws: list[Raw] = []
    server = ServerOptions(port=0, lifespan="off", loop=options.pop("loop", "asyncio"))
    host: Host = kind(Run(f"{module}:app", str(directory), options=server, **options), raws.append)
    host.start()
    try:
        assert host.state.wait_listening(WAIT)
        with urllib.request.urlopen(host.url, timeout=WAIT) as response:
            assert response.read() == b"hello"
        deadline = time.monotonic() + WAIT
        while not any(raw[1] == EXIT for raw in raws):
            assert time.monotonic() < deadline, "the exit was not recorded"
            time.sleep(0.01)
    finally:
        host.close()
        host.stop(force=True)
        assert host.state.wait_ended(WAIT)
    return raws


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("kind", [ThreadHost, ProcessHost], ids=["thread", "process"])
def test_lines_of_calls_and_forgotten_ones_are_recorded(kind: Any, loop: str, tmp_path: Path) -> None:
    """Each send has the app's own lines and nothing of the server; the one that was never awaited is told, with its message."""
    raws = served(kind, tmp_path, closely=True, loop=loop)
    (file,) = map(str, tmp_path.glob("closely_*.py"))
    stacks = [
        [(one["file"], one["line"]) for one in payload_of(raw)["stack"]]
        for raw in raws
        if raw[1] in (SITE, UNAWAITED) and (raw[4] or raw[1] == UNAWAITED)
    ]
    assert stacks == [[(file, 5)], [(file, 6)], [(file, 10), (file, 7)]]
    (forgotten,) = [payload_of(raw) for raw in raws if raw[1] == UNAWAITED]
    assert (forgotten["what"], forgotten["message"]["status"]) == ("send", 500)


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_nothing_of_that_is_recorded_unless_asked_for(tmp_path: Path) -> None:
    """An ordinary run has the calls only."""
    kinds = {raw[1] for raw in served(ThreadHost, tmp_path)}
    assert SEND_BEGIN in kinds
    assert not kinds & {SITE, UNAWAITED}
