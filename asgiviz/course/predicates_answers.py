"""Checks on what was answered: as the clients got it, and as the app gave it away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from asgiviz.course.judging import MOST, Case, Finding, NothingError, beginnings, cleaned, quoted
from asgiviz.course.metrics import SERVED
from asgiviz.course.predicates_calls import exception, first_fault, last_frame
from asgiviz.course.run_record import Answer, ClientRecord, ConnRecord
from asgiviz.model.events import Ev, Event
from asgiviz.model.values import header_pairs, true_length

_STARTS = ("http.response.start", "websocket.accept", "websocket.http.response.start")
#: Statuses whose answers have no body.
_NO_BODY = (204, 304)


def clients(case: Case) -> Finding:
    """Each client (or so many, `is`) got this `status`, `body` or `contains` (with ``{client}``, ``{path}``) and `headers`."""
    everybody = sorted(case.side.clients.values(), key=lambda client: client.number)
    if not everybody:
        raise NothingError("no client was seen")
    wrong = {client.number: said for client in everybody if (said := _wrong(case, client))}
    right = len(everybody) - len(wrong)
    passed = case.holds(right, not wrong)
    bad = [client for client in everybody if client.number in wrong]
    looked = bad if not passed and bad else everybody
    seqs = tuple(client.answers[-1].seq if client.answers else client.events[-1].seq for client in looked)
    calls = [call for client in looked if (call := case.side.connection_of(client)) is not None]
    saw = f"{right} of {len(everybody)} clients" if wrong else f"all {len(everybody)} clients"
    if bad:
        saw += f"; client {bad[0].number}: {wrong[bad[0].number]}"
    evidence = _why(case, calls) if bad else case.told_calls(calls)
    return Finding(passed, saw, _wanted(case), seqs[:MOST], beginnings(calls)[1], evidence)


def header(case: Case) -> Finding:
    """The header `name` of each response is `value`, or fits `matches`, or is there, or is not (`absent`)."""
    name = str(case.key("name")).lower()
    wanted = _header_wanted(case, name)
    calls, wrong = case.calls(), []
    for call in calls:
        start = _start(call)
        if start is None:
            wrong.append((call, "no answer was begun"))
            continue
        values = [value for key, value in _headers(start) if key.lower() == name]
        if not _header_holds(case, values):
            wrong.append((call, f"{name}: {quoted(', '.join(values))}" if values else f"no {name}"))
    seqs = tuple(start.seq for call in [each for each, _ in wrong] or calls if (start := _start(call)) is not None)[:MOST]
    if not wrong:
        return Finding(True, f"in each of {len(calls)} responses", wanted, seqs, beginnings(calls)[1])
    return Finding(False, _first(case, wrong), wanted, seqs, beginnings(call for call, _ in wrong)[1], _some(case, wrong))


def body_bytes(case: Case) -> Finding:
    """How many bytes of body the app gave to each response."""
    calls = case.calls()
    sizes = [(call, _size(call)) for call in calls]
    wrong = [(call, f"{size} bytes") for call, size in sizes if not case.holds(size)]
    told = (
        f"{min(size for _, size in sizes)} to {max(size for _, size in sizes)} bytes"
        if len(sizes) > 1
        else f"{sizes[0][1]} bytes"
    )
    seqs, conns = beginnings([call for call, _ in wrong] or calls)
    return Finding(not wrong, _first(case, wrong) if wrong else told, f"{case.wanted()} bytes", seqs, conns, _some(case, wrong))


def content_length_ok(case: Case) -> Finding:
    """Each response says its length, and is as long as it says."""
    calls, wrong = case.calls(), []
    for call in calls:
        start = _start(call)
        said = None if start is None else next((v for k, v in _headers(start) if k.lower() == "content-length"), None)
        if start is None:
            wrong.append((call, "no answer was begun"))
        elif call.method != "HEAD" and _status(start) not in _NO_BODY and (said is None or said.strip() != str(_size(call))):
            wrong.append(
                (call, f"{_size(call)} bytes, " + ("no content-length" if said is None else f"it said {quoted(said)}"))
            )
    seqs, conns = beginnings([call for call, _ in wrong] or calls)
    saw = _first(case, wrong) if wrong else f"in each of {len(calls)} responses"
    return Finding(not wrong, saw, "content-length is the length of the body", seqs, conns, _some(case, wrong))


def _why(case: Case, calls: list[ConnRecord]) -> str:
    """What the app did to one who got a wrong answer: it raised, it broke the law; else when the calls were open."""
    raised = next((call for call in calls if call.outcome == "raised"), None)
    if raised is not None:
        return f"{case.who(raised)}: the app raised {exception(raised)}, {last_frame(raised)}"
    faults = ((call, first_fault(call)) for call in calls if call.kind != "wsgi")
    return next((f"{case.who(call)}: {fault[1]}" for call, fault in faults if fault is not None), case.told_calls(calls))


def _wrong(case: Case, client: ClientRecord) -> str:
    """What is wrong with a client's answers; empty when nothing is."""
    if not client.answers:
        return cleaned(client.trouble) if client.trouble else "no answer"
    return next((said for answer in client.answers if (said := _wrong_answer(case, client, answer))), "")


