"""The writer's file is whole up to its last line whatever happens, and trouble with it is one sentence that stops nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from asgiviz.model.events import NOTE, Raw
from asgiviz.model.masking import Mask
from asgiviz.store.errors import RecordingError
from asgiviz.store.reader import open_recording
from asgiviz.store.recorder import Recorder
from asgiviz.store.writer import LineWriter, open_for_writing, write_file
from tests.servers import ROOT, wait_until
from tests.store.files import HEADER, STOPPED, file_of, filled, is_one_sentence, opened, request


@pytest.mark.parametrize("name", ["x.asgiviz", "x.asgiviz.gz"])
def test_what_was_recorded_is_in_the_file(name: str, tmp_path: Path) -> None:
    """Events from before and after the writer's start are all there, each once, in order; the file is the owner's alone."""
    path = tmp_path / name
    raws = [raw for conn in range(1, 300) for raw in request(conn)]
    recorder = filled(raws[:1000])
    writer = write_file(recorder, path, HEADER, None, pytest.fail)
    for raw in [*raws[1000:], STOPPED]:
        recorder.emit(raw)
    writer.close()
    with open_recording(path) as reader:
        assert [event.seq for event in reader] == list(range(1, len(raws) + 2))
        assert reader.ending is None
    assert path.stat().st_mode & 0o077 == 0
    if name.endswith(".asgiviz"):
        assert path.read_bytes() == file_of([*raws, STOPPED])


@pytest.mark.parametrize("name", ["x.asgiviz", "x.asgiviz.gz"])
def test_lines_reach_the_file_while_the_app_runs(name: str, tmp_path: Path) -> None:
    """Without any close a reader of the file sees each event before long."""
    path = tmp_path / name
    recorder = filled(request(1))
    writer = write_file(recorder, path, HEADER, None, pytest.fail)
    for conn in range(2, 5):
        assert wait_until(lambda seen=8 * (conn - 1): len(opened(path.read_bytes())[1]) == seen)  # type: ignore[misc]
        for raw in request(conn):
            recorder.emit(raw)
    writer.close()


def test_an_earlier_recording_is_replaced_and_any_other_file_left_alone(tmp_path: Path) -> None:
    """Only what is a recording, or empty, may be overwritten."""
    path = tmp_path / "x.asgiviz"
    path.write_bytes(file_of([raw for conn in range(1, 50) for raw in request(conn)]))
    write_file(filled([STOPPED]), path, HEADER, None, pytest.fail).close()
    assert path.read_bytes() == file_of([STOPPED])
    path.write_text("my thesis\n")
    with pytest.raises(RecordingError, match="was left alone"):
        write_file(Recorder(), path, HEADER, None, pytest.fail)
    assert path.read_text() == "my thesis\n"


def test_two_writers_do_not_share_a_file(tmp_path: Path) -> None:
    """The file of a running recording is refused to another one."""
    path = tmp_path / "x.asgiviz"
    writer = write_file(filled(request(1)), path, HEADER, None, pytest.fail)
    with pytest.raises(RecordingError, match="another process"):
        write_file(Recorder(), path, HEADER, None, pytest.fail)
    writer.close()
    assert len(opened(path.read_bytes())[1]) == 8


@pytest.mark.parametrize("where", ["a directory", "below a file", "below nothing", "a name too long"])
def test_a_place_that_refuses_is_told_in_one_sentence(where: str, tmp_path: Path) -> None:
    """A path where no file can be is refused before anything runs, with the system's reason in words."""
    (tmp_path / "file").write_text("x")
    path = {
        "a directory": tmp_path,
        "below a file": tmp_path / "file" / "x.asgiviz",
        "below nothing": tmp_path / "none" / "x.asgiviz",
        "a name too long": tmp_path / ("x" * 300),
    }[where]
    with pytest.raises(RecordingError) as caught:
        write_file(Recorder(), path, HEADER, None, pytest.fail)
    assert is_one_sentence(str(caught.value).replace(str(path), "FILE"))
    assert "Errno" not in str(caught.value)


@pytest.mark.parametrize("name", ["plain", "gzip"])
def test_a_full_disk_is_told_once_and_the_recording_goes_on(name: str, tmp_path: Path) -> None:
    """Nothing can be written: one sentence, no exception, and every event is still in memory."""
    path = Path("/dev/full")
    if name == "gzip":
        path = tmp_path / "full.gz"
        path.symlink_to("/dev/full")
    complaints: list[str] = []
    recorder = filled(request(1))
    writer = write_file(recorder, path, HEADER, None, complaints.append)
    assert wait_until(lambda: complaints)
    for raw in request(2):
        recorder.emit(raw)
    writer.close()
    assert len(complaints) == 1
    assert "no space left on device" in complaints[0]
    assert "memory" in complaints[0]
    assert is_one_sentence(complaints[0])
    assert len(list(recorder.cursor())) == 16


