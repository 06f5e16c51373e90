"""Runs in a conversation: made, told as sentences and figures, told in more detail, and made again with something changed."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, time

from asgiviz.cli.conversation import Conversation, Turn, TurnTo
from asgiviz.course.lesson import Ask, Kind, Question
from asgiviz.course.metrics import measure
from asgiviz.course.outcome import broken_claims, figures
from asgiviz.course.run_record import RunRecord
from asgiviz.course.walk import State, Walk
from asgiviz.experiment.attempt import Attempt
from asgiviz.experiment.trial import Phase, Trial
from asgiviz.views import lesson_linear, run_digest
from asgiviz.views.spans import Role
from asgiviz.views.stage_moments import moments

#: Moments that are told at once; a run with no more is told whole.
AT_ONCE = 20
#: Moments that a wrong answer is led to.
MOST_LED = 3
#: Seconds between two looks at a run, between two words on it, and that a run gets to end when nobody wants it any more.
TICK, WORD_EVERY, ENDING = 0.1, 5.0, 5.0


def see_through(made: Trial | Attempt, talk: Conversation) -> None:
    """Start it and wait until it is over, with a word now and then."""
    made.start()
    began = told = monotonic()
    try:
        while not made.wait(TICK):
            if monotonic() - told >= WORD_EVERY:
                told = monotonic()
                talk.say(f"Still running, {told - began:.0f} s.")
    except BaseException:  # Ctrl-C: nothing of a lesson goes on without its conversation
        made.cancel()
        made.wait(ENDING)
        raise


class PlainRuns:
    """The runs of one lesson, and their recordings as long as the conversation lasts."""

    def __init__(self, walk: Walk, talk: Conversation, save: Callable[[], None]) -> None:
        self._walk = walk
        self._talk = talk
        self._save = save
        self._records: dict[str, RunRecord] = {}
        self._told: dict[str, int] = {}

    def make(self, id_: str) -> None:
        """The block of a run: make it if it has not been made, and stay with it until the learner goes on."""
        walk, talk = self._walk, self._talk
        talk.say(lesson_linear.run(walk, id_, talk.width))
        if id_ in walk.progress.runs:
            talk.say(lesson_linear.measured(walk, id_, talk.width))
        elif not walk.may_run(id_):
            self._lead_to_prediction(id_)
        while id_ not in walk.progress.runs:
            if talk.ask("Enter: run it.", self._words(id_)) in ("", "run"):
                self._run(id_)
            else:
                talk.say("Press Enter to run it.")
        self._stay(id_)

    def keep(self, id_: str, record: RunRecord) -> None:
        """A recording that was made elsewhere can be asked about, too."""
        self._records[id_] = record
        self._told[id_] = 0

    def record(self, id_: str) -> RunRecord | None:
        """The last recording of a run that was made in this conversation."""
        return self._records.get(id_)

    def tell(self, id_: str, word: str) -> bool:
        """Answer `each` and `more`; False when the word is neither of them."""
        if word not in ("each", "more"):
            return False
        record = self._records.get(id_)
        if record is None:
            self._talk.say("Run it again first: run.")
        elif word == "each":
            self._lines(run_digest.each_client(record))
        else:
            self._more(id_, record)
        return True

    def look_again(self, asked: Question) -> None:
        """After a wrong observation: the moment that it is about."""
        record = self._records.get(asked.run or "")
        found = None if record is None or asked.look is None else measure(record, asked.look)
        if record is None or found is None:
            return
        self.tell_moments(record, found.seqs)

    def tell_moments(self, record: RunRecord, seqs: tuple[int, ...]) -> None:
        """The moments of some events."""
        wanted = set(seqs)
        self._talk.say("What happened there:")
        self._lines([moment.sentence for moment in moments(record) if wanted.intersection(moment.seqs)][:MOST_LED])

    # -- making ----------------------------------------------------------------------------------------------------

    def _lead_to_prediction(self, id_: str) -> None:
        """A run that is locked by a question on an earlier page: open that page."""
        question = self._walk.locked_by(id_)
        places = [place for place, page in enumerate(self._walk.pages) if Ask(question or "") in page.blocks]
        if places and places[0] != self._walk.page_index:
            self._talk.say(f"First comes a question on page {places[0] + 1}.")
            self._walk.progress.page = places[0]
            raise TurnTo(Turn.REPEAT)

    def _run(self, id_: str) -> None:
        """Make a run once and tell what came of it."""
        walk, talk = self._walk, self._talk
        experiment, knobs = walk.lesson.experiments[id_], walk.settings(id_)
        trial = Trial(walk.lesson, experiment, knobs, walk.clock(id_))
        talk.say("Running …")
        see_through(trial, talk)
        if trial.fell_back:
            talk.say(f"{trial.fell_back}.")
        if trial.phase is not Phase.FINISHED:
            self._failed(trial)
            return
        record = trial.record()
        self.keep(id_, record)
        sealed = [each for each in self._predictions(id_) if walk.state_of(each.id) is State.SEALED]
        walk.ran(id_, figures(record), knobs, broken_claims(experiment, record, trial.names), time(), trial.clock)
        self._save()
        self._tell_outcome(id_, record)
        for asked in sealed:
            talk.say()
            talk.say(lesson_linear.verdict(walk, asked.id, talk.width))

    def _failed(self, trial: Trial) -> None:
        failure = trial.failure
        if failure is not None:
            self._talk.say(lesson_linear.said(f"{failure.sentence}.", self._talk.width, Role.ERROR))
            self._talk.say(lesson_linear.verbatim(failure.traceback or "", self._talk.width))

    def _tell_outcome(self, id_: str, record: RunRecord) -> None:
        self._talk.say()
        self._lines(run_digest.digest(record))
        if record.events and len(known := moments(record)) <= AT_ONCE:
            self._lines([moment.sentence for moment in known])
            self._told[id_] = len(known)
        self._talk.say(lesson_linear.measured(self._walk, id_, self._talk.width))

    def _predictions(self, id_: str) -> list[Question]:
        return [each for each in self._walk.lesson.questions.values() if each.kind is Kind.PREDICT and each.run == id_]

    # -- staying ---------------------------------------------------------------------------------------------------

    def _stay(self, id_: str) -> None:
        """More about the run, or the run again with something changed, until Enter."""
        words = self._words(id_)
        while said := self._talk.ask("Enter: go on. each, more, run or help:", words):
            word, _, value = said.partition(" ")
            if self.tell(id_, said):
                continue
            if said in ("virtual", "real"):
                if self._walk.clock(id_) != said:
                    self._walk.switch_clock(id_)
            elif said == "reset":
                self._walk.reset(id_)
            elif said != "run" and not self._turn(id_, word, value):
                continue
            self._talk.say(lesson_linear.run(self._walk, id_, self._talk.width))
            self._run(id_)

    def _words(self, id_: str) -> dict[str, str]:
        """What can be typed at a run."""
        if id_ not in self._walk.progress.runs:
            return {"": "make the run"}
        words = {
            "": "go on",
            "each": "what became of each client",
            "more": f"all that happened, {AT_ONCE} moments at a time",
            "run": "run it again",
        }
        for knob in self._walk.lesson.experiments[id_].knobs:
            values = " or ".join(f"{knob.name} {value:g}" for value in knob.values)
            words[values] = f"run it with another value: {knob.label}" if knob.label else "run it with another value"
        words["real or virtual"] = "run it on this clock"
        words["reset"] = "run it as it was at first"
        return words

    def _turn(self, id_: str, name: str, value: str) -> bool:
        """``clients 20``; False, with a sentence, when that is not possible."""
        knob = next((each for each in self._walk.lesson.experiments[id_].knobs if each.name == name), None)
        if knob is None:
            self._talk.say(f'"{name}" cannot be done here. help says what can.')
            return False
        now = self._walk.settings(id_).get(name, knob.values[0])
        values = sorted({*knob.values, now})
        try:
            self._walk.turn(id_, name, values.index(float(value)) - values.index(now))
        except ValueError:
            self._talk.say(f"{name} can be {', '.join(f'{each:g}' for each in values)}.")
            return False
        return True

    def _more(self, id_: str, record: RunRecord) -> None:
        """The next moments, and from the first one again after the last."""
        known, begin = moments(record), self._told.get(id_, 0)
        begin = begin if begin < len(known) else 0
        self._lines([moment.sentence for moment in known[begin : begin + AT_ONCE]])
        self._told[id_] = begin + AT_ONCE
        left = len(known) - self._told[id_]
        self._talk.say(f"{left} more." if left > 0 else "This is where the run ends.")

    def _lines(self, lines: list[str]) -> None:
        for line in lines:
            self._talk.say(lesson_linear.hanging(line, self._talk.width))
