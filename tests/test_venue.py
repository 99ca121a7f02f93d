from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.venue import (
    BASKETBALL_FIBA,
    BASKETBALL_NBA,
    SHIPPED,
    TABLE_TENNIS,
    Box,
    Plane,
    Ring,
    Segment,
    Venue,
    box_corners,
    corridor,
    plaza,
)

lengths = st.floats(0.1, 100)


@given(size=st.tuples(lengths, lengths, lengths), yaw=st.floats(-10, 10))
def test_a_boxs_corners_turn_counter_clockwise_around_its_centre_and_enclose_its_area(size, yaw):
    corners = np.array(box_corners(Box(centre=(3.0, -2.0, 1.0), size=size, yaw=yaw)))
    np.testing.assert_allclose(corners.mean(axis=0), [3.0, -2.0, 1.0], atol=1e-9)
    x, y = corners[:, 0], corners[:, 1]
    area = 0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)
    assert math.isclose(area, size[0] * size[1], rel_tol=1e-9)


@given(side=st.floats(2, 100), share=st.floats(0.01, 0.99))
def test_a_plazas_walls_and_doors_close_its_outline(side, share):
    venue = plaza(side, side * share)
    length = sum(math.dist(part.start, part.end) for part in (*venue.walls, *venue.exits))
    assert math.isclose(length, 4 * side, rel_tol=1e-9)
    np.testing.assert_allclose(venue.extent(), ((-side / 2, side / 2), (-side / 2, side / 2)))
    assert [door.name for door in venue.exits] == ["south", "east", "north", "west"]


@given(length=lengths, width=lengths)
def test_a_corridors_exits_are_as_wide_as_it(length, width):
    venue = corridor(length, width)
    assert all(math.isclose(math.dist(door.start, door.end), width) for door in venue.exits)
    np.testing.assert_allclose(venue.extent(), ((-length / 2, length / 2), (-width / 2, width / 2)))


def test_shipped_venues_have_the_rules_measures():
    assert set(SHIPPED) == {"basketball-nba", "basketball-fiba", "table-tennis", "corridor", "plaza"}
    for venue in (BASKETBALL_NBA, BASKETBALL_FIBA):
        hoop, board = venue.hoop, venue.board
        assert hoop is not None and board is not None
        assert math.isclose(hoop.centre[2] + hoop.tube_radius, 3.05, abs_tol=0.003)
        assert 0.225 <= hoop.radius - hoop.tube_radius <= 0.2286
        face = board.centre[0] + board.size[0] / 2
        assert 0.36 < -face < 0.39
    table, net, floor = TABLE_TENNIS.table, TABLE_TENNIS.net, TABLE_TENNIS.floor
    assert table is not None and net is not None and floor is not None
    assert table.centre[2] + table.size[2] / 2 == 0.0
    assert net.centre[2] - net.size[2] / 2 == 0.0
    assert floor.point[2] == -0.76


def test_a_venue_without_edges_spans_a_unit_square():
    assert Venue(name="nowhere").extent() == ((-0.5, 0.5), (-0.5, 0.5))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Plane(point=(0.0, 0.0, 0.0), normal=(0.0, 0.0, 2.0)), "length 1, found length 2"),
        (lambda: Plane(point=(0.0, math.nan, 0.0)), "finite metres"),
        (lambda: Box(centre=(0.0, 0.0, 0.0), size=(1.0, 0.0, 1.0)), "over 0 m"),
        (lambda: Segment(start=(0.0, 0.0, 0.0), end=(0.0, 0.0, 0.0), name="door"), "segment door"),
        (lambda: Ring(centre=(0.0, 0.0, 3.0), radius=0.1, tube_radius=0.2), "tube_radius < radius"),
        (lambda: corridor(width=0.0), "corridor.width: expected over 0 m"),
        (lambda: corridor(length=math.nan), "corridor.length"),
        (lambda: plaza(door=30.0), "plaza.door"),
        (
            lambda: Venue(name="twins", exits=(Segment(start=(0.0, 0.0, 0.0), end=(1.0, 0.0, 0.0), name="a"),) * 2),
            "a name of its own",
        ),
    ],
)
def test_an_impossible_place_is_refused(build, message):
    with pytest.raises(InputError, match=message):
        build()
