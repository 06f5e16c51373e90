"""The knobs of a run: what the experiment says, then what the learner turned, then what stands in the learner's plan.

Each is a number with bounds. ``threads`` and ``pool`` are of all sides, ``wsgi.threads`` of the side ``wsgi``.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from asgiviz.course.knobs import settings_of
from asgiviz.course.lesson import Experiment, Side
from asgiviz.course.place import Place
from asgiviz.experiment.failure import Blame, NoTrialError


class Bounds(NamedTuple):
    """From where to where a knob goes, and whether it is a count."""

    least: float
    most: float
    whole: bool

    def words(self) -> str:
        """As a sentence says it."""
        return f"{'a whole number' if self.whole else 'a number'} from {self.least:g} to {self.most:g}"


#: What a machine of a learner can bear.
BOUNDS = {
    "clients": Bounds(1, 1000, True),
    "wait": Bounds(0, 60, False),
    "chunk": Bounds(1, 16 << 20, True),
    "stagger": Bounds(0, 10, False),
    "read_speed": Bounds(0, 1 << 30, True),
    "threads": Bounds(1, 1000, True),
    "pool": Bounds(1, 1000, True),
}
#: Those that a side can have for itself.
OF_A_SIDE = ("threads", "pool")


@dataclass(frozen=True)
class Knobs:
    """The values of one run, by the names that expressions use; ``SIDE.threads`` and ``SIDE.pool`` for every side."""

    values: Mapping[str, float]

    def of(self, side: Side, name: str) -> int:
        """`threads` or `pool` of a side."""
        return int(self.values[f"{side.id}.{name}"])

    @property
    def clients(self) -> int:
        """How many clients each side gets."""
        return int(self.values["clients"])

    @property
    def stagger(self) -> float:
        """Seconds between two clients."""
        return self.values["stagger"]

    def environment(self, side: Side) -> dict[str, str]:
        """What the app of a side reads: each knob by its name in capitals."""
        known = {name: self.values[name] for name in BOUNDS if name not in OF_A_SIDE}
        own = {name: float(self.of(side, name)) for name in OF_A_SIDE}
        return {name.upper(): _plain(value) for name, value in {**known, **own}.items()}


def turned(experiment: Experiment, given: Mapping[str, float], plan: Path | None) -> Knobs:
    """The knobs of a run. NoTrialError when a value is none; `plan` is the learner's TOML file."""
    known = [*BOUNDS, *(f"{side.id}.{name}" for side in experiment.sides for name in OF_A_SIDE)]
    chosen = {name: _checked(name, value, known, name) for name, value in given.items()}
    if plan is not None:
        planned = read_plan(plan, [knob.name for knob in experiment.knobs] or known)
        kept = {name: value for name, value in chosen.items() if name.rpartition(".")[2] not in planned}
        chosen = kept | planned
    values = settings_of(experiment, chosen)
    for side in experiment.sides:
        values.setdefault(f"{side.id}.pool", default_pool())
    values.setdefault("pool", values[f"{experiment.sides[0].id}.pool"])
    return Knobs(values)


def default_pool() -> float:
    """Threads of a loop's default executor, as the standard library counts them."""
    cores = getattr(os, "process_cpu_count", os.cpu_count)() or 1  # 3.13 counts those that the process may use
    return float(min(32, cores + 4))


def _checked(name: str, value: Any, allowed: Iterable[str], where: str) -> float:
    """The value of a knob. `where` begins the sentence that says what is wrong with it."""
    allowed = list(allowed)
    if name not in allowed:
        raise NoTrialError(Blame.CODE, f"{where} is not known here. There is: {', '.join(allowed)}")
    bounds = BOUNDS[name.rpartition(".")[2]]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or (bounds.whole and value != value // 1):
        raise NoTrialError(Blame.CODE, f"{where} must be {bounds.words()}, without quotes")
    if not bounds.least <= value <= bounds.most:
        raise NoTrialError(Blame.CODE, f"{where} = {value:g} is out of range: it takes {bounds.words()}")
    return value


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


# -- the learner's plan ------------------------------------------------------------------------------------------------


def read_plan(path: Path, allowed: Iterable[str]) -> dict[str, float]:
    """The knobs in a plan; a table such as ``[wsgi]`` holds those of a side. NoTrialError names the file and the line."""
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        plain = tomllib.loads(text)
    except FileNotFoundError:
        raise NoTrialError(Blame.CODE, f"{path} is not there. Save your plan under this name") from None
    except (OSError, UnicodeDecodeError) as error:
        raise NoTrialError(Blame.CODE, f"{path.name} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise NoTrialError(
            Blame.CODE, f"{path.name} is not TOML: {_at_line(error, text)}. A line looks like: threads = 4"
        ) from None
    allowed = list(allowed)
    whole = Place.whole(path, text)
    values: dict[str, float] = {}
    for name, value in plain.items():
        inside = value if isinstance(value, Mapping) else {}
        for inner, each in inside.items():
            line = whole.table(name).line(inner)
            values[f"{name}.{inner}"] = _checked(f"{name}.{inner}", each, allowed, f"{path.name}, line {line}: {name}.{inner}")
        if not inside:
            values[name] = _checked(name, value, allowed, f"{path.name}, line {whole.line(name)}: {name}")
    return values


def _at_line(error: tomllib.TOMLDecodeError, text: str) -> str:
    """``Expected '=' (at line 3, column 5)`` with the line in front."""
    said, _, place = str(error).rpartition(" (at ")
    line = place.partition(",")[0] if place.startswith("line") else f"line {len(text.splitlines()) or 1}"
    return f"{line}: {said or error}"
