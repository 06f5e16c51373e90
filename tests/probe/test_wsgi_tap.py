"""The tap on a WSGI app changes nothing that a server, a client or the app could notice, and records what happened."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from wsgiref.validate import validator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.events import Event, Raw
from asgiviz.probe.current import current_connection
from asgiviz.probe.wsgi_tap import WsgiTap
from tests.probe.wsgi_servers import Handler, answered, events_of, undated, waitress
from tests.servers import exchange, wait_until


def start(start_response: Any) -> Any:
    """A plain 200; the headers in a list of its own, because servers may add to it."""
    return start_response("200 OK", [("Content-Type", "text/plain")])


class Chunks:
    """An iterable with a length and an end, which is no iterator."""

    def __init__(self, chunks: list[bytes], diary: list[str]) -> None:
        self._chunks = chunks
        self._diary = diary

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._diary.append("asked")
            yield chunk

    def __len__(self) -> int:
        return len(self._chunks)

    def close(self) -> None:
        self._diary.append("closed")


class Script:
    """A WSGI app that does what it was told, and writes down what was asked of it."""

    def __init__(self, form: str, chunks: list[bytes], written: list[bytes], trouble: str) -> None:
        self.form, self.chunks, self.written, self.trouble = form, chunks, written, trouble
        self.diary: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.diary.append(f"called {environ['wsgi.input'].read(99).decode()}")
        environ["script.was"] = "here"
        if self.trouble == "before":
            raise LookupError(self.trouble)
        if self.form == "generator":
            return self.generator(start_response)
        write = start(start_response)
        for chunk in self.written:
            write(chunk)
        if self.trouble == "replaced":
            self.replace(start_response)
        match self.form:
            case "list":
                return list(self.chunks)
            case "tuple":
                return tuple(self.chunks)
            case "iterator":
                return iter(self.chunks)
            case "one by one":
                return map(bytes, self.chunks)
            case _:
                return Chunks(self.chunks, self.diary)

    def generator(self, start_response: Any) -> Iterator[bytes]:
        start(start_response)
        try:
            for chunk in self.chunks:
                self.diary.append("asked")
                yield chunk
            if self.trouble == "within":
                raise LookupError(self.trouble)
        finally:
            self.diary.append("ended")

    def replace(self, start_response: Any) -> None:
        try:
            raise LookupError(self.trouble)
        except LookupError:
            start_response("500 Oops", [("X-Oops", "1")], sys.exc_info())


CHUNKS = st.lists(st.binary(max_size=5) | st.just(b"x" * 3_000), max_size=4)
FORMS = ["list", "tuple", "iterator", "one by one", "generator", "chunks"]


@given(st.sampled_from(FORMS), CHUNKS, CHUNKS, st.sampled_from(["", "", "before", "within", "replaced"]), st.binary(max_size=4))
def test_server_and_app_notice_nothing(form: str, chunks: list[bytes], written: list[bytes], trouble: str, body: bytes) -> None:
    """The bytes of the answer, what the server saw raised and what the app was asked, in order, are the same."""
    body = body.hex().encode()
    bare, tapped = Script(form, chunks, written, trouble), Script(form, chunks, written, trouble)
    raws: list[Raw] = []
    assert answered(WsgiTap(tapped, raws.append), "POST", body) == answered(bare, "POST", body)
    assert tapped.diary == bare.diary
    events = events_of(raws)
    assert [event.ev for event in events if event.ev in ("wsgi.environ", "wsgi.exit")] == ["wsgi.environ", "wsgi.exit"]
    if not trouble and form != "generator":
        assert b"".join(_body(event) for event in events if event.ev == "wsgi.chunk") == b"".join([*written, *chunks])


def _body(event: Event) -> bytes:
    body = event.get("body")
    assert isinstance(body, bytes)
    return body


@given(st.sampled_from(["list", "generator", "chunks"]), CHUNKS)
def test_the_validator_has_nothing_to_say(form: str, chunks: list[bytes]) -> None:
    """Between two validators of PEP 3333, for the app as for the server, the tap breaks no rule."""
    tap, _ = tapped(validator(Script(form, chunks, [], "")))
    answer, raised = answered(validator(tap))
    assert (answer, raised) == answered(validator(validator(Script(form, chunks, [], ""))))
    assert raised == []


def app_with_a_file(environ: dict[str, Any], start_response: Any) -> Any:
    start(start_response)
    return environ["wsgi.file_wrapper"](io.BytesIO(b"from a file" * 100))


def app_that_breaks_off(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [("Content-Length", "50")])
    yield b"no more"
    raise ValueError("broke off")


def app_without_start(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    return [b"x"]


def app_that_starts_twice(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start(start_response)
    start(start_response)
    return []


def app_that_returns_nothing(environ: dict[str, Any], start_response: Any) -> None:
    start(start_response)


def app_that_returns_text(environ: dict[str, Any], start_response: Any) -> str:
    start(start_response)
    return "text"


WAITRESS: dict[str, Callable[[], Any]] = {
    **{f"{form} of 1": partial(Script, form, [b"a"], [], "") for form in FORMS},
    **{f"{form} of 2": partial(Script, form, [b"a", b"b"], [], "") for form in FORMS},
    "write": lambda: Script("list", [b"after"], [b"written", b"x" * 3_000], ""),
    "exc_info": lambda: Script("list", [b"x"], [], "replaced"),
    "exc_info too late": lambda: Script("list", [b"x"], [b"written"], "replaced"),
    "raises": lambda: Script("list", [], [], "before"),
    "a file": lambda: app_with_a_file,
    "breaks off": lambda: app_that_breaks_off,
    "no start_response": lambda: app_without_start,
    "two of them": lambda: app_that_starts_twice,
    "nothing": lambda: app_that_returns_nothing,
    "text": lambda: app_that_returns_text,
}  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("make", WAITRESS.values(), ids=WAITRESS)
def test_waitress_sends_the_same_bytes(make: Callable[[], Any], method: str) -> None:
    """Lengths that it reckons, files that it knows by their type and answers to errors come out alike; and it is all told."""
    request = f"{method} / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n".encode()
    raws: list[Raw] = []
    with waitress(make()) as bare, waitress(WsgiTap(make(), raws.append)) as tapped:
        assert undated(exchange(tapped, request)) == undated(exchange(bare, request))
    assert wait_until(lambda: events_of(raws)[-1].ev == "wsgi.exit")


def test_a_file_is_handed_over_as_it_is() -> None:
    """The server gets the very object that it knows by its type; the recording says so, and that the app is done."""
    raws: list[Raw] = []
    environ = {"wsgi.file_wrapper": io.BytesIO}
    given = io.BytesIO(b"x")

    def app(environ: dict[str, Any], start_response: Any) -> io.BytesIO:
        start(start_response)
        return given

    assert WsgiTap(app, raws.append)(environ, lambda *_: None) is given
    *_, chunk, end = events_of(raws)
    assert (chunk.get("body"), chunk.get("via"), chunk.get("file")["$type"]) == (b"", "file", "_io.BytesIO")
    assert end.get("outcome") == "returned"


def tapped(app: Any, limit: int = 65_536) -> tuple[WsgiTap, list[Raw]]:
    """A tap around the app, and what it emits."""
    raws: list[Raw] = []
    return WsgiTap(app, raws.append, limit), raws


def test_nothing_is_asked_before_the_server_asks() -> None:
    """A generator's chunks are recorded one by one as the server takes them, and its end when the server closes it."""
    script = Script("generator", [b"a", b"b"], [], "")
    tap, raws = tapped(script)
    body = tap({"wsgi.input": io.BytesIO()}, lambda *_: None)
    assert [event.ev for event in events_of(raws)] == ["wsgi.environ"]
    chunks = iter(body)
    assert next(chunks) == b"a"
    assert script.diary == ["called ", "asked"]
    assert [event.ev for event in events_of(raws)][1:] == ["wsgi.start_response", "wsgi.chunk"]
    assert list(chunks) == [b"b"]
    assert events_of(raws)[-1].ev == "wsgi.chunk"
    body.close()
    assert events_of(raws)[-1].get("outcome") == "returned"


