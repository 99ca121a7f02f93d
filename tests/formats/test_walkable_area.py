"""The walkable area: its size, the walls and obstacles that bound it, and its text."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.formats.walkable_area import GRID, venue_of_wkt, walkable_polygons, walkable_wkt
from pathcast.venue import Box, Segment, Venue, box_corners, corridor, plaza

modest = settings(max_examples=40, deadline=None)
many = settings(max_examples=200, deadline=None)
HALF = 9.0
"""Of a plaza's side; metres."""


def wall(x0: float, y0: float, x1: float, y1: float) -> Segment:
    return Segment(start=(x0, y0, 0.0), end=(x1, y1, 0.0))


def square(half: float) -> tuple[Segment, ...]:
    corners = [(-half, -half), (half, -half), (half, half), (-half, half)]
    return tuple(wall(*start, *end) for start, end in zip(corners, corners[1:] + corners[:1], strict=True))


def box(x: float, y: float, width: float, depth: float, yaw: float = 0.0) -> Box:
    return Box(centre=(x, y, 1.0), size=(width, depth, 2.0), yaw=yaw)


def area(venue: Venue | None, around: np.ndarray | None = None) -> float:
    """Of the walkable area, once it has been looked at: valid, on the grid, rings the right way round, as the text."""
    polygons = walkable_polygons(venue, around)
    ground = shapely.MultiPolygon([shapely.Polygon(outer, holes) for outer, *holes in polygons])
    assert shapely.is_valid(ground), shapely.is_valid_reason(ground)
    assert [[shapely.is_ccw(shapely.LinearRing(ring)) for ring in polygon] for polygon in polygons] == [
        [True] + [False] * (len(polygon) - 1) for polygon in polygons
    ]
    corners = shapely.get_coordinates(ground)
    assert (corners == corners.round(6)).all() and not (np.signbit(corners) & (corners == 0)).any()
    written = shapely.from_wkt(walkable_wkt(venue, around))
    assert shapely.is_valid(written) and (shapely.get_coordinates(written) == corners).all()
    return float(ground.area)


@modest
@given(length=st.floats(1.0, 100.0), width=st.floats(0.5, 20.0))
def test_a_corridor_is_its_length_times_its_width(length, width):
    assert area(corridor(length, width)) == pytest.approx(length * width, rel=1e-4)


def test_corners_are_where_the_edge_of_the_ground_turns():
    """Not where a wall ends at a door, or another one begins."""
    halves = (wall(-9, 0, 9, 0.25), wall(-9, -3, 0, 9))
    place = replace(plaza(side=2 * HALF), walls=(*plaza(side=2 * HALF).walls, *halves))
    assert [[len(ring) for ring in polygon] for polygon in walkable_polygons(place)] == [[4, 4]]


lengths = st.floats(0.5, 5) | st.sampled_from([1.0, 2.0, 3.0, 1e-5, 1e-6, 1e-200])
places = st.floats(-HALF, HALF) | st.integers(-18, 18).map(lambda n: n / 2)
yaws = st.floats(0, 3) | st.floats(-2e-5, 2e-5) | st.sampled_from([0.0, 1e-5, -1e-5, np.pi / 2])
boxes = st.builds(box, places, places, lengths, lengths, yaws)
"""Many of them touch and overlap one another and the plaza's walls, some nearly so."""


def depth_in(obstacle: Box, x: float, y: float) -> float:
    """How far inside a box a point is; less than 0 outside."""
    cosine, sine = np.cos(obstacle.yaw), np.sin(obstacle.yaw)
    off_x, off_y = x - obstacle.centre[0], y - obstacle.centre[1]
    along, across = cosine * off_x + sine * off_y, cosine * off_y - sine * off_x
    return float(min(obstacle.size[0] / 2 - abs(along), obstacle.size[1] / 2 - abs(across)))


