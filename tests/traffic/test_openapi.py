"""Of a description each operation becomes a request that fits it; what is odd costs one operation and a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from asgiviz.traffic.openapi import operations, read_description
from asgiviz.traffic.openapi_values import Values
from asgiviz.traffic.steps import Request


def described(operation: Any, path: str = "/x", method: str = "get", **more: Any) -> dict[str, Any]:
    """A description of one operation."""
    return {"openapi": "3.1.0", "paths": {path: {method: operation}}, **more}


def only_request(description: dict[str, Any]) -> Request:
    """The request of the only operation."""
    found = operations(description)
    assert found.trouble == ()
    [script] = found.scripts
    request = script.steps[0]
    assert isinstance(request, Request)
    return request


def test_parameters_go_where_they_belong() -> None:
    """Path, query, header and cookie, encoded; a parameter that is optional and without an example is left out."""
    parameters = [
        {"in": "path", "name": "id", "required": True, "schema": {"type": "integer", "exclusiveMinimum": 3}},
        {"in": "query", "name": "q", "required": True, "schema": {"type": "string", "minLength": 6}},
        {
            "in": "query",
            "name": "tag",
            "required": True,
            "schema": {"type": "array", "items": {"enum": ["a b"]}, "minItems": 2},
        },
        {"in": "query", "name": "page", "schema": {"type": "integer"}},
        {"in": "query", "name": "sort", "example": "up"},
        {"in": "header", "name": "X-Key", "required": True, "schema": {"type": "string", "format": "uuid"}},
        {"in": "cookie", "name": "c", "required": True, "schema": {"type": "boolean"}},
    ]
    request = only_request(described({"parameters": parameters}, path="/items/{id}"))
    assert request.path == "/items/4?q=textxx&tag=a+b&tag=a+b&sort=up"
    headers = dict(request.headers)
    assert len(headers["X-Key"]) == 36
    assert headers["cookie"] == "c=true"


def test_a_json_body_has_the_required_properties() -> None:
    """References and allOf are followed, the first of anyOf that is not null is taken, a tree ends."""
    schemas = {
        "Named": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 2}}, "required": ["name"]},
        "Node": {
            "allOf": [{"$ref": "#/components/schemas/Named"}],
            "properties": {
                "size": {"type": "number", "minimum": 0.5, "maximum": 0.75},
                "even": {"type": "integer", "minimum": 3, "multipleOf": 4},
                "kind": {"const": "leaf"},
                "left": {"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/Node"}]},
                "spare": {"type": "string"},
            },
            "required": ["size", "even", "kind", "left"],
        },
    }
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}
    request = only_request(described({"requestBody": body}, method="post", components={"schemas": schemas}))
    sent = json.loads(request.body[0])  # type: ignore[arg-type]
    assert (sent["name"], sent["size"], sent["even"], sent["kind"]) == ("te", 0.5, 4, "leaf")
    assert "spare" not in sent
    deepest = sent
    while deepest["left"] is not None:
        deepest = deepest["left"]
    assert deepest is not sent


BODIES: dict[str, tuple[dict[str, Any], str, bytes]] = {
    "an example": ({"application/json": {"example": {"a": 1}}}, "application/json", b'{"a": 1}'),
    "a form": (
        {"application/x-www-form-urlencoded": {"schema": {"properties": {"a": {"default": "x y"}}, "required": ["a"]}}},
        "application/x-www-form-urlencoded",
        b"a=x+y",
    ),
    "plain text": ({"text/plain": {"schema": {"type": "string"}}}, "text/plain", b"text"),
}


@pytest.mark.parametrize(("content", "kind", "body"), BODIES.values(), ids=BODIES)
def test_bodies_of_other_kinds(content: dict[str, Any], kind: str, body: bytes) -> None:
    """An example goes as it is, a form is encoded."""
    request = only_request(described({"requestBody": {"content": content}}, method="put"))
    assert (dict(request.headers)["content-type"], request.body) == (kind, (body,))


def test_a_file_in_a_form_has_a_name() -> None:
    """Otherwise it would be a text."""
    schema = {"properties": {"f": {"type": "string", "format": "binary"}, "n": {"type": "string"}}, "required": ["f", "n"]}
    request = only_request(described({"requestBody": {"content": {"multipart/form-data": {"schema": schema}}}}, method="post"))
    body = bytes(request.body[0])  # type: ignore[arg-type]
    assert b'name="f"; filename="f.txt"\r\n\r\nhello\r\n' in body
    assert b'name="n"\r\n\r\ntext\r\n' in body
    assert body.endswith(b"--\r\n")


def test_the_servers_prefix_comes_first_and_the_users_headers_win() -> None:
    """As a description of an app below a path says it."""
    parameters = [{"in": "header", "name": "X-Key", "required": True, "schema": {"type": "string"}}]
    description = described({"parameters": parameters}, servers=[{"url": "https://example.com/api/"}])
    [script] = operations(description, headers=(("x-key", "mine"),)).scripts
    request = script.steps[0]
    assert isinstance(request, Request)
    assert (request.path, request.headers) == ("/api/x", (("x-key", "mine"),))


def test_an_odd_operation_costs_itself_only() -> None:
    """The others are asked."""
    odd = {
        "openapi": "3.0.0",
        "paths": {
            "/a/{id}": {"get": {}},
            "/b": {"get": {"parameters": [{"name": "q"}]}, "post": "none"},
            "/c": {"get": {}},
            "/d": {"$ref": "#/nowhere"},
        },
    }
    found = operations(odd)
    assert [script.name for script in found.scripts] == ["GET /c"]
    assert len(found.trouble) == 3
    assert "{id} in its path is no parameter of it" in found.trouble[0]


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"swagger": "2.0"}', b'{"openapi": "2.0"}', b"\xff"])
def test_what_is_no_description_is_said(body: bytes) -> None:
    """A page that happens to be there, an older format."""
    with pytest.raises(ValueError, match=r"/openapi\.json"):
        read_description(body, "/openapi.json")


json_values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(max_size=5),
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(
            some.sampled_from(
                ["type", "$ref", "properties", "items", "enum", "anyOf", "allOf", "required", "minimum", "in", "name"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(json_values, json_values, json_values)
def test_no_description_brings_it_down(item: Any, operation: Any, schema: Any) -> None:
    """Whatever stands in it: scripts and sentences, no exception."""
    body = {"content": {"application/json": {"schema": schema}}}
    description = {"openapi": "3.1.0", "paths": {"/a": item, "/b": {"get": operation, "post": {"requestBody": body}}}}
    found = operations(description)
    assert len(found.scripts) + len(found.trouble) >= 2


@given(
    some.integers(-50, 50),
    some.integers(0, 20),
    some.booleans(),
    some.sampled_from([None, 1, 2, 3]),
)
def test_a_number_keeps_to_its_bounds(low: int, width: int, exclusive: bool, multiple: int | None) -> None:
    """Where a number fits at all."""
    schema: dict[str, Any] = {"type": "integer", "maximum": low + width, "exclusiveMinimum" if exclusive else "minimum": low}
    if multiple is not None:
        schema["multipleOf"] = multiple
    fitting = [n for n in range(low + exclusive, low + width + 1) if n % (multiple or 1) == 0]
    if fitting:
        assert Values({}).value(schema) in fitting


def test_references_that_lead_into_each_other_end() -> None:
    """And a schema of a thousand branches is made in bounded work."""
    loop = {"components": {"schemas": {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}}}}
    assert Values(loop).value({"$ref": "#/components/schemas/A"}) == "text"
    names = [f"p{n}" for n in range(30)]
    tree = {"T": {"type": "object", "required": names, "properties": {name: {"$ref": "#/T"} for name in names}}}
    values = Values(tree)
    made = values.value({"$ref": "#/T"})
    assert isinstance(made, dict)
    assert len(json.dumps(made)) < 1_000_000
