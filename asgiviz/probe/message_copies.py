"""Safe copies of scopes and messages, as they are when they cross the line: nobody can change them afterwards.

What makes up nearly all traffic is recognised by exact type and copied at once, because this is the hot path; everything else
is frozen (`model.values`). No code of the app is run for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from marshal import dumps
from typing import Any

from asgiviz.model.values import BODY_LIMIT, SCOPE_ITEMS, freeze, is_one_shot, kept_length

_TEXT = {str}
_FEW = 8
#: Bytes of a body that are copied into the event; a larger one is referred to, which is safe because it is `bytes`.
SMALL = 1024


def plain_body(message: dict[Any, Any], name: str, most: int) -> int | None:
    """How `more_body` stands in a plain message of type `name`: 0 absent, 1 False, 2 True; None for any other message.

    Plain: nothing but type, more_body and a body of at most `most` bytes, each of exactly its type. Such a message is all
    said with its body and this number, so nothing has to be copied.
    """
    try:
        body = message.get("body")
        if type(body) is not bytes or len(body) > most:
            return None
        kind = message.get("type")
        more = message.get("more_body")
    except Exception:  # noqa: BLE001  # a key of the app that raises when compared: freezing compares none
        return None
    if type(kind) is not str or kind != name:
        return None
    if len(message) == 2:
        return 0
    if len(message) != 3:
        return None
    return 1 if more is False else 2 if more is True else None


def copy_to_send(message: Any, limit: int) -> bytes | dict[str, Any]:
    """A safe copy of any message that is sent; headers that can be read only once are made to last first."""
    try:
        copy = quick_copy(message, limit)
        if copy is None:
            make_headers_last(message)
    except Exception:  # noqa: BLE001  # as above
        copy = None
    return packed(freeze(message, limit)) if copy is None else copy


def quick_copy(message: Any, limit: int) -> bytes | dict[str, Any] | None:
    """A safe copy of the message forms that make up nearly all traffic; None for every other form.

    It looks at each value once and only by exact type: what passes needs no freezing. Packed at once it is flat bytes,
    which cost the garbage collector nothing; a large body stays in a copy of the dict, where it is not copied itself.
    """
    if type(message) is not dict or type(message.get("type")) is not str:
        return None
    size = len(message)
    body = message.get("body")
    if type(body) is bytes:
        plain = size == 2 or (size == 3 and type(message.get("more_body")) is bool)
        if not plain or len(body) > limit:
            return None
        return dumps(message, 2) if len(body) <= SMALL else message.copy()
    headers = message.get("headers")
    if type(headers) is list:
        plain = size == 3 and type(message.get("status")) is int and is_plain(headers)
        return dumps(message, 2) if plain else None
    data = message.get("text")
    if data is None:
        data = message.get("bytes")
    if (type(data) is str or type(data) is bytes) and size == 2:
        if len(data) <= SMALL and len(data) <= limit:
            return dumps(message, 2)
        return message.copy() if len(data) <= limit else None
    return None


def packed(frozen: Any) -> bytes | dict[str, Any]:
    """A frozen message as it is emitted: packed, unless it is a dict that holds something large."""
    if type(frozen) is dict and any(kept_length(value) > SMALL for value in frozen.values()):
        return frozen
    return dumps(frozen, 2)


def is_plain(headers: list[Any]) -> bool:
    """Whether a header list holds nothing but tuples of two short byte strings, which no one can change later."""
    for pair in headers:
        if type(pair) is not tuple or len(pair) != 2:
            return False
        name, value = pair
        if type(name) is not bytes or type(value) is not bytes or len(value) > BODY_LIMIT:
            return False
    return True


def copy_scope(scope: Any, limit: int) -> Any:
    """A frozen copy of a scope; of the app's own objects in it (`state`) at most `SCOPE_ITEMS` entries a container.

    What nearly every scope holds is recognised by exact type and copied at once; the rest is frozen.
    """
    if type(scope) is not dict or len(scope) > SCOPE_ITEMS or not has_plain_keys(scope):
        return freeze(scope, limit, SCOPE_ITEMS)
    copy = scope.copy()
    rest = {}
    for key, value in scope.items():
        kind = type(value)
        if kind is str or kind is bytes:
            if len(value) > limit:
                rest[key] = value
        elif kind is list and is_plain(value):
            copy[key] = tuple(value)
        elif kind is dict and (not value or (has_plain_keys(value) and is_flat(value.values(), limit))):
            copy[key] = value.copy()
        elif kind is not tuple or not is_flat(value, limit):
            rest[key] = value
    if rest:
        copy.update(freeze(rest, limit, SCOPE_ITEMS))
    return copy


def has_plain_keys(value: dict[Any, Any]) -> bool:
    """Whether all keys are strings that mean nothing else in a recording; asks no key of the app to compare itself."""
    return {*map(type, value)} == _TEXT and "$" not in "".join(value)


def is_flat(items: Collection[Any], limit: int) -> bool:
    """Whether there are only few short texts, whole numbers and None, as in `client`, `server` and `asgi`."""
    if len(items) > _FEW:
        return False
    for item in items:
        if type(item) is str:
            if len(item) > limit:
                return False
        elif type(item) is not int and item is not None:
            return False
    return True


def make_headers_last(message: Any) -> None:
    """Headers (or a pair of them) that can be read only once become a list in the message, so that the server reads it too."""
    if not issubclass(type(message), dict):
        return
    headers: Any = dict.get(message, "headers")
    if is_one_shot(headers):
        headers = read_once(headers, list)
        dict.__setitem__(message, "headers", headers)
    if type(headers) in (list, tuple) and any(is_one_shot(pair) for pair in headers):
        lasting = [read_once(pair, tuple) if is_one_shot(pair) else pair for pair in headers]
        dict.__setitem__(message, "headers", lasting)


def read_once(iterable: Iterable[Any], kind: type[list[Any]] | type[tuple[Any, ...]]) -> Iterable[Any]:
    """What `iterable` gives, as a list or tuple; if it raises on the way, what gives the same and raises the same."""
    items: list[Any] = []
    try:
        for item in iterable:
            items.append(item)  # noqa: PERF402  # what came before the error must not be lost
    except Exception as error:  # noqa: BLE001  # the server shall meet it where it would have without the tap
        return _again(items, error)
    return kind(items)


def _again(items: list[Any], error: Exception) -> Iterator[Any]:
    yield from items
    raise error
