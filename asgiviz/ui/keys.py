"""Every action that has a key: one table, from which come the bindings, the help, the palette and what a user may remap.

Small letters do, capitals do the stronger or the opposite thing. No key has two meanings on one screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from textual.binding import Binding, BindingsMap, BindingType
from textual.dom import DOMNode
from textual.keys import KEY_ALIASES, Keys, key_to_character

from asgiviz.settings import KEYS, Settings, did_you_mean
from asgiviz.ui.arrangement import PANES


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a key does. `id` is ``group.name``; `keys` as a person writes them; `show`: in the footer."""

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    show: bool = False
    #: what Textual runs when it is not the name in `id`: ``tab(1)``, ``app.command_palette``
    runs: str = ""
    #: in the footer only then: a word of the screen's own; empty: always
    when: str = ""

    @property
    def group(self) -> str:
        """The screen or pane that it belongs to."""
        return self.id.partition(".")[0]

    @property
    def textual(self) -> str:
        """The action in Textual's notation; those of the group `app` are the app's from wherever they are called."""
        return self.runs or (self.id if self.group == "app" else self.id.partition(".")[2])


_TABLE = (
    Action("app.help", ("f1",), "Help", "Help on the pane that has the focus.", show=True),
    Action("app.palette", ("ctrl+p",), "Palette", "Everything there is to do, with its key.", runs="app.command_palette"),
    Action("app.theme", ("t",), "Theme", "The next theme: dark, light, high contrast, the terminal's own colours."),
    Action("app.suspend", ("ctrl+z",), "Suspend", "Back to the shell for a while; `fg` returns.", runs="app.suspend_process"),
    Action("app.quit", ("q",), "Quit", "End asgiviz, and the app that it runs.", show=True),
    # the list or drawing that has the focus
    Action("pane.up", ("up", "k"), "Up", "The row above.", runs="move(-1)"),
    Action("pane.down", ("down", "j"), "Down", "The row below.", runs="move(1)"),
    Action("pane.page_up", ("pageup",), "Page up", "A page up.", runs="page(-1)"),
    Action("pane.page_down", ("pagedown",), "Page down", "A page down.", runs="page(1)"),
    Action("pane.first", ("home", "g"), "First", "The first row."),
    Action("pane.last", ("end", "G"), "Last", "The last row."),
    Action("waterfall.zoom_in", ("+",), "Zoom in", "A shorter stretch of time."),
    Action("waterfall.zoom_out", ("-",), "Zoom out", "A longer stretch of time."),
    Action("waterfall.fit", ("0",), "Fit", "All the time there is."),
    Action("waterfall.earlier", ("shift+left",), "Earlier", "Move the stretch to an earlier time."),
    Action("waterfall.later", ("shift+right",), "Later", "Move the stretch to a later time."),
    Action("waterfall.cursor_left", ("(",), "Cursor back", "The cursor in time to an earlier moment.", runs="cursor(-1)"),
    Action("waterfall.cursor_right", (")",), "Cursor on", "The cursor in time to a later moment.", runs="cursor(1)"),
    Action("findings.only", ("a",), "All or one", "All findings, or only those of the chosen connection."),
    # time
    Action("trace.pause", ("space",), "Pause", "Stop the screen, not the recording; again: go on.", show=True),
    Action("trace.step", (".",), "Step", "One event on."),
    Action("trace.step_back", (",",), "Step back", "One event back."),
    Action("trace.play", ("p",), "Play", "Play back what happened, from here; again: stand still."),
    Action("trace.faster", (">",), "Faster", "Play back faster."),
    Action("trace.slower", ("<",), "Slower", "Play back slower."),
    Action("trace.live", ("l",), "Live", "To what happens now."),
    Action("trace.goto", ("#", "ctrl+g"), "Go to", "To an event (610, +100, 2.5s) or a connection (#14)."),
    # finding
    Action("trace.filter", ("/",), "Filter", "Show only the connections that a filter selects.", show=True),
    Action("trace.search", ("ctrl+f",), "Search", "Search for a text in everything."),
    Action("trace.search_next", ("n",), "Next hit", "The next place that the search finds."),
    Action("trace.search_previous", ("N",), "Previous hit", "The place before that the search finds."),
    Action("trace.follow", ("f",), "Follow", "Stay on the newest connection, or stay where you are."),
    Action("trace.sort_next", ("s",), "Sort", "Sort the connections by the next column."),
    Action("trace.sort_reverse", ("S",), "Reverse", "Sort the other way round."),
    Action("trace.mark", ("m",), "Mark", "Mark the row, or take the mark away."),
    Action("trace.comment", ("M",), "Comment", "Write a comment on the row."),
    Action("trace.mark_next", ("'",), "Next mark", "The next marked connection."),
    Action("trace.clear", ("ctrl+l",), "Clear", "Take the finished connections off the screen; the recording keeps them."),
    # looking
    Action("trace.pane_next", ("tab",), "Next pane", "The focus to the next pane.", runs="next_pane(1)"),
    Action("trace.pane_previous", ("shift+tab",), "Pane before", "The focus to the pane before.", runs="next_pane(-1)"),
    Action("trace.tab_previous", ("left",), "Tab before", "The view to the left."),
    Action("trace.tab_next", ("right",), "Next tab", "The view to the right."),
    *(
        Action(f"trace.tab_{place}", (str(place),), title, f"The pane {title}.", runs=f"tab({place})")
        for place, title in enumerate(PANES.values(), 1)
    ),
    Action("trace.connection_previous", ("[",), "Connection before", "The connection before, from any pane."),
    Action("trace.connection_next", ("]",), "Next connection", "The next connection, from any pane."),
    Action("trace.unfold", ("enter",), "Unfold", "Unfold what is folded, or fold it again."),
    Action("trace.raw", ("v",), "Raw", "The value as it came, or laid out for reading."),
    Action("trace.edit", ("o",), "Open", "The line that held the loop, raised or broke a rule, in your editor."),
    Action("trace.zoom", ("z",), "Zoom", "The pane on the whole screen, or back."),
    Action("trace.back", ("escape",), "Back", "Leave the search, the filter's line, the whole-screen pane."),
    Action("trace.reveal", ("u",), "Unmask", "Show the secrets that are masked, or mask them again."),
    Action(
        "trace.explain", ("?",), "Explain", "What this is, in a few sentences, and where the specification says so.", show=True
    ),
    # doing
    Action("trace.copy", ("y",), "Copy", "Copy the value or row: as text, JSON or curl.", show=True),
    Action("trace.resend", ("r",), "Re-send", "Send the request of this connection again.", show=True),
    Action("trace.compose", ("c",), "Compose", "Send a request or a WebSocket conversation of your own."),
    Action("trace.compare", ("=",), "Compare", "This connection and the marked one side by side."),
    Action("trace.save", ("ctrl+s",), "Save", "Save the recording to a file."),
    Action("trace.screenshot", ("ctrl+e",), "Picture", "Save the screen as a picture."),
    Action("trace.restart", ("R",), "Restart", "Stop the server and start it again."),
    Action("trace.stop", ("X",), "Stop", "Stop the server; what it did stays on the screen."),
    # a lesson
    Action("lesson.go_on", ("enter",), "Go on", "What comes next: run, look again, check, or the next page.", show=True),
    *(
        Action(f"lesson.answer_{letter}", (letter,), f"Answer {letter}", f"Answer {letter}.", runs=f"answer('{letter}')")
        for letter in "abcd"
    ),
    *(
        Action(f"lesson.sure_{number}", (str(number),), f"Sure {number}", f"I am {how}.", runs=f"sure({number})")
        for number, how in enumerate(("guessing", "fairly sure", "certain"), 1)
    ),
    Action("lesson.next_page", ("n",), "Next", "The next page.", show=True, when="done"),
    Action("lesson.previous_page", ("p",), "Page before", "The page before."),
    Action("lesson.run_again", ("r",), "Run", "Run it (again), with the values that are set.", show=True, when="run"),
    Action("lesson.play", ("space",), "Play", "Play the run back, or stand still.", show=True, when="ran"),
    Action("lesson.step", (".",), "Step", "One event on."),
    Action("lesson.step_back", (",",), "Step back", "One event back."),
    Action("lesson.faster", (">",), "Faster", "Play back faster."),
    Action("lesson.slower", ("<",), "Slower", "Play back slower."),
    Action(
        "lesson.more",
        ("+",),
        "More",
        "More of the value that is chosen.",
        runs="turn(1)",
        show=True,
        when="changeable",
    ),
    Action("lesson.less", ("-",), "Less", "Less of it.", runs="turn(-1)"),
    Action("lesson.other_knob", ("o",), "Other", "Choose another value to change with + and -.", show=True, when="changeable"),
    Action("lesson.clock", ("C",), "Clock", "The other clock: virtual is exact and at once, real is the proof."),
    Action("lesson.compare", ("=",), "Compare", "Keep this run on the stage, beside the ones that come."),
    Action("lesson.picture", ("v",), "View", "The stage as a picture or as lanes."),
    Action("lesson.source", ("f",), "File", "The source of the other side."),
    Action("lesson.trace", ("T",), "Trace", "This run on the trace screen, with every message."),
    Action("lesson.hint", ("h",), "Hint", "The next hint for the first check that is not met.", show=True, when="failed"),
    Action("lesson.edit", ("e",), "Edit", "Your file in your own editor ($VISUAL or $EDITOR).", show=True, when="exercise"),
    Action("lesson.check", ("x",), "Check", "Run your file and check what it did.", show=True, when="exercise"),
    Action("lesson.evidence", ("w",), "Where", "Where in the run the first check was not met.", show=True, when="failed"),
    Action(
        "lesson.solution",
        ("s",),
        "Solution",
        "Solutions beside yours, once you have passed.",
        show=True,
        when="passed",
    ),
    Action("lesson.reset", ("R",), "Reset", "Start the exercise afresh; your file is kept beside it."),
    Action("lesson.notes", ("i",), "Notes", "What the instructor's notes say of this page."),
    Action("lesson.pane_next", ("tab",), "Next pane", "The focus to the next pane.", runs="next_pane(1)"),
    Action("lesson.pane_previous", ("shift+tab",), "Pane before", "The focus to the pane before.", runs="next_pane(-1)"),
    Action("lesson.zoom", ("z",), "Zoom", "The pane on the whole screen, or back."),
    Action("lesson.explain", ("?",), "Explain", "What the words on this page mean.", show=True),
    Action("lesson.back", ("escape",), "Back", "To the other lessons."),
    # the home screen
    Action("home.open", ("enter",), "Open", "Open what the cursor is on.", show=True),
)
#: id -> the action, in the order of the help.
ACTIONS = {action.id: action for action in _TABLE}
#: screen -> the groups whose keys are in force there together.
SCREENS = {
    "trace": ("app", "pane", "waterfall", "findings", "trace"),
    "lesson": ("app", "pane", "lesson"),
    "home": ("app", "pane", "home"),
}
#: Keys that Textual keeps for itself on every screen.
TAKEN = {"ctrl+q": "quits", "ctrl+c": "copies selected text, or quits"}
_MODIFIERS = ("ctrl", "alt", "shift", "super", "hyper", "meta")
_NAMES = {key.value for key in Keys if key.value.isidentifier()} | {"minus", "plus", "slash", "backslash", "at", "underscore"}
_ALIASES = {alias: key for key, aliases in KEY_ALIASES.items() for alias in aliases}


