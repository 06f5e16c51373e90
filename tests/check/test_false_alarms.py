"""What well-known frameworks and servers really do must not be taken for a mistake, for several, or for somebody else's."""

from __future__ import annotations

from asgiviz.check.judge import Judge
from asgiviz.model.events import RECEIVE_BEGIN, RECEIVE_BROKE, RECEIVE_END, Raw
from asgiviz.model.finding import APP, SERVER, Finding, Severity
from asgiviz.protocol.rules.example import MILLISECOND, numbered

LAYERS = ("uvicorn", "GZip", "Session", "main:app")
BODY = {"type": "http.request", "body": b"x", "more_body": False}


def found(text: str, *raws: Raw) -> list[Finding]:
    """The findings of an example, and of events behind it, that are more than remarks."""
    judge = Judge(LAYERS if "L1" in text else ())
    events = numbered(text)
    findings = judge.take([*events, *enumerate(raws, len(events) + 1)]) + judge.finish()
    return [finding for finding in findings if finding.severity is not Severity.INFO]


def rules(text: str, *raws: Raw) -> list[tuple[str, str]]:
    """Which rules were broken, and by whom."""
    return [(finding.rule, finding.who) for finding in found(text, *raws)]


def at(ms: int, kind: int, call: int, payload: object = None) -> Raw:
    """An event of connection 1, so many milliseconds after the clock's zero."""
    return ms * MILLISECOND, kind, 1, 0, call, payload


def test_a_look_whether_the_client_has_gone_beside_a_listener_is_no_mistake() -> None:
    """Starlette's is_disconnected in a stream: a receive that is given up at once, or comes back with the same disconnect."""
    look = at(20, RECEIVE_BEGIN, 8), at(21, RECEIVE_BROKE, 8, {"cancelled": True})
    listener = at(10, RECEIVE_BEGIN, 7)
    gone = at(30, RECEIVE_END, 7, {"type": "http.disconnect"})
    assert rules("http\nreceive http.request", listener, *look, gone) == []
    late = at(25, RECEIVE_BEGIN, 9), gone, at(31, RECEIVE_END, 9, {"type": "http.disconnect"})
    assert rules("http\nreceive http.request", listener, *late) == []
    body_meanwhile = at(20, RECEIVE_BEGIN, 8), at(21, RECEIVE_END, 7, BODY), at(22, RECEIVE_BROKE, 8, {"cancelled": True})
    assert rules("http", listener, *body_meanwhile) == []


def test_two_tasks_that_both_wait_for_messages_are_the_apps_mistake_and_nobody_elses() -> None:
    """uvicorn wakes both and gives the end of the body twice: what a server does then is nowhere said."""
    both = at(10, RECEIVE_BEGIN, 7), at(11, RECEIVE_BEGIN, 8), at(12, RECEIVE_END, 7, BODY), at(13, RECEIVE_END, 8, BODY)
    assert rules("http", *both) == [("CORE-032", APP)]
    assert ("HTTP-R-004", SERVER) in rules("http", both[0], both[2], both[1], both[3])


def test_one_of_two_receives_that_never_comes_back_is_a_mistake() -> None:
    """hypercorn and daphne give the disconnect to one of them."""
    hanging = at(10, RECEIVE_BEGIN, 7), at(11, RECEIVE_BEGIN, 8), at(12, RECEIVE_END, 7, {"type": "http.disconnect"})
    assert rules("http\nreceive http.request", *hanging) == [("CORE-032", APP)]


def test_an_error_in_the_log_is_the_servers_only_if_its_own_error_came_back() -> None:
    """Starlette turns the OSError of send into an exception of its own, and that is what the server logs."""
    text = """
        websocket
        receive websocket.connect
        send websocket.accept
        receive websocket.disconnect, code=1006
        send websocket.send, text="a" -> OSError: gone
        raised {}
        log ERROR Exception in ASGI application
    """
    assert rules(text.format("ValueError: gone")) == []
    assert rules(text.format("OSError: gone")) == [("CORE-026", SERVER)]


def test_a_refusal_by_http_before_websocket_connect_was_received_is_legal() -> None:
    """Starlette answers an HTTPException so, and servers take it; a connect that comes afterwards is no mistake either."""
    text = """
        websocket, extensions={"websocket.http.response": {}}
        send websocket.http.response.start, status=401
        send websocket.http.response.body
        returned
    """
    assert rules(text) == []
    assert rules(text.replace("401", "401\n        receive websocket.connect")) == []


def test_a_length_beside_chunks_does_not_count() -> None:
    """RFC 9112, 6.3: with transfer-encoding the content-length is not the length, in whatever order they stand."""
    for headers in ('[b"transfer-encoding", b"chunked"], [b"content-length", b"3"]', '[b"content-length", b"3"]'):
        text = f'http, method="POST", headers=[{headers}]\nreceive http.request, body=b"hello"'
        assert bool(rules(text)) == ("transfer" not in headers)


def test_a_middleware_that_fails_on_what_the_app_did_wrong_is_no_further_finding() -> None:
    """BaseHTTPMiddleware raises when the app gives it no response; the same error leaves each layer on its way out."""
    text = """
        http
        L1 http
        L2 http
        L2 {}
        L1 raised RuntimeError: no response returned
        raised RuntimeError: no response returned
    """
    assert rules(text.format("returned")) == [("HTTP-S-030", APP)]
    whole = "send http.response.start, status=200\n        L2 send http.response.body\n        L2 returned"
    assert ("HTTP-S-032", "Session") in rules(text.format(whole))


def test_a_key_that_an_older_server_does_not_know_is_a_remark() -> None:
    """Unknown keys are legal; a test client that announces no version counts as the oldest."""
    text = """
        websocket, asgi={"version": "3.0"}
        receive websocket.connect
        send websocket.accept, headers=[[b"set-cookie", b"a=1"]]
        send websocket.close, code=4001, reason="bye"
        returned
    """
    assert rules(text) == []
    assert {finding.rule for finding in Judge().take(numbered(text))} == {"WS-S-008", "WS-S-022"}


def test_an_address_with_a_port_of_the_wrong_type_says_so() -> None:
    """The same sentence for each client, whatever its port."""
    [first, second] = found('http, client=["h", "1"]\nhttp, client=["h", "2"]')
    assert first.sentence == second.sentence
    assert first.sentence.startswith("client is a pair of str and str")
