"""The built-in set asks what it says it asks, and scripts of the user's own come from plain files."""

from __future__ import annotations

from pathlib import Path

import pytest

from asgiviz.traffic.check_set import METHODS, check_set, read_scripts
from asgiviz.traffic.steps import HangUp, OpenWebSocket, Read, Request


def test_each_path_gets_every_method_and_the_ways_to_leave() -> None:
    """Names say path and behaviour, are unique, and every client has a bounded life."""
    scripts = check_set(("/a", "/b?q=1"), timeout=2.0)
    names = [script.name for script in scripts]
    assert len(set(names)) == len(names) == 2 * 14
    assert {"GET /a", "POST /b?q=1, body in pieces", "WebSocket /a, gone without a close frame"} <= set(names)
    assert {script.limit for script in scripts} == {2.0}


def test_only_the_methods_that_are_asked_for_are_tried() -> None:
    """WS stands for the WebSockets."""
    assert [script.name for script in check_set(methods=("DELETE", "WS"))] == [
        "DELETE /",
        "WebSocket /",
        "WebSocket /, closed at once",
        "WebSocket /, gone without a close frame",
    ]


def test_headers_and_body_of_the_user_go_along() -> None:
    """In pieces they are the same body; a content type is only made up for a body that is."""
    headers = (("x-key", "v"),)
    scripts = check_set(methods=METHODS, headers=headers, body=b"abcdefgh")
    requests = [step for script in scripts for step in script.steps if isinstance(step, Request)]
    assert all(step.headers == headers for step in requests)
    assert {b"".join(map(bytes, step.body)) for step in requests if step.method == "POST"} == {b"abcdefgh"}  # type: ignore[arg-type]
    [pieces] = [step for step in requests if step.chunked]
    assert len(pieces.body) == 3
    assert [step.headers for script in scripts for step in script.steps if isinstance(step, OpenWebSocket)] == [headers] * 3
    [made_up] = [step for step in check_set(methods=("PUT",))[0].steps if isinstance(step, Request)]
    assert dict(made_up.headers)["content-type"] == "application/json"


def test_an_empty_body_cannot_be_left_in_the_middle() -> None:
    """Then there is no such client."""
    assert [script.name for script in check_set(methods=("POST",), body=b"")] == ["POST /", "POST /, body in pieces"]


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"paths": ("orders",)}, "path 'orders': a target begins with a slash"),
        ({"methods": ("G T",)}, "is no method"),
        ({"headers": (("a b", "c"),)}, "is no name of a header"),
    ],
    ids=["path", "method", "header"],
)
def test_what_cannot_be_sent_is_refused_before_anything_is_played(keys: dict[str, tuple[str, ...]], sentence: str) -> None:
    """One sentence names it."""
    with pytest.raises(ValueError, match=sentence):
        check_set(**keys)  # type: ignore[arg-type]


FILES = {
    "one.toml": 'name = "ann"\n[[steps]]\ndo = "request"\npath = "/"\n[[steps]]\ndo = "hang_up"\n',
    "many.toml": '[[clients]]\nname = "ann"\nsteps = [{do = "request", path = "/"}, {do = "hang_up"}]\n',
    "one.json": '{"name": "ann", "steps": [{"do": "request", "path": "/"}, {"do": "hang_up"}]}',
    "many.json": '[{"name": "ann", "steps": [{"do": "request", "path": "/"}, {"do": "hang_up"}]}]',
}


@pytest.mark.parametrize("name", FILES)
def test_scripts_are_read_from_toml_and_json(tmp_path: Path, name: str) -> None:
    """One client, a list of them, or a table of clients."""
    path = tmp_path / name
    path.write_text(FILES[name], encoding="utf-8")
    [script] = read_scripts(path)
    assert (script.name, script.steps) == ("ann", (Request("/"), HangUp()))


WRONG = {
    "none.toml": ('clients = "ann"', "a client is a table"),
    "empty.json": ("[]", "there is no client in it"),
    "broken.json": ("{", "is no JSON"),
    "broken.toml": ("= 1", "is no TOML"),
    "step.json": ('{"name": "a", "steps": [{"do": "fly"}]}', 'client "a", step 1: there is no step "fly"'),
    "other.toml": ("a = 1", 'it needs a client with "name" and "steps"'),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_in_a_file_is_said_with_its_name(tmp_path: Path, name: str) -> None:
    """A ValueError of one sentence."""
    text, sentence = WRONG[name]
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=sentence) as caught:
        read_scripts(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_said() -> None:
    """Not a traceback."""
    with pytest.raises(ValueError, match=r"cannot read nowhere\.toml: no such file"):
        read_scripts(Path("nowhere.toml"))


def test_every_request_of_the_set_is_read_or_left() -> None:
    """No client ends with an answer that nobody wanted."""
    for script in check_set(methods=("GET", "POST")):
        assert isinstance(script.steps[-1], (Read, HangUp))
