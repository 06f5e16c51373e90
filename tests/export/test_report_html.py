"""The page of a learner's runs: it tells what was done, everybody can read it, and no text breaks out of its place."""

from __future__ import annotations

import copy
import datetime
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from asgiviz.course.lesson import Pack
from asgiviz.course.progress import Answer, Progress, Ran
from asgiviz.course.run_record import RunRecord
from asgiviz.course.walk import Walk
from asgiviz.export.html import tag
from asgiviz.export.report_html import Here, begun, render
from asgiviz.export.report_lesson import Again
from asgiviz.export.stylesheet import DARK, GROUNDS, LIGHT, LINES, TEXTS, style_sheet
from asgiviz.export.timeline_html import MOST_LANES, MOST_ROWS
from asgiviz.views.text import safe
from tests.course.packs import LittlePack, little_pack
from tests.export.rules import Page, complaints
from tests.views.staged import Script, looping, threaded

AT = 1_800_000_000.0
HERE = Here(AT, "1.2", "CPython 3.11.7", "Linux x86_64", 2, datetime.UTC)
FIGURES = {"asgi.makespan": 0.512, "asgi.overlap": 10.0}
#: Pieces of what could break out of its place, or out of the order of the page.
PIECES = [
    "<script>alert(1)</script>", "</td></table>", "<b>", "<!--", "]]>", '" onload="x', "'", "&lt;", "&", "<", ">",
    "![x](http://y.example/z.png)", "[x](javascript:alert(1))", "<http://y.example>", "\n\n# x\n\n", "x\n===\n", "\n\n---\n\n",
    "\n\n```html\n<i>\n```\n", "`", "**", "\n\n- ", "\n\n> ", "\n\n| a |\n|---|\n| b |\n\n",
    "\x00", "\x1b[31m", "\u202e", "\ud800", "é",
]  # fmt: skip
NASTY = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=6).map("".join)


@pytest.fixture
def pack(tmp_path: Path) -> LittlePack:
    """A pack with one valid lesson."""
    return little_pack(tmp_path)


@pytest.fixture
def read(pack: LittlePack) -> Pack:
    """The little pack, read."""
    return pack.read()


def learned(pack: Pack, wrong: bool = True) -> Progress:
    """Somebody who is through the little lesson, with one prediction that was certain and (if `wrong`) not so."""
    progress = Progress(Path("nowhere"))
    walk = Walk(pack.lessons[0], progress.lesson(pack.id, pack.lessons[0].id), {"cores": 2.0}, pack.misconceptions)
    walk.choose("p1", "a" if wrong else "b", AT)
    walk.be_sure("p1", 3, AT)
    walk.choose("p2", "0.5", AT)
    walk.ran("one", FIGURES, at=AT, clock="virtual")
    walk.choose("o1", "b", AT)
    walk.choose("o1", "a", AT)
    walk.next_page()
    walk.hint("together")
    walk.exercise_graded(False, AT)
    walk.exercise_graded(True, AT)
    walk.next_page()
    walk.choose("q1", "c", AT)
    assert walk.finished
    return progress


def cells(page: str, caption: str) -> list[list[str]]:
    """The rows of the table with this caption, without the heads."""
    (found,) = [each for each in Page(page).root.all("table") if each.all("caption")[0].text.startswith(caption)]
    return [[cell.text for cell in row.all("th", "td")] for row in found.all("tr")[1:]]


def test_the_top_says_in_a_sentence_what_was_done(read: Pack) -> None:
    """Lessons that are finished, predictions that were right, and those that were certain and wrong are counted."""
    root = Page(render(read, learned(read), HERE)).root
    lead = next(each for each in root.all("p") if each.attributes.get("class") == "lead")
    assert lead.text == "1 of 1 lesson finished, 1 of 2 predictions right; certain and wrong: 1."
    assert cells(render(read, learned(read, wrong=False), HERE), "How sure") == [["Certain", "1", "0"], ["Not asked", "1", "0"]]


def test_a_prediction_stands_beside_what_it_was(read: Pack) -> None:
    """What was said, how sure, what was measured, and a verdict in words; a wrong one has the note on its belief."""
    page = render(read, learned(read), HERE)
    assert cells(page, "Predictions") == [
        ["When is the last of them done?", "“after 5.0 s”", "certain", "0.51 s", "✗ not so"],
        ["How long does one of them wait?", "0.5 s", "not asked", "0.5 s", "✓ right"],
    ]
    notes = next(each for each in Page(page).root.all("ul") if each.attributes.get("class") == "notes").text
    assert "Not one by one." in notes
    assert "One after the other." in notes
    assert "They wait together." in notes


def test_what_was_measured_has_its_units_settings_time_and_clock(read: Pack) -> None:
    """The figures of the last run are in a table; above it stands what it was made with, when, and on which clock."""
    page = render(read, learned(read), HERE)
    assert cells(page, "All at once: measured in your last run") == [
        ["The last client was served after", "0.51 s"],
        ["Requests open at the same time, at most", "10"],
    ]
    assert "10 clients · wait 0.5 s. Run once, on 15 January 2027, 08:00, on the virtual clock." in Page(page).root.text
    assert '<time datetime="2027-01-15T08:00:00+00:00">' in page


