"""The virtual network carries bytes as TCP does, and the baton keeps the order of time."""

from __future__ import annotations

import select
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgiviz.host.virtual_clock import START, Baton
from asgiviz.host.virtual_network import Network, VirtualSelector
from asgiviz.host.virtual_sockets import VirtualSocket


def make_pair(capacity: int = 100) -> tuple[VirtualSocket, VirtualSocket]:
    """Two connected sockets that do not wait; so many bytes fit into the first."""
    ours, theirs = Network(Baton(), lambda _: None).pair(capacity=capacity)
    for end in (ours, theirs):
        end.setblocking(False)
    return ours, theirs


@given(st.lists(st.one_of(st.binary(min_size=1, max_size=300), st.integers(1, 200))), st.integers(1, 150))
def test_bytes_arrive_whole_and_in_order(actions: list[bytes | int], capacity: int) -> None:
    """Whatever is sent and read in whatever pieces, what is read is the beginning of what was taken, and no more waits than
    fits."""
    ours, theirs = make_pair(capacity)
    sent, read = b"", b""
    for action in actions:
        if isinstance(action, bytes):
            if theirs.writable():
                sent += action[: theirs.send(action)]
            else:
                with pytest.raises(BlockingIOError):
                    theirs.send(action)
        elif ours.readable():
            read += ours.recv(action)
        else:
            with pytest.raises(BlockingIOError):
                ours.recv(action)
        assert sent.startswith(read)
        assert len(sent) - len(read) <= capacity
    theirs.close()
    while piece := ours.recv(64):
        read += piece
    assert read == sent


def real_pair() -> tuple[socket.socket, socket.socket]:
    """Two connected sockets of the system."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
    return ours, theirs


def outcome_of(end: socket.socket, action: str) -> object:
    """What a call gives: its value, or the kind of its error."""
    try:
        return end.send(b"x") if action == "send" else end.recv(10)
    except OSError as error:
        return type(error)


@pytest.mark.parametrize("actions", [["recv", "send", "recv"], ["send", "send", "recv"], ["recv", "recv", "send", "send"]])
@pytest.mark.parametrize("how", ["close", "close unread", "shutdown", "reset"])
def test_the_end_of_a_connection_is_that_of_tcp(how: str, actions: list[str]) -> None:
    """After the other side has closed, half-closed or reset the connection, calls give what they give on a real socket."""
    told = []
    for ours, theirs in (make_pair(), real_pair()):
        theirs.send(b"last")
        if how == "close unread":
            ours.send(b"never read")
        if how == "reset":
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        if not isinstance(ours, VirtualSocket):
            select.select([theirs] if how == "close unread" else [ours], [], [], 5)
        theirs.shutdown(socket.SHUT_WR) if how == "shutdown" else theirs.close()
        outcomes: list[object] = []
        for action in actions:
            if not isinstance(ours, VirtualSocket):
                select.select([ours], [], [], 5)
                if outcomes and outcomes[-1] == 1:
                    select.select([], [], [], 0.05)  # the answer to what was sent needs a moment
            outcomes.append(outcome_of(ours, action))
        told.append(outcomes)
        ours.close()
        theirs.close()
    assert told[0] == told[1]


def test_nobody_listens() -> None:
    """A connection to where nobody listens (yet) is refused."""
    network = Network(Baton(), lambda _: None)
    listener = network.listener()
    with pytest.raises(ConnectionRefusedError):
        network.connect(listener.getsockname())
    listener.listen()
    ours = network.connect(listener.getsockname())
    theirs, name = listener.accept()
    assert name == ours.getsockname() == theirs.getpeername()
    listener.close()
    with pytest.raises(ConnectionRefusedError):
        network.connect(("127.0.0.1", 8000))


def test_a_selector_gives_what_is_ready_or_lets_the_time_pass() -> None:
    """With nothing ready the time jumps to the time-out; with something ready it stands still."""
    network = Network(Baton(), lambda _: None)
    ours, theirs = network.pair()
    selector = VirtualSelector(network)
    selector.register(ours, 1)
    assert selector.select(2.5) == []
    assert network.baton.now == START + 2_500_000_000
    theirs.send(b"x")
    ((key, events),) = selector.select(2.5)
    assert (key.fileobj, events) == (ours, 1)
    assert network.baton.now == START + 2_500_000_000


def test_a_real_descriptor_is_told() -> None:
    """A selector that shall wait for one of the system's sockets says so."""
    told: list[str] = []
    selector = VirtualSelector(Network(Baton(), told.append))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        selector.register(ours, 1)
    (sentence,) = told
    assert "a real socket" in sentence
