"""Masking in what servers log."""

from __future__ import annotations

import pytest

from asgiviz.model.masking import Mask


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        (
            '127.0.0.1:1 - "WebSocket /live?token=hush&x=1" [accepted]',
            '127.0.0.1:1 - "WebSocket /live?token=****&x=1" [accepted]',
        ),
        ("GET /?a=1&api_key=ab HTTP/1.1", "GET /?a=1&api_key=** HTTP/1.1"),
        ("x = 1, token = 2", "x = 1, token = 2"),
        ("no parameter", "no parameter"),
    ],
)
def test_a_logged_query_parameter_is_masked(line: str, masked: str) -> None:
    """A secret parameter in a logged request line is stars of the same length; the rest of the line stays."""
    assert Mask().text(line) == masked


def test_a_message_is_not_searched() -> None:
    """A WebSocket message that looks like a query string is kept as it is."""
    message = {"type": "websocket.receive", "text": "/x?token=hush"}
    assert Mask().fields({"message": message}) == {"message": message}
    assert Mask().fields({"level": "INFO", "text": "/x?token=hush"}) == {"level": "INFO", "text": "/x?token=****"}
