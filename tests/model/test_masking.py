"""Secrets do not leave the machine: wherever they stand they are replaced, their length is kept, and nothing else changes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.model.events import NOTE, SCOPE, SEND_BEGIN, Raw
from asgiviz.model.masking import Mask
from asgiviz.model.values import freeze, true_length
from asgiviz.store.lines import Encoder, decode
from tests.model.frozen import frozen

SECRET = "hunter2-and-more"
RAW = SECRET.encode()


def written(raw_kind: int, value: Any, mask: Mask | None, limit: int = 65536) -> str:
    """The line that a recording holds of `value`."""
    field = {NOTE: {"name": "n", "data": value}}.get(raw_kind, value)
    return Encoder(0, mask).line(1, (0, raw_kind, 1, 0, 1, freeze(field, limit)))


PLACES: dict[str, Any] = {
    "header": {"headers": [(b"authorization", RAW)]},
    "header in any case": {"headers": [(b"AuthoriZation", RAW)]},
    "proxy header": {"headers": [(b"proxy-authorization", RAW)]},
    "cookie": {"headers": [(b"cookie", RAW)]},
    "set-cookie": {"headers": [(b"set-cookie", RAW)]},
    "token header": {"headers": [(b"x-csrf-token", RAW)]},
    "api key header": {"headers": [(b"X-Api-Key", RAW)]},
    "secret header": {"headers": [(b"client-secret", RAW)]},
    "header as text": {"headers": [("Authorization", SECRET)]},
    "header as lists": {"headers": [[b"cookie", RAW]]},
    "header as buffers": {"headers": [(b"cookie", bytearray(RAW))]},
    "header with three parts": {"headers": [(b"cookie", RAW, RAW)]},
    "header twice": {"headers": [(b"cookie", b"x"), (b"cookie", RAW)]},
    "header dict": {"headers": {b"cookie": RAW}},
    "header dict of text": {"headers": {"cookie": SECRET}},
    "headers elsewhere": {"extensions": {"push": {"headers": [(b"cookie", RAW)]}}},
    "query": {"query_string": b"a=1&access_token=" + RAW + b"&b=2"},
    "query first": {"query_string": b"password=" + RAW},
    "query in any case": {"query_string": b"Api_Key=" + RAW},
    "query as text": {"query_string": "token=" + SECRET},
    "query as buffer": {"query_string": bytearray(b"token=" + RAW)},
    "state": {"state": {"db_password": SECRET}},
    "state bytes": {"state": {"token": RAW}},
    "state list": {"state": {"tokens": [SECRET, [RAW]]}},
    "state dict": {"state": {"secrets": {"a": {"b": SECRET}}}},
    "state odd keys": {"state": {1: {"password": SECRET}, b"token": RAW}},
    "state below odd keys": {"state": {1: 2, "x": {"headers": [(b"cookie", RAW)]}}},
    "environ header": {"environ": {"HTTP_AUTHORIZATION": SECRET}},
    "environ cookie": {"environ": {"HTTP_COOKIE": SECRET}},
    "environ header with dashes": {"environ": {"HTTP_X_API_KEY": SECRET, "HTTP_PROXY_AUTHORIZATION": SECRET}},
    "environ query": {"environ": {"QUERY_STRING": "a=1&access_token=" + SECRET}},
    "environ target with a query": {
        "environ": {"REQUEST_URI": "/x?access_token=" + SECRET, "RAW_URI": "/?a=b&token=" + SECRET}
    },
    "header of start_response": {"headers": [["Set-Cookie", SECRET]]},
    "dollar key": {"state": {"$password": SECRET}},
}


@pytest.mark.parametrize("kind", [SCOPE, SEND_BEGIN, NOTE], ids=["scope", "message", "note"])
@pytest.mark.parametrize("limit", [65536, len(SECRET) // 2], ids=["whole", "cut"])
@pytest.mark.parametrize("place", PLACES)
def test_a_secret_is_masked_in_every_place(place: str, limit: int, kind: int) -> None:
    """Neither the secret nor its beginning stands in the file, as text or as bytes; without a mask it does."""
    for mask, found in ((Mask(), False), (None, True)):
        event = decode(written(kind, PLACES[place], mask, limit))
        text = repr(event.fields)
        if limit > len(SECRET) or "query" not in place:
            assert ("hunter2" in text) is found
        assert found or "hunte" not in text


@given(frozen)
def test_without_a_mask_nothing_is_changed(value: Any) -> None:
    """`--reveal` writes what was recorded."""
    raw: Raw = (0, NOTE, None, None, None, {"name": "n", "token": value, "headers": value})
    assert "*" in repr(value) or "*" not in repr(decode(Encoder(0, None).line(1, raw)).fields)


@given(frozen)
def test_a_mask_leaves_alone_what_has_no_secret_name(value: Any) -> None:
    """Values under innocent names are written as they are."""
    raw: Raw = (0, NOTE, None, None, None, {"name": "n", "data": value})
    names = repr(value).lower()
    if not any(part in names for part in ("token", "secret", "password", "api", "cookie", "authorization", "headers", "$len")):
        assert Encoder(0, Mask()).line(1, raw) == Encoder(0, None).line(1, raw)


@given(st.text(max_size=30) | st.binary(max_size=30), st.integers(1, 40))
def test_the_length_of_a_secret_is_kept(secret: Any, limit: int) -> None:
    """As many stars as characters or bytes, also when only the beginning was kept."""
    value = {"token": secret, "headers": [(b"cookie", secret)]}
    fields = decode(written(SCOPE, value, Mask(), limit)).fields["scope"]
    for masked in (fields["token"], fields["headers"][0][1]):
        assert true_length(masked) == len(secret)
        assert set(repr(masked.get("$bytes", masked.get("$text")) if isinstance(masked, dict) else masked)) <= set("b'*")


@given(st.binary(max_size=40), st.binary(max_size=10))
def test_a_masked_query_has_its_old_length(query: bytes, name: bytes) -> None:
    """Masking a query string changes no length and no parameter's name."""
    whole = query + b"&" + name + b"token=" + query
    masked = Mask().query(whole)
    assert len(masked) == len(whole)
    assert [part.partition(b"=")[0] for part in masked.split(b"&")] == [part.partition(b"=")[0] for part in whole.split(b"&")]


