"""The network in this process: who listens where, and waiting for many sockets at once."""

from __future__ import annotations

import errno
import itertools
import os
import select
import selectors
import socket
from _thread import get_ident
from collections.abc import Callable
from typing import Any, NamedTuple

from asgiviz.host.virtual_clock import Baton
from asgiviz.host.virtual_sockets import CAPACITY, Address, Bell, Listener, Pipe, VirtualSocket

#: Where the servers' and the clients' addresses begin.
HOST, SERVER_PORT, CLIENT_PORT = "127.0.0.1", 8000, 50001
#: Numbers of our descriptors, far from those of the system.
_FIRST = 1 << 20
_NOWHERE: Address = (HOST, 0)

_real_poll, _real_select = select.poll, select.select


class Network:
    """All sockets of the process; `cannot_hold` is told, in a sentence, of a wait that is none of ours."""

    def __init__(self, baton: Baton, cannot_hold: Callable[[str], None]) -> None:
        self.baton = baton
        self.cannot_hold = cannot_hold
        self.open: dict[int, Listener | VirtualSocket] = {}
        self._listeners: dict[Address, Listener] = {}
        self._numbers = itertools.count(_FIRST)
        self._ports = itertools.count(SERVER_PORT)
        self._client_ports = itertools.count(CLIENT_PORT)
        self._pollers: dict[int, Bell] = {}

    def listener(self) -> Listener:
        """A bound socket on the next port."""
        number, name = next(self._numbers), (HOST, next(self._ports))
        self.open[number] = self._listeners[name] = listener = Listener(number, name, self._forget)
        return listener

    def connect(self, address: Address, capacity: int | None = None) -> VirtualSocket:
        """A client's open connection; `capacity` bytes of answers fit into it."""
        listener = self._listeners.get(address)
        if listener is None or not listener.listening:
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        ours, theirs = self.pair((HOST, next(self._client_ports)), address, capacity or CAPACITY)
        listener.welcome(theirs)
        return ours

    def pair(
        self, name: Address = _NOWHERE, peer: Address = _NOWHERE, capacity: int = CAPACITY
    ) -> tuple[VirtualSocket, VirtualSocket]:
        """Two connected sockets; `capacity` bytes fit into the first."""
        ours, theirs = self._socket(name, peer), self._socket(peer, name)
        ends = (ours.bells, theirs.bells)
        to_us, to_them = Pipe(capacity, *ends), Pipe(CAPACITY, *ends)
        ours.join(to_us, to_them)
        theirs.join(to_them, to_us)
        return ours, theirs

    def _socket(self, name: Address, peer: Address) -> VirtualSocket:
        number = next(self._numbers)
        self.open[number] = sock = VirtualSocket(number, name, peer, Bell(self.baton), self._forget)
        return sock

    def _forget(self, number: int) -> None:
        self.open.pop(number, None)

    # -- waiting for many ------------------------------------------------------------------------------------------

    def install(self) -> None:
        """New event loops, and what polls, wait for our sockets."""
        network = self

        class Selector(VirtualSelector):
            def __init__(self) -> None:
                super().__init__(network)

        class Poll(VirtualPoll):
            def __init__(self) -> None:
                super().__init__(network)

        for module, name, ours in (
            (selectors, "DefaultSelector", Selector),
            (select, "poll", Poll),
            (select, "select", self._select),
            (socket, "socketpair", lambda *_, **__: network.pair()),
        ):
            setattr(module, name, ours)

    def _select(self, *arguments: Any) -> Any:
        """`select.select`, as far as it is for descriptors of the system."""
        numbers = {what if isinstance(what, int) else what.fileno() for whats in arguments[:3] for what in whats}
        if not self.open.keys().isdisjoint(numbers):
            self.cannot_hold("the app waits for sockets below asyncio (select.select)")
        return _real_select(*arguments)

    def poller(self, at_work: bool) -> Bell | None:
        """Where the calling thread waits for many sockets; None for one that has never had ours."""
        ident = get_ident()
        if at_work and ident not in self._pollers:
            self._pollers[ident] = Bell(self.baton)
        return self._pollers.get(ident)

    def ring_pollers(self) -> None:
        """Something has happened to a real descriptor that a poll looks at."""
        for bell in self._pollers.values():
            bell.ring()


