"""What a row of the sequence says, in words: short, true, and the same for the screen and for a page of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from asgiviz.model.connection import REFUSED
from asgiviz.model.events import CLOSELY, Ev, Event
from asgiviz.model.masking import Mask
from asgiviz.views.call_site_words import close_words
from asgiviz.views.figures import duration, size
from asgiviz.views.messages import LONGEST, error_words, masked, message_line, scope_line
from asgiviz.views.note_words import handing_back, is_of_app, note_words, thread_of
from asgiviz.views.pools import told
from asgiviz.views.sequence import Steps, text_of
from asgiviz.views.spans import Role, Span, shortened
from asgiviz.views.spans import text_of as text_of_spans
from asgiviz.views.stalls import Stall, code_of, plain_number
from asgiviz.views.steps import APP_REFUSES, Edge, Fold, Item, Moment, Step
from asgiviz.views.text import cells_of, literal, number, pairs, quote, safe, word

#: The letters of ASGI's two calls; WSGI has neither.
LETTERS = {"receive": "R", "send": "S"}
ROLES = {"receive": Role.RECEIVE, "send": Role.SEND}
_CLOSING = ("websocket.close", "websocket.disconnect")


class Said(NamedTuple):
    """`kind` is the full type of a message; `quoted` a text or byte string of the app, cut to whatever room there is;
    `waited` words on the time that a call took, `brief` the words where there is no room for all.

    Everything but `quoted` is safe.
    """

    words: str = ""
    role: Role = Role.PLAIN
    sign: str = " "
    sign_role: Role = Role.QUIET
    kind: str = ""
    quoted: Any = None
    waited: str = ""
    brief: str = ""


def said(steps: Steps, item: Item, mask: Mask | None) -> Said:
    """What the row of an item says."""
    if isinstance(item, Fold):
        return _fold(item)
    match item.edge:
        case Edge.PAUSE:
            return Said(duration(item.step.took or 0), Role.QUIET, "┊")
        case Edge.CALLED:
            return _called(item.step, _is_over(steps, item.step))
        case Edge.MESSAGE:
            return _message(steps, item.step, mask)
        case Edge.BACK:
            return _back(item.step)
        case _:
            return _point(item, mask, steps)


def short_name(step: Step) -> str:
    """The last word of a message's type, which stands on its arrow."""
    kind = step.message.get("type") if isinstance(step.message, Mapping) else None
    return safe(kind).rpartition(".")[2] if isinstance(kind, str) else "?"


def until_now(steps: Steps, now: int) -> Said:
    """What an app that has not come back is doing."""
    if steps.in_line is not None:
        return Said(f"in line for a thread, {duration(max(0, now - steps.in_line))} so far", Role.WAITING)
    if not steps.open[0]:
        return Said(f"running: no step for {duration(max(0, now - steps.last))}")
    step = next(iter(steps.open[0].values()))
    further = len(steps.open[0]) - 1
    also = f", and {further} {'call' if further == 1 else 'calls'} more" if further else ""
    brief = f"waiting for {duration(max(0, now - step.t))}"
    words = f"{brief} so far{also}"
    return Said(words, Role.WAITING, LETTERS[step.what], ROLES[step.what], brief=brief)


def _is_over(steps: Steps, step: Step) -> bool:
    return steps.state[step.layer] < 0


def _fold(fold: Fold) -> Said:
    step = fold.sample
    waited = f", {duration(fold.waited)} of it waiting" if fold.waited else ""
    words = f"{size(fold.bytes)} in {duration(fold.took)}{waited}"
    return Said(words, Role.PLAIN, _letter(step), ROLES[step.what], f"{number(fold.messages)} × {_kind(step)}")


def _kind(step: Step) -> str:
    kind = step.message.get("type") if isinstance(step.message, Mapping) else None
    return word(kind) if kind is not None else ""


def _letter(step: Step) -> str:
    return " " if _kind(step).startswith("wsgi.") else LETTERS[step.what]


