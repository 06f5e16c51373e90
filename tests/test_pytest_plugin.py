"""The pytest plugin, in runs of pytest of its own and in this one."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import channels.testing  # type: ignore[import-untyped]  # noqa: F401  # it has no types; loaded here once, not in each inner run
import httpx
import pytest
import starlette.testclient  # noqa: F401  # as above

from asgiviz.model.asgi import App, Receive, Scope, Send
from asgiviz.model.finding import Severity
from asgiviz.pytest_plugin.taps import AsgivizTap

pytest_plugins = ["pytester"]

#: The app of the inner runs; `/bad` writes two header lines into one value, which no test client minds.
SHOP = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        code = 1005 if scope["path"] == "/bad" else 1000
        await send({"type": "websocket.close", "code": code})
        await receive()
    else:
        value = b"a\\r\\nset-cookie: b" if scope["path"] == "/bad" else b"a"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-item", value)]})
        await send({"type": "http.response.body", "body": b"tea"})
"""


def line_of(text: str) -> str:
    """Where the line with `text` stands in SHOP, as a finding names it."""
    [number] = [number for number, line in enumerate(SHOP.strip().splitlines(), 1) if text in line]
    return f"shop.py:{number} in app"


HTTP = (line_of("http.response.start"), "HTTP-S-010")
WEBSOCKET = (line_of("websocket.close"), "WS-S-021")
#: How a test uses each client: the test's own lines, with PATH for the path; and what is found.
CLIENTS = {
    "httpx": (
        """
        import asyncio, httpx
        async def get(app):
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
                return await client.get(PATH)
        def test_app(asgiviz_tap):
            assert asyncio.run(get(asgiviz_tap(app))).text == "tea"
        """,
        HTTP,
    ),
    "httpx, async test": (
        """
        import httpx, pytest
        @pytest.mark.anyio
        async def test_app(asgiviz_tap):
            async with httpx.AsyncClient(transport=httpx.ASGITransport(asgiviz_tap(app)), base_url="http://shop") as client:
                assert (await client.get(PATH)).text == "tea"
        @pytest.fixture
        def anyio_backend():
            return "asyncio"
        """,
        HTTP,
    ),
    "TestClient": (
        """
        from starlette.testclient import TestClient
        def test_app(asgiviz_tap):
            with TestClient(asgiviz_tap(app)) as client:
                assert client.get(PATH).text == "tea"
        """,
        HTTP,
    ),
    "TestClient, websocket": (
        """
        from starlette.testclient import TestClient
        def test_app(asgiviz_tap):
            with TestClient(asgiviz_tap(app)).websocket_connect(PATH) as socket:
                assert socket.receive()["type"] == "websocket.close"
        """,
        WEBSOCKET,
    ),
    "channels": (
        """
        import asyncio
        from channels.testing import HttpCommunicator
        async def get(app):
            return await HttpCommunicator(app, "GET", PATH).get_response()
        def test_app(asgiviz_tap):
            assert asyncio.run(get(asgiviz_tap(app)))["body"] == b"tea"
        """,
        HTTP,
    ),
    "channels, websocket": (
        """
        import asyncio
        from channels.testing import WebsocketCommunicator
        async def talk(app):
            communicator = WebsocketCommunicator(app, PATH)
            assert await communicator.connect() == (True, None)
            assert (await communicator.receive_output())["type"] == "websocket.close"
            await communicator.disconnect()
        def test_app(asgiviz_tap):
            asyncio.run(talk(asgiviz_tap(app)))
        """,
        WEBSOCKET,
    ),
}
#: A test of SHOP's `/bad`, for the tests that are not about clients.
BAD = textwrap.dedent(CLIENTS["httpx"][0]).replace("PATH", "'/bad'")


async def bad(scope: Scope, receive: Receive, send: Send) -> None:
    """Breaks HTTP-S-010 (an error) and HTTP-S-008 (a warning)."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"1\r\n2"), (b"B", b"3")]})
    await send({"type": "http.response.body"})


def get(app: App, path: str = "/") -> None:
    """Ask `app` once."""

    async def ask() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://shop") as client:
            await client.get(path)

    asyncio.run(ask())


def rules(tap: AsgivizTap) -> list[str]:
    """The rules that were broken, each once."""
    return sorted({finding.rule for finding in tap.findings if finding.severity is not Severity.INFO})


def make(pytester: pytest.Pytester, test: str, app: str = SHOP) -> None:
    """Write the app and a test of it, with the plugins that the test needs."""
    pytester.makepyfile(shop=app, test_shop="from shop import app\n" + textwrap.dedent(test))


# -- with the clients that people use ----------------------------------------------------------------------------------


@pytest.mark.parametrize("client", CLIENTS)
def test_a_broken_rule_fails_the_test_with_the_line_of_the_app(pytester: pytest.Pytester, client: str) -> None:
    """The test's own assertions hold; it fails with the sentence, the rule, the file and line, and where to read on."""
    test, (line, rule) = CLIENTS[client]
    make(pytester, test.replace("PATH", "'/bad'"))
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [f"{rule}: * (error: the app)", f"*{line}*", "*await send(*", "*instead: *", f"*asgiviz rules {rule}"]
    )
    result.stdout.fnmatch_lines([f"FAILED test_shop.py::test_app* - Failed: {rule}: *"])


