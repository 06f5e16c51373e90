"""The screen as people use it: on a terminal, by keys, and closed in every way that a screen can be closed."""

from __future__ import annotations

import os
import signal
import socket
import sys
from contextlib import closing
from pathlib import Path

import pytest

from asgiviz.store.reader import open_recording
from tests.cli.conftest import HELLO, Write
from tests.cli.terminal import Terminal
from tests.cli.test_trace import address, request

#: real terminals, loops that are held, a whole screen: they take their time
pytestmark = pytest.mark.slow

TRACE = ("trace", "main:app", "--port", "0")
GET = b"GET %s HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
UPGRADE = (
    b"GET /chat HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


def on_terminal(directory: Path, *arguments: str, **environment: str) -> Terminal:
    """`asgiviz ARGUMENTS` with its screen open."""
    terminal = Terminal(*arguments, directory=directory, environment=environment)
    terminal.wait_for("Connections")
    return terminal


def assert_closed_well(terminal: Terminal, code: int = 0) -> None:
    """It has ended, and left the terminal as it was."""
    assert terminal.end() == code, terminal.words
    assert terminal.left_behind == []


def assert_complete(path: Path) -> None:
    """The recording has its end."""
    with open_recording(path) as reader:
        last = list(reader)[-1]
    assert reader.ending is None
    assert (last.ev, last.get("what")) == ("server", "stopped")


# -- when there is a screen ------------------------------------------------------------------------------------------


def test_trace_opens_a_screen_that_shows_requests(write: Write) -> None:
    """The title says what is traced; a request appears, its messages are drawn; afterwards one line sums up."""
    with on_terminal(write(), *TRACE, "--record", "run.asgiviz") as terminal:
        assert "asgiviz ▸ trace main:app" in terminal.text
        request(terminal.url(), GET % b"/orders")
        terminal.wait_for(r"http GET /orders +200")
        terminal.wait_for(r"S 200")
        terminal.press("q")
        assert_closed_well(terminal)
        assert_complete(terminal.directory / "run.asgiviz")
        assert terminal.words.startswith("asgiviz: 2 connections, ")
        assert terminal.words.endswith(" events; saved in run.asgiviz\n")


def test_demo_and_open_say_what_they_are(tmp_path: Path) -> None:
    """`demo` shows its visitors; `open` shows its recording, and leaves as it came when it is told to."""
    with on_terminal(tmp_path, "demo", "--record", "demo.asgiviz") as terminal:
        terminal.wait_for("asgiviz ▸ demo")
        terminal.wait_for(r"http GET /json")
        terminal.press("q")
        assert_closed_well(terminal)
    with on_terminal(tmp_path, "open", "demo.asgiviz") as terminal:
        terminal.wait_for("asgiviz ▸ open asgiviz.demo.app:app")
        terminal.wait_for(r"http GET /json")
        terminal.process.send_signal(signal.SIGTERM)
        assert_closed_well(terminal)
        assert terminal.words == ""


@pytest.mark.parametrize(
    ("flags", "environment"),
    [(("--plain",), {}), (("--json",), {}), ((), {"TERM": "dumb"})],
    ids=["--plain", "--json", "TERM=dumb"],
)
def test_lines_instead_of_a_screen(write: Write, flags: tuple[str, ...], environment: dict[str, str]) -> None:
    """Who asks for lines, or has a terminal that can only show lines, gets lines."""
    with Terminal(*TRACE, *flags, "--for", "1", directory=write(), environment=environment) as terminal:
        assert terminal.end() == 0
        assert "lifespan.startup" in terminal.raw.decode()
        assert b"\x1b[?" not in terminal.raw


def test_a_recording_on_standard_input_leaves_the_keys_to_the_terminal(write: Write) -> None:
    """`open -` reads a pipe that nobody closes, keys come from the terminal, and q ends it."""
    with on_terminal(write(), *TRACE, "--record", "run.asgiviz") as terminal:
        request(terminal.url(), GET % b"/piped")
        terminal.press("q")
        assert terminal.end() == 0
        whole = (terminal.directory / "run.asgiviz").read_bytes()
        directory = terminal.directory
    reading, writing = os.pipe()
    with Terminal("open", "-", directory=directory, stdin=reading) as terminal:
        os.close(reading)
        os.write(writing, whole)
        terminal.wait_for(r"http GET /piped +200")
        terminal.press("q")
        assert_closed_well(terminal)
    os.close(writing)


# -- the ways to close it --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c", "kitty ctrl+c"])
def test_a_key_ends_it(write: Write, key: str) -> None:
    """q, Ctrl-Q and Ctrl-C end it well: the app's shutdown has run."""
    with on_terminal(write(), *TRACE, "--record", "run.asgiviz") as terminal:
        terminal.url()
        terminal.press(key)
        assert_closed_well(terminal)
        assert_complete(terminal.directory / "run.asgiviz")


def test_ctrl_c_copies_where_text_is_selected(write: Write) -> None:
    """In a line that is being edited Ctrl-C is for the selected text; without one it ends the screen."""
    with on_terminal(write(), *TRACE) as terminal:
        terminal.url()
        terminal.press("/")
        terminal.wait_for(r"~e failed")
        terminal.press("qzx")
        terminal.wait_for("qzx")
        plain = terminal.look_of("Filter qzx")
        terminal.press("shift+home")
        terminal.wait_until(lambda: terminal.look_of("Filter qzx") != plain, "it is selected")
        terminal.press("ctrl+c")
        terminal.wait_until(lambda: terminal.read(0.1) and b"\x1b]52;" in terminal.raw, "the text is copied")
        assert terminal.process.poll() is None
        terminal.press("escape")
        terminal.wait_until(lambda: "Filter qzx" not in terminal.text, "the line is closed")
        terminal.press("ctrl+c")
        assert_closed_well(terminal)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_ends_it(write: Write, number: signal.Signals) -> None:
    """The terminal is restored, the file complete, the exit code 0."""
    directory = write()
    with on_terminal(directory, *TRACE, "--record", "run.asgiviz") as terminal:
        terminal.url()
        terminal.process.send_signal(number)
        assert_closed_well(terminal)
    assert_complete(directory / "run.asgiviz")


@pytest.mark.parametrize("nohup", [False, True], ids=["with SIGHUP", "without"])
def test_a_window_that_is_closed_ends_it(write: Write, nohup: bool) -> None:
    """The app does not stay behind without a terminal, and the recording is complete."""
    directory = write()
    command = ["/bin/sh", "-c", "trap '' HUP; exec \"$@\"", "sh", sys.executable, "-m", "asgiviz"] if nohup else None
    with Terminal(*TRACE, "--record", "run.asgiviz", directory=directory, command=command) as terminal:
        terminal.url()
        terminal.hang_up()
        assert terminal.process.wait(30) == 0
    assert_complete(directory / "run.asgiviz")


BUSY = """
import asyncio, time
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown" and app.hang:
                await asyncio.sleep(3600)
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        while True:
            await receive()
    if scope["path"] == "/sleep":
        time.sleep(3600)
    if scope["path"] == "/loop":
        while True:
            pass
    if scope["path"] == "/thread":
        await asyncio.get_running_loop().run_in_executor(None, time.sleep, 3600)
    app.hang = scope["path"] == "/hang"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"some", "more_body": True})
    while scope["path"] != "/hang":
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            if scope["path"] != "/stubborn":
                raise
app.hang = False
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "flags"),
    [
        *((path, ()) for path in ("/sleep", "/loop", "/thread", "/stream", "/stubborn", "/hang", "/chat")),
        *((path, ("--isolate",)) for path in ("/loop", "/stream", "/hang")),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0] if value else "thread",
)
def test_quit_whatever_the_app_does(write: Write, path: str, flags: tuple[str, ...]) -> None:
    """A blocked loop, a thread, a stream, a WebSocket, a shutdown that hangs: q ends it, and the file is complete."""
    directory = write(BUSY)
    with on_terminal(directory, *TRACE, "--record", "run.asgiviz", *flags) as terminal, socket.socket() as client:
        client.connect(address(terminal.url()))
        client.sendall(UPGRADE if path == "/chat" else GET % path.encode())
        terminal.wait_for(rf"(http GET|ws) +{path}")
        terminal.press("q")
        assert_closed_well(terminal)
    assert_complete(directory / "run.asgiviz")


# -- when something breaks -------------------------------------------------------------------------------------------

#: Runs asgiviz with a title bar that breaks when the third request is in the list.
BROKEN = """
import asgiviz.ui.title_bar as bar
draw = bar.TitleBar.render_line
def render_line(self, y):
    if len(self._feed.ledger.order) >= 3:
        raise RuntimeError("our own mistake")
    return draw(self, y)
bar.TitleBar.render_line = render_line
from asgiviz.cli.main import main
main()
"""


@pytest.mark.parametrize("flags", [(), ("--record", "run.asgiviz"), ("--isolate",)], ids=["-", "--record", "--isolate"])
def test_a_mistake_of_ours_saves_the_recording(write: Write, flags: tuple[str, ...]) -> None:
    """The screen closes, the recording is on disk with what went wrong, two lines say so, the exit code is 70."""
    directory = write()
    with Terminal(*TRACE, *flags, directory=directory, command=[sys.executable, "-c", BROKEN]) as terminal:
        url = terminal.url()
        for path in (b"/a", b"/b"):
            request(url, GET % path)
        assert_closed_well(terminal, 70)
        (recording,) = directory.glob("*.asgiviz")
        said = terminal.words
        assert "a mistake in asgiviz itself closed the screen: RuntimeError: our own mistake" in said
        assert f"asgiviz open {recording.name}" in said
        assert "Traceback" not in said
        assert said.count("\n") == 3
    assert_complete(recording)
    with open_recording(recording) as reader:
        seen = list(reader)
    assert any(event.ev == "log" and "our own mistake" in event.get("text") for event in seen)
    assert sum(event.ev == "exit" and event.conn in (2, 3) for event in seen) == 2


FAILURES = {
    "an import that raises": ("def g(): raise ValueError('at import')\ng()", (), 3, "ValueError: at import"),
    "a syntax error": ("def f(:", (), 3, "SyntaxError"),
    "a target that is not there": ("x = 1", (), 2, "main has no attribute 'app'"),
    "a lifespan that fails": (
        "async def app(scope, receive, send):\n    await receive()\n    raise OSError('no database')",
        ("--lifespan", "on"),
        3,
        "startup failed: OSError: no database",
    ),
}


@pytest.mark.parametrize(("source", "flags", "code", "said"), FAILURES.values(), ids=FAILURES)
def test_an_app_that_does_not_start_is_told_on_the_normal_screen(
    write: Write, source: str, flags: tuple[str, ...], code: int, said: str
) -> None:
    """The screen does not stay; the app's own traceback, one sentence, the exit code as without a screen."""
    with Terminal(*TRACE, *flags, directory=write(source)) as terminal:
        assert_closed_well(terminal, code)
        *trace, last = terminal.words.splitlines()
        assert said in last
        assert last.startswith("asgiviz: ")
        assert any('main.py", line' in line for line in trace) is (code == 3)
        assert not any("asgiviz/" in line for line in trace)


def test_a_port_in_use_is_told_before_there_is_a_screen(write: Write) -> None:
    """One sentence with what to do, and exit code 2."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        with Terminal("trace", "main:app", "--port", port, directory=write()) as terminal:
            assert_closed_well(terminal, 2)
            assert f"127.0.0.1:{port} is already in use" in terminal.words
            assert b"\x1b[?1049h" not in terminal.raw


def test_reload_waits_for_broken_code_to_be_mended(write: Write) -> None:
    """The screen stays and shows the traceback among the logs; mending the file starts the app."""
    with on_terminal(write("def broken(:\n"), *TRACE, "--reload") as terminal:
        terminal.wait_for(r"ERROR +main has a syntax error")
        terminal.press("G", "enter")
        terminal.wait_for(r'main\.py", line 1')
        write()
        terminal.wait_for(r"lifespan +up")
        request(terminal.url(), GET % b"/mended")
        terminal.wait_for(r"http GET /mended +200")
        terminal.press("q")
        assert_closed_well(terminal)


def test_a_process_that_dies_can_be_started_again(write: Write) -> None:
    """With --isolate a crash leaves the screen up; it says how the process ended, and R starts another."""
    source = f"import os, signal\n{HELLO}".replace(
        "    await receive()\n    await send",
        "    if scope['path'] == '/die': os.kill(os.getpid(), signal.SIGSEGV)\n    await receive()\n    await send",
    )
    with on_terminal(write(source), *TRACE, "--isolate") as terminal:
        url = terminal.url()
        request(url, GET % b"/die")
        terminal.wait_for("ended by SIGSEGV")
        terminal.press("R")
        assert request(url, GET % b"/again").endswith(b"hello")
        terminal.wait_for(r"http GET /again +200")
        terminal.press("q")
        assert_closed_well(terminal)


# -- what the app does to the terminal -------------------------------------------------------------------------------

LOUD = """
import ctypes, logging, os, subprocess, sys, warnings
logging.basicConfig(level="INFO")
def shout(word):
    print("print " + word)
    print("stderr " + word, file=sys.stderr)
    sys.__stdout__.write("dunder " + word + "\\n"); sys.__stdout__.flush()
    os.write(1, b"descriptor " + word.encode() + b"\\n")
    libc = ctypes.CDLL(None); libc.puts(b"libc " + word.encode()); libc.fflush(None)
    subprocess.run(["echo", "child " + word], check=True)
    logging.getLogger("loud").info("logging " + word)
    warnings.warn("warning " + word)
"""
SHOUTS = ("print", "stderr", "dunder", "descriptor", "libc", "child", "logging", "warning")


@pytest.mark.parametrize("flags", [(), ("--isolate",)], ids=["thread", "process"])
def test_nothing_the_app_prints_reaches_the_screen(write: Write, flags: tuple[str, ...]) -> None:
    """Prints, descriptors, C code, child processes, logging and warnings are log events, before and after a restart."""
    source = LOUD + HELLO.replace(
        "    await receive()\n    await send", "    shout(scope['path'])\n    await receive()\n    await send"
    )
    directory = write(source)
    with on_terminal(directory, *TRACE, "--record", "run.asgiviz", *flags) as terminal:
        url = terminal.url()
        request(url, GET % b"/one")
        terminal.wait_for(r"http GET /one +200")
        terminal.press("R")
        terminal.wait_for("starting again")
        request(url, GET % b"/two")
        terminal.wait_for(r"http GET /two +200")
        terminal.press("5")
        terminal.wait_for("child /two")
        terminal.press("q")
        assert_closed_well(terminal)
        assert "/two" not in terminal.words
        raw = terminal.raw
    with open_recording(directory / "run.asgiviz") as reader:
        logged = [event.get("text") for event in reader if event.ev == "log"]
    for word in ("/one", "/two"):
        for shout in SHOUTS:
            assert any(f"{shout} {word}" in text for text in logged), f"{shout} {word}"
            assert f"{shout} {word}\n".encode() not in raw
            assert f"{shout} {word}\r\n".encode() not in raw


def test_a_debugger_in_the_app_takes_no_keys(write: Write) -> None:
    """breakpoint() finds the end of its input: the request fails where it stood, and the keys are still the screen's."""
    source = HELLO.replace("    await receive()\n    await send", "    breakpoint()\n    await receive()\n    await send")
    with on_terminal(write(source), *TRACE) as terminal:
        request(terminal.url(), GET % b"/")
        terminal.wait_for("BdbQuit")
        terminal.press("q")
        assert_closed_well(terminal)


# -- the window ------------------------------------------------------------------------------------------------------


def test_suspended_and_back(write: Write) -> None:
    """Ctrl-Z gives the shell its terminal back, `fg` the screen; the app goes on."""
    with Terminal(directory=write(), command=["/bin/sh", "-i"]) as terminal:
        terminal.press("PS1='shell''> '", "enter")
        terminal.wait_for("shell> ")
        terminal.press(f"{sys.executable} -m asgiviz {' '.join(TRACE)}", "enter")
        url = terminal.url()
        terminal.press("ctrl+z")
        terminal.wait_until(lambda: b"shell> " in terminal.raw.partition(b"\x1b[?1049l")[2], "the shell is back")
        assert terminal.left_behind == []
        terminal.press("fg", "enter")
        request(url, GET % b"/back")
        terminal.wait_for(r"http GET /back +200")
        terminal.press("q")
        terminal.wait_until(lambda: "events" in terminal.raw.rpartition(b"\x1b[?1049l")[2].decode(), "it has ended")
        terminal.press("exit", "enter")
        assert_closed_well(terminal)


def test_resized_at_any_moment(write: Write) -> None:
    """A storm of sizes, 40 by 10 among them, while requests come in: the last one is what is drawn."""
    with on_terminal(write(), *TRACE) as terminal:
        url = terminal.url()
        for step in range(40):
            terminal.resize(40 + step * 37 % 160, 10 + step * 17 % 50)
            if step % 10 == 0:
                request(url, GET % b"/%d" % step)
        terminal.resize(40, 10)
        terminal.wait_for(r"(?s)\A asgiviz.*\n.*Connections")
        terminal.press("1", "2", "3", "4", "5", "6", "7", "1")
        terminal.resize(120, 36)
        terminal.wait_for(r"http GET /30 +200")
        terminal.press("q")
        assert_closed_well(terminal)


@pytest.mark.parametrize("flags", [("--for", "1"), ("--connections", "2")], ids=" ".join)
def test_it_ends_by_itself(write: Write, flags: tuple[str, ...]) -> None:
    """After a time, or after so many connections, the screen closes without a key."""
    with on_terminal(write(), *TRACE, *flags) as terminal:
        if flags[0] == "--connections":
            url = terminal.url()
            terminal.wait_for("lifespan")  # the address is known before it is listened on
            for _ in range(2):
                request(url, GET % b"/")
        assert_closed_well(terminal)


def test_the_options_for_looks_reach_the_screen(write: Write) -> None:
    """--filter lists only what passes, --ascii draws with ASCII alone, NO_COLOR without colours."""
    with on_terminal(write(), *TRACE, "--ascii", "--filter", "~p /yes", NO_COLOR="1") as terminal:
        url = terminal.url()
        for path in (b"/no", b"/yes"):
            request(url, GET % path)
        terminal.wait_for(r"http GET /yes +200")
        terminal.wait_for("1 of 3")
        assert " 2 http GET /no" not in terminal.text
        assert terminal.text.isascii()
        colours = {cell.fg for row in terminal.screen.buffer.values() for cell in row.values()}
        terminal.press("q")
        assert_closed_well(terminal)
    assert colours <= {"default"}
