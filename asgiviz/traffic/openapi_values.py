"""A value that fits a JSON schema, as an OpenAPI description has it: the example that is given, or the plainest one that fits.

The same schema always gives the same value. Schemas are read as far as they make sense; what is odd in one is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

#: References that lead into each other, and objects in objects, are followed so far; from the second depth on whatever may be
#: left empty is. One value is made of at most MOST_PARTS schemas.
DEEPEST, DEEP, MOST_PARTS = 8, 3, 5_000
_LONGEST, _MOST_ITEMS = 4_096, 64
_BY_FORMAT = {
    "date": "2024-05-01",
    "date-time": "2024-05-01T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "email": "ann@example.com",
    "idn-email": "ann@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "ipvanyaddress": "192.0.2.1",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "uri-reference": "/",
    "uuid": "0b9e5a52-6b0c-4a2e-9d3b-1c2f3a4b5c6d",
    "byte": "aGVsbG8=",
    "binary": "hello",
    "decimal": "1.5",
    "json": "{}",
    "password": "hello-world-1",
}
_TEXT = "text"


class Values:
    """Makes values for the schemas of one description; `$ref` is looked up in it."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        self._description = description
        self._parts = 0

    def resolve(self, part: Any) -> Mapping[str, Any]:
        """The part of the description that is meant, references followed; empty when it leads nowhere."""
        for _ in range(DEEPEST):
            if not isinstance(part, Mapping):
                return {}
            ref = part.get("$ref")
            if not isinstance(ref, str):
                return part
            part = self._at(ref)
        return {}

    def _at(self, ref: str) -> Any:
        place: Any = self._description
        if not ref.startswith("#/"):
            return None
        for name in ref[2:].split("/"):
            key = name.replace("~1", "/").replace("~0", "~")
            place = place.get(key) if isinstance(place, Mapping) else None
        return place

    def given(self, holder: Mapping[str, Any]) -> tuple[Any, ...]:
        """The example that a parameter, a media type or a schema brings along; empty when it has none."""
        if "example" in holder:
            return (holder["example"],)
        examples = holder.get("examples")
        if isinstance(examples, Mapping):
            first = self.resolve(next(iter(examples.values()), None))
            return (first["value"],) if "value" in first else ()
        if isinstance(examples, Sequence) and not isinstance(examples, str) and examples:
            return (examples[0],)
        return ()

    def value(self, schema: Any, depth: int = 0) -> Any:
        """A value that fits."""
        if depth == 0:
            self._parts = 0
        schema = self._whole(schema, depth)
        for key in ("const", "default"):
            if key in schema and (key == "const" or schema[key] is not None):
                return schema[key]
        if given := self.given(schema):
            return given[0]
        choices = schema.get("enum")
        if isinstance(choices, list) and choices:
            return next((choice for choice in choices if choice is not None), None)
        make = self._makers().get(_type_of(schema))
        return None if make is None or depth > DEEPEST or self._parts > MOST_PARTS else make(schema, depth)

    def files(self, schema: Any) -> frozenset[str]:
        """The properties that are files."""
        properties = self._whole(schema, 0).get("properties")
        known = properties if isinstance(properties, Mapping) else {}
        return frozenset(name for name, each in known.items() if _is_file(self._whole(each, 1)))

    def _makers(self) -> dict[str, Callable[[Mapping[str, Any], int], Any]]:
        return {
            "object": self._object,
            "array": self._array,
            "string": lambda schema, _: _string(schema),
            "integer": lambda schema, _: int(_number(schema, 1)),
            "number": lambda schema, _: _number(schema, 0),
            "boolean": lambda *_: True,
        }

    def _whole(self, schema: Any, depth: int) -> Mapping[str, Any]:
        """The schema with its references followed, all of `allOf` and the best of `anyOf` and `oneOf` laid into it."""
        plain = dict(self.resolve(schema))
        self._parts += 1
        if depth > DEEPEST or self._parts > MOST_PARTS:
            return plain
        parts = [self._whole(part, depth + 1) for part in _list(plain.pop("allOf", None))]
        for key in ("anyOf", "oneOf"):
            choices = [self.resolve(choice) for choice in _list(plain.pop(key, None))]
            choices.sort(key=lambda choice: (_type_of(choice) == "null") is (depth < DEEP))  # stable: the first that will do
            parts += [self._whole(choice, depth + 1) for choice in choices[:1]]
        for part in parts:
            plain = _laid_over(part, plain)
        return plain

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties")
        known = properties if isinstance(properties, Mapping) else {}
        required = [name for name in _list(schema.get("required")) if isinstance(name, str)]
        return {name: self.value(known.get(name, {"type": "string"}), depth + 1) for name in required}

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        prefix = _list(schema.get("prefixItems"))
        if prefix:
            return [self.value(each, depth + 1) for each in prefix]
        least = _whole_number(schema.get("minItems"), 0)
        count = 1 if _whole_number(schema.get("maxItems"), 1) >= 1 else 0
        if depth >= DEEP:
            count = 0  # a tree need not have leaves for ever
        return [self.value(schema.get("items"), depth + 1) for _ in range(min(max(least, count), _MOST_ITEMS))]


