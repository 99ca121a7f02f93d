"""Bell: wakes the one task that waits for something to change."""

from __future__ import annotations

import asyncio


class Bell:
    """Rung for one task at most; nothing is remembered where none waits, so that ringing costs next to nothing."""

    def __init__(self) -> None:
        self._waiting: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Wakes whoever waits."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    async def wait(self) -> None:
        """Returns at the next ring."""
        self._waiting = asyncio.get_running_loop().create_future()
        await self._waiting
