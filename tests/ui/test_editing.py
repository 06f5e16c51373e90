"""Opening a line in the user's editor."""

from __future__ import annotations

from asgiviz.model.events import Ev, Event
from asgiviz.ui.editing import line_of

TRACEBACK = """Traceback (most recent call last):
  File "/usr/lib/python3.11/site-packages/starlette/routing.py", line 80, in handle
    await self.app(scope, receive, send)
  File "/srv/app/shop.py", line 41, in pay
    charge(card)
  File "/usr/lib/python3.11/site-packages/bank/client.py", line 9, in charge
    raise Declined
bank.client.Declined
"""


def test_the_users_own_line_is_opened() -> None:
    """Of an exception, a logged traceback and a stall it is the frame outside of libraries."""
    raised = {"outcome": "raised", "error": {"type": "x", "text": "", "traceback": TRACEBACK}}
    assert line_of(Event(1, 0, Ev.EXIT, 1, 0, None, raised)) == ("/srv/app/shop.py", 41)
    logged = {"logger": "uvicorn.error", "level": "ERROR", "text": f"Exception in ASGI application\n{TRACEBACK}"}
    assert line_of(Event(1, 0, Ev.LOG, 1, None, None, logged)) == ("/srv/app/shop.py", 41)
    frames = [{"file": "/usr/lib/python3.11/socket.py", "line": 7, "function": "recv"}, {"file": "/srv/app/db.py", "line": 3}]
    assert line_of(Event(1, 0, Ev.STALL, None, None, None, {"ms": 90, "stack": frames})) == ("/srv/app/db.py", 3)


def test_what_blames_no_line_opens_none() -> None:
    """A message has no line."""
    assert line_of(Event(1, 0, Ev.SEND_BEGIN, 1, 0, 1, {"message": {"type": "http.response.body"}})) is None
