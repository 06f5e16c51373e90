"""The automaton of an http connection: what the client sent is one side, the app's response the other.

Once the client is gone the first side answers for everything: whatever the app still sends is no mistake and has no effect.
A table, and therefore long.
"""

from __future__ import annotations

from asgiviz.protocol.transitions import (
    ANY_MESSAGE,
    EXIT,
    Automaton,
    Fault,
    Memo,
    Part,
    Side,
    State,
    Transition,
    Verdict,
    Way,
    wrong,
)

_R, _S, _X = Way.RECEIVE, Way.SEND, Way.EXIT
_ILLEGAL = Verdict.ILLEGAL

REQUEST, DISCONNECT = "http.request", "http.disconnect"
START, BODY, TRAILERS = "http.response.start", "http.response.body", "http.response.trailers"
EARLY_HINT, DEBUG, PUSH = "http.response.early_hint", "http.response.debug", "http.response.push"
ZEROCOPY, PATHSEND = "http.response.zerocopysend", "http.response.pathsend"


class Request(State):
    """How much of the request the app has received."""

    #: the request, or more of it, can be received
    REQ = "REQ", "The request, or the next piece of it, can be received."
    #: the request is complete
    WAIT = "WAIT", "The request is complete; only a disconnect can follow."
    #: http.disconnect was received
    GONE = "GONE", "It is over: the client left, or it has its whole response."


class Response(State):
    """How much of the response the app has sent."""

    #: nothing is sent
    IDLE = "IDLE", "Nothing of the response has been sent yet."
    #: http.response.start was sent
    HEAD = "HEAD", "The status and the headers were sent; the body must follow."
    #: a part of the body was sent
    BODY = "BODY", "A part of the body was sent; more of it must follow."
    #: the body is complete, trailers were promised
    TRAIL = "TRAIL", "The body is complete; the promised trailers must follow."
    #: the response is complete
    DONE = "DONE", "The response is complete."


_Q, _P = Request, Response
_TO_TRAILERS, _TO_END = "the promised trailers must follow.", "the response is complete with it."

_REQUEST_ROWS = (
    Transition(_Q.REQ, _R, REQUEST, Part.MORE, _Q.REQ, "A piece of the request body; more will come."),
    Transition(_Q.REQ, _R, REQUEST, Part.LAST, _Q.WAIT, "The last or only piece of the body; it may be empty."),
    Transition(_Q.REQ, _R, DISCONNECT, Part.ANY, _Q.GONE, "The client left early, or it already has its whole response."),
    Transition(_Q.WAIT, _R, DISCONNECT, Part.ANY, _Q.GONE, "The client left, or it has its whole response."),
    *wrong("HTTP-R-004", "The request was complete; only http.disconnect may follow.", _R, [REQUEST], [_Q.WAIT]),
    Transition(_Q.GONE, _R, DISCONNECT, Part.ANY, _Q.GONE, "Asked again, some servers say it again, others never answer."),
    *wrong("HTTP-R-004", "After http.disconnect nothing but another http.disconnect may come.", _R, [REQUEST], [_Q.GONE]),
    Transition(
        _Q.GONE, _S, ANY_MESSAGE, Part.ANY, _Q.GONE, "Reaches nobody: the server drops it or raises OSError.",
        rule="HTTP-S-034",
    ),
    Transition(_Q.GONE, _X, EXIT, Part.ANY, _Q.GONE, "The app ends; nobody waits for an answer any more."),
)  # fmt: skip


def _pieces(state: Response, first: bool) -> list[Transition]:
    """The rows of body messages, which lead on in the same ways from HEAD and from BODY."""
    piece = "The first piece of the body" if first else "Another piece of the body"
    last = "The whole body" if first else "The last piece"
    return [
        Transition(state, _S, BODY, Part.MORE, _P.BODY, f"{piece}; more must follow."),
        Transition(state, _S, BODY, Part.LAST, _P.TRAIL, f"{last}; {_TO_TRAILERS}", when=Memo.TRAILERS),
        Transition(state, _S, BODY, Part.LAST, _P.DONE, f"{last}; {_TO_END}"),
        Transition(state, _S, ZEROCOPY, Part.MORE, _P.BODY, "A piece of an open file; more must follow.", extension=ZEROCOPY),
        Transition(
            state,
            _S,
            ZEROCOPY,
            Part.LAST,
            _P.TRAIL,
            f"From an open file; {_TO_TRAILERS}",
            extension=ZEROCOPY,
            when=Memo.TRAILERS,
        ),
        Transition(state, _S, ZEROCOPY, Part.LAST, _P.DONE, f"From an open file; {_TO_END}", extension=ZEROCOPY),
        Transition(state, _S, PUSH, Part.ANY, state, "Offers the client something it will soon ask for.", extension=PUSH),
    ]


_AFTER_START = (_P.HEAD, _P.BODY, _P.TRAIL, _P.DONE)
_COMPLETE = (_P.TRAIL, _P.DONE)


def _raised(states: list[Response], sentence: str) -> list[Transition]:
    return [Transition(state, _X, EXIT, Part.RAISED, state, sentence, _ILLEGAL, "HTTP-S-032") for state in states]


