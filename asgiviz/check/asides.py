"""Findings beside the messages: a call without await, an object that is shared, a loop that was held, a server's log."""

from __future__ import annotations

import re

from asgiviz.check.code_places import places_in_stack
from asgiviz.check.register import Register
from asgiviz.check.talk import Talk, Talks
from asgiviz.model.events import Raw, payload_of
from asgiviz.model.values import kept_text
from asgiviz.protocol.shapes import Flaw, told

#: Milliseconds of a stall that is worth a finding.
STALLED = 100
#: … and such a one as no clock has measured.
LATEST = 2**62
#: The warning on a coroutine that is called as ASGI calls it.
_UNAWAITED = re.compile(r"coroutine '([\w.<>]*?_?(send|receive))' was never awaited")
_SHARED = {"state": "HTTP-C-024", "scope": "HTTP-C-026"}


class Asides:
    """Takes what is no message."""

    def __init__(self, talks: Talks, register: Register) -> None:
        self._talks = talks
        self._register = register

    def take_site(self, seq: int, raw: Raw) -> None:
        """Where the next call of a connection is made."""
        talk = self._talks.known(raw)
        if talk is None:
            return
        places = places_in_stack(payload_of(raw))
        if raw[4] is None:
            talk.last_code = places  # of the app itself, until it calls something
        else:
            talk.code[raw[4]] = places

    def take_unawaited(self, seq: int, raw: Raw) -> None:
        """A call that was written and not made."""
        talk, fields = self._talks.known(raw), payload_of(raw)
        if talk is None or not isinstance(fields, dict):
            return
        what, message = kept_text(fields.get("what")) or "send", fields.get("message")
        kind = message.get("type") if isinstance(message, dict) else None
        said = f"send() of {kind} was called" if isinstance(kind, str) else f"{what}() was called"
        places = places_in_stack(fields)
        talk.unawaited = talk.unawaited or places  # the first is the one that the others follow from
        flaw = Flaw("CORE-035", f"{said[:120]} without await, so it did nothing.")
        self._register.of_app(talk, seq, None, flaw, (f"await {what}(…)",), places)

    def take_shares(self, seq: int, raw: Raw) -> None:
        """Two connections have one object."""
        talk, fields = self._talks.of(raw), payload_of(raw)
        if talk is None or not isinstance(fields, dict):
            return
        what = fields.get("what")
        rule = _SHARED.get(what) if isinstance(what, str) else None
        if rule is not None:
            said = f"The {what} is the very object of connection {told(fields.get('with'))}; each must have its own."
            self._register.of_server(talk, seq, None, Flaw(rule, said))

    def take_stall(self, seq: int, raw: Raw) -> None:
        """One callback held the loop."""
        fields = payload_of(raw)
        if not isinstance(fields, dict):
            return
        culprit, ms = fields.get("culprit"), fields.get("ms")
        if type(culprit) is not int or not isinstance(ms, (int, float)) or not STALLED <= ms < LATEST:
            return
        talk = self._talks.open.get(culprit) or self._talks.ended.get(culprit)
        same = f"stall {told(fields.get('id'))}"  # one that lasts is told again while it lasts
        if talk is not None and ("id" not in fields or same not in talk.once):
            talk.once |= {same}
            flaw = Flaw("CORE-036", f"The app held the event loop for {ms:.0f} ms; nothing else could run.")
            self._register.of_app(talk, seq, None, flaw, (), places_in_stack(fields))

    def take_log(self, seq: int, raw: Raw) -> None:
        """What Python and the server say of a connection."""
        talk = self._talks.open.get(raw[2]) or self._talks.ended.get(raw[2])
        fields = payload_of(raw) if talk is not None else None
        if talk is None or not isinstance(fields, dict):
            return
        if fields.get("logger") == "warnings":
            self._take_warning(talk, seq, kept_text(fields.get("text")) or "")
            return
        if talk.let_pass and (kept_text(fields.get("level")) or "").upper() in ("ERROR", "CRITICAL"):
            said = "The server logs an error because its own OSError came back out of the app; it should take that quietly."
            self._register.of_server(talk, seq, None, Flaw("CORE-026", said))

    def _take_warning(self, talk: Talk, seq: int, text: str) -> None:
        """Python's own word on a call without await: all there is when a framework's own send is what was called."""
        found = _UNAWAITED.search(text)
        if found is not None and "CORE-035" not in talk.said.count:
            said = f"{found[1].rpartition('.')[2]}() was called without await, so it did nothing: {found[1][:80]}."
            self._register.of_app(talk, seq, None, Flaw("CORE-035", said), (f"await {found[2]}(…)",))
