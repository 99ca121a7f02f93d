"""Time that a viewer stops, quickens and ends while another thread waits by it."""

import threading
import time

from pathcast.live.page.pace import SPEEDS, Pace


def waiting(pace: Pace, seconds: float) -> tuple[threading.Thread, list[bool]]:
    """A thread that waits, and what it was told at the end."""
    told: list[bool] = []
    thread = threading.Thread(target=lambda: told.append(pace.pass_time(seconds)), daemon=True)
    thread.start()
    return thread, told


def test_time_goes_by_so_many_times_faster():
    pace = Pace(time.monotonic, speed=8.0)
    begun = time.monotonic()
    assert pace.pass_time(0.4)
    assert 0.045 < time.monotonic() - begun < 2


def test_no_time_passes_at_once_and_what_is_past_too():
    pace = Pace(lambda: 0.0)
    assert pace.pass_time(0.0) and pace.pass_time(-1.0)


def test_whoever_waits_for_long_is_let_go_by_a_hurry_or_the_end():
    for is_paused in (False, True):
        pace = Pace(time.monotonic)
        if is_paused:
            pace.pause()
        for release, goes_on in ((pace.hurry, True), (pace.end, False)):
            thread, told = waiting(pace, 3600.0)
            release()
            thread.join(10)
            assert told == [goes_on]
        assert pace.is_over and not pace.pass_time(3600.0)


def test_a_pause_holds_even_what_is_due_until_play():
    pace = Pace(time.monotonic)
    pace.pause()
    thread, told = waiting(pace, 0.0)
    thread.join(0.05)
    assert thread.is_alive() and pace.is_paused
    pace.play()
    thread.join(10)
    assert told == [True]


def test_a_new_speed_holds_for_whoever_waits_already():
    pace = Pace(time.monotonic, speed=SPEEDS[0])
    thread, told = waiting(pace, 4.0)
    pace.set_speed(1e9)
    assert pace.speed == SPEEDS[1]
    thread.join(10)
    assert told == [True]
