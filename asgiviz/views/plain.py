"""Plain text: one line an event, in columns that a person can follow and `grep` can find; nothing raw reaches a terminal.

    seconds  conn kind  direction  event    what it says                                             how long it took

Only an app's own traceback, and the further lines of a log record or a print, take lines of their own. Colour says
nothing that the signs and words do not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from asgiviz.model.environ import scope_of
from asgiviz.model.events import Ev, Event
from asgiviz.model.masking import Mask
from asgiviz.model.recording import Header
from asgiviz.views.call_site_words import close_words
from asgiviz.views.figures import duration, seconds
from asgiviz.views.messages import Line, client_words, is_compressed, masked, message_line, scope_line
from asgiviz.views.note_words import handing_back, is_of_app, note_words, thread_of
from asgiviz.views.spells import Spells
from asgiviz.views.stalls import Stall, code_of
from asgiviz.views.stalls import plain_number as _plain_number
from asgiviz.views.text import cells_of, fit, literal, number, pairs, quote, safe, word
from asgiviz.views.wsgi_messages import given_in

#: SGR codes of the 16 colours; each has one meaning.
COLOURS = {"receive": "36", "send": "32", "waiting": "33", "error": "31", "life": "35", "quiet": "90"}
#: Where the column of durations ends at most; the narrowest page; and the width from which durations have their verb.
TIMING_ENDS, NARROWEST, ROOMY = 120, 60, 100
#: Columns before the sign of an event.
MARGIN = 20
#: Connections that waited, and further frames, that are told of one stall.
MOST_VICTIMS, MOST_FRAMES = 8, 4
#: Calls and connections whose beginning is remembered.
REMEMBERED = 20_000
_KINDS = {"http": "http", "websocket": "ws", "lifespan": "life"}
_GIVEN = {Ev.WSGI_START_RESPONSE: "wsgi.", Ev.WSGI_CHUNK: "wsgi.chunk  "}  # what a column before it says already
_ASCII = str.maketrans({"…": "~", "“": '"', "”": '"', "·": "|", "µ": "u"})
_MASK = Mask()
_SEPARATOR = "  ·  "


class _Look(NamedTuple):
    """How a kind of event is drawn: a sign, the same in ASCII, the letter of its direction, its word and colour."""

    sign: str
    ascii: str
    letter: str
    word: str
    colour: str


_LOOKS: dict[str, _Look] = {
    Ev.SCOPE: _Look("●", "@", " ", "scope", "life"),
    Ev.RECEIVE_BEGIN: _Look("░", ".", "R", "receive", "waiting"),
    Ev.RECEIVE_END: _Look("▶", ">", "R", "receive", "receive"),
    Ev.SEND_BEGIN: _Look("◀", "<", "S", "send", "send"),
    Ev.SEND_END: _Look("·", "-", "S", "send", "quiet"),
    Ev.EXIT: _Look("○", "o", " ", "exit", "life"),
    Ev.LOG: _Look("│", "|", " ", "log", "quiet"),
    Ev.SERVER: _Look("■", "#", " ", "server", "life"),
    Ev.CLIENT: _Look("◇", "c", " ", "client", "quiet"),
    Ev.NOTE: _Look("◆", "*", " ", "note", "quiet"),
    Ev.GAP: _Look("┄", "~", " ", "gap", "quiet"),
    Ev.STALL: _Look("▓", "=", " ", "stall", "error"),
    Ev.POOL: _Look("□", "p", " ", "pool", "quiet"),
    Ev.WSGI_QUEUED: _Look("░", ".", " ", "queued", "waiting"),
    Ev.WSGI_ENVIRON: _Look("▶", ">", " ", "environ", "receive"),
    Ev.WSGI_START_RESPONSE: _Look("◀", "<", " ", "start", "send"),
    Ev.WSGI_CHUNK: _Look("◀", "<", " ", "chunk", "send"),
    Ev.STEP_END: _Look("·", "-", " ", "step", "quiet"),
    Ev.UNAWAITED: _Look("✗", "!", " ", "lost", "error"),
    Ev.SHARES: _Look("≡", "&", " ", "shared", "error"),
}
_BROKEN = _Look("✗", "!", " ", "", "error")
_OTHER = _Look("?", "?", " ", "", "quiet")


class _Row(NamedTuple):
    """One event before it is laid out."""

    look: _Look
    line: Line
    timing: str = ""
    waited: bool = False
    below: str = ""


class PlainText:
    """Turns events, in order, into lines without line ends.

    `width` in columns, None for lines as long as they come; `colour` adds SGR codes; `ascii` writes nothing but ASCII,
    other characters as escapes. `mask` hides secrets in query strings and in fields of events beside the line; None
    reveals them.
    """

    def __init__(
        self, width: int | None = 120, colour: bool = False, ascii: bool = False, mask: Mask | None = _MASK  # noqa: A002  # the option's name
    ) -> None:  # fmt: skip
        self._width = None if width is None else max(NARROWEST, width)
        self._colour = colour
        self._ascii = ascii
        self._mask = mask
        self._marks = '""' if ascii else "“”"
        self._begun: dict[tuple[int | None, int | None, int | None, str], int] = {}
        self._kinds: dict[int, str] = {}
        self._compressed: dict[tuple[int | None, int | None, str], bool] = {}
        self._spells = Spells()
        self._raised: str | None = None  # last line of the traceback that was shown last

    def header(self, header: Header) -> list[str]:
        """One or two lines on what was recorded, where and when."""
        server = header.server
        parts = [f"{name} {word(server[name])}" for name in ("http", "ws", "loop") if server.get(name)]
        run_by = " ".join(word(server[key]) for key in ("name", "version") if server.get(key)) or "an unknown server"
        where = [word(part) for part in (header.url, header.started and f"recorded {header.started}") if part]
        where += [f"Python {word(header.python)}"] if header.python else []
        first = f"{word(header.target or 'an app without a name')} on {run_by}{_SEPARATOR if parts else ''}{', '.join(parts)}"
        return [self._paint("life", self._cut(text)) for text in (first, _SEPARATOR.join(where)) if text]

    def lines(self, event: Event) -> list[str]:
        """The line of an event, and the lines that belong below it.

        None for the beginning of a step, whose end says it, and for the place of a call: a line each would be too much.
        """
        if event.ev == Ev.SITE:
            return []
        if event.ev == Ev.STEP_BEGIN:
            self._spells.took(event)
            return []
        row = self._row(event)
        return [self._laid_out(event, row), *self._below(row)]

    # -- what is said ----------------------------------------------------------------------------------------------

    def _row(self, event: Event) -> _Row:
        match event.ev:
            case Ev.SCOPE:
                return self._scope(event)
            case Ev.RECEIVE_BEGIN:
                self._remember(event, "receive")
                return _Row(_LOOKS[event.ev], Line("..." if self._ascii else "…"))
            case Ev.RECEIVE_END:
                return self._came_back(event, "receive", "waited")
            case Ev.SEND_BEGIN:
                self._remember(event, "send")
                return _Row(_LOOKS[event.ev], self._message(event))
            case Ev.SEND_END:
                return self._came_back(event, "send", "took")
            case Ev.WSGI_QUEUED | Ev.WSGI_ENVIRON | Ev.WSGI_START_RESPONSE | Ev.WSGI_CHUNK:
                return self._wsgi(event)
            case Ev.EXIT | Ev.WSGI_EXIT:
                return self._exit(event)
            case Ev.LOG:
                return self._log(event)
            case _:
                return self._aside(event)

    def _scope(self, event: Event) -> _Row:
        self._remember(event, "scope")
        scope = event.get("scope")
        if event.conn is not None and isinstance(scope, Mapping):
            kind = scope.get("type")
            self._kinds[event.conn] = _KINDS.get(kind, fit(kind, 4)) if isinstance(kind, str) else "?"
            _keep_small(self._kinds)
            self._note_encoding(event, "receive", scope.get("headers"))
        return _Row(_LOOKS[Ev.SCOPE], scope_line(scope, self._mask))

    def _wsgi(self, event: Event) -> _Row:
        """A WSGI request gets in line, its app is called, and gives something."""
        look = _LOOKS[event.ev]
        if event.conn is not None:
            self._kinds.setdefault(event.conn, "wsgi")
            _keep_small(self._kinds)
        if event.ev == Ev.WSGI_QUEUED:
            self._remember(event, "queued")
            return _Row(look, Line(f"in line for a thread{client_words(event.get('client'))}"))
        if event.ev == Ev.WSGI_ENVIRON:
            return self._environ(event)
        message = given_in(event)
        self._note_encoding(event, "send", message.get("headers"))
        line = message_line(message, self._mask, (event.conn, event.layer, "send") in self._compressed)
        return _Row(look, line._replace(words=line.words.removeprefix(_GIVEN[Ev(event.ev)])))

    def _environ(self, event: Event) -> _Row:
        self._remember(event, "scope")
        environ, thread = event.get("environ"), thread_of(event.fields)
        if isinstance(environ, Mapping):
            said = scope_line(scope_of(environ), self._mask).words
        else:
            said = f"no environ but {literal(environ)}"
        began = self._begun.pop((event.conn, event.layer, event.call, "queued"), None)
        waited = None if began is None else event.t - began
        timing = "" if waited is None else self._timing("waited", waited)
        return _Row(_LOOKS[event.ev], Line(f"{said}, {thread}" if thread else said), timing, (waited or 0) >= 1_000_000)

    def _came_back(self, event: Event, way: str, verb: str) -> _Row:
        look = _LOOKS[event.ev]
        began = self._begun.pop((event.conn, event.layer, event.call, way), None)
        took = None if began is None else event.t - began
        timing = "" if took is None else self._timing(verb, took)
        long = took is not None and took >= 1_000_000
        if (raised := event.get("raised")) is not None:
            broken = _BROKEN._replace(letter=look.letter, word=look.word)
            return _Row(broken, Line(f"raised {_error(raised)}"), timing, long)
        if event.get("cancelled"):
            return _Row(look, Line("cancelled"), timing, long)
        return _Row(look, Line("done") if way == "send" else self._message(event), timing, long)

    def _timing(self, verb: str, took: int) -> str:
        figure = f"{duration(took, self._ascii):>8}"
        return f"{verb:>6} {figure}" if self._width is None or self._width >= ROOMY else figure

    def _message(self, event: Event) -> Line:
        message = event.get("message")
        way = "send" if event.ev == Ev.SEND_BEGIN else "receive"
        if way == "send" and isinstance(message, Mapping) and "headers" in message:
            self._note_encoding(event, way, message["headers"])
        return message_line(message, self._mask, (event.conn, event.layer, way) in self._compressed)

    def _exit(self, event: Event) -> _Row:
        began = self._begun.pop((event.conn, event.layer, None, "scope"), None)
        for way in ("receive", "send"):
            self._compressed.pop((event.conn, event.layer, way), None)
        after = "" if began is None else f" after {duration(event.t - began, self._ascii)}"
        if (queued := self._begun.pop((event.conn, event.layer, event.call, "queued"), None)) is not None:
            after = f" before a thread was free, after {duration(event.t - queued, self._ascii)}"
        outcome, error = event.get("outcome"), event.get("error")
        if outcome != "raised":
            value = f", value {pairs({'value': event.get('value')})[6:]}" if event.get("value") is not None else ""
            return _Row(_LOOKS[Ev.EXIT], Line(f"{word(outcome)}{after}{value}"))
        traceback = error.get("traceback") if isinstance(error, Mapping) else None
        line = Line(f"raised{after}  {_error(error)}")
        below = _text_of(traceback)
        self._raised = _last_line(below)
        return _Row(_BROKEN._replace(word="exit"), line, below=below)

    def _log(self, event: Event) -> _Row:
        logger, level = event.get("logger"), event.get("level")
        first, _, rest = _text_of(event.get("text")).rstrip("\n").partition("\n")
        if logger in ("stdout", "stderr"):
            return _Row(_LOOKS[Ev.LOG]._replace(word="print"), Line(f"{logger}: {safe(first)}"), below=rest)
        colour = "error" if level in ("ERROR", "CRITICAL") else "quiet"
        said = f"{word(level)} {word(logger)}: {safe(first)}"
        if self._raised and rest.startswith("Traceback") and _last_line(rest) == self._raised:
            rest, self._raised = "(the traceback above, as the server logs it)", None
        return _Row(_LOOKS[Ev.LOG]._replace(colour=colour), Line(said), below=rest)

    def _aside(self, event: Event) -> _Row:
        """What happens beside the line, and events that a newer version may write."""
        fields = masked(self._mask, event.fields)
        look = _LOOKS.get(event.ev, _OTHER)
        match event.ev:
            case Ev.STALL:
                return _Row(look, Line(_stall(stall := Stall.of(event), self._ascii)), below=_stack(stall))
            case Ev.POOL:
                return _Row(look, Line(_pool(event)))
            case Ev.UNAWAITED | Ev.SHARES:
                return _Row(look, Line(close_words(event.ev, fields)))
            case Ev.GAP:
                dropped = event.get("dropped")
                count = number(dropped) if type(dropped) is int else word(dropped)
                return _Row(look, Line(f"({count} events were dropped here)"))
            case Ev.SERVER:
                colour = "error" if event.get("what") == "failed" else look.colour
                said = " ".join(word(fields[key]) for key in ("what", "text") if fields.get(key) is not None)
                return _Row(look._replace(colour=colour), Line(said))
            case Ev.NOTE if is_of_app(fields):
                said = "  ".join(part for part in (note_words(fields), thread_of(fields)) if part)
                took = self._spells.took(event)
                return _Row(look._replace(colour="life"), Line(said), "" if took is None else self._timing("took", took))
            case Ev.STEP_END:
                took = self._spells.took(event)
                return _Row(look, Line(handing_back(fields)), "" if took is None else self._timing("held", took))
            case Ev.CLIENT | Ev.NOTE:
                heads = ("client", "what") if event.ev == Ev.CLIENT else ("name", "phase")
                head = " ".join(word(fields[key]) for key in heads if fields.get(key) is not None)
                rest = pairs({key: value for key, value in fields.items() if key not in heads})
                return _Row(look, Line(f"{head}  {rest}" if rest else head))
            case other:
                return _Row(look._replace(word=fit(str(other), 7)), Line(f"{fit(str(other), 40)}  {pairs(fields)}"))

    # -- what is remembered ----------------------------------------------------------------------------------------

    def _remember(self, event: Event, what: str) -> None:
        self._begun[event.conn, event.layer, event.call if what != "scope" else None, what] = event.t
        _keep_small(self._begun)

    def _note_encoding(self, event: Event, way: str, headers: Any) -> None:
        if is_compressed(headers):
            self._compressed[event.conn, event.layer, way] = True
            _keep_small(self._compressed)

    # -- how it is laid out ----------------------------------------------------------------------------------------

    def _laid_out(self, event: Event, row: _Row) -> str:
        look = row.look
        sign = look.ascii if self._ascii else look.sign
        tag = "" if event.conn is None else f"#{_plain_number(event.conn)}"
        if event.layer:
            tag += f".{_plain_number(event.layer)}"
        kind = "" if event.conn is None else self._kinds.get(event.conn, "?")
        margin = self._spelt(f"{seconds(event.t):>8}  {tag:<4} {_padded(kind, 4)} ", None)
        event_word = self._spelt(f"{sign} {look.letter} {_padded(look.word, 8)}", None)
        words = self._worded(row, cells_of(margin) + cells_of(event_word))
        if row.look.colour == "error":
            words = self._paint("error", words)
        elif row.look.colour in ("waiting", "quiet") and event.ev != Ev.LOG:
            words = self._paint("quiet", words)
        timing = self._paint("waiting" if row.waited else "quiet", row.timing) if row.timing else ""
        return (self._paint("quiet", margin) + self._paint(look.colour, event_word) + words + timing).rstrip()

    def _worded(self, row: _Row, taken: int) -> str:
        """Words and quotation, cut so that the timing fits, and padded so that it stands in its column."""
        timing = len(row.timing) + 2 if row.timing else 0
        room = None if self._width is None else max(1, self._width - taken - timing)
        said = self._said(row.line, room)
        if not timing:
            return said
        column = min(self._width or TIMING_ENDS, TIMING_ENDS) - taken - timing
        return said + " " * (max(0, column - cells_of(said)) + 2)

    def _said(self, line: Line, room: int | None) -> str:
        said = fit(line.words, room)
        if line.quoted is not None:
            left = None if room is None else room - cells_of(said) - 2
            quotation = quote(line.quoted, left, self._marks)
            if left is None or (cells_of(quotation) <= left and not quotation[1:].startswith("…")):
                said += "  " + quotation
        return self._spelt(said, room)

    def _below(self, row: _Row) -> list[str]:
        """Further lines, whole, indented under the words."""
        if not row.below:
            return []
        margin = self._paint(row.look.colour, " " * MARGIN + ("|" if self._ascii else "│"))
        return [f"{margin} {self._spelt(safe(line.expandtabs(4)), None)}" for line in row.below.rstrip("\n").split("\n")]

    def _cut(self, text: str) -> str:
        return self._spelt(fit(text, self._width), self._width)

    def _spelt(self, text: str, room: int | None) -> str:
        """The text as it is, or in ASCII; what grew too long by that is cut once more."""
        if not self._ascii or text.isascii():
            return text
        text = text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")
        return text if room is None or len(text) <= room else text[: max(0, room - 1)] + "~"

    def _paint(self, colour: str, text: str) -> str:
        return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if self._colour and text else text


def _error(error: Any) -> str:
    if not isinstance(error, Mapping):
        return word(error)
    kind, text = error.get("type"), error.get("text")
    name = word(kind).removeprefix("builtins.") if kind is not None else "an unknown error"
    return f"{name}: {safe(text) if isinstance(text, str) else word(text)}" if text else name


def _text_of(value: Any) -> str:
    if isinstance(value, Mapping) and isinstance(value.get("$text"), str):
        return str(value["$text"])
    return value if isinstance(value, str) else "" if value is None else word(value)


def _last_line(text: str) -> str:
    return text.rstrip("\n").rpartition("\n")[2]


def _stall(stall: Stall, ascii_only: bool) -> str:
    """``blocked 1.900 s by #9  shop.py:41 time.sleep(2)  waited: #7 400 ms, #10 1.900 s``."""
    parts = [f"{'blocks since' if stall.ongoing else 'blocked'} {duration(stall.ns, ascii_only)}"]
    if stall.culprit is not None:
        parts[0] += f" by #{_plain_number(stall.culprit)}"
    if stall.frame is not None:
        parts.append(f"{stall.frame.place} {code_of(stall.frame)}")
    waited = [
        f"#{_plain_number(victim.conn)} {'up to ' if victim.at_most else ''}{duration(victim.ns, ascii_only)}"
        for victim in stall.victims[:MOST_VICTIMS]
    ]
    if len(stall.victims) > MOST_VICTIMS:
        waited.append(f"and {len(stall.victims) - MOST_VICTIMS} more")
    return "  ".join([*parts, f"waited: {', '.join(waited)}"] if waited else parts)


