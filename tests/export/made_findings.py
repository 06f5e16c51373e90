"""A checkup made by hand: an app in a directory of its own whose handlers break rules in lines that are there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from asgiviz.check.baseline import Baseline
from asgiviz.check.choice import Choice, chosen_rules
from asgiviz.export.findings import Shown, sort_out
from asgiviz.model.finding import APP, SERVER, CodePlace, Finding, Severity
from asgiviz.model.recording import Header

LIBRARY = "/srv/venv/lib/python3.11/site-packages/starlette/responses.py"
SOURCE = """async def orders(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})


async def items(scope, receive, send):
    await send({"type": "http.response.body", "body": b"%"})
"""


@dataclass
class Made:
    """What a checkup says."""

    findings: list[Finding] = field(default_factory=list)
    header: Header = field(default_factory=lambda: Header("2999-01-01T00:00:00.000000Z", "shop:app"))
    connections: dict[int, str] = field(default_factory=dict)
    connection_count: int = 9
    events: int = 120
    seconds: float = 0.25
    trouble: list[str] = field(default_factory=list)
    inconclusive: bool = False


def made(directory: Path) -> Made:
    """An app whose `orders` and `items` break a rule each, the first on three connections, and a server that is told of."""
    file = directory / "shop.py"
    file.write_text(SOURCE, encoding="utf-8")
    orders = (CodePlace(LIBRARY, 155, "__call__"), CodePlace(str(file), 2, "orders"))
    items = (CodePlace(str(file), 6, "items"),)
    unfinished, early = "the app returned after http.response.start, without a body", "a body comes before http.response.start"
    return Made(
        findings=[
            Finding("HTTP-C-004", Severity.WARNING, SERVER, 1, 3, "http_version is '1'", legal=("'1.0'", "'1.1'", "'2'")),
            *(Finding("HTTP-S-020", Severity.ERROR, APP, conn, 9 + conn, unfinished, code=orders) for conn in (1, 2, 3)),
            Finding("HTTP-S-021", Severity.ERROR, APP, 4, 40, early, call=7, legal=("http.response.start",), code=items),
            Finding("HTTP-S-014", Severity.INFO, APP, 4, 41, "the header connection means nothing under HTTP/2", code=items),
            Finding("LIFE-001", Severity.ERROR, "Sessions", None, 2, "the layer swallowed \x1b[31mlifespan.startup"),
        ],
        connections={1: "POST /orders", 2: "POST /orders", 3: "GET /orders", 4: "GET /items"},
        trouble=["The app describes no operations: nothing was found at /openapi.json."],
    )


def shown_of(
    checked: Made, directory: Path, baseline: Baseline | None = None, least: Severity = Severity.WARNING, ignore: str = ""
) -> Shown:
    """What is shown of it from a directory."""
    choice = Choice(chosen_rules(ignore=[ignore] if ignore else []), least)
    return sort_out(checked, choice, baseline, str(directory))
