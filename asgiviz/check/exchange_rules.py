"""Rules on a message that depend on what came before it in its connection; the order itself is the automaton's.

Each function is asked about one message after the automaton has taken it, keeps the talk's facts up to date, and gives what is
wrong. A message that is out of order changes no facts: nobody is asked about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from asgiviz.check.messages import Reading
from asgiviz.check.talk import Talk
from asgiviz.model.finding import Severity
from asgiviz.model.values import kept_text
from asgiviz.protocol.http_machine import Request, Response
from asgiviz.protocol.shapes import Flaw
from asgiviz.protocol.transitions import Part

#: Nanoseconds and messages after which sending without ever listening is worth a remark.
UNHEARD_FOR, UNHEARD_MESSAGES = 5_000_000_000, 50
#: Pieces of a body for a client that is known to be gone.
WASTED_PIECES = 100
Rules = Callable[[Talk, Reading, int], Iterator[Flaw]]


def response_start(talk: Talk, reading: Reading, t: int) -> Iterator[Flaw]:
    """What the head of a response promises."""
    head = reading.head
    if head is None:
        return
    talk.status, talk.names, talk.declared = head
    if talk.unfinished_upload or (not talk.request.bodyless and not talk.received and _request_of(talk) is Request.REQ):
        yield Flaw("HTTP-S-037", "The response begins before the request's body was read to its end.")
    if reading.part is Part.TRAILERS and b"trailer" not in head.names:
        yield Flaw("EXT-TRAIL-004", "Trailers are promised, but no trailer header announces their names.")


def response_body(talk: Talk, reading: Reading, t: int) -> Iterator[Flaw]:
    """How much of the body was sent."""
    if talk.gone_t is not None:
        talk.late_pieces += 1
        if talk.late_pieces == WASTED_PIECES + 1:
            yield Flaw(
                "HTTP-S-035", f"More than {WASTED_PIECES} pieces of the body were sent after the client was known to be gone."
            )
        return
    before, talk.sent = talk.sent, talk.sent + reading.size
    if reading.size and talk.status in (204, 304):
        yield Flaw("HTTP-S-027", f"A response of status {talk.status} has no body; here are {reading.size} bytes of one.")
        return
    if talk.declared is not None and not talk.uncounted and not talk.body_is_dropped:
        if talk.sent > talk.declared >= before:
            yield Flaw("HTTP-S-026", f"content-length says {talk.declared:,} bytes, and {talk.sent:,} were sent.")
        elif reading.part is Part.LAST and talk.sent < talk.declared:
            yield Flaw("HTTP-S-026", f"content-length says {talk.declared:,} bytes, and the body ends after {talk.sent:,}.")
    if reading.part is Part.MORE and not talk.receives:
        yield from _unheard(talk, t, "HTTP-S-036")


def file_sent(talk: Talk, reading: Reading, t: int) -> Iterator[Flaw]:
    """A file: nobody knows its length from the messages."""
    talk.uncounted = True
    if reading.what == "http.response.pathsend":
        missing = [name.decode() for name in (b"content-type", b"content-length") if name not in talk.names]
        if missing:
            yield Flaw("EXT-PATH-003", f"A file is sent by its path, but the response has no {' and no '.join(missing)}.")


def trailers(talk: Talk, reading: Reading, t: int) -> Iterator[Flaw]:
    """Trailers for a client that wants some."""
    if not talk.request.wants_trailers:
        yield Flaw("EXT-TRAIL-005", "The request has no te: trailers, so the client will not see these.")


def request(talk: Talk, reading: Reading, t: int) -> Iterator[Flaw]:
    """How much of the request's body came."""
    talk.received += reading.size
    talk.unfinished_upload = reading.part is Part.MORE and reading.message.get("more_body", True) is True
    declared = talk.request.declared
    if reading.part is Part.LAST and declared is not None and declared != talk.received:
        yield Flaw("HTTP-R-006", f"The request says {declared:,} bytes, and {talk.received:,} were given to the app.")


def disconnected(talk: Talk, reading: Reading, t: int) -> Iterator[Flaw]:
    """The app knows that the client is gone."""
    talk.gone_t = t if talk.gone_t is None else talk.gone_t
    talk.unfinished_upload = False
    yield from ()


def accept(talk: Talk, reading: Reading, t: int) -> Iterator[Flaw]:
    """The subprotocol is one that the client offered."""
    chosen = kept_text(reading.message.get("subprotocol"))
    if chosen is not None and chosen not in talk.facts.offered:
        offers = ", ".join(repr(each) for each in talk.facts.offered) or "none"
        yield Flaw("WS-S-005", f"The subprotocol {chosen!r} was not offered by the client, who offered {offers}.")


def said(talk: Talk, reading: Reading, t: int) -> Iterator[Flaw]:
    """Somebody who only speaks does not hear that the client left."""
    if not talk.receives and talk.gone_t is None:
        yield from _unheard(talk, t, "WS-S-032")


def _unheard(talk: Talk, t: int, rule: str) -> Iterator[Flaw]:
    if not talk.unheard:
        talk.unheard_t = t
    talk.unheard += 1
    if talk.unheard > UNHEARD_MESSAGES and t - talk.unheard_t > UNHEARD_FOR and rule not in talk.once:
        talk.once |= {rule}
        seconds = (t - talk.unheard_t) / 1e9
        yield Flaw(
            rule, f"{talk.unheard} messages in {seconds:.0f} s while no receive was waiting: a disconnect goes unnoticed."
        )


def _request_of(talk: Talk) -> object:
    return talk.standing.states[0] if talk.standing is not None else None


#: Message type -> the function that is asked about it when it is sent, and when it is received.
SENT: dict[str, Rules] = {
    "http.response.start": response_start,
    "http.response.body": response_body,
    "http.response.zerocopysend": file_sent,
    "http.response.pathsend": file_sent,
    "http.response.trailers": trailers,
    "websocket.accept": accept,
    "websocket.send": said,
}
RECEIVED: dict[str, Rules] = {
    "http.request": request,
    "http.disconnect": disconnected,
    "websocket.disconnect": disconnected,
}


def left_undone(talk: Talk) -> Iterator[Flaw]:
    """What only shows when the app came back."""
    if talk.unfinished_upload and talk.status is not None and talk.status < 300 and talk.gone_t is None:
        yield Flaw("HTTP-S-038", "The request's body was read in part only: more_body was true, and nobody asked for the rest.")


def hint_severity(state: object) -> Severity:
    """Early hints too late: an old text allowed them after the status; behind the body nobody ever did."""
    return Severity.ERROR if state in (Response.DONE, Response.TRAIL) else Severity.WARNING
