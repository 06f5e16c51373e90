"""The text of a lesson is drawn safely at any width, from what the learner has done, and says what was said and what it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgiviz.course.expression import expression
from asgiviz.course.grading import Grade, Standing, Verdict, not_graded
from asgiviz.course.lesson import (
    Ask,
    Check,
    Exercise,
    Experiment,
    Go,
    Interface,
    Kind,
    Knob,
    Lesson,
    Misconception,
    Option,
    Page,
    Practise,
    Prose,
    Question,
    Reveal,
    ShowCode,
    Side,
)
from asgiviz.course.progress import LessonProgress
from asgiviz.course.walk import Walk
from asgiviz.views.lesson_text import Now, heading, honest, page, question, recall
from asgiviz.views.markdown_rows import markdown
from asgiviz.views.spans import SIGNS, Role, Row, text_of, width_of
from tests.views.drawing import fits

GOOD, BAD = "It waits **twice**.", "It waits once."
SIDES = (Side("wsgi", "WSGI", Interface.WSGI, "apps/w.py:app", 4), Side("asgi", "ASGI", Interface.ASGI, "apps/a.py:app"))


def walk(hostile: str = "") -> Walk:
    """A lesson with one of everything; `hostile` stands in every text."""
    asked = Question(
        "p1", Kind.PREDICT, f"When is the last one served?{hostile}",
        (Option("a", BAD + hostile, "belief", f"Not once.{hostile}"), Option("b", GOOD + hostile)),
        answer="b", run="one", reveal=Reveal("asgi.makespan", "{value:.2f} s"), confidence=True,
        because=f"Waits add up.{hostile}",
    )  # fmt: skip
    number = Question("q1", Kind.QUIZ, "How long?", expects=expression("clients * wait"), unit="s")
    run = Experiment("one", f"The run{hostile}", SIDES, knobs=(Knob("wait", (0.5, 1.0)), Knob("wsgi.threads", (1.0, 4.0))))
    checks = tuple(
        Check(id_, "one", "legal", f"It must {id_}.{hostile}", ("Look there.", "Think of it.")) for id_ in ("run", "end")
    )
    blocks = (Prose(f"# First\n\nSome `code` and *this*.{hostile}"), Ask("p1"), Go("one"), ShowCode("apps/a.py"))
    pages = (Page("First", blocks), Page("Last", (Practise(), Ask("q1"))))
    lesson = Lesson(
        "01-x", 1, "A lesson", Path(), pages, honest=f"Much was left out.{hostile}", questions={"p1": asked, "q1": number},
        experiments={"one": run}, checks=checks, exercise=Exercise("app.py", ("app.py",)),
    )  # fmt: skip
    note = Misconception("belief", f"Once is enough.{hostile}", f"It is **not**.{hostile}")
    return Walk(lesson, LessonProgress(), {"cores": 2}, {"belief": note})


def ran(hostile: str = "", answer: str = "a") -> Walk:
    """The same with a prediction given and its run made."""
    made = walk(hostile)
    made.choose("p1", answer)
    made.be_sure("p1", 2)
    made.ran("one", {"wsgi.makespan": 5.02, "asgi.makespan": 0.513})
    return made


def texts(rows: list[Row]) -> list[str]:
    return [text_of(row.spans).rstrip() for row in rows]


def all_of(rows: list[Row]) -> str:
    """The words of boxes and paragraphs, in one line."""
    return " ".join(" ".join(text.strip("│ ") for text in texts(rows)).split())


# -- Markdown ----------------------------------------------------------------------------------------------------------


@given(
    st.text(alphabet=st.sampled_from("ab *_`#>|-\n[]()!<&\\1.\t\x1b\u202e\u4f60\x00") | st.characters(), max_size=200),
    st.integers(1, 100),
)
def test_any_text_fits_and_is_safe(text: str, width: int) -> None:
    """Whatever it holds, no row is wider than it may be and nothing steers the terminal."""
    assert all(fits(row.spans, width) for row in markdown(text, width))


def test_markdown_is_drawn_as_it_is_meant() -> None:
    """Headings, lists, quotes, code, tables, links and emphasis."""
    source = "# Head\n\nSome **bold** and `code`.\n\n- one\n- two\n  1. in\n\n> said\n\n```\nx = 1\n```\n\n|a|b|\n|-|-|\n|1|2|\n\n[here](http://x.y)"
    assert texts(markdown(source, 60)) == [
        "Head", "━━━━", "", "Some bold and code.", "", "• one", "• two", "  1. in", "", "│ said", "", "▎ x = 1", "",
        "a │ b", "──┼──", "1 │ 2", "", "here (http://x.y)",
    ]  # fmt: skip
    assert [span.role for row in markdown("a **b** c", 20) for span in row.spans] == [Role.PLAIN, Role.STRONG, Role.PLAIN]


def test_words_are_wrapped_and_none_is_lost() -> None:
    """Put together again, the lines are the text."""
    source = " ".join(f"word{number}" for number in range(60))
    assert " ".join(texts(markdown(source, 31))) == source


# -- questions, runs, the exercise -------------------------------------------------------------------------------------


@given(st.text(max_size=60) | st.just("\x1b[31m [x](y) {metric:one.asgi.makespan} |"), st.integers(1, 130))
@settings(max_examples=40)
def test_every_page_fits_whatever_its_author_wrote(hostile: str, width: int) -> None:
    """Before the answer, after it and after the run, with a grade and without."""
    for made in (walk(hostile), ran(hostile)):
        now = Now("one", hostile, "one", hostile, {"one": hostile}, "wait", {"apps/a.py": hostile}, hostile, None, hostile)
        assert all(fits(row.spans, width) for row in page(made, width, now))
        assert all(fits(row.spans, width) for row in [*recall(made, width), *honest(made, width), *heading(made, width)])
    made.next_page()
    for grade in (graded(made.lesson, hostile), not_graded(made.lesson, hostile, hostile)):
        assert all(fits(row.spans, width) for row in page(made, width, Now(grade=grade, file=hostile)))


def graded(lesson: Lesson, said: str = "") -> Grade:
    """The first check holds not, the second waits."""
    first, second = lesson.checks
    return Grade(
        lesson,
        (
            Verdict(first, Standing.FAIL, f"1{said}", f">= 10{said}", (12,), (1,), f"held at app.py:7{said}"),
            Verdict(second, Standing.WAIT, "", ""),
        ),
        clock="virtual",
    )


def test_a_question_goes_from_open_to_what_it_was() -> None:
    """Open, chosen, sealed, wrong: each step says what can be done, and in the end what was said and what it was."""
    made = walk()
    assert "Choose with a or b." in all_of(question(made, "p1", 70))
    assert "( ) It waits once." in all_of(question(made, "p1", 70))
    assert "▶" not in all_of(page(made, 70))
    made.choose("p1", "a")
    assert "(•) It waits once." in all_of(question(made, "p1", 70))
    assert "1, 2 or 3" in all_of(question(made, "p1", 70))
    made.be_sure("p1", 2)
    assert "● ● ○ fairly sure" in all_of(question(made, "p1", 70))
    assert "given" in all_of(question(made, "p1", 70))
    assert "✓" not in all_of(question(made, "p1", 70))
    told = all_of(page(ran(), 70))
    assert "✗ a (•) It waits once." in told
    assert "✓ b ( ) It waits twice." in told
    assert "✗ Not so. You said “It waits once.”. It was 0.51 s. Not once. Waits add up." in told
    assert "Many think: Once is enough." in told
    assert "It is not." in told
    right = all_of(page(ran(answer="b"), 70))
    assert "✓ Right." in right
    assert "Many think" not in right


def test_a_run_shows_its_knobs_and_what_it_measured() -> None:
    """Before it is made nothing is measured; afterwards the figures stand beside their side; the knob that turns is marked."""
    made = walk()
    made.choose("p1", "a")
    made.be_sure("p1", 1)
    before = all_of(page(made, 70))
    assert "10 clients · wait 0.5 s · 4 wsgi threads" in before
    assert "enter run" in before
    assert "measured" not in before
    after = texts(page(ran(), 70, Now(knob="wait")))
    assert any("[wait 0.5 s]" in row and "+ - change" in row for row in after)
    place = next(index for index, row in enumerate(after) if "the last client was served after" in row)
    assert "WSGI  5.02 s" in after[place + 1]
    assert "ASGI  0.51 s" in after[place + 2]
    assert "serving 3 of 10" in all_of(page(ran(), 70, Now(running="one", phase="serving 3 of 10")))
    assert "✗ The app raised." in all_of(page(ran(), 70, Now(troubled="one", trouble="The app raised.")))


def test_the_exercise_unfolds_what_failed_first() -> None:
    """Saw, wanted and evidence of the first; the other waits; hints as far as they were asked for."""
    made = ran()
    made.next_page()
    assert "· It must run." in all_of(page(made, 70))
    made.hint("run")
    told = all_of(page(made, 70, Now(grade=graded(made.lesson), file="work/app.py")))
    assert "✗ It must run. saw 1 wanted >= 10 evidence held at app.py:7 hint 1 of 2 Look there." in told
    assert "· It must end." in told
    assert "Think of it" not in told
    assert "1 more check waits" in told
    assert "work/app.py" in told
    frame = '  File "/work/app.py", line 3, in app\n    1 / 0\n'
    trace = f"Traceback (most recent call last):\n{frame}ZeroDivisionError: division by zero\n"
    told = all_of(page(made, 70, Now(grade=not_graded(made.lesson, "Your file raised.", trace))))
    assert "✗ Your file raised." in told
    assert "app.py:3 in app" in told
    assert "ZeroDivisionError" in told


def test_the_end_recalls_what_was_thought() -> None:
    """What was predicted, how sure, and what it was; and what the lesson did not say."""
    made = ran()
    assert "✗ You said “It waits once.” (fairly sure). It was 0.51 s." in all_of(recall(made, 70))
    assert all_of(honest(made, 70)) == "To be honest: Much was left out."


def test_a_number_is_asked_for_without_options() -> None:
    """It says how to answer, and shows the answer with its unit."""
    made = ran()
    made.next_page()
    made.exercise_graded(passed=True)
    assert "Type a number" in all_of(page(made, 70))
    made.choose("q1", "5")
    assert "your answer: 5 s" in all_of(page(made, 70))
    assert "✓ Right." in all_of(page(made, 70))
    assert "What you thought before" in all_of(page(made, 70))


@pytest.mark.parametrize("width", [40, 76, 120])
def test_boxes_are_closed(width: int) -> None:
    """Every row of a box is as wide as its edges, in signs that have an ASCII twin."""
    rows = question(ran(), "p1", width)
    edges = [index for index, row in enumerate(texts(rows)) if row.startswith(("┌", "└"))]
    assert len({width_of(row.spans) for row in rows[edges[0] : edges[1] + 1]}) == 1
    assert all(character.isascii() or character in SIGNS for row in rows for character in text_of(row.spans))
