"""What a recording says about itself in its first line."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Header:
    """Line 1 of a recording: when it began, what was run, where and by which server.

    `server` has `name`, `version` and the implementations in use (`http`, `ws`, `loop`); unknown keys of a file stay
    in `more`.
    """

    started: str
    target: str | None = None
    url: str | None = None
    server: dict[str, Any] = field(default_factory=dict)
    layers: list[str] = field(default_factory=list)
    python: str = platform.python_version()
    platform: str = sys.platform
    more: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def now(cls, started: datetime, **known: Any) -> Header:
        """A header for a recording that began at `started` (UTC)."""
        return cls(started=started.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), **known)

    def as_dict(self) -> dict[str, Any]:
        """The keys as they stand in the file."""
        known = {
            "started": self.started,
            "target": self.target,
            "url": self.url,
            "server": self.server,
            "layers": self.layers,
            "python": self.python,
            "platform": self.platform,
        }
        return {key: value for key, value in known.items() if value is not None} | self.more

    @classmethod
    def from_dict(cls, keys: dict[str, Any]) -> Header:
        """A header from the keys of a file; wrong types become their text, missing ones stay empty."""
        keys = dict(keys)
        keys.pop("asgiviz", None)
        server, layers = keys.pop("server", {}), keys.pop("layers", [])
        return cls(
            started=str(keys.pop("started", "")),
            target=_text(keys.pop("target", None)),
            url=_text(keys.pop("url", None)),
            server=server if isinstance(server, dict) else {},
            layers=[str(layer) for layer in layers] if isinstance(layers, list) else [],
            python=str(keys.pop("python", "")),
            platform=str(keys.pop("platform", "")),
            more=keys,
        )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
