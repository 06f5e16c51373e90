"""What a scribe writes is what the thread would have written, whoever is killed, and trouble with it is one sentence."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from asgiviz.model.events import EXIT, NOTE, RECEIVE_LARGE, SCOPE, SEND_LARGE, Raw
from asgiviz.model.masking import Mask
from asgiviz.store import dictation
from asgiviz.store.dictation import Dictation, dictate, dictate_file
from asgiviz.store.errors import RecordingError
from asgiviz.store.recorder import Recorder
from asgiviz.store.writer import LineWriter, open_for_writing
from tests.servers import ROOT, wait_until
from tests.store.files import HEADER, STOPPED, file_of, filled, is_one_sentence, opened, request

#: Seconds that a machine with other work to do may take.
PATIENCE = 60.0


def scribe_of(writer: Dictation | LineWriter) -> subprocess.Popen[bytes]:
    """The process that writes."""
    assert isinstance(writer, Dictation), "the thread writes, not a scribe"
    return writer._process


def odd_events() -> list[Raw]:
    """Whatever a frozen value may be, packed by the tap and not."""
    values: dict[str, Any] = {
        "surrogate": "a\ud800b\udfff",
        "huge": 2**200,
        "negative": -(2**63) - 1,
        "nan": float("nan"),
        "infinite": float("-inf"),
        "none": None,
        "bytes": bytes(range(256)),
        "cut": {"$bytes": b"begin", "$len": 10**12},
        "items": {"$items": [[1, "one"], ["$x", b"\x00"]]},
        "password": "hunter2",
        "nested": [(1, [2, (3, {"k": "v"})])],
        "headers": ((b"authorization", b"Bearer sesame"), (b"x", b"y"), [b"odd", b"pair"]),
        "query_string": b"token=hush&x=1",
        "text": "GET /?token=hush HTTP/1.1 \x1b[31m\u202e",
    }
    large = {"type": "http.request", "body": b"\xff" * 200_000, "more_body": True}
    return [
        (-5, NOTE, None, None, None, {"name": "odd", **values}),
        (2**62, SCOPE, 2**40, 0, None, {"type": "http", **values}),
        (7, RECEIVE_LARGE, 1, 0, 1, large),
        (8, SEND_LARGE, 1, 3, 2, {**large, "type": "http.response.body"}),
        (9, NOTE, None, None, None, None),
    ]


def many_events() -> list[Raw]:
    """Enough for several packed blocks, some of them with large bodies, and a rest that is not packed."""
    raws = [raw for conn in range(1, 300) for raw in request(conn, bytes(conn % 90))]
    return [*odd_events(), *raws, *odd_events(), *raws[:100], STOPPED]


@pytest.mark.parametrize("tidied", [True, False], ids=["packed", "as it came"])
@pytest.mark.parametrize("mask", [Mask(["x"]), Mask(), None], ids=["own mask", "mask", "revealed"])
@pytest.mark.parametrize("name", ["x.asgiviz", "x.asgiviz.gz"])
def test_the_file_is_the_one_that_the_thread_writes(name: str, mask: Mask | None, tidied: bool, tmp_path: Path) -> None:
    """Byte for byte the same lines, however the recorder keeps the events; the file is the owner's alone."""
    path = tmp_path / name
    raws = many_events()
    recorder = filled(raws)
    if tidied:
        recorder.tidy()
    writer = dictate_file(recorder, path, HEADER, mask, pytest.fail)
    scribe = scribe_of(writer)
    writer.close(PATIENCE)
    assert scribe.returncode == 0
    data = path.read_bytes()
    assert (gzip.decompress(data) if name.endswith(".gz") else data) == file_of(raws, mask)
    assert path.stat().st_mode & 0o077 == 0


def test_events_from_the_middle_of_a_block_are_written_once(tmp_path: Path) -> None:
    """What was sent as it came and packed a moment later is not sent again, and nothing behind it is lost."""
    path = tmp_path / "x.asgiviz"
    raws = [raw for conn in range(1, 400) for raw in request(conn)] + [STOPPED]
    recorder = filled(raws[:700])
    writer = dictate_file(recorder, path, HEADER, None, pytest.fail)
    for begin in range(700, len(raws), 300):
        assert wait_until(lambda seen=begin: path.read_bytes().count(b"\n") == seen + 1)  # type: ignore[misc]
        for raw in raws[begin : begin + 300]:
            recorder.emit(raw)
        recorder.tidy()
    writer.close(PATIENCE)
    assert path.read_bytes() == file_of(raws)


