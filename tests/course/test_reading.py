"""A lesson is read from disk whole, or every mistake in it is named with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asgiviz.course.complaints import Complaint, PackError
from asgiviz.course.lesson import Ask, Go, Practise, Prose, ShowCode
from asgiviz.course.reading import find_lesson, read_lesson
from asgiviz.lessons_place import lessons_directory
from tests.course.packs import LESSON_ID, LittlePack, little_pack


def complaints_of(pack: LittlePack) -> tuple[Complaint, ...]:
    """What is wrong with the lesson of the pack; nothing when it can be read."""
    try:
        pack.lesson()
    except PackError as error:
        return error.complaints
    return ()


def test_a_valid_lesson_is_read_into_its_nouns(pack: LittlePack) -> None:
    """Pages, questions, runs and checks are those of the files, in their order."""
    lesson = pack.lesson()
    kinds: list[list[type]] = [[type(block) for block in page.blocks] for page in lesson.pages]
    assert [page.title for page in lesson.pages] == ["A little lesson", "Your turn", "The end"]
    assert kinds[0] == [Prose, ShowCode, Ask, Ask, Go, Prose, Ask, Prose]
    assert kinds[1] == [Prose, Practise, Prose]
    assert {each.id: each.kind.value for each in lesson.questions.values()} == {
        "p1": "predict",
        "p2": "predict",
        "o1": "observe",
        "q1": "quiz",
    }
    assert lesson.experiments["one"].knobs[0].values == (5.0, 10.0, 20.0)
    assert [check.id for check in lesson.checks] == ["together", "quick"]
    assert lesson.number == 1
    assert lesson.slug == "little"


def test_a_note_for_the_instructor_is_marked(pack: LittlePack) -> None:
    """What stands between ::: lines is for its audience, and the rest for everybody."""
    prose = [block for block in pack.lesson().pages[0].blocks if isinstance(block, Prose)]
    assert [(block.text, block.audience) for block in prose if block.audience] == [("Be silent.", "instructor")]


def test_code_blocks_are_no_headings_and_no_directives(pack: LittlePack) -> None:
    """Within a code block nothing is read but text."""
    pack.change("lesson.md", "Well done.", "```\n## no heading\n{run:nowhere}\n{oops:x}\n```")
    lesson = pack.lesson()
    assert len(lesson.pages) == 3
    assert "{run:nowhere}" in lesson.pages[1].blocks[-1].text  # type: ignore[union-attr]


#: (what is wrong, the file, what stands there, what is put in its place, the code, what stands in the line of the complaint if
#: it is not what was put in)
WRONG = [
    ("unknown key", "lesson.md", "minutes = 10", "minutes = 10\nminuts = 3", "E003", "minuts = 3"),
    ("key of the wrong type", "lesson.md", "minutes = 10", 'minutes = "ten"', "E002", ""),
    ("missing key", "lesson.md", 'title = "A little lesson"\n', "", "E001", "format = 1"),
    ("missing key of a question", "lesson.md", 'question = "Who waits?"\n', "", "E001", "[[quiz]]"),
    ("id that is not the folder", "lesson.md", 'id = "01-little"', 'id = "01-large"', "E004", ""),
    ("question id with a blank", "lesson.md", 'id = "p2"', 'id = "p 2"', "E004", ""),
    ("two questions with one id", "lesson.md", 'id = "q1"', 'id = "p1"', "E004", ""),
    ("two options with one id", "lesson.md", '{ id = "c", text = "never"', '{ id = "a", text = "never"', "E004", ""),
    ("answer that is no option", "lesson.md", 'answer = "b"', 'answer = "d"', "E021", 'answer = "d"'),
    (
        "one option",
        "lesson.md",
        '  { id = "a", text = "nobody", why = "waiting-is-work" },\n  { id = "b", text = "one", why = "one-at-a-time" },\n',
        "",
        "E021",
        "options = [",
    ),
    ("answer without options", "lesson.md", 'expects = "wait"', 'answer = "a"', "E021", 'answer = "a"'),
    ("sum that is none", "lesson.md", 'expects = "wait"', 'expects = "wait +"', "E002", ""),
    ("format that reaches into objects", "lesson.md", "{value:.2f} s", "{value.__class__} s", "E002", ""),
    (
        "question about no run",
        "lesson.md",
        'run = "one"\nquestion = "When',
        'run = "two"\nquestion = "When',
        "E030",
        'run = "two"',
    ),
    ("format of the future", "lesson.md", "format = 1", "format = 2", "E008", ""),
    ("broken TOML", "lesson.md", "minutes = 10", "minutes = = 10", "E006", ""),
    ("front matter without end", "lesson.md", "+++\n# A little", "# A little", "E006", "+++"),
    ("no front matter", "lesson.md", "+++\nformat", "format", "E006", "format = 1"),
    ("unknown directive", "lesson.md", "{exercise}", "{excercise}", "E080", ""),
    ("directive to nowhere", "lesson.md", "{run:one}", "{run:two}", "E030", ""),
    ("question called by another kind", "lesson.md", "{observe:o1}", "{quiz:o1}", "E030", ""),
    ("code that is not there", "lesson.md", "{code:apps/waits.py}", "{code:apps/none.py}", "E030", ""),
    ("code outside of the folder", "lesson.md", "{code:apps/waits.py}", "{code:../pack.toml}", "E030", ""),
    ("directive within a line", "lesson.md", "They needed", "{run:one} They needed", "E080", ""),
    ("unknown number", "lesson.md", "{metric:one.makespan|.2f}", "{metrik:one.makespan}", "E080", ""),
    ("metric of no run", "lesson.md", "{metric:one.makespan|.2f}", "{metric:two.makespan}", "E030", ""),
    ("number in no format", "lesson.md", "makespan|.2f}", "makespan|.99999f}", "E002", ""),
    ("note that is not closed", "lesson.md", "silent.\n:::", "silent.", "E080", ":::note"),
    ("note for nobody we know", "lesson.md", "for=instructor", "for=parents", "E080", ""),
    ("app that is not there", "experiments.toml", "apps/waits.py:app", "apps/none.py:app", "E031", ""),
    ("app outside of the folder", "experiments.toml", "apps/waits.py:app", "../../waits.py:app", "E007", ""),
    ("app without a name", "experiments.toml", "apps/waits.py:app", "apps/waits.py", "E031", ""),
    ("no clients", "experiments.toml", "clients = 10\n", "clients = 0\n", "E002", ""),
    ("wait that is no number", "experiments.toml", "wait = 0.5\n", "wait = nan\n", "E002", ""),
    ("unknown clock", "experiments.toml", "wait = 0.5\n", 'wait = 0.5\nclock = "lunar"\n', "E002", 'clock = "lunar"'),
    ("unknown knob", "experiments.toml", "clients = [5, 10, 20]", "guests = [5, 10]", "E032", ""),
    ("knob for half a client", "experiments.toml", "[5, 10, 20]", "[5, 10.5]", "E032", ""),
    ("claim without a condition", "experiments.toml", ', is = "<= 3 * wait"', "", "E001", "claims ="),
    ("two runs with one id", "experiments.toml", 'id = "graded"', 'id = "one"', "E004", 'id = "one"'),
    ("wrong step", "experiments.toml", "clients = 10\n", 'clients = [{steps = [{do = "dance"}]}]\n', "E033", ""),
    ("two checks with one id", "checks.toml", 'id = "quick"', 'id = "together"', "E004", ""),
    (
        "check of no run",
        "checks.toml",
        'run = "graded"\nexpect = "makespan"',
        'run = "two"\nexpect = "makespan"',
        "E046",
        'run = "two"',
    ),
    ("condition that is none", "checks.toml", 'is = ">= clients"', 'is = "many"', "E002", ""),
    ("unknown type of check", "checks.toml", "points = 2", 'points = 2\ntype = "nice"', "E002", 'type = "nice"'),
]


@pytest.mark.parametrize(("file", "old", "new", "code", "there"), [each[1:] for each in WRONG], ids=[each[0] for each in WRONG])
def test_a_mistake_is_named_with_its_line(pack: LittlePack, file: str, old: str, new: str, code: str, there: str) -> None:
    """One change makes the lesson wrong, and the complaint says in which file and line."""
    pack.change(file, old, new)
    lines = (pack.lesson_directory / file).read_text(encoding="utf-8").split("\n")
    found = [(each.code, each.file.name, lines[(each.line or 0) - 1]) for each in complaints_of(pack)]
    wanted = there or new.split("\n")[0]
    assert [line for known, name, line in found if (known, name) == (code, file) and wanted in line], found


def test_a_wrong_key_is_answered_with_the_right_one(pack: LittlePack) -> None:
    """A slip of the fingers is met with what was probably meant."""
    pack.change("checks.toml", "message =", "mesage =")
    sentences = [each.sentence for each in complaints_of(pack)]
    assert any('the key "message" is missing' in each for each in sentences)


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 5000 + "]" * 5000], ids=["digits", "brackets"])
def test_what_python_cannot_bear_is_a_complaint(pack: LittlePack, value: str) -> None:
    """A number of thousands of digits, or thousands of brackets, are a sentence and no exception."""
    pack.change("lesson.md", "minutes = 10", f"minutes = {value}")
    assert [each.code for each in complaints_of(pack)] == ["E006"]


def test_all_mistakes_are_named_at_once(pack: LittlePack) -> None:
    """Reading goes on after the first mistake."""
    pack.change("lesson.md", "minutes = 10", "minutes = 0")
    pack.change("experiments.toml", "apps/waits.py:app", "apps/none.py:app")
    pack.change("checks.toml", 'is = ">= clients"', 'is = "many"')
    assert {each.file.name for each in complaints_of(pack)} == {"lesson.md", "experiments.toml", "checks.toml"}


def test_a_missing_file_is_named(pack: LittlePack) -> None:
    """A folder without lesson.md, and an exercise without its file, are complaints."""
    pack.remove("exercise/app.py")
    pack.write("exercise/other.py", "")
    assert ("exercise", "E005") in [(each.file.name, each.code) for each in complaints_of(pack)]
    pack.remove("lesson.md")
    assert [(each.file.name, each.code) for each in complaints_of(pack)] == [("lesson.md", "E005")]


def test_bytes_that_are_no_text_are_named_with_their_line(pack: LittlePack) -> None:
    """A file that is not UTF-8 says in which line."""
    path = pack.lesson_directory / "checks.toml"
    path.write_bytes(path.read_bytes().replace(b"quick", b"qu\xefck"))
    (found,) = complaints_of(pack)
    assert (found.code, found.line) == ("E006", 11)


def test_a_huge_file_is_not_read(pack: LittlePack) -> None:
    """A file over the limit is a complaint, before it is in memory."""
    pack.write("checks.toml", "#" * 1_000_001)
    assert [each.code for each in complaints_of(pack)] == ["E006"]


def test_a_link_out_of_the_folder_is_refused(pack: LittlePack, tmp_path: Path) -> None:
    """Nothing is read through a symbolic link, neither a file nor a folder."""
    (tmp_path / "secret.py").write_text("secret", encoding="utf-8")
    (pack.lesson_directory / "apps" / "link.py").symlink_to(tmp_path / "secret.py")
    (pack.lesson_directory / "support").symlink_to(tmp_path)
    assert {(each.code, each.file.name) for each in complaints_of(pack)} == {("E007", "link.py"), ("E007", "support")}


def test_windows_lines_and_a_byte_order_mark_are_no_mistake(pack: LittlePack) -> None:
    """A lesson that an editor has saved with CRLF and a mark reads the same."""
    path = pack.lesson_directory / "lesson.md"
    pages = pack.lesson().pages
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert pack.lesson().pages == pages


def test_a_broken_lesson_hides_no_other(pack: LittlePack) -> None:
    """The pack has the lessons that can be read, and the complaints about the others."""
    other = pack.directory / "02-broken"
    other.mkdir()
    (other / "lesson.md").write_text("+++\n+++\n", encoding="utf-8")
    read = pack.read()
    assert [lesson.id for lesson in read.lessons] == [LESSON_ID]
    assert "E001" in {each.code for each in read.broken["02-broken"]}
    with pytest.raises(PackError):
        find_lesson(read, "2")


def test_a_broken_pack_is_refused(pack: LittlePack) -> None:
    """Without a pack.toml that can be read there is no pack."""
    (pack.directory / "pack.toml").write_text('format = 1\nid = "x"\n', encoding="utf-8")
    with pytest.raises(PackError, match=r"pack.toml:1: E001 .*title"):
        pack.read()


@pytest.mark.parametrize("text", ["1", "01", "little", "01-little", " Little "])
def test_a_lesson_is_found_by_number_slug_and_id(pack: LittlePack, text: str) -> None:
    """What people type finds the lesson."""
    assert find_lesson(pack.read(), text).id == LESSON_ID


def test_a_lesson_that_is_not_there_is_answered_with_one_that_is(pack: LittlePack) -> None:
    """The sentence names what is near, or what there is."""
    with pytest.raises(LookupError, match='Did you mean "little"'):
        find_lesson(pack.read(), "litle")
    with pytest.raises(LookupError, match="There are lessons 1"):
        find_lesson(pack.read(), "99")


def test_the_lessons_that_come_with_asgiviz_can_be_read() -> None:
    """No lesson of the official pack is broken."""
    from asgiviz.course.reading import read_pack

    assert read_pack(lessons_directory(), official=True).broken == {}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    file=st.sampled_from(["lesson.md", "experiments.toml", "checks.toml"]),
    at=st.floats(0, 1),
    cut=st.integers(0, 40),
    put=st.text(st.sampled_from('"[]{}=\n#+:.,\x00\\é|'), max_size=6),
)
def test_no_damage_to_a_file_is_an_exception_of_ours(
    tmp_path_factory: pytest.TempPathFactory, file: str, at: float, cut: int, put: str
) -> None:
    """Whatever is cut out of a file or put into it: the lesson is read, or complained about."""
    pack = little_pack(tmp_path_factory.mktemp("damaged"))
    path = pack.lesson_directory / file
    text = path.read_text(encoding="utf-8")
    start = int(at * len(text))
    path.write_text(text[:start] + put + text[start + cut :], encoding="utf-8")
    try:
        read_lesson(pack.lesson_directory)
    except PackError as error:
        complaints = error.complaints
    else:
        return
    lines = path.read_text(encoding="utf-8").count("\n") + 1
    assert complaints
    assert all(each.sentence and (each.file != path or (each.line or 1) <= lines) for each in complaints)


def test_a_run_that_does_not_say_how_many_clients_has_ten(pack: LittlePack) -> None:
    """As the format promises; not one, and not none."""
    assert pack.lesson().experiments["graded"].clients == 10