@pytest.mark.parametrize("client", CLIENTS)
def test_an_app_that_obeys_passes(pytester: pytest.Pytester, client: str) -> None:
    """Nothing is said of it, though no test client is a faithful server."""
    make(pytester, CLIENTS[client][0].replace("PATH", "'/good'"))
    result = pytester.runpytest()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*asgiviz rules*")


def test_what_the_client_trips_over_is_explained(pytester: pytest.Pytester) -> None:
    """A test that fails by an assertion inside its client keeps that failure and has the finding below it."""
    make(
        pytester, BAD, 'async def app(scope, receive, send):\n    await send({"type": "http.response.body", "body": b"tea"})\n'
    )
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*AssertionError*", "*Captured asgiviz call*", "HTTP-S-021: * (error: the app*", "*shop.py:2 in app"]
    )


def test_a_forgotten_await_stands_beside_what_came_of_it(pytester: pytest.Pytester) -> None:
    """That a send was never awaited is told with the error that it leads to, at its line."""
    start = '    await send({"type": "http.response.start", "status": 200, "headers": []})\n'
    body = '    send({"type": "http.response.body", "body": b"tea"})\n'
    make(pytester, BAD, f"async def app(scope, receive, send):\n{start}{body}")
    result = pytester.runpytest("-W", "ignore::RuntimeWarning")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*CORE-035: * (error: the app)", "*shop.py:3 in app"])


def test_what_shows_only_after_the_test_fails_then(pytester: pytest.Pytester) -> None:
    """An app that does wrong when it shuts down, in the client fixture's teardown, gives an error at teardown."""
    test = """
    import pytest
    from starlette.testclient import TestClient
    @pytest.fixture
    def client(asgiviz_tap):
        with TestClient(asgiviz_tap(app)) as client:
            yield client
    def test_app(client):
        assert client.get("/").text == "tea"
    """
    down = '        await send({"type": "lifespan.shutdown.complete"})\n'
    make(pytester, test, SHOP.replace(down, 2 * down))
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_app*", "LIFE-010: * (error: the app)", "*shop.py:7 in app"])


def test_the_example_of_the_document_is_printed_today(pytester: pytest.Pytester) -> None:
    """The app and the test at the top of docs/pytest.md give the failure that stands there."""
    text = (Path(__file__).parent.parent / "docs" / "pytest.md").read_text(encoding="utf-8")
    app, test, failure = re.findall(r"<!-- (?:shop.py|test_shop.py|failure) -->\n```\w+\n(.*?)```", text, re.DOTALL)
    pytester.makepyfile(shop=app, test_shop=test)
    assert failure in pytester.runpytest().stdout.str()


# -- what counts -------------------------------------------------------------------------------------------------------


def test_findings_are_collected(asgiviz_tap: AsgivizTap) -> None:
    """With fail_on=None nothing fails this test, and it can look at what was found, of all apps and of one."""

    async def other(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": None, "more_body": False})

    with pytest.raises(LookupError, match="was not called with this app"):
        asgiviz_tap.findings_of(bad)
    tapped = asgiviz_tap(bad, fail_on=None)
    get(tapped)
    get(asgiviz_tap(other, fail_on=None))
    assert rules(asgiviz_tap) == ["HTTP-S-008", "HTTP-S-010", "HTTP-S-022"]
    assert {finding.rule for finding in asgiviz_tap.findings_of(other)} == {"HTTP-S-022"}
    assert asgiviz_tap.findings_of(bad) == asgiviz_tap.findings_of(tapped) != []
    [error] = [finding for finding in asgiviz_tap.findings if finding.rule == "HTTP-S-010"]
    assert (error.who, error.code[0].function) == ("app", "bad")


def test_a_rule_can_be_left_out(asgiviz_tap: AsgivizTap) -> None:
    """An ignored rule is neither a failure nor among the findings; a beginning stands for all rules that begin so."""
    get(asgiviz_tap(bad, ignore=["HTTP-S-010"]))
    assert rules(asgiviz_tap) == ["HTTP-S-008"]
    get(asgiviz_tap(bad, ignore="HTTP-S"))
    assert rules(asgiviz_tap) == ["HTTP-S-008"]


@pytest.mark.asgiviz(ignore=["HTTP-S-008"], fail_on=None)
def test_a_marker_speaks_for_one_test(asgiviz_tap: AsgivizTap) -> None:
    """It wins over how the app was wrapped, which may stand in a fixture; what it ignores comes on top."""
    get(asgiviz_tap(bad, fail_on="warning"))
    assert rules(asgiviz_tap) == ["HTTP-S-010"]


def test_a_marker_that_says_nothing_we_know_is_refused(pytester: pytest.Pytester) -> None:
    """A misspelt marker would be a test that judges otherwise than it says."""
    make(pytester, f"import pytest\npytestmark = pytest.mark.asgiviz(fail_at='warning')\n{BAD}")
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["the marker asgiviz takes fail_on=*"])