def _called(step: Step, over: bool) -> Said:
    if step.waited:
        words = f"waited {duration(step.took or 0)} for a message"
    elif step.ended is None:
        words = "never came back" if over else "waits for a message"
    else:
        words = "asks for a message"
    return Said(words, Role.WAITING, "R", Role.RECEIVE, brief=words.partition(" for a")[0])


def _back(step: Step) -> Said:
    after = f" after {duration(step.took)}" if step.took else ""
    if step.broke:
        return Said(_broken(step) + after, Role.ERROR, "S", Role.SEND)
    taken = "it was taken" if step.layer else "the server took it"
    words = f"waited {duration(step.took or 0)} until {taken}" if step.waited else "came back"
    return Said(words, Role.WAITING, "S", Role.SEND, brief=words.partition(" until")[0])


def _broken(step: Step) -> str:
    raised = step.fields.get("raised")
    return "cancelled" if raised is None else f"raised {error_words(raised)}"


def _message(steps: Steps, step: Step, mask: Mask | None) -> Said:
    sign, sign_role = _letter(step), ROLES[step.what]
    waited = f"waited {duration(step.took or 0)}" if step.what == "receive" and step.apart and step.waited else ""
    if step.what == "receive" and step.broke:
        role = Role.ERROR if step.fields.get("raised") is not None else Role.PLAIN
        return Said(_broken(step), role, sign, sign_role, waited=waited)
    if step.what == "send" and step.ended is None and _is_over(steps, step):
        waited = "never came back"
    kind = _kind(step)
    line = message_line(step.message, mask, step.compressed)
    words = line.words.removeprefix(kind).lstrip() if kind else line.words
    if step.lead and kind in _CLOSING:
        words = f"{step.lead}: {REFUSED}" if step.lead == APP_REFUSES else f"{step.lead}: {words}"
        return Said(words, Role.PLAIN, sign, sign_role, kind, line.quoted, waited, brief=words.partition(" (")[0])
    brief = words.partition(", ")[0] if words.startswith(("text, ", "bytes, ")) else ""
    return Said(words, Role.PLAIN, sign, sign_role, kind, line.quoted, waited, brief)


def _point(moment: Moment, mask: Mask | None, steps: Steps) -> Said:
    step = moment.step
    fields = masked(mask, step.fields)
    match step.what:
        case Ev.SCOPE:
            return Said(scope_line(step.fields.get("scope"), mask).words, Role.PLAIN)
        case Ev.WSGI_QUEUED:
            return _in_line(step, steps)
        case Ev.WSGI_ENVIRON:
            return Said(scope_line(steps.scope, mask).words, Role.PLAIN, kind=thread_of(step.fields))
        case Ev.EXIT | Ev.WSGI_EXIT:
            return _exit(step, steps)
        case Ev.LOG:
            return _log(step, mask)
        case Ev.GAP:
            dropped = fields.get("dropped")
            count = number(dropped) if type(dropped) is int else word(dropped)
            return Said(f"{count} events were dropped here", Role.QUIET, "┄")
        case Ev.NOTE:
            return _note(step, fields)
        case Ev.CLIENT:
            heads = ("client", "what")
            head = " ".join(word(fields[key]) for key in heads if fields.get(key) is not None)
            rest = pairs({key: value for key, value in fields.items() if key not in heads})
            return Said(f"{word(step.what)} {head}{'  ' if rest else ''}{rest}", Role.QUIET, "◇")
        case Ev.STEP_END:
            return Said(handing_back(step.fields, step.took), Role.QUIET, "·")
        case Ev.STALL:
            return _stall(step, steps)
        case Ev.POOL:
            return Said(f"waits for a thread: {told(_as_event(step))}", Role.WAITING, "⚠", Role.WAITING)
        case _:
            return _beside(step, fields)


def _beside(step: Step, fields: Mapping[str, Any]) -> Said:
    """What only a run that is recorded closely tells, or only a newer version."""
    if step.what in CLOSELY:
        return Said(close_words(step.what, fields), Role.WAITING, "⚠", Role.WAITING)
    return Said(f"{word(step.what)}  {pairs(fields)}".rstrip(), Role.QUIET, "·")


