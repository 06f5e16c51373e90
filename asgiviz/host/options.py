"""What to run and how: plain values that travel to a child process as they are."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from asgiviz.model.values import BODY_LIMIT

#: Seconds that open requests get to finish once the server is told to stop, unless the user says otherwise.
GRACE = 3
#: Milliseconds that one callback may hold the event loop before that is recorded as a stall.
STALL_MS = 50
#: Threads of a WSGI server, unless the user says otherwise: waitress's own default.
THREADS = 4


@dataclass(frozen=True)
class ServerOptions:
    """uvicorn's options by uvicorn's names; the defaults are uvicorn's, but for `access_log` (the recording says it
    better and faster) and `timeout_graceful_shutdown` (uvicorn waits for ever)."""

    host: str = "127.0.0.1"
    port: int = 8000
    uds: str | None = None
    fd: int | None = None
    http: str = "auto"
    ws: str = "auto"
    loop: str = "auto"
    lifespan: str = "auto"
    interface: str = "asgi3"
    root_path: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    server_header: bool = True
    date_header: bool = True
    proxy_headers: bool = True
    forwarded_allow_ips: str | None = None
    ssl_keyfile: str | None = None
    ssl_keyfile_password: str | None = None
    ssl_certfile: str | None = None
    log_level: str = "info"
    access_log: bool = False
    backlog: int = 2048
    limit_concurrency: int | None = None
    limit_max_requests: int | None = None
    timeout_keep_alive: int = 5
    timeout_graceful_shutdown: int = GRACE
    h11_max_incomplete_event_size: int | None = None
    ws_max_size: int = 16 * 1024 * 1024
    ws_max_queue: int = 32
    ws_ping_interval: float = 20.0
    ws_ping_timeout: float = 20.0
    ws_per_message_deflate: bool = True
    env_file: str | None = None

    def config(self) -> dict[str, Any]:
        """Keyword arguments for `uvicorn.Config`; where we listen is decided before, by `host.listen`."""
        keywords = asdict(self)
        keywords["headers"] = [tuple(pair) for pair in self.headers]
        for bound in ("uds", "fd"):
            del keywords[bound]
        return keywords


@dataclass(frozen=True)
class Limits:
    """What code that nobody has read yet may use, in a process of its own.

    `seconds` of processor time, `memory` bytes of address space, `files` open at once, `file_size` bytes of one file. Beside
    these it may start no process and reach no address but loopback.
    """

    seconds: int = 60
    memory: int = 4 << 30
    files: int = 512
    file_size: int = 64 << 20


@dataclass(frozen=True)
class Run:
    """One app to be served: `target` as ``module:attribute``, found from `app_dir`; `body_limit` as in `Tap`; `stall_ms` as in
    `watch_loop`.

    `interface` is asgi (under uvicorn) or wsgi (under waitress, with `threads`). `closely` records the line of code of each
    receive and send of an ASGI app. `pool` is the size of the loop's default executor, `steps` records each step of each task,
    `environment` and `paths` are added to those of the app's process, `first` is the number of the first connection; these
    and `limits` need a process of its own.
    """

    target: str
    app_dir: str = field(default_factory=lambda: str(Path.cwd()))
    factory: bool = False
    options: ServerOptions = ServerOptions()
    body_limit: int = BODY_LIMIT
    stall_ms: int = STALL_MS
    interface: str = "asgi"
    threads: int = THREADS
    pool: int | None = None
    steps: bool = False
    environment: tuple[tuple[str, str], ...] = ()
    paths: tuple[str, ...] = ()
    first: int = 1
    limits: Limits | None = None
    closely: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The run as JSON can carry it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, keys: dict[str, Any]) -> Run:
        """The inverse of `as_dict`."""
        options = dict(keys["options"])
        options["headers"] = tuple((name, value) for name, value in options["headers"])
        limits = keys.get("limits")
        plain = {
            "options": ServerOptions(**options),
            "environment": tuple((name, value) for name, value in keys["environment"]),
            "paths": tuple(keys["paths"]),
            "limits": None if limits is None else Limits(**limits),
        }
        return cls(**{**keys, **plain})
