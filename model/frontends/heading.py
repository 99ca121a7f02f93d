"""The heading front end: walkers seen in their own heading and speed.

Every input is a difference of positions, rotated into the track's heading and divided by its speed, so that inputs
depend neither on where the origin is nor on which way the axes point. Nothing looks ahead, so the filter is carried
from one observation to the next (docs/decisions/0004-streaming-encoder.md).

A step of the encoder joins two observations at least `MIN_STEP_S` apart: a fast camera's observations in between
replace one another as the newest, and only the newest is looked at when a forecast is asked for. The encoder's carried
state therefore always ends one step before the newest observation.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.frontends import Base
from pathcast.model.frontends.courses import NUM_COURSE_INPUTS, look_ahead
from pathcast.model.frontends.goals import NUM_GOAL_INPUTS, look_at_goals
from pathcast.model.frontends.neighbours import NUM_NEIGHBOUR_INPUTS, find_nearest, look_at
from pathcast.model.given import Given
from pathcast.model.others import Others

COUNT, TIME, X, Y = 0, 1, 2, 3  # the newest observation
WAIT_TIME, WAIT_X, WAIT_Y = 4, 5, 6  # the observation that will be the encoder's next step
STEPS, STEP_TIME, STEP_X, STEP_Y = 7, 8, 9, 10  # the encoder's last step
BACK_TIME, BACK_X, BACK_Y = 11, 12, 13  # the step before it
V, V1, V2 = 14, 16, 18  # velocities over the last three steps, two columns each
HEADING = 20  # cosine and sine
SCALE, SPEED = 22, 23
TRACE, WEIGHT = 24, 30  # three exponential traces of the velocity, and what they hold of the past
FILTER_SIZE = 33
NUM_INPUTS, NUM_HEAD_INPUTS, NUM_KNOT_INPUTS = 19, 15, 2

MIN_STEP_S = 0.2
NOMINAL_STEP_S = 0.4
STANDING_MPS = 0.3
"""Speed that is added in quadrature, so that someone who stands has a scale too."""
TRACE_SECONDS = (0.58, 1.39, 3.80)
"""Time constants of the traces: decays of 0.5, 0.75 and 0.9 in 0.4 s."""


def step(
    rows: Float[np.ndarray, "track column"], times: Float[np.ndarray, " track"], places: Float[np.ndarray, "track 2"]
) -> Float[np.ndarray, "track input"]:
    """One step of the encoder for each row: brings its step columns to the time and place, and gives the inputs.

    A track's first step has no velocity: its inputs are zero.
    """
    inputs = np.zeros((len(rows), NUM_INPUTS), np.float32)
    later = np.flatnonzero(rows[:, STEPS] > 0)
    if len(later) == len(rows):
        inputs = _moved(rows, times, places)
    elif len(later):
        moved = rows[later]
        inputs[later] = _moved(moved, times[later], places[later])
        rows[later] = moved
    if len(later) < len(rows):
        first = np.flatnonzero(rows[:, STEPS] == 0)
        rows[first, HEADING], rows[first, SCALE] = 1.0, STANDING_MPS
    rows[:, BACK_TIME : BACK_Y + 1] = rows[:, STEP_TIME : STEP_Y + 1]
    rows[:, STEPS] += 1
    rows[:, STEP_TIME] = times
    rows[:, STEP_X : STEP_Y + 1] = places
    return inputs


def _moved(
    rows: Float[np.ndarray, "track column"], times: Float[np.ndarray, " track"], places: Float[np.ndarray, "track 2"]
) -> Float[np.ndarray, "track input"]:
    """Velocities, heading, scale and traces after a step that is not the first, and its inputs."""
    steps = rows[:, STEPS]
    is_second = steps == 1
    elapsed = times - rows[:, STEP_TIME]
    velocity = (places - rows[:, STEP_X : STEP_Y + 1]) / elapsed[:, None]
    both = np.where(is_second, 1.0, times - rows[:, BACK_TIME])
    wide = np.where(is_second[:, None], velocity, (places - rows[:, BACK_X : BACK_Y + 1]) / both[:, None])
    speed = np.sqrt(wide[:, 0] ** 2 + wide[:, 1] ** 2)
    scale = np.sqrt(speed**2 + STANDING_MPS**2)
    old, old_scale = rows[:, HEADING : HEADING + 2].copy(), rows[:, SCALE].copy()
    heading = np.where((speed > 1e-6)[:, None], wide / np.maximum(speed, 1e-6)[:, None], old)
    if is_second.any():
        old[is_second], old_scale[is_second] = heading[is_second], scale[is_second]
    rows[:, V1 : V2 + 2] = rows[:, V : V1 + 2]
    rows[:, V : V + 2] = velocity
    rows[:, HEADING : HEADING + 2] = heading
    rows[:, SCALE], rows[:, SPEED] = scale, speed
    decay = np.exp(-elapsed[:, None] / np.array(TRACE_SECONDS))
    traces = rows[:, TRACE:WEIGHT].reshape(-1, 3, 2)
    rows[:, TRACE:WEIGHT] = (decay[:, :, None] * traces + (1 - decay)[:, :, None] * velocity[:, None]).reshape(-1, 6)
    rows[:, WEIGHT:] = decay * rows[:, WEIGHT:] + (1 - decay)
    inputs = np.zeros((len(rows), NUM_INPUTS), np.float32)
    inputs[:, :4] = _own(rows[:, V:V2], heading, scale[:, None])
    inputs[:, 4] = heading[:, 0] * old[:, 0] + heading[:, 1] * old[:, 1]
    inputs[:, 5] = heading[:, 1] * old[:, 0] - heading[:, 0] * old[:, 1]
    inputs[:, 6] = np.log(scale)
    inputs[:, 7] = np.log(scale / old_scale)
    inputs[:, 8] = speed / scale
    inputs[:, 9] = np.log(elapsed / NOMINAL_STEP_S)
    inputs[:, 10] = is_second
    inputs[:, 11] = steps == 2
    inputs[:, 12:18] = _own(rows[:, TRACE:WEIGHT], heading, rows[:, WEIGHT:] * scale[:, None])
    inputs[:, 18] = 1.0
    return inputs


def _own(
    vectors: Float[np.ndarray, "track pair"],
    heading: Float[np.ndarray, "track two"],
    length: Float[
        np.ndarray,
        (
            track  # vector
        ),
    ],
) -> Float[np.ndarray, "track pair"]:
    """Vectors, two columns each, in the track's own heading and in units of a length."""
    cosine, sine = heading[:, :1], heading[:, 1:]
    x, y = vectors[:, 0::2], vectors[:, 1::2]
    own = np.empty_like(vectors)
    own[:, 0::2] = (x * cosine + y * sine) / length
    own[:, 1::2] = (y * cosine - x * sine) / length
    return own


