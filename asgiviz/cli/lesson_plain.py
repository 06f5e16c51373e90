"""``asgiviz lesson --plain``: a lesson as a conversation, driven by the same walk as the screen and kept in the same file."""

from __future__ import annotations

import sys
from pathlib import Path
from time import time

from asgiviz.cli.conversation import Conversation, MuteError, Over, Turn, TurnTo
from asgiviz.cli.learning import INTERRUPTED, USAGE, forget_output, machine_names, save, say, standard_output
from asgiviz.cli.lesson_plain_exercise import PlainExercise
from asgiviz.cli.lesson_plain_runs import PlainRuns
from asgiviz.cli.lesson_screen import take_clock
from asgiviz.cli.look import Look
from asgiviz.course.lesson import Ask, Block, Go, Kind, Lesson, Pack, Practise, Prose, Question, ShowCode
from asgiviz.course.progress import Progress
from asgiviz.course.walk import State, Walk
from asgiviz.views import lesson_linear
from asgiviz.views.lesson_text import SURE
from asgiviz.views.markdown_rows import markdown
from asgiviz.views.spans import Role, Row, Span

_SURE = ", ".join(f"{place} {words}" for place, words in SURE.items())


def read_aloud(pack: Pack, lesson: Lesson, progress: Progress, look: Look, clock: str | None) -> int:
    """Hold the conversation; gives the exit code. The end of input is a good end."""
    talk = Conversation(look, None if sys.stdin is None else sys.stdin.buffer, standard_output())
    if progress.warning:
        say(progress.warning)
    plain = PlainLesson(pack, lesson, progress, talk, clock)
    try:
        plain.hold()
    except KeyboardInterrupt:
        talk.say()
        plain.take_leave()
        return INTERRUPTED
    except BrokenPipeError:  # the reader has heard enough, as in `| head`
        forget_output()
    except MuteError as error:
        forget_output()
        say(f"standard output cannot be written to: {error}")
        return USAGE
    finally:
        save(progress)
    return 0


