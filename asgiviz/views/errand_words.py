"""What an errand will do, in a line, and a hint for whoever writes it."""

from __future__ import annotations

from asgiviz.traffic.errand import Errand, HttpErrand, WebSocketErrand
from asgiviz.traffic.steps import Close, Wait
from asgiviz.views.figures import size
from asgiviz.views.text import fit

#: RFC 9110, section 9.3, and RFC 5789.
METHODS = {
    "GET": "GET asks for something and changes nothing",
    "HEAD": "HEAD is a GET whose answer has no body",
    "POST": "POST hands something over, to be processed",
    "PUT": "PUT puts something at the target, in place of what is there",
    "PATCH": "PATCH changes a part of what is at the target",
    "DELETE": "DELETE takes away what is at the target",
    "OPTIONS": "OPTIONS asks what is possible there",
    "TRACE": "TRACE asks for the request itself as the answer",
    "CONNECT": "CONNECT asks a proxy for a tunnel, and this is none",
}
_NO_BODY = ("GET", "HEAD", "DELETE", "OPTIONS", "TRACE")
_TARGET = 60


def described(errand: Errand) -> str:
    """``POST /orders, 1 header, 15 B of body``"""
    target = fit(errand.target, _TARGET)
    headers = len(errand.headers)
    parts = [f"{headers} header{'s' if headers > 1 else ''}"] if headers else []
    if isinstance(errand, HttpErrand):
        body = [f"{size(len(errand.body))} of body"] if errand.body else ["no body"]
        return ", ".join([f"{fit(errand.method, 20)} {target}", *parts, *body])
    return ", ".join([f"WebSocket {target}", *parts, *_moves(errand)])


def _moves(errand: WebSocketErrand) -> list[str]:
    pauses = sum(move.seconds for move in errand.moves if isinstance(move, Wait))
    messages = sum(not isinstance(move, (Wait, Close)) for move in errand.moves)
    closes = [move for move in errand.moves if isinstance(move, Close)]
    parts = [f"{messages} message{'' if messages == 1 else 's'}"]
    return [*parts, *([f"pauses of {pauses:g} s"] if pauses else []), *[f"close {move.code}" for move in closes]]


def hint(errand: Errand) -> str:
    """Something worth knowing before it is sent."""
    if isinstance(errand, WebSocketErrand):
        return _conversation_hint(errand)
    method = errand.method
    if method not in METHODS:
        if method.upper() in METHODS:
            return f"methods are written in capitals: {fit(method, 20)} is not {method.upper()}"
        return "this is a method of your own; servers and apps may refuse it"
    if errand.body and method in _NO_BODY:
        return f"a {method} with a body is legal, and many apps do not look at it"
    if errand.body and not any(name.lower() == "content-type" for name, _ in errand.headers):
        return "without a content-type the app can only guess what the body is"
    return METHODS[method]


def _conversation_hint(errand: WebSocketErrand) -> str:
    moves = errand.moves
    if not moves:
        return "the client says nothing: it listens for a second and closes; > text sends a text"
    if not isinstance(moves[-1], Close):
        return "without a close line the client listens for another second and closes with 1000"
    if len(moves) > 1 and not isinstance(moves[-2], Wait):
        return "it closes at once, and may not hear the answer: put wait 0.5 before close"
    return "> sends a text, >x bytes, wait listens for so many seconds"