def _seen_by(filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, "track 8"]:
    """Where each track is, which way it heads and how fast: what `neighbours` wants to know of it."""
    return np.column_stack(
        [filters[:, TIME : Y + 1], filters[:, HEADING : HEADING + 2], filters[:, SCALE], filters[:, V:V1]]
    )


def _people(seen: Float[np.ndarray, "row column"], others: Others) -> Float[np.ndarray, "person 6"]:
    """Time, place, velocity of everybody, and 1 where the velocity is known."""
    is_known = (seen[:, STEPS] >= 2).astype(np.float64)
    people = np.column_stack([seen[:, TIME : Y + 1], seen[:, V:V1] * is_known[:, None], is_known])
    return people if others.row is None else people[others.row]


def _smoothed(seen: Float[np.ndarray, "row column"], others: Others) -> Float[np.ndarray, "person 6"]:
    """The traces of everybody's velocity, m/s; 0 where it is not known."""
    held = np.maximum(np.repeat(seen[:, WEIGHT:FILTER_SIZE], 2, axis=1), 1e-9)
    smoothed = np.where(seen[:, STEPS, None] >= 2, seen[:, TRACE:WEIGHT] / held, 0.0)
    return smoothed if others.row is None else smoothed[others.row]


def _stretch(others: Others, num: int) -> Float[np.ndarray, "track 2"]:
    return np.ones((num, 2)) if others.stretch is None else others.stretch


