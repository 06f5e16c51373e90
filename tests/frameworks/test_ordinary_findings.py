"""The ordinary traffic of well-known frameworks gives only findings that somebody has read: docs/ordinary-findings.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from asgiviz.checkup import Plan, check_app

ROOT = Path(__file__).parent.parent.parent
PAGES = ("/json", "/stream", "/sync", "/none", "/boom", "/mounted/json", "/background", "/echo", "/ws")
#: Framework -> its app, and the pages it is asked for; Channels raises for a path that it does not route, as it documents.
APPS = {
    "fastapi": ("tests.apps.fastapi_shop:app", PAGES),
    "starlette": ("tests.apps.starlette_mix:app", PAGES),
    "django": ("tests.apps.django_site:app", PAGES),
    "litestar": ("tests.apps.litestar_desk:app", PAGES),
    "quart": ("tests.apps.quart_desk:app", PAGES),
    "channels": ("tests.apps.channels_chat:app", ("/json", "/stream", "/echo")),
}
#: That the loop was held is true, and depends on what else the machine does: a first import takes long on a busy one.
STALL = "CORE-036"
#: A row of the document's table.
ROW = re.compile(r"^\| (\w+) \| ([A-Z-]+-\d+) \| (info|warning|error) \| (app|server) \| \S.*\|$", re.MULTILINE)

#: A stream of anyio, or the file of a broken upload, is left to the garbage collector by a framework, just as often without us.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*MemoryObject(Send|Receive)Stream:pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning"),
]


@pytest.mark.parametrize("framework", APPS)
def test_every_finding_of_a_frameworks_ordinary_traffic_was_read_and_has_its_reason(framework: str) -> None:
    """In this process and under uvicorn; and a warning that the document tells of is found in one of them at least."""
    target, pages = APPS[framework]
    read = {
        row[1:] for row in ROW.findall((ROOT / "docs" / "ordinary-findings.md").read_text()) if row[0] in (framework, "any")
    }
    found = set()
    for server in ("", "uvicorn"):
        checkup = check_app(Plan(target=target, app_dir=str(ROOT), paths=pages, server=server))
        assert checkup.events > 500
        assert checkup.trouble == ()
        found |= {(each.rule, each.severity.value, each.who) for each in checkup.findings if each.rule != STALL}
    assert found <= read
    assert {row for row in read if row[1] != "info"} <= found
