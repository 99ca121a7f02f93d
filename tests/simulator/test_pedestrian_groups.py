from dataclasses import replace

import numpy as np
import pytest

from pathcast.simulator.pedestrian.people import Events, Intent, no_events
from pathcast.simulator.pedestrian.placement import place_people
from pathcast.simulator.pedestrian.walk import walk
from pathcast.venue import plaza

SQUARE = replace(plaza(60.0, 6.0), obstacles=())
EAST, NORTH = 1, 2


def abreast(size):
    """Where a group stands that is about to walk east, m."""
    return np.column_stack([np.full(size, -22.0), (np.arange(size) - (size - 1) / 2) * 0.8])


def strolls(size, num_groups, seed):
    """Positions [group, member, second, axis] of groups on their way across a free square."""
    source = np.random.default_rng(seed)
    num = size * num_groups
    start = np.tile(abreast(size), (num_groups, 1)) + source.uniform(-0.15, 0.15, (num, 2))
    people = place_people([SQUARE] * num_groups, [size] * num_groups, start, EAST, 1.34, group=0 if size > 1 else -1)
    record = walk([SQUARE] * num_groups, people, no_events(num), 20.0, 1.0, source.standard_normal(num * 2 * 400))
    return record.position.reshape(num_groups, size, -1, 2)[:, :, 10:18]


@pytest.fixture(scope="module")
def groups():
    return {size: strolls(size, 30, seed=size) for size in (1, 2, 3, 4)}


def test_larger_groups_walk_slower_as_measured_on_streets(groups):
    """Moussaid et al. 2010: 0.04 to 0.08 m/s for each person more."""
    speed = {size: (path[:, :, -1, 0] - path[:, :, 0, 0]).mean() / 7.0 for size, path in groups.items()}
    slope = np.polyfit(list(speed), list(speed.values()), 1)[0]
    assert -0.08 <= slope <= -0.04


@pytest.mark.parametrize("size", [2, 3, 4])
def test_members_walk_side_by_side_at_arms_length(groups, size):
    path = groups[size]
    order = np.argsort(path[..., 1], axis=1)
    apart = np.diff(np.take_along_axis(path, order[..., None], axis=1), axis=1)
    assert 0.6 < np.median(np.hypot(apart[..., 0], apart[..., 1])) < 1.0
    assert np.abs(apart[..., 1]).mean() > 2.5 * np.abs(apart[..., 0]).mean()


def test_members_wait_for_one_who_lags():
    start = abreast(3)
    start[2, 0] -= 6.0
    people = place_people([SQUARE], [3], start, EAST, 1.3, group=0)
    record = walk([SQUARE], people, no_events(3), 12.0, 0.5)
    x = record.position[..., 0]
    assert np.ptp(x[:, 0]) == pytest.approx(6.0)
    assert np.ptp(x[:, -1]) < 1.5
    assert (np.diff(x[:2].mean(axis=0)) > -0.5).all()


def test_a_group_shares_what_one_of_it_decides():
    people = place_people([SQUARE], [4], [*abreast(3), [0.0, 10.0]], EAST, 1.3, group=[0, 0, 0, -1])
    events = Events(np.array([0, 1, 1, 2, 2]), np.array([2.0, 5.0]), np.array([Intent.GOAL, Intent.DWELL]), np.ones(2))
    events.value[0] = 0.0
    record = walk([SQUARE], people, events, 10.0, 0.5)
    assert (record.goal[:3, 5] == NORTH).all()
    assert record.goal[3, 5] == EAST
    assert record.is_dwelling[:, 11].tolist() == [1, 1, 1, 0]


def test_somebody_joins_and_leaves_a_group():
    start = [[-5.0, 0.0], [-5.0, 2.5]]
    people = place_people([SQUARE], [2], start, [EAST, NORTH], 1.3)
    kind = np.array([Intent.LEAVE, Intent.JOIN, Intent.LEAVE])
    events = Events(np.array([0, 0, 3]), np.array([0.5, 1.0, 12.0]), kind, np.array([0.0, 0.0, 0.0]))
    record = walk([SQUARE], people, events, 14.0, 0.5)
    assert np.isnan(record.event_value).tolist() == [True, False, False]
    assert record.group[:, 0].tolist() == [-1, -1]
    assert record.group[:, 4].tolist() == [0, 0]
    assert record.group[:, -1].tolist() == [0, -1]
    assert (record.goal[:, 4] == EAST).all()
    apart = np.linalg.norm(record.position[0, 22] - record.position[1, 22])
    assert 0.5 < apart < 1.2
