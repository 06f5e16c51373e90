"""A Flask app: JSON, a stream, a file, an upload, an error, and a view that says nothing about its length."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import flask

app = flask.Flask(__name__)


@app.get("/json")
def as_json() -> dict[str, int]:
    return {"answer": 42}


@app.post("/echo")
def echo() -> bytes:
    return flask.request.get_data()


@app.get("/stream")
def stream() -> flask.Response:
    def numbers() -> Iterator[str]:
        for n in range(50):
            yield f"{n},"

    return flask.Response(numbers())


@app.get("/file")
def file() -> flask.Response:
    return flask.send_file(io.BytesIO(b"from a file" * 500), mimetype="text/plain")


@app.get("/boom")
def boom() -> Any:
    raise ZeroDivisionError