def area_by_strips(obstacles: list[Box]) -> float:
    """What they leave of the plaza, strip by strip from west to east: in each, no two edges cross."""
    corners = [[(x, y) for x, y, _ in box_corners(obstacle)] for obstacle in obstacles]
    sides = [[*zip(ring, ring[1:] + ring[:1], strict=True)] for ring in corners]
    levels = [((-HALF, y), (HALF, y)) for y in (-HALF, HALF)]
    cuts = {-HALF, HALF, *(x for ring in corners for x, _ in ring)}
    for ((ax, ay), (bx, by)), ((cx, cy), (dx, dy)) in combinations(
        [*levels, *(side for ring in sides for side in ring)], 2
    ):
        if cross := (bx - ax) * (dy - cy) - (by - ay) * (dx - cx):
            cuts.add(ax + ((cx - ax) * (dy - cy) - (cy - ay) * (dx - cx)) / cross * (bx - ax))
    left = 0.0
    for west, east in pairwise(sorted(x for x in cuts if -HALF <= x <= HALF)):
        middle, spans = (west + east) / 2, []
        for ring in sides:
            ends = [
                ay + (middle - ax) / (bx - ax) * (by - ay)
                for (ax, ay), (bx, by) in ring
                if (ax < middle) != (bx < middle)
            ]
            spans += [(min(ends), max(ends))] if ends else []
        free, reached = 0.0, -HALF
        for south, north in sorted(spans):
            free += max(min(south, HALF) - reached, 0.0)
            reached = min(max(reached, north), HALF)
        left += (east - west) * (free + HALF - reached)
    return left


@many
@given(
    obstacles=st.lists(boxes, max_size=5),
    points=st.lists(st.tuples(st.floats(-HALF, HALF), st.floats(-HALF, HALF)), min_size=5),
)
@example(obstacles=[box(4, 4, 2, 2), box(4.5, 4, 2, 2, 1e-5)], points=[(4.0, 4.0), (5.4, 4.0), (0.0, 0.0)])
@example(obstacles=[box(4, 4, 2, 2), box(6, 4, 2, 2, 1e-5), box(8, 4, 2, 2)], points=[(5.0, 3.5), (7.0, 5.5)])
@example(obstacles=[box(9, 0, 2, 20, 1e-5), box(-9, 0, 2, 18)], points=[(-8.5, 0.0), (-7.5, 8.9)])
def test_ground_is_inside_the_walls_and_outside_the_obstacles(obstacles, points):
    """Obstacles touch and overlap one another and the walls; a free-standing wall changes nothing."""
    place = replace(plaza(side=2 * HALF), obstacles=tuple(obstacles))
    place = replace(place, walls=(*place.walls, wall(-9, 2, -3, 4), wall(1, 1, 1, 3)))
    assert area(place) == pytest.approx(area_by_strips(obstacles), abs=1e-4)
    ground = shapely.union_all([shapely.Polygon(outer, holes) for outer, *holes in walkable_polygons(place)])
    for x, y in points:
        deepest = max([*(depth_in(obstacle, x, y) for obstacle in obstacles), abs(x) - HALF, abs(y) - HALF])
        if abs(deepest) > 1e-4:
            assert shapely.contains_xy(ground, x, y) == (deepest < 0)


steps = st.tuples(st.integers(0, 6), st.integers(0, 6), st.booleans())
"""A side of a cell of a grid of metres: where it begins, and whether it leads up or to the right."""
rectangles = st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 7), st.integers(1, 7)).map(
    lambda r: (
        {(x, y, False) for x in range(r[0], min(r[0] + r[2], 7)) for y in (r[1], min(r[1] + r[3], 7))}
        | {(x, y, True) for x in (r[0], min(r[0] + r[2], 7)) for y in range(r[1], min(r[1] + r[3], 7))}
    )
)


