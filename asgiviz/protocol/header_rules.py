"""Headers: an iterable of pairs of byte strings, and what their names and values may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from asgiviz.protocol.shapes import BUFFER, Flaw, is_bytes, is_list, told

#: RFC 9110, 5.6.2: the characters of a header's name.
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FORBIDDEN = re.compile(rb"[\r\n\0]")
#: Names that were looked at and found right; apps use few.
_KNOWN_NAMES = 10_000


class HeaderRules(NamedTuple):
    """The ids of what headers of a place can break; empty where nothing is asked."""

    #: not pairs at all
    structure: str
    #: name or value is not bytes
    types: str
    #: a capital letter in a name
    case: str
    #: a name that begins with a colon
    pseudo: str
    #: a name that is no token; CR, LF or NUL in a value
    content: str = ""


def one_rule(rule: str) -> HeaderRules:
    """The same rule for everything about them."""
    return HeaderRules(rule, rule, rule, rule, rule)


RESPONSE = HeaderRules("HTTP-S-006", "HTTP-S-007", "HTTP-S-008", "HTTP-S-009", "HTTP-S-010")
HTTP_SCOPE = HeaderRules("HTTP-C-015", "HTTP-C-015", "HTTP-C-016", "HTTP-C-017")
WEBSOCKET_SCOPE = one_rule("WS-C-008")._replace(case="", content="")
ACCEPT, PUSH, TRAILERS = one_rule("WS-S-006"), one_rule("EXT-PUSH-002"), one_rule("EXT-TRAIL-003")
DENIAL = one_rule("EXT-DENY-002")

_right: dict[HeaderRules, set[bytes]] = {}


def header_flaws(headers: Any, rules: HeaderRules) -> Iterator[Flaw]:
    """What is wrong with the frozen headers of a message or a scope."""
    if not is_list(headers):
        must = "a list of pairs"
        yield Flaw(rules.structure, f"headers is {told(headers)}, and must be {must} of bytes.")
        return
    right = _right.setdefault(rules, set())
    for pair in headers:
        if not (isinstance(pair, (list, tuple)) and len(pair) == 2):
            yield Flaw(rules.structure, f"A header is {_told_pair(pair)}, and must be a pair of name and value.")
            continue
        name, value = pair
        if type(name) is bytes and name in right and type(value) is bytes:
            if rules.content and _FORBIDDEN.search(value):
                yield Flaw(rules.content, f"The value of the header {_name(name)} holds a line end or a zero byte.")
            continue
        yield from _pair_flaws(name, value, rules, right)


def _pair_flaws(name: Any, value: Any, rules: HeaderRules, right: set[bytes]) -> Iterator[Flaw]:
    flaws = [flaw for what, item in (("name", name), ("value", value)) if (flaw := _type_flaw(what, item, name, rules))]
    yield from flaws
    if not isinstance(name, bytes) or flaws:
        return
    of_name = list(_name_flaws(name, rules))
    yield from of_name
    if not of_name and len(right) < _KNOWN_NAMES:
        right.add(name)
    if rules.content and isinstance(value, bytes) and _FORBIDDEN.search(value):
        yield Flaw(rules.content, f"The value of the header {_name(name)} holds a line end or a zero byte.")


def _type_flaw(what: str, item: Any, name: Any, rules: HeaderRules) -> Flaw | None:
    if is_bytes(item):
        return None
    where = (
        f"The value of the header {_name(name)}" if what == "value" and isinstance(name, (bytes, str)) else f"A header's {what}"
    )
    if isinstance(item, dict) and "$bytes" in item:
        return Flaw(BUFFER, f"{where} is {told(item)}: daphne takes bytes only.")
    return Flaw(rules.types, f"{where} is {told(item)}, and must be bytes.")


def _name_flaws(name: bytes, rules: HeaderRules) -> Iterator[Flaw]:
    if name.startswith(b":"):
        yield Flaw(rules.pseudo, f"{_name(name)} is a pseudo header of HTTP/2; it must not stand among the headers.")
    elif rules.content and not _TOKEN.fullmatch(name):
        yield Flaw(rules.content, f"{_name(name)} is no name that a header can have.")
    elif rules.case and name != name.lower():
        yield Flaw(rules.case, f"The name of the header {_name(name)} must be in lower case.")


def _name(name: bytes | str) -> str:
    return repr(name.decode("latin-1") if isinstance(name, bytes) else name)[:60]


def _told_pair(pair: Any) -> str:
    return f"a list of {len(pair)}" if is_list(pair) else told(pair)
