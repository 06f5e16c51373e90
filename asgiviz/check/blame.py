"""Who made it: what is sent at a layer comes from the layer further in, what is received from the one further out."""

from __future__ import annotations

from collections.abc import Sequence

from asgiviz.model.finding import APP, SERVER


class Blame:
    """Names for the two sides of each tap; `layers` is the recording's own list, the server first and the app last."""

    def __init__(self, layers: Sequence[str] = ()) -> None:
        self._layers = tuple(layers)

    def sender(self, layer: int) -> str:
        """Who sent what was seen at a layer, or ended there."""
        last = len(self._layers) - 1
        return self._layers[layer + 1] if layer + 1 < last else APP

    def giver(self, layer: int) -> str:
        """Who called, and who answers receive, at a layer."""
        if not layer:
            return SERVER
        return self._layers[layer] if layer < len(self._layers) - 1 else f"layer {layer}"
