"""The filter: what is known of a ball after each observation, and how surprising that observation was.

An extended Kalman filter (Bar-Shalom, Li and Kirubarajan 2001, section 10.3) of the fourteen quantities: place,
velocity, spin, drag, lift and the three coefficients of a bounce. It flies by the simulator's own physics through the
venue with everything solid in it. A camera errs along the flight where its clock does, so the observation's
covariance is R = diag(noise^2) + clock^2 E(v v'). Noise that nobody told is scaled by the innovations: s^2 = (n0 + sum
of their squares) / (n0 + their number), the mean of an inverse gamma posterior. An innovation that no free flight
shows means that the ball hit something unknown: the filter forgets its velocity as far as the surprise asks for it.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from pathcast.compiled import njit
from pathcast.model.frontends.ball.columns import (
    BOUNCES,
    CLOCK,
    COUNT,
    DRIFT,
    HEADING,
    IS_TOLD,
    LOG_LIFT,
    MEAN,
    NOISE,
    NOISE_SUM,
    NOISE_WEIGHT,
    NUM_QUANTITIES,
    NUM_STATE,
    SURPRISE,
    SUSPICION,
    TIME,
    TOUCHED,
    factor,
    pack,
    physics_of,
    unpack,
)
from pathcast.model.frontends.ball.flying import fly_with_slopes, place_of
from pathcast.model.frontends.ball.prior import (
    DENSITY,
    HIT_SPEED_SHARE,
    HIT_SPIN_SHARE,
    LIFT_WALK,
    MAX_SPEED,
    PRIOR_DEVIATION,
    PRIOR_MEAN,
    begin,
    expect_spin,
    noise_scale,
)
from pathcast.model.frontends.ball.slopes import start_slopes
from pathcast.simulator.ball.parameters import RADIUS
from pathcast.simulator.ball.surfaces import (
    BASKET_PASSED,
    BOARD_CONTACT,
    BRIDGE_CONTACT,
    KIND,
    RIM_CONTACT,
    RING_PASSED,
    gap_to,
)

SURPRISING: Final = 30.0
"""Squared length of a whitened innovation that fewer than two in a million free flights reach (chi-squared)."""
DRIFTING: Final = 40.0
"""The same of the trace of innovations; chi-squared too, but seen at every observation."""
MOST_SPEED: Final = 30.0
"""Times the prior's deviation of a velocity, as of a spin: no ball is faster."""
LEAST_KNOWN: Final = 10.0
"""Times the same deviations: who knows less than that knows less than at the start."""
MOST_OFF_M: Final = 10.0
LONGEST_GAP_S: Final = 30.0
"""No ball is followed for longer unseen: what flying on takes goes with the time, and tells nothing any more."""
SURPRISE_OF_RESTARTS: Final = 12.0
DRIFT_KEPT: Final = 0.85
"""Share of the trace that is left at the next observation."""
STAYS_SUSPECT: Final = 4.0
"""Observations for which a track is suspect after one that does not fit."""
SPIN_WALK: Final = 0.02
"""Relative variance of the spin gained in a second."""


@njit
def log_tail(square: float) -> float:
    """-log10 of the probability that a chi-squared number of three degrees of freedom is larger."""
    if square > 1400.0:
        return (0.5 * square - 0.5 * math.log(2.0 * square / math.pi)) / math.log(10.0)
    tail = math.erfc(math.sqrt(0.5 * square)) + math.sqrt(2.0 * square / math.pi) * math.exp(-0.5 * square)
    return -math.log10(max(min(tail, 1.0), 1e-308))


