"""The options that commands share, and how their values become a `Run` and an output."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from asgiviz.check_settings import FORMATS, NEVER, SERVERS, SEVERITIES, WHOSE
from asgiviz.host.options import GRACE, STALL_MS, ServerOptions
from asgiviz.model.values import BODY_LIMIT
from asgiviz.store.recorder import MAX_EVENTS

F = TypeVar("F", bound=Callable[..., Any])
#: A kept body must fit in one line of a recording (store.reader.MAX_LINE).
MOST_BODY = 32 * 1024 * 1024


class NameValue(click.ParamType):  # type: ignore[type-arg]  # generic only in newer clicks
    """``Name:value``, as in uvicorn's --header."""

    name = "NAME:VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, tuple):
            return value
        name, colon, text = value.partition(":")
        if not colon or not name.strip():
            self.fail(f"{value!r} is not of the form Name:value", param, ctx)
        return name.strip(), text.strip()


class FilterText(click.ParamType):  # type: ignore[type-arg]  # generic only in newer clicks
    """A filter, checked while the command line is read."""

    name = "FILTER"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from asgiviz.views.filter import FilterError, parse

        if not isinstance(value, str):
            return value
        try:
            return parse(value)
        except FilterError as error:
            self.fail(f"{error}\n\n{error.picture}\n", param, ctx)


def server_options(function: F) -> F:
    """uvicorn's options, by uvicorn's names."""
    for option in reversed(_SERVER):
        function = option(function)
    return function


def output_options(function: F) -> F:
    """How a recording is shown, for `trace`, `demo` and `open`."""
    for option in reversed(_OUTPUT):
        function = option(function)
    return function


def recording_options(function: F) -> F:
    """What is kept, and when a live recording ends, for `trace` and `demo`."""
    for option in reversed(_RECORDING):
        function = option(function)
    return function


def course_options(function: F) -> F:
    """Which course it is, and where progress is kept, for `lesson` and `lessons`."""
    for option in reversed(_COURSE):
        function = option(function)
    return function


def lesson_options(function: F) -> F:
    """How a lesson is opened or judged."""
    for option in reversed(_LESSON):
        function = option(function)
    return function


def check_options(function: F) -> F:
    """How an app is run to be checked, which findings count, and how they are reported."""
    for option in reversed(_CHECK):
        function = option(function)
    return function