@pytest.mark.parametrize("name", ["x.asgiviz", "x.asgiviz.gz"])
def test_lines_reach_the_file_while_the_app_runs(name: str, tmp_path: Path) -> None:
    """Without any close a reader of the file sees each event before long."""
    path = tmp_path / name
    recorder = filled(request(1))
    writer = dictate_file(recorder, path, HEADER, None, pytest.fail)
    for conn in range(2, 5):
        assert wait_until(lambda seen=8 * (conn - 1): len(opened(path.read_bytes())[1]) == seen)  # type: ignore[misc]
        for raw in request(conn):
            recorder.emit(raw)
    writer.close(PATIENCE)


def test_what_the_ring_let_go_is_a_gap_in_the_file(tmp_path: Path) -> None:
    """A scribe that comes too late writes what survived, with its numbers, and one event that counts the rest."""
    path = tmp_path / "x.asgiviz"
    raws = [request(1)[0], *(raw for conn in range(2, 2_000) for raw in request(conn)), STOPPED]
    recorder = filled(raws, max_events=4_000)
    recorder.tidy()
    dictate_file(recorder, path, HEADER, None, pytest.fail).close(PATIENCE)
    _, events, ending = opened(path.read_bytes())
    assert ending == ""
    assert [(event.seq, event.ev) for event in events[:2]] == [(1, "scope"), (events[1].seq, "gap")]
    assert events[1].get("dropped") + len(events) - 1 == len(raws)
    assert [event.seq for event in events[1:]] == list(range(events[1].seq, len(raws) + 1))


def test_closing_brings_a_million_events_into_the_file(tmp_path: Path) -> None:
    """Everything that was recorded before the close is there when it comes back, in order."""
    path = tmp_path / "x.asgiviz"
    recorder = Recorder(max_events=2_000_000)
    recorder.epoch = 0
    for number in range(1_000_000):
        recorder.emit((number, EXIT, None, None, None, None))
        if number % 50_000 == 0:
            recorder.tidy()
    recorder.tidy()
    writer = dictate_file(recorder, path, HEADER, None, pytest.fail)
    writer.close(PATIENCE)
    with path.open("rb") as lines:
        next(lines)
        assert all(line.startswith(b'{"seq":%d,' % seq) for seq, line in zip(range(1, 1_000_001), lines, strict=True))


def test_no_process_and_no_descriptor_is_left(tmp_path: Path) -> None:
    """After the close the scribe has ended and was waited for, and nothing of ours is open."""
    before = set(Path("/proc/self/fd").iterdir())
    writer = dictate_file(filled([STOPPED]), tmp_path / "x", HEADER, None, pytest.fail)
    scribe = scribe_of(writer)
    writer.close(PATIENCE)
    with pytest.raises(ChildProcessError):
        os.waitpid(scribe.pid, os.WNOHANG)
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_two_scribes_do_not_share_a_file(tmp_path: Path) -> None:
    """The file is locked until the scribe has ended, although the parent has closed it."""
    path = tmp_path / "x.asgiviz"
    writer = dictate_file(filled(request(1)), path, HEADER, None, pytest.fail)
    with pytest.raises(RecordingError, match="another process"):
        open_for_writing(path)
    writer.close(PATIENCE)
    open_for_writing(path).close()


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
def test_a_full_disk_is_told_once_and_the_recording_goes_on(zipped: bool) -> None:
    """Nothing can be written: one sentence, no exception, and every event is still in memory."""
    complaints: list[str] = []
    recorder = filled(request(1))
    writer = dictate(recorder, open_for_writing(Path("/dev/full")), "FILE", HEADER, None, complaints.append, zipped)
    assert wait_until(lambda: complaints)
    for raw in request(2):
        recorder.emit(raw)
    writer.close(PATIENCE)
    assert len(complaints) == 1
    assert complaints[0].startswith("FILE cannot be written any more (no space left on device), it ends near event")
    assert is_one_sentence(complaints[0])
    assert len(list(recorder.cursor())) == 16


def test_a_closed_pipe_is_told_once_and_the_recording_goes_on() -> None:
    """The reader of a pipe went away, as `head` does: one sentence, and the app runs on."""
    complaints: list[str] = []
    recorder = filled(request(1))
    out, into = os.pipe()
    os.close(out)
    writer = dictate(recorder, os.fdopen(into, "wb"), "standard output", HEADER, None, complaints.append)
    assert wait_until(lambda: complaints)
    for raw in request(2):
        recorder.emit(raw)
    writer.close(PATIENCE)
    assert len(complaints) == 1
    assert complaints[0].startswith("standard output was closed by its reader")
    assert len(recorder) == 16


