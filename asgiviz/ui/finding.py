"""Finding: the filter, the search in everything, and marks on connections."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

from textual import on
from textual.screen import Screen

from asgiviz.ui.asking_lines import AskingLine, CommentLine, FilterLine, NumberLine, SearchLine
from asgiviz.ui.connections_pane import ConnectionsPane
from asgiviz.ui.feed import Feed
from asgiviz.ui.lines_pane import LinesPane
from asgiviz.views.search import Search

#: Seconds of a tick that a search may take.
BITE = 0.012


class Finding(Screen[None]):
    """The part of the trace screen that finds and marks."""

    feed: Feed
    panes: dict[str, LinesPane]
    conn: int | None
    seq: int | None
    _search: Search | None = None
    _under_way: Iterator[int | None] | None = None

    def go_to_event(self, seq: int) -> None:
        """See TraceScreen."""
        raise NotImplementedError

    def asking_lines(self) -> Iterator[AskingLine]:
        """The lines at the foot that ask for something."""
        yield FilterLine(id="filter-line")
        yield SearchLine(id="search-line")
        yield NumberLine(id="number-line")
        yield CommentLine(id="comment-line")

    # -- filter ----------------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Ask for a filter."""
        self.query_one(FilterLine).open()

    def clear_filter(self) -> None:
        """List everything again."""
        self.query_one(FilterLine).action_close()

    @on(FilterLine.Changed)
    def use_filter(self, message: FilterLine.Changed) -> None:
        """List what passes."""
        if message.only != self._list.only:
            self._list.show_only(message.only)

    # -- search ----------------------------------------------------------------------------------------------------

    def action_search(self) -> None:
        """Ask for a word to look for."""
        self.query_one(SearchLine).open()

    @on(SearchLine.Wanted)
    def search_for(self, message: SearchLine.Wanted) -> None:
        """Look on from the selected event."""
        self._search = Search(message.text)
        self._search_on(1)

    def action_search_next(self) -> None:
        """The next hit."""
        self._search_on(1)

    def action_search_previous(self) -> None:
        """The hit before."""
        self._search_on(-1)

    def _search_on(self, direction: int) -> None:
        if self._search is None:
            self.action_search()
            return
        self._under_way = self._hits(self._search, direction)
        self.keep_searching()

    def keep_searching(self) -> None:
        """Go on with a search that is under way, for a bite."""
        ends = perf_counter() + BITE
        while self._under_way is not None and perf_counter() < ends:
            try:
                hit = next(self._under_way)
            except StopIteration:
                assert self._search is not None  # or nothing would be under way
                self._under_way = None
                sentence = f"{self._search.text!r} is nowhere in {self.feed.ledger.seq:,} events"
                self.notify(sentence, severity="warning", markup=False)
                return
            if hit is not None:
                self._under_way = None
                self.go_to_event(hit)
                return

    def _hits(self, search: Search, direction: int) -> Iterator[int | None]:
        """Numbers of events that hold the text, from the selected one on and round; None: still looking."""
        start, last = self.seq or 0, self.feed.ledger.seq
        if direction > 0:
            stretches = (range(start + 1, last + 1), range(1, start + 1))
        else:
            stretches = (range(start - 1, 0, -1), range(last, start - 1, -1))
        for stretch in stretches:
            for place in range(0, len(stretch), 128):
                seqs = stretch[place : place + 128]
                found = [
                    seq for seq, raw in self.feed.read(sorted(seqs)) if search.finds(seq, raw) or self._is_said(search, seq)
                ]
                if found:
                    yield found[0] if direction > 0 else found[-1]
                yield None

    def _is_said(self, search: Search, seq: int) -> bool:
        """Whether something was found in the event that holds the text: its rule, its sentence, what would have been legal."""
        return any(search.stands_in((one.rule, one.who, one.sentence, *one.legal)) for one in self.feed.findings.at(seq))

    # -- marks -----------------------------------------------------------------------------------------------------

    def action_mark(self) -> None:
        """Mark the selected connection, or take the mark away."""
        if self.conn is not None:
            self._mark(self.conn, None if self.conn in self.feed.ledger.marks else "")

    def action_comment(self) -> None:
        """Ask for a comment on the selected connection."""
        if self.conn is not None:
            self.query_one(CommentLine).open(self.feed.ledger.marks.get(self.conn, ""))

    @on(CommentLine.Written)
    def keep_comment(self, message: CommentLine.Written) -> None:
        """Mark the connection with the comment."""
        if self.conn is not None:
            self._mark(self.conn, message.text or None)

    def action_mark_next(self) -> None:
        """The next marked connection in the list."""
        if not self._list.move_to(self.feed.ledger.marks.__contains__):
            self.notify("no connection is marked: m marks one")

    def action_connection_next(self) -> None:
        """The next connection of the list, from any pane."""
        self._list.action_move(1)

    def action_connection_previous(self) -> None:
        """The connection before, from any pane."""
        self._list.action_move(-1)

    def action_sort_next(self) -> None:
        """Sort by the next column."""
        self._list.sort_by_next()

    def action_sort_reverse(self) -> None:
        """The other way round."""
        self._list.sort_reverse()

    def action_follow(self) -> None:
        """Keep the newest in sight, or stay."""
        self._list.follow()

    def _mark(self, conn: int, comment: str | None) -> None:
        self.feed.mark(conn, comment)
        self.panes["connections"].refresh()

    def action_clear(self) -> None:
        """Take what is over from the list; again: bring it back."""
        self._list.clear()

    @property
    def _list(self) -> ConnectionsPane:
        pane = self.panes["connections"]
        assert isinstance(pane, ConnectionsPane)
        return pane
