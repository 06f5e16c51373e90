"""What holds for every test: properties are judged by their result, never by their speed; `make quick` tries fewer examples."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from asgiviz.probe.current import connection

settings.register_profile("asgiviz", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("quick", settings.get_profile("asgiviz"), max_examples=10)
for _number in (signal.SIGINT, signal.SIGHUP):  # a shell has background jobs ignore them, and commands would inherit that
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)

settings.load_profile(os.environ.get("ASGIVIZ_TEST_PROFILE", "asgiviz"))


@pytest.fixture(autouse=True)
def nobodys_thread() -> Iterator[None]:
    """A test begins in a thread that works for no connection, whatever a coroutine that was driven by hand has left there."""
    token = connection.set(None)
    yield
    connection.reset(token)
