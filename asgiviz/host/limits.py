"""Limits for code that nobody has read yet: what it may take of the machine, and what it may not do at all.

They are guard rails for honest mistakes, not a wall: code that is out to get past them can. They hold for the whole process,
and for good, so only a process of its own may have them.
"""

from __future__ import annotations

import functools
import ipaddress
import re
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from asgiviz.host.options import Limits
from asgiviz.model.events import ENDINGS, Emit, Raw
from asgiviz.probe.logs import log_event

try:
    import resource
except ImportError:  # not a Unix
    resource = None  # type: ignore[assignment]

#: Exit status of a process in which asgiviz itself found no memory any more.
NO_MEMORY = 112
#: Seconds of processor time between the signal that ends the process and the one that ends it whatever it does.
_LAST_SECONDS = 1

#: How the interpreter ends when even its own small needs cannot be met.
_CRASHES = frozenset({signal.SIGSEGV, signal.SIGABRT})
_NO_PROCESS = "an exercise may not start other processes"
_NO_NETWORK = "an exercise may reach this machine only (127.0.0.1, localhost), and no other address, such as {}"


def hold(limits: Limits) -> None:
    """Put this process under `limits`, as far as the platform has them. It cannot be undone."""
    _bound("RLIMIT_CPU", limits.seconds, limits.seconds + _LAST_SECONDS)
    _bound("RLIMIT_AS", limits.memory)
    _bound("RLIMIT_NOFILE", limits.files)
    _bound("RLIMIT_FSIZE", limits.file_size)
    _bound("RLIMIT_CORE", 0)
    _close_the_back_doors()
    sys.addaudithook(_hook())


def _bound(name: str, most: int, hardest: int | None = None) -> None:
    which = getattr(resource, name, None)
    if which is None:
        return
    _, hard = resource.getrlimit(which)
    wanted = most if hardest is None else hardest
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(which, (min(most, allowed), allowed))


# -- what may not be done ----------------------------------------------------------------------------------------------


def _hook() -> Callable[[str, tuple[Any, ...]], None]:
    """The audit hook. It is called for very many things, so it looks nothing up but the name."""
    checks = _CHECKS

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in checks:
            checks[event](*arguments)

    return hook


def _no_process(*_: Any) -> NoReturn:
    raise PermissionError(_NO_PROCESS)


def _only_here(sock: socket.socket, address: Any = None, *_: Any) -> None:
    if address is None or sock.family == getattr(socket, "AF_UNIX", None):
        return
    host = address[0] if isinstance(address, tuple) and address else address
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or not is_loopback(host):
        raise PermissionError(_NO_NETWORK.format(host or "0.0.0.0"))


def _name_of_here(host: Any, *_: Any) -> None:
    if host and _text(host) != "0.0.0.0" and not is_loopback(host):  # none is this machine, as waitress asks for it
        raise PermissionError(_NO_NETWORK.format(_text(host)))


def _address_of_here(address: Any, *_: Any) -> None:
    _name_of_here(address[0] if isinstance(address, tuple) and address else address)


def is_loopback(host: Any) -> bool:
    """Whether a host, by name or number, is this machine to itself."""
    text = _text(host).rstrip(".").lower()
    if text == "localhost" or text.endswith(".localhost"):
        return True
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)


def _text(host: Any) -> str:
    return host.decode("latin-1") if isinstance(host, (bytes, bytearray)) else str(host)


#: The audit events that are looked at: https://docs.python.org/3/library/audit_events.html
_CHECKS: dict[str, Callable[..., None]] = {
    "socket.connect": _only_here,
    "socket.bind": _only_here,
    "socket.sendto": _only_here,
    "socket.sendmsg": _only_here,
    "socket.getaddrinfo": _name_of_here,
    "socket.gethostbyname": _name_of_here,
    "socket.gethostbyaddr": _name_of_here,
    "socket.getnameinfo": _address_of_here,
    **dict.fromkeys(
        (
            "subprocess.Popen",
            "os.system",
            "os.exec",
            "os.fork",
            "os.forkpty",
            "os.posix_spawn",
            "os.spawn",
            "os.startfile",
            "os.startfile/2",
            "pty.spawn",
        ),
        _no_process,
    ),
}


