"""Front ends: what stands between observations and the network, without torch.

A front end keeps a causal filter of each track (a row of numbers), turns observations into the encoder's inputs, and
gives the decoder its base path, its unit of length and its heading. The same compiled code runs in training and in
service, so what the network sees is the same in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int

from pathcast.model.contacts import Contacts
from pathcast.model.given import Given
from pathcast.model.others import Others


@dataclass(frozen=True, eq=False)
class Base:
    """What the decoder's output is relative to: position = path + unit x rotation(heading) x output."""

    path: Float[np.ndarray, "track time axis"]
    """Metres, the base path. float64."""
    unit: Float[np.ndarray, "track time"]
    """Metres per unit of output. float64."""
    knots: Float[np.ndarray, "track time input"]
    """The decoder's inputs at these offsets. float32."""
    partings: Float[np.ndarray, " track"] | None = None
    """How near each path comes to where its way would part, 1 where it is there; None where nobody asks."""


@dataclass(frozen=True, eq=False)
class Branches:
    """The ways that tracks may go where theirs part."""

    is_parted: Bool[np.ndarray, " track"]
    """What stands in the rows of others is not said."""
    probabilities: Float[np.ndarray, "track branch"]
    means: Float[np.ndarray, "track branch time axis"]
    """m."""
    covariances: Float[np.ndarray, "track branch time entry"]
    """m2, packed as those of forecasts."""


@runtime_checkable
class FrontEnd(Protocol):
    """One kind of filter with its inputs to the network. All functions are pure."""

    name: str
    num_axes: int
    filter_size: int
    """Columns of a filter row, `COUNT` and `TIME` first."""
    num_inputs: int
    """Inputs of the encoder at each step."""
    num_head_inputs: int
    """Inputs of the decoder beside the encoder's state."""
    num_knot_inputs: int
    """Inputs of the decoder at each knot."""
    num_neighbour_inputs: int
    """Inputs of each of the people around; 0 where nobody is looked at."""
    num_goal_inputs: int
    """Inputs of each named goal; 0 where goals are not looked at."""
    max_pending: int
    """Most steps that `pending` gives."""
    num_estimated: int
    """Numbers by which the network moves a filter's mean before a forecast (`EstimatingFrontEnd`); 0: it does not."""
    outcome_names: tuple[str, ...]
    """What `outcome_probabilities` are of; empty where there are none."""
    spread_inputs: int | None
    """Where, among the knot inputs, the base's own spread stands; None where it has none."""

    def absorb(
        self,
        filters: Float[np.ndarray, "track column"],
        times: Float[np.ndarray, "track time"],
        positions: Float[np.ndarray, "track time axis"],
        lengths: Int[np.ndarray, " track"],
    ) -> tuple[Float[np.ndarray, "track time input"], Int[np.ndarray, " track"]]:
        """Takes in `lengths` more observations of each track.

        Args:
            filters: Changed in place. float64.
            times: Seconds, increasing, later than the track's newest.
            positions: Metres. float32.
            lengths: Observations of each track; what stands beyond is not read.

        Returns:
            The encoder's steps that became due, from the first place of each row on, float32, and their numbers.
        """

    def pending(
        self, filters: Float[np.ndarray, "track column"]
    ) -> tuple[Float[np.ndarray, "track column"], Float[np.ndarray, "track step input"], Int[np.ndarray, " track"]]:
        """Steps that a forecast needs but the carried state must not hold yet.

        Returns:
            Filters as they are after them, the steps, and their numbers.
        """

    def places(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, "track axis"]:
        """Where tracks that have been seen are taken to be at their newest observation, metres. float64."""

    def head(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, "track input"]:
        """The decoder's inputs beside the encoder's state. float32."""

    def begin(self, num_tracks: int, given: Given) -> Float[np.ndarray, "track column"]:
        """Filters of tracks that have not been seen."""

    def look_around(
        self, filters: Float[np.ndarray, "track column"], others: Others, most: int
    ) -> tuple[Float[np.ndarray, "track neighbour feature"], Float[np.ndarray, "track neighbour"]]:
        """The nearest people around each track, at most `most` of them.

        Args:
            filters: As `pending` gives them.
            others: Everybody who is there; their filters as they were before `pending`.
            most: Neighbours per track; where there are fewer, inputs are 0.

        Returns:
            Inputs of each neighbour, and 1 where there is one, 0 where not. float32.
        """

    def find_nearest(
        self, filters: Float[np.ndarray, "track column"], others: Others, most: int
    ) -> Int[np.ndarray, "track neighbour"]:
        """The people that `look_around` looks at, as places in `others.scene`; -1 where there are fewer."""

    def look_at_goals(
        self, filters: Float[np.ndarray, "track column"], goals: Float[np.ndarray, "track goal 4"]
    ) -> Float[np.ndarray, "track goal feature"]:
        """Candidate destinations as each track sees them.

        Args:
            filters: As `pending` gives them.
            goals: Two ends of each of the track's own goals, x0 y0 x1 y1 in metres; a point has both equal.

        Returns:
            Inputs of each goal. float32.
        """

    def heading(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, "track two"]:
        """Cosine and sine of each track's heading. float64."""

    def base(self, filters: Float[np.ndarray, "track column"], offsets: Float[np.ndarray, "track time"]) -> Base:
        """The base path at offsets in seconds after each track's newest observation, increasing."""

    def trace(
        self,
        times: Float[np.ndarray, "track time"],
        positions: Float[np.ndarray, "track time axis"],
        ends: Int[np.ndarray, "track end"],
    ) -> tuple[Float[np.ndarray, "track time input"], Float[np.ndarray, "track end column"]]:
        """For training: a step for every observation, and the filters as a forecast after each end would see them.

        Args:
            times: Seconds, increasing, far enough apart that each observation is a step.
            positions: Metres. float32.
            ends: Indices of observations, rising along each track.
        """


