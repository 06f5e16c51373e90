"""`asgiviz trace` as people run it: a real process, real requests, signals, files and pipes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from asgiviz.model.values import kept_bytes
from asgiviz.store.reader import open_recording
from tests.cli.conftest import HELLO, Write
from tests.cli.running import Asgiviz, events, run

TRACE = ("trace", "main:app", "--port", "0")


def test_plain_shows_every_event_of_a_request(write: Write) -> None:
    """A line for the scope, each receive and send with its waiting time, and the exit."""
    traced = Asgiviz(*TRACE, directory=write())
    assert traced.get("/orders?dry=1") == b"hello"
    traced.wait_for("returned after")
    assert traced.stop() == 0
    wanted = ["GET /orders?dry=1", "receive http.request", "waited", "http.response.start  200", "“hello”", "lifespan.shutdown"]
    for text in wanted:
        assert text in traced.out
    assert "\x1b" not in traced.out


def test_json_is_the_recording_and_nothing_else(write: Write) -> None:
    """Standard output holds the header, then one object a line in order, though the app prints."""
    app = HELLO + "    print('noise')\n    import os, sys; os.write(1, b'raw noise\\n'); print('err', file=sys.stderr)\n"
    traced = Asgiviz(*TRACE, "--json", directory=write(app))
    traced.get("/")
    traced.wait_for('"ev":"exit","conn":2')
    assert traced.stop() == 0
    seen = events(traced.out)
    assert [event["seq"] for event in seen] == list(range(1, len(seen) + 1))
    texts = {(event["logger"], event["text"], event.get("conn")) for event in seen if event["ev"] == "log"}
    assert {("stdout", "noise", 2), ("stdout", "raw noise", None), ("stderr", "err", 2)} <= texts
    assert seen[-1] == {**seen[-1], "ev": "server", "what": "stopped"}
    header = json.loads(traced.out.splitlines()[0])
    assert header["target"] == "main:app"
    assert header["server"]["name"] == "uvicorn"
    assert "is served at http://127.0.0.1:" in traced.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_ends_it_well(write: Write, number: signal.Signals) -> None:
    """The app's shutdown runs, the file is complete, the exit code is 0."""
    directory = write()
    traced = Asgiviz(*TRACE, "--record", "run.asgiviz", directory=directory)
    traced.get()
    traced.signal(number)
    assert traced.end() == 0
    with open_recording(directory / "run.asgiviz") as reader:
        seen = list(reader)
    assert reader.ending is None
    assert any(event.get("message", {}).get("type") == "lifespan.shutdown.complete" for event in seen)


def test_a_second_ctrl_c_ends_it_although_the_app_never_comes_back(write: Write) -> None:
    """A loop that is blocked for ever is left behind; the file is complete up to there."""
    blocked = HELLO.replace("    await receive()\n    await send", "    import time\n    time.sleep(3600)\n    await send")
    directory = write(blocked)
    traced = Asgiviz(*TRACE, "--record", "run.asgiviz", directory=directory)
    with socket.create_connection(address(traced.url())) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        traced.wait_for("GET / HTTP/1.1")
        traced.signal()
        traced.wait_for("stopping; Ctrl-C again ends it now", "err")
        traced.signal()
        assert traced.end(10) == 0
    assert "the app did not come back" in traced.err
    with open_recording(directory / "run.asgiviz") as reader:
        assert [event.ev for event in reader][-1] == "server"
    assert reader.ending is None


def test_connections_and_for_stop_by_themselves(write: Write) -> None:
    """`--connections 1` ends after one request, `--for` after a time, both with exit code 0."""
    traced = Asgiviz(*TRACE, "--connections", "1", directory=write())
    traced.get()
    assert traced.end() == 0
    assert run(*TRACE, "--for", "0.5", directory=write()).process.returncode == 0


def test_secrets_are_masked_unless_revealed(write: Write) -> None:
    """An authorization header and a token parameter are stars in every form; `--reveal` shows them."""
    directory = write()
    for flags, shown in (((), False), (("--json",), False), (("--reveal",), True), (("--json", "--reveal"), True)):
        traced = Asgiviz(*TRACE, "--record", "run.asgiviz", *flags, directory=directory)
        request(
            traced.url(),
            b"GET /?token=hush&x=1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sesame\r\nconnection: close\r\n\r\n",
        )
        assert traced.stop() == 0
        with open_recording(directory / "run.asgiviz") as reader:
            scope = next(event.get("scope") for event in reader if event.conn == 2)
        headers = dict(scope["headers"])
        assert (headers[b"authorization"] == b"Bearer sesame") is shown
        assert len(headers[b"authorization"]) == len(b"Bearer sesame")
        assert (scope["query_string"] == b"token=hush&x=1") is shown
        assert len(scope["query_string"]) == len(b"token=hush&x=1")
        assert ("hush" in traced.out or "dG9rZW49aHVzaC" in traced.out) is shown  # plain, or base64 of token=hush


