"""Findings are told as far as the screen has come, at the event that shows them, in whatever room there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.check.judge import Judge
from asgiviz.model.connection import Connection
from asgiviz.model.events import expand
from asgiviz.model.finding import CodePlace, Finding, Severity
from asgiviz.protocol.rules.book import RULES
from asgiviz.protocol.rules.example import numbered
from asgiviz.views.connection_rows import cells, layout
from asgiviz.views.filter import parse
from asgiviz.views.finding_details import details, said
from asgiviz.views.findings import BESIDE, Findings, Rows, draw, mark, told
from asgiviz.views.headline import Context
from asgiviz.views.inspection import OPEN_FIRST, inspect
from asgiviz.views.lifeline_heading import heading
from asgiviz.views.lifelines import Lifelines
from asgiviz.views.roster import Roster
from asgiviz.views.sequence import Steps
from asgiviz.views.severities import SIGNS
from asgiviz.views.sieve import Sieve
from asgiviz.views.spans import in_ascii, text_of, width_of
from asgiviz.views.tree import Tree
from tests.views.ledgers import fed

FOUND = st.builds(
    Finding,
    st.sampled_from(["HTTP-S-021", "CORE-036", "EXT-TRAIL-001"]),
    st.sampled_from(Severity),
    st.sampled_from(["app", "server", "a layer with a very long name", "\x1b[31mred"]),
    st.none() | st.integers(1, 4),
    st.integers(1, 30),
    st.text(max_size=200) | st.just("a sentence that is longer than a row of a small terminal is wide, and goes on 世界 " * 2),
    code=st.sampled_from([(), (CodePlace("/srv/shop/app.py", 12, "buy"),)]),
)
BODY_FIRST = """
http, path="/orders"
receive http.request
send http.response.body, body=b"x" -> RuntimeError
raised RuntimeError
"""
TWICE = """
http
send http.response.start, status=200
send http.response.body, body=b"x"
send http.response.body, body=b"y" -> RuntimeError
returned
http, path="/fine"
receive http.request
send http.response.start, status=200
send http.response.body
returned
"""


def judged(text: str) -> list[Finding]:
    """What the judge finds in an example."""
    judge = Judge()
    return judge.take(numbered(text)) + judge.finish()


def steps_of(text: str, conn: int = 1) -> Steps:
    """The steps of one connection of an example."""
    return Steps(expand(seq, raw, 0) for seq, raw in numbered(text) if raw[2] == conn)


# -- the fold ----------------------------------------------------------------------------------------------------------


@given(st.lists(FOUND, max_size=20), st.integers(0, 31))
def test_what_is_told_is_what_was_found_up_to_an_event(found: list[Finding], upto: int) -> None:
    """However the findings came in; by connection and by event it is the same."""
    findings = Findings()
    for one in found:
        findings.add(one)
    findings.upto = upto
    shown = sorted((one for one in found if one.at <= upto), key=lambda one: one.at)
    assert findings.all == shown
    assert len(findings) == len(shown)
    for conn in (None, 1, 2, 3, 4, 5):
        assert findings.of(conn) == [one for one in shown if one.conn == conn]
    for seq in range(1, 31):
        assert findings.at(seq) == [one for one in found if one.at == seq <= upto]


@given(st.lists(FOUND, max_size=20), st.integers(1, 31), st.sets(st.integers(1, 4)))
def test_findings_go_with_their_events_and_connections_and_are_counted(found: list[Finding], seq: int, kept: set[int]) -> None:
    """One that belongs to a connection that is still listed stays."""
    findings = Findings()
    for one in found:
        findings.add(one)
    findings.upto = 30
    findings.forget_before(seq, kept)
    assert sorted(findings.all, key=repr) == sorted((one for one in found if one.at >= seq or one.conn in kept), key=repr)
    assert len(findings.all) + findings.forgotten == len(found)
    assert sum(len(findings.at(seq)) for seq in range(1, 31)) == len(findings.all)


def test_there_is_a_bound() -> None:
    """The oldest findings go, and are counted."""
    findings = Findings(most=80)
    findings.upto = 1000
    for seq in range(1, 501):
        findings.add(Finding("CORE-036", Severity.WARNING, "app", seq, seq, "again"))
    assert len(findings.all) <= 80
    assert findings.all[-1].at == 500
    assert len(findings.all) + findings.forgotten == 500


# -- rows --------------------------------------------------------------------------------------------------------------


@given(FOUND, st.integers(20, 200))
def test_a_finding_keeps_to_the_width_and_loses_nothing_of_its_sentence(finding: Finding, width: int) -> None:
    """Beside the rule in a wide pane, below it in a narrow one; nothing in it reaches a terminal raw."""
    rows = draw(finding, width, "GET /orders", "/srv")
    assert all(width_of(row.spans) <= width for row in rows)
    assert all(text_of(row.spans).isprintable() or "\u3000" in text_of(row.spans) for row in rows)
    assert text_of(rows[0].spans).startswith(SIGNS[finding.severity])
    assert {row.seq for row in rows} == {finding.at}
    if finding.sentence.isascii() and finding.sentence.isprintable():
        shown = "".join(text_of(row.spans) for row in rows).replace(" ", "")
        assert finding.sentence.replace(" ", "") in shown


@given(st.lists(FOUND, max_size=12), st.sampled_from([40, BESIDE, 160]))
def test_rows_belong_to_their_finding(found: list[Finding], width: int) -> None:
    """Each row of the tab leads back to the finding it tells, however many rows those before it take."""
    rows = Rows(found[:5], width, lambda conn: f"GET /{conn}")
    rows.extend(found[5:])
    assert rows.found == found
    names = {conn: f"GET /{conn}" for conn in range(1, 5)} | {None: ""}
    drawn = [(place, row) for place, one in enumerate(found) for row in draw(one, width, names[one.conn])]
    assert [(rows.find(index)[0], rows.row(index)) for index in range(len(rows))] == drawn


def test_the_severities_differ_without_colour() -> None:
    """In ASCII, too."""
    found = [Finding("CORE-036", severity, "app", 1, 1, "so") for severity in Severity]
    for drawn in ([mark([one], 20) for one in found], [in_ascii(mark([one], 20)) for one in found]):
        assert len({text_of(spans) for spans in drawn}) == 3
    assert told(found) == (3, Severity.ERROR)
    assert told([]) is None


# -- in the other views ------------------------------------------------------------------------------------------------


def test_the_message_that_breaks_a_rule_is_marked_in_the_sequence() -> None:
    """At the end of its row, where there is room with the rule; no other row is."""
    found = judged(BODY_FIRST)
    assert [one.rule for one in found] == ["HTTP-S-021"]
    for width in (200, 120, 77, 67):
        rows = [text_of(row.spans) for row in Lifelines(steps_of(BODY_FIRST), width, 0, found=found)]
        marked = [row for row in rows if "✖" in row]
        assert len(marked) == 1
        assert "body" in marked[0]
        assert marked[0].endswith("✖ HTTP-S-021")
        assert all(width_of(row.spans) <= width for row in Lifelines(steps_of(BODY_FIRST), width, 0, found=found))
    narrow = [text_of(row.spans) for row in Lifelines(steps_of(BODY_FIRST), 32, 0, found=found)]
    assert [row.endswith("✖") for row in narrow].count(True) == 1


def test_a_receive_that_came_back_at_once_is_marked_in_its_only_row() -> None:
    """Its finding is that of the call's begin, which has no row of its own."""
    begin = next(seq for seq, raw in numbered(BODY_FIRST) if raw[4] is not None)
    finding = Finding("CORE-032", Severity.WARNING, "app", 1, begin, "two at a time")
    rows = [text_of(row.spans) for row in Lifelines(steps_of(BODY_FIRST), 120, 0, found=[finding])]
    assert [("request" in row, "⚠" in row) for row in rows].count((True, True)) == 1
    assert sum("⚠" in row for row in rows) == 1


