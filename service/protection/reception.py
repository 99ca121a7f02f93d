"""Reception: from a call to its client's allowance."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from pathcast.service.limits import Limits
from pathcast.service.protection.gate import Gate
from pathcast.service.protection.identity import Identity, identify
from pathcast.service.protection.quotas import Allowance, Quotas


class Reception:
    """Knows whose each call is."""

    def __init__(
        self,
        limits: Limits,
        clock: Callable[[], float],
        gate: Gate | None = None,
        count: Callable[[str], None] = lambda _quota: None,
    ) -> None:
        """Args:
        limits: How much each client may ask for.
        clock: Seconds, monotonic.
        gate: What asked the call for a token, if anything did.
        count: Told which quota refused somebody.
        """
        self._gate = gate
        self._quotas = Quotas(limits, clock, count)

    def allowance(self, context: Any) -> Allowance:
        """What the client of a call has left.

        Raises:
            AccessError: Its token was taken back just now.
        """
        return self._quotas.of(self._identify(context))

    def opened(self, context: Any) -> AbstractContextManager[Allowance]:
        """The same, for a call that is counted as open while the block lasts.

        Raises:
            AccessError: As above.
            LimitError: On entering: too many are open.
        """
        return self._quotas.opened(self._identify(context))

    def is_welcome(self, identity: Identity) -> bool:
        """Whether a client may still go on."""
        return self._gate is None or identity.kind != "token" or self._gate.knows(identity.name)

    def _identify(self, context: Any) -> Identity:
        return identify(context, None if self._gate is None else self._gate.name_of(context.invocation_metadata()))
