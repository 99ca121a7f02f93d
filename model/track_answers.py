"""Track answers: what is said of whole tracks, each as of its own newest observation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64

from pathcast.model.contacts import Contacts
from pathcast.model.engine import Card
from pathcast.model.entries import Entries
from pathcast.model.forecast import Forecast
from pathcast.model.forecast_table import forecast_table


@dataclass(frozen=True, eq=False)
class TrackForecasts:
    """Forecasts of tracks, each from its own newest observation on."""

    scene: Int[np.ndarray, " track"]
    track: UInt64[np.ndarray, " track"]
    origin_time: Float[np.ndarray, " track"]
    """Seconds: the newest observation, from which offsets count."""
    forecast: Forecast
    """Positions are metres in the frame of the tracks (the origin added back)."""
    card: Card | None = None
    """Of the model."""
    scene_names: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))

    def to_arrow(self) -> Any:
        """A row for each track, its numbers in fixed-size lists (`pathcast.model.forecast_table`)."""
        return forecast_table(
            self.scene, self.track, self.origin_time, self.forecast, scene_names=self.scene_names, card=self.card
        )

    def to_pandas(self) -> Any:
        """The same as a pandas DataFrame, whose lists are arrays in one axis; needs pandas."""
        return self.to_arrow().to_pandas()


@dataclass(frozen=True, eq=False)
class TrackGoals:
    """Where tracks are heading."""

    scene: Int[np.ndarray, " track"]
    track: UInt64[np.ndarray, " track"]
    origin_time: Float[np.ndarray, " track"]
    """Seconds: the newest observation."""
    goal_names: tuple[str, ...]
    probabilities: Float[np.ndarray, "track goal_or_none"]
    """A column for each goal, and the last for none of them. Rows sum to 1."""


@dataclass(frozen=True, eq=False)
class TrackRegions:
    """Which regions tracks will step into, and when."""

    scene: Int[np.ndarray, " track"]
    track: UInt64[np.ndarray, " track"]
    origin_time: Float[np.ndarray, " track"]
    """Seconds: the newest observation, from which offsets count."""
    region_names: tuple[str, ...]
    offsets_s: tuple[float, ...]
    entries: Entries


@dataclass(frozen=True, eq=False)
class TrackOutcomes:
    """What may become of tracks."""

    scene: Int[np.ndarray, " track"]
    track: UInt64[np.ndarray, " track"]
    origin_time: Float[np.ndarray, " track"]
    """Seconds: the newest observation."""
    outcome_names: tuple[str, ...]
    probabilities: Float[np.ndarray, "track outcome"]
    """A column for each outcome; not all of them exclude one another."""


@dataclass(frozen=True, eq=False)
class TrackContacts:
    """What tracks will touch, within seconds of their newest observation."""

    scene: Int[np.ndarray, " track"]
    track: UInt64[np.ndarray, " track"]
    origin_time: Float[np.ndarray, " track"]
    """Seconds: the newest observation, from which offsets count."""
    contacts: Contacts
    """By track, then time; `Contacts.row` counts these tracks. Places are metres in the frame of the tracks."""


@dataclass(frozen=True, eq=False)
class TrackSurprises:
    """How surprising the tracks' newest observations were."""

    scene: Int[np.ndarray, " track"]
    track: UInt64[np.ndarray, " track"]
    origin_time: Float[np.ndarray, " track"]
    """Seconds: the newest observation."""
    surprise: Float[np.ndarray, " track"]
    """-log10 of the probability of one at least as far from what was expected."""
    is_suspect: Bool[np.ndarray, " track"]
    """Whether the observations do not fit what the track is taken for."""
