"""Token bucket: a rate that may be exceeded for a while."""

from __future__ import annotations

_ROUNDING = 1e-9


class Bucket:
    """Fills at a rate up to a brim of at least 1; while there is 1 in it, as much as is asked for may be taken.

    So it may fall below zero, by one message at most, and a message of any size passes once the last is paid for: the
    long-term rate holds whatever the sizes are.
    """

    def __init__(self, rate: float, brim: float, now_s: float) -> None:
        """Full.

        Args:
            rate: A second.
            brim: The most that is saved up.
            now_s: Seconds of the caller's clock.
        """
        self._rate = rate
        self._brim = brim
        self._level = brim
        self._time_s = now_s

    def wait_s(self, now_s: float) -> float:
        """Seconds until something may be taken; 0: now."""
        self._level = min(self._brim, self._level + self._rate * max(0.0, now_s - self._time_s))
        self._time_s = now_s
        lacking = 1.0 - self._level
        return lacking / self._rate if lacking > _ROUNDING else 0.0

    def take(self, amount: float) -> None:
        """Takes, after `wait_s` said 0."""
        self._level -= amount

    @property
    def is_full(self) -> bool:
        """Whether it is as if it were new, as of the last look."""
        return self._level >= self._brim
