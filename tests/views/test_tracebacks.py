"""Tracebacks: what Python really prints is read back, and the user's own code stands first."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.views.tracebacks import OWN_FRAMES, Line, package_of, parse, told

LIBRARY = "/srv/shop/.venv/lib/python3.12/site-packages/starlette/routing.py"
THROUGH_A_LIBRARY = f"""Traceback (most recent call last):
  File "{LIBRARY}", line 20, in handle
    await self.app(scope, receive, send)
  File "/srv/shop/orders.py", line 41, in create
    number = int(await text(receive))
             ^^^^^^^^^^^^^^^^^^^^^^^^
  File "/usr/lib/python3.12/asyncio/tasks.py", line 5, in wait_for
    return await fut
  File "/srv/shop/.venv/lib/python3.12/site-packages/asgiviz/probe/tap.py", line 136, in send
ValueError: no number: 'x'
  in line 2
"""


def printed(call: Callable[[], object]) -> str:
    """The traceback that Python prints of what `call` raises."""
    try:
        call()
    except BaseException as error:
        return "".join(traceback.format_exception(error))
    raise AssertionError("nothing was raised")


def key_error() -> None:
    """Raises at the bottom of everything else."""
    dict[str, int]()["tea"]


def caused() -> None:
    """Raises because of another error."""
    try:
        key_error()
    except KeyError as error:
        raise ValueError("no such order") from error


def while_handling() -> None:
    """Raises while another error is handled."""
    try:
        key_error()
    except KeyError:
        str(1 / 0)


def grouped() -> None:
    """Raises a group of two."""
    errors: list[Exception] = []
    for call in (key_error, caused):
        try:
            call()
        except Exception as error:
            errors.append(error)
    raise ExceptionGroup("two orders failed", errors)


def deep(levels: int) -> None:
    """Raises after as many calls of itself."""
    if levels:
        deep(levels - 1)
    key_error()


@pytest.mark.parametrize(
    ("file", "whose"),
    [
        ("/srv/shop/orders.py", None),
        ("C:\\shop\\orders.py", None),
        (LIBRARY, "starlette"),
        ("/usr/lib/python3/dist-packages/django/core/asgi.py", "django"),
        ("C:\\Python312\\Lib\\site-packages\\six.py", "six"),
        ("C:\\Python312\\Lib\\asyncio\\tasks.py", "Python"),
        ("/usr/local/lib/python3.14t/asyncio/tasks.py", "Python"),
        ("<frozen importlib._bootstrap>", "Python"),
        ("/work/asgiviz/asgiviz/probe/tap.py", "asgiviz"),
        ("/work/asgiviz/asgiviz/pytest_plugin/taps.py", "asgiviz"),
        ("/v/lib/python3.12/site-packages/asgiviz/probe/tap.py", "asgiviz"),
        ("/v/lib/python3.12/site-packages/asgiviz/demo/app.py", None),
        ("/home/ada/asgiviz/orders.py", None),
        ("<string>", None),
    ],
)
def test_a_path_says_whose_code_it_is(file: str, whose: str | None) -> None:
    """A file belongs to a library, to Python, to asgiviz, or else to the user; the demo counts as a user's app."""
    assert package_of(file) == whose


def test_frames_stand_innermost_first_and_the_users_before_all_others() -> None:
    """A traceback through libraries tells the user's frame with its line of code, then how many others there are."""
    (part,) = parse(THROUGH_A_LIBRARY)
    assert part.error == "ValueError: no number: 'x'\n  in line 2"
    assert [frame.package for frame in part.frames] == ["asgiviz", "Python", None, "starlette"]
    assert [(line.what, line.text) for line in told([part], False)] == [
        (Line.ERROR, "ValueError: no number: 'x'"),
        (Line.ERROR, "  in line 2"),
        (Line.OWN, "shop/orders.py:41 in create"),
        (Line.COUNT, "3 frames of asgiviz, Python, starlette"),
    ]
    assert part.own[0].source == "number = int(await text(receive))"
    assert [line.text for line in told([part], True) if line.what is Line.OTHER] == [
        "asgiviz tap.py:136 in send",
        "Python tasks.py:5 in wait_for",
        "starlette routing.py:20 in handle",
    ]


def test_a_cause_follows_the_error_that_it_led_to() -> None:
    """Of a chain the last error is told first, and each earlier one with what ties it to that."""
    raised, cause = parse(printed(caused))
    assert (raised.tie, raised.error, raised.frames[0].function) == ("", "ValueError: no such order", "caused")
    assert (cause.tie, cause.error, cause.frames[0].function) == ("caused by", "KeyError: 'tea'", "key_error")


def test_an_error_that_was_being_handled_is_told_as_such() -> None:
    """An error during the handling of another one is not called caused by it."""
    raised, handled = parse(printed(while_handling))
    assert (raised.tie, raised.error) == ("", "ZeroDivisionError: division by zero")
    assert (handled.tie, handled.error) == ("while handling", "KeyError: 'tea'")


def test_the_members_of_a_group_follow_it() -> None:
    """Of an exception group the group itself is told first, then its members with their own frames."""
    group, *members = parse(printed(grouped))
    assert group.error == "ExceptionGroup: two orders failed (2 sub-exceptions)"
    assert [(part.tie, part.error, part.frames[0].function) for part in members] == [
        ("in the group", "KeyError: 'tea'", "key_error"),
        ("in the group", "ValueError: no such order", "caused"),
        ("caused by", "KeyError: 'tea'", "key_error"),
    ]


def test_many_frames_of_the_user_are_folded_too() -> None:
    """Of a deep recursion the innermost frames are told; unfolded, all that Python printed."""
    parts = parse(printed(lambda: deep(300)))
    assert [line.what for line in told(parts, False)].count(Line.OWN) == OWN_FRAMES
    assert [line.what for line in told(parts, True)].count(Line.OWN) == len(parts[0].frames)


def test_a_syntax_error_keeps_the_place_that_it_names() -> None:
    """The file of a syntax error, which has no function, is a frame; its error is the last line."""
    (part,) = parse(printed(lambda: compile("a b", "/srv/shop/menu.py", "exec")))
    assert part.error.startswith("SyntaxError: ")
    assert (part.frames[0].place, part.frames[0].function, part.frames[0].source) == ("shop/menu.py:1", "", "a b")


@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from([*THROUGH_A_LIBRARY.split("\n"), "  | x", "  +-+---- 1 ----"])).map("\n".join)
)
def test_any_text_is_read(text: str) -> None:
    """Whatever stands where a traceback should be is read and told without an error."""
    told(parse(text), True)
    told(parse(text), False)