_COURSE = [
    click.option("--from", "pack_directory", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR", help="Another course: a directory with a pack.toml."),
    click.option("--progress", "progress_file", type=click.Path(dir_okay=False, path_type=Path), envvar="ASGIVIZ_PROGRESS", metavar="FILE", help="Where your progress is kept. Also: $ASGIVIZ_PROGRESS."),
]  # fmt: skip

#: What --check is without a file.
OWN_COPY = ""
_LESSON = [
    click.option("--plain", is_flag=True, help="The whole lesson as text, with questions on standard input. The default when standard output is no terminal."),
    click.option("--check", "checked", is_flag=False, flag_value=OWN_COPY, metavar="[FILE]", help="Only judge the exercise: FILE (or a directory), else your own copy."),
    click.option("--format", "form", type=click.Choice(["text", "json", "junit"]), default="text", show_default=True, help="How --check reports."),
    click.option("--clock", type=click.Choice(["virtual", "real"]), help="The clock of all runs. Default: what the lesson says."),
    click.option("--page", type=click.IntRange(1), metavar="P", help="Open this page."),
    click.option("--reset", is_flag=True, help="Start the exercise afresh; your file is kept beside it."),
    click.option("--yes", is_flag=True, help="Do not ask (--reset)."),
    click.option("--poll", is_flag=True, help="Look for changes of your file every 0.3 s, where the system does not tell of them."),
    click.option("--manual", is_flag=True, help="Do not watch your file: x checks it."),
    click.option("--trust", is_flag=True, help="Run the code of a course that did not come with asgiviz, and remember that."),
    click.option("--ascii", "ascii_", is_flag=True, help="Draw with ASCII only."),
]  # fmt: skip

_OUTPUT = [
    click.option("--plain", "form", flag_value="plain", help="One line per event, for people. The default when standard output is no terminal."),
    click.option("--json", "form", flag_value="json", help="The recording itself: one JSON object a line, the header first."),
    click.option("--filter", "filter_", type=FilterText(), help="Only connections like this: ~m POST, ~p /x, ~s 5xx, ~t websocket, ~d 100ms, ~b text, ~h name:value, ~e, ~f, ~r RULE; with ! & | ( )."),
    click.option("--reveal", is_flag=True, help="Show what is masked: authorization, cookies, tokens, passwords."),
    click.option("--mask", "masked", multiple=True, metavar="NAME", help="Mask this name too (header, query parameter, key). Repeatable."),
    click.option("--width", type=click.IntRange(40), help="Columns of a plain line. Default: the terminal's, else 120."),
    click.option("--ascii", "ascii_", is_flag=True, help="Draw with ASCII only."),
]  # fmt: skip

_RECORDING = [
    click.option("--record", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write the recording to FILE too (gzip when it ends in .gz)."),
    click.option("--for", "seconds", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Stop by itself after this time."),
    click.option("--connections", type=click.IntRange(1), metavar="N", help="Stop by itself after N finished connections."),
    click.option("--body-limit", type=click.IntRange(0, MOST_BODY), default=BODY_LIMIT, show_default=True, metavar="BYTES", help="Bytes kept of each body or message."),
    click.option("--max-events", type=click.IntRange(1_000), default=MAX_EVENTS, show_default=True, metavar="N", help="Events kept in memory; the oldest finished connections go first."),
    click.option("--stall-ms", type=click.IntRange(0), default=STALL_MS, show_default=True, metavar="MS", help="Report a callback that holds the event loop this long; 0: do not watch."),
    click.option("--isolate", is_flag=True, help="Run the app in a process of its own, which may block, exit or crash."),
]  # fmt: skip

_ANY_FILE = click.Path(dir_okay=False)
_CHECK = [
    click.option("--path", "paths", multiple=True, metavar="PATH", help="Send the built-in requests to this path, instead of /. Repeatable."),
    click.option("--method", "-X", "methods", multiple=True, metavar="METHOD", help="Only these methods; WS stands for a WebSocket. Repeatable."),
    click.option("--header", "-H", "headers", multiple=True, metavar="NAME:VALUE", help="A header for every request. Repeatable."),
    click.option("--body", "-d", metavar="TEXT|@FILE", help="The body of the requests that have one; @FILE takes it from there."),
    click.option("--script", type=_ANY_FILE, metavar="FILE", help="Play clients of your own too, from TOML or JSON (docs/check.md)."),
    click.option("--openapi", metavar="PATH|off", help="Where the app describes itself; off: do not look. Default: the usual paths."),
    click.option("--server", type=click.Choice(SERVERS), default=SERVERS[0], show_default=True, help="What runs the app."),
    click.option("--http", "http", default="auto", show_default=True, metavar="auto|h11|httptools|MODULE:CLASS", help="With --server uvicorn: its HTTP implementation."),
    click.option("--ws", "ws", default="auto", show_default=True, metavar="auto|none|websockets|websockets-sansio|wsproto|MODULE:CLASS", help="Likewise, for WebSockets."),
    click.option("--loop", "loop", default="auto", show_default=True, metavar="auto|asyncio|uvloop|MODULE:FACTORY", help="Likewise, its event loop."),
    click.option("--app-dir", type=click.Path(exists=True, file_okay=False), default=".", show_default=True, help="Where to look for the app's module."),
    click.option("--factory", is_flag=True, help="TARGET is a function without arguments that gives the app."),
    click.option("--timeout", type=click.FloatRange(0, min_open=True), default=5.0, show_default=True, metavar="SECONDS", help="How long one client waits in all."),
    click.option("--format", "form", type=click.Choice(FORMATS), default=FORMATS[0], show_default=True, help="How it is reported."),
    click.option("--output", type=_ANY_FILE, metavar="FILE", help="Write the report there; standard output gets the text."),
    click.option("--select", multiple=True, metavar="RULES", help="Only these: an id (HTTP-S-021), a beginning of ids (HTTP-S), a class (specification, RFC, portability). Repeatable."),
    click.option("--ignore", multiple=True, metavar="RULES", help="Not these. Repeatable."),
    click.option("--min-severity", type=click.Choice(SEVERITIES), default="warning", show_default=True, help="Tell findings from this severity on."),
    click.option("--fail-on", type=click.Choice([*SEVERITIES, NEVER]), default="error", show_default=True, help="Exit with 1 from this severity on."),
    click.option("--who", type=click.Choice(WHOSE), default="all", show_default=True, help="Only what the app, or the server, is to blame for."),
    click.option("--baseline", type=_ANY_FILE, metavar="FILE", help="Accept the findings that stand in FILE."),
    click.option("--write-baseline", is_flag=True, help="Write all that is found to the --baseline, and accept it."),
    click.option("--width", type=click.IntRange(40), help="Columns of a line of text. Default: the terminal's, else 80."),
    click.option("--ascii", "ascii_", is_flag=True, help="Write ASCII only (text)."),
]  # fmt: skip

_FILE = click.Path(exists=True, dir_okay=False)
_LEVELS = ["critical", "error", "warning", "info", "debug", "trace"]
_SERVER = [
    click.option("--server", type=click.Choice(["uvicorn"]), default="uvicorn", show_default=True, help="The server to run it under."),
    click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
    click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Port to listen on; 0: any free one."),
    click.option("--uds", metavar="PATH", help="Listen on a UNIX socket instead."),
    click.option("--fd", type=int, help="Listen on this open descriptor instead."),
    click.option("--http", default="auto", show_default=True, metavar="auto|h11|httptools|MODULE:CLASS", help="HTTP implementation."),
    click.option("--ws", default="auto", show_default=True, metavar="auto|none|websockets|websockets-sansio|wsproto|MODULE:CLASS", help="WebSocket implementation."),
    click.option("--loop", default="auto", show_default=True, metavar="auto|asyncio|uvloop|MODULE:FACTORY", help="Event loop."),
    click.option("--lifespan", type=click.Choice(["auto", "on", "off"]), default="auto", show_default=True, help="Lifespan events."),
    click.option("--root-path", default="", help="The 'root_path' the app is mounted under."),
    click.option("--header", "headers", multiple=True, type=NameValue(), help="Default response header. Repeatable."),
    click.option("--server-header/--no-server-header", default=True, show_default=True, help="Send a default Server header."),
    click.option("--date-header/--no-date-header", default=True, show_default=True, help="Send a default Date header."),
    click.option("--proxy-headers/--no-proxy-headers", default=True, show_default=True, help="Believe X-Forwarded-* of trusted peers."),
    click.option("--forwarded-allow-ips", metavar="LIST", help="Trusted peers. Default: $FORWARDED_ALLOW_IPS, else 127.0.0.1."),
    click.option("--ssl-keyfile", type=_FILE, help="TLS key."),
    click.option("--ssl-keyfile-password", metavar="TEXT", help="TLS key's password."),
    click.option("--ssl-certfile", type=_FILE, help="TLS certificate."),
    click.option("--log-level", type=click.Choice(_LEVELS), default="info", show_default=True, help="Level of the server's own log."),
    click.option("--access-log", is_flag=True, help="Let uvicorn write its access log too (it costs more than the recording)."),
    click.option("--env-file", type=_FILE, help="Environment file (needs python-dotenv)."),
    click.option("--backlog", type=int, default=2048, show_default=True, help="Connections that may wait to be accepted."),
    click.option("--limit-concurrency", type=int, metavar="N", help="Connections or tasks before 503 is answered."),
    click.option("--limit-max-requests", type=int, metavar="N", help="Requests before the server ends."),
    click.option("--timeout-keep-alive", type=int, default=5, show_default=True, metavar="SECONDS", help="Idle connections are closed after this."),
    click.option("--timeout-graceful-shutdown", type=int, default=GRACE, show_default=True, metavar="SECONDS", help="Time that open requests get at the end."),
    click.option("--h11-max-incomplete-event-size", type=int, metavar="BYTES", help="Longest incomplete h11 event."),
    click.option("--ws-max-size", type=int, default=16777216, show_default=True, metavar="BYTES", help="Largest WebSocket message."),
    click.option("--ws-max-queue", type=int, default=32, show_default=True, metavar="N", help="WebSocket messages that may wait."),
    click.option("--ws-ping-interval", type=float, default=20.0, show_default=True, metavar="SECONDS", help="Time between WebSocket pings."),
    click.option("--ws-ping-timeout", type=float, default=20.0, show_default=True, metavar="SECONDS", help="Time a pong may take."),
    click.option("--ws-per-message-deflate/--no-ws-per-message-deflate", default=True, show_default=True, help="WebSocket compression."),
]  # fmt: skip


def take_server_options(options: dict[str, Any]) -> ServerOptions:
    """Take the values of `server_options` out of a command's `options`."""
    options.pop("server")  # one server for now; the choice is checked by click
    return ServerOptions(**{name: options.pop(name) for name in ServerOptions.__dataclass_fields__ if name in options})
