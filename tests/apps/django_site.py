"""A Django project in one file: async and sync views, an upload and two kinds of streams."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import django  # type: ignore[import-untyped]  # Django has no types
from django.conf import settings  # type: ignore[import-untyped]  # Django has no types
from django.core.asgi import get_asgi_application  # type: ignore[import-untyped]  # Django has no types
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse  # type: ignore[import-untyped]  # Django has no types
from django.urls import path  # type: ignore[import-untyped]  # Django has no types

settings.configure(
    SECRET_KEY="key",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.gzip.GZipMiddleware"],
    LOGGING_CONFIG=None,
)
django.setup(set_prefix=False)


async def as_json(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"answer": 42})


async def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body)


async def stream(request: HttpRequest) -> StreamingHttpResponse:
    async def numbers() -> AsyncIterator[bytes]:
        for n in range(50):
            yield b"%d," % n

    return StreamingHttpResponse(numbers())


def sync(request: HttpRequest) -> HttpResponse:
    return HttpResponse("from a thread")


def boom(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


urlpatterns = [path("json", as_json), path("echo", echo), path("stream", stream), path("sync", sync), path("boom", boom)]
app: Any = get_asgi_application()