@njit
def predict(row: Any, p: Any, settings: Any, fixtures: Any, elapsed: float, full: Any, work: Any) -> int:
    """Flies the mean on and carries the covariance along; the number of contacts on the way.

    Args:
        row: The filter's; its mean is changed, its packed covariance is not.
        p: Full parameter row of its ball.
        settings: Of the filter.
        fixtures: What is solid around it.
        elapsed: s.
        full: Covariance before, changed to that after. Shape [14, 14].
        work: Tuple of arrays to work in, as of `make_work`.
    """
    times, states, events, kinds, outcome, room, slopes, shares, outputs, lower = work
    factor(full, lower)
    start_slopes(lower, slopes, shares)
    times[0] = elapsed
    num = fly_with_slopes(row, p, times, fixtures, states, events, kinds, outcome, room, slopes, shares, outputs)
    for i in range(NUM_STATE):
        for j in range(i + 1):
            total = 0.0
            for k in range(NUM_QUANTITIES):
                total += slopes[i, k] * slopes[j, k]
            full[i, j] = total
            full[j, i] = total
        for j in range(NUM_QUANTITIES - NUM_STATE):
            total = 0.0
            for k in range(NUM_STATE + j + 1):
                total += slopes[i, k] * shares[j, k]
            full[i, NUM_STATE + j] = total
            full[NUM_STATE + j, i] = total
    row[MEAN : MEAN + NUM_STATE] = states[0]
    density, hits = settings[DENSITY], 0
    for index in range(min(num, len(kinds))):
        kind = int(kinds[index])
        if kind == RING_PASSED:
            continue
        if kind == BASKET_PASSED:
            row[TOUCHED + 2] = 1.0
        elif kind in (RIM_CONTACT, BRIDGE_CONTACT):
            row[TOUCHED] = 1.0
        elif kind == BOARD_CONTACT:
            row[TOUCHED + 1] = 1.0
        hits += 1
        hard = 1.0 if kind not in (RIM_CONTACT, BRIDGE_CONTACT, BOARD_CONTACT, BASKET_PASSED) else 6.0
        before = events[index, 1:10]
        speed = math.sqrt(before[3] ** 2 + before[4] ** 2 + before[5] ** 2)
        spin = math.sqrt(before[6] ** 2 + before[7] ** 2 + before[8] ** 2)
        lost = (hard * settings[HIT_SPEED_SHARE] * speed) ** 2
        turned = (hard * settings[HIT_SPIN_SHARE] * spin) ** 2
        since = elapsed - events[index, 0]
        for axis in range(3):
            full[axis, axis] += lost * since * since
            full[axis, 3 + axis] += lost * since
            full[3 + axis, axis] += lost * since
            full[3 + axis, 3 + axis] += lost
            full[6 + axis, 6 + axis] += turned
    for axis in range(3):
        full[axis, axis] += density * elapsed**3 / 3
        full[axis, 3 + axis] += density * elapsed * elapsed / 2
        full[3 + axis, axis] += density * elapsed * elapsed / 2
        full[3 + axis, 3 + axis] += density * elapsed
    size = row[MEAN + 6] ** 2 + row[MEAN + 7] ** 2 + row[MEAN + 8] ** 2
    for axis in range(3):
        full[6 + axis, 6 + axis] += SPIN_WALK * settings[LIFT_WALK] * size * elapsed
    full[LOG_LIFT, LOG_LIFT] += settings[LIFT_WALK] * elapsed
    return hits


@njit
def _whiten(row: Any, full: Any, position: Any, innovation: Any, whitener: Any) -> float:
    """Writes the innovation, whitened in the track's heading, and the factor that whitens; its squared length.

    Args:
        row: The filter's, its mean flown on.
        full: Covariance.
        position: Observed.
        innovation: Written. Shape [3].
        whitener: Written: lower factor of the innovation's covariance in the heading's axes. Shape [3, 3].
    """
    cosine, sine, scale = row[HEADING], row[HEADING + 1], noise_scale(row)
    clock = row[CLOCK] ** 2
    expected = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            expected[i, j] = full[i, j] + clock * (row[MEAN + 3 + i] * row[MEAN + 3 + j] + full[3 + i, 3 + j])
        expected[i, i] += scale * row[NOISE + i] ** 2
    turn = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    turned = turn @ expected @ turn.T
    factor(turned, whitener)
    off = np.empty(3)
    for axis in range(3):
        off[axis] = float(position[axis]) - row[MEAN + axis]
    square = 0.0
    for i in range(3):
        value = turn[i, 0] * off[0] + turn[i, 1] * off[1] + turn[i, 2] * off[2]
        for j in range(i):
            value -= whitener[i, j] * innovation[j]
        innovation[i] = value / max(whitener[i, i], 1e-9)
        square += innovation[i] * innovation[i]
    return square