def cells_enclosed(sides: set[tuple[int, int, bool]]) -> int:
    """How many cells are inside an odd number of connected pieces, round which no way from outside leads to them."""
    ends = {(x, y, up): {(x, y), (x + (not up), y + up)} for x, y, up in sides}
    pieces: list[tuple[set[tuple[int, int]], set[tuple[int, int, bool]]]] = []
    for side, points in ends.items():
        touched = [piece for piece in pieces if piece[0] & points]
        pieces = [piece for piece in pieces if piece not in touched]
        pieces.append((points.union(*(piece[0] for piece in touched)), {side}.union(*(piece[1] for piece in touched))))
    inside = np.zeros((9, 9), np.int64)
    for _, walls in pieces:
        stack, reached = [(-1, -1)], {(-1, -1)}
        while stack:
            x, y = stack.pop()
            ways = [((x - 1, y), (x, y, True)), ((x + 1, y), (x + 1, y, True))]
            ways += [((x, y - 1), (x, y, False)), ((x, y + 1), (x, y + 1, False))]
            fresh = {
                to for to, over in ways if over not in walls and max(map(abs, (to[0] - 3, to[1] - 3))) <= 4
            } - reached
            reached |= fresh
            stack += fresh
        for x, y in ((x, y) for x in range(-1, 8) for y in range(-1, 8) if (x, y) not in reached):
            inside[x, y] += 1
    return int((inside % 2).sum())


@many
@given(
    rings=st.lists(rectangles, min_size=1, max_size=4),
    more=st.sets(steps, max_size=20),
    noise=st.lists(st.floats(-2e-7, 2e-7), min_size=4, max_size=4),
    yaw=yaws,
)
def test_each_connected_piece_encloses_what_no_way_round_it_reaches(rings, more, noise, yaw):
    """Rings in rings, rings that touch in a point or hang on a wall, and open walls, whose ends miss one another."""
    sides = more.union(*rings)
    turn = np.array([[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]])
    walls = []
    for number, (x, y, up) in enumerate(sorted(sides)):
        corners = (np.array([[x, y], [x + (not up), y + up]]) @ turn.T).round(6)
        walls.append(wall(*(corners + noise[number % 4] * np.array([[1, -1], [-1, 1]])).ravel().tolist()))
    assert area(Venue(name="cells", walls=tuple(walls))) == pytest.approx(cells_enclosed(sides), abs=1e-3)


ends = st.floats(-8, 8) | st.floats(-1e-200, 1e-200) | st.integers(-3, 3).map(float)
near = st.floats(-1e-6, 1e-6) | st.floats(-1e-4, 1e-4)
strokes = st.lists(st.tuples(ends, ends, ends, ends), max_size=12)
twins = st.lists(st.tuples(st.integers(0, 11), near, near, near, near), max_size=8)


def with_twins(drawn: list[tuple[float, ...]], again: list[tuple[float, ...]]) -> tuple[Segment, ...]:
    """Walls, and some of them once more, nearly alike."""
    both = drawn + [tuple(np.add(drawn[int(n)], off).tolist()) for n, *off in again if n < len(drawn)]
    return tuple(wall(*stroke) for stroke in both if stroke[:2] != stroke[2:])


@many
@given(drawn=strokes, again=twins, obstacles=st.lists(boxes, max_size=4))
def test_walls_that_hang_on_the_outer_one_leave_no_trace(drawn, again, obstacles):
    """They cross at any angle, many within 1e-6 m, and have obstacles on them."""
    hanging = [wall(-HALF, free.start[1], *free.end[:2]) for free in with_twins(drawn, again)]
    place = Venue(name="any", walls=(*square(HALF), *hanging), obstacles=tuple(obstacles))
    assert area(place) == pytest.approx(area_by_strips(obstacles), abs=1e-4)


