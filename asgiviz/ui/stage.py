"""The stage: what a screen may ask of the run it shows. `session.Session` has it; a saved recording has none."""

from __future__ import annotations

from typing import Protocol

from asgiviz.model.events import Emit
from asgiviz.model.recording import Header


class Stage(Protocol):
    """One app that is served and recorded."""

    @property
    def url(self) -> str:
        """The address that is served."""

    @property
    def serving(self) -> bool:
        """Whether requests are answered now."""

    @property
    def emit(self) -> Emit:
        """Takes an event into the recording."""

    def header(self) -> Header:
        """What the recording says about itself."""

    def stop_server(self) -> bool:
        """Stop serving, wait for it, keep the address; False when the app did not come back. Blocks."""

    def start_server(self) -> None:
        """Serve the app afresh on the same address."""
