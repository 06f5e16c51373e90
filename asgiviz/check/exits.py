"""How an app's call ended: what was left undone, what it returned, and whose error it let pass."""

from __future__ import annotations

import marshal
import re
from typing import Any

from asgiviz.check.code_places import places_in_traceback
from asgiviz.check.exchange_rules import left_undone
from asgiviz.check.register import Register, legal_now
from asgiviz.check.talk import Talk
from asgiviz.model.events import Raw, payload_of
from asgiviz.model.finding import Severity
from asgiviz.model.values import kept_text
from asgiviz.protocol.machines import is_line_closed
from asgiviz.protocol.shapes import Flaw, told
from asgiviz.protocol.standing import AUTOMATA, Move
from asgiviz.protocol.transitions import Verdict

_RETURNED = marshal.dumps({"outcome": "returned"}, 2)
_RETURNED_FIELDS = {"outcome": "returned"}
#: What Python says when an app is called with three arguments and takes fewer.
_COUNTS = re.compile(r"takes (\d{1,3}) positional arguments? but (\d{1,3}) were given")


def judge_exit(talk: Talk, seq: int, raw: Raw, register: Register) -> None:
    """The exit of a talk, which counts as over already."""
    fields: Any = _RETURNED_FIELDS if raw[5] == _RETURNED else payload_of(raw)
    if not isinstance(fields, dict):
        return
    outcome = fields.get("outcome")
    move = None
    if talk.standing is not None:
        talk.standing, move = talk.standing.end(outcome)
    if talk.torn:
        return
    if outcome == "raised":
        _judge_raised(talk, seq, fields.get("error"), move, register)
    else:
        _judge_return(talk, seq, fields, move, register)


def _judge_raised(talk: Talk, seq: int, error: Any, move: Move | None, register: Register) -> None:
    if talk.said.worst > talk.layer:
        return  # a layer further in has made an error, and this is what comes of it
    if not isinstance(error, dict):
        error = {}
    if talk.raised is not None and (error.get("type"), error.get("text")) == talk.raised:
        talk.let_pass = is_line_closed({"type": talk.raised[0]})
        return  # what send raised left the app, and was told at the send
    code = places_in_traceback(error)
    if (flaw := _no_app(talk, error, len(code))) is not None:
        register.of_app(talk, seq, None, flaw, (), code or talk.last_code)
    elif move is not None and move.rule is not None:
        sentence = f"{_told_error(error)}: {move.sentence}"
        # an app that raises before it asked for anything says that it has no lifespan
        severity = Severity.INFO if move.rule == "LIFE-012" and not talk.called else None
        register.of_app(talk, seq, None, Flaw(move.rule, sentence, severity), legal_now(talk), code)


def _judge_return(talk: Talk, seq: int, fields: dict[str, Any], move: Move | None, register: Register) -> None:
    returned = fields.get("outcome") == "returned"
    if returned and fields.get("value") is not None:
        said = f"The app returned {told(fields['value'])}; it should return None."
        register.of_app(talk, seq, None, Flaw("CORE-003", said), (), talk.last_code)
    if returned and talk.kind not in AUTOMATA and talk.kind is not None:
        said = f"The app came back from a scope of type {talk.kind!r}; it must raise for a type that it does not know."
        register.of_app(talk, seq, None, Flaw("CORE-009", said), (), talk.last_code)
    if move is not None and move.rule is not None and not (move.rule == "LIFE-013" and "CORE-009" in talk.said.count):
        sentence = move.sentence
        if talk.unawaited and move.verdict is Verdict.ILLEGAL:
            sentence += " A call was written without await."
        code = talk.unawaited or talk.last_code
        register.of_app(talk, seq, None, Flaw(move.rule, sentence), legal_now(talk), code)
    for flaw in left_undone(talk) if returned else ():
        register.of_app(talk, seq, None, flaw, (), talk.last_code)


def _told_error(error: dict[str, Any]) -> str:
    """An exception in short: ``ValueError (no such row)``."""
    name, text = (kept_text(error.get("type")) or "").rpartition(".")[2], " ".join((kept_text(error.get("text")) or "").split())
    return f"{name} ({text[:60]})" if text else name


def _no_app(talk: Talk, error: dict[str, Any], frames: int) -> Flaw | None:
    """A call that never got into the app: it is no async callable of three arguments."""
    text = kept_text(error.get("text")) or ""
    if talk.called or error.get("type") != "builtins.TypeError" or frames > 1:
        return None
    if "await" in text and ("can't be used in" in text or "can't be awaited" in text):
        return Flaw("CORE-001", "The app's call gave nothing that can be awaited; the app must be async.")
    counts = _COUNTS.search(text)
    if counts is not None:
        if int(counts[2]) - int(counts[1]) == 2:  # three were given, and perhaps self
            return Flaw("CORE-002", "The app takes one argument: that is the old form of ASGI 2, of two callables.")
        return Flaw("CORE-001", f"The app cannot be called with scope, receive and send: {text[:120]}.")
    return None
