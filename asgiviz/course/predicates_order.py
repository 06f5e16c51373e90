"""Checks on what happened, how often and in which order. None of them looks at how long anything took, but `gap`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

from asgiviz.course.judging import Case, Finding, NothingError, beginnings, pointed, quantity, whose
from asgiviz.course.run_record import ConnRecord
from asgiviz.course.selectors import Happening, Selector, selector


def count(case: Case) -> Finding:
    """How many events match `where`: in the run, or on each connection (`per`)."""
    return _counted(case, case.selector())


def note(case: Case) -> Finding:
    """How many notes have this `name` (and `data`); at least one, if nothing else is asked."""
    asked = {key: case.key(key) for key in ("name", "data") if case.key(key) is not None}
    return _counted(case, Selector({"ev": "note", **asked}))


def never(case: Case) -> Finding:
    """No event matches `where`, though there were requests."""
    chosen = case.selector()
    _arrived(case, chosen)
    found = _matching(case, chosen)
    seqs, conns = pointed(found)
    saw = f"{len(found)}, the first of {whose(found[0])}" if found else "none"
    return Finding(not found, saw, f"no {chosen}", seqs, conns, case.told_happenings(found))


def order(case: Case) -> Finding:
    """The events of `sequence` come in this order, others between them; on each connection, or in the run (`per`)."""
    sequence = [selector(each) for each in case.key("sequence", ())]
    wanted = ", then ".join(map(str, sequence))
    if case.key("per") == "run":
        _arrived(case, case.selector())
        lines: list[tuple[ConnRecord | None, list[Happening]]] = [(None, case.happenings)]
    else:
        lines = [(call, case.lines[call.conn]) for call in case.calls()]
    for call, line in lines:
        found = _followed(line, sequence)
        if len(found) == len(sequence):
            continue
        who = "" if call is None else f"{case.who(call)}: "
        missing = sequence[len(found)]
        saw = f"{who}no {missing}" + (f" after {sequence[len(found) - 1]}" if found else "")
        seqs, conns = pointed(found)
        begun = ((), ()) if call is None else beginnings([call])
        return Finding(False, saw, wanted, seqs or begun[0], conns or begun[1], case.told_happenings(found))
    every = [each for _, line in lines for each in _followed(line, sequence)]
    saw = "in this order" if case.key("per") == "run" else f"on each of {len(lines)} connections"
    return Finding(True, saw, wanted, *pointed(every))


def before(case: Case) -> Finding:
    """`where` comes before `other`: the first of each, or with ``which = "all"`` every `where` before the first `other`."""
    return _relation(case, case.selector("where"), case.selector("other"), "before")


def after(case: Case) -> Finding:
    """`where` comes after `other`: the first of each, or with ``which = "all"`` every `where` after the last `other`."""
    return _relation(case, case.selector("where"), case.selector("other"), "after")


def gap(case: Case) -> Finding:
    """The time from one event that matches `where` to the next, on each connection."""
    chosen = case.selector()
    _arrived(case, chosen)
    pairs = [pair for line in _by_owner(_matching(case, chosen)).values() for pair in itertools.pairwise(line)]
    if not pairs:
        raise NothingError(f"nowhere two events with {chosen} on one connection")
    gaps = [((later.event.t - earlier.event.t) / 1e9, earlier, later) for earlier, later in pairs]
    wrong = [each for each in gaps if not case.holds(each[0])]
    worst = max(wrong or gaps, key=lambda each: each[0])
    seqs, conns = pointed(worst[1:])
    saw = f"{quantity(worst[0], 's')} of {whose(worst[1])}" + (f", and {len(wrong) - 1} more" if len(wrong) > 1 else "")
    return Finding(not wrong, saw, case.wanted("s"), seqs, conns, case.told_happenings(worst[1:]))


def _counted(case: Case, chosen: Selector) -> Finding:
    calls = _arrived(case, chosen)
    found = _matching(case, chosen)
    wanted = case.wanted() or ">= 1"
    if case.key("per") != "conn":
        seqs, conns = pointed(found) if found else beginnings(calls)
        told = case.told_happenings(found) if found else case.told_calls(calls)
        return Finding(case.holds(len(found), len(found) > 0), str(len(found)), wanted, seqs, conns, told)
    grouped: dict[int, list[Happening]] = {call.conn: [] for call in case.calls(chosen)}
    for each in found:
        owner = case.owner(each)
        if owner is not None and owner.conn in grouped:
            grouped[owner.conn].append(each)
    wrong = {conn: line for conn, line in grouped.items() if not case.holds(len(line), len(line) > 0)}
    if not wrong:
        return Finding(True, f"on each of {len(grouped)} connections", f"{wanted} on each connection", *pointed(found))
    conn, line = next(iter(wrong.items()))
    more = f", and {len(wrong) - 1} more connections" if len(wrong) > 1 else ""
    seqs = pointed(line)[0] or beginnings([case.side.connections[conn]])[0]
    return Finding(
        False,
        f"{len(line)} of {case.who(case.side.connections[conn])}{more}",
        f"{wanted} on each connection",
        seqs,
        tuple(wrong),
        case.told_happenings(line),
    )


def _relation(case: Case, chosen: Selector, other: Selector, word: str) -> Finding:
    _arrived(case, chosen)
    if case.key("per") == "conn":
        lines = {call.conn: case.lines[call.conn] for call in case.calls()}
        lines = {conn: line for conn, line in lines.items() if any(map(other.matches, line)) or any(map(chosen.matches, line))}
    else:
        lines = {0: case.happenings}
    if not lines:
        raise NothingError(f"neither {chosen} nor {other} was seen")
    wanted = f"{chosen} {word} {other}"
    pair: tuple[Happening, ...] = ()
    for conn, line in lines.items():
        ones, others = list(filter(chosen.matches, line)), list(filter(other.matches, line))
        where = f" of {case.who(case.side.connections[conn])}" if conn else ""
        if not ones or not others:
            known = pointed(ones or others)
            return Finding(False, f"no {other if ones else chosen}{where}", wanted, *known)
        pair, good = _compared(ones, others, word, case.key("which") == "all")
        if not good:
            opposite = "after" if word == "before" else "before"
            seqs, conns = pointed(sorted(pair, key=lambda each: each.moment))
            return Finding(False, f"it came {opposite} it{where}", wanted, seqs, conns, case.told_happenings(pair))
    return Finding(True, f"it came {word} it", wanted, *pointed(pair))


def _compared(ones: list[Happening], others: list[Happening], word: str, every: bool) -> tuple[tuple[Happening, ...], bool]:
    """The pair that decides, and whether it stands as it should."""
    if word == "before":
        one, other = (ones[-1] if every else ones[0]), others[0]
        return (one, other), one.moment < other.moment
    one, other = ones[0], (others[-1] if every else others[0])
    return (one, other), one.moment > other.moment


def _followed(line: Iterable[Happening], sequence: list[Selector]) -> list[Happening]:
    """As much of the sequence as the line holds, in this order."""
    found: list[Happening] = []
    for happening in line:
        if len(found) < len(sequence) and sequence[len(found)].matches(happening):
            found.append(happening)
    return found


def _by_owner(found: Iterable[Happening]) -> Mapping[tuple[int, ...], list[Happening]]:
    """What happened on one connection, or was seen by one client, belongs together."""
    lines: dict[tuple[int, ...], list[Happening]] = {}
    for each in found:
        owner = (each.call.conn,) if each.call is not None else (0, each.client.number if each.client else 0)
        lines.setdefault(owner, []).append(each)
    return lines


def _matching(case: Case, chosen: Selector) -> list[Happening]:
    return [each for each in case.happenings if chosen.matches(each)]


def _arrived(case: Case, chosen: Selector) -> list[ConnRecord]:
    """What there is to judge: the lifespan for who asks for it, else all requests. NothingError when there is none."""
    return case.calls(Selector({"kind": "lifespan"} if chosen.of_lifespan else {}))


def sequence_fault(value: object) -> str | None:
    """What is wrong with a `sequence`, in a sentence."""
    if not isinstance(value, list) or not value:
        return "sequence must be a list of events, such as ['receive:http.request', 'send:http.response.start']"
    for each in value:
        try:
            selector(each)
        except ValueError as error:
            return str(error)
    return None
