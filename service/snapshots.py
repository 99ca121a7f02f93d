"""Snapshots of a stream: when one is taken, and that it is sent without anybody waiting for it.

Taking one copies the stream's rows, after an answer, when nothing of the session is being computed. Its bytes are
made part by part as they are sent, and whatever else the stream has to say goes between the parts.
"""

from __future__ import annotations

from collections.abc import Callable

from pathcast.service.mailbox import Mailbox
from pathcast.service.session import Session
from pathcast.service.steps import Step


class Snapshots:
    """One stream's snapshots."""

    def __init__(self, session: Session, mailbox: Mailbox, every_s: float, clock: Callable[[], float]) -> None:
        """Args:
        session: Whose tracks are kept.
        mailbox: Where snapshots go.
        every_s: Seconds from one to the next at least; 0: there are none.
        clock: Seconds, monotonic.
        """
        self._session = session
        self._mailbox = mailbox
        self._every_s = every_s
        self._clock = clock
        self._next_s = clock() + every_s

    def hurry(self) -> None:
        """The next answer is followed by a snapshot: the server stops."""
        self._next_s = self._clock()

    def take(self, step: Step) -> None:
        """Takes a snapshot if it is time: after an answer, so that no remark waits, and once the last one is sent."""
        if step.asking is None or not self._every_s or self._mailbox.has_snapshot:
            return
        now = self._clock()
        if now >= self._next_s:
            self._next_s = now + self._every_s
            self._mailbox.put_snapshot(self._session.snapshot())
