"""The walk through a lesson: predict, run, look, change. Nothing can be run unpredicted, and nothing behind a gate is seen."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from asgiviz.course.asking import read_answer
from asgiviz.course.lesson import Ask, Go, Kind, Lesson, Practise, Prose
from asgiviz.course.metrics import METRICS
from asgiviz.course.progress import LessonProgress, Progress
from asgiviz.course.reading import read_pack
from asgiviz.course.walk import MOST_TRIES, State, Walk
from asgiviz.lessons_place import lessons_directory
from tests.course.packs import LittlePack, little_pack

FIGURES = {"asgi.makespan": 0.512, "asgi.overlap": 10.0}


@pytest.fixture
def walk(pack: LittlePack) -> Walk:
    """A walk at its beginning."""
    read = pack.read()
    return Walk(read.lessons[0], LessonProgress(), {"cores": 2.0}, read.misconceptions)


def predicted(walk: Walk, option: str = "b", number: str = "0.5") -> Walk:
    """The walk with both of its predictions given."""
    walk.choose("p1", option)
    walk.be_sure("p1", 3)
    walk.choose("p2", number)
    return walk


def went(walk: Walk, option: str = "b", number: str = "0.5") -> Walk:
    """The walk with its first run made, as the author wrote it."""
    predicted(walk, option, number).ran("one", FIGURES)
    return walk


def test_a_question_hides_what_is_behind_it(walk: Walk) -> None:
    """Only the blocks up to the first question are in sight; the next question comes with the answer to it."""
    assert walk.in_sight()[-1] == walk.gate() == Ask("p1")
    walk.choose("p1", "b")
    assert walk.in_sight()[-1] == Ask("p1")
    walk.be_sure("p1", 2)
    assert walk.in_sight()[-1] == Ask("p2")
    walk.choose("p2", "1")
    assert walk.in_sight()[-1] == Go("one")


def test_run_is_locked_until_a_prediction_with_its_confidence_is_given(walk: Walk) -> None:
    """An answer without how sure somebody is does not open the run."""
    assert walk.locked_by("one") == "p1"
    walk.choose("p1", "a")
    assert (walk.state_of("p1"), walk.may_run("one")) == (State.CHOSEN, False)
    with pytest.raises(ValueError, match="Say first"):
        walk.ran("one", FIGURES)
    walk.be_sure("p1", 1)
    assert walk.locked_by("one") == "p2"
    walk.choose("p2", "3 s")
    assert walk.may_run("one")


def test_a_prediction_can_be_changed_until_its_run_shows(walk: Walk) -> None:
    """Before the run another answer takes the place of the first, and asks for its confidence; after it none does."""
    predicted(walk, "a")
    walk.choose("p1", "c")
    assert not walk.may_run("one")
    walk.be_sure("p1", 2)
    walk.ran("one", FIGURES)
    assert walk.state_of("p1") is State.WRONG
    with pytest.raises(ValueError, match="cannot be changed"):
        walk.choose("p1", "b")


def test_what_was_said_stands_beside_what_it_was(walk: Walk) -> None:
    """The measured number and the answer are told in one line, with the numbers of the run as it was written."""
    went(walk, "a", "5")
    assert walk.said_and_was("p1") == "You said “after 5.0 s”. It was 0.51 s."
    assert walk.said_and_was("p2") == "You said 5 s. It was 0.5 s."
    assert (walk.state_of("p1"), walk.state_of("p2")) == (State.WRONG, State.WRONG)
    assert walk.reply("p1") == "Not one by one. They wait together."


def test_nothing_is_told_before_the_run(walk: Walk) -> None:
    """A prediction that waits for its run has no verdict, no note and no measured number."""
    predicted(walk, "a")
    assert (walk.said_and_was("p1"), walk.reply("p1"), walk.note_for("p1")) == ("", "", None)
    assert walk.fill("{metric:one.makespan|.2f} s") == "… s"


def test_a_wrong_answer_opens_the_note_on_its_belief(walk: Walk) -> None:
    """The note is that of the option which was chosen; a right answer has none."""
    went(walk, "a")
    note = walk.note_for("p1")
    assert note is not None
    assert note.code == "one-at-a-time"
    assert walk.note_for("p2") is None


@pytest.mark.parametrize(
    ("said", "state"), [("0.5", State.RIGHT), ("0,55", State.RIGHT), (".6", State.WRONG), ("0.5 s", State.RIGHT)]
)
def test_a_number_is_right_within_its_tolerance(walk: Walk, said: str, state: State) -> None:
    """A share of what is expected may be missing; a comma and the unit may be written."""
    went(walk, number=said)
    assert walk.state_of("p2") is state


@pytest.mark.parametrize("text", ["", "d", "4", "-1", "b c", "²"])
def test_what_is_no_option_is_answered_with_the_options(walk: Walk, text: str) -> None:
    """The sentence says what can be typed."""
    with pytest.raises(ValueError, match="Answer with a, b or c"):
        walk.choose("p1", text)


def test_an_option_is_chosen_by_its_id_its_letter_or_its_number(pack: LittlePack) -> None:
    """Whatever its id is, the first option is also a and 1; an id goes before a place."""
    pack.change("lesson.md", '{ id = "c", text = "all" }', '{ id = "every", text = "all" }')
    pack.change("lesson.md", 'answer = "c"', 'answer = "every"')
    question = pack.lesson().questions["q1"]
    assert [read_answer(question, text) for text in ("a", "2", " EVERY", "c", "3)")] == ["a", "b", "every", "every", "every"]


@pytest.mark.parametrize("text", ["", "soon", "nan", "inf", "1e9", "9" * 30])
def test_what_is_no_number_is_answered_with_an_example(walk: Walk, text: str) -> None:
    """The sentence shows a number."""
    walk.choose("p1", " B) ")
    walk.be_sure("p1", 3)
    with pytest.raises(ValueError, match=r"Write a number, for example 1\.5 s"):
        walk.choose("p2", text)


def test_an_observation_is_asked_again_until_it_is_right(walk: Walk) -> None:
    """A wrong observation says where to look, keeps back why, counts the try, and can be answered again."""
    went(walk)
    assert walk.choose("o1", "b") is State.WRONG
    assert walk.look_again("o1").startswith("Not so. Look again at the moment of: requests open at the same time")
    assert walk.reply("o1") == "Count the bars."
    assert (walk.gate(), walk.can_go_on) == (Ask("o1"), False)
    assert walk.choose("o1", "a") is State.RIGHT
    assert walk.progress.answers["o1"].tries == 2
    assert (walk.look_again("o1"), walk.can_go_on) == ("", True)
    assert walk.reply("o1") == "All of them are in the room."


def test_an_observation_of_a_number_gives_way_in_the_end(pack: LittlePack) -> None:
    """Nobody is kept for ever by a number; after some tries the lesson goes on."""
    text = (pack.lesson_directory / "lesson.md").read_text(encoding="utf-8")
    start, end = text.index('answer = "a"'), text.index("[[quiz]]")
    pack.write("lesson.md", text[:start] + 'expects = "clients"\n\n' + text[end:])
    walk = went(Walk(pack.lesson(), LessonProgress()))
    for _ in range(MOST_TRIES):
        assert walk.gate() == Ask("o1")
        walk.choose("o1", "3")
    assert walk.can_go_on


def test_a_quiz_is_judged_at_once_and_once(walk: Walk) -> None:
    """A wrong answer of the quiz is told at once, and stays."""
    went(walk).choose("o1", "a")
    walk.next_page()
    walk.next_page()
    assert walk.choose("q1", "1") is State.WRONG
    with pytest.raises(ValueError, match="You have answered"):
        walk.choose("q1", "c")


def test_a_question_that_is_not_in_sight_cannot_be_answered(walk: Walk) -> None:
    """What is behind a gate, or on another page, is not asked yet."""
    for id_ in ("p2", "o1", "q1"):
        with pytest.raises(ValueError, match="not asked yet"):
            walk.choose(id_, "a")
    with pytest.raises(ValueError, match="Answer the question first"):
        walk.next_page()


def test_the_exercise_may_wait_and_the_lesson_is_finished_with_it(walk: Walk) -> None:
    """The next page opens without the exercise; the lesson is over when that is passed, too."""
    went(walk).choose("o1", "a")
    walk.next_page()
    assert (walk.gate(), walk.can_go_on) == (Practise(), True)
    walk.next_page()
    walk.choose("q1", "c")
    walk.exercise_graded(False, at=1.0)
    before = walk.finished
    walk.exercise_graded(True, at=2.0)
    walk.exercise_graded(False, at=3.0)
    progress = walk.progress
    assert (before, walk.finished) == (False, True)
    assert (progress.attempts, progress.passed_at, progress.finished_at) == (3, 2.0, 2.0)


def test_hints_come_one_by_one_and_are_counted(walk: Walk) -> None:
    """Each call gives the next hint; then there are no more."""
    assert [walk.hint("quick") for _ in range(3)] == ["Look at the axis.", "Who waits for whom?", None]
    assert walk.hints_given("quick") == ("Look at the axis.", "Who waits for whom?")
    assert (walk.hints_given("together"), walk.progress.hints) == ((), {"quick": 2})


def test_a_broken_claim_leaves_the_predictions_unjudged(walk: Walk) -> None:
    """A run that did not come out as it should says so; its predictions wait for one that did, and nobody is stuck."""
    claim = walk.lesson.experiments["one"].claims[0]
    predicted(walk).ran("one", {"asgi.makespan": 3.0}, broken_claims=[claim])
    assert "it was 3" in walk.doubt("one")
    assert (walk.state_of("p1"), walk.said_and_was("p1")) == (State.SEALED, "")
    assert walk.gate() == Ask("o1")
    walk.ran("one", FIGURES)
    assert (walk.doubt("one"), walk.state_of("p1")) == ("", State.RIGHT)


def test_knobs_are_turned_after_the_run_as_it_was_written(walk: Walk) -> None:
    """What was predicted is run first; then knobs go through their values, stop at the ends, and come back."""
    with pytest.raises(ValueError, match="Run it once as it is"):
        walk.turn("one", "clients", +1)
    went(walk)
    assert [walk.turn("one", "clients", +1) for _ in range(2)] == [20, 20]
    assert [walk.turn("one", "clients", -1) for _ in range(3)] == [10, 5, 5]
    assert walk.settings("one")["clients"] == 5
    walk.reset("one")
    assert walk.settings("one")["clients"] == 10
    with pytest.raises(ValueError, match="no knob"):
        walk.turn("one", "chunk", 1)


def test_a_changed_run_changes_neither_the_text_nor_what_was_said(walk: Walk) -> None:
    """The text speaks of the run as it is written, and so does the prediction; what was changed stands beside the run."""
    went(walk, "a")
    walk.turn("one", "wait", +1)
    walk.ran("one", {"asgi.makespan": 1.02}, walk.settings("one"))
    assert walk.fill("{value:wait|.1f}: {metric:one.makespan|.2f}") == "0.5: 0.51"
    assert walk.progress.runs["one"].figures == {"asgi.makespan": 1.02}
    assert walk.said_and_was("p1") == "You said “after 5.0 s”. It was 0.51 s."


def test_the_clock_of_a_run_can_be_switched(walk: Walk) -> None:
    """Virtual, real, and back to what the author wrote."""
    assert walk.clock("one") == "virtual"
    assert walk.switch_clock("one") == walk.clock("one") == "real"
    walk.reset("one")
    assert walk.clock("one") == "virtual"


def test_all_predictions_are_recalled(walk: Walk) -> None:
    """At the end: what was said, what it was, whether it was right, and how sure."""
    went(walk, "a")
    assert [(each.question.id, each.said, each.was, each.right, each.confidence) for each in walk.recall()] == [
        ("p1", "“after 5.0 s”", "0.51 s", False, 3),
        ("p2", "0.5 s", "0.5 s", True, None),
    ]


def test_a_walk_goes_on_where_it_was_left(walk: Walk, tmp_path: Path) -> None:
    """With the progress of a file everything is as it was: page, answers, numbers."""
    went(walk, "a").choose("o1", "a")
    walk.next_page()
    saved = Progress(tmp_path / "progress.json")
    saved.lesson("little", "01-little").__dict__.update(vars(walk.progress))
    saved.save()
    again = Walk(walk.lesson, Progress.load(saved.path).lesson("little", "01-little"), walk.names, walk.misconceptions)
    assert (again.page_index, again.said_and_was("p1")) == (1, walk.said_and_was("p1"))
    assert again.fill("{metric:one.makespan|.2f}") == "0.51"


def test_an_answer_that_the_lesson_no_longer_has_is_asked_again(pack: LittlePack, walk: Walk) -> None:
    """When an option is gone, or became a number, or the page is gone, the walk begins there anew."""
    went(walk, "c")
    walk.progress.page = 99
    walk.progress.answers["p2"].said = "b"
    pack.change("lesson.md", '{ id = "c", text = "never"', '{ id = "d", text = "never"')
    again = Walk(pack.lesson(), walk.progress)
    assert (again.page_index, again.state_of("p1"), again.state_of("p2")) == (2, State.OPEN, State.OPEN)


class WalkMachine(RuleBasedStateMachine):
    """Somebody who presses any key at any time."""

    lesson: Lesson

    @initialize()
    def begin(self) -> None:
        """A lesson, at its beginning."""
        with tempfile.TemporaryDirectory() as directory:
            self.lesson = little_pack(Path(directory)).lesson()
        self.walk = Walk(self.lesson, LessonProgress(), {"cores": 2.0})
        self.complete: set[str] = set()

    @rule(id_=st.sampled_from(["p1", "p2", "o1", "q1"]), text=st.sampled_from(["a", "b", "c", "1", "0.5", "x"]))
    def choose(self, id_: str, text: str) -> None:
        """Answer anything with anything."""
        before = self.walk.state_of(id_)
        try:
            self.walk.choose(id_, text)
        except ValueError:
            assert self.walk.state_of(id_) is before
            return
        self.complete.discard(id_)
        self.complete |= {id_} if not self.lesson.questions[id_].confidence else set()

    @rule(id_=st.sampled_from(["p1", "p2", "o1", "q1"]), confidence=st.integers(0, 4))
    def be_sure(self, id_: str, confidence: int) -> None:
        """Be sure of anything."""
        try:
            self.walk.be_sure(id_, confidence)
        except ValueError:
            return
        self.complete.add(id_)

    @rule(makespan=st.floats(0.1, 9), doubted=st.booleans())
    def run(self, makespan: float, doubted: bool) -> None:
        """Press Run, whatever is said."""
        claims = self.lesson.experiments["one"].claims if doubted else ()
        allowed = {"p1", "p2"} <= self.complete
        try:
            self.walk.ran("one", {"asgi.makespan": makespan}, broken_claims=claims)
        except ValueError:
            assert not allowed
        else:
            assert allowed

    @rule(by=st.sampled_from([-1, 1]), knob=st.sampled_from(["clients", "wait"]))
    def turn(self, by: int, knob: str) -> None:
        """Turn a knob."""
        try:
            value = self.walk.turn("one", knob, by)
        except ValueError:
            assert "one" not in self.walk.progress.runs
        else:
            assert value in next(each for each in self.lesson.experiments["one"].knobs if each.name == knob).values

    @rule(forward=st.booleans())
    def leaf(self, forward: bool) -> None:
        """Go to another page."""
        passable = self.walk.can_go_on if forward else self.walk.page_index > 0
        before = self.walk.page_index
        try:
            (self.walk.next_page if forward else self.walk.previous_page)()
        except ValueError:
            assert not passable
        else:
            assert passable
            assert self.walk.page_index == before + (1 if forward else -1)

    @rule(passed=st.booleans())
    def grade(self, passed: bool) -> None:
        """Have the exercise graded."""
        self.walk.exercise_graded(passed)

    @precondition(lambda self: hasattr(self, "walk"))
    @invariant()
    def nothing_behind_a_gate_is_in_sight(self) -> None:
        """All blocks in sight but the last are done, and the last is the gate or the end of the page."""
        seen = self.walk.in_sight()
        assert all(self.walk.is_done(block) for block in seen[:-1])
        gate = self.walk.gate()
        everything = [block for block in self.walk.page.blocks if not (isinstance(block, Prose) and block.audience)]
        assert seen[-1] == gate if gate is not None else list(seen) == everything

    @precondition(lambda self: hasattr(self, "walk"))
    @invariant()
    def nobody_knows_before_the_run(self) -> None:
        """No prediction is right or wrong before its run was made, and none may be run that is not complete."""
        walk: Any = self.walk
        for question in self.lesson.questions.values():
            if question.kind is Kind.PREDICT and "one" not in walk.progress.runs:
                assert walk.state_of(question.id) in (State.OPEN, State.CHOSEN, State.SEALED)
        assert not walk.may_run("one") or {"p1", "p2"} <= self.complete
        assert not walk.finished or {"p1", "p2", "o1", "q1"} <= set(walk.progress.answers)


WalkMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30)
TestWalkMachine = WalkMachine.TestCase


@pytest.mark.parametrize("lesson", read_pack(lessons_directory(), official=True).lessons, ids=lambda lesson: lesson.id)
def test_every_lesson_can_be_walked_to_its_end(lesson: Lesson) -> None:
    """Somebody who predicts wrong and looks twice gets through, and every number of the text and the answers is filled in."""
    walk = Walk(lesson, LessonProgress(), {"cores": 2.0})
    for _ in range(200):
        gate = walk.gate()
        match gate:
            case Ask(question=id_):
                _answer(walk, id_)
            case Go(run=id_):
                sides = lesson.experiments[id_].sides
                walk.ran(id_, {f"{side.id}.{name}": 1.5 for side in sides for name in METRICS})
            case Practise():
                walk.exercise_graded(True)
            case _:
                assert [text for text in map(walk.fill, _prose(walk)) if "…" in text or "{metric" in text] == []
                if not walk.can_go_on:
                    break
                walk.next_page()
    assert walk.finished
    assert all(each.was and each.right is not None for each in walk.recall())


def _prose(walk: Walk) -> list[str]:
    return [block.text for block in walk.in_sight() if isinstance(block, Prose)]


def _answer(walk: Walk, question_id: str) -> None:
    """Answer wrong, where there is a second chance or no harm in it; else right."""
    question = walk.lesson.questions[question_id]
    texts = [question.text, *(option.text for option in question.options)]
    assert [text for text in texts if "{value" in walk.fill_question(question_id, text)] == []
    wrong = next((option.id for option in question.options if option.id != question.answer), "1")
    again = question.kind is Kind.OBSERVE and walk.state_of(question_id) is State.WRONG
    walk.choose(question_id, question.answer if again and question.answer else wrong)
    if question.confidence:
        walk.be_sure(question_id, 2)
