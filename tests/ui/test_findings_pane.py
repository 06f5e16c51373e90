"""Findings on the screen: judged beside everything else, shown as far as the screen has come, a key away from their event."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from asgiviz.check.judge import Judge
from asgiviz.model.events import GAP, NOTE, WSGI_ENVIRON, Raw
from asgiviz.model.finding import Finding, Severity
from asgiviz.protocol.rules.book import RULES
from asgiviz.protocol.rules.example import numbered
from asgiviz.ui.feed import Feed
from asgiviz.ui.judging import SIP, Judging
from tests.store.files import filled, request
from tests.ui.staging import LARGE, ROOT, SMALL, opened, played, recorded, running

MEDIUM = (120, 36)
DEMO = ROOT / "screenshots" / "demo.asgiviz.gz"
CONVERSATIONS = """
http, path="/first"
send http.response.body, body=b"x" -> RuntimeError
raised RuntimeError
http, path="/fine"
receive http.request
send http.response.start, status=200
send http.response.body
returned
http, path="/twice"
send http.response.start, status=200
send http.response.body, body=b"a"
send http.response.body, body=b"b" -> RuntimeError
returned
"""


def raws_of(text: str) -> list[Raw]:
    """The raw events of an example."""
    return [raw for _, raw in numbered(text)]


#: A receive hangs behind a disconnect, which only the end of the recording tells.
WAITS = """
http
receive http.request
receive http.disconnect
receive http.disconnect -> never
wait 20
log INFO much later
"""


class Counting:
    """A judge that finds something in every tenth event, and counts what it is given."""

    def __init__(self, layers: object = ()) -> None:
        self.taken: list[int] = []
        self.finished = 0

    def take(self, events: Iterable[tuple[int, Raw]]) -> list[Finding]:
        seqs = [seq for seq, _ in events]
        self.taken += seqs
        return [Finding("CORE-036", Severity.WARNING, "app", 1, seq, "held") for seq in seqs if not seq % 10]

    def finish(self, t: int | None = None) -> list[Finding]:
        self.finished += 1
        return []


# -- judging -----------------------------------------------------------------------------------------------------------


def judged_all(feed: Feed, judging: Judging) -> list[Finding]:
    """Judge to the end, in bites of one sip, with the feed somewhere else; what was found."""
    for _ in range(10_000):
        judging.advance(1e-9)
        if judging.done:
            break
    feed.go_live()
    while feed.advance():
        pass
    return feed.findings.all


def test_every_event_is_judged_once_and_in_order() -> None:
    """In bites, whatever the feed does meanwhile; no bite is longer than it may be."""
    raws = [raw for conn in range(1, 200) for raw in request(conn)]
    feed = Feed(filled(raws), growing=False)
    judge = Counting()
    judging = Judging(feed, judge=lambda layers: judge)
    judging.advance(1e-9)
    assert 0 < len(judge.taken) <= SIP
    assert judging.behind == len(raws) - len(judge.taken)
    found = judged_all(feed, judging)
    assert judge.taken == list(range(1, len(raws) + 1))
    assert [one.at for one in found] == list(range(10, len(raws) + 1, 10))
    judging.advance()
    assert judge.finished == 1


def test_bites_find_what_one_look_finds() -> None:
    """The judge goes on where it stood."""
    raws = raws_of(CONVERSATIONS * 30)
    feed = Feed(filled(raws), growing=False)
    whole = Judge()
    assert judged_all(feed, Judging(feed)) == sorted(
        whole.take(list(enumerate(raws, 1))) + whole.finish(), key=lambda one: one.at
    )


def test_the_end_of_a_recording_tells_what_never_came_back() -> None:
    """Only when all of it is loaded; of a run that goes on nobody knows the end."""
    loaded = False
    feed = Feed(filled(raws_of(WAITS)), growing=False, loaded=lambda: loaded)
    judging = Judging(feed)
    judging.advance()
    feed.advance()
    assert not judging.done
    assert feed.findings.all == []
    loaded = True
    assert judging.advance()
    assert [one.rule for one in feed.findings.all] == ["HTTP-R-008"]
    live = Feed(filled(raws_of(WAITS)))
    judging = Judging(live)
    judging.advance()
    live.advance()
    assert judging.done
    assert live.findings.all == []


def test_a_mark_of_the_user_behind_the_end_changes_no_finding() -> None:
    """Events of the app do: then the end was none, and all is judged anew."""
    feed = Feed(filled(raws_of(WAITS)), growing=False)
    judging = Judging(feed)
    judged_all(feed, judging)
    version = feed.findings.version
    feed.mark(1, "look here")
    feed.recorder.emit((99, NOTE, None, None, None, {"name": "saved"}))
    assert not judging.advance()
    assert judging.done
    assert feed.findings.version == version
    for raw in raws_of("http\nsend http.response.body -> RuntimeError\nraised RuntimeError"):
        feed.recorder.emit((raw[0] + 60_000_000_000, raw[1], 7, *raw[3:]))
    rules = [one.rule for one in judged_all(feed, judging)]
    assert sorted(rules) == ["HTTP-R-008", "HTTP-S-021"]


def test_names_of_layers_that_come_late_are_blamed() -> None:
    """What was judged before they were known is judged anew."""
    sends = "send http.response.body -> RuntimeError"
    feed = Feed(filled(raws_of(f"http\nL1 http\nL1 {sends}\n{sends}")))
    judging = Judging(feed)
    assert [one.who for one in judged_all(feed, judging)] == ["app"]
    judging.know(["uvicorn", "GZip", "Outer", "main:app"])
    assert [one.who for one in judged_all(feed, judging)] == ["Outer"]


# -- the tab -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [SMALL, MEDIUM, LARGE], ids=["small", "medium", "large"])
@played
async def test_the_tab_lists_every_finding_and_leads_to_its_event(size: tuple[int, int]) -> None:
    """Down goes from finding to finding; connection, event and inspector follow, and enter goes to the row in the sequence."""
    async with opened(DEMO, size) as show:
        found = show.feed.findings.all
        assert {"HTTP-S-021", "HTTP-S-032", "CORE-036"} <= {one.rule for one in found}
        assert f"Findings {len(found)}" in show.text
        await show.press("8", "home")
        for place, finding in enumerate(found):
            assert show.pane("findings").finding is finding
            assert (show.screen.conn, show.screen.seq) == (finding.conn, finding.at)
            assert finding.rule in show.text
            if place < len(found) - 1:
                await show.press("down")
        broken = next(place for place, one in enumerate(found) if one.rule == "HTTP-S-021")
        await show.press("home", *(["down"] * broken), "enter")
        assert show.screen.current == "sequence"
        assert show.pane("sequence").event_at(show.pane("sequence").selected) == found[broken].at
        rows = [row for row in show.rows("sequence") if row.endswith("✖ HTTP-S-021")]
        assert len(rows) == 1
        assert "1 finding" in show.rows("sequence")[0]


@played
async def test_a_key_leaves_only_the_findings_of_the_connection() -> None:
    """Again: all of them. A connection without any says how many there are elsewhere."""
    async with recorded(raws_of(CONVERSATIONS), MEDIUM) as show:
        pane = show.pane("findings")
        await show.press("8")
        assert [one.conn for one in pane._lines().found] == [1, 3]
        show.screen.choose_connection(3)
        await show.press("a")
        assert [one.conn for one in pane._lines().found] == [3]
        assert "only #3" in show.text
        show.screen.choose_connection(2)
        await show.settled()
        assert "Nothing was found in #2; in others 2 findings" in show.text
        await show.press("a")
        assert [one.conn for one in pane._lines().found] == [1, 3]


@played
async def test_the_question_mark_explains_the_rule() -> None:
    """On the tab, at the marked message in the sequence, and on the finding in the inspector."""
    async with recorded(raws_of(CONVERSATIONS), MEDIUM) as show:
        rule = RULES["HTTP-S-021"]
        await show.press("8", "home", "?")
        for words in (rule.id, rule.line.split()[0], rule.section.split(",")[0]):
            assert words in show.text
        await show.press("escape", "enter", "?")
        assert show.app.screen is not show.screen
        assert rule.id in show.text
        await show.press("escape", "6", "home", "down", "down", "?")
        assert show.app.screen is not show.screen
        assert rule.id in show.text


@played
async def test_the_inspector_says_what_would_have_been_legal() -> None:
    """On the event of a finding, before everything else; on others it says nothing of rules."""
    async with recorded(raws_of(CONVERSATIONS), LARGE) as show:
        await show.press("8", "home")
        assert any("legal: http.response.start" in row for row in show.rows("inspector"))
        assert any("asgiviz rules HTTP-S-021" in row for row in show.rows("inspector"))
        show.screen.choose_connection(2)
        await show.settled()
        assert not any("asgiviz rules" in row for row in show.rows("inspector"))


@played
async def test_going_back_takes_findings_away_and_going_on_brings_them_back() -> None:
    """In the list, the tab, its title and the sequence; as if they had not been found yet."""
    async with recorded(raws_of(CONVERSATIONS), LARGE) as show:
        first, second = (one.at for one in show.feed.findings.all)
        assert "Findings 2" in show.text
        for upto, told in ((second - 1, 1), (first - 1, 0), (first, 1), (second, 2)):
            show.feed.go_to(upto)
            show.screen.draw_again()
            await show.until(lambda: show.feed.ledger.seq == upto, "the event")  # noqa: B023  # waited for at once
            show.screen.tick()
            await show.settled()
            assert show.pane("findings").count() > 0 if told else show.pane("findings").count() == 0
            assert len(show.pane("findings")._lines().found) == told
            assert sum("✖1" in row for row in show.rows("connections")) == told
            assert (f"Findings {told}" in show.text) is (told > 0)


@played
async def test_dropped_events_are_told() -> None:
    """What nobody could judge is counted on the border."""
    gap = (5_000_000, GAP, None, None, None, {"dropped": 1234})
    async with recorded([*raws_of(CONVERSATIONS), gap], MEDIUM) as show:
        await show.press("8")
        await show.until(lambda: "1,234 events were dropped unjudged" in show.text, "the count")


@played
async def test_a_wsgi_app_is_told_where_its_rules_are() -> None:
    """None of ASGI's is its own."""
    async with recorded([(0, WSGI_ENVIRON, 1, 0, None, {"environ": {"PATH_INFO": "/"}})], MEDIUM) as show:
        await show.press("8")
        assert "this is a WSGI app" in show.text


