"""The screen: the only room that imports Textual. Thin widgets over what `views` draws."""

from __future__ import annotations

import os

# Textual waits up to a frame before it paints, and a key is to be seen at once. It reads this when it is first imported;
# the app under trace shall not find it in its environment.
_given = os.environ.get("TEXTUAL_FPS")
os.environ["TEXTUAL_FPS"] = _given or "120"
import textual.constants  # noqa: E402, F401

if _given is None:
    del os.environ["TEXTUAL_FPS"]
