"""Sums and conditions of a lesson mean what they mean in Python, and nothing else is one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.course.expression import ExpressionError, condition, expression

NAMES = {"clients": 10.0, "wait": 0.5, "threads": 4.0, "wsgi.threads": 3.0}

_leaves = st.one_of(
    st.integers(0, 1000).map(str),
    st.floats(0, 1000, allow_nan=False).map(lambda number: f"{number:.3f}"),
    st.sampled_from(["clients", "wait", "threads"]),
)


def _trees(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda parts: f"{parts[0]} {parts[1]} {parts[2]}"),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-({text})"),
        inner.map(lambda text: f"ceil({text})"),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda parts: f"{parts[0]}({parts[1]}, {parts[2]})"),
    )


@given(st.recursive(_leaves, _trees, max_leaves=12).filter(lambda text: len(text) <= 300))
def test_a_sum_comes_to_what_python_says(text: str) -> None:
    """Any sum has the value that Python's own arithmetic gives it; without one, it is refused."""
    try:
        wanted = eval(text, {"__builtins__": {}, "ceil": math.ceil, "min": min, "max": max}, dict(NAMES))
    except (ZeroDivisionError, OverflowError):
        with pytest.raises(ExpressionError):
            expression(text).value(NAMES)
        return
    assert math.isclose(expression(text).value(NAMES), wanted, rel_tol=1e-9, abs_tol=1e-9)


@given(st.text(st.sampled_from("0123456789.+-*/()<>=, acdeilmnqstwx_"), max_size=40))
def test_any_text_is_a_sum_or_one_sentence(text: str) -> None:
    """Whatever is written: a finite number comes out, or an ExpressionError."""
    try:
        value = expression(text).value(NAMES)
    except ExpressionError:
        return
    assert math.isfinite(value)


@pytest.mark.parametrize("text", ["-" * 3000 + "1", "(" * 3000 + "1" + ")" * 3000, "1" + "+1" * 3000, "min(" * 100 + "1"])
def test_no_text_exhausts_the_stack(text: str) -> None:
    """A text of thousands of signs is refused in a sentence."""
    with pytest.raises(ExpressionError):
        expression(text)


@pytest.mark.parametrize(
    "text", ["", "1 +", "wait wait", "ceil(1, 2)", "open('x')", "clients.__class__()", "1 if 2 else 3", "2 ** 3", "[1]", "a.b"]
)
def test_what_is_no_sum_is_refused(text: str) -> None:
    """No call, no power, no brackets, no unknown name."""
    with pytest.raises(ExpressionError):
        expression(text).value(NAMES)


@pytest.mark.parametrize("value", [True, None, [1], {"a": 1}, float("nan"), float("inf")])
def test_what_is_no_number_is_refused(value: object) -> None:
    """A value of a file that is neither a number nor a text is no sum."""
    with pytest.raises(ExpressionError):
        expression(value).value(NAMES)


@pytest.mark.parametrize(("text", "value", "holds"), [
    (">= clients", 10, True), ("> clients", 10, False), ("<= 3 * wait", 1.5000000001, True), ("!= 3", 3, False),
    ("== ceil(clients / threads) * wait", 1.5, True), (7, 7, True), (7, 8, False), ("== 0.1 + 0.2", 0.3, True),
])  # fmt: skip
def test_a_condition_holds_as_it_reads(text: object, value: float, holds: bool) -> None:
    """A sign and a sum; equality allows for what floating point loses."""
    assert condition(text).holds(value, NAMES) is holds


def test_a_name_may_have_a_side() -> None:
    """``wsgi.threads`` is one name."""
    assert expression("wsgi.threads * 2").names == {"wsgi.threads"}
    assert expression("wsgi.threads * 2").value(NAMES) == 6