def test_a_pipe_that_nobody_reads_does_not_hold_up_the_end() -> None:
    """A reader that stands still blocks the scribe only: closing gives up after its time, says so, and nothing is lost."""
    complaints: list[str] = []
    recorder = filled([(0, NOTE, None, None, None, {"name": "x" * 100_000})] * 10)
    out, into = os.pipe()
    writer = dictate(recorder, os.fdopen(into, "wb"), "standard output", HEADER, None, complaints.append)
    writer.close(timeout=0.5)
    assert len(complaints) == 1
    assert complaints[0].startswith("standard output ")
    assert is_one_sentence(complaints[0])
    with os.fdopen(out, "rb") as stream:
        assert stream.read().count(b"\n") == 11
    scribe_of(writer).wait(PATIENCE)


@pytest.mark.parametrize("traffic", [True, False], ids=["under traffic", "when idle"])
def test_a_killed_scribe_is_told_once_and_the_app_goes_on(traffic: bool, tmp_path: Path) -> None:
    """kill -9 of the scribe is one sentence with the signal's name; emitting and closing work as before."""
    complaints: list[str] = []
    path = tmp_path / "x.asgiviz"
    recorder = filled(request(1))
    writer = dictate_file(recorder, path, HEADER, None, complaints.append)
    assert wait_until(lambda: path.read_bytes().count(b"\n") == 9)
    scribe_of(writer).kill()
    for conn in count(2):
        if traffic:
            for raw in request(conn):
                recorder.emit(raw)
        if complaints:
            break
        time.sleep(0.01)
        assert conn < 100 * PATIENCE
    writer.close(PATIENCE)
    assert len(complaints) == 1
    assert "was ended by SIGKILL" in complaints[0]
    assert is_one_sentence(complaints[0])
    assert len(opened(path.read_bytes())[1]) >= 8


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_to_all_does_not_end_the_scribe(number: signal.Signals, tmp_path: Path) -> None:
    """What ends the parent leaves the scribe to write the last events, and a terminal's Ctrl-C is not for its group."""
    path = tmp_path / "x.asgiviz"
    recorder = filled(request(1))
    writer = dictate_file(recorder, path, HEADER, None, pytest.fail)
    assert wait_until(lambda: path.read_bytes().count(b"\n") == 9)
    scribe = scribe_of(writer)
    assert os.getpgid(scribe.pid) != os.getpgid(0)
    scribe.send_signal(number)
    recorder.emit(STOPPED)
    writer.close(PATIENCE)
    assert opened(path.read_bytes())[2] == ""


