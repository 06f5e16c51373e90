"""Values that do harm, or leave a trace, when anything of theirs is run: a recorder must never touch it."""

from __future__ import annotations

from typing import Any, NoReturn


class TouchedError(BaseException):
    """Code of the app was run by the one who should only have looked; no `except Exception` can hide it."""


def touched(*_: object, **__: object) -> NoReturn:
    raise TouchedError


class Untouchable:
    """An object whose every special method raises."""

    __repr__ = __str__ = __bytes__ = __format__ = __len__ = __iter__ = __getitem__ = __contains__ = touched
    __eq__ = __lt__ = __bool__ = __int__ = __index__ = __float__ = __call__ = __getattr__ = touched
    __hash__ = object.__hash__


class Lazy:
    """A lazy object, as Django's: whoever asks for its class evaluates it."""

    evaluated = False

    @property  # type: ignore[misc]  # this is the point of it
    def __class__(self) -> type:
        Lazy.evaluated = True
        return dict


class WatchfulDict(dict[str, Any]):
    """A dict that raises when it is read through its own methods, as a session that counts its readers would notice."""

    __iter__ = __len__ = __contains__ = __getitem__ = keys = values = items = get = copy = __repr__ = touched


class WatchfulList(list[Any]):
    """A list that raises when it is read through its own methods."""

    __iter__ = __len__ = __contains__ = __getitem__ = __repr__ = touched


class WatchfulTuple(tuple[Any, ...]):
    """A tuple that raises when it is read through its own methods."""

    __iter__ = __len__ = __contains__ = __getitem__ = __repr__ = touched


class WatchfulStr(str):
    """A string that raises when it is read through its own methods."""

    __str__ = __len__ = __repr__ = __format__ = __iter__ = __getitem__ = encode = touched


class WatchfulBytes(bytes):
    """Bytes that raise when they are read through their own methods."""

    __bytes__ = __len__ = __repr__ = __iter__ = __getitem__ = touched


class WatchfulInt(int):
    """A number that raises when it is read through its own methods."""

    __repr__ = __str__ = __index__ = __int__ = __format__ = touched


class ClosedMeta(type):
    """A class that does not answer when asked for its name."""

    def __getattribute__(cls, name: str) -> Any:
        raise RuntimeError(name)


class Nameless(metaclass=ClosedMeta):
    """An object of a class that does not answer."""


class QuarrelsomeKey(str):
    """A dict key that raises whenever it is compared."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compared")


class RefusingDict(dict[str, Any]):
    """A dict that nobody may ask what it contains."""

    def __contains__(self, key: object) -> bool:
        raise RuntimeError("asked")

    def __setitem__(self, key: str, value: Any) -> None:
        raise RuntimeError("changed")


class MuteError(Exception):
    """An exception whose text cannot be had."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


class MarkupText(str):
    """A string of another class, as template engines make them."""

    __slots__ = ()


class MarkupError(Exception):
    """An exception whose text is of a subclass of `str`."""

    def __str__(self) -> str:
        return MarkupText("marked up")


def knot() -> list[Any]:
    """A list that holds itself twice: whoever follows both ways at each turn never comes back."""
    tied: list[Any] = []
    tied.extend([tied, tied])
    return tied


def avalanche(depth: int = 60) -> list[Any]:
    """A list of two lists of two lists …, each the same object twice: short to write, 2**depth items to walk."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value, value]
    return value
