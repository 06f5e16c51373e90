"""The automaton of a websocket connection: the handshake, the conversation, and the ways to refuse one or end the other.

An app may answer the handshake before it has received websocket.connect; that message then still comes, and is no mistake.
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
_ALLOWED = Verdict.ALLOWED

CONNECT, DISCONNECT, RECEIVE = "websocket.connect", "websocket.disconnect", "websocket.receive"
ACCEPT, SEND, CLOSE = "websocket.accept", "websocket.send", "websocket.close"
DENIAL_START, DENIAL_BODY = "websocket.http.response.start", "websocket.http.response.body"
DENIAL = "websocket.http.response"


class Conversation(State):
    """How far a WebSocket has come."""

    #: websocket.connect was not received
    CONNECT = "CONNECT", "A client wants a WebSocket; the app has not been told yet."
    #: websocket.connect was received and is to be answered
    HANDSHAKE = "HANDSHAKE", "The client waits for an answer: accept or refuse."
    #: the app accepted
    OPEN = "OPEN", "The conversation is open; both sides may speak at any time."
    #: the app closed, the disconnect is not received
    CLOSING = "CLOSING", "The app has closed the conversation."
    #: websocket.disconnect was received
    CLOSED = "CLOSED", "The conversation is over, and the app knows it."
    #: the app refuses with an HTTP response that is not complete
    DENYING = "DENYING", "The app refuses by HTTP; its response must be completed."
    #: the app refused
    REJECTED = "REJECTED", "The app has refused the client."


_C = Conversation
_LATE = "The message that the app had answered before it came."
_REFUSAL = "Refused: the client gets an HTTP 403."

_ROWS = (
    # nothing was received
    Transition(_C.CONNECT, _R, CONNECT, Part.ANY, _C.HANDSHAKE, "A client asks to open a WebSocket."),
    Transition(
        _C.CONNECT, _S, ACCEPT, Part.ANY, _C.OPEN, "Accepted before websocket.connect was received: it works, but is unusual.",
        _ALLOWED, "WS-S-002", then=Memo.EARLY,
    ),
    Transition(_C.CONNECT, _S, CLOSE, Part.ANY, _C.REJECTED, _REFUSAL, _ALLOWED, "WS-S-024", then=Memo.EARLY),
    Transition(
        _C.CONNECT, _S, DENIAL_START, Part.ANY, _C.DENYING, "Refused before websocket.connect was received; servers take that.",
        _ALLOWED, extension=DENIAL, then=Memo.EARLY,
    ),
    *wrong("WS-R-001", "The first message must be websocket.connect.", _R, [RECEIVE, DISCONNECT], [_C.CONNECT]),
    # the handshake
    Transition(_C.HANDSHAKE, _S, ACCEPT, Part.ANY, _C.OPEN, "The app accepts: the conversation begins."),
    Transition(_C.HANDSHAKE, _S, CLOSE, Part.ANY, _C.REJECTED, _REFUSAL, rule="WS-S-024"),
    Transition(
        _C.HANDSHAKE, _S, DENIAL_START, Part.ANY, _C.DENYING, "Refused by an HTTP response of the app's own.",
        extension=DENIAL,
    ),
    Transition(_C.HANDSHAKE, _R, DISCONNECT, Part.ANY, _C.CLOSED, "The client gave up before the app answered."),
    *wrong("EXT-DENY-002", "The status must come first: websocket.http.response.start.", _S, [DENIAL_BODY], [_C.HANDSHAKE]),
    # the conversation
    Transition(_C.OPEN, _R, RECEIVE, Part.ANY, _C.OPEN, "The client says something: a text or bytes."),
    Transition(_C.OPEN, _S, SEND, Part.ANY, _C.OPEN, "The app says something: a text or bytes."),
    Transition(_C.OPEN, _S, CLOSE, Part.ANY, _C.CLOSING, "The app ends it, with a code and a reason."),
    Transition(_C.OPEN, _R, DISCONNECT, Part.ANY, _C.CLOSED, "The client ended it, or its line broke."),
    *wrong("WS-S-003", "The app has already accepted; it does so once only.", _S, [ACCEPT], [_C.OPEN]),
    # the app has closed
    Transition(_C.CLOSING, _R, RECEIVE, Part.ANY, _C.CLOSING, "The client said it before it heard of the close."),
    Transition(_C.CLOSING, _R, DISCONNECT, Part.ANY, _C.CLOSED, "The close is confirmed; the conversation is over."),
    *wrong("WS-S-025", "The app has closed; nothing may follow.", _S, [ACCEPT, SEND, CLOSE], [_C.CLOSING]),
    # it is over
    Transition(_C.CLOSED, _R, DISCONNECT, Part.ANY, _C.CLOSED, "Asked again, some servers say it again, others never answer."),
    Transition(_C.CLOSED, _S, ANY_MESSAGE, Part.ANY, _C.CLOSED, "Reaches nobody: the server drops it or raises OSError."),
    *wrong("WS-R-009", "After websocket.disconnect nothing but another may come.", _R, [CONNECT, RECEIVE], [_C.CLOSED]),
    # the app refuses with a response
    Transition(
        _C.DENYING, _S, DENIAL_BODY, Part.MORE, _C.DENYING, "A piece of the refusal's body; more must follow.", extension=DENIAL
    ),
    Transition(
        _C.DENYING, _S, DENIAL_BODY, Part.LAST, _C.REJECTED, "The last piece: the refusal is complete.", _ALLOWED,
        extension=DENIAL, when=Memo.EARLY,
    ),
    Transition(
        _C.DENYING, _S, DENIAL_BODY, Part.LAST, _C.REJECTED, "The last piece: the refusal is complete.",
        extension=DENIAL, then=Memo.DENIED,
    ),
    Transition(_C.DENYING, _R, DISCONNECT, Part.ANY, _C.CLOSED, "The client gave up before the refusal was complete."),
    *wrong("EXT-DENY-002", "The status of the refusal was already sent.", _S, [DENIAL_START], [_C.DENYING]),
    *wrong("EXT-DENY-003", "A refusal by HTTP must be completed as HTTP.", _S, [ACCEPT, SEND, CLOSE], [_C.DENYING]),
    # the app has refused
    Transition(_C.REJECTED, _R, DISCONNECT, Part.ANY, _C.CLOSED, "The refusal reached the client; it is over."),
    *wrong(
        "EXT-DENY-003", "The app refused with an HTTP response; no WebSocket message may follow.", _S, [ACCEPT, SEND, CLOSE],
        [_C.REJECTED], when=Memo.DENIED,
    ),
    *wrong("WS-S-025", "The app has refused; nothing may follow.", _S, [ACCEPT, SEND, CLOSE], [_C.REJECTED]),
    # wherever it stands
    *[
        Transition(state, _R, CONNECT, Part.ANY, state, _LATE, _ALLOWED, "WS-S-002", when=Memo.EARLY, then=Memo.NOTHING)
        for state in (_C.OPEN, _C.CLOSING, _C.DENYING, _C.REJECTED)
    ],
    *wrong(
        "WS-R-001", "websocket.connect comes once, as the first message.", _R, [CONNECT],
        [_C.HANDSHAKE, _C.OPEN, _C.CLOSING, _C.DENYING, _C.REJECTED],
    ),
    *wrong(
        "WS-R-002", "Nothing of the client may come before the app has accepted.", _R, [RECEIVE],
        [_C.HANDSHAKE, _C.DENYING, _C.REJECTED],
    ),
    *wrong("WS-S-010", "The app may speak only after websocket.accept.", _S, [SEND], [_C.CONNECT, _C.HANDSHAKE]),
    *wrong(
        "EXT-DENY-001", "A refusal by HTTP is an answer to websocket.connect, and to nothing else.", _S,
        [DENIAL_START, DENIAL_BODY], [_C.CONNECT, _C.OPEN, _C.CLOSING, _C.REJECTED],
    ),
    # the end
    Transition(_C.CONNECT, _X, EXIT, Part.RAISED, _C.CONNECT, "Refused: the app does no WebSockets, and says so by raising."),
    *wrong("WS-S-030", "The app ended without an answer: neither accept nor close.", _X, [EXIT], [_C.CONNECT, _C.HANDSHAKE]),
    *wrong("WS-S-031", "The app ended in the middle of the conversation, without close.", _X, [EXIT], [_C.OPEN]),
    *wrong("EXT-DENY-003", "The app ended before its refusal was complete.", _X, [EXIT], [_C.DENYING]),
    *[
        Transition(state, _X, EXIT, Part.ANY, state, "The app ends; its work is done.")
        for state in (_C.CLOSING, _C.CLOSED, _C.REJECTED)
    ],
)  # fmt: skip

WEBSOCKET = Automaton(
    kind="websocket",
    sides=(Side("conversation", tuple(Conversation), _ROWS),),
    extensions={DENIAL_START: DENIAL, DENIAL_BODY: DENIAL},
    unknown_receive=Fault("CORE-013", "The server may give only connect, receive and disconnect here."),
    unknown_send=Fault("CORE-014", "No message of this type exists in a websocket connection."),
    foreign_send=Fault("CORE-009", "The app answers a WebSocket like a request: it has not looked at the scope's type."),
)