def test_the_list_of_names_can_be_extended() -> None:
    """An extra name is masked whole and in any case; names that only contain it are not."""
    mask = Mask(["X-Session"])
    value = {
        "headers": [(b"x-session", RAW), (b"X-SESSION", RAW), (b"my-x-session", b"open")],
        "query_string": b"x-session=abc",
    }
    fields = decode(written(SCOPE, value, mask)).fields["scope"]
    assert [pair[1] for pair in fields["headers"]] == [b"*" * len(RAW), b"*" * len(RAW), b"open"]
    assert fields["query_string"] == b"x-session=***"


def test_an_encoder_does_not_leak_through_its_cache() -> None:
    """The same value under an open and a secret name: one is shown, the other is not, in either order."""
    encode = Encoder(0, Mask()).line
    for _ in range(2):
        for name in (b"x-open", b"cookie"):
            line = encode(1, (0, SCOPE, 1, 0, None, {"headers": ((name, RAW),)}))
            assert (decode(line).fields["scope"]["headers"][0][1] == RAW) is (name == b"x-open")


@given(frozen)
def test_mask_and_encoder_agree(value: Any) -> None:
    """Writing masked lines and masking values first come to the same."""
    field = {"token": value, "headers": [(b"cookie", value), (b"x", value)], "deep": {"password": [value]}}
    line = Encoder(0, Mask()).line(1, (0, NOTE, None, None, None, field))
    masked = {key: Mask().value(key, item) for key, item in field.items()}
    again = Encoder(0, None).line(1, (0, NOTE, None, None, None, masked))
    assert line == again
