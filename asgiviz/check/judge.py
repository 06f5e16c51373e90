"""The judge: takes the events of a recording as they come and gives findings; it observes nothing and asks nobody.

Each raw event costs little: what messages say is remembered by their packed form, what they mean in their order is a step in
a graph that all connections share. Only what breaks a rule is looked at closely. Nothing here raises on any event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from asgiviz.check.across import Across
from asgiviz.check.asides import Asides
from asgiviz.check.blame import Blame
from asgiviz.check.exchange_rules import RECEIVED, SENT, hint_severity
from asgiviz.check.exits import judge_exit
from asgiviz.check.messages import Reader, Reading
from asgiviz.check.refused import Refused
from asgiviz.check.register import Register, legal_now
from asgiviz.check.scopes import ScopeReader
from asgiviz.check.talk import Sending, Talk, Talks, Waiting
from asgiviz.check.waiting_rules import LONG, waited_flaw
from asgiviz.model.events import (
    EXIT,
    GAP,
    LOG,
    RECEIVE_BEGIN,
    RECEIVE_BODY,
    RECEIVE_BODY_LAST,
    RECEIVE_BODY_MORE,
    RECEIVE_BROKE,
    RECEIVE_END,
    RECEIVE_LARGE,
    SCOPE,
    SEND_BEGIN,
    SEND_BODY,
    SEND_BODY_LAST,
    SEND_BODY_MORE,
    SEND_END,
    SEND_LARGE,
    SHARES,
    SITE,
    STALL,
    UNAWAITED,
    Raw,
)
from asgiviz.model.finding import Finding
from asgiviz.protocol import http_machine, websocket_machine
from asgiviz.protocol.fields import too_early
from asgiviz.protocol.lifespan_machine import START_FAILED
from asgiviz.protocol.refusals import REFUSABLE
from asgiviz.protocol.rules.book import RULES
from asgiviz.protocol.rules.rule import Basis, Party
from asgiviz.protocol.shapes import Flaw
from asgiviz.protocol.standing import AFTER_EXIT, AUTOMATA, Move
from asgiviz.protocol.transitions import Verdict, Way

Numbered = tuple[int, Raw]
Handler = Callable[[int, Raw], None]
#: States in which nothing more is owed to the client.
_DONE = frozenset({"DONE", "CLOSING", "REJECTED"})
_DISCONNECTS = frozenset({http_machine.DISCONNECT, websocket_machine.DISCONNECT})
#: What the layers do that is no message: receives side by side.
_SIDE_BY_SIDE = (Way.RECEIVE, "")
#: Rules on messages that do not exist; between layers of an app some of its own may.
_UNKNOWN = frozenset({"CORE-013", "CORE-014", "HTTP-R-001", "LIFE-015"})
#: Scope type -> the other protocols, whose messages are wrong at any layer.
_OTHERS = {kind: frozenset(AUTOMATA) - {kind} for kind in AUTOMATA}


class Judge:
    """Findings of a recording, as it grows. `layers`: the recording's own names, for the blame.

    Of one connection at most `most` findings of one rule are given; the rest say the same again.
    """

    def __init__(self, layers: Sequence[str] = (), most: int = 20) -> None:
        self._messages = Reader()
        self._scopes = ScopeReader()
        self._across = Across()
        #: the connections, as far as they are known
        self.talks = Talks()
        self._register = Register(Blame(layers), most)
        self._refused = Refused(self._register)
        self._t = 0
        asides = Asides(self.talks, self._register)
        handlers: dict[int, Handler] = {
            SCOPE: self._take_scope,
            RECEIVE_BEGIN: self._take_receive_begin,
            RECEIVE_BROKE: self._take_receive_broke,
            SEND_END: self._take_send_end,
            EXIT: self._take_exit,
            GAP: self._take_gap,
            SITE: asides.take_site,
            UNAWAITED: asides.take_unawaited,
            SHARES: asides.take_shares,
            STALL: asides.take_stall,
            LOG: asides.take_log,
            **dict.fromkeys(
                (RECEIVE_END, RECEIVE_LARGE, RECEIVE_BODY, RECEIVE_BODY_LAST, RECEIVE_BODY_MORE), self._take_receive_end
            ),
            **dict.fromkeys((SEND_BEGIN, SEND_LARGE, SEND_BODY, SEND_BODY_LAST, SEND_BODY_MORE), self._take_send_begin),
        }
        self._handlers: list[Handler | None] = [handlers.get(kind) for kind in range(max(handlers) + 1)]

    def take(self, numbered: Iterable[Numbered]) -> list[Finding]:
        """Take in events, in order; gives what they add."""
        handlers, last = self._handlers, len(self._handlers)
        raw = None
        for seq, raw in numbered:
            kind = raw[1]
            if kind < last and (handle := handlers[kind]) is not None:
                handle(seq, raw)
        if raw is not None:
            self._t = max(self._t, raw[0])
        return self._register.given()

    def finish(self, t: int | None = None) -> list[Finding]:
        """The recording is over, at `t` of its clock: what is found of receives that never came back."""
        until = self._t if t is None else max(t, self._t)
        for talk in self.talks.open.values():
            self._judge_waiting(talk, until)
        return self._register.given()

    # -- events ----------------------------------------------------------------------------------------------------

    def _take_scope(self, seq: int, raw: Raw) -> None:
        if raw[2] is None:
            return
        scope = self._scopes.read(raw[5])
        talk = self.talks.begin(raw, scope)
        for flaw in scope.flaws:
            if RULES[flaw.rule].party is Party.APP:  # what the app itself must mind
                self._register.of_app(talk, seq, None, flaw)
            else:
                self._register.of_server(talk, seq, None, flaw)
        if not talk.layer:
            for flaw in self._across.begins(talk):
                self._register.of_server(talk, seq, None, flaw)

    def _take_receive_begin(self, seq: int, raw: Raw) -> None:
        t, _, _, _, call, _ = raw
        talk = self.talks.of(raw)
        if talk is None:
            self._after_exit(seq, raw)
            return
        self._calls(talk, call)
        talk.unheard = 0
        if talk.receives:  # a layer further in, that calls first, is who began to
            talk.said.makers.setdefault(_SIDE_BY_SIDE, talk.layer)
        talk.receives[call] = Waiting(t, seq, talk.standing, len(talk.receives), False, talk.last_code)
        if talk.failed:
            said = "The app said that it could not start, and goes on all the same."
            self._register.of_app(talk, seq, call, Flaw("LIFE-016", said))

    def _take_receive_end(self, seq: int, raw: Raw) -> None:
        t, _, _, _, call, _ = raw
        talk = self.talks.of(raw)
        if talk is None:
            return
        reading = self._messages.read(raw)
        waiting = talk.receives.pop(call, None)
        if waiting is not None and waiting.rivalled:
            self._judge_rival(talk, call, waiting)
        if talk.receives and reading.what not in _DISCONNECTS:
            talk.receives = {call: other._replace(rivalled=True) for call, other in talk.receives.items()}
        if waiting is not None and t - waiting.t > LONG:
            self._judge_waited(talk, waiting, t)
        if reading.what and talk.standing is not None:
            talk.standing, move = talk.standing.step(Way.RECEIVE, reading.what, reading.part)
            if move.rule is not None and move.verdict is Verdict.ILLEGAL:
                self._judge_move(talk, seq, call, move)
            elif (rules := RECEIVED.get(reading.what)) is not None and not talk.torn:
                for flaw in rules(talk, reading, t):
                    self._register.of_server(talk, seq, call, flaw)
        for flaw in reading.flaws:
            self._register.of_server(talk, seq, call, flaw)

    def _take_receive_broke(self, seq: int, raw: Raw) -> None:
        talk = self.talks.of(raw)
        if talk is not None and (waiting := talk.receives.pop(raw[4], None)) is not None:
            self._judge_waited(talk, waiting, raw[0])

    def _take_send_begin(self, seq: int, raw: Raw) -> None:
        t, _, _, _, call, _ = raw
        talk = self.talks.of(raw)
        if talk is None:
            self._after_exit(seq, raw)
            return
        self._calls(talk, call)
        if talk.sends and talk.kind == "http" and not talk.torn:
            said = "Another send of this connection has not come back yet."
            self._register.of_app(talk, seq, call, Flaw("CORE-033", said))
        reading = self._messages.read(raw)
        gone, refusable = talk.gone_t is not None, ""
        before, move = talk.standing, None
        if reading.what and before is not None:
            talk.standing, move = before.step(Way.SEND, reading.what, reading.part)
            if move.rule is not None:
                self._judge_move(talk, seq, call, move)
                refusable = move.rule if move.rule in REFUSABLE else ""
            if move.verdict is not Verdict.ILLEGAL and not talk.torn:
                self._follow(talk, seq, call, reading, t)
        for flaw in reading.flaws:
            refusable = flaw.rule if flaw.rule in REFUSABLE else refusable
            if not gone or RULES[flaw.rule].basis is not Basis.RFC:  # what an RFC forbids does not get on the wire any more
                self._register.of_app(talk, seq, call, flaw)
        if reading.gated:
            for flaw in too_early(reading.gated, reading.message, talk.facts.spec_version):
                self._register.of_app(talk, seq, call, flaw)
        if reading.what == START_FAILED:
            talk.failed = True
        talk.sends[call] = Sending(seq, move, before, reading.size, "" if gone or talk.layer else refusable, gone)

    def _follow(self, talk: Talk, seq: int, call: int | None, reading: Reading, t: int) -> None:
        """The message is in order: what it says is held against what came before."""
        rules = SENT.get(reading.what)
        if rules is not None:
            for flaw in rules(talk, reading, t):
                self._register.of_app(talk, seq, call, flaw)
        if talk.done_t is None and talk.standing is not None and talk.standing.state in _DONE:
            talk.done_t = t

    def _take_send_end(self, seq: int, raw: Raw) -> None:
        talk = self.talks.of(raw)
        sending = None if talk is None else talk.sends.pop(raw[4], None)
        if talk is None or sending is None:
            return
        if raw[5] is not None:
            self._refused.send_broke(talk, seq, raw, sending)
        elif sending.refusable or sending.too_late:
            self._refused.send_passed(talk, seq, raw[4], sending)

    def _take_exit(self, seq: int, raw: Raw) -> None:
        talk = self.talks.end(raw)
        if talk is not None:
            self._judge_waiting(talk, raw[0])
            judge_exit(talk, seq, raw, self._register)

    def _take_gap(self, seq: int, raw: Raw) -> None:
        self.talks.tear()
        self._across = Across()

    # -- judging ---------------------------------------------------------------------------------------------------

    def _calls(self, talk: Talk, call: int | None) -> None:
        talk.called = True
        if talk.code:
            talk.last_code = talk.code.pop(call, ())

    def _judge_move(self, talk: Talk, seq: int, call: int | None, move: Move) -> None:
        """A step that breaks a rule, or that a rule has a remark on."""
        if talk.torn:
            return
        rule, sentence, maker = move.rule or "", move.sentence, talk.layer
        if move.before is None and move.what:
            maker = talk.said.makers.setdefault((move.way, move.what), talk.layer)
            sentence = f"{move.what[:60]}: {sentence}"
            prefix = move.what.partition(".")[0]
            if talk.layer and rule in _UNKNOWN and prefix not in _OTHERS[talk.kind or ""]:
                if maker != talk.layer or prefix == talk.kind:
                    return  # between layers, messages of their own are legal
                rule = "CORE-012"
                sentence = f"{move.what[:60]} is a message of the layers' own, but does not begin with {talk.kind}."
        if move.way is Way.RECEIVE and "CORE-032" in talk.said.count:
            return  # what a server gives to receives side by side is nowhere said
        severity = hint_severity(move.before) if rule == "EXT-HINT-002" else None
        legal = legal_now(talk, move.way) if move.verdict is Verdict.ILLEGAL else ()
        if move.way is Way.RECEIVE:
            self._register.of_server(talk, seq, call, Flaw(rule, sentence, severity), legal)
        else:
            self._register.of_app(talk, seq, call, Flaw(rule, sentence, severity), legal, maker=maker)

    def _judge_waited(self, talk: Talk, waiting: Waiting, until: int) -> None:
        flaw = None if talk.torn else waited_flaw(talk, waiting, until)
        if flaw is not None:
            self._register.of_server(talk, waiting.seq, None, flaw)

    def _judge_rival(self, talk: Talk, call: int | None, waiting: Waiting) -> None:
        """It was pending beside another, and who gets the message is chance. What does no harm: a look whether the client has
        gone, given up at once, beside a task that waits for the same."""
        if not talk.torn:
            said = f"{max(waiting.beside, 1) + 1} receives are pending at a time; servers differ in who gets the message."
            maker = talk.said.makers.get(_SIDE_BY_SIDE, talk.layer)
            self._register.of_app(talk, waiting.seq, call, Flaw("CORE-032", said), (), waiting.code, maker)

    def _judge_waiting(self, talk: Talk, until: int) -> None:
        for call, waiting in talk.receives.items():
            if waiting.beside or waiting.rivalled:
                self._judge_rival(talk, call, waiting)
            self._judge_waited(talk, waiting, until)

    def _after_exit(self, seq: int, raw: Raw) -> None:
        talk = self.talks.known(raw)
        if talk is not None and not talk.torn:
            self._register.of_app(talk, seq, raw[4], Flaw(*AFTER_EXIT), (), talk.code.pop(raw[4], ()))
