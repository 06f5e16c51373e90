"""What a note says, and where a task gave the loop back, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asgiviz.views.figures import duration
from asgiviz.views.stalls import code_of, frame_of
from asgiviz.views.text import pairs, word

_PHASES = {"begin": " begins", "end": " ends"}


def is_of_app(fields: Mapping[str, Any]) -> bool:
    """Whether the app made this note: it tells its thread, which neither a mark of the user nor a client does."""
    return "thread" in fields


def note_words(fields: Mapping[str, Any], took: int | None = None) -> str:
    """``order placed  items=3``, ``query ends after 300 ms  table=orders``; whatever else the note holds stands behind it.

    `took` in nanoseconds, of the end of a span.
    """
    name, phase, about = fields.get("name"), fields.get("phase"), fields.get("data")
    head = "" if name is None else word(name)
    if phase is not None:
        head += _PHASES.get(phase) or f" {word(phase)}" if isinstance(phase, str) else f" {word(phase)}"
    head += "" if took is None else f" after {duration(took)}"
    known = {"name", "phase", "thread", "span"} if is_of_app(fields) else {"name", "phase"}
    rest = {key: value for key, value in fields.items() if key not in known}
    if isinstance(about, Mapping) and not any(str(key).startswith("$") for key in about):
        rest = {**about, **{key: value for key, value in rest.items() if key != "data"}}
    return f"{head}  {pairs(rest)}" if rest else head


def thread_of(fields: Mapping[str, Any]) -> str:
    """``thread waitress-0``, or nothing."""
    return f"thread {word(fields['thread'])}" if fields.get("thread") is not None else ""


def handing_back(fields: Mapping[str, Any], took: int | None = None) -> str:
    """``gives the loop back at app.py:8 after 129 us  await asyncio.sleep(1)``, from the fields of a `step.end`."""
    where = frame_of(fields.get("at"))
    after = "" if took is None else f" after {duration(took)}"
    if where is None:
        return f"gives the loop back{after}, and is done"
    return f"gives the loop back at {where.place}{after}  {code_of(where)}"
