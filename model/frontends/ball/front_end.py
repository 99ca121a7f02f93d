"""The ball front end: what `FrontEnd` asks for, by the kernels of this folder."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from pathcast.model.contacts import Contacts
from pathcast.model.frontends import Base, Branches
from pathcast.model.frontends.ball import kernels
from pathcast.model.frontends.ball.branches import NUM_BRANCH_SAMPLES, write_branches
from pathcast.model.frontends.ball.columns import (
    CLOCK,
    FILTER_SIZE,
    HEADING,
    IS_LEVEL,
    IS_TOLD,
    LEVEL,
    MASS_KG,
    MEAN,
    NOISE,
    NUM_QUANTITIES,
    RADIUS_M,
    STEPS,
    SURPRISE,
    SUSPICION,
)
from pathcast.model.frontends.ball.contacts import gather_contacts
from pathcast.model.frontends.ball.estimated_flight import (
    NUM_KNOT_INPUTS,
    SPREAD_INPUTS,
    estimate,
    now_unit,
    write_base,
    write_path,
)
from pathcast.model.frontends.ball.flying import MOST_EVENTS, level_fixtures
from pathcast.model.frontends.ball.groups import group_of
from pathcast.model.frontends.ball.inputs import NUM_HEAD_INPUTS, NUM_INPUTS
from pathcast.model.frontends.ball.prior import NUM_SETTINGS
from pathcast.model.frontends.ball.samples import (
    NUM_CROSSING,
    NUM_EVENT_NUMBERS,
    NUM_SAMPLES,
    fly_samples,
    whitened_draws,
)
from pathcast.model.frontends.ball.shots import (
    NUM_SHOT_INPUTS,
    OUTCOME_NAMES,
    SHOT_HORIZON_S,
    probabilities_of,
    write_shots,
)
from pathcast.model.given import NOTHING_GIVEN, Given
from pathcast.model.others import Others
from pathcast.simulator.ball.parameters import NUM_FULL_PARAMETERS
from pathcast.simulator.ball.surfaces import fixtures_of
from pathcast.venue import Venue


@dataclass(frozen=True, kw_only=True)
class BallSettings:
    """What the filter takes for granted of a sport."""

    parameters: tuple[float, ...]
    """Full row of the nominal ball (`simulator.ball.parameters`); its floor is the level that it may bounce on."""
    radius_m: float
    mass_kg: float
    """Of the nominal ball."""
    noise_m: float
    """Standard deviation of an observed position along each axis, metres, where nobody tells it."""
    clock_s: float
    """Of capture times, seconds."""
    max_speed_mps: float
    """Standard deviation of each axis of the velocity before a second observation."""
    acceleration_density: float
    """Of the unmodelled acceleration's white noise, m²/s³."""
    lift_walk: float
    """Variance of the logarithm of the lift gained in a second."""
    hit_speed_share: float
    hit_spin_share: float
    """What a bounce leaves uncertain, as shares of speed and spin."""
    spin_mean: tuple[float, float, float]
    spin_deviation: tuple[float, float, float]
    """Along the heading, to its left and upward, rad/s."""
    coefficient_mean: tuple[float, ...]
    coefficient_deviation: tuple[float, ...]
    """Of ln drag and ln lift over the nominal ones, restitution, tangential restitution and friction."""
    untold_object: float = 0.0
    """Further deviation of ln drag and ln lift where nobody tells size and mass."""

    def numbers(self) -> Float[np.ndarray, " setting"]:
        """As the kernels want them."""
        numbers = np.array(
            [
                self.acceleration_density,
                self.max_speed_mps,
                self.lift_walk,
                self.hit_speed_share,
                self.hit_spin_share,
                *self.spin_mean,
                *self.coefficient_mean,
                *self.spin_deviation,
                *self.coefficient_deviation,
                self.untold_object,
            ]
        )
        if len(numbers) != NUM_SETTINGS or len(self.parameters) != NUM_FULL_PARAMETERS:
            raise ValueError(f"expected {NUM_SETTINGS} settings of a filter and {NUM_FULL_PARAMETERS} parameters")
        return numbers


LOST_M = 100.0
"""Unit of length of a flight that is lost."""