@runtime_checkable
class EstimatingFrontEnd(FrontEnd, Protocol):
    """A front end whose base path starts from what the network makes of the filter, within the filter's covariance."""

    def estimate(
        self, filters: Float[np.ndarray, "track column"], shifts: Float[np.ndarray, "track quantity"]
    ) -> Float[np.ndarray, "track column"]:
        """Filters whose means are moved by whitened numbers: mean + L shift.

        L is a factor of the covariance in the track's heading, so that nothing depends on where the world's axes point.
        """

    def trace(
        self,
        times: Float[np.ndarray, "track time"],
        positions: Float[np.ndarray, "track time axis"],
        ends: Int[np.ndarray, "track end"],
        starts: Float[np.ndarray, "track column"] | None = None,
    ) -> tuple[Float[np.ndarray, "track time input"], Float[np.ndarray, "track end column"]]:
        """As of `FrontEnd`; `starts` are filters before the first observation, by default those of `begin`."""

    def base_with_changes(
        self, filters: Float[np.ndarray, "track column"], offsets: Float[np.ndarray, "track time"]
    ) -> tuple[Base, Float[np.ndarray, "track time axis quantity"]]:
        """The base, and how it changes, in the track's frame and units, with those numbers. float32."""

    def base_between(
        self,
        filters: Float[np.ndarray, "track column"],
        offsets: Float[np.ndarray, "track time"],
        knots: Float[np.ndarray, " knot"],
        at_knots: Base,
    ) -> Base:
        """The base at other offsets than the knots, where it is `at_knots`; it has no knot inputs."""

    def branches(
        self, filters: Float[np.ndarray, "track column"], offsets: Float[np.ndarray, "track time"], num: int
    ) -> Branches:
        """At most `num` ways of each track whose mean is estimated, from sample flights."""

    def num_steps(self, filters: Float[np.ndarray, "*row column"]) -> Int[np.ndarray, "*row"]:
        """Steps of the encoder so far, at least one after the first observation."""

    def group_of(
        self,
        filters: Float[np.ndarray, "track column"],
        seen_s: Float[np.ndarray, " edge"],
        noise: Float[np.ndarray, " level"],
    ) -> Int[np.ndarray, " track"]:
        """Each track's group of calibration: seconds for which it was seen, and noise that was found or told."""

    def surprise(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, " track"]:
        """-log10 of the probability of an innovation at least as far as each newest one."""

    def is_suspect(self, filters: Float[np.ndarray, "track column"]) -> Bool[np.ndarray, " track"]:
        """Whether each track's newest observations do not fit what it is taken for."""

    def shots(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, "track input"]:
        """What the outcome head reads of tracks whose means are estimated. float32."""

    def outcome_probabilities(self, classes: Float[np.ndarray, "track class"]) -> Float[np.ndarray, "track outcome"]:
        """Probabilities of `outcome_names` from those of the outcome head's classes. float32."""

    def contacts(self, filters: Float[np.ndarray, "track column"], horizons: Float[np.ndarray, " track"]) -> Contacts:
        """What tracks whose means are estimated will touch within some seconds each."""
