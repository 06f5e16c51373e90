"""A WSGI app under waitress, in both hosts: who waits for a thread is seen waiting, and a run begins and ends as promised."""

from __future__ import annotations

import socket
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from asgiviz.host.options import Run, ServerOptions
from asgiviz.host.process import ProcessHost
from asgiviz.host.state import Host
from asgiviz.host.thread import ThreadHost
from asgiviz.model.connection import Connection, Connections, Outcome
from asgiviz.model.events import Event, Raw, expand
from tests.host.test_hosts import WAIT, get, wait_until

#: `/held` answers once the file `go` is there.
APP = """
import os, sys, time
from pathlib import Path
go = Path(__file__).with_name("go")
def app(environ, start_response):
    path = environ["PATH_INFO"]
    while path == "/held" and not go.exists():
        time.sleep(0.01)
    if path == "/stuck":
        time.sleep(3600)
    if path == "/print":
        print("from", path)
    if path == "/exit":
        os._exit(5)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [path.encode()]
"""
REQUEST = b"GET %s HTTP/1.1\r\nhost: x\r\n\r\n"


class Stage:
    """A host that was started, and what it recorded."""

    def __init__(self, host: Host, raws: list[Raw], directory: Path) -> None:
        self.host = host
        self._raws = raws
        self._directory = directory

    def events(self) -> list[Event]:
        """The events so far."""
        return [expand(seq, raw, 0) for seq, raw in enumerate(list(self._raws), 1)]

    def connections(self) -> Connections:
        """What they add up to."""
        return Connections(self.events())

    def wait_for(self, count: int, condition: Callable[[Connection], bool] = lambda connection: True) -> Connections:
        """The connections, once so many fulfil the condition."""
        wait_until(lambda: sum(condition(each) for each in self.connections().values()) >= count)
        return self.connections()

    def let_go(self) -> None:
        """`/held` may answer."""
        (self._directory / "go").touch()

    def call(self, path: str) -> threading.Thread:
        """A request in a thread of its own."""
        thread = threading.Thread(target=get, args=(self.host.url + path,))
        thread.start()
        return thread

    def client(self) -> socket.socket:
        """A client's socket."""
        return socket.create_connection(("127.0.0.1", int(self.host.url.rpartition(":")[2])), WAIT)


MakeStage = Callable[..., Stage]


@pytest.fixture(params=[ThreadHost, ProcessHost], ids=["thread", "process"])
def make_stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeStage]:
    """A host of each kind, listening (or not: `wait`), for a module's source."""
    stages: list[Stage] = []

    def make(source: str = APP, threads: int = 1, first: int = 1, wait: bool = True, **options: object) -> Stage:
        name = f"wsgi_{request.node.name.translate(str.maketrans('[]-', '___'))}_{len(stages)}"
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source), encoding="utf-8")
        raws: list[Raw] = []
        served = ServerOptions(port=0, **options)  # type: ignore[arg-type]
        run = Run(f"{name}:app", str(tmp_path), options=served, interface="wsgi", threads=threads, first=first)
        host: Host = request.param(run, raws.append)
        stages.append(Stage(host, raws, tmp_path))
        host.start()
        assert host.state.wait_listening(WAIT)
        assert host.state.failure is None or not wait
        return stages[-1]

    yield make
    for stage in stages:
        stage.let_go()
        stage.host.close()
        stage.host.stop(force=True)
        assert stage.host.state.wait_ended(WAIT)


def over(connection: Connection) -> bool:
    return connection.over


def queued(connection: Connection) -> bool:
    return connection.called is None


def test_a_wsgi_app_is_served_recorded_and_named(make_stage: MakeStage) -> None:
    """It answers, the recording has its request from the line to the end, and says which server and how many threads."""
    stage = make_stage(threads=3, first=101)
    assert get(stage.host.url + "/a?b=c") == b"/a"
    connection = stage.wait_for(1, over)[101]
    assert (connection.kind, connection.path, connection.query, connection.status) == ("wsgi", "/a", b"b=c", 200)
    assert (connection.thread or "").startswith("waitress-")
    assert (connection.bytes_out, connection.outcome) == (2, Outcome.RETURNED)
    facts = stage.host.state.facts or {}
    assert (facts["name"], facts["threads"], facts["interface"]) == ("waitress", 3, "wsgi")


def test_with_one_thread_the_second_request_waits_for_the_first(make_stage: MakeStage) -> None:
    """It is in line while the first holds the thread, and its app is called once that has ended, in the same thread."""
    stage = make_stage(threads=1)
    callers = [stage.call("/held")]
    stage.wait_for(1, lambda connection: not queued(connection))
    callers.append(stage.call("/b"))
    stage.wait_for(1, queued)
    stage.let_go()
    connections = stage.wait_for(2, over)
    first, second = connections[1], connections[2]
    assert second.called is not None
    assert first.ended is not None
    assert second.began < first.ended <= second.called
    assert second.waited_receive == second.called - second.began
    assert first.thread == second.thread
    for caller in callers:
        caller.join(WAIT)


def test_with_two_threads_nobody_waits_for_the_other(make_stage: MakeStage) -> None:
    """The second is answered while the first is held."""
    stage = make_stage(threads=2)
    caller = stage.call("/held")
    stage.wait_for(1, lambda connection: not queued(connection))
    assert get(stage.host.url + "/b") == b"/b"
    connections = stage.wait_for(1, over)
    assert not connections[1].over
    stage.let_go()
    caller.join(WAIT)
    stage.wait_for(2, over)


