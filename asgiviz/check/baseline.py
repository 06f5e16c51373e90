"""The baseline: findings that were there before and are accepted, so that a check fails only on what is new.

An entry says which rule was broken, by whom and where, and nothing that differs from run to run: no number of an event or of a
connection, no line. So it survives edits elsewhere in the file; a second finding of the same rule in the same function is
accepted with the first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

FORMAT = 1
_KEY = "asgiviz_baseline"


class Entry(NamedTuple):
    """An accepted finding. `place` is the code (``shop.py in create``) or, where that is not known, the connection."""

    rule: str
    who: str
    place: str


class Baseline(NamedTuple):
    """What is accepted; the files of its entries are as they are called from `root`, the directory of the baseline."""

    entries: frozenset[Entry]
    root: str


class BaselineError(ValueError):
    """This text is no baseline; a sentence says why."""


def read_baseline(text: str) -> frozenset[Entry]:
    """The entries of a baseline file. BaselineError when it is none."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = f"line {error.lineno} " if isinstance(error, json.JSONDecodeError) else ""
        raise BaselineError(f"{line}is no JSON, so this is no baseline") from None
    version = whole.get(_KEY) if isinstance(whole, dict) else None
    if type(version) is not int:
        raise BaselineError(f"there is no {_KEY!r} in it, so this is no baseline")
    if version > FORMAT:
        raise BaselineError(f"a newer asgiviz wrote it (format {version}; this one reads up to {FORMAT})")
    return frozenset(_entry(item) for item in _list(whole.get("findings")))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise BaselineError("its findings are no list")
    return value


def _entry(item: Any) -> Entry:
    texts = [text for key in Entry._fields if isinstance(text := item.get(key), str)] if isinstance(item, dict) else []
    if len(texts) < len(Entry._fields):
        raise BaselineError(f"each of its findings has {', '.join(Entry._fields)}, and one has not")
    return Entry(*texts)


def baseline_text(entries: Iterable[Entry]) -> str:
    """The file that accepts these: sorted, an entry a line, so that a change of it can be read in a diff."""
    lines = ",\n".join(f"  {json.dumps(entry._asdict())}" for entry in sorted(set(entries)))
    return f'{{"{_KEY}": {FORMAT}, "findings": [\n{lines}\n]}}\n' if lines else f'{{"{_KEY}": {FORMAT}, "findings": []}}\n'