@played
async def test_search_and_filter_know_findings() -> None:
    """`~f` lists the connections that have some; a search finds the rule at its event."""
    async with recorded(raws_of(CONVERSATIONS), LARGE) as show:
        await show.press("/", *"~f", "enter")
        await show.until(lambda: show.pane("connections").roster.ids == [1, 3], "the filter")
        await show.press("escape", "/", *"~r HTTP-S-021", "enter")
        await show.until(lambda: show.pane("connections").roster.ids == [1], "the filter")
        await show.press("ctrl+f", *"http-s-021", "enter")
        await show.until(lambda: show.screen.seq == show.feed.findings.of(1)[0].at, "the hit")


@played
async def test_findings_come_while_the_app_runs_and_move_nothing() -> None:
    """The row of the connection and the tab have them; the cursor, the focus and what is in sight stay where they are."""
    async with running("asgiviz.demo.app:app", LARGE) as show:
        await show.get("/", "/broken")
        await show.until(lambda: len(show.feed.findings) == 1, "the finding")
        conn = show.conn_of("/broken")
        assert any("/broken" in row and "✖1" in row for row in show.rows("connections"))
        await show.press("8", "home")
        assert show.screen.conn == conn
        place = show.place
        await show.get("/broken", "/broken")
        await show.until(lambda: len(show.feed.findings) == 3, "two more")
        await show.settled()
        assert show.place == place
        assert "Findings 3" in show.text


@played
async def test_a_screen_that_stands_still_tells_of_no_finding_that_came_since() -> None:
    """It is judged all the same, and told when the screen goes on."""
    async with running("asgiviz.demo.app:app", LARGE) as show:
        await show.get("/")
        await show.press("space")
        assert show.mode == "paused"
        for raw in raws_of("http\nsend http.response.body -> RuntimeError\nraised RuntimeError"):
            show.feed.recorder.emit((show.feed.clock(), raw[1], 1_000, *raw[3:]))
        await show.until(lambda: show.screen.judging.behind <= 0, "the judge")
        assert len(show.feed.findings) == 0
        assert not any("✖" in row for row in show.rows("connections"))
        await show.press("space")
        await show.until(lambda: any("✖" in row for row in show.rows("connections")), "the finding")
        assert {one.conn for one in show.feed.findings.all} == {1_000}
