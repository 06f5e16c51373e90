"""What is printed, logged and warned becomes events: once, in order, with its connection."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import subprocess
import sys
import textwrap
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

import pytest

from asgiviz.model.events import LOG, Raw
from asgiviz.probe.current import connection
from asgiviz.probe.logs import capture_logs
from asgiviz.probe.threads import carry_connections

Said = tuple[int | None, str, str]


@contextlib.contextmanager
def hearing() -> Iterator[list[Raw]]:
    """What is emitted while output is captured as an app's, with no connection to begin with."""
    seen: list[Raw] = []
    token = connection.set(None)  # whatever a coroutine that was driven by hand has left in this thread
    try:
        with carry_connections(), capture_logs(seen.append):
            yield seen
    finally:
        connection.reset(token)


@contextlib.contextmanager
def running_for(conn: int) -> Iterator[None]:
    """As if a connection's app were running."""
    token = connection.set(conn)
    try:
        yield
    finally:
        connection.reset(token)


def said(raws: list[Raw]) -> list[Said]:
    """Connection, logger and text of the log events."""
    return [(raw[2], raw[5]["logger"], raw[5]["text"]) for raw in raws if raw[1] == LOG]


def test_a_print_is_one_event_a_line() -> None:
    """Lines are joined from their pieces, and standard error is told from standard output."""
    with hearing() as raws, running_for(7):
        print("one", "two")
        print("three\nfour")
        print("five", file=sys.stderr)
    assert said(raws) == [(7, "stdout", "one two"), (7, "stdout", "three"), (7, "stdout", "four"), (7, "stderr", "five")]


def test_an_unfinished_line_waits_for_its_end_or_a_flush() -> None:
    """Two connections that print without line ends are not mixed; a flush shows what is there."""
    with hearing() as raws:
        with running_for(1):
            print("first ", end="")
        with running_for(2):
            print("second ", end="")
            print("ends")
        with running_for(1):
            print("ends")
            print("shown now", end="", flush=True)
    assert said(raws) == [(2, "stdout", "second ends"), (1, "stdout", "first ends"), (1, "stdout", "shown now")]


def test_a_log_record_is_recorded_once() -> None:
    """The record is one event, although a handler writes it to standard error as well."""
    with hearing() as raws:
        logger = logging.getLogger("tests.shop")
        handler = logging.StreamHandler(sys.stderr)
        logger.addHandler(handler)
        try:
            with running_for(3):
                logger.warning("out of %s", "tea")
                logger.debug("below the level: not made, so not recorded")
        finally:
            logger.removeHandler(handler)
    assert said(raws) == [(3, "tests.shop", "out of tea")]
    assert raws[0][5]["level"] == "WARNING"


def test_a_log_record_keeps_its_traceback() -> None:
    """`logger.exception` brings the traceback along."""
    with hearing() as raws:
        try:
            raise ValueError("sour")
        except ValueError:
            logging.getLogger("tests.shop").exception("milk")
    text = said(raws)[0][2]
    assert text.startswith("milk\nTraceback")
    assert text.endswith("ValueError: sour")


def test_a_record_that_cannot_be_formatted_is_shown_as_given() -> None:
    """Arguments that do not fit are the app's mistake, and do not stop anything."""
    logger = logging.getLogger("tests.unformatted")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    with hearing() as raws:
        logger.warning("%d apples", "many")
    assert "%d apples (could not be formatted: TypeError" in said(raws)[0][2]


def test_a_warning_is_an_event() -> None:
    """With its category and its place."""
    with hearing() as raws, warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    [(_, logger, text)] = said(raws)
    assert logger == "warnings"
    assert text.startswith("DeprecationWarning: old (")
    assert "test_logs.py:" in text


def test_threads_know_their_connection() -> None:
    """`to_thread`, an executor, a pool of one's own and a plain thread print for the connection that started them."""
    with hearing() as raws:
        pool = ThreadPoolExecutor(1)

        async def app() -> None:
            await asyncio.to_thread(print, "to_thread")
            await asyncio.get_running_loop().run_in_executor(None, print, "executor")
            pool.submit(print, "pool").result()
            thread = threading.Thread(target=print, args=("thread",))
            thread.start()
            thread.join()

        with running_for(5):
            asyncio.run(app())
        pool.submit(print, "for nobody").result()
        pool.shutdown()
    assert said(raws) == [
        (5, "stdout", "to_thread"),
        (5, "stdout", "executor"),
        (5, "stdout", "pool"),
        (5, "stdout", "thread"),
        (None, "stdout", "for nobody"),
    ]


def test_an_executor_does_not_see_the_apps_context() -> None:
    """Only our own mark travels into a pool: the app's context variables behave as without us."""
    with hearing():
        mine: ContextVar[str] = ContextVar("mine", default="default")
        mine.set("set by the handler")
        with running_for(1), ThreadPoolExecutor(1) as pool:
            assert pool.submit(mine.get).result() == "default"


def test_standard_output_is_of_the_usual_class() -> None:
    """What can be done with `sys.stdout` can be done: reconfigure, the buffer below, fileno, writelines."""
    with hearing() as raws:
        stream: Any = sys.stdout
        assert isinstance(stream, io.TextIOWrapper)
        stream.reconfigure(line_buffering=True)
        stream.buffer.write(b"bytes\n")
        stream.writelines(["a\n", "b\n"])
        assert stream.fileno() == 1
        assert not stream.isatty()
    assert [text for _, _, text in said(raws)] == ["bytes", "a", "b"]


def test_closing_standard_output_keeps_what_was_printed() -> None:
    """An unfinished line is shown at the close; printing afterwards raises, as it does without us."""
    with hearing() as raws:
        print("unfinished", end="")
        sys.stdout.close()
        with pytest.raises(ValueError, match="closed file"):
            print("more")
    assert said(raws) == [(None, "stdout", "unfinished")]


def test_everything_is_given_back() -> None:
    """After the capture, streams, logging, warnings, threads and pools are what they were."""
    before = (
        sys.stdout,
        sys.stderr,
        logging.Logger.callHandlers,
        warnings.showwarning,
        threading.Thread.start,
        ThreadPoolExecutor.submit,
    )
    with hearing():
        assert sys.stdout is not before[0]
    after = (
        sys.stdout,
        sys.stderr,
        logging.Logger.callHandlers,
        warnings.showwarning,
        threading.Thread.start,
        ThreadPoolExecutor.submit,
    )
    assert after == before


def test_what_goes_below_python_is_an_event_too() -> None:
    """`os.write`, C code and child processes write to pipes of ours; our own words go to the real streams."""
    code = """
    import os, subprocess, sys
    from asgiviz.probe.descriptors import Descriptors
    seen = []
    with Descriptors(seen.append) as ours:
        os.write(1, b"written\\n")
        subprocess.run([sys.executable, "-c", "import sys; print('child'); print('oops', file=sys.stderr)"])
        ours.out.write(b"our own words\\n")
        ours.out.flush()
    print([(raw[5]["logger"], raw[5]["text"]) for raw in seen if raw[5]["logger"] == "stdout"])
    print([(raw[5]["logger"], raw[5]["text"]) for raw in seen if raw[5]["logger"] == "stderr"])
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == [
        "our own words",
        "[('stdout', 'written'), ('stdout', 'child')]",
        "[('stderr', 'oops')]",
    ]
    assert done.stderr == ""