def test_a_folded_run_of_messages_has_the_marks_of_what_is_in_it() -> None:
    """Unfolded, the mark stands at the one message that broke the rule."""
    chunks = "".join(f'send http.response.body, body=b"{n}", more_body=True\n' for n in range(12))
    text = f"http\nsend http.response.start, status=200\n{chunks}send http.response.body\nreturned"
    steps = steps_of(text)
    at = [seq for seq, raw in numbered(text) if raw[4] is not None][16]
    finding = Finding("CORE-019", Severity.WARNING, "app", 1, at, "a bytearray")
    folded = Lifelines(steps, 120, 0, found=[finding])
    fold = next(row for row in range(len(folded)) if "⚠" in text_of(folded[row].spans))
    seq = folded.unfolds(fold)
    assert seq is not None
    unfolded = Lifelines(steps, 120, 0, expanded={seq}, found=[finding])
    assert [unfolded[row].seq for row in range(len(unfolded)) if "⚠" in text_of(unfolded[row].spans)] == [at]


def test_a_connection_says_how_much_was_found_in_it() -> None:
    """In its row of the list, as wide as the others, and in the heading of its sequence."""
    found = judged(BODY_FIRST)
    connection = Connection(1, 0)
    for seq, raw in numbered(BODY_FIRST):
        connection.add(expand(seq, raw, 0))
    for width in (30, 47, 77, 120):
        row = cells(connection, layout(width), 0, None, found=told(found))
        assert width_of(row) == width_of(cells(connection, layout(width), 0, None))
        assert "✖1" in text_of(row)
    assert "✖ 1 finding " in text_of(heading(connection, 100, found=found)[0].spans)
    assert "2 findings" in text_of(heading(connection, 100, found=found * 2)[0].spans)


