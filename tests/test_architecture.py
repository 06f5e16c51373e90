"""The rooms keep to their floors: nothing imports upwards or sideways."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "asgiviz"

#: room -> floor. A room may import rooms on lower floors, and its own.
FLOORS = {
    "model": 0,
    "lessons_place": 0,
    "settings": 0,
    "junit": 0,
    "protocol": 1,
    "probe": 1,
    "store": 1,
    "traffic": 1,
    "host": 3,
    "course": 3,
    "demo": 3,
    "check": 2,
    "views": 4,
    "check_settings": 4,
    "export": 5,
    "session": 5,
    "checkup": 5,
    "middleware": 5,
    "experiment": 5,
    "ui": 6,
    "pytest_plugin": 6,
    "cli": 7,
    "__main__": 8,
    "__init__": 8,
}
#: Libraries that only these rooms may import.
ONLY_IN = {
    "textual": {"ui"},
    "uvicorn": {"host"},
    "waitress": {"host"},
    "markdown_it": {"views"},
    "click": {"cli"},
    "pytest": {"pytest_plugin"},
    "watchfiles": {"host"},
    "h11": {"probe", "traffic"},
    "websockets": {"probe", "traffic"},
}
#: Rooms without clocks, sockets, threads and loops; the demo app and the standard library's types are not meant.
PURE = {"model", "protocol", "views", "course", "check"}
IMPURE = {"socket", "threading", "asyncio", "subprocess", "time", "signal", "select"}


def files() -> list[Path]:
    """All modules of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    """The room a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> list[tuple[int, str]]:
    """Every module that is imported in a file, with the line."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} uses a relative import"
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def complaints(path: Path) -> list[str]:
    """What the imports of one file break, a sentence each."""
    room = room_of(path)
    said = []
    for line, name in imports_of(path):
        top, _, rest = name.partition(".")
        where = f"{path.relative_to(PACKAGE.parent)}:{line}"
        if top == "asgiviz" and rest:
            other = rest.split(".")[0]
            if other in FLOORS and other != room and FLOORS[other] >= FLOORS[room]:
                said.append(f"{where} imports {name}: {room} is on floor {FLOORS[room]}, {other} on floor {FLOORS[other]}")
        elif room not in ONLY_IN.get(top, {room}):
            said.append(f"{where} imports {top}, which belongs to {', '.join(sorted(ONLY_IN[top]))}")
        elif room in PURE and top in IMPURE:
            said.append(f"{where} imports {top}: {room} is pure")
    return said


def test_every_room_has_a_floor() -> None:
    """Every file belongs to a room of the table."""
    assert {room_of(path) for path in files()} <= set(FLOORS)


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_what_is_below_it(path: Path) -> None:
    """A file imports lower floors, its own room, and the libraries that its room may use."""
    assert complaints(path) == []


def test_the_floor_test_notices_an_upward_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An import of a higher room is named with its line and both floors."""
    wrong = tmp_path / "asgiviz" / "model" / "wrong.py"
    wrong.parent.mkdir(parents=True)
    wrong.write_text("import uvicorn\nfrom asgiviz.store import reader\n", encoding="utf-8")
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path / "asgiviz")
    first, second = complaints(wrong)
    assert "imports uvicorn, which belongs to host" in first
    assert ":2 imports asgiviz.store.reader: model is on floor 0, store on floor 1" in second


@pytest.mark.parametrize("name", ["utils", "util", "helpers", "common", "core", "base", "manager", "data", "info", "misc"])
def test_no_file_has_a_name_that_says_nothing(name: str) -> None:
    """Files are named by what they hold."""
    assert [path for path in files() if path.stem == name or path.parent.name == name] == []


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_begins_with_its_law(path: Path) -> None:
    """The first statement of a file is a docstring."""
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
