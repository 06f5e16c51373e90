"""Frames between a child and its parent: whole values, from any thread."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from asgiviz.host.frames import FrameSender, read_frame

THREADS, TIMES = 8, 2000


def test_many_threads_may_ask_at_once_whether_there_is_room() -> None:
    """The threads of a WSGI server do, each for its own event."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = FrameSender(ours)
        together = threading.Barrier(THREADS)

        def ask(_: int) -> bool:
            together.wait(10)
            return all(sender.has_room() for _ in range(TIMES))

        with ThreadPoolExecutor(THREADS) as pool:
            assert all(pool.map(ask, range(THREADS)))


def test_there_is_no_room_when_nobody_reads() -> None:
    """And again when somebody has read."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = FrameSender(ours)
        ours.setblocking(False)
        sent = 0
        while sender.has_room():
            sent += ours.send(bytes(65536))
        ours.setblocking(True)
        while sent:
            sent -= len(theirs.recv(65536))
        assert sender.has_room()


def test_values_from_many_threads_arrive_whole() -> None:
    """None is torn by another."""
    ours, theirs = socket.socketpair()
    values = [("events", [(n, "x" * n)] * 50) for n in range(64)]
    with ours, theirs, theirs.makefile("rb") as stream, ThreadPoolExecutor(THREADS) as pool:
        sender = FrameSender(ours)
        sending = [pool.submit(sender.send, value) for value in values]
        got = [read_frame(stream) for _ in values]
        for future in sending:
            future.result(10)
    assert sorted(got) == sorted(values)


def test_what_makes_no_sense_ends_the_conversation() -> None:
    """An app that writes to every descriptor writes to ours, too."""
    ours, theirs = socket.socketpair()
    with ours, theirs, theirs.makefile("rb") as stream:
        ours.sendall(b"\0\0\0\4abcd" * 2)
        for _ in range(2):
            with pytest.raises(EOFError):
                read_frame(stream)