def test_the_inspector_tells_all_of_a_finding() -> None:
    """What is wrong, what would have been legal, the line of code, the rule, what to do, where there is more; open at first."""
    found = [one._replace(code=(CodePlace("/srv/shop/app.py", 12, "buy"),)) for one in judged(BODY_FIRST)]
    event = next(expand(seq, raw, 0) for seq, raw in numbered(BODY_FIRST) if seq == found[0].at)
    tree = Tree(inspect(event, Context(found=found, root="/srv")), OPEN_FIRST, 100)
    shown = "\n".join(text_of(tree.row(index).spans) for index in range(tree.count()))
    rule = RULES["HTTP-S-021"]
    for piece in (found[0].sentence, "the app", "legal: http.response.start", "shop/app.py:12", rule.line, rule.instead[:40]):
        assert piece in shown
    assert "asgiviz rules HTTP-S-021" in shown
    assert shown.index("HTTP-S-021") < shown.index("message")
    assert said(found[0], "/srv").count("\n") == 0


@pytest.mark.parametrize("width", [24, 60, 150])
def test_the_details_of_every_rule_fit(width: int) -> None:
    """The book's sentences are broken between words."""
    for rule in RULES.values():
        finding = Finding(rule.id, rule.severity, "app", 1, 1, rule.line, legal=("this", "that"))
        assert all(width_of(row.spans) <= width for row in details(finding, width, ""))


# -- selecting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("~f", [1]),
        ("!~f", [2]),
        ("~r HTTP", [1]),
        ("~r http-s", [1]),
        ("~r error", [1]),
        ("~r warning", []),
        ("~r WS", []),
        ("~f & ~p /fine", []),
        ("~f | ~p /fine", [1, 2]),
    ],
)
def test_a_filter_asks_what_was_found(text: str, passed: list[int]) -> None:
    """In plain text, where the sieve judges for itself, and in a list, which is told."""
    events = [expand(seq, raw, 0) for seq, raw in numbered(TWICE)]
    through = list(Sieve(parse(text)).over(events))
    assert sorted({event.conn or 0 for event in through}) == passed
    assert through == [event for event in events if event.conn in passed]
    ledger = fed([raw for _, raw in numbered(TWICE)])
    roster = Roster(ledger, lambda conn: [one for one in judged(TWICE) if one.conn == conn])
    roster.select(parse(text))
    while roster.pending:
        roster.judge(lambda seqs: [], 0, lambda: True, final=True)
    assert roster.ids == passed


def test_a_connection_is_listed_as_soon_as_something_is_found_in_it() -> None:
    """It was judged before, and is judged again when it is touched."""
    ledger, found = fed([raw for _, raw in numbered(TWICE)]), list[Finding]()
    roster = Roster(ledger, lambda conn: [one for one in found if one.conn == conn])
    roster.select(parse("~f"))
    roster.judge(lambda seqs: [], 0, lambda: True)
    assert roster.ids == []
    found += judged(TWICE)
    roster.touch({1})
    roster.judge(lambda seqs: [], 0, lambda: True)
    assert roster.ids == [1]
