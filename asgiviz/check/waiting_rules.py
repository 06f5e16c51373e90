"""Rules on a receive that nobody answers: which promise the server breaks depends on where the connection stood.

Five seconds are long for an answer that is due at once, and short enough for a test.
"""

from __future__ import annotations

from asgiviz.check.talk import Talk, Waiting
from asgiviz.protocol.http_machine import Request, Response
from asgiviz.protocol.shapes import Flaw
from asgiviz.protocol.websocket_machine import Conversation

#: Nanoseconds.
LONG = 5_000_000_000


def waited_flaw(talk: Talk, waiting: Waiting, until: int) -> Flaw | None:
    """What is wrong with a receive that was open until a moment."""
    if until - waiting.t <= LONG or waiting.standing is None:
        return None
    if talk.kind == "http":
        return _http(talk, waiting, until)
    return _websocket(talk, waiting, until) if talk.kind == "websocket" else None


def _http(talk: Talk, waiting: Waiting, until: int) -> Flaw | None:
    request, response = waiting.standing.states if waiting.standing is not None else (None, None)
    if request is Request.GONE:
        return Flaw("HTTP-R-008", f"A receive after http.disconnect waited {_seconds(until - waiting.t)}.")
    if talk.done_t is not None and (due := max(waiting.t, talk.done_t)) < until - LONG:
        return Flaw(
            "HTTP-R-007", f"The response was complete, but a receive waited {_seconds(until - due)} for http.disconnect."
        )
    if request is Request.REQ and response is Response.IDLE and talk.request.bodyless:
        return Flaw("HTTP-R-010", f"The request has no body, but the first receive waited {_seconds(until - waiting.t)}.")
    return None


def _websocket(talk: Talk, waiting: Waiting, until: int) -> Flaw | None:
    state = waiting.standing.state if waiting.standing is not None else None
    if state is Conversation.CLOSED:
        return Flaw("WS-R-010", f"A receive after websocket.disconnect waited {_seconds(until - waiting.t)}.")
    if talk.done_t is not None and (due := max(waiting.t, talk.done_t)) < until - LONG:
        return Flaw("WS-R-011", f"The app has closed, but a receive waited {_seconds(until - due)} for websocket.disconnect.")
    return None


def _seconds(nanoseconds: int) -> str:
    return f"{nanoseconds / 1e9:.1f} s"
