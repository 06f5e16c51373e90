"""The steps a client can take, as frozen records that are valid once built. `STEPS` gives each its word in plain data.

A client has one connection at a time, opened by the first step that needs it and again after it has ended. It reads only in
the steps that say so: in all others the server's bytes pile up, as they do with a client that is busy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from asgiviz.traffic import forms
from asgiviz.traffic.forms import Bytes, Form


def key(form: Form, default: Any = MISSING) -> Any:
    """A key of a step: its form and, unless it is required, its default."""
    return field(metadata={"form": form}) if default is MISSING else field(default=default, metadata={"form": form})


@dataclass(frozen=True)
class Step:
    """One thing that a client does."""

    def __post_init__(self) -> None:
        for each in fields(self):
            try:
                built = each.metadata["form"].read(getattr(self, each.name))
            except ValueError as error:
                raise ValueError(f'{word(type(self))}: "{each.name}" {error}') from None
            object.__setattr__(self, each.name, built)


@dataclass(frozen=True)
class Connect(Step):
    """Open a connection and send nothing."""


@dataclass(frozen=True)
class Request(Step):
    """Send an HTTP request; its answer is left to `Read`.

    `body` goes in parts with `gap` seconds between them. Its length is announced, or each part is a chunk when `chunked`.
    With `send_only`, the body stops after so many bytes, whatever was announced.
    """

    path: str = key(forms.TEXT)
    method: str = key(forms.TEXT, "GET")
    headers: tuple[tuple[str, str], ...] = key(forms.HEADERS, ())
    body: tuple[Bytes, ...] = key(forms.PARTS, ())
    gap: float = key(forms.SECONDS, 0.0)
    chunked: bool = key(forms.FLAG, False)
    send_only: int | None = key(forms.optional(forms.SIZE), None)


def _read_requests(value: Any) -> tuple[Request, ...]:
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError("must be a list of requests")
    requests = []
    for number, item in enumerate(value, 1):
        try:
            request = step_from_dict({**item, "do": "request"}) if isinstance(item, Mapping) else item
        except ValueError as error:
            raise ValueError(f"number {number}: {error}") from None
        if not isinstance(request, Request):
            raise ValueError(f"must be a list of requests, not of {type(request).__name__}")
        requests.append(request)
    return tuple(requests)


@dataclass(frozen=True)
class Pipeline(Step):
    """Send several requests in one write, without waiting for answers in between. Each answer needs its `Read`."""

    requests: tuple[Request, ...] = key(Form(_read_requests, lambda requests: [_keys_of(request) for request in requests]))


@dataclass(frozen=True)
class Raw(Step):
    """Send these bytes as they are. A `Read` behind it reads what comes as the answer to a GET."""

    data: Bytes = key(forms.BYTES)  # noqa: RUF009 - a dataclass field


@dataclass(frozen=True)
class Read(Step):
    """Read the next `count` answers; `piece` bytes each `gap` seconds, or as fast as they come.

    It ends early, and leaves the rest to the next `Read`, when `until` bytes of the body are there or after `lasting` seconds.
    """

    count: int = key(forms.COUNT, 1)
    piece: int | None = key(forms.optional(forms.COUNT), None)
    gap: float = key(forms.SECONDS, 0.0)
    until: int | None = key(forms.optional(forms.SIZE), None)
    lasting: float | None = key(forms.optional(forms.SECONDS), None)


@dataclass(frozen=True)
class Wait(Step):
    """Do nothing for so many seconds, not even read."""

    seconds: float = key(forms.SECONDS)


@dataclass(frozen=True)
class HangUp(Step):
    """Close the connection in the middle of whatever is going on, without a word: a tab was closed, a phone lost its net."""


@dataclass(frozen=True)
class Reset(Step):
    """End the connection with a TCP reset (RST)."""


@dataclass(frozen=True)
class HalfClose(Step):
    """Close the sending direction only; reading goes on."""


@dataclass(frozen=True)
class OpenWebSocket(Step):
    """Connect and shake hands for a WebSocket. A refusal is something seen, not an error; later steps that need it are."""

    path: str = key(forms.TEXT)
    subprotocols: tuple[str, ...] = key(forms.TEXTS, ())
    headers: tuple[tuple[str, str], ...] = key(forms.HEADERS, ())


@dataclass(frozen=True)
class SendText(Step):
    """Send a text message."""

    text: Bytes = key(forms.BYTES)  # noqa: RUF009 - a dataclass field


@dataclass(frozen=True)
class SendBytes(Step):
    """Send a binary message."""

    data: Bytes = key(forms.BYTES)  # noqa: RUF009 - a dataclass field


@dataclass(frozen=True)
class SendFragments(Step):
    """Send one message in several frames, `gap` seconds apart; a text unless `binary`."""

    parts: tuple[Bytes, ...] = key(forms.PARTS)
    binary: bool = key(forms.FLAG, False)
    gap: float = key(forms.SECONDS, 0.0)


@dataclass(frozen=True)
class Ping(Step):
    """Send a ping and, unless `wait` is false, wait for its pong."""

    data: Bytes = key(forms.BYTES, b"")  # noqa: RUF009 - a dataclass field
    wait: bool = key(forms.FLAG, True)


@dataclass(frozen=True)
class Expect(Step):
    """Wait for `count` messages, or for one that contains a text."""

    count: int = key(forms.COUNT, 1)
    containing: str | None = key(forms.optional(forms.TEXT), None)


@dataclass(frozen=True)
class Listen(Step):
    """Read what comes on the WebSocket for so many seconds, or until it is closed."""

    seconds: float = key(forms.SECONDS)


@dataclass(frozen=True)
class ExpectClose(Step):
    """Wait until the server has closed the WebSocket."""


@dataclass(frozen=True)
class Close(Step):
    """Close the WebSocket with a code and a reason, and wait for the server's part of it."""

    code: int = key(forms.CLOSE_CODE, 1000)
    reason: str = key(forms.TEXT, "")


