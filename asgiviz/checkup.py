"""A checkup: an app is run as it would really run, or a recording is read, and the judge says what it finds."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from asgiviz.check.tally import AT_A_TIME, Tally
from asgiviz.host.errors import HostError
from asgiviz.host.in_process import STARTUP, InProcessHost
from asgiviz.host.loopback import LoopbackHost, PlayedHost
from asgiviz.host.options import GRACE, Run, ServerOptions
from asgiviz.host.target import load_target, refuse_other_than_asgi
from asgiviz.host.thread import server_event
from asgiviz.model.asgi import App
from asgiviz.model.events import Emit
from asgiviz.model.finding import Finding
from asgiviz.model.recording import Header
from asgiviz.store.reader import RecordingReader
from asgiviz.store.recorder import Cursor, Recorder
from asgiviz.traffic.check_set import METHODS, TIMEOUT, Headers, came_short, check_set, unanswered
from asgiviz.traffic.openapi import PLACES, looks_like_one, operations, read_description
from asgiviz.traffic.script import Script
from asgiviz.traffic.seen import Ending, Seen
from asgiviz.traffic.steps import Read, Request
from asgiviz.views.startup import startup_of

#: What `Plan.openapi` is when the usual places are tried, and when none is.
ANYWHERE, NOWHERE = "auto", ""
UVICORN = "uvicorn"
#: Seconds between two looks at what was recorded, and beyond the clients' own time before the loop counts as blocked.
_TICK, _BEYOND = 0.02, 5.0
#: Seconds for what an app has left behind (a stray task) to show itself.
_SETTLING = 0.1
#: Seconds that the app gets to end when the user has interrupted the checkup.
_INTERRUPTED = 1.0


@dataclass(frozen=True)
class Plan:
    """What is to be checked, and how.

    `methods`: only these. `scripts` are played after the built-in set, all at once. `openapi` is the path of a description,
    ANYWHERE or NOWHERE. `server` is empty (in this process, without sockets) or UVICORN, with `http`, `ws` and `loop` as
    `host.options` has them. `timeout` seconds are what each client waits, `startup` and `grace` see InProcessHost.
    """

    target: str = ""
    app_dir: str = "."
    factory: bool = False
    paths: tuple[str, ...] = ("/",)
    methods: tuple[str, ...] = METHODS
    headers: Headers = ()
    body: bytes | None = None
    scripts: tuple[Script, ...] = ()
    openapi: str = ANYWHERE
    server: str = ""
    http: str = "auto"
    ws: str = "auto"
    loop: str = "auto"
    timeout: float = TIMEOUT
    startup: float = STARTUP
    grace: float = GRACE


@dataclass(frozen=True)
class Checkup:
    """What a checkup came to.

    `connections` names those that have findings (``GET /items``), `connection_count` counts all. `seconds` is how long the
    checkup took, or the recording is. `trouble`: a sentence for each thing that could not be done. `inconclusive`: a client
    got no answer, the app did not come back, or nothing was recorded, so that no finding does not mean that all is well.
    `interrupted`: somebody ended it early.
    """

    findings: tuple[Finding, ...]
    header: Header
    connections: Mapping[int, str] = field(default_factory=dict)
    connection_count: int = 0
    events: int = 0
    seconds: float = 0.0
    trouble: tuple[str, ...] = ()
    inconclusive: bool = False
    interrupted: bool = False


Told = Callable[[str], None]


def check_app(plan: Plan, told: Told | None = None) -> Checkup:
    """Start the app that `plan.target` names, play the clients, stop it, and say what was found.

    `told` hears what is being done; standard output and error belong to the app meanwhile. ValueError when the plan cannot be
    played, HostError when the app cannot be started.
    """
    if plan.server == UVICORN:
        return _check(plan, _uvicorn(plan), told)
    return _check(plan, _in_process(plan, lambda: load_target(plan.target, plan.app_dir, plan.factory)), told)


def check_object(app: App, plan: Plan | None = None, told: Told | None = None) -> Checkup:
    """The same for an app that is there already, in this process and without sockets."""
    plan = plan or Plan()
    name = plan.target or getattr(app, "__qualname__", type(app).__qualname__)
    if plan.server:
        raise ValueError(
            "an app that is there already is checked without a server; leave server out, or name the app as a target"
        )
    refuse_other_than_asgi(app, name, plan.factory)
    return _check(plan, _in_process(plan, lambda: app), told, name)


def check_recording(reader: RecordingReader) -> Checkup:
    """Judge a recording, however long it is, in constant memory. What its file lacks is told in `trouble`."""
    tally = Tally(reader.header.layers)
    last = 0
    with _collector_at_rest():
        for batch in reader.batches(AT_A_TIME):
            tally.take(batch)
            last = batch[-1][1][0]
    tally.finish()
    trouble = () if reader.ending is None else (reader.ending,)
    return _come_to(tally, reader.header, last / 1e9, trouble, inconclusive=not tally.events)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Without garbage collection: what is read and let go a million times has no cycles, and to look for some takes long."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _come_to(
    tally: Tally, header: Header, seconds: float, trouble: tuple[str, ...], inconclusive: bool, interrupted: bool = False
) -> Checkup:
    found, names = tuple(tally.findings), tally.names
    return Checkup(found, header, names, tally.connections, tally.events, seconds, trouble, inconclusive, interrupted)


# -- running -----------------------------------------------------------------------------------------------------------


Make = Callable[[Emit], PlayedHost]


def _in_process(plan: Plan, load: Callable[[], App]) -> Make:
    return lambda emit: InProcessHost(load, emit, startup=plan.startup, grace=plan.grace)


def _uvicorn(plan: Plan) -> Make:
    options = ServerOptions(port=0, http=plan.http, ws=plan.ws, loop=plan.loop, timeout_graceful_shutdown=round(plan.grace))
    run = Run(plan.target, plan.app_dir, plan.factory, options, closely=True)
    return lambda emit: LoopbackHost(run, emit)


def _check(plan: Plan, make: Make, told: Told | None, target: str = "") -> Checkup:
    built_in = check_set(plan.paths, plan.methods, plan.headers, plan.body, plan.timeout)
    began = monotonic()
    recorder = Recorder().start()
    server = make(recorder.emit)
    name = target or plan.target
    checking = _Checking(server, recorder, plan, told or (lambda _: None), [plan.server or "asgiviz", name])
    interrupted = False
    try:
        with checking.running():
            checking.play_all(built_in)
    except KeyboardInterrupt:  # what was found so far is often just what somebody wants to see
        interrupted = True
        checking.trouble.note("ended by Ctrl-C: nothing more was tried")
    finally:
        recorder.close()
    header = Header.now(recorder.started, target=name, server=server.state.facts or {}, layers=checking.layers)
    seconds, trouble = monotonic() - began, server.trouble.sentences()
    return _come_to(checking.tally, header, seconds, trouble, checking.inconclusive, interrupted)


class _Checking:
    """One run of an app: what was recorded is judged while the clients play."""

    def __init__(self, server: PlayedHost, recorder: Recorder, plan: Plan, told: Told, layers: list[str]) -> None:
        self.layers = layers
        self.tally = Tally(layers)
        self.trouble = server.trouble
        self._server = server
        self._recorder = recorder
        self._cursor: Cursor = recorder.cursor()
        self._plan = plan
        self._told = told
        self._blocked = False
        #: see Checkup
        self.inconclusive = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """The app is up in between. HostError when it does not come up."""
        self._told("starting the app")
        self._server.start()
        patience = self._plan.grace * 2 + _BEYOND
        try:
            self._come_up()
            yield
            self._until(self._server.state.wait_ended, _SETTLING)
        except KeyboardInterrupt:
            patience = _INTERRUPTED
            raise
        finally:
            self._server.stop()
            if not self._until(self._server.state.wait_ended, patience):
                self.inconclusive = True
                self.trouble.note("the app did not come back: it was left behind")
            self._recorder.emit(server_event("stopped", ""))
            self.tally.drain(self._cursor)
            self.tally.finish()
        if (failure := self._server.state.failure) is not None:
            self.trouble.note(str(failure))

    def _come_up(self) -> None:
        up = self._until(self._server.state.wait_listening, self._plan.startup + _BEYOND)
        failure = self._server.state.failure
        if failure is not None:
            raise self._in_the_apps_words(failure)
        if not up:
            raise HostError(f"the app had not started after {self._plan.startup:g} s")

    def _in_the_apps_words(self, failure: HostError) -> HostError:
        """A startup that failed, with what the app itself has said of it."""
        if failure.trace or not failure.in_lifespan:
            return failure
        startup = startup_of(self._recorder.cursor())
        last = (startup.refused or startup.error or "").strip().rpartition("\n")[2]
        sentence = f"{failure}: {last}" if last else str(failure)
        return HostError(sentence, startup.trace or startup.refused, failure.code, in_lifespan=True)

    def play_all(self, built_in: Sequence[Script]) -> None:
        """The built-in set, the operations of a description, the user's own."""
        for script in built_in:
            self._play([script], ours=True)
        for script in self._operations():
            self._play([script], ours=True)
        if self._plan.scripts:
            self._play(self._plan.scripts, ours=False)

    def _play(self, scripts: Sequence[Script], ours: bool) -> list[Seen]:
        """Let these clients play, all at once; nobody plays any more once the app has gone or its loop is blocked."""
        if self._blocked or self._server.state.failure is not None:
            return []
        self._told(scripts[0].name if len(scripts) == 1 else f"{len(scripts)} clients")
        seconds = max(script.delay + script.limit for script in scripts) + self._plan.grace + _BEYOND
        playing = self._server.play(scripts)
        if not self._until(playing.wait, seconds):
            self.trouble.note("the app's event loop did not come back; the check ends here", scripts[0].name)
            self._blocked = self.inconclusive = True
            return []
        for seen in playing.seen:
            self.inconclusive = self.inconclusive or unanswered(seen)
            if (what := came_short(seen, self._plan.timeout) if ours else seen.trouble) is not None:
                self.trouble.note(what, seen.client)
        return playing.seen

    def _operations(self) -> Iterable[Script]:
        """A client for each operation of the app's description, if it has one."""
        place = self._plan.openapi
        if place == NOWHERE:
            return ()
        for path in PLACES if place == ANYWHERE else (place,):
            body = self._description_at(path)
            if body is None or (place == ANYWHERE and not looks_like_one(body)):
                if place == ANYWHERE:
                    self._overlook(f"GET {path}")
                continue
            try:
                found = operations(read_description(body, path), self._plan.headers, self._plan.timeout)
            except ValueError as error:
                self.trouble.note(str(error))
                return ()
            for sentence in found.trouble:
                self.trouble.note(sentence)
            return (script for script in found.scripts if script.steps[0].method in self._plan.methods)  # type: ignore[attr-defined]
        if place != ANYWHERE:
            self.trouble.note(f"there is no OpenAPI description at {place}")
        return ()

    def _overlook(self, name: str) -> None:
        """Forget what was found of a request that only we were curious about: the app may treat it as it likes."""
        tally = self.tally
        tally.drain(self._cursor)
        if f"/{name.partition('/')[2]}" not in self._plan.paths:
            tally.findings[:] = [found for found in tally.findings if tally.names.get(found.conn or 0) != name]

    def _description_at(self, path: str) -> bytes | None:
        steps = (Request(path, headers=self._plan.headers), Read())
        seen = self._play([Script(f"GET {path}", steps, timeout=self._plan.timeout, limit=self._plan.timeout)], ours=True)
        exchange = seen[0].exchanges[0] if seen and seen[0].exchanges else None
        if exchange is None or exchange.status != 200 or exchange.ending is not Ending.COMPLETE:
            return None
        if exchange.length > len(exchange.body):
            self.trouble.note(f"the OpenAPI description at {path} is too large: {exchange.length:,} bytes")
            return None
        return bytes(exchange.body)

    def _until(self, wait: Callable[[float], bool], seconds: float) -> bool:
        """Wait for it at most so long, judging meanwhile; says whether it happened."""
        deadline = monotonic() + seconds
        while not (happened := wait(_TICK)) and monotonic() < deadline:
            self.tally.drain(self._cursor)
        self.tally.drain(self._cursor)
        return happened