@njit
def _update(row: Any, full: Any, innovation: Any, whitener: Any, gains: Any) -> None:
    """Takes the observation in: mean and covariance, in place."""
    cosine, sine = row[HEADING], row[HEADING + 1]
    for column in range(NUM_QUANTITIES):
        for i in range(3):
            if i == 0:
                value = cosine * full[0, column] + sine * full[1, column]
            elif i == 1:
                value = cosine * full[1, column] - sine * full[0, column]
            else:
                value = full[2, column]
            for j in range(i):
                value -= whitener[i, j] * gains[j, column]
            gains[i, column] = value / max(whitener[i, i], 1e-9)
    for i in range(NUM_QUANTITIES):
        row[MEAN + i] += gains[0, i] * innovation[0] + gains[1, i] * innovation[1] + gains[2, i] * innovation[2]
        for j in range(NUM_QUANTITIES):
            full[i, j] -= gains[0, i] * gains[0, j] + gains[1, i] * gains[1, j] + gains[2, i] * gains[2, j]
        full[i, i] = max(full[i, i], 1e-14)


@njit
def _is_anything_near(row: Any, p: Any, fixtures: Any, position: Any, reach: float) -> bool:
    """Whether something solid is within reach of where the ball was seen."""
    for index in range(len(fixtures)):
        if fixtures[index, KIND] >= RING_PASSED:
            continue
        gap = gap_to(fixtures[index], float(position[0]), float(position[1]), float(position[2]), p[RADIUS], p[8])[0]
        if gap < reach:
            return True
    return False


@njit
def _forget(row: Any, settings: Any, full: Any, position: Any, elapsed: float) -> None:
    """Widens place, velocity and spin as far as the newest observation asks for it."""
    off = 0.0
    for axis in range(3):
        off += (float(position[axis]) - row[MEAN + axis]) ** 2
    size = row[MEAN + 6] ** 2 + row[MEAN + 7] ** 2 + row[MEAN + 8] ** 2
    for axis in range(3):
        full[axis, axis] += off
        full[axis, 3 + axis] += off / elapsed
        full[3 + axis, axis] += off / elapsed
        full[3 + axis, 3 + axis] += 4.0 * off / (elapsed * elapsed)
        full[6 + axis, 6 + axis] += size + settings[PRIOR_DEVIATION + axis] ** 2


@njit
def _estimate_noise(row: Any, full: Any, square: float) -> None:
    """Takes an innovation into the estimate of the noise, and widens or narrows what was learned by the old one.

    What is known of place and velocity comes of observations, so its variance goes with the noise's; of spin and
    coefficients it is the prior's.
    """
    before = noise_scale(row)
    row[NOISE_SUM] += min(square, 12.0) * before
    row[NOISE_WEIGHT] += 3.0
    ratio = math.sqrt(noise_scale(row) / before)
    for i in range(6):
        for j in range(NUM_QUANTITIES):
            full[i, j] *= ratio
            full[j, i] *= ratio


@njit
def _is_sound(row: Any, full: Any, settings: Any, position: Any, elapsed: float) -> bool:
    """Whether the filter still follows: a hit on a rim may throw it off, since the flight is far from linear there."""
    off, speed, spin, usual = 0.0, 0.0, 0.0, 0.0
    for axis in range(3):
        off += (float(position[axis]) - row[MEAN + axis]) ** 2
        speed += row[MEAN + 3 + axis] ** 2
        spin += row[MEAN + 6 + axis] ** 2
        usual += settings[PRIOR_MEAN + axis] ** 2 + settings[PRIOR_DEVIATION + axis] ** 2
    fast, turning = settings[MAX_SPEED], math.sqrt(usual)
    # Also false where one of them is not a number.
    if not (off < (MOST_OFF_M + MOST_SPEED * fast * elapsed) ** 2):
        return False
    if not (speed < (MOST_SPEED * fast) ** 2 and spin < (MOST_SPEED * turning) ** 2):
        return False
    for axis in range(3):
        if not full[3 + axis, 3 + axis] < (LEAST_KNOWN * fast) ** 2:
            return False
        if not full[6 + axis, 6 + axis] < (LEAST_KNOWN * turning) ** 2:
            return False
    for index in range(NUM_QUANTITIES):
        if not (math.isfinite(row[MEAN + index]) and math.isfinite(full[index, index])):
            return False
    return True


@njit
def _start_anew(row: Any, settings: Any, time: float, position: Any) -> None:
    """Begins at an observation that the track so far says nothing of; suspect for a while."""
    row[SURPRISE], row[NOISE_SUM], row[NOISE_WEIGHT] = SURPRISE_OF_RESTARTS, 0.0, 0.0
    row[DRIFT : DRIFT + 3] = 0.0
    begin(row, settings, time, position)
    row[SUSPICION] = STAYS_SUSPECT


