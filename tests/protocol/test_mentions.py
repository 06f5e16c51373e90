"""Which words a text mentions: whole words in its order, and no ordinary English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.protocol.glossary import ENTRIES
from asgiviz.protocol.mentions import in_source, in_text


def words(text: str) -> list[str]:
    """The words whose entries a text mentions."""
    return [entry.word for entry in in_text(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The **loop** runs Coroutines; the *event\nloop* is one.", ["event loop", "coroutine"]),
        ("A thread pool has threads.", ["thread pool", "thread"]),
        ("It awaits, on the virtual clock: uvicorn.", ["await", "virtual clock", "uvicorn"]),
        ("Server-sent events.", ["server-sent events"]),
        ("The age and type of a path, closed from here; 200 OK, 404.", []),
        ("He sends it, on this side, and receives a note. What you saw: a step.", []),
        ("`send`, `receive()`, `path`, `more_body`", ["send", "receive", 'scope["path"]', 'http.request["more_body"]']),
        ("`await asyncio.sleep(WAIT)` and `time.sleep`", ["await", "blocking"]),
        ("`apps/app.py:app`, apps/server.py, multithreaded, thread-safe, http://server.example", []),
        ("```python\nawait send({})\n```", ["await", "send"]),
    ],
)
def test_what_is_mentioned(text: str, found: list[str]) -> None:
    """Terms count in prose, names in code letters; parts of paths, of longer words and ordinary English do not."""
    assert words(text) == found


def test_a_source_mentions_its_names() -> None:
    """The arguments of an app and the messages that it sends are found; what it calls its own names is not."""
    source = 'async def app(scope, receive, send):\n    step = 1\n    await send({"type": "http.response.start"})\n'
    found = [entry.word for entry in in_source(source)]
    assert found == ["coroutine", "application", "scope", "receive", "send", "await", "http.response.start"]


@given(
    st.text()
    | st.text(alphabet="`~ .:/()ab\n-")
    | st.lists(st.sampled_from(ENTRIES)).map(lambda each: " ".join(e.word for e in each))
)
def test_any_text_will_do(text: str) -> None:
    """Nothing raises, every answer is an entry, and none comes twice."""
    for found in (list(in_text(text)), list(in_source(text))):
        assert set(found) <= set(ENTRIES)
        assert len(found) == len(set(found))