_RESPONSE_ROWS = (
    # nothing is sent
    Transition(
        _P.IDLE, _S, START, Part.PLAIN, _P.HEAD, "The status and the headers: nothing of the response goes before them.",
        then=Memo.NOTHING,
    ),
    Transition(
        _P.IDLE, _S, START, Part.TRAILERS, _P.HEAD, "The status and the headers, with a promise of trailers.",
        extension=TRAILERS, then=Memo.TRAILERS,
    ),
    Transition(
        _P.IDLE, _S, START, Part.TRAILERS, _P.HEAD, "trailers=True needs the trailers extension, which is not announced here.",
        _ILLEGAL, "HTTP-S-015", then=Memo.TRAILERS,
    ),
    Transition(
        _P.IDLE, _S, EARLY_HINT, Part.ANY, _P.IDLE, "Links that the client may fetch while the app still works.",
        extension=EARLY_HINT,
    ),
    *wrong("EXT-DBG-001", "http.response.debug is sent once only.", _S, [DEBUG], [_P.IDLE], when=Memo.DEBUGGED),
    Transition(
        _P.IDLE, _S, DEBUG, Part.ANY, _P.IDLE, "Facts for a test client, once, before the response.",
        extension=DEBUG, then=Memo.DEBUGGED,
    ),
    *wrong("HTTP-S-021", "No body before the status: http.response.start comes first.", _S, [BODY], [_P.IDLE]),
    *wrong("EXT-PUSH-001", "No push before the status: http.response.start comes first.", _S, [PUSH], [_P.IDLE]),
    *wrong("EXT-ZC-001", "No file before the status: http.response.start comes first.", _S, [ZEROCOPY], [_P.IDLE]),
    *wrong("EXT-PATH-001", "No file before the status: http.response.start comes first.", _S, [PATHSEND], [_P.IDLE]),
    # the response has begun
    *_pieces(_P.HEAD, first=True),
    Transition(
        _P.HEAD, _S, PATHSEND, Part.ANY, _P.TRAIL, f"The file at this path; {_TO_TRAILERS}",
        extension=PATHSEND, when=Memo.TRAILERS,
    ),
    Transition(
        _P.HEAD, _S, PATHSEND, Part.ANY, _P.DONE, f"The file at this path; {_TO_END}", extension=PATHSEND
    ),
    *_pieces(_P.BODY, first=False),
    *wrong("EXT-PATH-001", "A file by its path is the whole body; it cannot be mixed with others.", _S, [PATHSEND], [_P.BODY]),
    # the body is complete
    Transition(
        _P.TRAIL, _S, TRAILERS, Part.MORE, _P.TRAIL, "Headers after the body; more of them must follow.", extension=TRAILERS
    ),
    Transition(
        _P.TRAIL, _S, TRAILERS, Part.LAST, _P.DONE, "Headers after the body; then the response is complete.", extension=TRAILERS
    ),
    *wrong("HTTP-S-024", "The body was complete; no more of it may be sent.", _S, [BODY, ZEROCOPY], _COMPLETE),
    *wrong("EXT-PUSH-001", "A push must come before the last piece of the body.", _S, [PUSH], _COMPLETE),
    *wrong("EXT-PATH-001", "The body was complete; no file can follow.", _S, [PATHSEND], _COMPLETE),
    # wherever it stands
    *wrong("HTTP-S-002", "The status was already sent; http.response.start is sent once only.", _S, [START], _AFTER_START),
    *wrong("EXT-HINT-002", "Early hints must come before http.response.start.", _S, [EARLY_HINT], _AFTER_START),
    *wrong("EXT-DBG-001", "http.response.debug must come before http.response.start.", _S, [DEBUG], _AFTER_START),
    *wrong(
        "EXT-TRAIL-002", "Trailers come after the body, and only when http.response.start said trailers=True.", _S, [TRAILERS],
        [_P.IDLE, _P.HEAD, _P.BODY, _P.DONE],
    ),
    # the end
    *_raised([_P.IDLE], "The app raised before it answered; the client gets the server's own error page."),
    *_raised([_P.HEAD, _P.BODY, _P.TRAIL], "The app raised in the middle of its response; the client gets a part of it."),
    *wrong("HTTP-S-030", "The app ended without a response; the client gets an error, or nothing.", _X, [EXIT], [_P.IDLE]),
    *wrong("HTTP-S-020", "The app ended without a body; an empty one must be sent, too.", _X, [EXIT], [_P.HEAD]),
    *wrong("HTTP-S-031", "The app ended before its body was complete; the client gets a part of it.", _X, [EXIT], [_P.BODY]),
    *wrong("EXT-TRAIL-001", "The app ended without the trailers that it had promised.", _X, [EXIT], [_P.TRAIL]),
    Transition(_P.DONE, _X, EXIT, Part.ANY, _P.DONE, "The app ends; its work is done."),
)  # fmt: skip

HTTP = Automaton(
    kind="http",
    sides=(Side("request", tuple(Request), _REQUEST_ROWS), Side("response", tuple(Response), _RESPONSE_ROWS)),
    extensions={name: name for name in (TRAILERS, EARLY_HINT, DEBUG, PUSH, ZEROCOPY, PATHSEND)},
    unknown_receive=Fault("HTTP-R-001", "The server may give only http.request and http.disconnect here."),
    unknown_send=Fault("CORE-014", "No message of this type exists in an http connection."),
)
