"""``asgiviz report``: one page of what was done, written where it was wanted, and never over something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asgiviz.course.progress import Progress
from asgiviz.course.walk import Walk
from tests.cli.running import Asgiviz, run
from tests.course.packs import LittlePack, little_pack
from tests.export.rules import Page, complaints


@pytest.fixture
def pack(tmp_path: Path) -> LittlePack:
    """A pack with one valid lesson."""
    return little_pack(tmp_path / "packs")


@pytest.fixture
def done(pack: LittlePack, tmp_path: Path) -> Path:
    """The progress of somebody who has made the first run, and made it again with five clients."""
    read, progress = pack.read(), Progress(tmp_path / "progress.json")
    walk = Walk(read.lessons[0], progress.lesson(read.id, read.lessons[0].id), {"cores": 2.0}, read.misconceptions)
    walk.choose("p1", "b", 1.8e9)
    walk.be_sure("p1", 3)
    walk.choose("p2", "0.5", 1.8e9)
    walk.ran("one", {"asgi.makespan": 0.511, "asgi.overlap": 10.0}, at=1.8e9, clock="virtual")
    walk.ran("one", {"asgi.makespan": 0.512, "asgi.overlap": 5.0}, {"clients": 5.0}, at=1.8e9, clock="real")
    progress.save()
    return progress.path


def report(pack: LittlePack, progress: Path, *more: str) -> Asgiviz:
    """``asgiviz report`` of this pack and progress, after its end, in a directory and a home of its own."""
    where = progress.parent
    return run(
        "report", "--from", str(pack.directory), "--progress", str(progress), *more,
        directory=where, XDG_DATA_HOME=str(where / "home"), ASGIVIZ_PROGRESS="",
    )  # fmt: skip


def test_the_page_is_in_the_current_directory_and_is_never_written_over(pack: LittlePack, done: Path) -> None:
    """Its place is said; a second time it stays as it is, until --force."""
    first = report(pack, done)
    file = done.parent / "asgiviz-report.html"
    assert (first.process.returncode, first.out.strip()) == (0, str(file))
    assert complaints(file.read_text(encoding="utf-8")) == []
    file.write_text("mine", encoding="utf-8")
    second = report(pack, done)
    assert second.process.returncode == 2
    assert "is there already. Write over it with --force" in second.err
    assert file.read_text(encoding="utf-8") == "mine"
    assert report(pack, done, "--force").process.returncode == 0
    assert "Run 2 times; this is the last, on " in (page := file.read_text(encoding="utf-8"))
    assert "2 of 2 predictions right" in page
    assert ", on the real clock." in page


def test_a_minus_is_standard_output(pack: LittlePack, done: Path) -> None:
    """The page and nothing else comes out, and no file is made."""
    written = report(pack, done, "1", "--out", "-")
    assert written.process.returncode == 0
    assert complaints(written.out) == []
    assert not (done.parent / "asgiviz-report.html").exists()


def test_runs_are_made_again_with_the_learners_knobs(pack: LittlePack, done: Path) -> None:
    """With --run (and trust) each run is made on the virtual clock; every one of the five clients is in its table."""
    refused = report(pack, done, "--run")
    assert refused.process.returncode == 2
    assert "--trust" in refused.err
    written = report(pack, done, "--run", "--trust", "--out", "-")
    assert (written.process.returncode, complaints(written.out)) == (0, [])
    (lanes,) = [each for each in Page(written.out).root.all("table") if each.attributes.get("class") == "lanes"]
    rows = [[cell.text for cell in row.all("th", "td")] for row in lanes.all("tr")[1:]]
    assert [(row[0], row[4], row[5]) for row in rows] == [(str(number), "0.500", "200") for number in range(1, 6)]
    assert "on this machine, on the virtual clock." in written.out


def test_who_has_done_nothing_gets_a_sentence_and_no_file(pack: LittlePack, tmp_path: Path) -> None:
    """It is no mistake not to have begun; the next command is said."""
    progress = tmp_path / "progress.json"
    Progress(progress).save()
    nothing = report(pack, progress)
    assert (nothing.process.returncode, nothing.out) == (0, "")
    assert nothing.err == "asgiviz: nothing to report yet: you have done nothing in this course. To begin: asgiviz lesson 1\n"
    assert list(tmp_path.glob("*.html")) == []


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("7",), "there is no lesson"),
        (("--out", "no/such/place.html"), "cannot be written"),
        (("--out", "-", "--open"), "--open needs a file"),
        (("--progress", "gone.json"), "there is no progress in gone.json"),
    ],
    ids=["lesson", "place", "open", "progress"],
)
def test_a_mistake_is_one_sentence(pack: LittlePack, done: Path, more: tuple[str, ...], says: str) -> None:
    """Without a traceback, with exit code 2."""
    wrong = report(pack, done, *more)
    assert wrong.process.returncode == 2
    assert says in wrong.err
    assert "Traceback" not in wrong.err
    assert wrong.out == ""


def test_reading_a_damaged_file_loses_nothing_more(pack: LittlePack, done: Path) -> None:
    """What was understood is in the page, and still in the progress afterwards; the damaged file is kept beside."""
    plain = json.loads(done.read_text(encoding="utf-8"))
    plain["packs"]["little"]["01-little"]["page"] = "first"
    done.write_text(json.dumps(plain), encoding="utf-8")
    written = report(pack, done, "--out", "-")
    assert written.process.returncode == 0
    assert "was damaged" in written.err
    assert "2 of 2 predictions right" in written.out
    assert "p1" in Progress.load(done).lesson("little", "01-little").answers
    assert done.with_name("progress.json.damaged-1").exists()
