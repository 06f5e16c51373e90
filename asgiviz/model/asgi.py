"""The names the ASGI specification gives to the things that cross the line between server and app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[Any]]  # None by the specification; whatever it is goes on
App = Callable[[Scope, Receive, Send], Awaitable[Any]]
