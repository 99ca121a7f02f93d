"""Backoff: how long to wait before connecting again, and for which errors that is of any use."""

from __future__ import annotations

from random import Random

import grpc

UNMENDABLE = frozenset(
    {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.DATA_LOSS,
    }
)
"""Statuses that say the same however often one asks."""


def is_mendable(error: grpc.RpcError) -> bool:
    """Whether another attempt may end otherwise."""
    return not isinstance(error, grpc.Call | grpc.aio.AioRpcError) or error.code() not in UNMENDABLE


class Backoff:
    """Exponential backoff with full jitter: the n-th wait is uniform between 0 and first 2^n, up to a most.

    So clients that lost the same server spread evenly (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture
    Blog 2015).
    """

    def __init__(self, random: Random, first_s: float = 0.1, most_s: float = 5.0) -> None:
        """Args:
        random: Where the jitter comes from.
        first_s: Seconds, the longest first wait.
        most_s: Seconds, the longest of all.
        """
        self._random = random
        self._first_s = first_s
        self._most_s = most_s
        self._attempts = 0

    def next_s(self) -> float:
        """Seconds to wait before the next attempt."""
        longest = min(self._most_s, self._first_s * 2.0 ** min(self._attempts, 64))
        self._attempts += 1
        return self._random.uniform(0.0, longest)

    def reset(self) -> None:
        """All is well: the next wait is a first one."""
        self._attempts = 0
