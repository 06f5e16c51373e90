"""From the body of lesson.md to `Page`s: a page for each ``##``, its blocks in order. Every directive must resolve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from asgiviz.course.anchors import DIRECTIVES, directive, inlines, trouble_with, without_code
from asgiviz.course.folder import Folder, is_inside
from asgiviz.course.lesson import Ask, Block, Experiment, Go, Page, Practise, Prose, Question, ShowCode
from asgiviz.course.manuscript import Line, Manuscript, ManuscriptError

LESSON = "lesson.md"


@dataclass
class PageReader:
    """Reads the body of one lesson. `pages` is complete after `read`; complaints go to the folder's."""

    folder: Folder
    questions: Mapping[str, Question]
    runs: Mapping[str, Experiment]
    has_exercise: bool
    title: str = ""
    pages: list[Page] = field(default_factory=list)
    _heading: str = ""
    _blocks: list[Block] = field(default_factory=list)
    _prose: list[str] = field(default_factory=list)
    _audience: str = ""

    def read(self, manuscript: Manuscript) -> tuple[Page, ...]:
        """The pages of a manuscript."""
        try:
            for line in manuscript.lines():
                self._take(line)
        except ManuscriptError as error:
            self.folder.complain(LESSON, error.line, error.code, str(error))
        self._end_page()
        if not self.pages:
            self.folder.complain(LESSON, manuscript.body_at, "E001", "the lesson has no text")
        return tuple(self.pages)

    def _take(self, line: Line) -> None:
        if line.audience != self._audience:
            self._end_prose()
            self._audience = line.audience
        if line.code:
            self._prose.append(line.text)
        elif line.text.startswith("# ") and not line.audience:
            self._heading = self._heading or line.text[2:].strip()
            self.title = self.title or self._heading
        elif line.text.startswith("## ") and not line.audience:
            self._end_page()
            self._heading = line.text[3:].strip()
        elif (found := directive(line.text)) is not None:
            self._direct(line.number, *found)
        else:
            self._inline(line)
            self._prose.append(line.text)

    def _inline(self, line: Line) -> None:
        for inline in inlines(without_code(line.text)):
            wrong = trouble_with(inline, frozenset(self.runs))
            if wrong is not None:
                self.folder.complain(LESSON, line.number, *wrong)

    def _direct(self, number: int, word: str, name: str) -> None:
        self._end_prose()
        block, sentence, code = self._block(word, name)
        if block is None:
            self.folder.complain(LESSON, number, code, sentence)
        else:
            self._blocks.append(block)

    def _block(self, word: str, name: str) -> tuple[Block | None, str, str]:
        """What a directive stands for, or why it stands for nothing."""
        match word:
            case "predict" | "observe" | "quiz":
                question = self.questions.get(name)
                if question is None:
                    return None, f'there is no [[{word}]] with the id "{name}"', "E030"
                if question.kind.value != word:
                    return None, f'"{name}" is a [[{question.kind.value}]]: write {{{question.kind.value}:{name}}}', "E030"
                return Ask(name), "", ""
            case "run":
                if name not in self.runs:
                    return None, f'there is no run "{name}" in experiments.toml', "E030"
                return Go(name), "", ""
            case "code":
                if not is_inside(name) or name not in self.folder.files:
                    return None, f'there is no file "{name}" in the lesson\'s folder', "E030"
                return ShowCode(name), "", ""
            case "exercise":
                if name or not self.has_exercise:
                    why = "{exercise} takes no name" if name else "the folder has no exercise/app.py and no plan to practise on"
                    return None, why, "E030"
                return Practise(), "", ""
            case _:
                known = ", ".join(f"{{{each}}}" if each == "exercise" else f"{{{each}:…}}" for each in DIRECTIVES)
                return None, f"there is no {{{word}}}; there are {known}", "E080"

    def _end_prose(self) -> None:
        text = "\n".join(self._prose).strip("\n")
        self._prose = []
        if text.strip():
            self._blocks.append(Prose(text, self._audience))

    def _end_page(self) -> None:
        self._end_prose()
        if self._blocks:
            self.pages.append(Page(self._heading or self.title, tuple(self._blocks)))
        self._blocks = []
