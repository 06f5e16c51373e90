"""What could not be done in a run, in sentences: the same thing that happened to many is said once."""

from __future__ import annotations

#: Names in one sentence; of more it is told how many.
MOST_NAMES = 3


class Troubles:
    """Collects what went wrong; any thread may do so."""

    def __init__(self) -> None:
        self._whom: dict[str, dict[str, None]] = {}

    def note(self, what: str, whom: str = "") -> None:
        """`what` is the end of a sentence that begins with `whom`, or all of it."""
        self._whom.setdefault(what, {})[whom] = None

    def sentences(self) -> tuple[str, ...]:
        """Each thing once, in the order in which they came."""
        return tuple(f"{_together(list(whom))}{what}" for what, whom in list(self._whom.items()))


def _together(names: list[str]) -> str:
    known = [name for name in names if name]
    if not known:
        return ""
    more = f" and {len(known) - MOST_NAMES} more" if len(known) > MOST_NAMES else ""
    return f"{'; '.join(known[:MOST_NAMES])}{more}: "