class KeyMap(NamedTuple):
    """The keys that hold: id -> keys, empty where an action has none; and a sentence for each wish that could not be met."""

    keys: Mapping[str, tuple[str, ...]]
    complaints: tuple[str, ...]


def key_map(settings: Settings) -> KeyMap:
    """The table's keys with the user's instead where they are given. A key that the user gives away is taken from its owner."""
    keys = {id_: action.keys for id_, action in ACTIONS.items()}
    complaints: list[str] = []
    given: list[str] = []
    for id_, wanted in settings.keys.items():
        where = settings.origin(f"{KEYS}.{id_}")
        if id_ not in ACTIONS:
            complaints.append(f"{where}: no action is called {id_!r}.{did_you_mean(id_, ACTIONS)}")
            continue
        mistakes = [sentence for key in wanted if (sentence := _mistake(key))]
        complaints += [f"{where}: {id_}: {sentence}" for sentence in mistakes]
        if not mistakes:
            keys[id_] = wanted
            given.append(id_)
    for place, id_ in enumerate(given):
        where = settings.origin(f"{KEYS}.{id_}")
        complaints += [f"{where}: {sentence}" for sentence in _claim(keys, id_, given[:place])]
    return KeyMap(keys, tuple(complaints))


def _claim(keys: dict[str, tuple[str, ...]], id_: str, earlier: list[str]) -> Iterator[str]:
    """Give an action its keys: actions that the user did not name lose them, those named `earlier` keep them."""
    for other, theirs in list(keys.items()):
        if other == id_ or not _together(id_, other):
            continue
        mine = {key_name(key) for key in keys[id_]}
        if not (shared := {key_name(key) for key in theirs} & mine):
            continue
        winner, loser = (other, id_) if other in earlier else (id_, other)
        keys[loser] = tuple(key for key in keys[loser] if key_name(key) not in shared)
        word = " and ".join(repr(key) for key in keys[winner] if key_name(key) in shared)
        left = f"has {' and '.join(map(repr, keys[loser]))} left" if keys[loser] else "has no key any more"
        yield f"{word} is {winner} now, and {loser} {left}."


