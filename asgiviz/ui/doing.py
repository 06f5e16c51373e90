"""Doing: requests of our own, the server, the clipboard, files. What takes time runs in a worker thread."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from time import monotonic, perf_counter_ns
from typing import TYPE_CHECKING

from textual import work
from textual.screen import Screen

from asgiviz.model.events import NOTE
from asgiviz.model.masking import Mask
from asgiviz.store.errors import RecordingError
from asgiviz.store.reader import SAVED
from asgiviz.store.writer import write_file
from asgiviz.ui.clipboard import put_on_clipboard
from asgiviz.ui.copy_menu import CopyMenu
from asgiviz.ui.feed import Feed
from asgiviz.ui.findings_pane import FindingsPane
from asgiviz.ui.inspector_pane import InspectorPane
from asgiviz.ui.lines_pane import LinesPane
from asgiviz.ui.stage import Stage
from asgiviz.views import copies
from asgiviz.views.figures import duration
from asgiviz.views.finding_details import said
from asgiviz.views.spans import text_of
from asgiviz.views.text import safe
from asgiviz.views.veil import Veil

#: Seconds in which the connection that came of an errand is looked for.
PATIENCE = 3.0

if TYPE_CHECKING:
    from asgiviz.model.recording import Header
    from asgiviz.traffic.messenger import Answer
    from asgiviz.ui.app import AsgivizApp


class Doing(Screen[None]):
    """The part of the trace screen that acts."""

    if TYPE_CHECKING:
        app: AsgivizApp

    feed: Feed
    panes: dict[str, LinesPane]
    stage: Stage | None
    header: Header | None
    conn: int | None
    seq: int | None
    current: str
    #: where what was sent came from, what it was made from, and until when it is looked for
    _sent: tuple[tuple[str, int], int | None, float] | None = None

    def _needs_stage(self) -> Stage | None:
        if self.stage is None:
            self.notify("this is a saved recording: there is no server to talk to", severity="warning")
        elif not self.stage.serving:
            self.notify("the server is not running: R starts it", severity="warning")
            return None
        return self.stage

    # -- requests --------------------------------------------------------------------------------------------------

    def action_compose(self) -> None:
        """Write a request or a conversation, and send it."""
        if self._needs_stage() is not None:
            self._open_composer(None, None)

    def action_resend(self) -> None:
        """Send the request of the selected connection again, as it is or changed."""
        connection = None if self.conn is None else self.feed.ledger.connections.get(self.conn)
        if connection is None or self.conn is None or self._needs_stage() is None:
            return
        from asgiviz.views.resend import resend

        again = resend(self.feed.events(self.conn))
        if isinstance(again, str):
            self.notify(again, severity="warning", markup=False)
            return
        self._open_composer(again.text, self.conn)

    def _open_composer(self, text: str | None, origin: int | None) -> None:
        from asgiviz.ui.composer import Composer  # an editor takes a while to load, and few need it

        veil = Veil(text or "", self.app.look.mask)

        def send(edited: str | None) -> None:
            self._send(None if edited is None else veil.lifted(edited), origin)

        self.app.push_screen(Composer() if text is None else Composer(veil.text), send)

    def _send(self, text: str | None, origin: int | None = None) -> None:
        stage = self.stage
        if text is None or stage is None:
            return
        from asgiviz.traffic.errand_text import parse_request  # what talks to servers is loaded when something is sent
        from asgiviz.traffic.messenger import Messenger

        errand = parse_request(text)
        if isinstance(errand, str):
            self.tell(errand, wrong=True)
            return
        Messenger(
            errand, stage.url, stage.emit, lambda answer: self.app.call_from_thread(self._answered, answer, origin)
        ).start()

    def _answered(self, answer: Answer, origin: int | None) -> None:
        """Say what the client saw; the connection that the app saw is shown as soon as the feed has it."""
        took = duration(answer.ended_at - answer.began_at)
        said = answer.trouble if answer.trouble is not None else f"{answer.status or ''} {answer.reason} in {took}".strip()
        self.tell(said, wrong=answer.trouble is not None)
        self.feed.go_live()
        self._sent = (answer.local, origin, monotonic() + PATIENCE) if answer.local is not None else None

    def look_for_sent(self) -> None:
        """Show the connection that came of what was sent, known by the client's port; beside the one it was made from."""
        if self._sent is None:
            return
        local, origin, deadline = self._sent
        connections = self.feed.ledger.connections
        for conn in reversed(self.feed.ledger.order[-1000:]):
            client = connections[conn].client
            if isinstance(client, (list, tuple)) and tuple(client) == local and conn != origin:
                self._sent = None
                self.choose_connection(conn)
                if origin is not None:
                    self._compare(origin, conn)
                return
        if monotonic() > deadline:
            self._sent = None

    def choose_connection(self, conn: int, seq: int | None = None) -> None:
        """See TraceScreen."""
        raise NotImplementedError

    def action_compare(self) -> None:
        """The marked connection and the selected one side by side."""
        others = [conn for conn in self.feed.ledger.marks if conn != self.conn and conn in self.feed.ledger.connections]
        if self.conn is None or not others:
            self.notify("mark one connection (m), put the cursor on another, then compare")
            return
        self._compare(others[-1], self.conn)

    def _compare(self, left: int, right: int) -> None:
        from asgiviz.ui.comparison_screen import ComparisonScreen

        self.app.push_screen(ComparisonScreen(self.feed.events(left), self.feed.events(right), self.app.look.mask))

    # -- the server ------------------------------------------------------------------------------------------------

    def action_restart(self) -> None:
        """Stop the server and start it again."""
        if self.stage is None:
            self._needs_stage()
        else:
            self._run_server(self.stage, again=True)

    def action_stop(self) -> None:
        """Stop the server; what it did stays."""
        if self._needs_stage() is not None and self.stage is not None:
            self._run_server(self.stage, again=False)

    @work(thread=True, exclusive=True, group="server")
    def _run_server(self, stage: Stage, *, again: bool) -> None:
        say = self._from_thread
        if stage.serving and not stage.stop_server():
            say("the app does not come back: it cannot be stopped from here", True)
            return
        if again:
            stage.start_server()
        say("starting again" if again else "stopped; R starts it again", False)

    def _from_thread(self, sentence: str, wrong: bool) -> None:
        self.app.call_from_thread(self.tell, sentence, wrong)

    def tell(self, sentence: str, wrong: bool = False) -> None:
        """A sentence on the screen."""
        lines = "\n".join(map(safe, sentence.splitlines()))  # it may hold what the app says
        self.notify(lines, severity="error" if wrong else "information", timeout=10 if wrong else 5, markup=False)

    # -- copying and saving ----------------------------------------------------------------------------------------

    def action_copy(self) -> None:
        """Ask what to copy: the value or row, the connection as curl, the event or connection as JSON."""
        pane = self.panes[self.current]
        choices: dict[str, tuple[str, Callable[[], str]]] = {}
        if isinstance(pane, InspectorPane) and (node := pane.node) is not None:
            choices["v"] = ("the value", lambda: copies.value(node))
        index = pane.cursor
        if index is not None:
            choices["r"] = ("the row", lambda: text_of(pane.line(index, pane.size.width)).rstrip())
        if isinstance(pane, FindingsPane) and (finding := pane.finding) is not None:
            choices["f"] = ("the finding", lambda: said(finding, pane.root))
        seq, conn = self.seq, self.conn
        if seq is not None and (event := self.feed.event(seq)) is not None:
            choices["e"] = ("the event as JSON", lambda: copies.as_json(self.feed.as_in_file(event), self.app.look.mask))
        if conn is not None and conn in self.feed.ledger.connections:
            connection = self.feed.ledger.connections[conn]
            if connection.kind in ("http", "websocket", "wsgi"):
                from asgiviz.views.curl import as_curl

                choices["c"] = ("the request as curl", lambda: as_curl(connection, self.feed.events(conn), self.app.look.mask))
            choices["j"] = (
                "the connection as JSON lines",
                lambda: copies.as_json(map(self.feed.as_in_file, self.feed.events(conn)), self.app.look.mask),
            )
        if not choices:
            self.notify("choose something first")
            return
        self.app.push_screen(
            CopyMenu({key: label for key, (label, _) in choices.items()}), lambda key: self._copy(key, choices)
        )

    def _copy(self, key: str | None, choices: dict[str, tuple[str, Callable[[], str]]]) -> None:
        if key is not None:
            self.notify(put_on_clipboard(self.app, choices[key][1]()), markup=False)

    def action_save(self) -> None:
        """Save the recording, masked as the screen is."""
        self._save(Path(f"asgiviz-{datetime.now().astimezone():%Y%m%d-%H%M%S}.asgiviz"))

    @work(thread=True, group="files")
    def _save(self, path: Path) -> None:
        header = self.header
        if header is None:
            self._from_thread("nothing is recorded yet", True)
            return
        mask = self.app.look.mask
        self.feed.recorder.emit((perf_counter_ns(), NOTE, None, None, None, {"name": SAVED}))
        try:
            write_file(self.feed.recorder, path, header, mask, lambda trouble: self._from_thread(trouble, True)).close()
        except RecordingError as error:
            self._from_thread(str(error), True)
            return
        masked = " (secrets in headers and queries are masked, bodies are not)" if isinstance(mask, Mask) else ""
        self._from_thread(f"saved as {path}{masked}; read it with: asgiviz open {path}", False)

    def action_screenshot(self) -> None:
        """Save the screen as a picture."""
        path = Path(f"asgiviz-{datetime.now().astimezone():%Y%m%d-%H%M%S}.svg")
        try:
            path.write_text(self.app.export_screenshot(title="asgiviz"), encoding="utf-8")
        except OSError as error:
            self.tell(f"cannot write {path}: {error.strerror}", True)
            return
        self.tell(f"saved as {path}")
