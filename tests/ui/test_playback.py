"""A run is followed, played back, and scrubbed both ways."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from asgiviz.ui.playback import LONG, SHORT, Mode, Playback

SECOND = 1_000_000_000


def played_until_it_stands(playback: Playback, tick: float) -> float:
    """Lets time pass in ticks; the seconds that it took."""
    passed = 0.0
    while playback.mode is Mode.PLAYS and passed < 100:
        playback.pass_time(tick)
        passed += tick
    return passed


@given(st.integers(10**6, 10**13), st.integers(0, 10**12), st.sampled_from([0.01, 0.05, 0.1]))
def test_a_run_of_any_length_is_watched_in_comfort(length: int, began: int, tick: float) -> None:
    """It takes its own time, or less when that is long, or more when that is short; and ends at its end."""
    playback = Playback()
    playback.follow(began)
    playback.reach(began + length)
    playback.replay(playback.comfortable)
    took = played_until_it_stands(playback, tick)
    assert SHORT - tick <= took <= LONG + 2 * tick
    assert playback.at == began + length


def test_it_follows_what_happens() -> None:
    """While it follows, the moment shown is the last one; when it stands, what comes does not move it."""
    playback = Playback()
    playback.follow(5 * SECOND)
    playback.reach(6 * SECOND)
    assert (playback.at, playback.length) == (6 * SECOND, 1.0)
    playback.stand()
    playback.reach(7 * SECOND)
    assert (playback.at, playback.ended) == (6 * SECOND, 7 * SECOND)


def test_play_at_the_end_begins_again() -> None:
    """And the same key stands still in between."""
    playback = Playback()
    playback.follow(0)
    playback.reach(2 * SECOND)
    playback.show_all()
    playback.toggle()
    assert (playback.mode, playback.at) == (Mode.PLAYS, 0)
    playback.pass_time(0.5)
    playback.toggle()
    assert (playback.mode, playback.at) == (Mode.STANDS, SECOND // 2)
    assert not playback.pass_time(1.0)


@given(st.lists(st.sampled_from([1, -1]), max_size=30))
def test_speeds_are_passed_in_order(steps: list[int]) -> None:
    """Faster is faster and slower is slower, until there is no other."""
    playback = Playback()
    for step in steps:
        before = playback.speed
        playback.change_speed(step)
        assert (playback.speed - before) * step >= 0


@given(st.integers(-10, 50))
def test_no_moment_outside_the_run_is_shown(wanted: int) -> None:
    """Whatever is asked for."""
    playback = Playback()
    playback.follow(10)
    playback.reach(30)
    playback.go_to(wanted)
    assert 10 <= playback.at <= 30
