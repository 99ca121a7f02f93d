"""Messages: what is said over a stream, as plain values with numpy arrays.

The codec turns them into the contract's messages and back; sessions, batcher, recording and client know only these.
Arrays are in the order track, mode, time, axis.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from jaxtyping import Float, Int, UInt64

from pathcast.model.contacts import Contacts
from pathcast.model.engine import Card
from pathcast.model.given import NOTHING_GIVEN, Given
from pathcast.model.goals import NO_GOALS, Goals
from pathcast.model.regions import MAX_REGIONS, NO_REGIONS, Regions
from pathcast.model.states import States
from pathcast.venue import Venue


class Status(IntEnum):
    """How a track stands; the numbers are those of `pathcast.v1.TrackStatus`."""

    UNSPECIFIED = 0
    WARMING_UP = 1
    FORECASTING = 2
    COASTING = 3
    BASELINE = 4
    SUSPECT = 5
    REJECTED = 6
    ENDED = 7


class Reason(IntEnum):
    """Why an observation was not used or a track ended; the numbers are those of `pathcast.v1.Reason`."""

    UNSPECIFIED = 0
    NOT_FINITE = 1
    OUT_OF_RANGE = 2
    NOT_NEWER = 3
    TIMED_OUT = 4
    ENDED_BY_CLIENT = 5
    TOO_MANY_TRACKS = 6


WORDS = {
    Reason.NOT_FINITE: "expected finite metres, found a coordinate that is not",
    Reason.OUT_OF_RANGE: "expected at most 8000 m from the origin on any axis, found more",
    Reason.NOT_NEWER: "expected a capture time after the track's newest, found one at or before it",
    Reason.TOO_MANY_TRACKS: "the stream holds as many tracks as it may",
}
"""Of reasons that an observation is not used."""


@dataclass(frozen=True)
class Remark:
    """What there is to say of a track beside, or instead of, a forecast."""

    track_id: int
    status: Status
    reason: Reason = Reason.UNSPECIFIED
    detail: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Settings:
    """What one stream asked for, checked, with defaults filled in."""

    card: Card
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Metres in the client's world; only told back."""
    offsets: Float[np.ndarray, " time"]
    """Seconds."""
    num_modes: int
    has_means: bool = True
    has_covariances: bool = True
    has_goals: bool = False
    has_regions: bool = False
    has_points: bool = False
    has_outcomes: bool = False
    has_contacts: bool = False
    has_surprise: bool = False
    given: Given = NOTHING_GIVEN
    """What the client knows of sensor and object."""
    goals: Goals = NO_GOALS
    """Those named at the opening."""
    regions: Regions = NO_REGIONS
    """Likewise."""
    most_regions: int = MAX_REGIONS
    """Those that may be named later, so that answers keep within their size."""
    forecast_every: int = 1
    latency_budget_s: float | None = None
    """Seconds that a frame may wait before its tracks are answered by a baseline; None: any time."""
    coast_s: float
    tracks_per_stream: int = 4096
    is_other_version: bool = False


@dataclass(frozen=True, eq=False)
class Frame:
    """What was seen at one instant."""

    frame_number: int
    capture_time_s: float
    track_ids: list[int]
    positions: Float[np.ndarray, "track axis"]
    """Metres from the stream's origin. float32."""


@dataclass(frozen=True, eq=False)
class Prefix:
    """One track's observations."""

    track_id: int
    times_s: Float[np.ndarray, " time"]
    """Seconds, increasing."""
    positions: Float[np.ndarray, "time axis"]
    """Metres from the stream's origin. float32."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot:
    """Tracks of a stream as they stood after a frame: all of them, or one part."""

    model: str
    version: str
    frame_number: int
    """The newest frame that it holds."""
    num_frames: int
    """Frames that the stream had taken in, from which those that are answered are counted."""
    num_tracks: int
    """Of all parts."""
    track_ids: UInt64[np.ndarray, " track"]
    """Of this part."""
    states: States
    """Likewise."""
    courses: Float[np.ndarray, "track column"] | None = None
    """Rows of `model.course`, where the stream's tracks are followed beside the model."""
    part: int = 0
    num_parts: int = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Replay:
    """What was seen earlier, in the order in which it is taken in."""

    snapshot: Snapshot | None = None
    prefixes: list[Prefix] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)


