"""Quotas: how much each client may ask for, and how many calls are open at once, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pathcast.errors import LimitError
from pathcast.service.limits import Limits
from pathcast.service.protection.buckets import Bucket
from pathcast.service.protection.identity import Identity

_RETRY_S = 1.0
"""What is said of when to try again where it depends on other calls' ends."""
_MANY_KEPT = 4096
"""Clients that are remembered before those that have used nothing lately are forgotten."""


class Allowance:
    """What one client has left; all of its calls share it."""

    def __init__(
        self, identity: Identity, limits: Limits, clock: Callable[[], float], count: Callable[[str], None]
    ) -> None:
        self.identity = identity
        self.num_open = 0
        self._clock = clock
        self._count = count
        self._buckets: dict[str, tuple[Bucket, float]] = {}
        rates = {"frames": limits.client_frames_hz, "observations": limits.client_observations_hz}
        for name, rate in rates.items():
            if rate > 0:
                self._buckets[name] = Bucket(rate, max(1.0, limits.burst_s * rate), clock()), rate

    @property
    def is_limited(self) -> bool:
        """Whether anything need be counted."""
        return bool(self._buckets)

    def spend(self, num_observations: int) -> None:
        """Counts one message and its observations.

        Raises:
            LimitError: There were too many of them lately; nothing is counted then.
        """
        if not self._buckets:
            return
        now = self._clock()
        for name, (bucket, rate) in self._buckets.items():
            wait = bucket.wait_s(now)
            if wait > 0:
                self._count(f"client_{name}")
                found = f"more, for some time; again in {wait:.3g} s"
                raise LimitError(f"client.{name}", f"at most {rate:g} {name} a second", found, wait)
        for name, (bucket, _) in self._buckets.items():
            bucket.take(1 if name == "frames" else num_observations)

    def is_unused(self) -> bool:
        """Whether it is as if the client had never come."""
        now = self._clock()
        return not self.num_open and all(
            bucket.wait_s(now) == 0 and bucket.is_full for bucket, _ in self._buckets.values()
        )


class Quotas:
    """The allowances of all clients of one process."""

    def __init__(
        self, limits: Limits, clock: Callable[[], float], count: Callable[[str], None] = lambda _quota: None
    ) -> None:
        """Args:
        limits: How much.
        clock: Seconds, monotonic.
        count: Told which quota refused somebody.
        """
        self._limits = limits
        self._clock = clock
        self._count = count
        self._clients: dict[Identity, Allowance] = {}
        self._num_open = 0

    def of(self, identity: Identity) -> Allowance:
        """A client's allowance."""
        found = self._clients.get(identity)
        if found is None:
            if len(self._clients) >= _MANY_KEPT:
                self._clients = {key: each for key, each in self._clients.items() if not each.is_unused()}
            found = self._clients[identity] = Allowance(identity, self._limits, self._clock, self._count)
        return found

    @contextmanager
    def opened(self, identity: Identity) -> Iterator[Allowance]:
        """A client's call, counted for as long as the block lasts.

        Raises:
            LimitError: Too many are open, of this client or of all.
        """
        allowance, limits = self.of(identity), self._limits
        if 0 < limits.client_streams <= allowance.num_open:
            self._count("client_streams")
            expected = f"at most {limits.client_streams} open at once"
            raise LimitError("client.streams", expected, f"{allowance.num_open} open", _RETRY_S)
        if self._num_open >= limits.streams:
            self._count("streams")
            expected = f"at most {limits.streams} open at once"
            raise LimitError("streams", expected, f"{self._num_open} open", _RETRY_S)
        allowance.num_open += 1
        self._num_open += 1
        try:
            yield allowance
        finally:
            allowance.num_open -= 1
            self._num_open -= 1
