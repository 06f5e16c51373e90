"""JUnit's XML, as test runners and CI read it: suites of cases, each passed, failed, in error or skipped.

Whatever the texts hold, the result is XML: what XML cannot hold stands as an escape.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from xml.etree import ElementTree as ET

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Result(StrEnum):
    """How a case came out, when it did not pass: the name of its element."""

    FAILURE = "failure"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Case:
    """One test case. `result` None: it passed; then `text` is what it printed. `message` is a sentence."""

    suite: str
    name: str
    result: Result | None = None
    message: str = ""
    text: str = ""

    @property
    def element(self) -> ET.Element:
        """As XML."""
        element = _element("testcase", classname=self.suite, name=self.name)
        if self.result is not None:
            element.append(_element(self.result, self.text, message=self.message))
        elif self.text:
            element.append(_element("system-out", self.text))
        return element


def junit_xml(name: str, cases: Iterable[Case]) -> str:
    """A file with one suite."""
    cases = list(cases)
    counts = {result: str(sum(case.result is result for case in cases)) for result in Result}
    suite = _element(
        "testsuite", name=name, tests=str(len(cases)), failures=counts[Result.FAILURE], errors=counts[Result.ERROR],
        skipped=counts[Result.SKIPPED],
    )  # fmt: skip
    suite.extend(case.element for case in cases)
    root = _element("testsuites")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _element(tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.Element(tag, {name: _xml(value) for name, value in attributes.items()})
    element.text = _xml(text) if text else None
    return element


def _xml(text: str) -> str:
    """The text without what XML cannot hold."""
    return _NOT_XML.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