def test_requests_behind_each_other_on_one_line_get_a_turn_each(make_stage: MakeStage) -> None:
    """Pipelined requests are one channel to waitress and three connections to us, one after the other."""
    stage = make_stage(threads=2)
    with stage.client() as client:
        client.sendall(REQUEST % b"/1" + REQUEST % b"/2" + REQUEST % b"/3")
        answer = b""
        while answer.count(b"HTTP/1.1 200") < 3 or not answer.endswith(b"/3"):
            answer += client.recv(65_536) or b"closed too early"
            assert b"closed" not in answer
    connections = stage.wait_for(3, over)
    assert [connections[number].path for number in (1, 2, 3)] == ["/1", "/2", "/3"]
    assert all((connections[number].ended or 0) <= connections[number + 1].began for number in (1, 2))


def test_a_client_that_leaves_the_line_is_served_all_the_same(make_stage: MakeStage) -> None:
    """Nobody looks whether it is still there: its turn comes, and the app works for nobody."""
    stage = make_stage(threads=1)
    caller = stage.call("/held")
    stage.wait_for(1, lambda connection: not queued(connection))
    with stage.client() as client:
        client.sendall(REQUEST % b"/b")
        stage.wait_for(1, queued)
    stage.let_go()
    caller.join(WAIT)
    assert [each.outcome for each in stage.wait_for(2, over).values()] == [Outcome.RETURNED] * 2


def test_what_a_handler_prints_belongs_to_its_connection(make_stage: MakeStage) -> None:
    """Standard output is recorded with the number of the request."""
    stage = make_stage()
    get(stage.host.url + "/print")
    wait_until(lambda: any(event.ev == "log" and event.get("text") == "from /print" for event in stage.events()))
    assert {event.conn for event in stage.events() if event.get("text") == "from /print"} == {1}


def test_a_request_that_waitress_refuses_is_no_connection(make_stage: MakeStage) -> None:
    """It answers 400 itself; the app never hears of it."""
    stage = make_stage()
    with stage.client() as client:
        client.sendall(b"GET / HTTP/1.1\r\ncontent-length: much\r\n\r\n")
        assert b" 400 " in client.recv(65_536)
    assert get(stage.host.url + "/a") == b"/a"
    assert len(stage.wait_for(1, over)) == 1


def test_a_stop_lets_what_is_open_be_answered(make_stage: MakeStage) -> None:
    """The held request and the one in line behind it get their answers, and then the run ends."""
    stage = make_stage(threads=1, timeout_graceful_shutdown=int(WAIT))
    callers = [stage.call("/held"), stage.call("/held")]
    stage.wait_for(2)
    stage.host.stop()
    stage.let_go()
    assert stage.host.state.wait_ended(WAIT)
    assert stage.host.state.failure is None
    for caller in callers:
        caller.join(WAIT)
    assert [each.outcome for each in stage.connections().values()] == [Outcome.RETURNED] * 2


def test_a_request_that_never_ends_gets_its_grace_only(make_stage: MakeStage) -> None:
    """The run ends without it; what was in line behind it is told as cancelled."""
    stage = make_stage(threads=1, timeout_graceful_shutdown=1)
    with stage.client() as stuck, stage.client() as behind:
        stuck.sendall(REQUEST % b"/stuck")
        stage.wait_for(1, lambda connection: not queued(connection))
        behind.sendall(REQUEST % b"/b")
        stage.wait_for(2)
        stage.host.stop()
        assert stage.host.state.wait_ended(WAIT)
    connections = stage.connections()
    assert (connections[1].over, connections[2].outcome, connections[2].called) == (False, Outcome.CANCELLED, None)


def test_a_wsgi_host_can_be_restarted_on_its_address(make_stage: MakeStage) -> None:
    """It serves again at the same URL, counts connections on, and a client in between waits."""
    stage = make_stage()
    get(stage.host.url + "/a")
    stage.wait_for(1, over)
    stage.host.stop()
    assert stage.host.state.wait_ended(WAIT)
    caller = stage.call("/b")
    stage.host.restart()
    caller.join(WAIT)
    assert [each.path for each in stage.wait_for(2, over).values()] == ["/a", "/b"]


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        ("raise ValueError('at import')", {}, "ValueError: at import"),
        (
            "async def app(scope, receive, send): pass",
            {},
            "is an ASGI app. Without --wsgi it is run as one: asgiviz trace wsgi_",
        ),
        ("def app(environ): pass", {}, "takes (environ); a WSGI app takes (environ, start_response)"),
        (APP, {"ws_max_size": 3}, "--ws-max-size is an option for uvicorn"),
        (APP, {"headers": (("a", "b"),)}, "--header is an option for uvicorn"),
        (APP, {"date_header": False}, "--no-date-header is an option for uvicorn"),
    ],
    ids=["import", "an ASGI app", "one argument", "an option", "headers", "a switch"],
)
def test_what_cannot_be_served_is_one_sentence(
    make_stage: MakeStage, source: str, options: dict[str, object], said: str
) -> None:
    """The run ends with why."""
    stage = make_stage(source, wait=False, **options)
    assert stage.host.state.wait_ended(WAIT)
    assert said in str(stage.host.state.failure)


@pytest.mark.parametrize("make_stage", [ProcessHost], ids=["process"], indirect=True)
def test_an_app_that_exits_is_told_with_its_request(make_stage: MakeStage) -> None:
    """The child's death is the failure, and the request that brought it is in the recording."""
    stage = make_stage()
    with stage.client() as client:
        client.sendall(REQUEST % b"/exit")
        assert stage.host.state.wait_ended(WAIT)
    assert "status 5" in str(stage.host.state.failure)
    assert stage.connections()[1].path == "/exit"
