"""The fast checks of the walking model, and the measures that all checks rest on; the slow ones run by command."""

import numpy as np
import pytest

from pathcast.simulator.pedestrian.validation.checks import at_least, at_most, between
from pathcast.simulator.pedestrian.validation.counterflow import lane_order, longest_stand
from pathcast.simulator.pedestrian.validation.crossings import crossing_times, flow, leaving_times
from pathcast.simulator.pedestrian.validation.fundamental_diagram import HERMES, hermes, weidmann
from pathcast.simulator.pedestrian.validation.overlap import share_of_overlaps
from pathcast.simulator.pedestrian.validation.places import (
    bottleneck,
    cabins,
    open_corridor,
    public_room,
    two_rooms,
)
from pathcast.simulator.pedestrian.validation.report import cases
from pathcast.simulator.pedestrian.validation.trial import Trial
from pathcast.simulator.pedestrian.validation.walks import spread


@pytest.mark.parametrize("case", cases(quick=True), ids=lambda case: case.title)
def test_people_walk_as_the_fast_checks_ask(case):
    for check in case.judge(Trial("second")):
        assert check.passed, f"{check.name}: expected {check.expected}, found {check.found}"


def test_the_halves_of_the_seeds_share_none():
    assert not set(Trial("first").seeds(1000)) & set(Trial("second").seeds(1000))


def test_checks_pass_from_border_to_border():
    assert [between("speed", value, 0.8, 1.1, "m/s", "source").passed for value in (0.79, 0.8, 1.1, 1.11)] == [
        False,
        True,
        True,
        False,
    ]
    assert at_most("overlap", 0.001, 0.001, "", "source").passed
    assert not at_least("order", np.nan, 0.6, "", "source").passed


def test_weidmanns_speeds_are_those_published():
    """The values of the curve at 0.5, 1, 2, 3 and 5 people per m²."""
    speeds = [weidmann(density) for density in (0.5, 1.0, 2.0, 3.0, 5.0)]
    assert speeds == pytest.approx([1.30, 1.06, 0.61, 0.33, 0.04], abs=0.01)


def test_speeds_of_the_open_corridor_pass_through_the_points_measured():
    assert [hermes(density) for density, _ in HERMES] == pytest.approx([speed for _, speed in HERMES])
    assert hermes(1.41) == pytest.approx(1.04, abs=0.01)
    assert hermes(0.4) > 1.32
    assert hermes(3.1) < 0.30


def test_lane_order_is_one_in_lanes_and_small_in_a_mixed_crowd():
    rows = np.repeat(np.arange(6) * 0.6 - 1.9, 200)
    assert lane_order(rows, rows > 0) == 1.0
    mixed = np.random.default_rng(0).random(len(rows)) < 0.5
    assert lane_order(rows, mixed) < 0.05
    assert lane_order(np.array([0.1, 0.2, 0.3]), np.array([True, True, False])) == pytest.approx(1 / 9)


def test_flow_counts_people_between_two_crossings():
    position = np.full((5, 41, 2), 0.0)
    position[:, :, 0] = np.arange(41) * 0.1 - np.arange(5)[:, None] * 0.5
    times = crossing_times(position, 0.95, 0.5)
    assert times == pytest.approx([5.0, 7.5, 10.0, 12.5, 15.0])
    assert flow(times, 1, 3, 20.0) == pytest.approx(0.4)
    assert flow(times, 1, 9, 17.5) == pytest.approx(0.4)
    assert flow(times, 7, 9, 20.0) == 0.0


def test_who_stays_never_leaves():
    position = np.zeros((2, 10, 2))
    position[0, 6:] = np.nan
    assert leaving_times(position, 0.5).tolist() == [2.5, np.inf]


def test_people_overlap_across_the_seam_of_a_place_that_repeats():
    position = np.array([[[-6.45, 0.0]], [[6.45, 0.0]], [[0.0, 0.0]]])
    assert share_of_overlaps(position, 3, 0.2, 13.0) == pytest.approx(2 / 3)
    assert share_of_overlaps(position, 3, 0.2) == 0.0


def test_the_longest_stand_is_found_whoever_stands():
    x = np.cumsum(np.array([[1.0] * 20, [1.0] * 8 + [0.0] * 7 + [1.0] * 5, [0.0] * 3 + [1.0] * 17]), axis=1)
    assert longest_stand(np.stack([x, np.zeros_like(x)], axis=2), 0.5) == 3.5


def test_people_are_spread_as_far_apart_as_on_a_jittered_grid():
    box = (-5.0, -2.0, 5.0, 2.0)
    places = spread(80, box, np.random.default_rng(1))
    away = np.linalg.norm(places[:, None] - places, axis=2) + 9.0 * np.eye(80)
    assert away.min() > 0.7 * np.sqrt(0.5) * 0.7
    assert (places > box[:2]).all()
    assert (places < box[2:]).all()


def test_places_have_the_widths_they_are_asked_for():
    def gaps_at(venue, x):
        """Free spans of the line at x, between walls that cross it, metres."""
        ends = [(wall.start, wall.end) for wall in venue.walls]
        y = sorted(a[1] for a, b in ends if min(a[0], b[0]) <= x <= max(a[0], b[0]) and a[1] == b[1])
        return np.diff(y).max()

    assert gaps_at(bottleneck(0.9, 12.0), 0.5) == pytest.approx(0.9)
    assert gaps_at(open_corridor(1.0, 1.2, 12.0), 0.1) == pytest.approx(1.0)
    assert gaps_at(open_corridor(1.0, 1.2, 12.0), 4.0) == pytest.approx(1.8)
    assert gaps_at(open_corridor(1.8, 1.2, 12.0), 8.1) == pytest.approx(1.2)
    assert gaps_at(two_rooms(), 2.0) == pytest.approx(1.0)
    assert len(public_room(4).exits) == 4
    assert len(public_room(2).exits) == 2
    assert len(cabins()[1]) == 12