def _together(one: str, other: str) -> bool:
    groups = {ACTIONS[one].group, ACTIONS[other].group}
    return any(groups <= set(screen) for screen in SCREENS.values())


def key_name(key: str) -> str:
    """A key by Textual's name: ``?`` is ``question_mark``, and what terminals send alike has one name."""
    if key == ",":  # stands between keys in Textual's notation
        return "comma"
    name = next(iter(Binding.make_bindings([Binding(key, "")]))).key
    return _ALIASES.get(name, name)


def _mistake(key: str) -> str:
    """What is wrong with a key that a user wrote, or nothing."""
    *modifiers, base = key.split("+") if len(key) > 1 else [key]
    if modifiers == ["shift"] and len(base) == 1:
        return f"{key!r}: terminals send the sign itself, so write {base.upper()!r}."
    if not all(modifier in _MODIFIERS for modifier in modifiers):
        return f"{key!r} is no key: before a + stand {', '.join(_MODIFIERS)}."
    if not (base in _NAMES or (len(base) == 1 and base.isprintable() and base != " ") or key_to_character(base)):
        return f"{key!r} is no key.{did_you_mean(base, _NAMES)}"
    return f"{key!r} cannot be had: it {TAKEN[name]}." if (name := key_name(key)) in TAKEN else ""