def _note(step: Step, fields: Mapping[str, Any]) -> Said:
    if is_of_app(fields):
        return Said(note_words(fields, step.took), Role.PLAIN, "◆", Role.LIFE, kind=thread_of(fields))
    if fields.get("name") != "mark":
        return Said(f"note {note_words(fields)}", Role.QUIET, "◆")
    comment = fields.get("data")
    what = "the mark was taken away" if fields.get("phase") == "end" else "you marked it"
    return Said(what, Role.QUIET, "◆", quoted=comment or None)


def _in_line(step: Step, steps: Steps) -> Said:
    """A WSGI request in line for a thread, and how long that was."""
    if step.ended is not None:
        words = f"waited {duration(step.ended - step.t)} for a thread"
    else:
        words = "stands in line for a thread" if steps.is_open else "never got a thread"
    return Said(words, Role.WAITING, brief=words.partition(" for a")[0])


def _exit(step: Step, steps: Steps) -> Said:
    outcome, error = step.fields.get("outcome"), step.fields.get("error")
    if steps.in_line is not None:
        return Said(f"{word(outcome)} before a thread was free", Role.PLAIN)
    after = f" after {duration(step.t - steps.called)}"
    if outcome == "raised":
        below = bool(step.parts) and step.parts[0].error
        return Said(f"raised{after}" if below else f"raised {error_words(error)}", Role.ERROR)
    value = step.fields.get("value")
    returned = f", value {literal(value)}" if value is not None else ""
    return Said(f"{word(outcome)}{after}{returned}", Role.PLAIN)


def _log(step: Step, mask: Mask | None) -> Said:
    fields = step.fields
    text = text_of(fields.get("text"))
    first, _, rest = (mask.text(text) if mask is not None else text).rstrip("\n").partition("\n")
    count = rest.count("\n") + 1
    more = f"  (+{count} {'line' if count == 1 else 'lines'})" if rest else ""
    logger, level = fields.get("logger"), fields.get("level")
    if logger in ("stdout", "stderr"):
        return Said(f"{'print' if logger == 'stdout' else 'stderr'}: {safe(first[:LONGEST])}{more}", Role.QUIET, "·")
    role = Role.ERROR if level in ("ERROR", "CRITICAL") else Role.QUIET
    return Said(f"{word(level)}: {safe(first[:LONGEST])}{more}", role, "·", kind=word(logger))


def _stall(step: Step, steps: Steps) -> Said:
    """What a stall was to this connection: it held the loop, or it waited for it."""
    stall = Stall.of(_as_event(step))
    victim = next((victim for victim in stall.victims if victim.conn == steps.conn), None)
    if victim is not None:
        by = f": #{plain_number(stall.culprit)} held it" if stall.culprit is not None else ""
        most = "up to " if victim.at_most else ""
        return Said(f"waited {most}{duration(victim.ns)} for the loop{by}", Role.WAITING, "⚠", Role.WAITING)
    where = f": {stall.frame.place} {code_of(stall.frame)}" if stall.frame is not None else ""
    verb = "held the loop for" if stall.culprit == steps.conn else "the loop stood still for"
    return Said(f"{verb} {duration(stall.ns)}{where}", Role.ERROR, "⚠", Role.ERROR)


def _as_event(step: Step) -> Event:
    return Event(step.seq, step.t, step.what, None, None, None, step.fields)


def quoted_in(quoted: Any, room: int) -> str:
    """The quotation in `room` columns: cut with its count where there is room for that; empty where nothing would be seen."""
    if quoted is None or room < 4:
        return ""
    whole = quote(quoted, max(room, 80))
    if cells_of(whole) <= room:
        return whole
    return quote(quoted, room) if room >= 30 else text_within(whole, room)


def text_within(text: str, room: int) -> str:
    """Safe text cut to `room` columns with a ``…`` at its end."""
    return text_of_spans(shortened([Span(text)], room))
