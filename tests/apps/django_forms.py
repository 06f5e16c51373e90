"""The Django project of `django_site`, asked by WSGI, with a stream and a file as only that has them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from django.core.wsgi import get_wsgi_application  # type: ignore[import-untyped]  # Django has no types
from django.http import FileResponse, HttpRequest, StreamingHttpResponse  # type: ignore[import-untyped]  # Django has no types
from django.urls import path  # type: ignore[import-untyped]  # Django has no types

from tests.apps import django_site


def chunks(request: HttpRequest) -> StreamingHttpResponse:
    def numbers() -> Iterator[bytes]:
        for n in range(50):
            yield b"%d," % n

    return StreamingHttpResponse(numbers())


def file(request: HttpRequest) -> FileResponse:
    return FileResponse(io.BytesIO(b"from a file" * 500))


django_site.urlpatterns += [path("chunks", chunks), path("file", file)]
app: Any = get_wsgi_application()
