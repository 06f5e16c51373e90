"""What a quick command must not import."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("textual", "rich", "uvicorn", "h11", "websockets", "watchfiles", "asyncio")


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import asgiviz", id="import asgiviz"),
        pytest.param("from asgiviz.cli.main import cli\ntry: cli(['--help'])\nexcept SystemExit: pass", id="--help"),
        pytest.param("import asgiviz.probe.tap", id="the tap"),
    ],
)  # fmt: skip
def test_heavy_libraries_stay_out(code: str) -> None:
    """`import asgiviz`, `asgiviz --help` and the tap load no screen, no server and no event loop."""
    check = f"{code}\nimport sys\nfor name in {HEAVY!r}:\n    if name in sys.modules: print('loaded', name)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, timeout=60, check=True)
    assert "loaded" not in done.stdout, done.stdout


def test_tap_is_loaded_on_request() -> None:
    """`asgiviz.Tap` is there without an import of its own, and other names are not."""
    import asgiviz

    assert asgiviz.Tap.__module__ == "asgiviz.middleware"
    with pytest.raises(AttributeError, match="no attribute 'tap'"):
        asgiviz.tap  # noqa: B018
