"""Source with marks: every line has its number, a mark its text, and marked lines are in sight."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from asgiviz.views.code_rows import LineMark, code, held, is_same_file, suspended
from asgiviz.views.spans import text_of
from tests.views.drawing import fits

SOURCE = "".join(f"line {number}\n" for number in range(1, 101))


@given(
    st.text(max_size=200), st.integers(1, 90), st.integers(1, 30), st.dictionaries(st.integers(-2, 12), st.text(max_size=60))
)
def test_any_source_fits(source: str, width: int, height: int, marks: dict[int, str]) -> None:
    """Whatever the file holds, wrapped or cut, no row is too wide, there are not too many, and nothing steers the terminal."""
    for wrap in (False, True):
        rows = code(source, width, height, {line: LineMark(text) for line, text in marks.items()}, wrap=wrap)
        assert len(rows) <= height
        assert all(fits(row.spans, width) for row in rows)


@given(st.integers(1, 100), st.integers(3, 20))
def test_a_marked_line_is_in_sight(line: int, height: int) -> None:
    """Wherever it is, with its number and the text of its mark."""
    rows = [text_of(row.spans) for row in code(SOURCE, 60, height, {line: LineMark("here")})]
    assert any(f"{line} │ line {line} " in row and "◀ here" in row for row in rows)
    assert len(rows) == height


def test_a_line_that_is_wrapped_is_whole() -> None:
    """Its pieces put together are the line."""
    source = "x = " + " + ".join(str(number) for number in range(40))
    rows = [text_of(row.spans) for row in code(source, 40, wrap=True)]
    assert "".join(row[5:] for row in rows) == source


def test_marks_are_those_of_the_file_that_is_shown() -> None:
    """A relative and an absolute path of the same file meet; another file's lines are not marked."""
    places = {("/lesson/apps/walks.py", 9): [1, 2, 3], ("/lesson/apps/other.py", 2): [4]}
    assert suspended(places, "apps/walks.py", 10) == {9: LineMark("suspended here, 3 of 10")}
    assert [*held(9, 3)] == [9]
    assert is_same_file("/lesson/apps/asleep.py", "apps/asleep.py")
    assert not is_same_file("/a/b.py", "apps/asleep.py")
