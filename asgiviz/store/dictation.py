"""Dictation: a thread hands a recorder's events, packed as they are, to a scribe in a process of its own.

Nothing is encoded here, and what the recorder has packed is not unpacked: the server's interpreter only copies bytes
into a pipe. A scribe that is slower than the server blocks this thread and nothing else. Trouble is one sentence, told
once, and never reaches the app.
"""

from __future__ import annotations

import contextlib
import fcntl
import marshal
import os
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from io import FileIO
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import BinaryIO, cast

from asgiviz.model.events import LARGE
from asgiviz.model.masking import Mask
from asgiviz.model.recording import Header
from asgiviz.store.errors import why_it_ends
from asgiviz.store.lines import header_line
from asgiviz.store.recorder import Numbered, Recorder, packed
from asgiviz.store.scribe import COMPLAINED, END, HEAD
from asgiviz.store.streams import GzipStream
from asgiviz.store.writer import TICK, LineWriter, open_for_writing

#: Events in a frame when there are large bodies among them: copying one holds the interpreter.
FEW = 8
#: Bytes that may be on their way to the scribe, if the system lets us.
PIPE_SIZE = 1024 * 1024

_ROOT = str(Path(__file__).resolve().parents[2])  # where `import asgiviz` finds this very package
#: The scribe needs the standard library and us: no site-packages, no working directory, no variables of the app.
_COMMAND = "import os, sys; sys.path.insert(0, sys.argv[1]); from asgiviz.store.scribe import main; os._exit(main())"


def dictate_file(
    recorder: Recorder, path: Path, header: Header, mask: Mask | None, on_trouble: Callable[[str], None]
) -> Dictation | LineWriter:
    """Like `writer.write_file`, by a scribe: a running writer to `path`. RecordingError when it cannot be opened."""
    return dictate(recorder, open_for_writing(path), str(path), header, mask, on_trouble, zipped=path.suffix == ".gz")


def dictate(
    recorder: Recorder,
    stream: BinaryIO,
    name: str,
    header: Header,
    mask: Mask | None,
    on_trouble: Callable[[str], None],
    zipped: bool = False,
) -> Dictation | LineWriter:
    """A running writer to `stream`, which it takes over; `name` is how trouble calls it.

    Where no scribe can be started (Python inside another program), it is a thread that writes, as LineWriter does.
    """
    process = start_scribe(stream)
    if process is None:
        target = GzipStream(stream) if zipped else stream
        return LineWriter(recorder, target, name, header, mask, on_trouble).start()
    stream.close()  # the scribe holds it now, and its lock
    order = {
        "name": name,
        "header": header_line(header.as_dict()).encode(),
        "epoch": recorder.epoch,
        "mask": None if mask is None else mask.names,
        "zipped": zipped,
    }
    return Dictation(recorder, process, name, marshal.dumps(order), on_trouble).start()


def start_scribe(stream: BinaryIO) -> subprocess.Popen[bytes] | None:
    """A scribe that writes to `stream`; None where there is no interpreter to run it."""
    if not sys.executable or getattr(sys, "frozen", False) or "PYTHONHOME" in os.environ:
        return None  # in another program, or without its library unless the environment says where that is
    try:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _COMMAND, _ROOT],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=stream,
            stderr=subprocess.PIPE,
            cwd="/",  # it must not keep a directory that the app removes
            start_new_session=True,  # Ctrl-C at the terminal is the parent's to handle
        )
    except OSError:
        return None