def _close_the_back_doors() -> None:
    """What no hook hears of in time: a socket looks a name up before it tells where it connects to, and `multiprocessing`
    starts a process without telling at all."""
    for method in ("bind", "connect", "connect_ex", "sendto"):
        setattr(socket.socket, method, _checked(getattr(socket.socket, method)))
    try:
        import _posixsubprocess
    except ImportError:  # not a Unix
        return
    _posixsubprocess.fork_exec = _no_process  # type: ignore[attr-defined,unused-ignore]


def _checked(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def checked(sock: socket.socket, *arguments: Any) -> Any:
        _only_here(sock, *arguments[-1:])  # the address is the last one
        return method(sock, *arguments)

    return checked


# -- what is told of it ------------------------------------------------------------------------------------------------


def telling(emit: Emit, limits: Limits) -> Emit:
    """`emit`, and behind the exit of an app's call that failed on a limit a line of log that says so. The traceback of what
    was refused ends where the app asked for it."""

    def emit_and_tell(raw: Raw) -> None:
        error = raw[5].get("error") if raw[1] in ENDINGS and type(raw[5]) is dict else None
        if isinstance(error, dict) and isinstance(error.get("traceback"), str):
            error = {**error, "traceback": without_our_frames(error["traceback"])}
            raw = (*raw[:5], {**raw[5], "error": error})
        emit(raw)
        sentence = why_it_failed(error, limits)
        if sentence:
            log_event(emit, "ERROR", "asgiviz", sentence, conn=raw[2])

    return emit_and_tell


def without_our_frames(trace: str) -> str:
    """A traceback without what stands between the app and its refusal."""
    return _FRAME.sub("", trace)


#: A frame of this file as a traceback prints it, with its lines of code; in an exception group it has a bar in front.
_FRAME = re.compile(rf'^(?: +\| )?  File "{re.escape(__file__)}", line .*\n(?:(?: +\| )?    .*\n)*', re.MULTILINE)


def why_it_failed(error: Any, limits: Limits) -> str | None:
    """Which limit was behind an error (its `type` and `text`, as an exit has them), in a sentence; None: none of them."""
    kind, text = (str(error.get("type")), str(error.get("text"))) if isinstance(error, dict) else ("", "")
    if kind.endswith("MemoryError"):
        return out_of_memory(limits)
    if kind.endswith("OSError") and text.startswith("[Errno 24]"):
        return f"an exercise may have {limits.files} files and sockets open at once; this one left too many open"
    if kind.endswith("OSError") and text.startswith("[Errno 27]"):
        return f"an exercise may write {_size(limits.file_size)} into one file; this one wrote more"
    return None


def was_refused(error: Any) -> bool:
    """Whether an error (as an exit has it) is a refusal of the audit hook: another process, another machine."""
    text = str(error.get("text")) if isinstance(error, dict) else ""
    return text.startswith((_NO_PROCESS, _NO_NETWORK.partition("{")[0]))


def out_of_memory(limits: Limits) -> str:
    """The sentence on the limit of memory."""
    return f"an exercise may use {_size(limits.memory)} of memory; this one wanted more"


def why_it_died(status: int, limits: Limits) -> str | None:
    """Which limit ended (or probably ended) the process, from its exit status as `subprocess` gives it; None: none of them."""
    if status == -getattr(signal, "SIGXCPU", 0):
        return f"an exercise may compute for {limits.seconds} s; this one was ended because it went on. Does a loop never end?"
    if status == NO_MEMORY:
        return out_of_memory(limits)
    if -status in _CRASHES:
        return f"the app's process crashed. Python does so when no memory is left; an exercise may use {_size(limits.memory)}"
    return None


def _size(number: int) -> str:
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if number >= factor:
            return f"{number / factor:.4g} {unit}"
    return f"{number} bytes"