class VirtualSelector(selectors._BaseSelectorImpl):  # noqa: SLF001  # the part that keeps the table
    """A selector over our sockets, and the one place where a loop waits for work."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self._network = network
        self._baton = network.baton
        self._bell = Bell(network.baton)
        #: descriptors that have changed since they were seen to be not ready
        self._changed: dict[int, None] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """See selectors; a real descriptor is none that we could wait for."""
        key: selectors.SelectorKey = super().register(fileobj, events, data)
        end = self._network.open.get(key.fd)
        if end is None:
            self._network.cannot_hold("the app uses the network itself (its event loop waits for a real socket)")
        else:
            end.bells[_Ear(self, key.fd)] = None
            self._changed[key.fd] = None
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """See selectors."""
        key: selectors.SelectorKey = super().unregister(fileobj)
        end = self._network.open.get(key.fd)
        if end is not None:
            end.bells.pop(_Ear(self, key.fd), None)
        return key

    def change(self, fd: int) -> None:
        """One of our sockets has changed."""
        self._changed[fd] = None
        self._bell.ring()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready, once something is; others run meanwhile, also when there is no time to wait."""
        loop = self._baton.running.loop
        if loop is not None:
            loop.turn()
        until = self._baton.after(None if timeout is None else max(timeout, 0.0))
        while not (ready := self._ready()):
            if not self._bell.wait(until, self._baton.park):
                return self._ready()
        return ready

    def _ready(self) -> list[tuple[selectors.SelectorKey, int]]:
        found = []
        for fd in list(self._changed):
            key, end = self.get_map().get(fd), self._network.open.get(fd)
            events = 0
            if key is not None and end is not None:
                events = (selectors.EVENT_READ * end.readable() | selectors.EVENT_WRITE * end.writable()) & key.events
            if key is not None and events:
                found.append((key, events))
            else:
                del self._changed[fd]
        return found


class _Ear(NamedTuple):
    """Tells a selector which socket has changed."""

    selector: VirtualSelector
    fd: int

    def ring(self) -> None:
        """See Ringing."""
        self.selector.change(self.fd)


class VirtualPoll:
    """`select.poll` over our sockets. Real descriptors among them are looked at whenever somebody has `ring_pollers`."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._wanted: dict[int, int] = {}
        self._real = _real_poll()

    def register(self, what: Any, events: int = select.POLLIN | select.POLLPRI | select.POLLOUT) -> None:
        """See select.poll."""
        number = what if isinstance(what, int) else int(what.fileno())
        if number in self._network.open:
            self._wanted[number] = events
        else:
            self._real.register(number, events)

    def poll(self, timeout: float | None = None) -> list[tuple[int, int]]:
        """See select.poll; the time-out is in milliseconds."""
        network = self._network
        ends = {number: network.open[number] for number in self._wanted}
        bell = network.poller(at_work=bool(ends))
        if bell is None:
            return self._real.poll(timeout)
        for end in ends.values():
            end.bells[bell] = None
        until = network.baton.after(None if timeout is None or timeout < 0 else timeout / 1e3)
        while not (found := self._found(ends)):
            if not bell.wait(until, network.baton.park):
                break
        return found

    def _found(self, ends: dict[int, Listener | VirtualSocket]) -> list[tuple[int, int]]:
        found = self._real.poll(0)
        for number, end in ends.items():
            events = select.POLLIN * end.readable() | select.POLLOUT * end.writable()
            if events & self._wanted[number]:
                found.append((number, events & self._wanted[number]))
        return found