class PlainLesson:
    """One lesson, page by page and block by block."""

    def __init__(self, pack: Pack, lesson: Lesson, progress: Progress, talk: Conversation, clock: str | None) -> None:
        self._lesson = lesson
        self._progress = progress
        self._talk = talk
        self._walk = Walk(lesson, progress.lesson(pack.id, lesson.id), machine_names(), pack.misconceptions)
        take_clock(self._walk, clock)
        self._runs = PlainRuns(self._walk, talk, self._save)
        self._exercise = PlainExercise(self._walk, talk, self._runs, Path.cwd(), clock, self._save)
        self._told_unsaved = False

    def hold(self) -> None:
        """From the page that is open to the last one, or as far as there is input."""
        lesson, talk = self._lesson, self._talk
        talk.say([Row([Span(f"Lesson {lesson.number}. ", Role.QUIET), Span(lesson.title, Role.STRONG)])])
        talk.say(f"About {lesson.minutes} minutes, {len(lesson.pages)} pages. At every question help says what can be typed.")
        try:
            while self._page():
                pass
        except Over:
            self.take_leave()

    def take_leave(self) -> None:
        """How to go on another time."""
        self._talk.say(f"You can go on later: asgiviz lesson {self._lesson.number} --plain")

    # -- pages -----------------------------------------------------------------------------------------------------

    def _page(self) -> bool:
        """One page; whether there is another one."""
        try:
            return self._page_through()
        except TurnTo as wish:
            if wish.turn is Turn.BACK:
                try:
                    self._walk.previous_page()
                except ValueError as error:
                    self._talk.say(str(error))
            return True

    def _page_through(self) -> bool:
        walk, talk = self._walk, self._talk
        talk.say()
        where = f"Page {walk.page_index + 1} of {len(walk.pages)}. "
        talk.say([Row([Span(where, Role.QUIET), Span(walk.page.title or walk.lesson.title, Role.STRONG)])])
        for block in walk.page.blocks:
            if not (isinstance(block, Prose) and block.audience):
                talk.say()
                if not self._block(block):
                    break
        if walk.page_index == len(walk.pages) - 1:
            self._end()
            return False
        talk.say()
        while talk.ask("Enter: the next page.", {"": "the next page"}):
            talk.say("Press Enter to go on, or type help.")
        walk.next_page()
        self._save()
        return True

    def _block(self, block: Block) -> bool:
        """One block; False when the rest of the page waits for it."""
        width = self._talk.width
        match block:
            case Prose(text=text):
                rows = markdown(self._walk.fill(text), width)
                self._talk.say(rows[2:] if text.lstrip().startswith("# ") else rows)  # the heading is the page's
            case ShowCode(file=file):
                self._show(file)
            case Ask(question=id_):
                self._question(id_)
            case Go(run=id_):
                self._runs.make(id_)
            case Practise():
                return self._exercise.practise()
        return True

    def _show(self, file: str) -> None:
        try:
            text = (self._lesson.directory / file).read_text(encoding="utf-8", errors="replace")
        except OSError:
            self._talk.say(f"{file} cannot be read.")
            return
        self._talk.say(lesson_linear.said(f"{file}, with the numbers of its lines:", self._talk.width, Role.LIFE))
        self._talk.say(lesson_linear.source(text, self._talk.width))

    def _end(self) -> None:
        """What was thought before, what was not said, and where to go on."""
        walk, talk = self._walk, self._talk
        talk.say()
        if recall := lesson_linear.recall(walk, talk.width):
            talk.say([*recall, Row([])])
        if walk.lesson.honest:
            talk.say([*lesson_linear.said(walk.lesson.honest, talk.width, lead="To be honest:"), Row([])])
        practise = next((place for place, page in enumerate(walk.pages, 1) if Practise() in page.blocks), None)
        if walk.finished:
            talk.say("This was the last page. You have finished this lesson.")
        elif practise is not None and walk.progress.passed_at is None:
            again = f"asgiviz lesson {walk.lesson.number} --plain --page {practise}"
            talk.say(f"This was the last page. The exercise still waits for you: {again}")
        else:
            talk.say("This was the last page.")
        talk.say("The next lesson: asgiviz lesson --plain. All lessons: asgiviz lessons")

    # -- questions -------------------------------------------------------------------------------------------------

    def _question(self, id_: str) -> None:
        walk, talk = self._walk, self._talk
        asked = walk.lesson.questions[id_]
        talk.say(lesson_linear.question(walk, id_, talk.width))
        if walk.is_done(Ask(id_)):
            talk.say(lesson_linear.given(walk, id_, talk.width))
            return
        while not walk.is_done(Ask(id_)):
            self._answer(asked)
        if walk.state_of(id_) is State.SEALED:
            talk.say("Your answer is kept. The run will show.")

    def _answer(self, asked: Question) -> None:
        """One answer, with how sure it is, and what is said to it."""
        walk, talk = self._walk, self._talk
        words = {option.id: walk.fill_question(asked.id, option.text) for option in asked.options}
        if walk.state_of(asked.id) is not State.CHOSEN:
            said = talk.ask(f"Your answer ({lesson_linear.answers_to(asked)}):", words)
            try:
                walk.choose(asked.id, said, time())
            except ValueError as error:
                talk.say(str(error))
                return
        while walk.state_of(asked.id) is State.CHOSEN:
            sure = talk.ask(f"How sure are you? {_SURE}:", {str(place): word for place, word in SURE.items()})
            try:
                walk.be_sure(asked.id, int(sure) if sure in ("1", "2", "3") else 0, time())
            except ValueError as error:
                talk.say(str(error))
        self._save()
        talk.say(lesson_linear.verdict(walk, asked.id, talk.width))
        if asked.kind is Kind.OBSERVE and asked.run is not None and walk.state_of(asked.id) is State.WRONG:
            self._runs.look_again(asked)

    def _save(self) -> None:
        """Write down what was done; that it cannot be is said at the end, and once here."""
        from asgiviz.course.progress import ProgressError

        try:
            self._progress.save()
        except ProgressError as error:
            if not self._told_unsaved:
                self._told_unsaved = True
                say(str(error))
