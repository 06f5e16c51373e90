"""A grade as text, JSON and JUnit: the same facts in each, whatever the learner's app has said."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from asgiviz.course.grade_report import Circumstances, as_json, as_junit, as_text
from asgiviz.course.grading import not_graded
from tests.course.recordings import Recording, in_a_row, together
from tests.course.test_grading import BLOCKING, check, graded, lesson

ABOUT = Circumstances(tool="asgiviz 1.0", pack="core", attempts=2, hints_used=1)


def saying(body: bytes) -> Recording:
    """One client, who gets this."""
    run = Recording(clients=1)
    run.request(1, 0, 1, body)
    return run


def test_the_text_unfolds_the_first_failure_only() -> None:
    """What passed is a line each; the first failure has what was seen and its evidence; what waits is counted."""
    text = as_text(graded(BLOCKING, in_a_row(2).stall(1.0, 1000, 1)), ABOUT)
    assert text.splitlines() == [
        "Lesson 6 - exercise - attempt 2 - clock: virtual",
        "PASS  answers-right    1/1  all 2 clients",
        "PASS  legal            1/1  on each of 2 connections",
        "FAIL  overlap          0/2  overlap must hold.",
        "      saw 1, wanted >= 2 (clients)",
        "      evidence: client 1 open 0.00-1.00, client 2 open 1.00-2.00  held at app.py:7 time.sleep(1)",
        "      (1 more check is waiting: fix this one first)",
        "PASS  fast-enough      1/1  2.00 s",
        "Score 3/7.",
    ]


def test_a_passed_exercise_says_so() -> None:
    """The last line has the score and the good news."""
    assert as_text(graded(BLOCKING, together(3))).endswith("Score 7/7. Passed.\n")


def test_code_that_cannot_be_run_shows_its_sentence_and_its_whole_traceback() -> None:
    """No verdicts; the traceback keeps its lines, without what would move the terminal's cursor."""
    text = as_text(not_graded(BLOCKING, "app.py cannot be imported.", 'Traceback:\n  File "app.py"\nValueError: \x1b[2J'))
    lines = ["Lesson 6 - exercise", "app.py cannot be imported.", "Traceback:", '  File "app.py"', "ValueError: \\x1b[2J"]
    assert text.splitlines() == [*lines, "Score 0/7."]


def test_the_json_has_every_verdict_with_its_evidence() -> None:
    """A program reads the status, the score, and of each check what was seen, what was wanted and the events."""
    report = json.loads(as_json(graded(BLOCKING, in_a_row(3)), ABOUT))
    assert (report["status"], report["score"], report["max_score"], report["attempts"]) == ("fail", 4, 7, 2)
    overlap = report["tests"][2]
    assert (overlap["name"], overlap["status"], overlap["saw"], overlap["wanted"]) == ("overlap", "fail", "1", ">= 3 (clients)")
    assert overlap["evidence"]
    assert overlap["connections"] == [1, 2, 3]
    assert json.loads(as_json(not_graded(BLOCKING, "no")))["status"] == "error"


def test_junit_has_a_case_for_each_check() -> None:
    """Failures are failures, advice is skipped, code that cannot be run is an error in each case."""
    of = lesson(check("quick", "makespan", "<= 0.1", type_="actionable"), *BLOCKING.checks)
    suite = ET.fromstring(as_junit(graded(of, in_a_row(3)), ABOUT))[0]
    assert [case.get("name") for case in suite] == [each.id for each in of.checks]
    assert [suite.get(key) for key in ("tests", "failures", "errors", "skipped")] == ["6", "2", "0", "1"]
    suite = ET.fromstring(as_junit(not_graded(of, "no")))[0]
    assert [suite.get(key) for key in ("tests", "failures", "errors")] == ["6", "0", "6"]


@settings(max_examples=50)
@given(st.text(st.characters(exclude_categories=()), max_size=30))
def test_whatever_an_app_answers_each_form_stays_well_formed(text: str) -> None:
    """Control characters, markup and lone surrogates break neither the terminal nor JSON nor XML."""
    run, failed = saying(text.encode("utf-8", "surrogatepass")), not_graded(BLOCKING, f"it says {text}", text)
    for each in (graded(lesson(check("body", "clients", body="ok!")), run), failed):
        assert all(sign == "\n" or sign >= " " for sign in as_text(each))
        as_text(each).encode()
        assert json.loads(as_json(each))["lesson"] == BLOCKING.id
        ET.fromstring(as_junit(each).encode())