def test_a_fork_of_the_app_does_not_keep_the_scribe(tmp_path: Path) -> None:
    """A child that the app forked and that lives on does not hold the pipe: the scribe ends, and all is written."""
    path = tmp_path / "x.asgiviz"
    script = FORKING_PARENT.format(path=str(path))
    parent = subprocess.run([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, timeout=PATIENCE, check=False)
    forked, scribe = map(int, parent.stdout.split())
    try:
        assert wait_until(lambda: not is_running(scribe))
        assert is_running(forked)
    finally:
        os.kill(forked, signal.SIGKILL)
    assert len(opened(path.read_bytes())[1]) == 8


FORKING_PARENT = """
import os, signal, time
from pathlib import Path
from asgiviz.store.dictation import dictate_file
from tests.store.files import HEADER, filled, request
path = Path({path!r})
writer = dictate_file(filled(request(1)), path, HEADER, None, print)
while path.read_bytes().count(b"\\n") < 9:
    time.sleep(0.01)
forked = os.fork()
if not forked:
    os.close(1)
    time.sleep(300)
    os._exit(0)
print(forked, writer._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def is_running(pid: int) -> bool:
    """Whether there is such a process that has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("executable", ["", None, "/nowhere/python"], ids=["empty", "none", "not there"])
def test_without_an_interpreter_to_run_the_thread_writes(
    executable: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python inside another program cannot start a scribe: the same file is written all the same."""
    path = tmp_path / "x.asgiviz.gz"
    monkeypatch.setattr(sys, "executable", executable)
    writer = dictate_file(filled([STOPPED]), path, HEADER, None, pytest.fail)
    assert isinstance(writer, LineWriter)
    writer.close(PATIENCE)
    assert gzip.decompress(path.read_bytes()) == file_of([STOPPED])


def test_a_scribe_that_cannot_start_is_told_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the interpreter runs but finds no scribe, its last line says why."""
    complaints: list[str] = []
    monkeypatch.setattr(dictation, "_ROOT", str(tmp_path))
    dictate_file(filled([STOPPED]), tmp_path / "x", HEADER, None, complaints.append).close(PATIENCE)
    assert len(complaints) == 1
    assert "exited with status 1 (ModuleNotFoundError" in complaints[0]
    assert is_one_sentence(complaints[0])


def test_the_scribe_imports_nothing_heavy() -> None:
    """It loads neither threads nor processes, servers or screens, nor gzip before it is asked for."""
    code = "import sys; before = set(sys.modules); import asgiviz.store.scribe; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "asgiviz.store.lines" in loaded
    assert not loaded & {
        "threading",
        "subprocess",
        "asyncio",
        "gzip",
        "uvicorn",
        "textual",
        "dataclasses",
        "asgiviz.store.recorder",
    }


def test_an_idle_scribe_is_not_woken(tmp_path: Path) -> None:
    """While nothing is recorded it sleeps: before long the system counts no switch to it for half a second."""
    path = tmp_path / "x.asgiviz"
    writer = dictate_file(filled(request(1)), path, HEADER, None, pytest.fail)
    status = Path(f"/proc/{scribe_of(writer).pid}/status")

    def switches() -> list[str]:
        return [line for line in status.read_text().splitlines() if "voluntary_ctxt_switches" in line]

    def sleeps() -> bool:
        before = switches()
        time.sleep(0.5)
        return switches() == before

    assert wait_until(lambda: path.read_bytes().count(b"\n") == 9)
    assert len(switches()) == 2
    assert wait_until(sleeps)
    writer.close(PATIENCE)


RECORDING_PARENT = """
import sys, time
from pathlib import Path
from asgiviz.store.dictation import dictate_file
from asgiviz.store.recorder import Recorder
from tests.store.files import HEADER, request
recorder = Recorder().start()
writer = dictate_file(recorder, Path(sys.argv[1]), HEADER, None, print)
print(writer._process.pid, flush=True)
conn = 0
while True:
    conn += 1
    for raw in request(conn, bytes(conn % 300)):
        recorder.emit(raw)
    if conn % 50 == 0:
        time.sleep(0.001)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["x.asgiviz", "x.asgiviz.gz"])
def test_a_killed_parent_leaves_whole_lines(name: str, tmp_path: Path) -> None:
    """kill -9 of the parent at any moment: the scribe writes what it got and ends; the file has no hole and no torn line."""
    for moment in range(8):
        path = tmp_path / f"{moment}-{name}"
        child = subprocess.Popen([sys.executable, "-c", RECORDING_PARENT, path], cwd=ROOT, stdout=subprocess.PIPE)
        assert child.stdout is not None
        with child.stdout:
            scribe = int(child.stdout.readline())
            assert wait_until(lambda path=path: path.stat().st_size > 2_000)  # type: ignore[misc]
            time.sleep(0.037 * moment)  # any moment will do
            child.kill()
            child.wait()
        assert wait_until(lambda pid=scribe: not is_running(pid))  # type: ignore[misc]
        _, events, ending = opened(path.read_bytes())
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert len(events) > 5
        assert ending == "the recording stops in the middle: what wrote it was ended before the server had stopped"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["x.asgiviz", "x.asgiviz.gz"])
def test_a_killed_scribe_leaves_a_file_that_opens(name: str, tmp_path: Path) -> None:
    """kill -9 of the scribe under load leaves a file that opens to its last whole line, without a hole."""
    for moment in range(4):
        path = tmp_path / f"{moment}-{name}"
        complaints: list[str] = []
        recorder = Recorder().start()
        writer = dictate_file(recorder, path, HEADER, None, complaints.append)
        stop = threading.Event()
        emitter = threading.Thread(target=emit_until, args=(recorder, stop))
        emitter.start()
        assert wait_until(lambda path=path: path.stat().st_size > 2_000)  # type: ignore[misc]
        time.sleep(0.037 * moment)  # any moment will do
        scribe_of(writer).kill()
        assert wait_until(lambda told=complaints: told)  # type: ignore[misc]
        stop.set()
        emitter.join()
        writer.close(PATIENCE)
        recorder.close()
        assert len(complaints) == 1
        _, events, ending = opened(path.read_bytes())
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert len(events) > 5
        assert is_one_sentence(ending)


def emit_until(recorder: Recorder, stop: threading.Event) -> None:
    """Small requests at a few thousand a second."""
    numbers: Iterable[int] = count(1)
    for conn in numbers:
        if stop.is_set():
            return
        for raw in request(conn, bytes(conn % 300)):
            recorder.emit(raw)
        if conn % 50 == 0:
            time.sleep(0.001)
