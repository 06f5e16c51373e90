"""Makes the folder of a new lesson, and of a pack when there is none. Nothing that is there is ever overwritten."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from string import Template

from asgiviz.course.lesson_template import FILES, MISCONCEPTIONS, PACK

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,36}")
PACK_FILE, BELIEFS = "pack.toml", "misconceptions.toml"
_NUMBERED = re.compile(r"(\d{2})-.+")
_LAST = 99


class NewLessonError(Exception):
    """The lesson cannot be made; `str()` is one sentence."""


def new_lesson(pack: Path, slug: str, title: str | None = None) -> tuple[Path, bool]:
    """Make the lesson behind the last one of a pack; its folder, and whether the pack is new, too. NewLessonError, OSError."""
    if not SLUG.fullmatch(slug):
        raise NewLessonError(f'"{slug}" is no name of a lesson: write small letters, digits and hyphens, at most 37')
    if pack.exists() and not pack.is_dir():
        raise NewLessonError(f"{pack} is a file; name a directory")
    if (pack / "lesson.md").exists():
        raise NewLessonError(f"{pack} is a lesson; a new one goes beside it, into {pack.absolute().parent}")
    folder = pack / f"{_next_number(pack, slug):02}-{slug}"
    belief, other = _beliefs(pack)
    is_new = not (pack / PACK_FILE).exists()
    pack.mkdir(parents=True, exist_ok=True)
    if is_new:
        _write(pack / PACK_FILE, Template(PACK).substitute(pack=_pack_id(pack)))
    if not (pack / BELIEFS).exists():
        _write(pack / BELIEFS, MISCONCEPTIONS)
    said = _for_toml(title or slug.replace("-", " ").capitalize())
    for name, text in FILES.items():
        keys = {"id": folder.name, "title": said, "belief": belief, "other": other}
        _write(folder / name, Template(text).substitute(keys))
    return folder, is_new


def _next_number(pack: Path, slug: str) -> int:
    names = [path.name for path in pack.iterdir()] if pack.is_dir() else []
    numbered = [found for name in names if (found := _NUMBERED.fullmatch(name))]
    for found in numbered:
        if found[0].partition("-")[2] == slug:
            raise NewLessonError(f"{pack / found[0]} is there already; take another name")
    number = max((int(found[1]) for found in numbered), default=0) + 1
    if number > _LAST:
        raise NewLessonError(f"{pack} is full: a pack has at most {_LAST} lessons")
    return number


def _beliefs(pack: Path) -> tuple[str, str]:
    """Two codes of misconceptions: the pack's own, or those that a new pack gets."""
    file = pack / BELIEFS
    try:
        codes = list(tomllib.loads(file.read_text(encoding="utf-8") if file.exists() else MISCONCEPTIONS))
    except (ValueError, OSError) as error:
        raise NewLessonError(f"{file} cannot be read: {error}") from None
    if not codes:
        raise NewLessonError(f"{file} holds no belief yet, and wrong answers need one: write a [code] with belief and note")
    return codes[0], codes[1 % len(codes)]


def _pack_id(pack: Path) -> str:
    """The name of the directory, as an id."""
    plain = re.sub(r"[^a-z0-9]+", "-", pack.absolute().name.lower()).strip("-")
    return plain[:40] or "course"


def _for_toml(title: str) -> str:
    """A title that can stand between quotation marks, and as a heading: on one line."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in title).split())
    return line.replace("\\", "").replace('"', "'") or "A new lesson"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
