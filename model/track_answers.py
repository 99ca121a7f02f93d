"""Track answers: what is said of whole tracks, each as of its own newest observation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64

from pathcast.model.contacts import Contacts
from pathcast.model.entries import Entries
from pathcast.model.forecast import Forecast


@dataclass(frozen=True, eq=False)
class TrackForecasts:
    """Forecasts of tracks, each from its own newest observation on."""

    scene: Int[np.ndarray, " track"]
    track: UInt64[np.ndarray, " track"]
    origin_time: Float[np.ndarray, " track"]
    """Seconds: the newest observation, from which offsets count."""
    forecast: Forecast
    """Positions are metres in the frame of the tracks (the origin added back)."""


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
