"""The pytest plugin: a test that asks for the fixture `asgiviz_tap` fails when the app that it wraps breaks a rule of ASGI.

It is off until then: pytest loads this file in every run, so it loads nothing else; `taps` does the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from asgiviz.pytest_plugin.taps import AsgivizTap

_TAPS: pytest.StashKey[AsgivizTap] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """What holds for all tests."""
    fails = "asgiviz_tap: which findings fail a test: error, warning (and worse), info (all), never"
    parser.addini("asgiviz_fail_on", fails, default="error")
    parser.addini("asgiviz_ignore", "asgiviz_tap: rules that do not count, by their ids", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, for --strict-markers."""
    said = "asgiviz(fail_on=..., ignore=..., who=...): what asgiviz_tap does in this test, however the app was wrapped"
    config.addinivalue_line("markers", said)


@pytest.fixture
def asgiviz_tap(request: pytest.FixtureRequest) -> Iterator[AsgivizTap]:
    """`app = asgiviz_tap(app)` records what crosses the line of an ASGI app; the test fails when a rule was broken."""
    from asgiviz.pytest_plugin.taps import AsgivizTap

    taps = request.node.stash[_TAPS] = AsgivizTap(request.config, request.node.get_closest_marker("asgiviz"))
    yield taps
    taps.finish()
    if taps.passed and (complaint := taps.complaint()):
        pytest.fail(complaint, pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Findings fail a test that has passed, and stand below the failure of one that has not: they often explain it."""
    try:
        yield
    except (Exception, pytest.fail.Exception):
        if (taps := item.stash.get(_TAPS, None)) and (complaint := taps.complaint()):
            item.add_report_section("call", "asgiviz", complaint)
        raise
    if taps := item.stash.get(_TAPS, None):
        if complaint := taps.complaint():
            pytest.fail(complaint, pytrace=False)
        taps.passed = True