def test_what_the_server_logs_about_a_connection_belongs_to_it(write: Write) -> None:
    """uvicorn's own log of an exception or of a missing answer is tied to the connection, though the app has ended."""
    source = """
    async def app(scope, receive, send):
        assert scope["type"] == "http"
        if scope["path"] == "/raises":
            raise ValueError("sour")
    """
    traced = Asgiviz(*TRACE, "--json", directory=write(source))
    for path in (b"/raises", b"/silent"):
        request(traced.url(), b"GET " + path + b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert traced.stop() == 0
    logs = {event.get("conn"): event["text"] for event in events(traced.out) if event["ev"] == "log" and "conn" in event}
    assert logs[2].startswith("Exception in ASGI application")
    assert logs[3] == "ASGI callable returned without starting response."


def test_a_filter_selects_connections(write: Write) -> None:
    """`--filter` lets only matching connections through, in plain and in JSON; the file keeps all."""
    directory = write()
    traced = Asgiviz(*TRACE, "--json", "--filter", "~p /yes", "--record", "all.asgiviz", directory=directory)
    traced.get("/no")
    traced.get("/yes")
    assert traced.stop() == 0
    assert {event["conn"] for event in events(traced.out) if "conn" in event} == {3}
    with open_recording(directory / "all.asgiviz") as reader:
        assert {event.conn for event in reader} >= {1, 2, 3}


def test_a_closed_pipe_does_not_stop_the_app(write: Write) -> None:
    """When the reader of standard output goes, one sentence says so and the app answers on."""
    directory = write()
    command = [sys.executable, "-m", "asgiviz", *TRACE, "--record", "run.asgiviz"]
    process = subprocess.Popen(command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stderr
    try:
        url = next(line for line in process.stdout if "started" in line)
        process.stdout.close()
        for _ in range(3):
            request(url.split()[-1], b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert "standard output was closed by its reader, so it ends" in process.stderr.readline()
        assert request(url.split()[-1], b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").endswith(b"hello")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert "Traceback" not in process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    with open_recording(directory / "run.asgiviz") as reader:
        assert sum(event.ev == "exit" for event in reader) == 5


def test_a_full_disk_is_one_sentence_and_the_app_answers_on(write: Write) -> None:
    """Writing to a device that is full is reported once; requests are answered and printed as before."""
    traced = Asgiviz(*TRACE, "--record", "/dev/full", directory=write())
    assert traced.get() == b"hello"
    traced.wait_for("no space left on device", "err")
    assert traced.get() == b"hello"
    assert traced.stop() == 0
    assert traced.err.count("no space left") == 1
    assert "Traceback" not in traced.err


def test_what_the_app_does_to_the_process_does_no_harm(write: Write) -> None:
    """Closing standard output, configuring logging, raising BaseException, sys.exit and stray threads: all is recorded."""
    wild = """
    import logging, logging.config, os, sys, threading, time
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            return
        if scope["path"] == "/close":
            sys.stdout.close(); os.close(1)
        if scope["path"] == "/logging":
            logging.config.dictConfig({"version": 1, "disable_existing_loggers": True})
            logging.basicConfig(force=True)
            logging.getLogger("mine").error("still here")
        if scope["path"] == "/base":
            raise BaseException("odd")
        if scope["path"] == "/exit":
            sys.exit(7)
        if scope["path"] == "/thread":
            threading.Thread(target=time.sleep, args=(3600,)).start()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
    """
    # libuv never closes a socket that got descriptor 1, with or without us: hence asyncio's own loop
    traced = Asgiviz(*TRACE, "--json", "--loop", "asyncio", directory=write(wild))
    url = traced.url()
    for path in (b"/close", b"/logging", b"/base", b"/exit", b"/thread", b"/"):
        request(url, b"GET " + path + b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert traced.stop() == 0
    seen = events(traced.out)
    outcomes = {event["conn"]: event.get("error", {}).get("type") for event in seen if event["ev"] == "exit"}
    assert list(outcomes.values()) == [None, None, None, "builtins.BaseException", "builtins.SystemExit", None, None]
    assert any(event["ev"] == "log" and event["text"] == "still here" and event["conn"] == 3 for event in seen)


def test_a_unix_socket_is_served_and_taken_away(write: Write) -> None:
    """`--uds PATH` answers there, and the path is gone afterwards."""
    directory = write()
    path = directory / "app.sock"
    traced = Asgiviz("trace", "main:app", "--uds", str(path), directory=directory)
    traced.url()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert answer.endswith(b"hello")
    assert traced.stop() == 0
    assert not path.exists()


def test_isolate_records_the_same(write: Write) -> None:
    """In a process of its own the app gives the same events, with its prints tied to their connection."""
    traced = Asgiviz(*TRACE, "--isolate", "--json", directory=write(HELLO + "    print('x')\n"))
    traced.get("/there")
    traced.wait_for('"ev":"exit","conn":2')
    assert traced.stop() == 0
    seen = events(traced.out)
    kinds = [event["ev"] for event in seen if event.get("conn") == 2]
    assert kinds == ["scope", "receive.begin", "receive.end", "send.begin", "send.end", "send.begin", "send.end", "log", "exit"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("os._exit(9)", "exited with status 9"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "ended by SIGSEGV"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "ended by SIGKILL"),
    ],
    ids=["os._exit", "segfault", "killed"],
)
def test_a_child_that_dies_is_reported(write: Write, code: str, said: str) -> None:
    """Its exit status or signal is told, recorded, and the exit code is 1."""
    source = f"import os, signal\n{HELLO}".replace("    await receive()\n", f"    await receive()\n    {code}\n")
    traced = Asgiviz(*TRACE, "--isolate", "--json", directory=write(source))
    request(traced.url(), b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    assert traced.end() == 1
    assert said in traced.err
    seen = events(traced.out)
    assert any(event.get("what") == "failed" and said in event["text"] for event in seen)
    assert seen[-1]["what"] == "stopped"
    culprit = [event["ev"] for event in seen if event.get("conn") == 2]
    assert culprit == (["scope"] if code.startswith("os.kill") else ["scope", "receive.begin", "receive.end"])


def test_reload_starts_the_changed_code(write: Write) -> None:
    """A change is shown as an event, the new code answers at the same address, connections are numbered on."""
    directory = write()
    traced = Asgiviz(*TRACE, "--reload", "--json", directory=directory)
    assert traced.get() == b"hello"
    write(HELLO.replace("hello", "other"))
    traced.wait_for('"what":"reloaded","text":"main.py changed"')
    traced.wait_for('(?s)"what":"started".*"what":"started"')
    assert traced.get() == b"other"
    assert traced.stop() == 0
    numbers = [event["conn"] for event in events(traced.out) if event["ev"] == "scope"]
    assert numbers == [1, 2, 3, 4]


def test_reload_waits_for_broken_code_to_be_mended(write: Write) -> None:
    """A syntax error is told with its traceback; mending it starts the app."""
    directory = write("def broken(:\n")
    traced = Asgiviz(*TRACE, "--reload", directory=directory)
    traced.wait_for("SyntaxError", "err")
    traced.wait_for("waiting for a change", "err")
    write()
    assert traced.get() == b"hello"
    assert traced.stop() == 0


def test_ctrl_c_ends_a_reload_that_waits_for_broken_code(write: Write) -> None:
    """Exit code 0: it was the user who ended it."""
    traced = Asgiviz(*TRACE, "--reload", directory=write("def broken(:\n"))
    traced.wait_for("waiting for a change", "err")
    assert traced.stop() == 0


def test_tls_and_default_headers_pass_through(write: Write) -> None:
    """uvicorn's own options reach it: a default header and no server header on the wire."""
    traced = Asgiviz(*TRACE, "--header", "X-Demo: yes", "--no-server-header", "--http", "h11", directory=write())
    answer = request(traced.url(), b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert b"x-demo: yes" in answer.lower()
    assert b"server:" not in answer.lower()
    assert "http h11" in traced.out
    assert traced.stop() == 0


def test_colours_only_on_a_terminal(write: Write) -> None:
    """On a terminal the lines are coloured, with NO_COLOR they are not."""
    for environment, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        master, terminal = os.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "asgiviz", *TRACE, "--plain", "--for", "0.5"],
            cwd=write(),
            stdout=terminal,
            stderr=terminal,
            env={**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, "TERM": "xterm-256color", **environment},
        )
        os.close(terminal)
        seen = b""
        try:
            while piece := os.read(master, 4096):
                seen += piece
        except OSError:  # the terminal is closed: that is how its end is told
            pass
        assert process.wait(20) == 0
        os.close(master)
        assert b"lifespan.startup" in seen
        assert (b"\x1b[" in seen) is coloured


def test_every_body_byte_is_accounted_for(write: Write) -> None:
    """A recording of an echo of 300,000 bytes holds as many bytes in and out, in order."""
    echo = """
    async def app(scope, receive, send):
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            message = await receive()
            await send({"type": "http.response.body", "body": message["body"], "more_body": message["more_body"]})
            if not message["more_body"]:
                return
    """
    directory = write(echo)
    body = bytes(range(250)) * 1200
    traced = Asgiviz(*TRACE, "--record", "echo.asgiviz.gz", "--body-limit", "1000000", directory=directory)
    head = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
    request(traced.url(), head + body)
    assert traced.stop() == 0
    way_in, way_out = b"", b""
    with open_recording(directory / "echo.asgiviz.gz") as reader:
        for event in reader:
            message = event.get("message") or {}
            way_in += kept_bytes(message.get("body")) if message.get("type") == "http.request" else b""
            way_out += kept_bytes(message.get("body")) if message.get("type") == "http.response.body" else b""
    assert way_in == body
    assert way_out == body


def address(url: str) -> tuple[str, int]:
    """Host and port of a URL."""
    host, _, port = url.removeprefix("http://").partition(":")
    return host, int(port)


def request(url: str, data: bytes) -> bytes:
    """Send `data` and read until the server closes; a reset gives what came before it."""
    with socket.create_connection(address(url), 20) as client:
        client.sendall(data)
        answer = b""
        try:
            while piece := client.recv(65536):
                answer += piece
        except ConnectionError:
            pass
        return answer


def test_open_shows_what_trace_recorded(write: Write, tmp_path: Path) -> None:
    """A file printed by `open` has the events of the live run; `--json` gives the same lines back; `-` reads a pipe."""
    directory = write()
    traced = Asgiviz(*TRACE, "--json", "--record", "run.asgiviz", directory=directory)
    traced.get("/shown")
    assert traced.stop() == 0
    plain = run("open", "run.asgiviz", directory=directory)
    assert "GET /shown" in plain.out
    assert plain.err == ""
    assert events(run("open", "run.asgiviz", "--json", directory=directory).out) == events(traced.out)
    piped = subprocess.run(
        [sys.executable, "-m", "asgiviz", "open", "-", "--filter", "~p /shown"],
        input=(directory / "run.asgiviz").read_bytes(),
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert b"GET /shown" in piped.stdout
    assert b"lifespan" not in piped.stdout


def test_open_says_how_a_cut_recording_ended(write: Write) -> None:
    """A file cut in a line shows everything before it, says so, and exits 0."""
    directory = write()
    traced = Asgiviz(*TRACE, "--record", "run.asgiviz", directory=directory)
    traced.get()
    assert traced.stop() == 0
    whole = (directory / "run.asgiviz").read_bytes()
    (directory / "cut.asgiviz").write_bytes(whole[: len(whole) // 2])
    shown = run("open", "cut.asgiviz", directory=directory)
    assert shown.process.returncode == 0
    assert "the file is cut in line" in shown.err
    assert "lifespan.startup" in shown.out


def test_closely_notes_the_line_of_each_call(write: Write) -> None:
    """The file has them all; a page of text only tells of the send that was never awaited, with its line."""
    app = HELLO + "    send({'type': 'http.response.body'})\n"
    directory = write(app)
    line = (directory / "main.py").read_text().splitlines().index("    send({'type': 'http.response.body'})") + 1
    traced = Asgiviz(*TRACE, "--closely", "--plain", "--record", "run.asgiviz", directory=directory)
    traced.get("/")
    traced.wait_for(rf"send\(http.response.body\) was never awaited  main.py:{line} in app")
    assert traced.stop() == 0
    assert " site " not in traced.out
    with open_recording(directory / "run.asgiviz") as reader:
        seen = [event for event in reader if event.conn == 2]
    begun = [event.call for event in seen if event.ev in ("receive.begin", "send.begin")]
    place, *sites = [event for event in seen if event.ev == "site"]
    assert (place.call, place.get("what"), place.get("stack")[0]["function"]) == (None, "app", "app")
    assert [event.call for event in sites] == begun == [1, 2, 3]
    assert [event.get("stack")[0]["function"] for event in sites] == ["app"] * 3
