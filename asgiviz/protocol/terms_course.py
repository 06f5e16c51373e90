"""Explanations: the words of asgiviz itself, above all those of the course. They stand in its own documentation."""

from __future__ import annotations

from asgiviz.protocol.terms_entry import Entry, Kind
from asgiviz.protocol.terms_places import OUR_EVENTS, OUR_EXERCISES, OUR_LOOK, OUR_RUN, PY_CEIL, Place


def _word(word: str, line: str, more: str, place: Place, *see: str) -> Entry:
    return Entry(word, Kind.WORD, line, more, *place, see=see)


ENTRIES = (
    _word(
        "recording",
        "Everything that asgiviz saw of a run, event by event, in order.",
        "The stage is drawn from it, figures are computed from it, and an exercise is judged by it. The trace screen shows "
        "it with every message.",
        OUR_RUN,
        "event",
        "lane",
        "evidence",
    ),
    _word(
        "note",
        "A mark that an app puts into the recording: asgiviz.note for a moment, asgiviz.span for a while.",
        "It stands beside the connection that it was made for, with its thread. Where nothing is recorded it does nothing. "
        "It is a word of asgiviz, not of a specification.",
        OUR_EVENTS,
        "recording",
        "thread",
    ),
    _word(
        "lane",
        "The row of one client on the stage; time goes from left to right.",
        "It shows whether the app runs for this client, waits, or has not begun. All lanes share one time axis, so what stands "
        "above each other happens at the same time.",
        OUR_LOOK,
        "client",
        "suspended",
        "hold the loop",
    ),
    _word(
        "side",
        "One server of a run, with its app.",
        "The same clients go to each side, let go at the same moment. So what is different comes from the side.",
        OUR_RUN,
        "server",
        "client",
    ),
    _word(
        "virtual clock",
        "The clock of a run in which nobody really waits: when all wait, time jumps to what is due next.",
        "So a run of ten seconds takes less than one, and comes out the same each time. Servers, event loop and app are the "
        "real ones. Code that computes for long does not fit: such a run is made on the real clock.",
        OUR_RUN,
        "real clock",
        "speed",
    ),
    _word(
        "real clock",
        "The clock on the wall: a run of ten seconds takes ten seconds.",
        "Two runs on it never come out quite the same, because the machine has other things to do as well.",
        OUR_RUN,
        "virtual clock",
        "speed",
    ),
    _word(
        "speed",
        "How fast a run is played: at 2x, one second in front of the screen shows two seconds of the run.",
        "It changes only what you see. The run was made before, and its figures stay as they are.",
        OUR_LOOK,
        "virtual clock",
        "recording",
    ),
    _word(
        "step",
        "One turn on the event loop: from when the loop lets a task run until the task gives the loop back.",
        "It ends at an await that really waits, or with the task. On the stage it is the solid part of a lane.",
        OUR_LOOK,
        "task",
        "event loop",
        "suspended",
    ),
    _word(
        "hold the loop",
        "To keep the event loop busy with one callback, so that nobody else can run.",
        "A short hold hurts nobody. A long one is a stall: whoever wants anything of this process waits for its end.",
        OUR_LOOK,
        "event loop",
        "callback",
        "stall",
    ),
    _word(
        "evidence",
        "The place in the recording that shows why a check does not hold.",
        "From there you can see who did what, and when. A check judges what your code did, not how it is written.",
        OUR_EXERCISES,
        "recording",
        "saw",
    ),
    _word(
        "saw",
        "What a check found in the recording of your code.",
        "It is a count, a time or an order. The row below it, wanted, says what it should have been.",
        OUR_EXERCISES,
        "wanted",
        "evidence",
    ),
    _word(
        "wanted",
        "What a check asks for.",
        "Compare it with the row above it, saw. When both agree, the check holds.",
        OUR_EXERCISES,
        "saw",
        "ceil",
    ),
    _word(
        "ceil",
        "Rounded up to a whole number: ceil(10 / 4) is 3.",
        "Lessons use it to count rounds: the last round takes its time, even when it is not full.",
        PY_CEIL,
        "wanted",
    ),
)
