"""What is said of the events that only a run recorded closely has: a call that was never awaited, an object that is shared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asgiviz.model.events import Ev
from asgiviz.views.stalls import Frame, first_to_look_at, frame_of
from asgiviz.views.text import word


def close_words(ev: str, fields: Mapping[str, Any]) -> str:
    """``send(http.response.start) was never awaited  shop.py:41 in buy``; ``its state is the very object that #3 has``."""
    if ev == Ev.SHARES:
        return f"its {word(fields.get('what'))} is the very object that #{word(fields.get('with'))} has"
    message = fields.get("message")
    kind = word(message.get("type")) if isinstance(message, Mapping) and "type" in message else ""
    said = f"{word(fields.get('what'))}({kind}) was never awaited"
    frame = site_of(fields.get("stack"))
    return said if frame is None else f"{said}  {frame.place} in {word(frame.function)}"


def site_of(stack: Any) -> Frame | None:
    """The frame of a recorded stack that is looked at first."""
    frames = [frame for item in (stack if isinstance(stack, (list, tuple)) else ()) if (frame := frame_of(item)) is not None]
    return first_to_look_at(frames)