class Dictation:
    """Ships the events of `recorder` to the scribe `process`, until it is closed or the scribe is gone."""

    def __init__(
        self,
        recorder: Recorder,
        process: subprocess.Popen[bytes],
        name: str,
        order: bytes,
        on_trouble: Callable[[str], None],
    ) -> None:
        self._recorder = recorder
        self._cursor = recorder.cursor()
        self._process = process
        self._pipe = cast(FileIO, process.stdin)
        self._name = name
        self._order = order
        self._report = on_trouble
        self._telling = threading.Lock()
        self._told = False
        self._closing = threading.Event()
        self._handed_over = False
        self._shipper = threading.Thread(target=self._ship, name=f"asgiviz-shipper-{name}", daemon=True)
        self._listener = threading.Thread(target=self._listen, name=f"asgiviz-scribe-{name}", daemon=True)

    def start(self) -> Dictation:
        """Begin to follow the recorder; gives back itself."""
        _widen(self._pipe)
        os.register_at_fork(after_in_child=_Closer(self._pipe))
        self._listener.start()
        self._shipper.start()
        return self

    def close(self, timeout: float | None = 5.0) -> None:
        """Bring everything recorded up to now into the file and let the scribe end."""
        until = None if timeout is None else monotonic() + timeout
        self._closing.set()
        for thread, unfinished in (
            (self._shipper, f"{self._name} was not written to its end: writing to it does not come back"),
            (self._listener, f"{self._name} is not whole yet: process {self._process.pid} goes on writing to it"),
        ):
            thread.join(None if until is None else max(0.0, until - monotonic()))
            if thread.is_alive():
                self._tell(unfinished)
                return

    # -- to the scribe ---------------------------------------------------------------------------------------------

    def _ship(self) -> None:
        try:
            self._send(0, 0, self._order)
            closing = False
            while not closing:
                closing = self._closing.wait(TICK)
                self._catch_up(closing)
            self._handed_over = True
            self._write(END)
        except BrokenPipeError:
            pass  # the scribe is gone: _listen says why
        except Exception as error:  # noqa: BLE001  # the top of a thread
            self._tell(f"{why_it_ends(self._name, error)}; the app runs on, recorded in memory")
        finally:
            self._pipe.close()

    def _catch_up(self, closing: bool) -> None:
        """Send what is new. In a flood the newest events are left to be packed: what is packed soon is not packed twice."""
        cursor, target, flood = self._cursor, len(self._recorder), False
        while cursor.seq < target:
            block = self._recorder.packed_block(cursor.seq)
            if block is not None:
                first, last, data = block
                self._send(first, cursor.seq + 1 - first, data)
                cursor.seq = last
                flood = True
            elif flood and not closing:
                return
            else:
                self._send_loose(cursor.take())

    def _send_loose(self, numbered: list[Numbered]) -> None:
        """Events that the recorder has not packed, or cannot: in frames of successive numbers."""
        most = FEW if any(raw[1] in LARGE for _, raw in numbered) else len(numbered)
        breaks = [index for index, (one, two) in enumerate(pairwise(numbered), 1) if two[0] != one[0] + 1]
        for begin, end in pairwise([0, *breaks, len(numbered)]):
            for start in range(begin, end, most):
                run = numbered[start : min(start + most, end)]
                self._send(run[0][0], 0, packed([atom for _, raw in run for atom in raw]))

    def _send(self, first: int, skip: int, data: bytes) -> None:
        self._write(HEAD.pack(first, skip, len(data)) + data)

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[self._pipe.write(left) :]

    # -- from the scribe -------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        """Wait for the scribe's end, and tell it if that came too early."""
        with cast(FileIO, self._process.stderr) as stream:
            said = stream.read().decode("utf-8", "surrogateescape").strip()
        status = self._process.wait()
        if status == COMPLAINED:
            self._tell(said)
        elif status != 0 or not self._handed_over:
            why = f" ({said.splitlines()[-1]})" if said else ""
            self._tell(
                f"the process that writes {self._name} {_how_it_ended(status)}{why}, so it ends early; "
                "the app runs on, recorded in memory"
            )

    def _tell(self, sentence: str) -> None:
        with self._telling:
            told, self._told = self._told, True
        if not told:
            self._report(sentence)


class _Closer:
    """Closes the pipe in a forked child of the app, which would keep the scribe waiting for more; holds nothing alive."""

    def __init__(self, pipe: FileIO) -> None:
        self._pipe = weakref.ref(pipe)

    def __call__(self) -> None:
        pipe = self._pipe()
        if pipe is not None:
            pipe.close()


def _widen(pipe: FileIO) -> None:
    """Let more be on its way than usual, so that the shipper wakes less often."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):  # beyond what this user may have: the usual size works, too
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)


def _how_it_ended(status: int) -> str:
    if status >= 0:
        return f"exited with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"
