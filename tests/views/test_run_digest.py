"""A run told in sentences says what its lanes show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.course.run_record import RunRecord
from asgiviz.views.run_digest import MOST_CLIENTS, digest, each_client
from tests.views.staged import Script, lesson_one, threaded


def test_rounds_can_be_heard() -> None:
    """Clients that were served together are told together, with how many stood in line, and how long."""
    told = " ".join(digest(lesson_one(clients=10, wait=0.5, threads=4)))
    assert "WSGI (4 threads): All 10 clients were served. Served: 4 after 0.50 s, 4 after 1.00 s, 2 after 1.50 s." in told
    assert "6 stood in line for a thread, the longest 1.00 s." in told
    assert "ASGI: All 10 clients were served. Served: 10 after 0.5" in told


def test_a_held_loop_is_told_with_its_line() -> None:
    """Who blocks the loop serves one after the other, and the line that does it is named."""
    told = " ".join(digest(lesson_one(clients=3, wait=0.5, blocking=True)))
    assert "The loop was held for up to 0.50 s at a time, longest at asgi.py:7 time.sleep(WAIT)." in told


def test_who_failed_is_counted() -> None:
    """An answer of 500 is no service."""
    script = Script()
    threaded(script, clients=3, broken=2)
    record = script.record()
    assert "2 of 3 clients were served. 1 failed (status 500)." in " ".join(digest(record))
    assert any(
        line.startswith("client 2: ") and "failed at" in line and line.endswith("status 500") for line in each_client(record)
    )


@given(clients=st.integers(1, 130), threads=st.integers(1, 40))
def test_every_client_has_a_line_up_to_a_bound(clients: int, threads: int) -> None:
    """However many clients there are, what is told stays short, and says how many are left out."""
    script = Script()
    threaded(script, clients, 0.5, threads)
    record = script.record()
    lines = each_client(record)
    assert len(lines) == 1 + min(clients, MOST_CLIENTS) + (clients > MOST_CLIENTS)
    assert (f"and {clients - MOST_CLIENTS} clients more" in lines) == (clients > MOST_CLIENTS)
    assert sum(map(len, digest(record))) < 600


@pytest.mark.parametrize("record", [RunRecord(), Script().record()], ids=["nothing", "nobody"])
def test_a_run_without_sides_says_nothing(record: RunRecord) -> None:
    """There is nothing to tell, and nothing raises."""
    assert digest(record) == each_client(record) == []