def test_a_closed_pipe_is_told_once_and_the_recording_goes_on() -> None:
    """The reader of a pipe went away, as `head` does: one sentence, and the app runs on."""
    complaints: list[str] = []
    recorder = filled(request(1))
    out, into = os.pipe()
    os.close(out)
    writer = LineWriter(recorder, os.fdopen(into, "wb"), "standard output", HEADER, None, complaints.append).start()
    assert wait_until(lambda: complaints)
    for raw in request(2):
        recorder.emit(raw)
    writer.close()
    assert len(complaints) == 1
    assert complaints[0].startswith("standard output was closed by its reader")
    assert len(recorder) == 16


def test_a_pipe_that_nobody_reads_does_not_hold_up_the_end() -> None:
    """A reader that stands still blocks the writer's thread only: closing gives up after its time and says so."""
    complaints: list[str] = []
    recorder = filled([(0, NOTE, None, None, None, {"name": "x" * 100_000})] * 10)
    out, into = os.pipe()
    stream = os.fdopen(into, "wb")
    writer = LineWriter(recorder, stream, "standard output", HEADER, None, complaints.append).start()
    writer.close(timeout=0.2)
    assert complaints == ["standard output was not written to its end: writing to it does not come back"]
    done = threading.Event()

    def drain() -> None:
        while os.read(out, 65536):
            pass
        done.set()

    threading.Thread(target=drain, daemon=True).start()
    assert wait_until(lambda: not writer._follower._thread.is_alive())
    stream.close()
    assert done.wait(10)
    os.close(out)


@pytest.mark.parametrize("device", ["/dev/null", "fifo"])
def test_devices_and_pipes_can_be_written_to(device: str, tmp_path: Path) -> None:
    """What is no regular file is neither locked nor emptied, just written to."""
    path = Path(device)
    if device == "fifo":
        path = tmp_path / "fifo"
        os.mkfifo(path)
    holder = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    write_file(filled([STOPPED]), path, HEADER, None, pytest.fail).close()
    if device == "fifo":
        assert os.read(holder, 65536) == file_of([STOPPED])
    os.close(holder)


def test_secrets_are_masked_in_the_file_and_lengths_kept(tmp_path: Path) -> None:
    """With a mask no secret stands in the file; without one it holds what was recorded."""
    raws: list[Raw] = [(0, NOTE, None, None, None, {"name": "n", "token": "hunter2"})]
    for mask, expected in ((Mask(), "*******"), (None, "hunter2")):
        path = tmp_path / f"{expected[0] == '*'}.asgiviz"
        write_file(filled(raws), path, HEADER, mask, pytest.fail).close()
        assert opened(path.read_bytes())[1][0].get("token") == expected


def test_an_opened_file_is_empty_and_owned(tmp_path: Path) -> None:
    """Opening empties what was there and gives a stream that closes."""
    path = tmp_path / "x"
    path.write_bytes(file_of(request(1)))
    with open_for_writing(path):
        assert path.stat().st_size == 0


RECORDING_CHILD = """
import sys
from pathlib import Path
from asgiviz.store.recorder import Recorder
from asgiviz.store.writer import write_file
from tests.store.files import HEADER, request
recorder = Recorder().start()
write_file(recorder, Path(sys.argv[1]), HEADER, None, print)
print("on", flush=True)
conn = 0
while True:
    conn += 1
    for raw in request(conn, bytes(conn % 300)):
        recorder.emit(raw)
    if conn % 50 == 0:
        import time
        time.sleep(0.001)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["x.asgiviz", "x.asgiviz.gz"])
def test_a_killed_recording_opens(name: str, tmp_path: Path) -> None:
    """kill -9 at any moment leaves a file that opens to its last whole line, without a hole, and says that it was cut."""
    for moment in range(8):
        path = tmp_path / f"{moment}-{name}"
        child = subprocess.Popen([sys.executable, "-c", RECORDING_CHILD, path], cwd=ROOT, stdout=subprocess.PIPE)
        assert child.stdout is not None
        with child.stdout:
            assert child.stdout.readline() == b"on\n"
            assert wait_until(lambda path=path: path.stat().st_size > 2_000)  # type: ignore[misc]
            time.sleep(0.037 * moment)  # any moment will do
            child.send_signal(signal.SIGKILL)
            child.wait()
        _, events, ending = opened(path.read_bytes())
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert len(events) > 5
        assert is_one_sentence(ending)
