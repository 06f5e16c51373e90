"""Progress is one file that is written whole, survives any damage, and never loses what it does not understand."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.course.progress import Answer, LessonProgress, Progress, ProgressError, Ran


def filled(path: Path) -> Progress:
    """A file with something in every place."""
    progress = Progress(path)
    lesson = progress.lesson("asgiviz", "01-ten")
    lesson.page, lesson.attempts, lesson.passed_at, lesson.fingerprint = 3, 2, 1000.5, "sha256:0"
    lesson.answers["p1"] = Answer("b", 2, 999.0, True, 1.51)
    lesson.answers["p2"] = Answer(5.0, tries=2)
    lesson.runs["one"] = Ran({"wsgi.makespan": 5.0}, {"clients": 10.0}, 2)
    lesson.hints["together"] = 1
    progress.lesson("other", "06-x").page = 1
    progress.save()
    return progress


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    """Loading gives back every answer, run, hint and attempt, of every pack."""
    saved = filled(tmp_path / "progress.json")
    loaded = Progress.load(saved.path)
    assert loaded.as_dict() == saved.as_dict()
    assert loaded.lesson("asgiviz", "01-ten") == saved.lesson("asgiviz", "01-ten")
    assert not loaded.warning


def test_nothing_is_written_for_a_lesson_that_was_only_asked_about(tmp_path: Path) -> None:
    """Looking up the progress of a lesson leaves no trace in the file."""
    progress = Progress(tmp_path / "progress.json")
    assert progress.lesson("asgiviz", "01-ten") == LessonProgress()
    assert progress.as_dict() == {"format": 1, "packs": {}}


def test_a_file_that_is_not_there_is_an_empty_one(tmp_path: Path) -> None:
    """The first start has no progress and no warning, and saving makes the directories."""
    progress = Progress.load(tmp_path / "deep" / "er" / "progress.json")
    assert not progress.warning
    progress.lesson("a", "01-b").page = 1
    progress.save()
    assert Progress.load(progress.path).lesson("a", "01-b").page == 1


def test_unknown_keys_are_kept(tmp_path: Path) -> None:
    """What another version has written stands in the file after the next save, at every level."""
    path = filled(tmp_path / "progress.json").path
    plain = json.loads(path.read_text(encoding="utf-8"))
    lesson = plain["packs"]["asgiviz"]["01-ten"]
    for place in (plain, lesson, lesson["answers"]["p1"], lesson["runs"]["one"]):
        place["colour"] = {"deep": [1, None]}
    path.write_text(json.dumps(plain), encoding="utf-8")
    progress = Progress.load(path)
    progress.save()
    assert not progress.warning
    assert json.loads(path.read_text(encoding="utf-8")) == plain


def test_a_newer_file_is_read_and_left_alone(tmp_path: Path) -> None:
    """A file of a later format is not overwritten, and the warning says so."""
    path = filled(tmp_path / "progress.json").path
    path.write_text(path.read_text(encoding="utf-8").replace('"format": 1', '"format": 2'), encoding="utf-8")
    before = path.read_bytes()
    progress = Progress.load(path)
    assert progress.read_only
    assert "newer asgiviz" in progress.warning
    assert progress.lesson("asgiviz", "01-ten").page == 3
    progress.lesson("asgiviz", "01-ten").page = 9
    progress.save()
    assert path.read_bytes() == before


def test_one_damaged_entry_costs_no_other(tmp_path: Path) -> None:
    """A value that cannot be right is dropped; all others stay, and the damaged file is beside."""
    path = filled(tmp_path / "progress.json").path
    text = path.read_text(encoding="utf-8").replace('"page": 3', '"page": "three"')
    path.write_text(text, encoding="utf-8")
    progress = Progress.load(path)
    lesson = progress.lesson("asgiviz", "01-ten")
    assert (lesson.page, lesson.attempts, progress.lesson("other", "06-x").page) == (0, 2, 1)
    aside = tmp_path / "progress.json.damaged-1"
    assert aside.read_text(encoding="utf-8") == text
    assert str(aside) in progress.warning


def test_every_damaged_file_is_kept(tmp_path: Path) -> None:
    """A second damaged file does not overwrite the first."""
    path = tmp_path / "progress.json"
    for number in (1, 2, 3):
        path.write_text("{" * number, encoding="utf-8")
        Progress.load(path)
        assert (tmp_path / f"progress.json.damaged-{number}").read_text(encoding="utf-8") == "{" * number


_CONTENT = (
    b'{"format": 1, "packs": {"asgiviz": {"01-ten": {"page": 3, "attempts": 2, "passed_at": 1000.5, "fingerprint": "x", '
    b'"answers": {"p1": {"said": "b", "confidence": 2, "right": true, "was": 1.5, "tries": 1}, "p2": {"said": 5.0}}, '
    b'"runs": {"one": {"figures": {"makespan": 5.0}, "settings": {"clients": 10}, "times": 2}}, "hints": {"together": 1}}}}}'
)


@given(st.data())
def test_no_damage_is_an_exception_and_none_is_made_worse(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Cut anywhere, or with any bits turned: the file loads, its bytes are still somewhere, and saving makes it sound."""
    if data.draw(st.booleans(), "cut"):
        content = _CONTENT[: data.draw(st.integers(0, len(_CONTENT) - 1), "length")]
    else:
        changed = bytearray(_CONTENT)
        for _ in range(data.draw(st.integers(1, 3), "flips")):
            changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        content = bytes(changed)
    path = tmp_path_factory.mktemp("damage") / "progress.json"
    path.write_bytes(content)
    progress = Progress.load(path)
    kept = [each.read_bytes() for each in path.parent.iterdir()]
    assert content in kept
    assert len(kept) <= 2  # beside it at most what was understood of it
    if not progress.read_only:
        progress.save()
        assert not Progress.load(path).warning


@pytest.mark.slow
def test_two_processes_that_save_leave_one_whole_file(tmp_path: Path) -> None:
    """Whoever comes last wins, and at no moment is there half a file."""
    path = tmp_path / "progress.json"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_save_often, args=(path, name)) for name in ("one", "two")]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        progress = Progress.load(path)
        assert not progress.warning
        seen.add(frozenset(progress.as_dict()["packs"]))
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert seen <= {frozenset(), frozenset({"one"}), frozenset({"two"})}
    assert len(Progress.load(path).as_dict()["packs"]) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["progress.json"]


def _save_often(path: Path, name: str) -> None:
    progress = Progress(path)
    for number in range(30):
        lesson = progress.lesson(name, "01-x")
        lesson.page = number
        lesson.answers = {f"p{each}": Answer("a" * 100) for each in range(50)}
        progress.save()


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """Where there is a file in the way, saving says so and loading does not fail."""
    (tmp_path / "way").write_text("", encoding="utf-8")
    progress = Progress.load(tmp_path / "way" / "progress.json")
    progress = Progress(progress.path)
    with pytest.raises(ProgressError, match="cannot be saved"):
        progress.save()


def test_a_directory_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    """What cannot be read is said, and nothing is written there."""
    progress = Progress.load(tmp_path)
    assert progress.read_only
    assert "cannot be read" in progress.warning
