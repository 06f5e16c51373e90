"""What the next run of each experiment is made with: knobs that were turned, and the clock that was asked for."""

from __future__ import annotations

from collections.abc import Mapping

from asgiviz.course.knobs import settings_of, turned
from asgiviz.course.lesson import Experiment, Lesson, Misconception
from asgiviz.course.progress import LessonProgress
from asgiviz.course.remembered import Remembered


class Bench(Remembered):
    """The settings of all runs of a lesson. They are not remembered: a lesson that is opened again has those of its author."""

    def __init__(
        self,
        lesson: Lesson,
        progress: LessonProgress,
        names: Mapping[str, float] | None = None,
        misconceptions: Mapping[str, Misconception] | None = None,
    ) -> None:
        super().__init__(lesson, progress, names, misconceptions)
        self._turned: dict[str, dict[str, float]] = {}
        self._clocks: dict[str, str] = {}

    def may_turn(self, run_id: str) -> bool:
        """Whether the knobs of a run may be turned: what something was predicted of is first run as it is."""
        return run_id in self.progress.runs or not self.predictions(run_id)

    def settings(self, run_id: str) -> dict[str, float]:
        """What the next run would be made with."""
        return settings_of(self.lesson.experiments[run_id], self._turned.get(run_id))

    def turn(self, run_id: str, knob: str, by: int) -> float:
        """Turn a knob up (+1) or down (-1) through its values; the value it has now."""
        found = next((each for each in self.lesson.experiments[run_id].knobs if each.name == knob), None)
        if found is None:
            raise ValueError(f'This run has no knob "{knob}".')
        if not self.may_turn(run_id):
            raise ValueError("Run it once as it is; then you can change it.")
        now = self.settings(run_id).get(knob, found.values[0])
        value = turned(found, now, by)
        self._turned.setdefault(run_id, {})[knob] = value
        return value

    def reset(self, run_id: str) -> None:
        """Put the knobs and the clock back to what the author wrote."""
        self._turned.pop(run_id, None)
        self._clocks.pop(run_id, None)

    def clock(self, run_id: str) -> str:
        """The clock that the next run asks for: virtual or real."""
        return self._clocks.get(run_id, self.lesson.experiments[run_id].clock)

    def switch_clock(self, run_id: str) -> str:
        """Take the other clock; the one it is now."""
        self._clocks[run_id] = "real" if self.clock(run_id) == "virtual" else "virtual"
        return self._clocks[run_id]

    @staticmethod
    def is_as_written(run: Experiment, made: Mapping[str, float]) -> bool:
        """Whether a run was made with the knobs where the author has put them."""
        own = settings_of(run)
        return all(made.get(knob.name) == own.get(knob.name, made.get(knob.name)) for knob in run.knobs)
