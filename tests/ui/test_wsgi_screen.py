"""The trace screen shows a WSGI app's requests in all its panes."""

from __future__ import annotations

from typing import Any

from asgiviz.model.events import LOG, WSGI_CHUNK, WSGI_ENVIRON, WSGI_EXIT, WSGI_QUEUED, WSGI_START_RESPONSE, Raw
from tests.ui.staging import LARGE, played, recorded

MS = 1_000_000
ERROR = {"type": "builtins.ValueError", "text": "no", "traceback": 'Traceback\n  File "a.py", line 1, in f\nValueError: no\n'}


def request(conn: int, queued: int, began: int, ended: int, end: dict[str, Any]) -> list[Raw]:
    """One request, times in milliseconds; the later half is missing when it is not over."""
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": f"/{conn}", "QUERY_STRING": "a=b", "HTTP_HOST": "h"}
    return [
        (queued * MS, WSGI_QUEUED, conn, 0, None, {"client": ["127.0.0.1", 5000 + conn]}),
        (began * MS, WSGI_ENVIRON, conn, 0, None, {"environ": environ, "thread": "waitress-0"}),
        (began * MS, LOG, conn, None, None, {"level": "INFO", "logger": "stdout", "text": "here"}),
        (began * MS, WSGI_START_RESPONSE, conn, 0, None, {"status": "200 OK", "headers": [["Content-Type", "text/plain"]]}),
        (ended * MS, WSGI_CHUNK, conn, 0, None, {"body": b"hello"}),
        (ended * MS, WSGI_CHUNK, conn, 0, None, {"body": b"", "via": "file", "file": {"$repr": "<f>", "$type": "F"}}),
        (ended * MS, WSGI_EXIT, conn, 0, None, end),
    ]


RUN: list[Raw] = sorted(
    [
        *request(1, 0, 1, 300, {"outcome": "returned"}),
        *request(2, 10, 300, 600, {"outcome": "raised", "error": ERROR}),
        *request(3, 20, 600, 900, {})[:-1],
        *request(4, 30, 900, 900, {})[:1],
    ],
    key=lambda raw: raw[0],
)


@played
async def test_every_pane_shows_requests_of_a_wsgi_app() -> None:
    """Kind, path, status and waiting stand in the list, and no pane and no key stumbles over events of this kind."""
    async with recorded(RUN, size=LARGE) as show:
        rows = "\n".join(show.rows("connections"))
        for text in ("wsgi", "GET /1?a=b", "200", "█", "░"):
            assert text in rows
        await show.pilot.press("home", "m", "down")  # the one that raised
        for pane in "234567":
            await show.pilot.press("escape", pane, *["down"] * 4, "enter", "question_mark", "escape")
        await show.pilot.press("]", "=", "escape", "r", "escape", "]")
        assert show.app.is_running
        assert show.app._exception is None
