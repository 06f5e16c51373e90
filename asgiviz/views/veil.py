"""The veil: secrets in the text of an errand are hidden while somebody reads and edits it, and put back when it is sent.

Only headers and query parameters with a secret name are hidden, as everywhere on the screen.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable

from asgiviz.model.masking import Mask

#: What stands for a value that is kept.
HIDDEN = "********"
_HEADER = re.compile(r"^([-!#$%&'*+.^_`|~0-9A-Za-z]+)(: ?)(.*)$")
_PARAMETER = re.compile(r"(?<=[?&])([^=&?\s]+)=([^&\s]*)")


class Veil:
    """Hides the secrets of one text; `text` is what may be shown."""

    def __init__(self, text: str, mask: Mask | None) -> None:
        self._mask = mask
        self._kept: defaultdict[str, list[str]] = defaultdict(list)
        self.text = text if mask is None else self._walk(text, self._hide)

    def lifted(self, text: str) -> str:
        """An edited text with the hidden values in their places again; one that was written over stays as written."""
        left = {name: list(values) for name, values in self._kept.items()}

        def put_back(name: str, value: str) -> str:
            values = left.get(name.lower(), [])
            return values.pop(0) if value == HIDDEN and values else value

        return text if self._mask is None else self._walk(text, put_back)

    def _hide(self, name: str, value: str) -> str:
        assert self._mask is not None  # or nothing is walked
        if not value or not self._mask.is_secret(name):
            return value
        self._kept[name.lower()].append(value)
        return HIDDEN

    def _walk(self, text: str, change: Callable[[str, str], str]) -> str:
        """The text with the values of its first line and of its headers changed; the body is left alone."""
        lines = text.split("\n")
        first = next((place for place, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
        for place in range(first, len(lines)):
            line = lines[place]
            if place == first:
                lines[place] = _PARAMETER.sub(lambda match: f"{match[1]}={change(match[1], match[2])}", line)
            elif not line.strip():
                break
            elif (match := _HEADER.match(line)) is not None and not line.startswith("#"):
                lines[place] = match[1] + match[2] + change(match[1], match[3])
        return "\n".join(lines)
