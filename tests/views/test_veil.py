"""The veil: what is secret in a request that is sent again is not shown, and is sent all the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.masking import Mask
from asgiviz.views.veil import HIDDEN, Veil

TEXT = """# a note
POST /orders?token=hush&page=2
accept: */*
Authorization: Bearer abc
Cookie: a=1

authorization: of the body"""


def test_secrets_are_hidden_and_put_back() -> None:
    """Headers and parameters with a secret name are hidden in the text; the body is left as it is."""
    veil = Veil(TEXT, Mask())
    assert veil.text == (
        f"# a note\nPOST /orders?token={HIDDEN}&page=2\naccept: */*\nAuthorization: {HIDDEN}\nCookie: {HIDDEN}\n\n"
        "authorization: of the body"
    )
    assert veil.lifted(veil.text) == TEXT


def test_what_is_written_over_stays_as_written() -> None:
    """A new value is sent as it was typed, a header that was taken away stays away."""
    veil = Veil(TEXT, Mask())
    edited = veil.text.replace(f"Authorization: {HIDDEN}", "Authorization: Basic x").replace(f"Cookie: {HIDDEN}\n", "")
    assert veil.lifted(edited) == TEXT.replace("Bearer abc", "Basic x").replace("Cookie: a=1\n", "")


def test_without_a_mask_everything_is_shown() -> None:
    """Revealed secrets are not hidden again."""
    assert Veil(TEXT, None).text == TEXT


@given(
    st.lists(st.tuples(st.sampled_from(["accept", "cookie", "x-token", "host"]), st.text("ab*: ?&=", max_size=12)), max_size=5)
)
def test_any_text_comes_back_as_it_was(headers: list[tuple[str, str]]) -> None:
    """Hiding and putting back changes nothing, whatever the values are."""
    text = "GET /x?secret=1&secret=2\n" + "".join(f"{name}: {value}\n" for name, value in headers) + "\nbody: x"
    veil = Veil(text, Mask())
    assert veil.lifted(veil.text) == text
