"""``asgiviz demo``: the built-in app, its visitors, and all there is to see."""

from __future__ import annotations

import sys
from typing import Any

import click

from asgiviz.cli.options import output_options, recording_options

#: Seconds that what the visitors left open gets at the end.
GRACE = 1


@click.command(short_help="Trace the built-in demo app.")
@output_options
@recording_options
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on. Default: any free one.")
@click.option("--http", default="auto", show_default=True, metavar="auto|h11|httptools", help="HTTP implementation.")
@click.option(
    "--ws", default="auto", show_default=True, metavar="auto|websockets-sansio|wsproto", help="WebSocket implementation."
)
@click.option("--loop", default="auto", show_default=True, metavar="auto|asyncio|uvloop", help="Event loop.")
def demo(port: int, http: str, ws: str, loop: str, **options: Any) -> None:
    """Serve a small app and send it visitors that use everything it has, some of them badly.

    The visit takes about seven seconds. On a terminal the app then stays up for your own requests, until q or Ctrl-C;
    elsewhere the demo ends by itself.
    """
    from asgiviz.cli.live import live_run
    from asgiviz.cli.look import look_here
    from asgiviz.demo.visitors import visit
    from asgiviz.host.options import Run, ServerOptions
    from asgiviz.session import Session
    from asgiviz.traffic.crowd import Crowd

    server = ServerOptions(port=port, http=http, ws=ws, loop=loop, timeout_graceful_shutdown=GRACE)
    look = look_here(options)
    run = Run(
        "asgiviz.demo.app:app", options=server, body_limit=options["body_limit"], stall_ms=options["stall_ms"], closely=True
    )
    session = Session(run, isolate=options["isolate"], max_events=options["max_events"])
    stays = sys.stdout.isatty()
    crowds: list[Crowd] = []

    def begin(url: str) -> None:
        crowds.append(visit(url, session.recorder.emit, on_end=lambda: invite(url) if stays else None))

    def invite(url: str) -> None:
        ends = "8 shows which rules were broken, q ends it" if look.form == "screen" else "Ctrl-C ends it"
        live.say(f"the visitors have left, the app stays: try `curl {url}/hello/you`. {ends}")

    live = live_run(look, "demo")(
        session,
        look,
        options["record"],
        options["seconds"],
        options["connections"],
        is_over=lambda: not stays and bool(crowds) and crowds[0].finished,
        on_listening=begin,
    )
    sys.exit(live.run())