def test_what_is_no_app_is_refused(asgiviz_tap: AsgivizTap) -> None:
    """At once, by name: a test that never calls it would pass."""
    with pytest.raises(pytest.fail.Exception, match="takes an ASGI app, which can be called; this is 3"):
        asgiviz_tap(3)  # type: ignore[arg-type]


def test_the_client_is_judged_only_when_asked(asgiviz_tap: AsgivizTap) -> None:
    """A scope without `asgi` is the test client's fault: left out, unless who="all"."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        """Takes everything."""

    scope = {"type": "http", "http_version": "1.1", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    asyncio.run(asgiviz_tap(app)(scope, receive, send))
    assert rules(asgiviz_tap) == []
    asyncio.run(asgiviz_tap(app, who="all", fail_on=None)(scope, receive, send))
    assert rules(asgiviz_tap) == ["CORE-006"]


def test_a_layer_is_named(asgiviz_tap: AsgivizTap) -> None:
    """With middlewares recorded, a finding is blamed on the one that made the message, and only once."""

    class Shouting:
        def __init__(self, app: App) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            async def shout(message: Any) -> None:
                await send({**message, "body": "TEA"} if message["type"] == "http.response.body" else message)

            await self.app(scope, receive, shout)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"tea"})

    with pytest.raises(TypeError):  # httpx joins text to bytes
        get(asgiviz_tap(app, layers=[Shouting], fail_on=None))
    assert {(finding.rule, finding.who) for finding in asgiviz_tap.findings} == {("HTTP-S-022", "Shouting")}


@pytest.mark.parametrize(
    ("ini", "passed", "line"),
    [
        pytest.param("asgiviz_ignore = WS-S-021, HTTP-S-010", 1, "*", id="ignore"),
        pytest.param("asgiviz_fail_on = never", 1, "*", id="never"),
        pytest.param("asgiviz_fail_on = worse", 0, "*fail_on is 'worse'; it can be error, *", id="no severity"),
        pytest.param("asgiviz_ignore = HTTP-S-999", 0, "*no rule*HTTP-S-999*Did you mean*", id="no rule"),
    ],
)  # fmt: skip
def test_settings_hold_for_all_tests(pytester: pytest.Pytester, ini: str, passed: int, line: str) -> None:
    """They stand in pytest's own configuration; a mistake in them is told in one sentence."""
    pytester.makeini(f"[pytest]\n{ini}")
    make(pytester, BAD)
    result = pytester.runpytest()
    result.assert_outcomes(passed=passed, failed=1 - passed)
    result.stdout.fnmatch_lines([line])
    result.stdout.no_fnmatch_line("*taps.py*")


# -- off until it is used ----------------------------------------------------------------------------------------------


def test_loading_the_plugin_loads_nothing_else() -> None:
    """What pytest loads in every run is one file."""
    code = "import sys, pytest; was = set(sys.modules); import asgiviz.pytest_plugin; print(*sorted(set(sys.modules) - was))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["asgiviz", "asgiviz.pytest_plugin"]


def test_a_test_that_does_not_ask_for_it_is_left_alone(pytester: pytest.Pytester) -> None:
    """A broken app passes there, and nothing of asgiviz beside the plugin is loaded."""
    make(pytester, BAD.replace("asgiviz_tap(app)", "app").replace("asgiviz_tap", "") + textwrap.dedent(
        """
        def test_nothing_is_loaded():
            import sys
            assert [name for name in sys.modules if name.startswith("asgiviz.")] == ["asgiviz.pytest_plugin"]
        """
    ))  # fmt: skip
    pytester.runpytest_subprocess().assert_outcomes(passed=2)


def test_the_plugin_can_be_shut_out(pytester: pytest.Pytester) -> None:
    """Its name is asgiviz: with `-p no:asgiviz` there is no such fixture."""
    make(pytester, BAD)
    result = pytester.runpytest_subprocess("-p", "no:asgiviz")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'asgiviz_tap' not found*"])


def test_it_works_in_the_processes_of_xdist(pytester: pytest.Pytester) -> None:
    """The finding comes back from a worker as from anywhere."""
    make(pytester, BAD)
    result = pytester.runpytest_subprocess("-n", "1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["HTTP-S-010: * (error: the app)", f"*{HTTP[0]}"])
