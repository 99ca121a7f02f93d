"""The walkable area: its size, the walls and obstacles that bound it, and its text."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.formats.planar_edges import is_inside_ring, signed_area
from pathcast.formats.walkable_area import venue_of_wkt, walkable_polygons, walkable_wkt
from pathcast.venue import Box, Segment, Venue, corridor, plaza

modest = settings(max_examples=40, deadline=None)


def wall(x0: float, y0: float, x1: float, y1: float) -> Segment:
    return Segment(start=(x0, y0, 0.0), end=(x1, y1, 0.0))


def square(half: float) -> tuple[Segment, ...]:
    corners = [(-half, -half), (half, -half), (half, half), (-half, half)]
    return tuple(wall(*start, *end) for start, end in zip(corners, corners[1:] + corners[:1], strict=True))


def area(venue: Venue) -> float:
    return sum(signed_area(ring) for polygon in walkable_polygons(venue) for ring in polygon)


@modest
@given(length=st.floats(1.0, 100.0), width=st.floats(0.5, 20.0))
def test_a_corridor_is_its_length_times_its_width(length, width):
    assert area(corridor(length, width)) == pytest.approx(length * width, rel=1e-4)


boxes = st.builds(
    lambda x, y, w, h, yaw: Box(centre=(x, y, 1.0), size=(w, h, 2.0), yaw=yaw),
    st.floats(-9, 9),
    st.floats(-9, 9),
    st.floats(0.5, 5),
    st.floats(0.5, 5),
    st.floats(0, 3),
)


@modest
@given(
    obstacles=st.lists(boxes, max_size=4), points=st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=5)
)
def test_ground_is_inside_the_walls_and_outside_the_obstacles(obstacles, points):
    """Obstacles overlap one another and the walls; a free-standing wall changes nothing."""
    place = replace(plaza(side=18.0), obstacles=tuple(obstacles))
    place = replace(place, walls=(*place.walls, wall(-9, 2, -3, 4), wall(1, 1, 1, 3)))
    polygons = walkable_polygons(place)
    for x, y in points:
        depths = []
        for box in obstacles:
            cosine, sine = np.cos(box.yaw), np.sin(box.yaw)
            off_x, off_y = x - box.centre[0], y - box.centre[1]
            along, across = cosine * off_x + sine * off_y, cosine * off_y - sine * off_x
            depths.append(min(box.size[0] / 2 - abs(along), box.size[1] / 2 - abs(across)))
        deepest = max([*depths, abs(x) - 9, abs(y) - 9])
        if abs(deepest) > 1e-4:
            inside = sum(is_inside_ring((x, y), ring) for polygon in polygons for ring in polygon) % 2 == 1
            assert inside == (deepest < 0)


def test_walls_within_walls_are_a_building():
    place = Venue(name="square", walls=(*square(10.0), *square(2.0)))
    assert area(place) == pytest.approx(400 - 16)
    assert [len(polygon) for polygon in walkable_polygons(place)] == [2]


def test_a_wall_with_a_gap_divides_nothing_and_a_closed_one_leaves_both_rooms():
    halves = (wall(0, -10, 0, -1), wall(0, 1, 0, 10))
    assert area(Venue(name="two rooms", walls=(*square(10.0), *halves))) == pytest.approx(400)
    assert area(Venue(name="two rooms", walls=(*square(10.0), wall(0, -10, 0, 10)))) == pytest.approx(400)


def test_an_obstacle_across_a_corridor_makes_two_grounds():
    place = replace(corridor(20.0, 4.0), obstacles=(Box(centre=(0.0, 0.0, 1.0), size=(1.0, 5.0, 2.0)),))
    assert len(walkable_polygons(place)) == 2
    assert walkable_wkt(place).startswith("MULTIPOLYGON (((")


def test_open_ground_is_the_rectangle_around_everybody():
    points = np.array([[0.0, 0.0], [4.0, 2.0]])
    ((ring,),) = walkable_polygons(None, points)
    assert signed_area(ring) == pytest.approx(6 * 4)
    ((ring,),) = walkable_polygons(Venue(name="one wall", walls=(wall(0, 0, 5, 0),)), points)
    assert signed_area(ring) == pytest.approx(7 * 4)


def test_nothing_to_walk_on_is_refused():
    with pytest.raises(InputError, match="a venue, or people"):
        walkable_polygons(None)
    full = replace(corridor(10.0, 2.0), obstacles=(Box(centre=(0.0, 0.0, 1.0), size=(20.0, 20.0, 2.0)),))
    with pytest.raises(InputError, match="ground to walk on"):
        walkable_polygons(full)


@modest
@given(side=st.floats(5.0, 40.0))
def test_text_brings_the_ground_back(side):
    place = plaza(side=side, door=1.0)
    again = venue_of_wkt(walkable_wkt(place), "again")
    assert area(again) == pytest.approx(area(place))


@pytest.mark.parametrize("text", ["LINESTRING (0 0, 1 1)", "POLYGON ((a b, 1 1, 2 2))", "POLYGON EMPTY"])
def test_other_text_is_refused(text):
    with pytest.raises(InputError, match="geometry"):
        venue_of_wkt(text, "file")
