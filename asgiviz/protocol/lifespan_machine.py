"""The automaton of a lifespan: the server asks twice, at startup and at shutdown, and the app answers each time once."""

from __future__ import annotations

from asgiviz.protocol.transitions import EXIT, Automaton, Fault, Part, Side, State, Transition, Verdict, Way, wrong

_R, _S, _X = Way.RECEIVE, Way.SEND, Way.EXIT
_ILLEGAL = Verdict.ILLEGAL

STARTUP, SHUTDOWN = "lifespan.startup", "lifespan.shutdown"
STARTED, START_FAILED = "lifespan.startup.complete", "lifespan.startup.failed"
STOPPED, STOP_FAILED = "lifespan.shutdown.complete", "lifespan.shutdown.failed"


class Lifespan(State):
    """Where the app stands in its life."""

    #: lifespan.startup was not received
    NEW = "NEW", "The server has called the app; it has not said startup yet."
    #: lifespan.startup was received
    STARTING = "STARTING", "The app gets ready; the server waits for its answer."
    #: the app is ready
    UP = "UP", "The app is ready, and the server serves clients."
    #: lifespan.shutdown was received
    STOPPING = "STOPPING", "The app cleans up; the server waits for its answer."
    #: the app has answered the shutdown
    END = "END", "The app has cleaned up, or said that it could not."
    #: the app could not start
    FAILED = "FAILED", "The app could not start; the server gives up."


_L = Lifespan
_ANSWERS_START, _ANSWERS_STOP = (STARTED, START_FAILED), (STOPPED, STOP_FAILED)
_UNSUPPORTED = "Means: this app has no lifespan; the server goes on without."

_ROWS = (
    # before the startup
    Transition(_L.NEW, _R, STARTUP, Part.ANY, _L.STARTING, "The server asks the app to get ready."),
    *wrong(
        "LIFE-004", "lifespan.shutdown may come only after the app has started.", _R, [SHUTDOWN],
        [_L.NEW, _L.STARTING, _L.FAILED],
    ),
    *wrong("LIFE-009", "The app must first receive lifespan.startup.", _S, _ANSWERS_START, [_L.NEW]),
    # the startup
    Transition(_L.STARTING, _S, STARTED, Part.ANY, _L.UP, "The app is ready; from now on clients are served."),
    Transition(_L.STARTING, _S, START_FAILED, Part.ANY, _L.FAILED, "The app cannot start; the server stops, and says why."),
    *wrong(
        "LIFE-003", "lifespan.startup comes once, as the first message.", _R, [STARTUP],
        [_L.STARTING, _L.UP, _L.STOPPING, _L.END, _L.FAILED],
    ),
    # the app is up
    Transition(_L.UP, _R, SHUTDOWN, Part.ANY, _L.STOPPING, "The server stops and asks the app to clean up."),
    *wrong(
        "LIFE-008", "The app has already answered lifespan.startup; it does so once only.", _S, _ANSWERS_START,
        [_L.UP, _L.STOPPING, _L.END, _L.FAILED],
    ),
    *wrong(
        "LIFE-009", "The app must first receive lifespan.shutdown.", _S, _ANSWERS_STOP, [_L.NEW, _L.STARTING, _L.UP, _L.FAILED]
    ),
    # the shutdown
    Transition(_L.STOPPING, _S, STOPPED, Part.ANY, _L.END, "The app has cleaned up; the server may go."),
    Transition(_L.STOPPING, _S, STOP_FAILED, Part.ANY, _L.END, "The app could not clean up; the server says so and goes."),
    *wrong("LIFE-004", "lifespan.shutdown comes once only.", _R, [SHUTDOWN], [_L.STOPPING, _L.END]),
    *wrong("LIFE-010", "The app has already answered lifespan.shutdown; it does so once only.", _S, _ANSWERS_STOP, [_L.END]),
    # the end
    *[
        Transition(state, _X, EXIT, Part.RAISED, state, _UNSUPPORTED, rule="LIFE-012") for state in (_L.NEW, _L.STARTING)
    ],
    *[
        Transition(
            state, _X, EXIT, Part.RETURNED, state, "The app came back without an answer to the startup.", _ILLEGAL, "LIFE-013"
        )
        for state in (_L.NEW, _L.STARTING)
    ],
    *wrong("LIFE-014", "The app ended while the server goes on; it will not hear of the shutdown.", _X, [EXIT], [_L.UP]),
    *wrong("LIFE-010", "The app ended without an answer to lifespan.shutdown.", _X, [EXIT], [_L.STOPPING]),
    *[Transition(state, _X, EXIT, Part.ANY, state, "The app ends; its work is done.") for state in (_L.END, _L.FAILED)],
)  # fmt: skip

LIFESPAN = Automaton(
    kind="lifespan",
    sides=(Side("lifespan", tuple(Lifespan), _ROWS),),
    extensions={},
    unknown_receive=Fault("CORE-013", "The server may give only lifespan.startup and lifespan.shutdown here."),
    unknown_send=Fault("LIFE-015", "Only answers to startup and shutdown may be sent here."),
    foreign_send=Fault(
        "CORE-009", "The app answers its lifespan as if it were a client: it has not looked at the scope's type."
    ),
)