class BallFrontEnd:
    """Balls in three axes, in a venue or over a level floor."""

    name = "ball"
    num_axes = 3
    filter_size = FILTER_SIZE
    num_inputs = NUM_INPUTS
    num_head_inputs = NUM_HEAD_INPUTS
    num_knot_inputs = NUM_KNOT_INPUTS
    num_neighbour_inputs = 0
    num_goal_inputs = 0
    max_pending = 0
    num_estimated = NUM_QUANTITIES
    outcome_names: tuple[str, ...] = OUTCOME_NAMES
    spread_inputs: int | None = SPREAD_INPUTS

    def __init__(self, settings: BallSettings, venue: Venue | None) -> None:
        self.settings = settings
        self._nominal = np.array(settings.parameters, np.float64)
        self._reference = np.array([settings.radius_m, settings.mass_kg])
        self._numbers = settings.numbers()
        self._fixtures = np.ascontiguousarray(fixtures_of(venue))
        self._level = level_fixtures()
        self._landmark = _landmark(venue)
        self._draws, self._few_draws = whitened_draws(NUM_SAMPLES), whitened_draws(NUM_BRANCH_SAMPLES)
        self._ring = 0.0 if venue is None or venue.hoop is None else venue.hoop.radius

    def begin(self, num_tracks: int, given: Given) -> Float[np.ndarray, "track column"]:
        """Filters of tracks that have not been seen."""
        rows = np.zeros((num_tracks, FILTER_SIZE))
        noise = given.deviations(3)
        rows[:, NOISE : NOISE + 3] = self.settings.noise_m if noise is None else noise
        rows[:, CLOCK] = self.settings.clock_s if given.clock_s is None else given.clock_s
        rows[:, IS_TOLD] = noise is not None
        rows[:, RADIUS_M], rows[:, MASS_KG] = given.radius_m or 0.0, given.mass_kg or 0.0
        if given.level_m is not None:
            rows[:, IS_LEVEL], rows[:, LEVEL] = 1.0, given.level_m
        return rows

    def absorb(
        self,
        filters: Float[np.ndarray, "track column"],
        times: Float[np.ndarray, "track time"],
        positions: Float[np.ndarray, "track time axis"],
        lengths: Int[np.ndarray, " track"],
    ) -> tuple[Float[np.ndarray, "track time input"], Int[np.ndarray, " track"]]:
        steps = np.zeros((*times.shape, NUM_INPUTS), np.float32)
        ends, kept = np.empty((len(filters), 0), np.int64), np.empty((len(filters), 0, FILTER_SIZE))
        counts = np.zeros(len(filters), np.int64)
        seen = _owned(times), _owned(positions, np.float32), _owned(lengths, np.int64)
        kernels.absorb(filters, *self._physics(), *seen, steps, counts, ends, kept)
        return steps, counts

    def _physics(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        return self._nominal, self._reference, self._numbers, self._fixtures, self._level

    def pending(
        self, filters: Float[np.ndarray, "track column"]
    ) -> tuple[Float[np.ndarray, "track column"], Float[np.ndarray, "track step input"], Int[np.ndarray, " track"]]:
        return filters, np.zeros((len(filters), 0, NUM_INPUTS), np.float32), np.zeros(len(filters), np.int64)

    def places(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, "track axis"]:
        return filters[:, MEAN : MEAN + 3]

    def head(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, "track input"]:
        head = np.zeros((len(filters), NUM_HEAD_INPUTS), np.float32)
        kernels.heads(np.ascontiguousarray(filters), *self._physics(), self._landmark, head)
        return head

    def estimate(
        self, filters: Float[np.ndarray, "track column"], shifts: Float[np.ndarray, "track quantity"]
    ) -> Float[np.ndarray, "track column"]:
        """Filters whose means are moved within their own covariance by whitened numbers."""
        moved = np.array(filters, np.float64)
        estimate(moved, np.ascontiguousarray(shifts, np.float64))
        return moved

    def look_around(
        self, filters: Float[np.ndarray, "track column"], others: Others, most: int
    ) -> tuple[Float[np.ndarray, "track neighbour feature"], Float[np.ndarray, "track neighbour"]]:
        return np.zeros((len(filters), most, 0), np.float32), np.zeros((len(filters), most), np.float32)

    def find_nearest(
        self, filters: Float[np.ndarray, "track column"], others: Others, most: int
    ) -> Int[np.ndarray, "track neighbour"]:
        return np.full((len(filters), most), -1)

    def look_at_goals(
        self, filters: Float[np.ndarray, "track column"], goals: Float[np.ndarray, "track goal 4"]
    ) -> Float[np.ndarray, "track goal feature"]:
        return np.zeros((*goals.shape[:2], 0), np.float32)

    def heading(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, "track two"]:
        return filters[:, HEADING : HEADING + 2]

    def base(self, filters: Float[np.ndarray, "track column"], offsets: Float[np.ndarray, "track time"]) -> Base:
        return self._fly(filters, offsets, np.empty((0, 0, 3, NUM_QUANTITIES), np.float32))

    def base_with_changes(
        self, filters: Float[np.ndarray, "track column"], offsets: Float[np.ndarray, "track time"]
    ) -> tuple[Base, Float[np.ndarray, "track time axis quantity"]]:
        """The base, and how it changes, in the heading and units, with the whitened numbers of `estimate`. float32."""
        changes = np.empty((*offsets.shape, 3, NUM_QUANTITIES), np.float32)
        return self._fly(filters, offsets, changes), changes

    def base_between(
        self,
        filters: Float[np.ndarray, "track column"],
        offsets: Float[np.ndarray, "track time"],
        knots: Float[np.ndarray, " knot"],
        at_knots: Base,
    ) -> Base:
        """The base at other offsets than the knots: its path flown anew, its unit between those at the knots."""
        path, times = np.empty((*offsets.shape, 3)), _owned(offsets)
        rows = np.ascontiguousarray(filters)
        write_path(rows, *self._places(), times, path)
        unit = np.concatenate([now_unit(rows)[:, None], at_knots.unit], axis=1)
        place = np.interp(offsets, np.concatenate([[0.0], knots]), np.arange(len(knots) + 1.0))
        low = np.minimum(place.astype(np.int64), len(knots) - 1)
        before, after = np.take_along_axis(unit, low, axis=1), np.take_along_axis(unit, low + 1, axis=1)
        share = place - low
        _keep_lost(filters, path, before)
        return Base(path, before ** (1 - share) * after**share, np.zeros((*offsets.shape, 0), np.float32))

    def _fly(
        self, filters: Float[np.ndarray, "track column"], offsets: Float[np.ndarray, "track time"], changes: np.ndarray
    ) -> Base:
        shape = offsets.shape
        path, unit = np.empty((*shape, 3)), np.empty(shape)
        knots = np.empty((*shape, NUM_KNOT_INPUTS), np.float32)
        times = _owned(offsets)
        partings = np.empty(len(filters))
        write_base(np.ascontiguousarray(filters), *self._places(), times, path, unit, knots, changes, partings)
        _keep_lost(filters, path, unit)
        if not np.isfinite(knots).all():
            np.nan_to_num(knots, copy=False)
        return Base(path, unit, knots, partings)

    def _places(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        return self._nominal, self._reference, self._fixtures, self._level

    def branches(
        self, filters: Float[np.ndarray, "track column"], offsets: Float[np.ndarray, "track time"], num: int
    ) -> Branches:
        shape = (len(filters), num)
        is_parted = np.zeros(len(filters), np.bool_)
        probabilities = np.zeros(shape)
        means, covariances = np.zeros((*shape, offsets.shape[1], 3)), np.zeros((*shape, offsets.shape[1], 6))
        if len(filters):
            rows = np.ascontiguousarray(filters)
            made = is_parted, probabilities, means, covariances
            write_branches(rows, *self._places(), self._few_draws, _owned(offsets), *made)
        return Branches(is_parted, probabilities, means, covariances)

    def trace(
        self,
        times: Float[np.ndarray, "track time"],
        positions: Float[np.ndarray, "track time axis"],
        ends: Int[np.ndarray, "track end"],
        starts: Float[np.ndarray, "track column"] | None = None,
    ) -> tuple[Float[np.ndarray, "track time input"], Float[np.ndarray, "track end column"]]:
        """As of `FrontEnd`; `starts` are filters before the first observation, by default those of `begin`."""
        steps = np.zeros((*times.shape, NUM_INPUTS), np.float32)
        kept = np.zeros((*ends.shape, FILTER_SIZE))
        filters = self.begin(len(times), NOTHING_GIVEN) if starts is None else np.array(starts, np.float64)
        ends = _owned(ends, np.int64)
        kernels.absorb(
            filters,
            *self._physics(),
            _owned(times),
            _owned(positions, np.float32),
            np.ascontiguousarray(ends[:, -1] + 1),
            steps,
            np.zeros(len(filters), np.int64),
            ends,
            kept,
        )
        return steps, kept

    def sample(
        self, filters: Float[np.ndarray, "track column"], horizons: Float[np.ndarray, " track"]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Sample flights of each track: outcomes, crossings, kinds and events as of `samples.fly_samples`."""
        shape = (len(filters), len(self._draws))
        outcomes, crossings = np.empty(shape, np.int8), np.empty((*shape, NUM_CROSSING))
        kinds, events = np.empty((*shape, MOST_EVENTS), np.int8), np.zeros((*shape, MOST_EVENTS, NUM_EVENT_NUMBERS))
        if len(filters):
            fly_samples(
                np.ascontiguousarray(filters),
                *self._places(),
                self._draws,
                _owned(horizons),
                self._ring,
                outcomes,
                crossings,
                kinds,
                events,
            )
        return outcomes, crossings, kinds, events

    def shots(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, "track input"]:
        """What the outcome head reads of tracks whose means are estimated. float32."""
        outcomes, crossings, _, _ = self.sample(filters, np.full(len(filters), SHOT_HORIZON_S))
        inputs = np.zeros((len(filters), NUM_SHOT_INPUTS), np.float32)
        write_shots(np.ascontiguousarray(filters), self._landmark, outcomes, crossings, inputs)
        return inputs

    def outcome_probabilities(self, classes: Float[np.ndarray, "track class"]) -> Float[np.ndarray, "track outcome"]:
        return probabilities_of(classes)

    def contacts(self, filters: Float[np.ndarray, "track column"], horizons: Float[np.ndarray, " track"]) -> Contacts:
        """What tracks whose means are estimated will touch within some seconds each."""
        _, _, kinds, events = self.sample(filters, horizons)
        return gather_contacts(kinds, events)

    def num_steps(self, filters: Float[np.ndarray, "*row column"]) -> Int[np.ndarray, "*row"]:
        """Steps of the encoder so far, of which there is one at the first observation."""
        return np.asarray(filters[..., STEPS], np.int64)

    def group_of(
        self,
        filters: Float[np.ndarray, "track column"],
        seen_s: Float[np.ndarray, " edge"],
        noise: Float[np.ndarray, " level"],
    ) -> Int[np.ndarray, " track"]:
        return group_of(filters, seen_s, noise)

    def surprise(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, " track"]:
        """-log10 of the probability of an innovation at least as far as each newest one."""
        return filters[:, SURPRISE].copy()

    def is_suspect(self, filters: Float[np.ndarray, "track column"]) -> Bool[np.ndarray, " track"]:
        """Whether each track's newest observations do not fit a ball in flight."""
        return filters[:, SUSPICION] > 0.0


def _keep_lost(
    filters: Float[np.ndarray, "track column"],
    path: Float[np.ndarray, "track time 3"],
    unit: Float[np.ndarray, "track time"],
) -> None:
    """Lets flights that came to no finite end stay where they began, not known to any use, in place."""
    if not (np.isfinite(path).all() and np.isfinite(unit).all()):
        lost = ~(np.isfinite(path).all(axis=(1, 2)) & np.isfinite(unit).all(axis=1))
        path[lost], unit[lost] = filters[lost, None, MEAN : MEAN + 3], LOST_M


def _owned(array: np.ndarray, kind: type = np.float64) -> np.ndarray:
    """The array as kernels want it: they would be compiled once more for one that cannot be written to."""
    if array.dtype == kind and array.flags.carray:
        return array
    return np.require(array, kind, ["C", "W"])


def _landmark(venue: Venue | None) -> Float[np.ndarray, " 6"]:
    """What shots or strokes aim at: whether there is one, its place, and cosine and sine of its direction."""
    if venue is not None and venue.hoop is not None:
        x, y, z = venue.hoop.centre
        yaw = 0.0 if venue.board is None else venue.board.yaw
        return np.array([1.0, x, y, z, math.cos(yaw), math.sin(yaw)])
    if venue is not None and venue.table is not None:
        x, y, z = venue.table.centre
        return np.array(
            [1.0, x, y, z + 0.5 * venue.table.size[2], math.cos(venue.table.yaw), math.sin(venue.table.yaw)]
        )
    return np.zeros(6)
