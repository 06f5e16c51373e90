"""The fields of every message: what each may hold, whether it must be there, since when, and which rule that is.

One table for the checker, for servers that refuse what is wrong, and for texts; what a key means is told by the glossary.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from asgiviz.model.finding import Severity
from asgiviz.protocol import header_rules
from asgiviz.protocol.header_rules import HeaderRules, header_flaws
from asgiviz.protocol.shapes import ANYTHING, BYTE_STRINGS, BYTES, DICT, FLAG, SIZE, TEXT, WHOLE, Flaw, Shape, optional, told


class Field(NamedTuple):
    """A key of a message or a scope.

    `rule` is broken by a value of another shape, `missing` (empty: the key is optional) by its absence. `default` is what an
    absent key means. `since` is the spec_version that brought it; `too_early` the rule on sending it to an older server.
    """

    key: str
    shape: Shape
    rule: str
    missing: str = ""
    default: Any = None
    since: str = ""
    too_early: str = ""
    headers: HeaderRules | None = None


def _headers(rules: HeaderRules, missing: str = "", since: str = "", too_early: str = "") -> Field:
    return Field("headers", ANYTHING, rules.structure, missing, [], since, too_early, rules)


_REASON = Field("reason", optional(TEXT), "WS-S-022", default="", since="2.3", too_early="WS-S-022")
#: Message type -> its fields. A type that is no key here has none; a key that is in no table is legal everywhere.
MESSAGES: dict[str, tuple[Field, ...]] = {
    "http.request": (
        Field("body", BYTES, "HTTP-R-002", default=b""),
        Field("more_body", FLAG, "HTTP-R-003", default=False),
    ),
    "http.disconnect": (),
    "http.response.start": (
        Field("status", WHOLE, "HTTP-S-004", missing="HTTP-S-003"),
        _headers(header_rules.RESPONSE),
        Field("trailers", FLAG, "HTTP-S-015", default=False),
    ),
    "http.response.body": (
        Field("body", BYTES, "HTTP-S-022", default=b""),
        Field("more_body", FLAG, "HTTP-S-023", default=False),
    ),
    "http.response.trailers": (
        _headers(header_rules.TRAILERS, missing="EXT-TRAIL-003"),
        Field("more_trailers", FLAG, "EXT-TRAIL-003", default=False),
    ),
    "http.response.push": (
        Field("path", TEXT, "EXT-PUSH-002", missing="EXT-PUSH-002"),
        _headers(header_rules.PUSH, missing="EXT-PUSH-002"),
    ),
    "http.response.zerocopysend": (
        Field("file", ANYTHING, "EXT-ZC-002", missing="EXT-ZC-002"),
        Field("offset", optional(SIZE), "EXT-ZC-002"),
        Field("count", optional(SIZE), "EXT-ZC-002"),
        Field("more_body", FLAG, "EXT-ZC-002", default=False),
    ),
    "http.response.pathsend": (Field("path", TEXT, "EXT-PATH-002", missing="EXT-PATH-002"),),
    "http.response.early_hint": (Field("links", BYTE_STRINGS, "EXT-HINT-001", missing="EXT-HINT-001"),),
    "http.response.debug": (Field("info", DICT, "EXT-DBG-001", missing="EXT-DBG-001"),),
    "websocket.connect": (),
    "websocket.receive": (
        Field("bytes", optional(BYTES), "WS-R-004"),
        Field("text", optional(TEXT), "WS-R-004"),
    ),
    "websocket.disconnect": (
        Field("code", WHOLE, "WS-R-007", missing="WS-R-007"),
        Field("reason", optional(TEXT), "WS-R-008", default="", since="2.5"),
    ),
    "websocket.accept": (
        Field("subprotocol", optional(TEXT), "WS-S-004"),
        _headers(header_rules.ACCEPT, since="2.1", too_early="WS-S-008"),
    ),
    "websocket.send": (
        Field("bytes", optional(BYTES), "WS-S-011"),
        Field("text", optional(TEXT), "WS-S-011"),
    ),
    "websocket.close": (Field("code", WHOLE, "WS-S-020", default=1000), _REASON),
    "websocket.http.response.start": (
        Field("status", WHOLE, "EXT-DENY-002", missing="EXT-DENY-002"),
        _headers(header_rules.DENIAL),
    ),
    "websocket.http.response.body": (
        Field("body", BYTES, "EXT-DENY-002", default=b""),
        Field("more_body", FLAG, "EXT-DENY-002", default=False),
    ),
    "lifespan.startup": (),
    "lifespan.shutdown": (),
    "lifespan.startup.complete": (),
    "lifespan.shutdown.complete": (),
    "lifespan.startup.failed": (Field("message", TEXT, "LIFE-011", default=""),),
    "lifespan.shutdown.failed": (Field("message", TEXT, "LIFE-011", default=""),),
}  # fmt: skip


def field_flaws(fields: tuple[Field, ...], values: Mapping[str, Any]) -> Iterator[tuple[str, Flaw]]:
    """What is wrong with the fields of a frozen message or scope: the key and the flaw."""
    for field in fields:
        if field.key not in values:
            if field.missing:
                yield field.key, Flaw(field.missing, f"{field.key} is missing; it must be {_words(field)}.")
        elif field.headers is not None:
            for flaw in header_flaws(values[field.key], field.headers):
                yield field.key, flaw
        elif (wrong := field.shape.wrong(values[field.key])) is not None:
            sentence = f"{field.key} is {wrong.instead or told(values[field.key])}, and must be {wrong.must}."
            yield field.key, Flaw(wrong.rule or field.rule, sentence)


def too_early(fields: tuple[Field, ...], values: Mapping[str, Any], spec_version: str) -> Iterator[Flaw]:
    """Fields that hold something although the server speaks an older version, which does not know them.

    Remarks: keys that a server does not know are legal, and without effect.
    """
    for field in fields:
        if field.too_early and values.get(field.key) and older(spec_version, field.since):
            yield Flaw(
                field.too_early,
                f"{field.key} came with version {field.since} of the specification; this server speaks {spec_version}.",
                Severity.INFO,
            )


def older(version: str, than: str) -> bool:
    """Whether a version, as `2.1`, comes before another; what cannot be read does not."""
    try:
        return [int(part) for part in version.split(".")] < [int(part) for part in than.split(".")]
    except ValueError:
        return False


def _words(field: Field) -> str:
    return "a list of pairs of bytes" if field.headers is not None else field.shape.words
