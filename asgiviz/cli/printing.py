"""From events to an output stream: plain lines or JSON lines, filtered and masked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter_ns
from typing import BinaryIO

from asgiviz.cli.look import Look
from asgiviz.model.events import Event, expand
from asgiviz.model.recording import Header
from asgiviz.store.dictation import Dictation, dictate
from asgiviz.store.errors import why_it_ends
from asgiviz.store.lines import event_line, header_line
from asgiviz.store.recorder import Numbered, Recorder
from asgiviz.store.streams import Stream
from asgiviz.store.writer import Follower, LineWriter
from asgiviz.views.plain import PlainText
from asgiviz.views.sieve import Sieve


class TextForm:
    """Renders a recording as text, in pieces: header, then events as they come, then the rest."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._sieve = Sieve(look.filter)
        self._plain = PlainText(width=look.width, colour=look.colour, ascii=look.ascii, mask=look.mask)

    def header(self, header: Header) -> str:
        """The first line or lines."""
        if self._look.form == "json":
            return header_line(header.as_dict())
        return "".join(line + "\n" for line in self._plain.header(header))

    def events(self, events: Iterable[Event]) -> str:
        """The lines of `events`, as far as the filter can tell by now."""
        return "".join(self._line(passed) for event in events for passed in self._sieve.put(event))

    def pass_time(self, now: int) -> str:
        """The lines that time alone decides (`~d`), `now` in nanoseconds since the recording began."""
        return "".join(self._line(passed) for passed in self._sieve.advance(now))

    def rest(self) -> str:
        """What the filter had held back, at the end of the recording."""
        return "".join(self._line(event) for event in self._sieve.flush())

    def _line(self, event: Event) -> str:
        if self._look.form == "json":
            return event_line(event, self._look.mask)
        if self._look.mask is not None:
            event = event._replace(fields=self._look.mask.fields(event.fields))
        return "".join(line + "\n" for line in self._plain.lines(event))


class Printer:
    """Follows a recorder and prints to `stream`; trouble with it is one sentence to `on_trouble`."""

    def __init__(
        self, recorder: Recorder, stream: Stream, look: Look, header: Header, on_trouble: Callable[[str], None]
    ) -> None:
        self._stream = stream
        self._text = TextForm(look)
        self._epoch = recorder.epoch
        self._header = header
        self._begun = False
        self._broken = False
        self._report = on_trouble
        self._follower = Follower(recorder, self._print, self._settle, self._trouble, "asgiviz-printer")

    def start(self) -> Printer:
        """Begin to follow; gives back itself."""
        self._follower.start()
        return self

    def close(self, timeout: float | None = 5.0) -> None:
        """Print what is left."""
        if self._follower.close(timeout) and not self._broken:
            try:
                self._write(self._text.rest())
                self._stream.flush()
            except OSError as error:
                self._trouble(error)

    def _print(self, numbered: list[Numbered]) -> None:
        self._begin()
        self._write(self._text.events(expand(seq, raw, self._epoch) for seq, raw in numbered))

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._write(self._text.header(self._header))

    def _settle(self) -> None:
        self._begin()
        self._write(self._text.pass_time(perf_counter_ns() - self._epoch))
        self._stream.flush()

    def _write(self, text: str) -> None:
        self._stream.write(text.encode("utf-8", "backslashreplace"))

    def _trouble(self, error: Exception) -> None:
        self._broken = True
        self._report(f"{why_it_ends('standard output', error)} here; the app runs on, Ctrl-C ends it")


def print_live(
    recorder: Recorder, stream: BinaryIO, look: Look, header: Header, on_trouble: Callable[[str], None]
) -> Printer | Dictation | LineWriter:
    """A running printer for `look`; JSON without a filter is what a scribe writes."""
    if look.form == "json" and look.filter is None:
        return dictate(recorder, stream, "standard output", header, look.mask, on_trouble)
    return Printer(recorder, stream, look, header, on_trouble).start()
