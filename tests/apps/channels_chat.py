"""An app of Channels: a consumer for HTTP and one for WebSockets, behind its routers."""

from __future__ import annotations

from typing import Any

from channels.generic.http import AsyncHttpConsumer  # type: ignore[import-untyped]  # Channels has no types
from channels.generic.websocket import AsyncWebsocketConsumer  # type: ignore[import-untyped]  # Channels has no types
from channels.routing import ProtocolTypeRouter, URLRouter  # type: ignore[import-untyped]  # Channels has no types
from django.urls import path  # type: ignore[import-untyped]  # Django has no types

import tests.apps.django_site  # noqa: F401  # a process has one Django configuration


class Page(AsyncHttpConsumer):  # type: ignore[misc]  # Channels has no types
    """A small answer, and one in pieces."""

    async def handle(self, body: bytes) -> None:
        """Answers with what was sent."""
        if self.scope["path"] == "/stream":
            await self.send_headers(status=200, headers=[(b"content-type", b"text/plain")])
            for piece in (b"one", b"two", b"three"):
                await self.send_body(piece, more_body=True)
            await self.send_body(b"")
            return
        await self.send_response(200, body or b"hello", headers=[(b"content-type", b"text/plain")])


class Echo(AsyncWebsocketConsumer):  # type: ignore[misc]  # as above
    """Says again what it hears."""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """One message."""
        await self.send(text_data=text_data, bytes_data=bytes_data)


pages: Any = Page.as_asgi()
app = ProtocolTypeRouter(
    {
        "http": URLRouter([path("stream", pages), path("json", pages), path("echo", pages)]),
        "websocket": URLRouter([path("ws", Echo.as_asgi())]),
    }
)
