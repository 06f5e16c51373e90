"""The trace screen: the panes around one recording, and what is selected in them.

Panes report what the cursor stands on; the screen decides what the others show. It reads the feed on a timer and tells
the panes in sight once per tick, however many events there were.
"""

from __future__ import annotations

from bisect import bisect_right
from time import monotonic, thread_time
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, Vertical

from asgiviz.model.events import Ev
from asgiviz.model.finding import Finding as Found
from asgiviz.model.recording import Header
from asgiviz.ui.arrangement import VIEWS
from asgiviz.ui.arranging import Arranging
from asgiviz.ui.asking_lines import AskingLine
from asgiviz.ui.connections_pane import ConnectionsPane
from asgiviz.ui.doing import Doing
from asgiviz.ui.editing import Editing
from asgiviz.ui.explaining import Explaining
from asgiviz.ui.feed import Feed, Mode
from asgiviz.ui.finding import Finding
from asgiviz.ui.findings_pane import FindingsPane
from asgiviz.ui.inspector_pane import InspectorPane
from asgiviz.ui.judging import Judging
from asgiviz.ui.key_footer import KeyFooter
from asgiviz.ui.keys import bindings, rebind
from asgiviz.ui.lines_pane import LinesPane
from asgiviz.ui.logs_pane import LogsPane
from asgiviz.ui.loop_pane import LoopPane
from asgiviz.ui.moving import Moving
from asgiviz.ui.sequence_pane import SequencePane
from asgiviz.ui.stage import Stage
from asgiviz.ui.state_pane import StatePane
from asgiviz.ui.title_bar import TitleBar
from asgiviz.ui.waterfall_pane import WaterfallPane
from asgiviz.views.evidence import Filter

if TYPE_CHECKING:
    from asgiviz.ui.app import AsgivizApp

#: Seconds between two drawings of times that pass although nothing happens; the longer nothing does, the more.
HEARTBEAT, SLOWEST_HEARTBEAT = 1.0, 5.0
#: The part of a core that drawing may take: changes that come faster than that leaves time for are drawn together.
SHARE = 0.2


