"""The visitors use all of the demo app, end by themselves, and can be sent home."""

from __future__ import annotations

import threading

import pytest

from asgiviz.demo.app import ROUTES, app, pattern_of
from asgiviz.demo.visitors import VISITORS, visit
from asgiviz.model.events import NOTE, SCOPE, payload_of
from asgiviz.traffic.script import Script
from asgiviz.traffic.seen import Ending, Seen
from asgiviz.traffic.steps import STEPS, Pipeline, Request
from tests.traffic.serving import Served, serving, until


def requests() -> list[Request]:
    """Every request that a visitor makes."""
    steps = [step for script in VISITORS for step in script.steps]
    single = [step for step in steps if isinstance(step, Request)]
    return single + [request for step in steps if isinstance(step, Pipeline) for request in step.requests]


def test_every_route_is_visited() -> None:
    """The requests of all visitors cover the whole table of routes."""
    asked = {(request.method, pattern_of(request.path.partition("?")[0])) for request in requests()}
    assert set(ROUTES) <= asked


def test_visitors_are_data() -> None:
    """Each visitor has a name of its own and survives its plain form; together they use most kinds of step."""
    assert len({script.name for script in VISITORS}) == len(VISITORS)
    assert all(Script.from_dict(script.as_dict()) == script for script in VISITORS)
    used = {type(step).__name__ for script in VISITORS for step in script.steps}
    assert {kind.__name__ for kind in STEPS.values()} - used <= {"Connect", "Raw", "HalfClose", "Listen"}


def by_name(seen: list[Seen]) -> dict[str, Seen]:
    """What was seen, by visitor."""
    return {each.client: each for each in seen}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:/boom is about to raise:UserWarning")
@pytest.mark.parametrize("http", ["h11", "httptools"])
def test_a_whole_visit(http: str) -> None:
    """No visitor has trouble, each sees what its name promises, and the end is told twice: by a call and by a note."""
    ended = threading.Event()
    with serving(app, http=http) as served:
        crowd = visit(served.url, served.raws.append, ended.set)
        assert crowd.wait(60)
        assert ended.is_set()
        look_at_the_clients(by_name(crowd.seen))
        look_at_the_app(served)
    notes = [raw[5] for raw in served.raws if raw[1] == NOTE]
    assert notes == [{"name": "visit", "phase": "begin"}, {"name": "visit", "phase": "end"}]


def look_at_the_clients(seen: dict[str, Seen]) -> None:
    """Each client came to its end, and saw what it came for."""
    assert {name: each.trouble for name, each in seen.items() if each.trouble} == {}
    assert [exchange.status for exchange in seen["first look"].exchanges] == [200, 200, 200, 200, 404, 405]
    assert [exchange.status for exchange in seen["pipeliner"].exchanges] == [200, 200, 200]
    assert seen["slow reader"].exchanges[0].length == 96 * 32768
    assert seen["raises late"].exchanges[0].ending is Ending.CUT
    assert [seen[name].exchanges[0].status for name in ("raises", "breaks the protocol", "never answered")] == [500, 500, None]
    assert seen["bob"].websockets[0].close_code == 4001
    assert seen["ann"].websockets[0].pongs == [b"still there?"]
    assert seen["wrong door"].websockets[0].status == 403
    told = [message.content for message in seen["ann"].websockets[0].messages]
    assert "bob: this text came in three frames" in told


def look_at_the_app(served: Served) -> None:
    """The app saw the half upload, the leaving and the vanishing."""
    served.wait_received("/events", "http.disconnect")
    served.wait_received("/upload", "http.disconnect")
    codes = [message["code"] for message in served.received("/chat") if message["type"] == "websocket.disconnect"]
    assert 1000 in codes
    assert set(codes) & {1005, 1006}


def test_visitors_can_be_sent_home() -> None:
    """Cancelling a visit ends all of it at once, and the end is told all the same."""
    ended = threading.Event()
    with serving(app) as served:
        crowd = visit(served.url, served.raws.append, ended.set)
        until(
            lambda: [raw for raw in served.raws if raw[1] == SCOPE and payload_of(raw)["type"] == "http"], "the first request"
        )
        assert crowd.cancel(20)
        assert (crowd.finished, ended.is_set()) == (True, True)
        assert crowd.seen[-1].cancelled
