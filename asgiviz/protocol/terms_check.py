"""Explanations: the words of the checker."""

from __future__ import annotations

from asgiviz.protocol.terms_entry import Entry, Kind
from asgiviz.protocol.terms_places import OUR_CHECK, OUR_IN_A_PROJECT, OUR_OPTIONS, Place


def _word(word: str, line: str, more: str, place: Place, *see: str) -> Entry:
    return Entry(word, Kind.WORD, line, more, *place, see=see)


ENTRIES = (
    _word(
        "finding",
        "A place where an app or a server breaks a rule of ASGI, or does what is worth a remark.",
        "An error breaks the specification, a warning works here and may not elsewhere, info is a remark on something "
        "legal. Each finding says who did it and what would have been legal.",
        OUR_CHECK,
        "portability",
        "baseline",
    ),
    _word(
        "portability",
        "The class of rules on what the specification leaves open and servers do differently.",
        "Such code is not wrong by the text. It works under one server and fails under another. The other classes are "
        "specification (the text of ASGI says so) and RFC (HTTP or WebSocket itself says so).",
        OUR_OPTIONS,
        "finding",
        "server",
    ),
    _word(
        "baseline",
        "A file with findings that are accepted, so that a check fails only on what is new.",
        "It lets an old project begin: what there is can be mended one by one, and nothing is added meanwhile.",
        OUR_IN_A_PROJECT,
        "finding",
    ),
)