def _stack(stall: Stall) -> str:
    """The user's own frames around the line that held the loop, when they are few."""
    own = [frame for frame in stall.stack if frame.is_own and frame is not stall.frame]
    return "\n".join(f"from {frame.place} {code_of(frame)}" for frame in own) if len(own) <= MOST_FRAMES else ""


def _pool(event: Event) -> str:
    """``anyio  40 of 40 threads in use, 3 wait  running: #7, #8  waiting: #9``."""
    used, size, waiting = (word(event.get(key)) for key in ("used", "size", "waiting"))
    said = f"{word(event.get('name'))}  {used} of {size} threads in use, {waiting} waiting"
    conns = event.get("conns")
    for state in ("running", "waiting"):
        known = [
            f"#{word(one.get('conn'))}"
            for one in (conns if isinstance(conns, (list, tuple)) else ())
            if isinstance(one, Mapping) and one.get("state") == state
        ]
        if known:
            more = f" and {len(known) - MOST_VICTIMS} more" if len(known) > MOST_VICTIMS else ""
            said += f"  {state}: {', '.join(known[:MOST_VICTIMS])}{more}"
    return said


def _padded(text: str, cells: int) -> str:
    return text + " " * (cells - cells_of(text))


def _keep_small(remembered: dict[Any, Any]) -> None:
    if len(remembered) > REMEMBERED:
        del remembered[next(iter(remembered))]
