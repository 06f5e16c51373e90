"""How an app of the laboratory is served, on either clock: the same server, the same parser, the same limits everywhere."""

from __future__ import annotations

from asgiviz.course.lesson import Interface
from asgiviz.experiment.setup import SideSetup
from asgiviz.host.options import Limits, Run, ServerOptions

#: h11 whatever else is installed: what is recorded must not depend on it.
_OPTIONS = {Interface.ASGI: ServerOptions(port=0, http="h11"), Interface.WSGI: ServerOptions(port=0)}


def served(side: SideSetup, limits: Limits) -> Run:
    """The run of one side."""
    return Run(
        side.app.target,
        str(side.app.file.parent),
        options=_OPTIONS[side.side.interface],
        interface=side.side.interface.value,
        threads=side.threads,
        pool=side.pool,
        steps=True,
        environment=tuple(side.environment.items()),
        paths=tuple(map(str, side.app.paths)),
        first=side.first,
        limits=limits,
    )