def bindings(group: str, settings: Settings | None = None) -> list[BindingType]:
    """The bindings of a group, with the user's keys or, for a class's BINDINGS, the table's own."""
    keys = key_map(settings).keys if settings else {}
    return [
        binding
        for action in ACTIONS.values()
        if action.group == group and (binding := _binding(action, keys.get(action.id, action.keys)))
    ]


def _binding(action: Action, keys: tuple[str, ...]) -> Binding | None:
    if not keys:
        return None
    names = ",".join(key_name(key) for key in keys)
    return Binding(names, action.textual, action.label, show=action.show, tooltip=action.help, id=action.id)


def groups_of(node: DOMNode) -> set[str]:
    """The groups of actions that a screen or a pane has."""
    bound = node._bindings  # noqa: SLF001  # Textual has no other way to ask
    return {binding.id.partition(".")[0] for _, binding in bound if binding.id in ACTIONS and binding.id}


def rebind(node: DOMNode, settings: Settings) -> None:
    """Give a screen, a pane or the app the user's keys for all actions of ours that it has bindings for."""
    keys = key_map(settings).keys
    bound = list(node._bindings)  # noqa: SLF001  # Textual's keymap cannot take a key away
    own = dict.fromkeys(binding.id for _, binding in bound if binding.id in ACTIONS)
    kept = [binding for _, binding in bound if binding.id not in ACTIONS]
    ours = [binding for id_ in own if id_ and (binding := _binding(ACTIONS[id_], keys[id_]))]
    node._bindings = BindingsMap([*kept, *ours])  # noqa: SLF001
    node.refresh_bindings()