def test_a_body_that_is_closed_early_was_cancelled() -> None:
    """The server gave up; the app's own clean-up ran."""
    script = Script("generator", [b"a", b"b"], [], "")
    tap, raws = tapped(script)
    body = tap({"wsgi.input": io.BytesIO()}, lambda *_: None)
    next(iter(body))
    body.close()
    assert script.diary[-1] == "ended"
    assert events_of(raws)[-1].get("outcome") == "cancelled"


@pytest.mark.parametrize("trouble", ["before", "within"])
def test_what_the_app_raises_goes_on_bare_and_is_told_whole(trouble: str) -> None:
    """The same exception leaves; the traceback in the recording begins at the app, without a frame of ours."""
    handler = Handler()
    tap, raws = tapped(Script("generator", [b"a"], [], trouble))
    handler.run(tap)
    assert handler.raised == [LookupError]
    error = events_of(raws)[-1].get("error")
    assert (error["type"], error["text"]) == ("builtins.LookupError", trouble)
    assert "raise LookupError" in error["traceback"]
    assert "asgiviz/probe" not in error["traceback"]


def test_start_response_is_recorded_with_its_error() -> None:
    """Status and headers as they were handed over, and of exc_info its type and text."""
    tap, raws = tapped(Script("list", [], [], "replaced"))
    answered(tap)
    first, second = (event for event in events_of(raws) if event.ev == "wsgi.start_response")
    assert (first.get("status"), first.get("headers"), first.get("exc_info")) == (
        "200 OK",
        [["Content-Type", "text/plain"]],
        None,
    )
    assert second.get("exc_info") == {"type": "builtins.LookupError", "text": "replaced"}


