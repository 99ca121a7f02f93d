"""Reloading: bundles taken in and taken out while the server answers, from directories that are watched.

A new version is loaded and made to forecast in a thread of its own before anybody can open it. What fails is refused
with the reason, in the log and as a metric, and nothing else changes. A version is what its `config.json` says, which
holds the hashes of all its graphs: once it was served, files of the same version that say otherwise are refused, so
that scores, snapshots and clients never mean two things by one version. Open streams keep the engine they have.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from pathcast.errors import BundleError
from pathcast.model.bundle.config import CONFIG
from pathcast.model.bundle.engine import load_bundle
from pathcast.model.engine import Engine
from pathcast.model.library import Library
from pathcast.model.shelf import Place, Shelf
from pathcast.service.telemetry.metrics import Metrics
from pathcast.service.warming import verify


class Reloader:
    """Keeps a library as some directories are."""

    def __init__(
        self, library: Library, shelves: Sequence[Shelf], metrics: Metrics, clock: Callable[[], float]
    ) -> None:
        """Args:
        library: What is served.
        shelves: The directories.
        metrics: Where models are announced.
        clock: Seconds, monotonic.
        """
        self._library = library
        self._shelves = shelves
        self._metrics = metrics
        self._clock = clock
        self._digests: dict[tuple[str, str], str] = {}
        """Of the `config.json` of every version that was ever served from here."""
        self._places: dict[tuple[str, str], Place] = {}
        """Where the versions that are served stand."""
        self._refused: set[Place] = set()
        self._log: Any = structlog.get_logger()

    async def look(self, is_first: bool = False) -> None:
        """Takes in and takes out what has changed and settled since the last look; at first, whatever is there."""
        for shelf in self._shelves:
            for place in shelf.look(self._clock(), is_first):
                self._refused.discard(place)
                if place.exists():
                    await self._judge(shelf, place)
                else:
                    self._take_out(place)
        self._metrics.show_refused_bundles(len(self._refused))

    async def _judge(self, shelf: Shelf, place: Place) -> None:
        """Takes a version in, or refuses it."""
        try:
            engine, digest = await asyncio.to_thread(_load, place)
            if not shelf.confirm(place):
                return  # it was changed while it was read
            self._compare(place, digest)
        except BundleError as error:
            self._refused.add(place)
            self._log.error("bundle_refused", model=place.name, version=place.version, reason=str(error))
            return
        key = place.name, place.version
        if self._places.get(key) != place:
            self._digests[key], self._places[key] = digest, place
            self._library.put(engine)
            self._metrics.announce([engine.card])
            self._log.info("bundle_served", model=place.name, version=place.version)

    def _compare(self, place: Place, digest: str) -> None:
        """Holds a version against what is or was served under its name.

        Raises:
            BundleError: It is another one.
        """
        key = place.name, place.version
        if self._digests.get(key, digest) != digest:
            raise BundleError(
                f"{place.folder}: expected the content that this version had when it was first served, found another "
                f"one: give it a version of its own"
            )
        if self._library.holds(*key) and self._places.get(key) != place:
            raise BundleError(f"{place.folder}: expected each name and version once, found it served from elsewhere")

    def _take_out(self, place: Place) -> None:
        """Ends a version for those who ask from now on."""
        key = place.name, place.version
        if self._places.get(key) == place:
            del self._places[key]
            card = self._library.get(*key).card
            self._library.remove(*key)
            self._metrics.withdraw(card)
            self._log.info("bundle_withdrawn", model=place.name, version=place.version)


def _load(place: Place) -> tuple[Engine, str]:
    """A bundle that forecasts, and the hash of its config.

    Raises:
        BundleError: It is none, is not what its folder says, or does not forecast.
    """
    try:
        engine = load_bundle(place.folder)
        digest = hashlib.sha256((place.folder / CONFIG).read_bytes()).hexdigest()
    except BundleError:
        raise
    except Exception as error:  # of the runtime, that a graph is none; or of the disk
        raise BundleError(f"{place.folder}: {type(error).__name__}: {error}") from error
    name, version = engine.card.name, engine.card.version
    if (name, version) != (place.name, place.version):
        raise BundleError(f"{place.folder}: expected {place.name} {place.version}, found {name} {version}")
    verify(engine)
    return engine, digest
