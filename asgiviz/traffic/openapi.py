"""An OpenAPI 3 description becomes a client for each operation: its parameters and its body get values that fit.

A description is somebody else's: what is odd in it costs the one operation, and a sentence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from asgiviz.traffic.check_set import TIMEOUT, Headers
from asgiviz.traffic.errand import check_header, check_method, check_target
from asgiviz.traffic.openapi_values import Values
from asgiviz.traffic.script import Script
from asgiviz.traffic.steps import Read, Request

#: Where apps usually keep their description.
PLACES = ("/openapi.json", "/schema/openapi.json", "/api/openapi.json")
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
#: Headers that a description may name and that are said elsewhere in it.
_NOT_PARAMETERS = frozenset({"accept", "content-type", "authorization"})
_BOUNDARY = "asgiviz-boundary"


class Operations(NamedTuple):
    """A client for each operation that could be understood, and a sentence for each that could not."""

    scripts: tuple[Script, ...]
    trouble: tuple[str, ...] = ()


class _OddError(ValueError):
    """Why an operation, or a whole description, cannot be used."""


def looks_like_one(body: bytes) -> bool:
    """Whether what is at one of the usual places is meant to be a description, right or wrong; any page can be there."""
    return body.lstrip().startswith(b"{") and any(word in body for word in (b'"openapi"', b'"swagger"'))


def read_description(body: bytes, place: str) -> Mapping[str, Any]:
    """The description that came from `place`. ValueError with a sentence when it is none."""
    try:
        plain = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError(f"the OpenAPI description at {place} is no JSON") from None
    version = plain.get("openapi") if isinstance(plain, dict) else None
    if not isinstance(version, str) or not version.startswith("3."):
        what = "says no version" if version is None else f"is of version {str(version)[:20]!r}"
        raise ValueError(f"what is at {place} {what}; an OpenAPI 3 description is needed")
    return plain  # type: ignore[no-any-return]


def operations(description: Mapping[str, Any], headers: Headers = (), timeout: float = TIMEOUT) -> Operations:
    """A client for each operation, in the order of the description; `headers` go with each request."""
    values = Values(description)
    scripts: list[Script] = []
    trouble: list[str] = []
    paths = description.get("paths", {})
    if not isinstance(paths, Mapping):
        return Operations((), ("the OpenAPI description has no table of paths",))
    prefix = _prefix(description)
    for path, item in paths.items():
        table = values.resolve(item)
        for method in _METHODS:
            if method in table:
                try:
                    request = _request(method.upper(), f"{prefix}{path}", table, values, headers)
                    name = f"{request.method} {path}"
                    scripts.append(Script(name, (request, Read()), timeout=timeout, limit=timeout))
                except (ValueError, TypeError, RecursionError) as error:
                    trouble.append(f"{method.upper()} {path} of the OpenAPI description was left out: {error}")
    return Operations(tuple(scripts), tuple(trouble))


def _prefix(description: Mapping[str, Any]) -> str:
    """The path that the first of the servers puts before all others."""
    servers = description.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else None
    url = first.get("url") if isinstance(first, Mapping) else None
    try:
        path = urlsplit(url).path if isinstance(url, str) and "{" not in url else ""
    except ValueError:
        return ""
    return path.rstrip("/") if path.startswith("/") else ""


def _request(method: str, path: str, item: Mapping[str, Any], values: Values, headers: Headers) -> Request:
    operation = values.resolve(item[method.lower()])
    if not isinstance(item[method.lower()], Mapping):
        raise _OddError("it is no table")
    places: dict[str, list[tuple[str, str]]] = {"path": [], "query": [], "header": [], "cookie": []}
    for parameter in _parameters(item, operation, values):
        where, name = parameter.get("in"), parameter.get("name")
        if where not in places or not isinstance(name, str):
            raise _OddError("it has a parameter without a name, or in no known place")
        if where == "path" or parameter.get("required") is True or values.given(parameter):
            places[where] += _written(name, _parameter_value(parameter, values))
    for name, text in places["path"]:
        path = path.replace("{" + name + "}", quote(text, safe="") or "-")
    if "{" in path:
        raise _OddError(f"{path[path.index('{') :].partition('}')[0]}}} in its path is no parameter of it")
    target = quote(path, safe="/%:@!$&'()*+,;=~-._") + (f"?{urlencode(places['query'])}" if places["query"] else "")
    content, body = _body(operation, values)
    sent = _headers(places, content, headers)
    check_method(method)
    check_target(target, method)
    for name, text in sent:
        check_header(name, text)
    return Request(target, method, sent, (body,) if body else ())


def _parameters(item: Mapping[str, Any], operation: Mapping[str, Any], values: Values) -> Iterator[Mapping[str, Any]]:
    """Those of the path and those of the operation, of which the latter count where both say something."""
    found: dict[tuple[Any, Any], Mapping[str, Any]] = {}
    for holder in (item, operation):
        listed = holder.get("parameters", [])
        for each in listed if isinstance(listed, list) else []:
            parameter = values.resolve(each)
            found[str(parameter.get("in")), str(parameter.get("name"))] = parameter
    yield from found.values()


def _parameter_value(parameter: Mapping[str, Any], values: Values) -> Any:
    if given := values.given(parameter):
        return given[0]
    content = parameter.get("content")
    if isinstance(content, Mapping) and content:
        return json.dumps(values.value(values.resolve(next(iter(content.values()))).get("schema")))
    return values.value(parameter.get("schema"))


def _written(name: str, value: Any) -> list[tuple[str, str]]:
    """A parameter as text: a list is said again and again, an object key by key, as the usual style has it."""
    if isinstance(value, list):
        return [(name, _text(each)) for each in value]
    if isinstance(value, Mapping):
        return [(str(key), _text(each)) for key, each in value.items()]
    return [(name, _text(value))]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))


def _headers(places: Mapping[str, list[tuple[str, str]]], content: str, headers: Headers) -> Headers:
    sent = [(name, text) for name, text in places["header"] if name.lower() not in _NOT_PARAMETERS]
    if places["cookie"]:
        sent.append(("cookie", "; ".join(f"{name}={quote(text)}" for name, text in places["cookie"])))
    if content:
        sent.append(("content-type", content))
    given = {name.lower() for name, _ in headers}
    return (*headers, *((name, text) for name, text in sent if name.lower() not in given))


def _body(operation: Mapping[str, Any], values: Values) -> tuple[str, bytes]:
    """The content type and the body; empty when the operation has none, or none that can be made."""
    content = values.resolve(operation.get("requestBody")).get("content")
    if not isinstance(content, Mapping) or not content:
        return "", b""
    kinds = [kind for kind in content if isinstance(kind, str)]
    kind = min(kinds, key=_preference, default="")
    media = values.resolve(content.get(kind))
    given = values.given(media)
    value = given[0] if given else values.value(media.get("schema"))
    if kind == _FORM and isinstance(value, Mapping):
        return kind, urlencode([pair for name, each in value.items() for pair in _written(str(name), each)]).encode()
    if kind == _MULTIPART and isinstance(value, Mapping):
        return f"{kind}; boundary={_BOUNDARY}", _multipart(value, values.files(media.get("schema")))
    if _is_json(kind):
        return kind, json.dumps(value).encode()
    return ("application/octet-stream" if "*" in kind else kind), _text(value).encode()


def _preference(kind: str) -> int:
    return 0 if _is_json(kind) else 1 if kind == _FORM else 2 if kind == _MULTIPART else 3


def _is_json(kind: str) -> bool:
    bare = kind.partition(";")[0].strip()
    return bare == "application/json" or bare.endswith("+json")


def _multipart(value: Mapping[str, Any], files: frozenset[str]) -> bytes:
    parts = []
    for name, each in value.items():
        filename = f'; filename="{name}.txt"' if name in files else ""
        parts.append(f'--{_BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"{filename}\r\n\r\n{_text(each)}\r\n')
    return ("".join(parts) + f"--{_BOUNDARY}--\r\n").encode()
