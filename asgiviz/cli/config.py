"""``asgiviz config``: what is set, where each value comes from, and a file to begin with."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from asgiviz.settings import KEYS, SETTINGS, Settings, shown_path

if TYPE_CHECKING:
    from asgiviz.ui.keys import KeyMap


@click.command(short_help="Show settings and keys, and where they come from.")
@click.option("--show", "do", flag_value="show", default="show", help="Each value and where it comes from. The default.")
@click.option("--path", "do", flag_value="path", help="Where the config file is, or would be.")
@click.option("--init", "do", flag_value="init", help="Write a config file with everything in it, commented out.")
@click.option("--json", "do", flag_value="json", help="What --show shows, as JSON.")
def config(do: str) -> None:
    """Show the settings and keys that hold, and where each comes from.

    The command line wins over the environment (ASGIVIZ_THEME=light), which wins over the config file, which wins over the
    defaults. Lists of names add up.
    """
    settings = Settings.load()
    if do == "path":
        click.echo(click.format_filename(settings.path))
    elif do == "init":
        write_example(settings)
    else:
        from asgiviz.ui.keys import key_map

        keys = key_map(settings)
        click.echo(as_json(settings, keys) if do == "json" else "\n".join(table(settings, keys)))
        for warning in (*settings.warnings, *keys.complaints):
            click.echo(f"asgiviz: {warning}", err=True)


def table(settings: Settings, keys: KeyMap) -> Iterator[str]:
    """The lines of ``--show``."""
    there = "" if settings.path.exists() else ", which is not there; asgiviz config --init writes it"
    yield f"config file: {shown_path(settings.path)}{there}"
    yield ""
    yield from _columns((name, _toml(getattr(settings, name)), settings.origin(name)) for name in SETTINGS)
    yield ""
    yield from _columns(
        (action, "  ".join(held) or "no key", settings.origin(f"{KEYS}.{action}")) for action, held in keys.keys.items()
    )


def as_json(settings: Settings, keys: KeyMap) -> str:
    """The same as one JSON object."""
    rows = {name: {"value": getattr(settings, name), "from": settings.origin(name)} for name in SETTINGS}
    held = {action: {"keys": keys.keys[action], "from": settings.origin(f"{KEYS}.{action}")} for action in keys.keys}
    said = {
        "path": str(settings.path),
        "exists": settings.path.exists(),
        "settings": rows,
        KEYS: held,
        "warnings": [*settings.warnings, *keys.complaints],
    }
    return json.dumps(said, indent=2)


def write_example(settings: Settings) -> None:
    """Write the example where the config file belongs, unless there is one."""
    path = settings.path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(example())
    except FileExistsError:
        click.echo(f"asgiviz: {shown_path(path)} is there already and stays as it is. See: asgiviz config --show", err=True)
        sys.exit(2)
    except OSError as error:
        click.echo(f"asgiviz: {shown_path(path)} cannot be written: {error.strerror}", err=True)
        sys.exit(2)
    click.echo(f"{shown_path(path)} is written. Everything in it is commented out: take the # away where you want a change.")


def example() -> str:
    """A config file with every setting and every key, each as it is by default, commented out."""
    from asgiviz.ui.keys import ACTIONS

    lines = ["# Settings of asgiviz. `asgiviz config --show` says what holds and where it comes from.", ""]
    for setting in SETTINGS.values():
        lines += [
            f"# {setting.does}",
            f"# {setting.wanted[0].upper()}{setting.wanted[1:]}. In the environment: {setting.variable}",
            f"# {setting.name} = {_toml(setting.default)}",
            "",
        ]
    lines += ["# A key, a list of keys, or [] for none.", f"[{KEYS}]"]
    for action in ACTIONS.values():
        keys = _toml(action.keys if len(action.keys) > 1 else action.keys[0])
        lines.append(f'# "{action.id}" = {keys}  # {action.help}')
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    """A value as TOML writes it; what would be seen as a control character stands as an escape."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value)


def _columns(rows: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """Three columns, as wide as they must be."""
    held = list(rows)
    first, second = (max(len(row[column]) for row in held) for column in (0, 1))
    for name, value, origin in held:
        yield f"  {name:<{first}}  {value:<{second}}  {origin}"
