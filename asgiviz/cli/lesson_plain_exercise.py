"""The exercise in a conversation: where the file is, checking it as often as wanted, hints, and the solution afterwards."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from time import time

from asgiviz.cli.conversation import Conversation
from asgiviz.cli.lesson_plain_runs import PlainRuns, see_through
from asgiviz.course.grading import Grade
from asgiviz.course.walk import Walk
from asgiviz.experiment.attempt import GRADED, Attempt
from asgiviz.experiment.editor import chosen_editor, editor_command
from asgiviz.experiment.workspace import Workspace, WorkspaceError, solutions
from asgiviz.views import lesson_linear
from asgiviz.views.markdown_rows import markdown
from asgiviz.views.spans import Role

WORDS = {
    "": "run your file and judge it",
    "h": "a hint on the first check that does not hold",
    "where": "where in the run that check did not hold",
    "each": "what became of each client in the last run of your file",
    "more": "all that happened in it",
    "e": "open your file in your editor ($EDITOR)",
    "skip": "go on; you can come back",
}
PASSED_WORDS = {
    "": "go on",
    "check": "run your file again and judge it",
    "s": "the solution, and other ways",
    "each": WORDS["each"],
    "more": WORDS["more"],
    "e": WORDS["e"],
}


class PlainExercise:
    """The exercise of one lesson; `below` is the directory in which ``asgiviz-work`` is."""

    def __init__(
        self, walk: Walk, talk: Conversation, runs: PlainRuns, below: Path, clock: str | None, save: Callable[[], None]
    ) -> None:
        self._walk = walk
        self._talk = talk
        self._runs = runs
        self._below = below
        self._clock = clock
        self._save = save
        self._grade: Grade | None = None

    def practise(self) -> bool:
        """Stay with the exercise; True when it is passed and the learner goes on, False when it was left for later."""
        try:
            workspace = Workspace(self._walk.lesson, self._below)
            copied = workspace.open()
        except WorkspaceError as error:
            self._talk.say(f"{error}.")
            return False
        where = "Your file is" if workspace.main in copied.new else "Your file, as you left it:"
        self._talk.say(lesson_linear.said(f"{where} {_short(workspace.main)}", self._talk.width, Role.STRONG))
        self._talk.say(lesson_linear.checks(self._walk, self._talk.width))
        self._talk.say("Edit the file in any editor and save it. Then come back here and press Enter.")
        while not self._is_passed:
            said = self._talk.ask("Enter: check it. h hint, skip or help:", WORDS)
            if said == "skip":
                return False
            if said in ("", "check"):
                self._check(workspace)
            else:
                self._do(said, workspace)
        while said := self._talk.ask("You have passed. Enter: go on. s solution or help:", PASSED_WORDS):
            if said == "check":
                self._check(workspace)
            else:
                self._do(said, workspace)
        return True

    @property
    def _is_passed(self) -> bool:
        return self._walk.progress.passed_at is not None

    def _do(self, said: str, workspace: Workspace) -> None:
        if said == "h":
            self._hint()
        elif said == "where":
            self._where()
        elif said == "e":
            self._edit(workspace)
        elif said == "s":
            self._solution(workspace)
        elif said in ("each", "more") and self._grade is None:
            self._talk.say("Check your file first.")
        elif not self._runs.tell(GRADED, said):
            self._talk.say("That cannot be done here. help says what can.")

    def _check(self, workspace: Workspace) -> None:
        talk = self._talk
        attempt = Attempt(self._walk.lesson, workspace.directory, self._clock)
        talk.say("Running your file …")
        see_through(attempt, talk)
        for trial in attempt.trials.values():
            if trial.fell_back:
                talk.say(f"{trial.fell_back}.")
        self._grade = attempt.grade
        if self._grade is None:
            return
        self._walk.exercise_graded(self._grade.passed, time())
        self._save()
        if GRADED in attempt.trials:
            self._runs.keep(GRADED, attempt.trials[GRADED].record())
        talk.say(lesson_linear.grade(self._grade, talk.width))

    def _hint(self) -> None:
        first = None if self._grade is None else self._grade.first
        if first is None:
            self._talk.say("Check your file first: a hint is about what does not hold.")
            return
        hint = self._walk.hint(first.check.id)
        self._save()
        given, count = len(self._walk.hints_given(first.check.id)), len(first.check.hints)
        if hint is None:
            self._talk.say("There are no more hints on this one. These were all:")
            for each in first.check.hints:
                self._talk.say(lesson_linear.listed("  ", markdown(each, self._talk.width - 2)))
            return
        mark = f"Hint {given} of {count}: "
        self._talk.say(lesson_linear.listed(mark, markdown(hint, max(1, self._talk.width - len(mark)))))

    def _where(self) -> None:
        first = None if self._grade is None else self._grade.first
        record = self._runs.record(GRADED)
        if first is None or record is None or not first.seqs:
            self._talk.say("There is nothing to point at.")
        else:
            self._runs.tell_moments(record, first.seqs)

    def _edit(self, workspace: Workspace) -> None:
        editor = chosen_editor()
        if editor is None:
            self._talk.say(f"$EDITOR is not set. Open {_short(workspace.main)} in any editor.")
            return
        try:
            subprocess.run(editor_command(editor, str(workspace.main), 1), check=False)
        except (OSError, ValueError) as error:
            self._talk.say(f"{editor} does not run: {error}")

    def _solution(self, workspace: Workspace) -> None:
        """The solution and its alternatives, each with a word on it."""
        if not self._is_passed:
            self._talk.say("It opens when your own file has passed. h gives a hint.")
            return
        main = workspace.main.name
        for name, place in solutions(self._walk.lesson):
            self._talk.say()
            self._talk.say(lesson_linear.said(f"{name}:", self._talk.width, Role.STRONG))
            self._talk.say(markdown(_text(place / "about.md"), self._talk.width))
            self._talk.say(lesson_linear.source(_text(place / main), self._talk.width))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _short(path: Path) -> str:
    """A path as the learner would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