class TraceScreen(Arranging, Finding, Moving, Explaining, Editing, Doing):
    """One recording on the screen; `stage` is the run that it comes from, None for a saved one.

    `verb` is the command that brought us here: trace, demo or open.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("trace")
    if TYPE_CHECKING:
        app: AsgivizApp
    CSS_PATH = "trace_screen.tcss"

    def __init__(self, feed: Feed, verb: str, stage: Stage | None = None, header: Header | None = None) -> None:
        super().__init__()
        self.feed = feed
        self.stage = stage
        #: number of the selected connection and event
        self.conn: int | None = None
        self.seq: int | None = None
        self._chosen_by_hand = False
        self._drawn_version = -1
        self._drawn_at = self._changed_at = self._drawing_began = 0.0
        self._drawing_took: float | None = 0.0
        self.header: Header | None = None
        self._told_behind = 0
        self._title = TitleBar(feed, verb)
        if stage is not None:
            self._title.is_serving = lambda: stage.serving
        self.judging = Judging(feed, header.layers if header is not None else ())
        connections = ConnectionsPane(feed, id="connections")
        self.panes: dict[str, LinesPane] = {
            "connections": connections,
            "sequence": SequencePane(feed, id="sequence"),
            "waterfall": WaterfallPane(feed, connections.roster, id="waterfall"),
            "state": StatePane(feed, id="state"),
            "logs": LogsPane(feed, id="logs"),
            "inspector": InspectorPane(feed, id="inspector"),
            "loop": LoopPane(feed, id="loop"),
            "findings": FindingsPane(feed, self.judging, id="findings"),
        }
        if header is not None:
            self.know(header)

    def know(self, header: Header) -> None:
        """What the recording says about itself is known (better) now."""
        self.header = self._title.header = header
        self.judging.know(header.layers)
        for pane in self.panes.values():
            pane.layer_names = header.layers

    def compose(self) -> ComposeResult:
        yield self._title
        panes = self.panes
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield panes["connections"]
                yield panes["loop"]
            with Container(id="work"):
                with Container(id="views"):
                    for name in VIEWS:
                        yield panes[name]
                yield panes["inspector"]
        yield from self.asking_lines()
        yield KeyFooter()

    def on_mount(self) -> None:
        """Begin to follow the feed."""
        self.lay_out()
        self.panes["connections"].focus()
        rebind(self, self.app.settings)
        self.set_interval(1 / self.app.settings.refresh_hz, self.tick)
        self.call_after_refresh(self.tick)

    # -- following the feed ----------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Move the feed on, and draw what changed; once a second also what only grows older."""
        feed = self.feed
        if self._drawing_took is None:  # with what Textual did for it since
            self._drawing_took = thread_time() - self._drawing_began
        feed.advance()
        if self._drawn_version >= 0:  # what there is to see comes first
            self.judging.advance()
        self.keep_searching()
        self.look_for_sent()
        now = monotonic()
        if feed.mode is Mode.PAUSED and feed.behind != self._told_behind:
            self._told_behind = feed.behind
            self._title.refresh()  # how many wait is all that changes while it stands still
        changed = feed.version != self._drawn_version
        pending = self._connections.roster.pending > 0
        if self._drawn_version >= 0 and not pending and now - self._drawn_at < min(self._drawing_took / SHARE, HEARTBEAT):
            self._connections.roster.touch(feed.ledger.touched)  # what is gone is not listed, whoever draws meanwhile
            return  # the app has the rest of the time
        self._changed_at = now if changed else self._changed_at
        heartbeat = max(HEARTBEAT, min((now - self._changed_at) / 4, SLOWEST_HEARTBEAT))
        ages = feed.mode is Mode.PLAYING or (feed.mode is Mode.LIVE and feed.growing)
        if changed or (now - self._drawn_at >= heartbeat and ages) or pending:
            self._drawn_version, self._drawn_at = feed.version, now
            self._drawing_began, self._drawing_took = thread_time(), None
            touched, feed.ledger.touched = feed.ledger.touched, set()
            self._show(touched)

    def draw_again(self) -> None:
        """Something beside the feed changed: the next tick draws."""
        self._drawn_version = -1

    def _show(self, touched: set[int]) -> None:
        self._connections.take_changes(touched)
        for pane in self.panes.values():
            pane.note_changes(touched)
        self._choose_the_first()
        self.mark_titles()
        for name in self.in_sight:
            pane = self.panes[name]
            if pane is not self._connections:
                pane.take_changes(touched)
            pane.show_changes()
        self._title.refresh()

    def _choose_the_first(self) -> None:
        """Until somebody chooses: the first connection, and then the first that is no lifespan."""
        if self._chosen_by_hand or not self.feed.ledger.order:
            return
        connections = self.feed.ledger.connections
        listed = self.feed.ledger.order if self._connections.only is None else self._connections.roster.ids
        first = [conn for conn in listed[:10] if conn in connections]
        requests = [conn for conn in first if connections[conn].kind not in ("lifespan", None)]
        shown = requests or first
        if shown and shown[0] != self.conn:
            self.choose_connection(shown[0], by_hand=False)

    def begin_with(self, only: Filter) -> None:
        """List only what passes, from the start."""
        self._connections.only = only
        self._connections.roster.select(only)

    @property
    def _connections(self) -> ConnectionsPane:
        pane = self.panes["connections"]
        assert isinstance(pane, ConnectionsPane)
        return pane

    # -- what is selected ------------------------------------------------------------------------------------------

    def choose_connection(self, conn: int, seq: int | None = None, *, by_hand: bool = True) -> None:
        """Show a connection in all panes, at its event `seq` or where the app was called."""
        self._chosen_by_hand = self._chosen_by_hand or by_hand
        if conn not in self.feed.ledger.connections:
            return
        self.conn = conn
        for pane in self.panes.values():
            if by_hand and pane.KEYS_ARE == "connections":
                pane.follows = False  # or what was chosen would leave the sight
            pane.show_connection(conn)
        self.choose_event(seq if seq is not None else self._call_of(conn))
        if seq is None:  # nobody chose an event: the automaton stands where the connection has come to
            self.panes["state"].show_event(0)

    def _call_of(self, conn: int) -> int:
        """The first event of a connection; of a WSGI request that stood in line the next one, which has all that is known."""
        own = self.feed.ledger.seqs[conn]
        if self.feed.ledger.connections[conn].called is None or len(own) < 2:
            return own[0]
        event = self.feed.event(own[1])
        return own[1] if event is not None and event.ev == Ev.WSGI_ENVIRON else own[0]

    def choose_event(self, seq: int) -> None:
        """Show an event in all panes."""
        self.seq = seq
        for pane in self.panes.values():
            pane.show_event(seq)
        event = self.feed.event(seq)
        if event is not None and isinstance(waterfall := self.panes["waterfall"], WaterfallPane):
            waterfall.point_at(event.t)

    def go_to_event(self, seq: int) -> None:
        """Show an event and the connection it belongs to."""
        event = self.feed.event(seq)
        if event is None:
            self.notify(f"event {self.feed.number_of(seq):,} is not in memory any more", severity="warning")
        elif event.conn is not None and event.conn in self.feed.ledger.connections:
            self.choose_connection(event.conn, seq)
        else:
            self.choose_event(seq)

    @on(LinesPane.Moved)
    def follow_cursor(self, message: LinesPane.Moved) -> None:
        """A pane's cursor moved: the others follow."""
        pane, key = message.pane, message.key
        self._chosen_by_hand = True  # whatever it was: the user is reading here
        if pane.KEYS_ARE == "connections" and isinstance(key, int):
            self.choose_connection(key)
        elif (seq := pane.event_at(key)) is not None and isinstance(pane, LoopPane):
            culprit = pane.culprit_of(seq)
            if culprit is not None:
                self.choose_connection(culprit)
            self.choose_event(seq)
        elif isinstance(pane, FindingsPane) and (finding := pane.finding_at(key)) is not None:
            self._show_finding(finding)
        elif seq is not None and pane.id == "logs":
            self.go_to_event(seq)
        elif seq is not None:
            self.choose_event(seq)

    def _show_finding(self, finding: Found) -> None:
        """Its connection and its event, which may be another's or nobody's (a stall)."""
        conn = finding.conn
        if conn is not None and conn in self.feed.ledger.connections and self.feed.event(finding.at) is not None:
            self.choose_connection(conn, finding.at)
        else:
            self.go_to_event(finding.at)

    @on(WaterfallPane.Pointed)
    def follow_moment(self, message: WaterfallPane.Pointed) -> None:
        """The cursor in time moved: show the last event of the connection before it."""
        if self.conn is None or self.conn not in self.feed.ledger.seqs:
            return
        own = self.feed.ledger.seqs[self.conn]
        place = bisect_right(own, self.feed.last_before(message.t))
        self.choose_event(own[max(0, place - 1)])

    @on(LinesPane.Chosen)
    def open_chosen(self, message: LinesPane.Chosen) -> None:
        """Enter on a row: look closer."""
        self._look_closer(message.pane)

    def action_unfold(self) -> None:
        """Enter: unfold what the cursor is on; where there is nothing to unfold, look closer."""
        pane = self.panes[self.current]
        if pane.cursor is None and pane.count():
            pane.action_first()
        elif not pane.unfold():
            self._look_closer(pane)

    def _look_closer(self, pane: LinesPane) -> None:
        if isinstance(pane, LoopPane) and (victim := pane.victim()) is not None:
            self.choose_connection(victim)
        if pane.id in ("connections", "waterfall", "logs", "loop", "findings"):
            self.show_pane("sequence" if self.view in ("waterfall", "logs", "findings") else self.view)
        elif pane.id in ("sequence", "state"):
            self.show_pane("inspector")

    def action_raw(self) -> None:
        """The event as it stands in a recording, or laid out for reading."""
        inspector = self.panes["inspector"]
        assert isinstance(inspector, InspectorPane)
        inspector.toggle_raw()

    def action_reveal(self) -> None:
        """Show secrets, or mask them again."""
        shown = self.app.reveal()
        self.draw_again()
        self.notify("secrets are shown; u masks them" if shown else "secrets in headers and queries are masked, bodies are not")

    def action_back(self) -> None:
        """Escape: one step back, to all panes, then to the connections, then without a filter."""
        if self.maximised:
            self.action_zoom()
        elif self.current != "connections":
            self.show_pane("connections")
        elif self._connections.only is not None:
            self.clear_filter()

    @on(AskingLine.Closed)
    def give_focus_back(self) -> None:
        """A line at the foot was closed."""
        self.panes[self.current].focus()
        if self._connections.cursor is None:
            self._connections.action_first()
