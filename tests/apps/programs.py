"""Apps that are written as data: a program is a list of steps, and `play` does them and keeps a journal of what it saw.

The same program can be played in memory and inside a real server, with and without a tap; its journal, and what the other
side saw, must be the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

#: ``(operation, argument)``: see `play` for the operations.
Step = tuple[str, Any]
Program = list[Step]
Journal = list[tuple[Any, ...]]

#: How a program hands over its headers; the program itself holds them as a list of pairs.
SHAPES: dict[str, Callable[[list[Any]], Any]] = {
    "list": list,
    "tuple": tuple,
    "lists": lambda headers: [list(pair) for pair in headers],
    "generator": lambda headers: (pair for pair in headers),
    "iterators": lambda headers: map(iter, headers),
}
BUFFERS: dict[str, Callable[[bytes], Any]] = {
    "bytes": bytes,
    "bytearray": bytearray,
    "memoryview": lambda body: memoryview(bytearray(body)),
    "long": lambda body: body * 5_000,
}


class ProgramError(Exception):
    """What a program raises on purpose."""


async def play(  # noqa: C901  # a table of operations
    program: Program, receive: Any, send: Any, journal: Journal, turn: Callable[[], Awaitable[None]]
) -> Any:
    """Do the steps; give back what the program returns."""
    last: dict[str, Any] = {}
    for operation, argument in program:
        match operation:
            case "receive":
                journal.append(("received", copy_of(await receive())))
            case "receive all":
                pieces = [message := await receive()]
                while message.get("more_body"):
                    pieces.append(message := await receive())
                whole = b"".join(piece.get("body", b"") for piece in pieces)
                journal.append(("received all", len(whole), hashlib.sha256(whole).hexdigest(), message["type"]))
            case "echo":
                message = await receive()
                await send({"type": "websocket.send", "text": message.get("text"), "bytes": message.get("bytes")})
            case "send":
                last = built(argument)
                journal.append(("send came back with", await send(last)))
            case "try send":
                last = built(argument)
                try:
                    journal.append(("send came back with", await send(last)))
                except Exception as error:
                    journal.append(("send raised", type(error).__name__, str(error)))
            case "spoil":
                spoil(last)
            case "turn":
                await turn()
            case "raise":
                raise ProgramError(argument)
            case "return":
                return argument
            case _:
                raise ValueError(operation)
    return None


def built(argument: Any) -> Any:
    """A message as the program asks for it: a dict is copied with its headers, which the program needs again when it is played
    once more; ``(dict, shape, buffer)`` gets headers and body of that kind."""
    if isinstance(argument, dict):
        headers = argument.get("headers")
        return {**argument, "headers": list(headers)} if isinstance(headers, list) else dict(argument)
    if not isinstance(argument, tuple):
        return argument
    message, shape, buffer = dict(argument[0]), argument[1], argument[2]
    if isinstance(message.get("headers"), list):
        message["headers"] = SHAPES[shape](message["headers"])
    if isinstance(message.get("body"), bytes):
        message["body"] = BUFFERS[buffer](message["body"])
    return message


def spoil(message: Any) -> None:
    """What an app may do to a message once send is back: overwrite the buffer, empty the headers and the dict."""
    if not isinstance(message, dict):
        return
    body = message.get("body")
    if isinstance(body, (bytearray, memoryview)):
        body[:] = b"?" * len(body)
    if isinstance(message.get("headers"), list):
        message["headers"].clear()
    message.clear()


def copy_of(message: Any) -> Any:
    """A message's content, comparable and detached."""
    if isinstance(message, dict):
        return {key: copy_of(value) for key, value in message.items()}
    if isinstance(message, (bytearray, memoryview)):
        return bytes(message)
    return list(map(copy_of, message)) if isinstance(message, (list, tuple)) else message


async def journaled(program: Program, receive: Any, send: Any, journal: Journal, turn: Callable[[], Awaitable[None]]) -> Any:
    """`play`, with the program's end in the journal, too."""
    try:
        value = await play(program, receive, send, journal, turn)
    except BaseException as error:
        journal.append(("ended by", type(error).__name__, str(error)))
        raise
    journal.append(("returned", value))
    return value
