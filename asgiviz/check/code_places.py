"""Lines of code that a recording knows: from the stack of a call, and from the traceback of an exception."""

from __future__ import annotations

import re
from typing import Any

from asgiviz.model.finding import CodePlace
from asgiviz.model.values import kept_text

_FRAME = re.compile(r'^(?: *\| )?  File "(.+)", line (\d{1,9}), in (.+)$', re.MULTILINE)

#: No file has more lines; a number beyond it is none.
_LAST = 999_999_999


def places_in_stack(fields: Any) -> tuple[CodePlace, ...]:
    """The frames of an event's `stack`, innermost first; what is malformed is left out."""
    stack = fields.get("stack") if isinstance(fields, dict) else None
    places = []
    for frame in stack if isinstance(stack, (list, tuple)) else ():
        if not isinstance(frame, dict):
            continue
        file, line, function = kept_text(frame.get("file")), frame.get("line"), kept_text(frame.get("function"))
        if file is not None and type(line) is int and 0 <= line <= _LAST:
            places.append(CodePlace(file, line, function or ""))
    return tuple(places)


def places_in_traceback(error: Any) -> tuple[CodePlace, ...]:
    """The frames of the last traceback in an `error`, innermost first; of a group of exceptions that is its last one's."""
    text = kept_text(error.get("traceback")) if isinstance(error, dict) else None
    if not text:
        return ()
    last = text.rpartition("Traceback (most recent call last):")[2]
    return tuple(CodePlace(file, int(line), function) for file, line, function in reversed(_FRAME.findall(last)))
