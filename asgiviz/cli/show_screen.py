"""One screen of ours on the terminal that we were started in, until it is closed; what is said then, and the exit code."""

from __future__ import annotations

import sys
from typing import Any

from asgiviz.cli.live import OUR_MISTAKE, StopSignals
from asgiviz.cli.screen import mishap_of
from asgiviz.probe.descriptors import own_copy
from asgiviz.settings import Settings


def show_screen(screen: Any, ascii_: bool) -> int:
    """Show a Textual screen that runs nothing in this process; gives the exit code."""
    from asgiviz.ui.app import AsgivizApp
    from asgiviz.ui.terminal import run_on

    terminal = own_copy(1)
    assert terminal is not None  # it is a terminal, or there would be no screen
    with terminal, StopSignals() as stop:
        app = AsgivizApp(Settings.load(), screen, terminal=terminal, ascii=ascii_, wants_to_end=lambda: bool(stop.count))
        run_on(terminal, app)
    if text := mishap_of(app):
        last = text.strip().splitlines()[-1]
        print(f"asgiviz: a mistake in asgiviz itself closed the screen: {last}", file=sys.stderr, flush=True)
        return OUR_MISTAKE
    return 0