def _wrong_answer(case: Case, client: ClientRecord, answer: Answer) -> str:
    statuses, got = case.key("status"), answer.body
    if statuses is not None and answer.status not in (statuses if isinstance(statuses, list) else [statuses]):
        return f"status {answer.status}" if answer.status is not None else f"no status, {answer.ending}"
    if answer.ending not in SERVED:
        return f"the answer ended early ({cleaned(answer.ending)})"
    body, part = (_filled(case.key(key), client, answer) for key in ("body", "contains"))
    if (body is not None or part is not None) and answer.length > 0 and not got:
        return "its body was not kept in the recording"
    if body is not None and (len(body) != answer.length or not body.startswith(got)):
        return f"{quoted(got)} instead of {quoted(body)}"
    if part is not None and part not in got:
        return f"{quoted(got)} without {quoted(part)}"
    for name, value in (case.key("headers") or {}).items():
        values = [each for key, each in answer.headers if key.lower() == name.lower()]
        if str(value) not in values:
            return f"{cleaned(name)}: {quoted(', '.join(values))}" if values else f"no {cleaned(name)}"
    return ""


def _filled(template: Any, client: ClientRecord, answer: Answer) -> bytes | None:
    if template is None:
        return None
    text = str(template).replace("{client}", str(client.number)).replace("{path}", answer.path or "")
    return text.encode("utf-8", "surrogatepass")


def _wanted(case: Case) -> str:
    parts = []
    if (status := case.key("status")) is not None:
        parts.append("status " + (" or ".join(map(str, status)) if isinstance(status, list) else str(status)))
    if case.key("body") is not None:
        parts.append(quoted(str(case.key("body"))))
    if case.key("contains") is not None:
        parts.append(f"with {quoted(str(case.key('contains')))}")
    headers = case.key("headers")
    parts += [f"{name}: {value}" for name, value in headers.items()] if isinstance(headers, Mapping) else []
    for_whom = f"for {case.wanted()} clients" if case.check.holds is not None else "for each client"
    return f"{', '.join(parts) or 'a whole answer'} {for_whom}"


def _header_wanted(case: Case, name: str) -> str:
    if case.key("absent"):
        return f"no {name}"
    if case.key("value") is not None:
        return f"{name}: {case.key('value')}"
    return f"{name} like {case.key('matches')}" if case.key("matches") is not None else f"a header {name}"


def _header_holds(case: Case, values: list[str]) -> bool:
    if case.key("absent"):
        return not values
    if case.key("value") is not None:
        return str(case.key("value")) in values
    pattern = case.key("matches")
    return any(pattern is None or re.search(str(pattern), value) for value in values)


def _start(call: ConnRecord) -> Event | None:
    """The event that begins the answer: under WSGI the last start_response, which takes the place of others."""
    if call.kind == "wsgi":
        return next((event for event in reversed(call.events) if event.ev == Ev.WSGI_START_RESPONSE), None)
    return next((event for event in call.events if event.ev == Ev.SEND_BEGIN and _message(event).get("type") in _STARTS), None)


def _status(start: Event) -> int | None:
    word = str(_message(start).get("status", start.get("status"))).partition(" ")[0]
    return int(word) if word.isdecimal() and word.isascii() else None


def _headers(start: Event) -> list[tuple[str, str]]:
    if start.ev == Ev.WSGI_START_RESPONSE:
        pairs = start.get("headers")
        known = pairs if isinstance(pairs, (list, tuple)) else ()
        return [(str(pair[0]), str(pair[1])) for pair in known if isinstance(pair, (list, tuple)) and len(pair) == 2]
    return [(key.decode("latin-1"), value.decode("latin-1")) for key, value in header_pairs(_message(start).get("headers"))]


def _size(call: ConnRecord) -> int:
    """Bytes of body that the app gave."""
    if call.kind == "wsgi":
        return sum(true_length(event.get("body")) for event in call.events if event.ev == Ev.WSGI_CHUNK)
    sent = [_message(event) for event in call.events if event.ev == Ev.SEND_BEGIN]
    return sum(true_length(message.get("body")) for message in sent if message.get("type") == "http.response.body")


def _message(event: Event) -> Mapping[str, Any]:
    message = event.get("message")
    return message if isinstance(message, Mapping) else {}


def _first(case: Case, wrong: list[tuple[ConnRecord, str]]) -> str:
    call, said = wrong[0]
    return f"{case.who(call)}: {said}" + (f", and {len(wrong) - 1} more connections" if len(wrong) > 1 else "")


def _some(case: Case, wrong: list[tuple[ConnRecord, str]]) -> str:
    return "; ".join(f"{case.who(call)}: {said}" for call, said in wrong[:3]) + (" …" if len(wrong) > 3 else "")
