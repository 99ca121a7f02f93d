"""Recording: what streams saw and were told, on disk, only where the server was asked to.

Every stream gets two files of its own: `NAME.observations.ndjson`, which `pathcast watch -` reads again, and
`NAME.forecasts.ndjson`, whose first line says which model answered, and what it was given of sensor and object. Where
goals or regions are named, a line says which they are, before the forecasts that tell of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pathcast.errors import InputError
from pathcast.model.goals import Goals
from pathcast.model.regions import Regions
from pathcast.service.lines import forecast_line, observation_line
from pathcast.service.messages import Forecasts, Frame, Prefix, Settings


class Recorder:
    """Makes the recordings of a server."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        """Args:
        folder: Where the files go; made if it is not there.
        now: The wall clock, for the files' names.

        Raises:
            InputError: The folder cannot be made.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError("--record", "a folder that can be written", f"{folder} ({error.strerror})") from error
        self._folder = folder
        self._now = now
        self._count = 0

    def open(self, settings: Settings) -> Recording:
        """The recording of a new stream."""
        self._count += 1
        return Recording(self._folder / f"{self._now():%Y%m%dT%H%M%S}-{self._count:06d}", settings)


class Recording:
    """One stream's two files."""

    def __init__(self, stem: Path, settings: Settings) -> None:
        self._settings = settings
        self._observations = stem.with_name(f"{stem.name}.observations.ndjson").open("x")
        self._forecasts = stem.with_name(f"{stem.name}.forecasts.ndjson").open("x")
        card = settings.card
        header: dict[str, Any] = {"model": card.name, "version": card.version, "axes": card.num_axes}
        header["origin"] = settings.origin
        header |= {name: value for name, value in asdict(settings.given).items() if value is not None}
        print(json.dumps(header), file=self._forecasts, flush=True)
        self._region_names: tuple[str, ...] = ()
        self.name(settings.goals if len(settings.goals) else None, settings.regions if len(settings.regions) else None)

    def name(self, goals: Goals | None, regions: Regions | None) -> None:
        """Writes which goals and regions hold from here on, of those that change.

        {"goals": [{"name", "ends": [[x, y], [x, y]]}]} and {"regions": [{"name", "corners": [[x, y], ...]}]}, metres.
        """
        origin = np.array(self._settings.origin[:2])
        if goals is not None:
            ends = goals.ends.reshape(-1, 2, 2) + origin
            named = [{"name": name, "ends": place} for name, place in zip(goals.names, ends.tolist(), strict=True)]
            print(json.dumps({"goals": named}), file=self._forecasts, flush=True)
        if regions is not None:
            self._region_names = regions.names
            places = [(corners + origin).tolist() for corners in regions.each()]
            named = [{"name": name, "corners": place} for name, place in zip(regions.names, places, strict=True)]
            print(json.dumps({"regions": named}), file=self._forecasts, flush=True)

    def observe(self, frame: Frame) -> None:
        """Writes what came in."""
        print(observation_line(frame, self._settings.origin), file=self._observations, flush=True)

    def replay(self, prefixes: list[Prefix]) -> None:
        """Writes whole prefixes, one frame per instant."""
        rows = sorted(
            (float(time), index, row)
            for index, prefix in enumerate(prefixes)
            for row, time in enumerate(prefix.times_s)
        )
        start = 0
        while start < len(rows):
            stop = start
            while stop < len(rows) and rows[stop][0] == rows[start][0]:
                stop += 1
            same = rows[start:stop]
            ids = [prefixes[index].track_id for _, index, _ in same]
            positions = np.array([prefixes[index].positions[row] for _, index, row in same])
            self.observe(Frame(0, rows[start][0], ids, positions))
            start = stop

    def answer(self, forecasts: Forecasts) -> None:
        """Writes what was computed, sent or not."""
        contacts = forecasts.contacts
        if contacts is not None:
            contacts = replace(contacts, position=contacts.position + np.array(self._settings.origin))
        placed = replace(
            forecasts,
            means=self._place(forecasts.means),
            points=self._place(forecasts.points),
            contacts=contacts,
        )
        offsets, names = tuple(self._settings.offsets.tolist()), self._settings.card.outcome_names
        line = forecast_line(placed, offsets, outcome_names=names, region_names=self._region_names)
        print(line, file=self._forecasts, flush=True)

    def _place(self, positions: NDArray[np.float32] | None) -> NDArray[np.float64] | None:
        """Metres in the client's world."""
        if positions is None:
            return None
        origin: NDArray[np.float64] = np.array(self._settings.origin[: positions.shape[-1]])
        return positions.astype(np.float64) + origin

    def close(self) -> None:
        self._observations.close()
        self._forecasts.close()