def test_exercise_quiz_and_the_honest_sentence_are_told(read: Pack) -> None:
    """Attempts, hints by their check, tries of an observation, answers of the quiz, and what the lesson did not say."""
    page = render(read, learned(read), HERE)
    text = Page(page).root.text
    assert "✓ passed on 15 January 2027, 08:00. 2 attempts." in text
    assert cells(page, "Hints") == [["All must be open at once.", "1 of 2"]]
    assert cells(page, "Questions on what") == [["How many are open at once?", "“10”", "2", "✓ right"]]
    assert cells(page, "Answers to the questions") == [["Who waits?", "“all”", "✓ right"]]
    assert "To be honest: This lesson is little." in text


def test_a_prediction_without_its_run_is_not_told(read: Pack) -> None:
    """Before the run a page gives nothing away: no verdict, no note, and no question that was not answered."""
    progress = Progress(Path("nowhere"))
    known = progress.lesson(read.id, read.lessons[0].id)
    known.answers["p1"] = Answer("a", 3, AT)
    page = render(read, progress, HERE)
    assert cells(page, "Predictions") == [
        ["When is the last of them done?", "“after 5.0 s”", "certain", "not run yet", "… open"]
    ]
    assert "Who waits?" not in page
    assert 'class="notes"' not in page
    assert complaints(page) == []


def test_rendering_changes_no_progress(read: Pack) -> None:
    """The page a learner stands on, and everything else, is as it was."""
    progress = learned(read)
    before = copy.deepcopy(progress.as_dict())
    render(read, progress, HERE)
    assert progress.as_dict() == before


def test_only_lessons_in_which_something_was_done_are_begun(read: Pack) -> None:
    """To open a lesson is not yet to begin it; an answer is."""
    progress = Progress(Path("nowhere"))
    progress.lesson(read.id, read.lessons[0].id).fingerprint = "sha256:0"
    assert begun(read, progress) == []
    progress.lesson(read.id, read.lessons[0].id).answers["p1"] = Answer("a")
    assert begun(read, progress) == [read.lessons[0]]


def run_of(clients: int, blocking: bool = False) -> RunRecord:
    """A run with a WSGI side of one thread and an ASGI side."""
    script = Script(clients=clients)
    threaded(script, clients)
    looping(script, clients, blocking=blocking)
    return script.record()


ONE = ("01-little", "one")
AGAIN: list[Mapping[tuple[str, str], Again] | None] = [
    None,
    {ONE: Again(run_of(3), at=AT)},
    {ONE: Again(run_of(MOST_LANES + 1, blocking=True), remark="Because.")},
    {ONE: Again(RunRecord())},
    {ONE: Again(None, "It <broke>")},
]


@pytest.mark.parametrize("again", AGAIN, ids=["remembered", "three", "many", "empty", "failed"])
def test_the_page_can_be_read_by_everybody(read: Pack, again: Mapping[tuple[str, str], Again] | None) -> None:
    """One h1, no level left out, tables with captions and headings, pictures with text, links that lead somewhere."""
    assert complaints(render(read, learned(read), HERE, again=again)) == []


def test_a_run_that_was_made_again_has_its_timeline_as_a_table(read: Pack) -> None:
    """For each client: when it stood in line and was in the app, how long the app ran, when it was answered, with what."""
    page = render(read, learned(read), HERE, again={ONE: Again(run_of(3), at=AT)})
    assert cells(page, "WSGI: every client") == [
        ["1", "0.000 to 0.003", "0.003 to 0.503", "0.500", "0.504", "200"],
        ["2", "0.000 to 0.503", "0.503 to 1.003", "0.500", "1.004", "200"],
        ["3", "0.000 to 1.003", "1.003 to 1.503", "0.500", "1.504", "200"],
    ]
    pictures = [each for each in Page(page).root.all("svg") if each.attributes.get("role") == "img"]
    assert [len(each.all("rect")) >= 3 for each in pictures] == [True, True]
    text = Page(page).root.text
    assert "Client 1 was served first, after 0.504 s; client 3 last, after 1.504 s. Client 3 stood in line" in text


def test_a_long_table_is_folded_and_a_tall_picture_is_cut_and_says_so(read: Pack) -> None:
    """Every client is in the table; the picture has the first, and says how many there are."""
    page = render(read, learned(read), HERE, again={ONE: Again(run_of(MOST_LANES + 1))})
    assert len(cells(page, "WSGI: every client")) == MOST_LANES + 1 > MOST_ROWS
    assert f"The picture has the first {MOST_LANES} of {MOST_LANES + 1} clients." in Page(page).root.text
    assert len(Page(page).root.all("details")) == 2