STEPS: dict[str, type[Step]] = {
    "connect": Connect,
    "request": Request,
    "pipeline": Pipeline,
    "raw": Raw,
    "read": Read,
    "wait": Wait,
    "hang_up": HangUp,
    "reset": Reset,
    "half_close": HalfClose,
    "open_websocket": OpenWebSocket,
    "send_text": SendText,
    "send_bytes": SendBytes,
    "send_fragments": SendFragments,
    "ping": Ping,
    "expect": Expect,
    "listen": Listen,
    "expect_close": ExpectClose,
    "close": Close,
}


def word(kind: type[Step]) -> str:
    """What a kind of step is called in plain data."""
    return next(word for word, known in STEPS.items() if known is kind)


def step_from_dict(plain: Any) -> Step:
    """The step that a plain dict describes. ValueError with one sentence when there is no such step or key."""
    if not isinstance(plain, Mapping):
        raise ValueError('a step is a table such as {"do": "read"}')
    do = plain.get("do")
    kind = STEPS.get(do) if isinstance(do, str) else None
    if kind is None:
        raise ValueError(f'there is no step "{do}"; the steps are {", ".join(STEPS)}')
    return kind(**checked_keys({name: item for name, item in plain.items() if name != "do"}, kind, str(do)))


def checked_keys(plain: Mapping[Any, Any], kind: type[Any], owner: str) -> dict[str, Any]:
    """`plain`, if it has every key that `kind` requires and none that it does not know; `owner` is how an error calls it."""
    known = {each.name: each.default is MISSING for each in fields(kind)}
    for name in plain:
        if name not in known:
            raise ValueError(f'{owner}: there is no key "{name}"; it takes {", ".join(known) or "no keys"}')
    for name, required in known.items():
        if required and name not in plain:
            raise ValueError(f'{owner}: the key "{name}" is missing')
    return dict(plain)


def step_as_dict(step: Step) -> dict[str, Any]:
    """The plain form of a step, without the keys that have their default."""
    return {"do": word(type(step)), **_keys_of(step)}


def _keys_of(step: Step) -> dict[str, Any]:
    values = {each: getattr(step, each.name) for each in fields(step)}
    return {each.name: each.metadata["form"].write(value) for each, value in values.items() if value != each.default}
