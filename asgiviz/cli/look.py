"""How a recording is to look: decided from the options and from what standard output is, before anything heavy is loaded."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asgiviz.model.masking import Mask
from asgiviz.settings import Settings

if TYPE_CHECKING:
    from asgiviz.views.evidence import Filter


@dataclass(frozen=True)
class Look:
    """How a recording is shown. `form` is screen, plain or json; `mask` None reveals."""

    form: str
    filter: Filter | None
    mask: Mask | None
    width: int
    colour: bool
    ascii: bool


def look_here(options: dict[str, Any]) -> Look:
    """The look that `cli.options.output_options` ask for (they are taken out of `options`), fit for standard output."""
    terminal = sys.stdout is not None and sys.stdout.isatty()
    dumb = os.environ.get("TERM") == "dumb"
    width = options.pop("width")
    if width is None:
        width = shutil.get_terminal_size((120, 24)).columns if terminal else 120
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "")
    reveal, masked = options.pop("reveal"), (*Settings.load().mask, *options.pop("masked"))
    return Look(
        form=options.pop("form") or ("screen" if terminal and not dumb and has_keyboard() else "plain"),
        filter=options.pop("filter_"),
        mask=None if reveal else Mask(masked),
        width=width,
        colour=terminal and "NO_COLOR" not in os.environ and not dumb,
        ascii=options.pop("ascii_") or not encoding.startswith("utf"),
    )


def has_keyboard() -> bool:
    """Whether keys can be read: from the terminal that we belong to, whatever standard input is."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