def test_environ_is_a_copy_and_the_app_gets_the_servers_own() -> None:
    """What the app puts into its environ later reaches the server and not the recording; objects are shown, not run."""
    tap, raws = tapped(Script("list", [], [], ""))
    environ = {"wsgi.input": io.BytesIO(), "REQUEST_METHOD": "GET", "wsgi.version": (1, 0)}
    tap(environ, lambda *_: None)
    assert environ["script.was"] == "here"
    told = events_of(raws)[0].get("environ")
    assert "script.was" not in told
    assert (told["wsgi.version"], told["wsgi.input"]["$type"]) == ([1, 0], "_io.BytesIO")


def test_large_chunks_are_kept_in_part() -> None:
    """Up to the limit, with their true length."""
    tap, raws = tapped(Script("list", [b"x" * 5_000], [], ""), limit=2_000)
    answered(tap)
    chunk = next(event for event in events_of(raws) if event.ev == "wsgi.chunk")
    assert chunk.get("body") == {"$bytes": b"x" * 2_000, "$len": 5_000}


def test_the_apps_code_knows_its_connection_at_every_step() -> None:
    """In the call, in each chunk and in close; and not in between."""
    seen: list[int | None] = []

    class Body(Chunks):
        def __iter__(self) -> Iterator[bytes]:
            seen.append(current_connection())
            yield b"x"

        def close(self) -> None:
            seen.append(current_connection())

    def app(environ: dict[str, Any], start_response: Any) -> Body:
        seen.append(current_connection())
        start(start_response)
        return Body([b"x"], [])

    tap, _ = tapped(app)
    for _ in range(2):
        body = tap({}, lambda *_: None)
        assert list(body) == [b"x"]
        assert current_connection() is None
        body.close()
    assert seen == [1, 1, 1, 2, 2, 2]
