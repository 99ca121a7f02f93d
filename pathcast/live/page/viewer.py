"""Viewer: one browser at the page, its wishes and what it is shown."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from pathcast.errors import PathcastError
from pathcast.live.page.library import Library, drawn_seed
from pathcast.live.page.pace import Pace
from pathcast.live.page.records import Record
from pathcast.live.page.show import Show, Source

MOST_WAITING = 256
"""Records that wait for a slow browser before it is let go: it comes back and begins anew."""
SLOW_S = 1.0
"""Without an answer, after which the page says that the server is waited for."""
MOST_WISH_CHARACTERS = 4096
WELL = 1000
TOO_SLOW, WRONG = 4001, 4002


class Viewer:
    """One websocket, and the show behind it."""

    def __init__(self, socket: WebSocket, library: Library, source: Source) -> None:
        """Args:
        socket: Accepted.
        library: What can be chosen.
        source: Where forecasts come from.
        """
        self._socket = socket
        self._library = library
        self._source = source
        self._records: asyncio.Queue[Record] = asyncio.Queue(MOST_WAITING)
        self._show: Show | None = None
        self._pace = Pace(time.monotonic)
        self._playing: asyncio.Task[None] | None = None
        self._speed = 1.0
        self._is_too_slow = False

    async def attend(self) -> None:
        """Shows until the browser leaves."""
        self._put(
            {
                "kind": "programme",
                "server": self._source.address,
                "entries": self._library.records(),
                "takesUploads": self._library.takes_uploads,
            }
        )
        tasks = [asyncio.create_task(each) for each in (self._listen(), self._tell(), self._watch())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._stop()
            with suppress(RuntimeError, WebSocketDisconnect):
                await self._socket.close(TOO_SLOW if self._is_too_slow else WELL)

    async def _listen(self) -> None:
        """Does what the browser wishes, until it leaves or wishes what there is not."""
        while True:
            try:
                text = await self._socket.receive_text()
            except (WebSocketDisconnect, KeyError):
                return
            try:
                wish = read_wish(text)
            except ValueError as error:
                self._put({"kind": "failed", "words": str(error)})
                continue
            await self._do(wish)

    async def _do(self, wish: dict[str, Any]) -> None:
        match wish["do"]:
            case "start":
                await self._start(wish["key"], wish.get("seed"))
            case "pause":
                self._pace.pause()
            case "play":
                self._pace.play()
            case "speed":
                self._speed = wish["value"]
                self._pace.set_speed(self._speed)
            case "next" if self._show is not None:
                self._show.skip()

    async def _start(self, key: str, seed: int | None) -> None:
        await self._stop()
        try:
            entry = self._library.entry(key)
        except PathcastError as error:
            self._put({"kind": "failed", "words": str(error)})
            return
        seed = drawn_seed() if seed is None else seed
        self._pace = Pace(time.monotonic)
        self._pace.set_speed(self._speed)
        loop = asyncio.get_running_loop()

        def emit(record: Record) -> None:
            with suppress(RuntimeError):  # the loop ends before its threads
                loop.call_soon_threadsafe(self._put, record)

        self._show = show = Show(self._source, self._pace, emit)
        self._put({"kind": "started", "key": key, "seed": seed})
        self._playing = asyncio.create_task(self._play(lambda: show.play(entry.scenes(seed)), self._pace))

    async def _play(self, play: Callable[[], None], pace: Pace) -> None:
        try:
            await asyncio.to_thread(play)
        except PathcastError as error:
            self._put({"kind": "failed", "words": str(error)})
        else:
            if not pace.is_over:
                self._put({"kind": "over"})

    async def _stop(self) -> None:
        """Ends the show and waits for its end."""
        if self._show is not None and self._playing is not None:
            self._show.stop()
            await self._playing
            self._show = self._playing = None

    async def _watch(self) -> None:
        """Says so when the server lets the show wait."""
        told_at: float | None = None
        while True:
            await asyncio.sleep(0.25)
            asked_at = None if self._show is None else self._show.asked_at
            if asked_at is not None and asked_at != told_at and time.monotonic() - asked_at > SLOW_S:
                told_at = asked_at
                self._put({"kind": "waiting", "address": self._source.address})

    async def _tell(self) -> None:
        """Sends what there is to show, until the browser leaves or does not keep up."""
        while not self._is_too_slow:
            record = await self._records.get()
            try:
                await self._socket.send_text(json.dumps(record, separators=(",", ":")))
            except (WebSocketDisconnect, RuntimeError):
                return

    def _put(self, record: Record) -> None:
        try:
            self._records.put_nowait(record)
        except asyncio.QueueFull:
            self._is_too_slow = True


def read_wish(text: str) -> dict[str, Any]:
    """What a browser wishes: {"do": "start", "key", "seed"}, {"do": "speed", "value"}, or to pause, play, or the next.

    Raises:
        ValueError: It is something else; the message says what.
    """
    if len(text) > MOST_WISH_CHARACTERS:
        raise ValueError(f"expected at most {MOST_WISH_CHARACTERS} characters, found {len(text)}")
    try:
        wish = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("expected JSON, found something else") from None
    if not isinstance(wish, dict):
        raise ValueError("expected an object, found something else")
    match wish:
        case {"do": "pause" | "play" | "next"}:
            return wish
        case {"do": "start", "key": str()}:
            seed = wish.get("seed")
            if seed is not None and (type(seed) is not int or not 0 <= seed < 2**63):
                raise ValueError("expected a seed from 0 to 2**63 - 1, found something else")
            return wish
        case {"do": "speed", "value": int() | float() as value} if type(value) is not bool and 0 < value < 1e6:
            return wish
    raise ValueError("expected start with a key, pause, play, next, or speed with a value, found something else")