def test_a_run_that_could_not_be_made_again_says_why(read: Pack) -> None:
    """The sentence stands where the timeline would."""
    page = render(read, learned(read), HERE, again={ONE: Again(None, "apps/waits.py cannot be imported")})
    assert "Made again for this page: it failed. apps/waits.py cannot be imported." in Page(page).root.text


# -- any text ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The little pack, read once."""
    return little_pack(tmp_path_factory.mktemp("little")).read()


def rewritten(pack: Pack, text: str) -> Pack:
    """The pack with this text in every place of its authors."""
    (lesson,) = pack.lessons
    questions = {
        id_: replace(
            each,
            text=text,
            because=text,
            unit=text,
            options=tuple(replace(option, text=text, says=text) for option in each.options),
            reveal=each.reveal and replace(each.reveal, format=text.replace("{", "")),
        )
        for id_, each in lesson.questions.items()
    }
    experiments = {
        id_: replace(each, title=text, sides=tuple(replace(side, label=text) for side in each.sides))
        for id_, each in lesson.experiments.items()
    }
    checks = tuple(replace(check, message=text) for check in lesson.checks)
    beliefs = {code: replace(each, belief=text, note=text) for code, each in pack.misconceptions.items()}
    changed = replace(lesson, title=text, honest=text, questions=questions, experiments=experiments, checks=checks)
    return replace(pack, title=text, lang=text, lessons=(changed,), misconceptions=beliefs)


@settings(max_examples=60, deadline=None)
@example("\n\n".join(PIECES))
@example("\n\n".join(reversed(PIECES)))
@given(NASTY)
def test_no_text_of_an_author_breaks_out(little: Pack, text: str) -> None:
    """Whatever stands in a lesson: every tag is closed, nothing runs or is loaded, and the headings are those of the page."""
    progress, again = learned(little), {ONE: Again(run_of(2), text, text)}
    page = render(rewritten(little, f"x{text}"), progress, replace(HERE, machine=text, python=text), again=again)
    assert [each for each in complaints(page) if not each.endswith("leads nowhere")] == []  # an author may link to anything
    plain = render(rewritten(little, "x"), progress, HERE, again=again)
    assert outline(page) == outline(plain)
    page.encode()


def outline(page: str) -> list[str]:
    """The headings and tables of a page, in order."""
    return [each.name for each in Page(page).root.all("h1", "h2", "h3", "h4", "table", "section", "svg")]


@given(NASTY)
def test_a_text_is_read_back_as_it_was_shown(text: str) -> None:
    """A cell and an attribute hold the text itself, but for what cannot be seen."""
    shown = safe(" ".join(text.split("\n")))
    element = Page(tag("p", text, title=text)).root.all("p")[0]
    assert element.text == element.attributes["title"] == shown


@given(
    st.dictionaries(
        st.sampled_from(["p1", "p2", "o1", "q1", "gone"]),
        st.builds(Answer, NASTY | st.floats(allow_nan=False) | st.sampled_from("abc"), st.sampled_from([None, 1, 2, 3]))
        | st.builds(Answer, st.sampled_from("abc"), at=st.floats(0, 1e300), right=st.booleans(), was=st.floats(0, 1e300)),
    ),
    st.builds(Ran, st.dictionaries(st.sampled_from(["asgi.makespan", "x"]), st.floats(0, 1e300)), at=st.floats(-1e300, 1e300)),
    st.floats(-1e300, 1e300),
)
@settings(max_examples=60, deadline=None)
def test_any_progress_makes_a_page(little: Pack, answers: dict[str, Answer], ran: Ran, at: float) -> None:
    """What is remembered may be of another lesson, or of no time that a calendar has."""
    progress = Progress(Path("nowhere"))
    known = progress.lesson(little.id, little.lessons[0].id)
    known.answers, known.runs, known.passed_at, known.finished_at, known.page = answers, {"one": ran, "gone": ran}, at, at, 99
    assert complaints(render(little, progress, HERE)) == []


# -- how it looks ------------------------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_colour_has_enough_contrast(palette: Mapping[str, str]) -> None:
    """Texts have 4.5 to 1 with all that they stand on, lines that mean something 3 to 1."""
    for ground in GROUNDS:
        assert {
            name: contrast(palette[name], palette[ground]) for name in TEXTS if contrast(palette[name], palette[ground]) < 4.5
        } == {}
        assert {name for name in LINES if contrast(palette[name], palette[ground]) < 3} == set()


def test_the_style_sheet_uses_only_colours_of_the_palettes() -> None:
    """So the contrast that is tested is the one that is seen; on paper the ground is white."""
    rules = style_sheet().split("}", 1)[1].partition(":root{")[2].partition("}")[2]
    assert set(re.findall(r"#[0-9a-f]{3,6}\b", rules)) <= {"#fff"}
    assert set(re.findall(r"var\(--([a-z]+)\)", rules)) <= set(LIGHT) == set(DARK)
