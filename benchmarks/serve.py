"""A server child: one app under uvicorn, bare or traced, told what to do on its standard input.

It writes ``{"port": …}`` when it listens, answers each line it reads with its figures, and ends when its input ends.
The traced variants are put together as the in-process host does it: uvicorn in its own thread and loop, the main thread
waiting, a shorter switch interval.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import sys
import threading
from pathlib import Path
from time import perf_counter_ns, sleep
from typing import Any

import uvicorn

VARIANTS = ("bare", "asgiviz", "asgiviz-file", "opentelemetry")
#: Events kept by the recorder, the default of `asgiviz trace`.
MAX_EVENTS = 200_000
#: As the host sets it.
SWITCH_INTERVAL = 0.0005


class Pauses:
    """The longest garbage collection since it was last asked."""

    def __init__(self) -> None:
        self._began = 0
        self._longest = 0
        gc.callbacks.append(self._mark)

    def _mark(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._began = perf_counter_ns()
        else:
            self._longest = max(self._longest, perf_counter_ns() - self._began)

    def take_ms(self) -> float:
        """The longest one in milliseconds; begins anew."""
        longest, self._longest = self._longest, 0
        return longest / 1e6


def traced(app: Any, record: Path | None) -> tuple[Any, Any, Any]:
    """`app` behind a tap, its recorder and, if asked for, the writer to the file `record`."""
    from asgiviz.model.recording import Header
    from asgiviz.probe.tap import Tap
    from asgiviz.store.dictation import dictate_file
    from asgiviz.store.recorder import Recorder
    from asgiviz.store.writer import complain

    recorder = Recorder(max_events=MAX_EVENTS).start()
    writer = None
    if record is not None:
        writer = dictate_file(recorder, record, Header.now(recorder.started, target="benchmark"), None, complain)
    return Tap(app, recorder.emit, hosted=True), recorder, writer


def with_opentelemetry(app: Any) -> Any:
    """`app` behind OpenTelemetry's middleware with the cheapest exporter there can be: it drops what it is given."""
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware  # type: ignore[import-not-found,unused-ignore]
    from opentelemetry.sdk.trace import TracerProvider  # type: ignore[import-not-found,unused-ignore]
    from opentelemetry.sdk.trace.export import (  # type: ignore[import-not-found,unused-ignore]
        SimpleSpanProcessor,
        SpanExporter,
        SpanExportResult,
    )

    class Drop(SpanExporter):  # type: ignore[misc,unused-ignore]
        def export(self, spans: Any) -> Any:
            return SpanExportResult.SUCCESS

    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Drop()))
    return OpenTelemetryMiddleware(app, tracer_provider=provider)


def listen(config: uvicorn.Config) -> tuple[uvicorn.Server, threading.Thread, int]:
    """A running server in its own thread and loop, and the port that it got."""
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="server")
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise SystemExit("the server did not start")
        sleep(0.005)
    return server, thread, server.servers[0].sockets[0].getsockname()[1]


def main() -> None:
    """Serve until the standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("variant", choices=VARIANTS)
    parser.add_argument("--app", required=True)
    parser.add_argument("--http", default="httptools")
    parser.add_argument("--loop", default="asyncio")
    parser.add_argument("--log-level", default="warning")
    parser.add_argument("--record", type=Path)
    chosen = parser.parse_args()

    import targets

    app: Any = getattr(targets, chosen.app)
    recorder = writer = None
    if chosen.variant.startswith("asgiviz"):
        app, recorder, writer = traced(app, chosen.record)
        sys.setswitchinterval(SWITCH_INTERVAL)
    elif chosen.variant == "opentelemetry":
        app = with_opentelemetry(app)
    config = uvicorn.Config(app, port=0, http=chosen.http, loop=chosen.loop, log_level=chosen.log_level, access_log=False)
    server, thread, port = listen(config)
    pauses = Pauses()
    print(json.dumps({"port": port}), flush=True)
    for _ in sys.stdin:
        figures: dict[str, Any] = {"gc_ms": pauses.take_ms()}
        if recorder is not None:
            figures |= {"events": len(recorder), "kept": recorder.kept, "bytes_kept": recorder.bytes_kept}
        print(json.dumps(figures), flush=True)
    server.should_exit = True
    thread.join()
    if writer is not None:
        writer.close()
    if recorder is not None:
        recorder.close()
    logging.shutdown()


if __name__ == "__main__":
    main()
