"""What becomes of the findings of a check: the baseline, the report in the form that was asked for, the exit code."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asgiviz.check_settings import NEVER
from asgiviz.cli.learning import USAGE, leave, print_out, say

if TYPE_CHECKING:
    from asgiviz.check.baseline import Baseline
    from asgiviz.check.choice import Choice
    from asgiviz.export.findings import Checked, Shown

CLEAN, FOUND = 0, 1
#: Columns of the text where there is no terminal.
COLUMNS = 80


def choice_of(options: dict[str, Any]) -> Choice:
    """What counts, as the options say; a wrong name of a rule ends the command."""
    from asgiviz.check.choice import Choice, UnknownRuleError, chosen_rules
    from asgiviz.model.finding import Severity
    from asgiviz.views.text import safe

    fail_on = None if options["fail_on"] == NEVER else Severity(options["fail_on"])
    try:
        rules = chosen_rules(_words(options["select"]), _words(options["ignore"]))
    except UnknownRuleError as error:
        leave(USAGE, safe(str(error)))
    return Choice(rules, Severity(options["min_severity"]), fail_on, options["who"])


def baseline_of(options: dict[str, Any]) -> Baseline | None:
    """What is accepted; None without a baseline. One that cannot be read ends the command."""
    from asgiviz.check.baseline import Baseline, BaselineError, read_baseline

    file = options["baseline"]
    if file is None or options["write_baseline"]:
        return None
    try:
        return Baseline(read_baseline(Path(file).read_bytes().decode("utf-8-sig")), str(Path(file).resolve().parent))
    except FileNotFoundError:
        leave(USAGE, f"there is no baseline {file}. To write one: asgiviz check … --baseline {file} --write-baseline")
    except OSError as error:
        leave(USAGE, f"{file} cannot be read: {error.strerror or error}")
    except (BaselineError, UnicodeDecodeError) as error:
        leave(USAGE, f"{file}: {error if isinstance(error, BaselineError) else 'this is no UTF-8, so it is no baseline'}")


def report(checked: Checked, choice: Choice, baseline: Baseline | None, options: dict[str, Any]) -> int:
    """Tell what was found; the exit code."""
    from asgiviz.export.findings import sort_out

    shown = sort_out(checked, choice, baseline, os.getcwd())  # noqa: PTH109  # as text
    if options["write_baseline"]:
        return _accept(checked, shown, Path(options["baseline"]))
    form, output = options["form"], options["output"]
    in_file = output is not None
    text = _text(checked, shown, options, in_file) if form == "text" else _rendered(form, checked, shown)
    if output is None:
        print_out(text, for_programs=form != "text")
    else:
        _write(Path(output), text)
        if form != "text":
            print_out(_text(checked, shown, options, in_file=False))
        say(f"the report is in {output}")
    if checked.inconclusive and not shown.failing and choice.fail_on is not None:
        say("not everything could be tried, so this is no clean result: exit code 1 (--fail-on never: 0)")
        return FOUND
    return FOUND if shown.failing else CLEAN


def _words(given: tuple[str, ...]) -> list[str]:
    """Names of rules: each option has one, or several with commas between them."""
    return [word for text in given for word in text.split(",") if word.strip()]


def _rendered(form: str, checked: Checked, shown: Shown) -> str:
    from asgiviz.export import findings_github, findings_json, findings_junit, findings_sarif

    forms = {
        "json": findings_json.render,
        "sarif": findings_sarif.render,
        "junit": findings_junit.render,
        "github": findings_github.render,
    }
    return forms[form](checked, shown)


def _text(checked: Checked, shown: Shown, options: dict[str, Any], in_file: bool) -> str:
    from asgiviz.export.findings_text import render

    terminal = not in_file and sys.stdout is not None and sys.stdout.isatty()
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    encoding = "utf-8" if in_file else (getattr(sys.stdout, "encoding", None) or "ascii")
    width = options["width"] or (shutil.get_terminal_size((COLUMNS, 24)).columns if terminal else COLUMNS)
    in_ascii = options["ascii_"] or not encoding.lower().replace("-", "").startswith("utf")
    return render(checked, shown, width, colour=terminal and not plain, ascii_only=in_ascii)


def _accept(checked: Checked, shown: Shown, file: Path) -> int:
    """Write all that was found to the baseline."""
    from asgiviz.check.baseline import baseline_text
    from asgiviz.views.finding_words import counts, entry_of

    findings, root = (*shown.new, *shown.hidden), str(file.resolve().parent)
    _write(file, baseline_text(entry_of(finding, checked.connections, root) for finding in findings))
    say(f"{file} accepts what was found: {counts(findings) or 'nothing'}")
    return CLEAN


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        leave(USAGE, f"{file} cannot be written: {error.strerror or error}")