@dataclass(frozen=True)
class Refused:
    """A message that could not be used; the stream goes on without it."""

    code: int
    """A google.rpc.Code."""
    where: str
    expected: str
    found: str
    frame_number: int | None = None


@dataclass(frozen=True)
class GoingAway:
    """The server will stop: connect elsewhere."""

    within_s: float


@dataclass(eq=False)
class Forecasts:
    """The answer to one frame, or to a unary request (then numbers and times are 0)."""

    frame_number: int
    capture_time_s: float
    """Seconds: offsets count from here; in a unary answer from each track's own newest observation."""
    track_ids: UInt64[np.ndarray, " track"]
    statuses: Int[np.ndarray, " track"]
    """`Status` values."""
    probabilities: Float[np.ndarray, "track mode"]
    """Falling along modes."""
    means: Float[np.ndarray, "track mode time axis"] | None = None
    """Metres from the stream's origin at the server, in the client's world at the client; None: not asked for."""
    covariances: Float[np.ndarray, "track mode time triangle"] | None = None
    """m², packed upper triangles; None: not asked for."""
    goals: Float[np.ndarray, "track goal_or_none"] | None = None
    """Probabilities of the goals in the order in which they were named, then of none; None: there are none to tell."""
    regions: Float[np.ndarray, "track region time"] | None = None
    """Probabilities of having been inside each region, in the order in which they were named, up to each offset; None:
    there are none to tell."""
    entry_offsets_s: Float[np.ndarray, "track region"] | None = None
    """Expected seconds until each region's first entry, if there is one up to the last offset; that offset where none
    is possible. None as `regions`."""
    points: Float[np.ndarray, "track time axis"] | None = None
    """The one path of least expected displacement, metres as `means`; None: not asked for."""
    outcomes: Float[np.ndarray, "track outcome"] | None = None
    """Probabilities in the order of `Opened.outcome_names`, as of each track's newest observation; None: not sent."""
    contacts: Contacts | None = None
    """By track, then time; `Contacts.row` counts `track_ids`. Seconds after the frame's capture time; places are metres
    as `means`; None: not asked for."""
    surprises: Float[np.ndarray, " track"] | None = None
    """-log10 of the probability of an observation at least as far from what was expected as each track's newest;
    None: not sent."""
    remarks: list[Remark] = field(default_factory=list)
    queued_s: float = 0.0
    computing_s: float = 0.0
    frames_conflated: int = 0
    age_s: float | None = None
    """Seconds from capture to delivery by the client's own clock; None: it was not told which (`Client.stream`)."""


@dataclass(frozen=True)
class Model:
    """A model that can be opened."""

    name: str
    version: str
    summary: str
    axes: int
    horizon_s: float
    offsets_s: tuple[float, ...]
    num_modes: int
    coast_s: float
    warm_points: int
    venue: Venue | None
    uses_neighbours: bool
    takes_goals: bool = False
    """Whether it says which of named goals a track is heading for."""
    has_point: bool = False
    """Whether it gives one best path beside its modes."""
    outcome_names: tuple[str, ...] = ()
    """What may become of a track; empty: it does not say."""
    has_contacts: bool = False
    """Whether it foretells contacts."""
    has_surprise: bool = False
    """Whether it says how surprising observations are, and which tracks are suspect."""
    takes_noise: bool = False
    """Whether it takes the sensor's noise."""
    takes_object: bool = False
    """Whether it takes size and mass of what moves."""


@dataclass(frozen=True)
class Opened:
    """What a stream will be like."""

    model: Model
    limits: dict[str, float]
    """By the names of `pathcast.v1.Limits`."""
    offsets_s: tuple[float, ...]
    num_modes: int
    outputs: tuple[str, ...]
    """Some of "means", "covariances", "goals", "regions", "points", "outcomes", "contacts", "surprise"."""
    forecast_every: int
    coast_s: float
    origin: tuple[float, float, float]
    venue: Venue | None
    is_recording: bool
    is_other_version: bool
    outcome_names: tuple[str, ...] = ()
    """What the columns of `Forecasts.outcomes` are about; empty where it is not sent."""
