"""An explanation as lines: whole, readable, within its width, and safe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.protocol.glossary import ENTRIES, MEASURED_WITH, Entry, Kind, look_up, look_up_all
from asgiviz.views.explanation import contents, draw, draw_all, draw_words, unknown
from asgiviz.views.spans import Row, Span, spelt, text_of, width_of


def lines(rows: list[Row]) -> list[str]:
    """The rows as text."""
    return [text_of(row.spans).rstrip() for row in rows]


def entry_of(word: str) -> Entry:
    """The entry of a word that has one."""
    entry = look_up(word)
    assert entry is not None
    return entry


def test_an_explanation_says_what_it_is_where_it_is_written_and_who_differs() -> None:
    """Title, line, the rest, servers, specification, see also, and once what it was measured with."""
    shown = lines(draw(entry_of("1005"), 78))
    assert shown == [
        "1005                                                                close code",
        "No status received: the other side closed without giving a code.",
        "",
        "It is never on the wire: the receiving side puts it where a code is missing,",
        "so an app must not send it. JavaScript's socket.close() without arguments",
        "leads to it.",
        "",
        "Servers differ: uvicorn and granian say 1005 for a lost connection too.",
        "hypercorn says 1006 instead, and daphne None.",
        "",
        "Specification: RFC 6455, 7.4.1: Defined Status Codes",
        "https://www.rfc-editor.org/rfc/rfc6455.html#section-7.4.1",
        'See also: 1006, websocket.disconnect["code"]',
        "",
        "What servers do was measured with uvicorn 0.54, hypercorn 0.18, daphne 4.2 and",
        "granian 2.8, in November 2026.",
    ]


def test_what_no_server_does_differently_was_not_measured() -> None:
    """Without a remark on servers their versions are not named."""
    entry = entry_of("event loop")
    assert not entry.servers
    assert "hypercorn" not in " ".join(lines(draw(entry, 80)))


@pytest.mark.parametrize("width", [20, 40, 78, 118, 200])
def test_every_explanation_fits_and_is_whole(width: int) -> None:
    """No row is wider than asked, and no word of the text is lost."""
    for entry in ENTRIES:
        rows = draw(entry, width)
        assert max(width_of(row.spans) for row in rows) <= width
        shown = "".join("".join(lines(rows)).split())
        for text in (entry.line, entry.more, entry.servers, entry.section, entry.url, ", ".join(entry.see)):
            assert "".join(text.split()) in shown


def test_few_meanings_are_told_in_full_and_many_in_brief() -> None:
    """Of `path` each meaning is told; of `headers` the likeliest, and of the others a line; versions are named once."""
    few = look_up_all("path")
    shown = lines(draw_all(few, 100))
    assert all(entry.url in shown for entry in few)
    assert " ".join(shown).count(MEASURED_WITH) == 1
    first, *others = look_up_all("headers")
    assert len(others) > 2
    shown = lines(draw_all([first, *others], 100))
    assert first.url in shown
    assert sum("Specification:" in line for line in shown) == 1
    assert all(any(line.startswith(entry.word) for line in shown) for entry in others)


@pytest.mark.parametrize("width", [20, 40, 73, 118])
def test_many_words_stand_at_a_glance_before_more_is_said(width: int) -> None:
    """Every sentence stands before the first that says more, all in the order given; nothing is wider than asked or lost."""
    entries = [entry for entry in ENTRIES if entry.kind is Kind.WORD]
    rows = draw_words(entries, width)
    assert max(width_of(row.spans) for row in rows) <= width
    shown = "".join(" ".join(lines(rows)).split())
    place = shown.index("Moreabouteachofthem:")
    for entry in entries:
        place = shown.index("".join(entry.more.split()), place)
    if width > 60:  # each sentence in its own column
        first = [
            next(place for place, line in enumerate(lines(rows)) if line.startswith(f"{entry.word}  ")) for entry in entries
        ]
        assert first == sorted(first)
        assert lines(rows).index("More about each of them:") > first[-1]


def test_ten_words_and_their_sentences_fit_a_small_terminal() -> None:
    """In the 73 columns that a page leaves of 80, ten words take no more than the 20 rows that it leaves of 24."""
    entries = [entry_of(word) for word in (
        "ASGI", "WSGI", "event loop", "waitress", "uvicorn", "worker", "thread", "handler", "callback", "virtual clock",
    )]  # fmt: skip
    shown = lines(draw_words(entries, 73))
    assert shown.index("More about each of them:") <= 21
    assert shown[0] == "ASGI           Asynchronous Server Gateway Interface: how a Python server"
    assert shown[1] == "               and an app talk about a connection."


def test_a_word_of_asgiviz_is_not_said_to_be_specified() -> None:
    """It leads to our own page, and no specification is claimed."""
    shown = lines(draw(entry_of("lane"), 78))
    assert "Written in asgiviz: Look" in shown
    assert "docs/lessons.md#look" in shown
    assert not any("Specification" in line for line in shown)


@pytest.mark.parametrize("width", [20, 78, 118])
def test_the_contents_name_every_word_once(width: int) -> None:
    """The list holds each word, in columns that fit."""
    rows = contents(width)
    assert max(width_of(row.spans) for row in rows) <= width
    if width > 60:
        shown = "".join("".join(lines(rows)).split())
        assert all("".join(entry.word.split()) in shown for entry in ENTRIES)


@given(st.text(max_size=300))
def test_a_word_without_explanation_is_said_so_safely(word: str) -> None:
    """Whatever was asked for, the answer is short, printable, and can be spelt in ASCII."""
    said = unknown(word)
    assert width_of([Span(said)]) <= 240
    assert said.isprintable() or "\u3000" in word
    assert spelt(said).isascii()


def test_a_misspelt_word_gets_a_hint() -> None:
    """The sentence names what may have been meant."""
    said = unknown("websocket.sned")
    assert said.startswith("There is no explanation of “websocket.sned”. Did you mean websocket.send")
    assert said.endswith("?")
