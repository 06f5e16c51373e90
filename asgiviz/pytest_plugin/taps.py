"""The taps of one test: each wrapped app has a recording in memory, a judge, and a choice of what counts of its findings.

The host of the app is the test's own client. That is no faithful server, so what is the server's or the client's fault is left
out unless somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from time import perf_counter_ns
from typing import Any

import pytest

from asgiviz.check.choice import Choice, UnknownRuleError, chosen_rules
from asgiviz.check.judge import Judge
from asgiviz.check_settings import NEVER, WHOSE
from asgiviz.model.asgi import App
from asgiviz.model.events import SCOPE, Raw, payload_of
from asgiviz.model.finding import Finding, Severity
from asgiviz.probe.tap import Tap
from asgiviz.pytest_plugin.telling import name_of, told

#: What a middleware is made with: what it wraps.
Layer = Callable[[App], App]
#: An argument that was not given.
_UNSAID: Any = object()


class AsgivizTap:
    """What the fixture gives: call it with an app, and use what comes back in the app's place."""

    def __init__(self, config: pytest.Config, marker: pytest.Mark | None) -> None:
        self._config = config
        self._marked: dict[str, Any] = {} if marker is None else dict(marker.kwargs)
        if marker is not None and (marker.args or not self._marked.keys() <= {"fail_on", "ignore", "who"}):
            pytest.fail("the marker asgiviz takes fail_on=…, ignore=… and who=…, by these names.", pytrace=False)
        self._tapped: list[_Tapped] = []
        #: whether the body of the test has passed
        self.passed = False

    def __call__(
        self,
        app: App,
        *,
        fail_on: str | None = _UNSAID,
        ignore: str | Iterable[str] = (),
        who: str = "app",
        layers: Sequence[Layer] = (),
    ) -> Tap:
        """`app`, recorded.

        `fail_on` is the severity (error, warning, info) from which on a finding fails the test; None: none does, they are only
        in `findings`. `ignore` are rules that are left out beside those of the settings: ids, or how they begin. `who="all"`
        counts what the test's client does wrong, too. `layers` are middlewares to put around the app, the outermost first,
        each called with what it wraps: then a finding names the one that made the message.
        """
        if not callable(app):
            pytest.fail(f"asgiviz_tap takes an ASGI app, which can be called; this is {app!r}.", pytrace=False)
        tapped = _Tapped(app, layers, self._choice(fail_on, ignore, who))
        self._tapped.append(tapped)
        return tapped.tap

    @property
    def findings(self) -> list[Finding]:
        """What was found until now, of every severity, without what is left out; the apps in the order of their wrapping."""
        return [finding for tapped in self._tapped for finding in tapped.findings()]

    def findings_of(self, app: App) -> list[Finding]:
        """What was found of one app, which may be given as it was before or after it was wrapped."""
        meant = [tapped for tapped in self._tapped if app in (tapped.app, tapped.tap)]
        if not meant:
            raise LookupError(f"asgiviz_tap was not called with this app in this test: {app!r}")
        return [finding for tapped in meant for finding in tapped.findings()]

    def finish(self) -> None:
        """Nothing more will be recorded."""
        for tapped in self._tapped:
            tapped.finish()

    def complaint(self) -> str:
        """What fails the test and was not complained of before, in words; empty when there is nothing."""
        root = str(self._config.invocation_params.dir)
        return "\n\n".join(text for tapped in self._tapped if (text := tapped.complaint(root)))

    def _choice(self, fail_on: str | None, ignore: str | Iterable[str], who: str) -> Choice:
        """The marker is nearest to the test: it wins over the call, which may stand in a fixture that many tests share."""
        if fail_on is _UNSAID:
            fail_on = self._config.getini("asgiviz_fail_on")
        fail_on, who = self._marked.get("fail_on", fail_on), self._marked.get("who", who)
        ignored = [*_words(self._config.getini("asgiviz_ignore")), *_words(ignore), *_words(self._marked.get("ignore", ()))]
        if fail_on not in (None, NEVER, *Severity):  # the setting says never, a call or marker may say None
            pytest.fail(f"asgiviz_tap: fail_on is {fail_on!r}; it can be error, warning, info or never.", pytrace=False)
        if who not in WHOSE:
            pytest.fail(f"asgiviz_tap: who is {who!r}; it can be {', '.join(WHOSE)}.", pytrace=False)
        try:
            rules = chosen_rules(ignore=ignored)
        except UnknownRuleError as error:
            pytest.fail(f"asgiviz_tap: ignore: {error}", pytrace=False)
        return Choice(rules, Severity.INFO, None if fail_on in (None, NEVER) else Severity(fail_on), who)


def _words(rules: str | Iterable[str]) -> list[str]:
    """Rules as they may be given: a collection, or one text, with commas or spaces between several."""
    given = [rules] if isinstance(rules, str) else rules
    return [word for text in given for word in text.replace(",", " ").split()]


class _Tapped:
    """A wrapped app, its recording, and what was found in it so far."""

    def __init__(self, app: App, layers: Sequence[Layer], choice: Choice) -> None:
        self.app = app
        self._choice = choice
        self._events: list[Raw] = []
        self._judged = 0
        self._found: list[Finding] = []
        self._complained: set[Finding] = set()
        names: list[str] = []
        for depth in range(len(layers), 0, -1):
            app = layers[depth - 1](Tap(app, self._events.append, layer=depth, closely=True))
            names.insert(0, type(app).__name__)
        self.tap = Tap(app, self._events.append, closely=True)
        self._judge = Judge(["client", *names, "app"])

    def findings(self) -> list[Finding]:
        """What counts of what was found until now."""
        fresh = self._events[self._judged :]  # a copy: the app may run in another thread
        self._found += self._judge.take(enumerate(fresh, self._judged + 1))
        self._judged += len(fresh)
        return [finding for finding in self._found if self._choice.asks_for(finding)]

    def finish(self) -> None:
        """The recording is over: what never came back can be judged now."""
        self.findings()
        self._found += self._judge.finish(perf_counter_ns())

    def complaint(self, root: str) -> str:
        """What fails the test and was not complained of before, in words; with warnings beside it, often its cause."""
        findings = [finding for finding in self.findings() if finding not in self._complained]
        failing = [finding for finding in findings if self._choice.fails(finding)]
        conns = {finding.conn for finding in failing}
        beside = [finding for finding in findings if finding.conn in conns and finding.severity is Severity.WARNING]
        new = list(dict.fromkeys(failing + beside))
        self._complained.update(new)
        return told(new, {raw[2]: name_of(payload_of(raw)) for raw in self._events if raw[1] == SCOPE and raw[2]}, root)
