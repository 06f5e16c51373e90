"""From experiments.toml to `Experiment`s: sides, clients, knobs and claims, each checked against the files of the lesson."""

from __future__ import annotations

import re
from collections.abc import Mapping

from asgiviz.course.folder import Folder, is_inside
from asgiviz.course.keys import Keys
from asgiviz.course.lesson import NAMES, Claim, Clients, Experiment, Interface, Knob, Side
from asgiviz.traffic.steps import step_from_dict

MOST_CLIENTS, MOST_THREADS, LARGEST_CHUNK, FASTEST_READER = 1_000, 1_000, 16 << 20, 1 << 30
CLOCKS = ("virtual", "real")
PICTURES = ("lanes", "restaurant")
#: The shortest script: one request, one answer.
VISIT = ({"do": "request", "path": "/{client}"}, {"do": "read"})
_ATTRIBUTE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(\(\))?")


def read_runs(keys: Keys, folder: Folder) -> dict[str, Experiment]:
    """All runs of a lesson by their id, in the order of the file."""
    runs: dict[str, Experiment] = {}
    for each in keys.tables("run"):
        run = _run(each, folder)
        if run.id in runs:
            each.complain("E004", f'there are two runs "{run.id}"', "id")
        runs[run.id] = run
    keys.end()
    return runs


def _run(keys: Keys, folder: Folder) -> Experiment:
    sides, groups = _sides(keys, folder), _groups(keys)
    counts = [group.count or 0 for group in groups]
    default = sum(counts) if counts and all(counts) else Experiment.clients
    id_ = keys.id()
    run = Experiment(
        id=id_,
        title=keys.text("title", id_),
        sides=sides,
        clients=default if groups else keys.whole("clients", default, least=1, most=MOST_CLIENTS),
        wait=keys.number("wait", Experiment.wait, most=60),
        chunk=keys.whole("chunk", Experiment.chunk, least=1, most=LARGEST_CHUNK),
        read_speed=keys.number("read_speed", Experiment.read_speed, most=FASTEST_READER),
        stagger=keys.number("stagger", Experiment.stagger, most=10),
        groups=groups or (_everybody(keys),),
        clock=keys.choice("clock", CLOCKS, "virtual"),
        knobs=_knobs(keys, sides),
        measures=keys.texts("measure"),
        claims=_claims(keys),
        picture=keys.choice("picture", PICTURES, "lanes"),
        plan=_plan(keys, folder),
        timeout=keys.number("timeout", Experiment.timeout, least=0.1, most=600),
    )
    keys.end()
    return run


def _sides(keys: Keys, folder: Folder) -> tuple[Side, ...]:
    if "sides" not in keys.values and "side" not in keys.values:
        return (_side(keys, folder, whole=False),)
    tables = keys.tables("sides") + keys.tables("side")
    sides = tuple(_side(each, folder, whole=True) for each in tables)
    for name in ("app", "interface", "threads", "pool"):
        if name in keys.values:
            keys.complain("E032", f'"{name}" belongs to each of the sides', name)
            keys.take(name)
    ids = [side.id for side in sides]
    for double in sorted({id_ for id_ in ids if ids.count(id_) > 1}):
        keys.complain("E004", f'there are two sides "{double}"')
    if not sides:
        keys.complain("E032", "a run needs at least one side")
    return sides


def _side(keys: Keys, folder: Folder, *, whole: bool) -> Side:
    interface = Interface(keys.choice("interface", [each.value for each in Interface], Interface.ASGI.value))
    side = Side(
        id=keys.id() if whole else interface.value,
        label=keys.text("label", interface.name) if whole else interface.name,
        interface=interface,
        app=_app(keys, folder),
        threads=keys.whole("threads", Side.threads, least=1, most=MOST_THREADS),
        pool=keys.optional_whole("pool", most=MOST_THREADS),
    )
    if whole:
        keys.end()
    return side


def _app(keys: Keys, folder: Folder) -> str:
    app = keys.text("app")
    file, colon, attribute = app.partition(":")
    if not app:
        return app
    if not is_inside(file):
        keys.complain("E007", f'"{file}" is not inside the lesson\'s folder', "app")
    elif not colon or not _ATTRIBUTE.fullmatch(attribute):
        keys.complain("E031", f'"app" must be FILE:NAME such as "apps/waiter.py:app", not "{app}"', "app")
    elif file not in folder.files:
        keys.complain("E031", f'there is no file "{file}" in the lesson\'s folder', "app")
    return app


def _everybody(keys: Keys) -> Clients:
    """The shorthand: each client asks once for ``path``."""
    request, read = VISIT
    return Clients(({**request, "path": keys.text("path", request["path"])}, read))


def _groups(keys: Keys) -> tuple[Clients, ...]:
    """The tables of ``[[run.clients]]``; none when ``clients`` is a number."""
    if not isinstance(keys.values.get("clients"), list):
        return ()
    groups = []
    for each in keys.tables("clients"):
        count = each.optional_whole("count", most=MOST_CLIENTS)
        groups.append(Clients(_steps(each), count, each.number("delay", 0.0, most=60)))
        each.end()
    return tuple(groups)


def _steps(keys: Keys) -> tuple[Mapping[str, object], ...]:
    steps = keys.take("steps")
    if not isinstance(steps, list) or not steps or not all(isinstance(each, dict) for each in steps):
        if steps is not None:
            keys.complain("E033", '"steps" must be a list of steps such as { do = "request", path = "/" }', "steps")
        return VISIT
    for number, step in enumerate(steps, 1):
        try:
            step_from_dict(step)
        except ValueError as error:
            keys.complain("E033", f"step {number}: {error}", "steps")
    return tuple(steps)


def _knobs(keys: Keys, sides: tuple[Side, ...]) -> tuple[Knob, ...]:
    table = keys.table("knobs")
    if table is None:
        return ()
    allowed = [name for name in NAMES if name != "cores"] + ["stagger"]
    allowed += [f"{side.id}.{name}" for side in sides for name in ("threads", "pool")]
    knobs = []
    for name in table.values:
        if name not in allowed:
            table.complain("E032", f'there is no knob "{name}" in this run; there are {", ".join(allowed)}', name)
            table.take(name)
        elif isinstance(table.values[name], dict):
            inner = table.table(name)
            if inner is not None:
                knobs.append(Knob(name, inner.numbers("values"), inner.text("label", "", empty=True)))
                inner.end()
        else:
            knobs.append(Knob(name, table.numbers(name)))
    for knob in knobs:
        if knob.name.rpartition(".")[2] in ("clients", "threads", "pool", "chunk") and any(n < 1 or n % 1 for n in knob.values):
            table.complain("E032", f'"{knob.name}" goes through whole numbers from 1 up', knob.name)
    return tuple(knobs)


def _claims(keys: Keys) -> tuple[Claim, ...]:
    claims = []
    for each in keys.tables("claims"):
        metric, holds = each.text("metric"), each.condition("is")
        if holds is not None:
            claims.append(Claim(metric, holds))
        elif "is" not in each.values:
            each.complain("E001", 'a claim needs "is", a condition such as ">= 9 * wait"')
        each.end()
    return tuple(claims)


def _plan(keys: Keys, folder: Folder) -> str | None:
    plan = keys.optional_text("plan")
    if plan is not None and f"exercise/{plan}" not in folder.files:
        keys.complain("E031", f'there is no file "exercise/{plan}" in the lesson\'s folder', "plan")
    return plan