def _find(
    own: Float[np.ndarray, "track 8"],
    people: Float[np.ndarray, "person 6"],
    others: Others,
    stretch: Float[np.ndarray, "track 2"],
    most: int,
) -> Int[np.ndarray, "track neighbour"]:
    index, scene = np.asarray(others.own, np.int64), np.asarray(others.scene, np.int64)
    return find_nearest(own, index, people, scene, stretch, most)


class HeadingFrontEnd:
    """Walkers in two axes; the base path stands still and the unit grows with the walker's own speed."""

    def __init__(self, sees_courses: bool = False) -> None:
        """The front end.

        Args:
            sees_courses: Whether the inputs of people around end with their courses (`courses.look_ahead`).
        """
        self.num_neighbour_inputs = NUM_NEIGHBOUR_INPUTS + NUM_COURSE_INPUTS * sees_courses

    name = "heading"
    num_axes = 2
    filter_size = FILTER_SIZE
    num_inputs = NUM_INPUTS
    num_head_inputs = NUM_HEAD_INPUTS
    num_knot_inputs = NUM_KNOT_INPUTS
    num_goal_inputs = NUM_GOAL_INPUTS
    max_pending = 2
    num_estimated = 0
    outcome_names: tuple[str, ...] = ()
    spread_inputs: int | None = None

    def begin(self, num_tracks: int, given: Given) -> Float[np.ndarray, "track column"]:
        return np.zeros((num_tracks, FILTER_SIZE))

    def absorb(
        self,
        filters: Float[np.ndarray, "track column"],
        times: Float[np.ndarray, "track time"],
        positions: Float[np.ndarray, "track time axis"],
        lengths: Int[np.ndarray, " track"],
    ) -> tuple[Float[np.ndarray, "track time input"], Int[np.ndarray, " track"]]:
        steps = np.zeros((*times.shape, NUM_INPUTS), np.float32)
        counts = np.zeros(len(filters), np.int64)
        for index in range(times.shape[1]):
            rows = np.flatnonzero(lengths > index)
            self._absorb_one(filters, rows, times[rows, index], positions[rows, index], steps, counts)
        return steps, counts

    def _absorb_one(
        self,
        filters: Float[np.ndarray, "track column"],
        rows: Int[np.ndarray, " chosen"],
        times: Float[np.ndarray, " chosen"],
        places: Float[np.ndarray, "chosen 2"],
        steps: Float[np.ndarray, "track time input"],
        counts: Int[np.ndarray, " track"],
    ) -> None:
        """One more observation of the chosen rows; writes the steps that became due."""
        is_first = filters[rows, COUNT] == 0
        is_due = ~is_first & (times - filters[rows, WAIT_TIME] >= MIN_STEP_S - 1e-6)
        due = rows[is_due]
        if len(due):
            stepped = filters[due]
            steps[due, counts[due]] = step(stepped, stepped[:, WAIT_TIME], stepped[:, WAIT_X : WAIT_Y + 1])
            filters[due] = stepped
            counts[due] += 1
        waits = is_first | is_due
        filters[rows[waits], WAIT_TIME] = times[waits]
        filters[rows[waits], WAIT_X : WAIT_Y + 1] = places[waits]
        filters[rows, COUNT] += 1
        filters[rows, TIME] = times
        filters[rows, X : Y + 1] = places

    def pending(
        self, filters: Float[np.ndarray, "track column"]
    ) -> tuple[Float[np.ndarray, "track column"], Float[np.ndarray, "track step input"], Int[np.ndarray, " track"]]:
        after = filters.copy()
        steps = np.zeros((len(filters), self.max_pending, NUM_INPUTS), np.float32)
        counts = np.zeros(len(filters), np.int64)
        for is_due, time in ((after[:, STEPS] == 0, WAIT_TIME), (None, TIME)):
            due = np.flatnonzero(after[:, TIME] > after[:, STEP_TIME] if is_due is None else is_due)
            if len(due):
                stepped = after[due]
                place = slice(WAIT_X, WAIT_Y + 1) if time == WAIT_TIME else slice(X, Y + 1)
                steps[due, counts[due]] = step(stepped, stepped[:, time], stepped[:, place])
                after[due] = stepped
                counts[due] += 1
        return after, steps, counts

    def places(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, "track axis"]:
        return filters[:, X : Y + 1]

    def head(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, "track input"]:
        head = np.empty((len(filters), NUM_HEAD_INPUTS), np.float32)
        heading, scale = filters[:, HEADING : HEADING + 2], filters[:, SCALE]
        head[:, :6] = _own(filters[:, V:HEADING], heading, scale[:, None])
        held = np.maximum(filters[:, WEIGHT:], 1e-9) * scale[:, None]
        head[:, 6:12] = _own(filters[:, TRACE:WEIGHT], heading, held)
        head[:, 12] = np.log(scale)
        head[:, 13] = filters[:, SPEED] / scale
        head[:, 14] = np.minimum(filters[:, STEPS], 8.0) / 8.0
        return head

    def look_around(
        self, filters: Float[np.ndarray, "track column"], others: Others, most: int
    ) -> tuple[Float[np.ndarray, "track neighbour feature"], Float[np.ndarray, "track neighbour"]]:
        own, seen = _seen_by(filters), self.pending(others.filters)[0]
        people, stretch = _people(seen, others), _stretch(others, len(own))
        found = _find(own, people, others, stretch, most)
        inputs, present = look_at(own, people, found, stretch)
        if self.num_neighbour_inputs > NUM_NEIGHBOUR_INPUTS:
            courses = look_ahead(own, people, _smoothed(seen, others), found, stretch)
            inputs = np.concatenate([inputs, courses], axis=2)
        return inputs, present

    def find_nearest(
        self, filters: Float[np.ndarray, "track column"], others: Others, most: int
    ) -> Int[np.ndarray, "track neighbour"]:
        """The people that `look_around` looks at, as places in `others.scene`; -1 where there are fewer."""
        own, people = _seen_by(filters), _people(self.pending(others.filters)[0], others)
        return _find(own, people, others, _stretch(others, len(own)), most)

    def look_at_goals(
        self, filters: Float[np.ndarray, "track column"], goals: Float[np.ndarray, "track goal 4"]
    ) -> Float[np.ndarray, "track goal feature"]:
        held = np.repeat(np.maximum(filters[:, WEIGHT:FILTER_SIZE], 1e-9), 2, axis=1)
        own = np.column_stack(
            [
                filters[:, X : Y + 1],
                filters[:, HEADING : HEADING + 2],
                filters[:, SCALE],
                filters[:, V:V1],
                filters[:, TRACE:WEIGHT] / held,
            ]
        )
        return look_at_goals(own, np.ascontiguousarray(goals, np.float64))

    def heading(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, "track two"]:
        return filters[:, HEADING : HEADING + 2]

    def base(self, filters: Float[np.ndarray, "track column"], offsets: Float[np.ndarray, "track time"]) -> Base:
        path = np.repeat(filters[:, None, X : Y + 1], offsets.shape[1], axis=1)
        unit = filters[:, SCALE, None] * offsets
        knots = np.stack([offsets / 5.0, np.log(offsets)], axis=-1).astype(np.float32)
        return Base(path, unit, knots)

    def trace(
        self,
        times: Float[np.ndarray, "track time"],
        positions: Float[np.ndarray, "track time axis"],
        ends: Int[np.ndarray, "track end"],
    ) -> tuple[Float[np.ndarray, "track time input"], Float[np.ndarray, "track end column"]]:
        steps = np.zeros((*times.shape, NUM_INPUTS), np.float32)
        filters = np.zeros((*ends.shape, FILTER_SIZE))
        rows = np.zeros((len(times), FILTER_SIZE))
        for index in range(times.shape[1]):
            rows[:, COUNT] += 1
            rows[:, TIME] = times[:, index]
            rows[:, X : Y + 1] = positions[:, index]
            steps[:, index] = step(rows, times[:, index], positions[:, index].astype(np.float64))
            track, end = np.nonzero(ends == index)
            filters[track, end] = rows[track]
        return steps, filters
