"""What a run is made with: its settings by the names that expressions use, and how they go up and down."""

from __future__ import annotations

from collections.abc import Mapping

from asgiviz.course.lesson import Experiment, Interface, Knob


def settings_of(experiment: Experiment, turned: Mapping[str, float] | None = None) -> dict[str, float]:
    """All settings by name: those of the run, ``SIDE.threads`` and ``SIDE.pool``, and the plain ``threads`` and ``pool``.

    `turned` knobs take the place of what the author wrote. A plain ``threads`` is that of all sides, and stands for the
    first WSGI side (``pool``: for the first side that has one) where nobody turned it.
    """
    turned = turned or {}
    own = {
        "clients": float(experiment.clients), "wait": experiment.wait, "chunk": float(experiment.chunk),
        "stagger": experiment.stagger, "read_speed": experiment.read_speed,
    }  # fmt: skip
    threads = {f"{side.id}.threads": float(side.threads) for side in experiment.sides}
    pools = {f"{side.id}.pool": float(side.pool) for side in experiment.sides if side.pool is not None}
    for plain, each in (("threads", threads), ("pool", pools)):
        if plain in turned:
            sides = [f"{side.id}.{plain}" for side in experiment.sides]
            each.update(dict.fromkeys(sides, turned[plain]))
        each.update({name: turned[name] for name in turned if name.endswith(f".{plain}")})
    wsgi = [side for side in experiment.sides if side.interface is Interface.WSGI] or list(experiment.sides)
    if wsgi:
        own["threads"] = threads[f"{wsgi[0].id}.threads"]
    if pools:
        own["pool"] = next(iter(pools.values()))
    return own | threads | pools | dict(turned)


def turned(knob: Knob, value: float, by: int) -> float:
    """The value that a knob comes to from another one, `by` steps up or down; it stops at its ends."""
    values = sorted({*knob.values, value})
    return values[min(max(values.index(value) + by, 0), len(values) - 1)]