@many
@given(drawn=strokes, again=twins)
@example(drawn=[(0.0, 0.0, 4.0, 0.0), (4.0, 0.0, 0.0, 3.0), (0.0, 3.0, 0.0, 0.0)], again=[])
def test_a_square_has_for_ground_what_free_walls_in_it_do_not_enclose(drawn, again):
    walls = with_twins(drawn, again)
    left = area(Venue(name="square", walls=(*square(HALF), *walls)))
    if left < 4 * HALF**2 - 1e-3:
        assert left + area(Venue(name="inner", walls=walls)) == pytest.approx(4 * HALF**2)


@modest
@given(off=st.floats(-4e-7, 4e-7), over=st.floats(0, 3), x=st.integers(-8, 8))
def test_walls_that_miss_one_another_by_less_than_the_grid_meet(off, over, x):
    """Whether they end short of one another or beyond, the room is closed, and ends that stick out leave no trace."""
    three = (wall(-9, -9, 9, -9), wall(9, -9, 9, 9), wall(-9, 9, -9, -9))
    assert area(Venue(name="room", walls=(*three, wall(-9 + off, 9, 9 - off, 9 + off)))) == pytest.approx(324)
    assert area(Venue(name="room", walls=(*three, wall(-9 - over, 9, 9 + over, 9)))) == pytest.approx(324)
    assert area(Venue(name="rooms", walls=(*square(9.0), wall(x, -9 + off, x, 9 - off)))) == pytest.approx(324)
    gap = wall(-9, 9, 9 - 5 * GRID, 9)
    assert area(Venue(name="open", walls=(*three, gap))) == pytest.approx(400)


@pytest.mark.parametrize("off", [3e-7, 1e-6, 4e-6])
def test_walls_drawn_twice_enclose_nothing_between_them(off):
    crossed = (wall(0, 0, 8, 2), wall(0, off, 8, 2 - off), wall(0, 0, 0, off), wall(8, 2, 8, 2 - off))
    assert area(Venue(name="crossed", walls=(*square(9.0), *crossed))) == pytest.approx(324, abs=1e-4)
    if off <= GRID:
        assert area(Venue(name="crossed", walls=crossed)) == pytest.approx(10 * 4)


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
    assert area(None, points) == pytest.approx(6 * 4)
    assert area(Venue(name="one wall", walls=(wall(0, 0, 5, 0),)), points) == pytest.approx(7 * 4)


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


@pytest.mark.parametrize(
    "text",
    [
        "LINESTRING (0 0, 1 1)",
        "GEOMETRYCOLLECTION (POINT (0 0))",
        "POLYGON ((a b, 1 1, 2 2))",
        "POLYGON ((0 0, 1 0, 1 1, 0 0)",
        "POLYGON ((0 0, 1 0, 1 1))",
        "POLYGON ((0 0, 1 0, 1e400 1, 0 0))",
        "POLYGON EMPTY",
        "",
    ],
)
def test_other_text_is_refused(text):
    with pytest.raises(InputError, match="geometry"):
        venue_of_wkt(text, "file")


@modest
@given(obstacles=st.lists(boxes, max_size=4))
@example(obstacles=[box(4, 4, 2, 2), box(4.5, 4, 2, 2, 1e-5)])
def test_pedpy_takes_the_ground_that_hangs_together(obstacles):
    pedpy = pytest.importorskip("pedpy", reason="PedPy: not installed (it is in the dev extra)")
    place = replace(plaza(side=2 * HALF), obstacles=tuple(obstacles))
    text = walkable_wkt(place)
    if text.startswith("POLYGON"):
        assert pedpy.WalkableArea(text).area == pytest.approx(area(place))


@pytest.mark.parametrize("far", [2e9, 1e300])
def test_what_is_too_far_away_for_the_grid_is_refused(far):
    with pytest.raises(InputError, match="coordinates up to 1e"):
        walkable_polygons(Venue(name="far", walls=(*square(HALF), wall(0, 0, far, 0))))
    with pytest.raises(InputError, match="coordinates up to 1e"):
        walkable_wkt(None, np.array([[0.0, far]]))
