"""What the server makes of a message: it should refuse what is wrong, take what is right, and say when the client has gone."""

from __future__ import annotations

from asgiviz.check.register import Register
from asgiviz.check.talk import Sending, Talk
from asgiviz.model.events import Raw, payload_of
from asgiviz.model.values import kept_text
from asgiviz.protocol.fields import older
from asgiviz.protocol.machines import is_line_closed, side_of
from asgiviz.protocol.shapes import Flaw
from asgiviz.protocol.transitions import Verdict

#: Scope type -> the rule that send tells of a client that has gone, and the spec_version that brought it.
_TELLS = {"http": "HTTP-S-033", "websocket": "WS-S-026"}
SINCE = "2.4"
#: Messages that carry something: to close what is closed already does no harm, and servers let it pass.
_TOLD = frozenset({"http.response.start", "http.response.body", "websocket.send"})


class Refused:
    """Judges how a send came back."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def send_passed(self, talk: Talk, seq: int, call: int | None, sending: Sending) -> None:
        """It came back as if all were well."""
        if sending.refusable:
            said = f"send() took a message that breaks {sending.refusable}; the server should have raised."
            self._register.of_server(talk, seq, call, Flaw("CORE-022", said))
        elif talk.kind in _TELLS and _carries(sending) and not older(talk.facts.spec_version, SINCE) and not talk.torn:
            said = f"The client was gone, and send() came back as if nothing were; since {SINCE} it should raise an OSError."
            self._register.of_server(talk, seq, call, Flaw(_TELLS[talk.kind], said))

    def send_broke(self, talk: Talk, seq: int, raw: Raw, sending: Sending) -> None:
        """It raised, so it counts as not sent; a line that is closed tells the app the same as a disconnect."""
        fields = payload_of(raw)
        raised = fields.get("raised") if isinstance(fields, dict) else None
        if not isinstance(raised, dict):
            return  # cancelled: nobody knows how much of it went out
        talk.raised = (raised.get("type"), raised.get("text"))
        _take_back(talk, sending)
        closed = is_line_closed(raised)
        if closed and talk.standing is not None and (gone := talk.standing.disconnected()) is not None:
            talk.standing = gone[0]
        elif sending.too_late and not closed and not talk.torn:
            self._wrong_error(talk, seq, raw[4], (kept_text(raised.get("type")) or "").rpartition(".")[2])

    def _wrong_error(self, talk: Talk, seq: int, call: int | None, name: str) -> None:
        """The client was gone, and send raised something else than the specification's error."""
        if talk.kind == "http":
            said = f"The client was gone, and send() raised {name}; it should do nothing, or raise an OSError."
            self._register.of_server(talk, seq, call, Flaw("CORE-025", said))
        elif talk.kind == "websocket" and not older(talk.facts.spec_version, SINCE):
            said = f"The client was gone, and send() raised {name}; it should raise an OSError."
            self._register.of_server(talk, seq, call, Flaw("WS-S-026", said))


def _carries(sending: Sending) -> bool:
    return sending.move is not None and sending.move.what in _TOLD


def _take_back(talk: Talk, sending: Sending) -> None:
    """What the send had moved stands where it stood, unless something else has moved it since."""
    move, before, standing = sending.move, sending.before, talk.standing
    if standing is None or before is None or move is None or move.verdict is Verdict.ILLEGAL:
        return
    side = side_of(before, move)
    if standing.states[side] == move.after:
        talk.standing = standing.taken_back(before, side)
        talk.done_t = None if before.states[side] != move.after else talk.done_t
    talk.sent = max(0, talk.sent - sending.size)