def _is_file(schema: Mapping[str, Any]) -> bool:
    return schema.get("format") == "binary" or "contentMediaType" in schema


def _type_of(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), None)
    if isinstance(kind, str):
        return kind
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else "string"


def _laid_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Both schemas in one; what `over` says counts, but for the properties, which add up."""
    both = {**under, **over}
    if isinstance(under.get("properties"), Mapping) and isinstance(over.get("properties"), Mapping):
        both["properties"] = {**under["properties"], **over["properties"]}
    required = [*_list(under.get("required")), *(name for name in _list(over.get("required")))]
    if required:
        both["required"] = list(dict.fromkeys(map(str, required)))
    return both


def _string(schema: Mapping[str, Any]) -> str:
    form = schema.get("format")
    text = _BY_FORMAT.get(form, _TEXT) if isinstance(form, str) else _TEXT
    if text is _TEXT:
        text = text.ljust(min(_whole_number(schema.get("minLength"), 0), _LONGEST), "x")
        text = text[: _whole_number(schema.get("maxLength"), _LONGEST)]
    return text


def _number(schema: Mapping[str, Any], step: int) -> float | int:
    """The smallest number from 1 up that fits, or the largest below; `step` 1: a whole one."""
    low, high = _bound(schema, "minimum", "exclusiveMinimum", 1), _bound(schema, "maximum", "exclusiveMaximum", -1)
    number = 1.0 if low is None else low
    if high is not None and number > high:
        number = high
    multiple = schema.get("multipleOf")
    if isinstance(multiple, (int, float)) and not isinstance(multiple, bool) and multiple > 0:
        number = math.ceil(number / multiple) * multiple
        if high is not None and number > high:
            number = math.floor(high / multiple) * multiple
    elif step:
        number = math.ceil(number) if high is None or math.ceil(number) <= high else math.floor(high)
    return int(number) if float(number).is_integer() else number


def _bound(schema: Mapping[str, Any], name: str, exclusive: str, inwards: int) -> float | None:
    """A bound, moved inwards when it is no part of the range: newer schemas say so by a number, older ones by true."""
    bound, beyond = _real(schema.get(name)), schema.get(exclusive)
    outside = _real(beyond)
    if outside is not None:
        moved = outside + inwards * _step_beside(schema)
        return moved if bound is None else (max if inwards > 0 else min)(moved, bound)
    if bound is not None and beyond is True:
        return bound + inwards * _step_beside(schema)
    return bound


def _step_beside(schema: Mapping[str, Any]) -> float:
    """How far beside an excluded bound a value may lie: in a narrow range of numbers little, else a whole step."""
    ends = [_real(schema.get(key)) for key in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")]
    known = [end for end in ends if end is not None]
    width = max(known) - min(known) if len(known) > 1 else math.inf
    return 1.0 if _type_of(schema) == "integer" or width > 2 else width / 2


def _real(value: Any) -> float | None:
    usable = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and abs(value) < 1e300
    return float(value) if usable else None


def _whole_number(value: Any, absent: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else absent


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
