"""Slopes of a flight: how a ball's state later on changes with the fourteen quantities that it starts from.

The flight itself is the simulator's (`simulator.ball.course.follow_one`), with everything solid in the venue; this
integrates the variational equations along the states that it gave, for any directions at once: the columns of a
matrix whose first nine rows are directions of the state and whose last five, `shares`, are those of the coefficients
and do not change. With a factor of the quantities' covariance as directions at the start, sums of squares of slopes
are variances later on. Between two states d/dt (dx, dv) = (dv, A dv + B dw + ...), with the derivatives of the
acceleration taken at their mean; at a contact the jump is differentiated together with the instant at which it
happens (the saltation matrix: Leine and Nijmeijer 2004, "Dynamics and bifurcations of non-smooth mechanical systems",
section 7.2). Derivatives of acceleration and impulse are differences of the simulator's own functions.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from pathcast.compiled import njit
from pathcast.model.frontends.ball.columns import BOUNCE, LOG_DRAG, LOG_LIFT, NUM_QUANTITIES, NUM_STATE
from pathcast.simulator.ball.aerodynamics import motion_in_air
from pathcast.simulator.ball.course import NET_EXIT, NET_KEEPS
from pathcast.simulator.ball.parameters import FLOOR, FRICTION, LIFT, RADIUS, RESTITUTION, TANGENTIAL
from pathcast.simulator.ball.resting import meet
from pathcast.simulator.ball.surfaces import BASKET_PASSED, KIND, RING_PASSED, gap_to

_SPEED_STEP: Final = 1e-4
"""m/s of a difference."""
_SPIN_STEP: Final = 1e-3
"""rad/s."""
_PLACE_STEP: Final = 1e-6
"""m."""
GRAZING_MPS: Final = 0.05
"""Towards a fixture, m/s: of slower contacts, of balls that roll or rest, the instant means nothing; slopes stay."""
MOST_SLOPE: Final = 1e6
"""Slopes beyond it are of no flight that anything is known of."""
_SHARE_STEP: Final = 1e-6
"""Of coefficients."""


@njit
def start_slopes(directions: Any, slopes: Any, shares: Any) -> None:
    """Parts directions of the fourteen quantities into those of the state and those of the coefficients.

    Args:
        directions: One a column. Shape [14, 14].
        slopes: Written. Shape [9, 14].
        shares: Written. Shape [5, 14].
    """
    slopes[:] = directions[:NUM_STATE]
    shares[:] = directions[NUM_STATE:]


@njit
def move_slopes(slopes: Any, shares: Any, here: Any, there: Any, duration: float, p: Any, rates: Any) -> None:
    """Carries slopes through the air, in place.

    Args:
        slopes: Shape [9, 14].
        shares: Shape [5, 14].
        here, there: States at both ends. Shape [9].
        duration: s.
        p: Full parameter row.
        rates: To work in. Shape [3, 14].
    """
    z = 0.5 * (here[2] + there[2])
    vx, vy, vz = 0.5 * (here[3] + there[3]), 0.5 * (here[4] + there[4]), 0.5 * (here[5] + there[5])
    wx, wy, wz = 0.5 * (here[6] + there[6]), 0.5 * (here[7] + there[7]), 0.5 * (here[8] + there[8])
    ax, ay, az, _ = motion_in_air(z, vx, vy, vz, wx, wy, wz, 0.0, 0.0, p)
    bx, by, bz, _ = motion_in_air(z, vx + _SPEED_STEP, vy, vz, wx, wy, wz, 0.0, 0.0, p)
    per = 1.0 / _SPEED_STEP
    xx, yx, zx = per * (bx - ax), per * (by - ay), per * (bz - az)
    bx, by, bz, _ = motion_in_air(z, vx, vy + _SPEED_STEP, vz, wx, wy, wz, 0.0, 0.0, p)
    xy, yy, zy = per * (bx - ax), per * (by - ay), per * (bz - az)
    bx, by, bz, _ = motion_in_air(z, vx, vy, vz + _SPEED_STEP, wx, wy, wz, 0.0, 0.0, p)
    xz, yz, zz = per * (bx - ax), per * (by - ay), per * (bz - az)
    per = 1.0 / _SPIN_STEP
    bx, by, bz, _ = motion_in_air(z, vx, vy, vz, wx + _SPIN_STEP, wy, wz, 0.0, 0.0, p)
    sxx, syx, szx = per * (bx - ax), per * (by - ay), per * (bz - az)
    bx, by, bz, _ = motion_in_air(z, vx, vy, vz, wx, wy + _SPIN_STEP, wz, 0.0, 0.0, p)
    sxy, syy, szy = per * (bx - ax), per * (by - ay), per * (bz - az)
    bx, by, bz, _ = motion_in_air(z, vx, vy, vz, wx, wy, wz + _SPIN_STEP, 0.0, 0.0, p)
    sxz, syz, szz = per * (bx - ax), per * (by - ay), per * (bz - az)
    kept_lift = p[LIFT]
    p[LIFT] = 0.0
    dx, dy, dz, _ = motion_in_air(z, vx, vy, vz, wx, wy, wz, 0.0, 0.0, p)
    p[LIFT] = kept_lift
    gx, gy, gz, _ = motion_in_air(z, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, p)
    for column in range(NUM_QUANTITIES):
        ux, uy, uz = slopes[3, column], slopes[4, column], slopes[5, column]
        sx, sy, sz = slopes[6, column], slopes[7, column], slopes[8, column]
        rates[0, column] = xx * ux + xy * uy + xz * uz + sxx * sx + sxy * sy + sxz * sz
        rates[1, column] = yx * ux + yy * uy + yz * uz + syx * sx + syy * sy + syz * sz
        rates[2, column] = zx * ux + zy * uy + zz * uz + szx * sx + szy * sy + szz * sz
        # Drag is what acceleration without lift has over that of no motion; lift is the rest. Both go with logarithms.
        drag, lift = shares[LOG_DRAG - NUM_STATE, column], shares[LOG_LIFT - NUM_STATE, column]
        rates[0, column] += (dx - gx) * drag + (ax - dx) * lift
        rates[1, column] += (dy - gy) * drag + (ay - dy) * lift
        rates[2, column] += (dz - gz) * drag + (az - dz) * lift
    square = 0.5 * duration * duration
    cube = duration * square / 3.0
    for column in range(NUM_QUANTITIES):
        rx, ry, rz = rates[0, column], rates[1, column], rates[2, column]
        jx, jy, jz = xx * rx + xy * ry + xz * rz, yx * rx + yy * ry + yz * rz, zx * rx + zy * ry + zz * rz
        slopes[0, column] += duration * slopes[3, column] + square * rx + cube * jx
        slopes[1, column] += duration * slopes[4, column] + square * ry + cube * jy
        slopes[2, column] += duration * slopes[5, column] + square * rz + cube * jz
        slopes[3, column] += duration * rx + square * jx
        slopes[4, column] += duration * ry + square * jy
        slopes[5, column] += duration * rz + square * jz
    before = here[6] * here[6] + here[7] * here[7] + here[8] * here[8]
    if before > 0.0:
        kept = math.sqrt((there[6] * there[6] + there[7] * there[7] + there[8] * there[8]) / before)
        for column in range(NUM_QUANTITIES):
            slopes[6, column] *= kept
            slopes[7, column] *= kept
            slopes[8, column] *= kept


@njit
def _pull(body: Any, p: Any, pull: Any) -> None:
    """Writes the acceleration of a ball in that state, m/s2."""
    pull[0], pull[1], pull[2], _ = motion_in_air(
        body[2], body[3], body[4], body[5], body[6], body[7], body[8], 0.0, 0.0, p
    )


@njit
def _meet_near(body: Any, fixture: Any, p: Any, after: Any, pulls: Any) -> bool:
    """What a ball near a fixture does that would touch it a moment sooner or later, seen at this instant.

    Until then it is pulled by `pulls[:3]`, and since then by `pulls[3:6]`: a ball that comes down later comes faster.
    """
    gap, nx, ny, nz, _ = gap_to(fixture, body[0], body[1], body[2], p[RADIUS], p[FLOOR])
    into = body[3] * nx + body[4] * ny + body[5] * nz
    after[:] = body
    if into > -GRAZING_MPS:
        return False
    late = -gap / into
    for axis in range(3):
        after[axis] += late * body[3 + axis]
        after[3 + axis] += late * pulls[axis]
    _, nx, ny, nz, _ = gap_to(fixture, after[0], after[1], after[2], p[RADIUS], p[FLOOR])
    meet(after, fixture, nx, ny, nz, p)
    for axis in range(3):
        after[axis] -= late * after[3 + axis]
        after[3 + axis] -= late * pulls[3 + axis]
    return True


@njit
def hit_slopes(slopes: Any, shares: Any, before: Any, kind: int, fixtures: Any, p: Any, room: Any, work: Any) -> None:
    """Carries slopes through a contact, in place.

    Args:
        slopes: Shape [9, 14].
        shares: Shape [5, 14].
        before: State right before. Shape [9].
        kind: Of the contact, a number of `surfaces.KINDS`.
        fixtures: Rows of `surfaces.fixtures_of`.
        p: Full parameter row.
        room: To work in. Shape [4, 9].
        work: To work in. Shape [9, 14].
    """
    if kind == RING_PASSED:
        return
    if kind == BASKET_PASSED:
        for column in range(NUM_QUANTITIES):
            slopes[3, column] *= NET_KEEPS
            slopes[4, column] *= NET_KEEPS
            if before[5] < -NET_EXIT:
                slopes[5, column] = 0.0
            for axis in range(6, 9):
                slopes[axis, column] *= NET_KEEPS
        return
    chosen, nearest = -1, math.inf
    for index in range(len(fixtures)):
        if int(fixtures[index, KIND]) == kind:
            gap = abs(gap_to(fixtures[index], before[0], before[1], before[2], p[RADIUS], p[FLOOR])[0])
            if gap < nearest:
                chosen, nearest = index, gap
    if chosen < 0:
        return
    fixture = fixtures[chosen]
    base, moved, start, pulls = room[0], room[1], room[2], room[3]
    pulls[:] = 0.0
    if not _meet_near(before, fixture, p, base, pulls):
        return
    _pull(before, p, pulls[:3])
    _pull(base, p, pulls[3:6])
    _meet_near(before, fixture, p, base, pulls)
    work[:] = 0.0
    for source in range(NUM_STATE):
        step = _PLACE_STEP if source < 3 else (_SPEED_STEP if source < 6 else _SPIN_STEP)
        start[:] = before
        start[source] += step
        if not _meet_near(start, fixture, p, moved, pulls):
            moved[:] = base
            moved[source] += step
        for target in range(NUM_STATE):
            slope = (moved[target] - base[target]) / step
            if slope != 0.0:
                for column in range(NUM_QUANTITIES):
                    work[target, column] += slope * slopes[source, column]
    for offset, entry in enumerate((RESTITUTION, TANGENTIAL, FRICTION)):
        kept = p[entry]
        p[entry] = kept + _SHARE_STEP
        _meet_near(before, fixture, p, moved, pulls)
        p[entry] = kept
        for target in range(NUM_STATE):
            slope = (moved[target] - base[target]) / _SHARE_STEP
            if slope != 0.0:
                for column in range(NUM_QUANTITIES):
                    work[target, column] += slope * shares[BOUNCE - NUM_STATE + offset, column]
    for target in range(NUM_STATE):
        for column in range(NUM_QUANTITIES):
            slopes[target, column] = min(max(work[target, column], -MOST_SLOPE), MOST_SLOPE)


@njit
def slopes_along(
    start: Any,
    p: Any,
    times: Any,
    states: Any,
    events: Any,
    kinds: Any,
    num_events: int,
    fixtures: Any,
    slopes: Any,
    shares: Any,
    outputs: Any,
) -> None:
    """Slopes at each of a flight's times.

    Args:
        start: State at the start. Shape [9].
        p: Full parameter row.
        times: Seconds from the start, increasing. Shape [time].
        states: The flight at the times. Shape [time, 9].
        events: Its events, as `follow_one` writes them. Shape [event, 19].
        kinds: Theirs. Shape [event].
        num_events: How many there were.
        fixtures: Rows of `surfaces.fixtures_of`.
        slopes: Those at the start, changed to those at the last time. Shape [9, 14].
        shares: Shape [5, 14].
        outputs: Written: of places or states. Shape [time, 3 or 9, 14].
    """
    rates, room, work = np.empty((3, NUM_QUANTITIES)), np.empty((4, NUM_STATE)), np.empty((NUM_STATE, NUM_QUANTITIES))
    here = start
    passed, event = 0.0, 0
    known = min(num_events, len(events))
    for index in range(len(times)):
        while event < known and events[event, 0] <= times[index]:
            move_slopes(slopes, shares, here, events[event, 1:10], events[event, 0] - passed, p, rates)
            hit_slopes(slopes, shares, events[event, 1:10], int(kinds[event]), fixtures, p, room, work)
            here, passed = events[event, 10:19], events[event, 0]
            event += 1
        move_slopes(slopes, shares, here, states[index], times[index] - passed, p, rates)
        here, passed = states[index], times[index]
        for row in range(outputs.shape[1]):
            for column in range(NUM_QUANTITIES):
                outputs[index, row, column] = slopes[row, column]
