"""``asgiviz rules [ID]``: the book of rules, as a list, searched, or one rule on a page."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from asgiviz.protocol.rules.rule import Rule


@click.command(short_help="The rules that `check` knows.")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--search", metavar="WORDS", help="Only rules in which all these words stand.")
@click.option("--class", "basis", metavar="CLASS", help="Only rules of this class: specification, RFC or portability.")
@click.option("--severity", type=click.Choice(["error", "warning", "info"]), help="Only rules of this severity.")
@click.option("--undecidable", is_flag=True, help="Only rules that a recording cannot decide, and what would be needed.")
@click.option("--json", "as_json", is_flag=True, help="The same as data.")
@click.option("--width", type=click.IntRange(40), help="Columns of a line. Default: the terminal's, else 120.")
@click.option("--ascii", "ascii_", is_flag=True, help="Write ASCII only.")
def rules(
    ids: tuple[str, ...],
    search: str | None,
    basis: str | None,
    severity: str | None,
    undecidable: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Tell the rules of ASGI: what is asked of whom, where that is written, what breaks it and what does not.

    \b
    asgiviz rules                      all of them, by part
    asgiviz rules HTTP-S-021           one of them, with both examples
    asgiviz rules HTTP-S               those that begin so
    asgiviz rules --search trailers

    A class says why it is a rule. specification: the text of ASGI. RFC: HTTP or WebSocket itself, where no server can repair
    it. portability: the specification leaves it open, and servers differ.
    """
    from asgiviz.cli.learning import print_out
    from asgiviz.cli.look import look_here
    from asgiviz.views.painting import painted
    from asgiviz.views.rule_rows import needs_list, rule_page, rules_list
    from asgiviz.views.spans import Row

    look = look_here({**options, "form": "json" if as_json else "plain", "filter_": None, "reveal": False, "masked": ()})
    found = [rule for rule in _named(ids) if _fits(rule, search, basis, severity, undecidable)]
    if as_json:
        print_out(
            json.dumps([rule_as_data(rule) for rule in found], indent=1, ensure_ascii=look.ascii) + "\n", for_programs=True
        )
        return
    if not found:
        click.echo("asgiviz: no rule is like that. `asgiviz rules` lists them all.", err=True)
        sys.exit(2)
    if len(found) == 1:
        rows = rule_page(found[0], look.width)
    else:
        rows = needs_list(found, look.width) if undecidable else rules_list(found, look.width)
        rows += [Row([]), *_footer(len(found), look.width)]
    print_out(painted(rows, look.colour, look.ascii))


def _named(ids: tuple[str, ...]) -> list[Rule]:
    """The rules that are asked for, in the order of the book; a wrong word ends the command."""
    from asgiviz.check.choice import UnknownRuleError, rules_called
    from asgiviz.cli.learning import USAGE, leave
    from asgiviz.protocol.rules.book import RULES
    from asgiviz.views.text import safe

    wanted: set[str] = set()
    for word in ids:
        try:
            wanted.update(rules_called(word))
        except UnknownRuleError as error:
            leave(USAGE, safe(str(error)))
    return [rule for rule in RULES.values() if not ids or rule.id in wanted]


def _fits(rule: Rule, search: str | None, basis: str | None, severity: str | None, undecidable: bool) -> bool:
    from asgiviz.protocol.rules.rule import Basis

    if basis is not None and basis.lower() not in [each.value.lower() for each in Basis]:
        raise click.UsageError(f"there is no class {basis!r}; there are {', '.join(Basis)}")
    text = " ".join((rule.id, rule.line, rule.instead, rule.section, rule.servers, rule.needs)).lower()
    return (
        (basis is None or rule.basis.lower() == basis.lower())
        and (severity is None or rule.severity == severity)
        and not (undecidable and rule.decidable)
        and all(word in text for word in (search or "").lower().split())
    )


def _footer(count: int, width: int) -> list[Any]:
    from asgiviz.views.finding_rows import wrapped
    from asgiviz.views.spans import Role

    return wrapped(f"{count} rules. asgiviz rules ID tells one with its examples.", width, role=Role.QUIET)


def rule_as_data(rule: Rule) -> dict[str, Any]:
    """A rule with all that is said of it."""
    from asgiviz.protocol.terms_entry import MEASURED_WITH

    fields = {**asdict(rule), "decidable": rule.decidable, "measured_with": MEASURED_WITH if rule.servers else ""}
    return {"class" if name == "basis" else "who" if name == "party" else name: value for name, value in fields.items()}
