"""The tables of docs/write-a-lesson.md, made from what the reader, the linter and the judges know.

``python -m tests.course.lesson_page`` writes them into the page, between ``<!-- table: NAME -->`` and ``<!-- end -->``. What
the keys of a table mean is written by hand; which keys there are is asked of the reader, by giving it one that it cannot know.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path

from asgiviz.cli.lint import all_rules
from asgiviz.course.complaints import PackError
from asgiviz.course.lesson import Check
from asgiviz.course.metrics import METRICS
from asgiviz.course.predicates import PREDICATES
from asgiviz.course.selectors import EVS, KEYS
from asgiviz.traffic.steps import STEPS
from tests.course.packs import LittlePack, little_pack

PAGE = Path(__file__).parent.parent.parent / "docs" / "write-a-lesson.md"
_TABLE = re.compile(r"(<!-- table: ([a-z]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_KEYS = re.compile(r"<!-- keys: (.+?) -->\n(.*?)\n\n", re.DOTALL)
_CONDITION = {True: "needed", False: "no", None: "may be"}


def tables() -> dict[str, str]:
    """The tables that are made, by name."""
    return {name: "".join(f"{line}\n" for line in make()) for name, make in _TABLES.items()}


def with_tables(page: str) -> str:
    """A page with its tables made afresh."""
    made = tables()
    return _TABLE.sub(lambda found: found[1] + made[found[2]] + found[4], page)


def keys_told(page: str) -> dict[str, set[str]]:
    """Which keys the page tells of each table of a file: the first column of the tables that are written by hand."""
    rows = {name: re.findall(r"^\| ((?:`[^`]+`(?:, )?)+) \|", table, re.MULTILINE) for name, table in _KEYS.findall(page)}
    return {name: set(re.findall(r"`([^`]+)`", " ".join(found))) for name, found in rows.items()}


def keys_known() -> dict[str, set[str]]:
    """Which keys the reader knows in each table, as it says when it is given one that there is not."""
    known = {name: _asked(*change) for name, change in _UNKNOWN.items()}
    known["run"] |= {"side"}  # asked for only where there is one
    known["check"] = {"is" if each.name == "holds" else each.name for each in fields(Check)} - {"keys"}
    return known


#: table -> the file, a text in it, and that text with a key that nobody knows.
_UNKNOWN = {
    "pack.toml": ("../pack.toml", 'id = "little"', 'id = "little"\nzzzzzz = 1'),
    "misconceptions.toml": ("../misconceptions.toml", 'belief = "Who waits, works."', 'belief = "x"\nzzzzzz = 1'),
    "lesson.md": ("lesson.md", "minutes = 10", "minutes = 10\nzzzzzz = 1"),
    "question": ("lesson.md", 'id = "p1"', 'id = "p1"\nzzzzzz = 1'),
    "option": ("lesson.md", '{ id = "a", text = "after', '{ zzzzzz = 1, id = "a", text = "after'),
    "reveal": ("lesson.md", 'metric = "makespan", format', 'zzzzzz = 1, metric = "makespan", format'),
    "run": ("experiments.toml", "wait = 0.5", "wait = 0.5\nzzzzzz = 1"),
    "side": (
        "experiments.toml",
        'app = "apps/waits.py:app"',
        'side = [{ id = "asgi", app = "apps/waits.py:app", zzzzzz = 1 }]',
    ),
    "clients": ("experiments.toml", "clients = 10", 'clients = [{ count = 2, steps = [{ do = "connect" }], zzzzzz = 1 }]'),
    "claim": ("experiments.toml", 'metric = "makespan", is', 'zzzzzz = 1, metric = "makespan", is'),
}


def _asked(file: str, old: str, new: str) -> set[str]:
    with tempfile.TemporaryDirectory() as directory:
        pack = little_pack(Path(directory))
        pack.change(file, old, new)
        said = next(sentence for sentence in _complaints(pack) if "zzzzzz" in sentence)
    return set(said.partition(" It takes ")[2].rstrip(".").split(", "))


def _complaints(pack: LittlePack) -> Iterator[str]:
    try:
        broken = pack.read().broken
    except PackError as error:
        yield from map(str, error.complaints)
        return
    yield from (str(each) for complaints in broken.values() for each in complaints)


# -- the tables --------------------------------------------------------------------------------------------------------


def _predicates() -> Iterator[str]:
    yield "| `expect` | what it judges | its keys | `is` | only what happened |"
    yield "|---|---|---|---|---|"
    for name, predicate in PREDICATES.items():
        keys = ", ".join(f"**`{key}`**" if key in predicate.needs else f"`{key}`" for key in predicate.takes)
        logical = "as its metric" if name == "metric" else "yes" if predicate.logical else "no: time"
        what = _sentence(predicate.judge.__doc__)
        yield f"| `{name}` | {what} | {keys} | {_CONDITION[predicate.condition]} | {logical} |"


def _metrics() -> Iterator[str]:
    yield "| metric | what it is | unit | how it is measured |"
    yield "|---|---|---|---|"
    for metric in METRICS.values():
        yield f"| `{metric.name}` | {metric.words} | {metric.unit} | {metric.how} |"


def _selectors() -> Iterator[str]:
    yield "| key | its value |"
    yield "|---|---|"
    for name, key in KEYS.items():
        kind = {str: "text", int: "number", bool: "true or false", dict: "table"}[key.kinds[0]]
        yield f"| `{name}` | {', '.join(f'`{ev}`' for ev in EVS) if name == 'ev' else kind} |"


def _steps() -> Iterator[str]:
    yield "| `do` | what the client does | its keys |"
    yield "|---|---|---|"
    for name, kind in STEPS.items():
        keys = ", ".join(f"**`{each.name}`**" if each.default is MISSING else f"`{each.name}`" for each in fields(kind))
        yield f"| `{name}` | {_sentence(kind.__doc__)} | {keys} |"


def _rules() -> Iterator[str]:
    yield "| code | what it asks for |"
    yield "|---|---|"
    for code, asks in all_rules():
        yield f"| {code} | {asks} |"


def _sentence(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[0].split())


_TABLES = {"predicates": _predicates, "metrics": _metrics, "selectors": _selectors, "steps": _steps, "rules": _rules}

if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
