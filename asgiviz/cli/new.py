"""``asgiviz new lesson``: a folder to begin with, which is complete and lints clean."""

from __future__ import annotations

from pathlib import Path

import click

from asgiviz.cli.learning import USAGE, leave

#: Where lessons go unless --in says, when this directory is no pack.
LESSONS = Path("lessons")


@click.group(short_help="For authors: a new lesson to begin with.")
def new() -> None:
    """Make something new."""


@new.command()
@click.argument("slug")
@click.option(
    "--in", "directory", type=click.Path(path_type=Path), metavar="DIR",
    help="The pack. Default: this directory when it has a pack.toml, else lessons/.",
)  # fmt: skip
@click.option("--title", help="What people see. Default: made of SLUG.")
def lesson(slug: str, directory: Path | None, title: str | None) -> None:
    """Make the lesson SLUG (such as slow-clients) behind the last one of a pack, and the pack when there is none.

    It is a small lesson that works: text, a prediction, a run, an exercise with its solution and wrong solutions. Comments say
    what to change. Nothing is overwritten.
    """
    from asgiviz.course.new_lesson import PACK_FILE, NewLessonError, new_lesson

    pack = directory or (Path() if Path(PACK_FILE).exists() else LESSONS)
    try:
        folder, new_pack = new_lesson(pack, slug, title)
    except NewLessonError as error:
        leave(USAGE, str(error))
    except OSError as error:
        leave(USAGE, f"the lesson cannot be written into {pack}: {error.strerror or error}")
    if new_pack:
        click.echo(f"{pack / PACK_FILE} is a new course")
    number = int(folder.name[:2])
    click.echo(f"{folder} is lesson {number}. Begin with {folder / 'lesson.md'}")
    click.echo(f"Look at it: asgiviz lesson {number} --from {pack}")
    click.echo(f"Check it:   asgiviz lint {folder}")
