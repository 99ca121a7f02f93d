"""Pace: how fast scenes go by, and whether they stand still."""

from __future__ import annotations

import threading
from collections.abc import Callable

SPEEDS = (0.05, 8.0)
"""Least and most."""


class Pace:
    """A clock of scenes that a viewer stops, starts, quickens and slows while another thread waits by it."""

    def __init__(self, clock: Callable[[], float], speed: float = 1.0) -> None:
        """Args:
        clock: Seconds, monotonic.
        speed: Seconds of the scene in a second.
        """
        self._clock = clock
        self._speed = speed
        self._is_paused = False
        self._is_over = False
        self._is_hurried = False
        self._changed = threading.Condition()

    @property
    def is_paused(self) -> bool:
        """Whether it stands still."""
        return self._is_paused

    @property
    def is_over(self) -> bool:
        """Whether nobody waits any more."""
        return self._is_over

    @property
    def speed(self) -> float:
        """Seconds of the scene in a second, when it does not stand still."""
        return self._speed

    def pause(self) -> None:
        """Lets time stand still."""
        self._set(is_paused=True)

    def play(self) -> None:
        """Lets it go on."""
        self._set(is_paused=False)

    def set_speed(self, speed: float) -> None:
        """Seconds of the scene in a second, brought within `SPEEDS`."""
        self._set(speed=min(max(speed, SPEEDS[0]), SPEEDS[1]))

    def hurry(self) -> None:
        """Lets whoever waits now go on at once, even where time stands still; if nobody does, whoever waits next."""
        self._set(is_hurried=True)

    def end(self) -> None:
        """Lets everybody go who waits, now and later."""
        self._set(is_over=True)

    def pass_time(self, seconds: float) -> bool:
        """Waits until so many seconds of the scene have gone by, and as long as time stands still.

        Returns:
            Whether to go on: false once it is over.
        """
        with self._changed:
            while not self._is_over and not self._is_hurried and (seconds > 0 or self._is_paused):
                speed = 0.0 if self._is_paused else self._speed
                begun = self._clock()
                self._changed.wait(seconds / speed if speed else None)
                seconds -= (self._clock() - begun) * speed
            self._is_hurried = False
            return not self._is_over

    def _set(self, **fields: float) -> None:
        with self._changed:
            for name, value in fields.items():
                setattr(self, f"_{name}", value)
            self._changed.notify_all()
