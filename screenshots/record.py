"""Makes the recordings that the pictures are drawn from, with real runs: ``python screenshots/record.py [NAME …]``.

Run by hand, when what a recording holds should be new: the files are data and are committed. Where this machine keeps its
files is not part of them: directories are written as if the checkout were /srv/app and Python were the system's.
"""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from asgiviz.traffic.crowd import Crowd
from asgiviz.traffic.script import Script
from asgiviz.traffic.steps import Read, Request

HERE = Path(__file__).parent
CHECKOUT = HERE.parent
#: directory of this machine -> what is written for it, the longer ones first
NEUTRAL = {
    sysconfig.get_path("purelib"): "/usr/lib/python3/site-packages",
    sysconfig.get_path("stdlib"): "/usr/lib/python3.11",
    sys.prefix: "/usr",
    str(CHECKOUT): "/srv/app",
}
WAITER = ("trace", "waiter:app", "--app-dir", str(CHECKOUT / "examples"), "--loop", "asyncio", "--http", "h11", "--port", "0")


def ten_tables(url: str) -> None:
    """Ten requests at once that await, then ten at once that block."""
    for path in ("/async", "/blocking"):
        crowd = Crowd([Script(f"table {number}", (Request(path), Read())) for number in range(1, 11)], url).start()
        if not crowd.wait(30):
            raise SystemExit(f"{path} did not answer")
        time.sleep(0.3)


def one_holds_up_four(url: str) -> None:
    """Four requests await when one comes that blocks."""
    awaits = [Script(f"table {number}", (Request("/async"), Read()), delay=number / 50) for number in range(1, 5)]
    crowd = Crowd([*awaits, Script("the long talk", (Request("/blocking"), Read()), delay=0.15)], url).start()
    if not crowd.wait(30):
        raise SystemExit("the waiter did not answer")


def slow_reader(url: str) -> None:
    """An upload of twelve megabytes that comes straight back to a client which reads now and then."""
    where = urlsplit(url)
    body = b"All work and no play makes Jack wait. " * 300_000
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
        client.connect((where.hostname, where.port))
        head = f"POST /echo HTTP/1.1\r\nhost: {where.netloc}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        writer = threading.Thread(target=client.sendall, args=(head.encode() + body,), daemon=True)
        writer.start()
        for pause in (0.4, 0.4, 0.4, 0.0):
            time.sleep(pause)
            left = len(body) // 3
            while left > 0 and (piece := client.recv(65_536)):
                left -= len(piece)
        writer.join(5)


#: recording -> the arguments of asgiviz, and the clients; None: it brings its own
RUNS: dict[str, tuple[tuple[str, ...], Callable[[str], None] | None]] = {
    "demo": (("demo", "--loop", "asyncio", "--http", "h11", "--body-limit", "4000"), None),
    "waiter": ((*WAITER, "--connections", "20"), ten_tables),
    "stall": ((*WAITER, "--connections", "5"), one_holds_up_four),
    "upload": ((*WAITER, "--connections", "1", "--body-limit", "100"), slow_reader),
}


def record(name: str) -> None:
    """One run, written as ``name.asgiviz.gz``."""
    arguments, clients = RUNS[name]
    with TemporaryDirectory() as place:
        made = Path(place) / f"{name}.asgiviz"
        command = [sys.executable, "-m", "asgiviz", *arguments, "--json", "--record", str(made)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
            assert run.stdout is not None  # it was asked for
            url = ""
            for line in run.stdout:
                event = json.loads(line)
                url = event.get("url", url)
                if event.get("ev") == "server" and event.get("what") == "started" and clients is not None:
                    threading.Thread(target=clients, args=(url,), daemon=True).start()
        text = made.read_text(encoding="utf-8")
    for directory, neutral in NEUTRAL.items():
        text = text.replace(directory, neutral)
    (HERE / f"{name}.asgiviz.gz").write_bytes(gzip.compress(text.encode("utf-8"), mtime=0))
    print(f"{name}: {text.count(chr(10))} lines")


if __name__ == "__main__":
    for wanted in sys.argv[1:] or RUNS:
        record(wanted)