@njit
def absorb_one(
    row: Any,
    nominal: Any,
    reference: Any,
    settings: Any,
    fixtures: Any,
    level: Any,
    p: Any,
    time: float,
    position: Any,
    work: Any,
    innovation: Any,
) -> int:
    """Takes one more observation in; the number of contacts since the one before, or -1 at the first.

    Args:
        row: The filter's, changed in place.
        nominal, reference: As of `physics_of`.
        settings: Of the filter.
        fixtures: What is solid in the venue.
        level: `level_fixtures`.
        p: To work in: a full parameter row.
        time: s.
        position: m. Shape [3].
        work: As of `make_work`.
        innovation: Written: whitened, along the heading, to its left and upward. Shape [3].
    """
    innovation[:] = 0.0
    row[SURPRISE] = 0.0
    if row[COUNT] == 0.0:
        begin(row, settings, time, position)
        return -1
    elapsed = time - row[TIME]
    if elapsed > LONGEST_GAP_S:
        _start_anew(row, settings, time, position)
        return -1
    physics_of(row, nominal, reference, p)
    solid = place_of(row, fixtures, level, p)
    full, whitener, gains = np.empty((NUM_QUANTITIES, NUM_QUANTITIES)), np.empty((3, 3)), np.empty((3, NUM_QUANTITIES))
    unpack(row, full)
    hits = predict(row, p, settings, solid, elapsed, full, work)
    square = _whiten(row, full, position, innovation, whitener)
    is_known = row[COUNT] >= 3.0
    fits = True
    if is_known:
        row[SURPRISE] = log_tail(square)
        drift = 0.0
        for axis in range(3):
            row[DRIFT + axis] = DRIFT_KEPT * row[DRIFT + axis] + min(max(innovation[axis], -6.0), 6.0)
            drift += row[DRIFT + axis] ** 2
        drift *= 1.0 - DRIFT_KEPT * DRIFT_KEPT
        if square > SURPRISING:
            speed = math.sqrt(row[MEAN + 3] ** 2 + row[MEAN + 4] ** 2 + row[MEAN + 5] ** 2)
            reach = 0.03 + speed * elapsed + 3.0 * math.sqrt(full[0, 0] + full[1, 1] + full[2, 2])
            fits = _is_anything_near(row, p, solid, position, min(reach, 1.0))
            _forget(row, settings, full, position, elapsed)
            _whiten(row, full, position, innovation, whitener)
            row[DRIFT : DRIFT + 3] = 0.0
        elif drift > DRIFTING and row[COUNT] >= 6.0:
            fits = False
            _forget(row, settings, full, position, elapsed)
            _whiten(row, full, position, innovation, whitener)
            row[DRIFT : DRIFT + 3] = 0.0
        elif row[IS_TOLD] == 0.0:
            _estimate_noise(row, full, square)
            square = _whiten(row, full, position, innovation, whitener)
    row[SUSPICION] = STAYS_SUSPECT if not fits else max(row[SUSPICION] - 1.0, 0.0)
    _update(row, full, innovation, whitener, gains)
    if not _is_sound(row, full, settings, position, elapsed):
        innovation[:] = 0.0
        _start_anew(row, settings, time, position)
        return -1
    speed = math.hypot(row[MEAN + 3], row[MEAN + 4])
    if speed > 1e-3:
        row[HEADING], row[HEADING + 1] = row[MEAN + 3] / speed, row[MEAN + 4] / speed
    if row[COUNT] == 1.0:
        expect_spin(row, settings, full)
    pack(full, row)
    row[BOUNCES] += hits
    row[COUNT] += 1.0
    row[TIME] = time
    return hits


@njit
def make_work() -> Any:
    """Arrays that a prediction works in."""
    return (
        np.empty(1),
        np.empty((1, NUM_STATE)),
        np.empty((8, 19)),
        np.empty(8, np.int8),
        np.empty(14),
        np.empty((5, 9)),
        np.empty((NUM_STATE, NUM_QUANTITIES)),
        np.empty((NUM_QUANTITIES - NUM_STATE, NUM_QUANTITIES)),
        np.empty((1, 3, NUM_QUANTITIES)),
        np.empty((NUM_QUANTITIES, NUM_QUANTITIES)),
    )
