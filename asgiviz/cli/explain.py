"""``asgiviz explain WORD``: what a key, message, code, header, state, exception or word means."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asgiviz.cli.look import Look
    from asgiviz.protocol.glossary import Entry
    from asgiviz.protocol.rules.rule import Rule
    from asgiviz.views.spans import Row


@click.command(short_help="Explain a word.")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@click.option("--json", "as_json", is_flag=True, help="The same as data.")
@click.option("--width", type=click.IntRange(40), help="Columns of a line. Default: the terminal's, else 120.")
@click.option("--ascii", "ascii_", is_flag=True, help="Write ASCII only.")
def explain(words: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Explain WORD: a key of the scope, a message, a close code, a status, a header, a state, an exception, a term.

    \b
    asgiviz explain more_body
    asgiviz explain 1006
    asgiviz explain 'scope[path]'
    asgiviz explain event loop

    Without a WORD it lists what it can explain.
    """
    from asgiviz.cli.look import look_here
    from asgiviz.cli.rules import rule_as_data
    from asgiviz.protocol.glossary import ENTRIES
    from asgiviz.views.explanation import contents, draw_all
    from asgiviz.views.rule_rows import rule_page

    look = look_here({**options, "form": "json" if as_json else "plain", "filter_": None, "reveal": False, "masked": ()})
    rules, rest = _rules(words)
    asked, unknown_words = _meanings(rest)
    if look.form == "json":
        entries = [entry for meanings in asked for entry in meanings] if words else list(ENTRIES)
        data = [*map(rule_as_data, rules), *map(_as_data, entries)]
        click.echo(json.dumps(data, indent=2, ensure_ascii=look.ascii))
    elif not words:
        _print(contents(look.width), look)
    else:
        pages = [*(rule_page(rule, look.width) for rule in rules), *(draw_all(meanings, look.width) for meanings in asked)]
        for place, page in enumerate(pages):
            if place:
                click.echo()
            _print(page, look)
    if unknown_words:
        _complain(unknown_words, look)


def _rules(words: tuple[str, ...]) -> tuple[list[Rule], tuple[str, ...]]:
    """The rules of the book that are named by their ids, and the other words."""
    from asgiviz.protocol.rules.book import RULES

    ids = {word: RULES[word.upper()] for word in words if word.upper() in RULES}
    return list(ids.values()), tuple(word for word in words if word not in ids)


def _meanings(words: tuple[str, ...]) -> tuple[list[list[Entry]], list[str]]:
    """What several words mean together, else each by itself; and those that mean nothing."""
    from asgiviz.protocol.glossary import look_up_all

    if together := look_up_all(" ".join(words)):
        return [together], []
    each = {word: look_up_all(word) for word in words}
    return [found for found in each.values() if found], [word for word, found in each.items() if not found]


def _as_data(entry: Entry) -> dict[str, Any]:
    from asgiviz.protocol.glossary import MEASURED_WITH

    return {**asdict(entry), "measured_with": MEASURED_WITH if entry.servers else ""}


def _print(rows: Iterable[Row], look: Look) -> None:
    from asgiviz.views.painting import painted

    click.echo(painted(rows, look.colour, look.ascii), nl=False)


def _complain(words: list[str], look: Look) -> None:
    """A sentence for each word that is not known, and the end."""
    from asgiviz.views.explanation import unknown
    from asgiviz.views.spans import spelt

    for word in words:
        sentence = f"asgiviz: {unknown(word)} `asgiviz explain` lists all words."
        click.echo(spelt(sentence) if look.ascii else sentence, err=True)
    sys.exit(2)
