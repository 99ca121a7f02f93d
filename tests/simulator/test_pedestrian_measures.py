"""Measures of crowds: closed forms, conservation, and agreement with PedPy where it is installed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.formats.jupedsim import write_jupedsim
from pathcast.formats.walkable_area import walkable_polygons
from pathcast.simulator.pedestrian.crowd import simulate_crowd
from pathcast.simulator.pedestrian.measures import (
    crossings_of,
    density_in,
    flow_of,
    individual_speed,
    is_inside,
    voronoi_density_in,
)
from pathcast.tracks import Tracks
from pathcast.venue import corridor, plaza

SQUARE = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]
modest = settings(max_examples=40, deadline=None)
metres = st.floats(-9.0, 9.0)


def standing(points: list[tuple[float, float]]) -> Tracks:
    return Tracks.from_rows(0, np.arange(len(points)), np.zeros(len(points)), np.array(points))


def test_a_row_at_equal_gaps_has_their_density():
    tracks = standing([(x, 0.0) for x in np.arange(-9.75, 10, 0.5)])
    ground = walkable_polygons(corridor(20.0, 2.0))
    area = [(-4.0, -1.0), (4.0, -1.0), (4.0, 1.0), (-4.0, 1.0)]
    assert voronoi_density_in(tracks, area, ground).density == pytest.approx([1.0])
    assert density_in(tracks, area).density == pytest.approx([1.0])


@modest
@given(points=st.lists(st.tuples(metres, metres), min_size=1, max_size=12, unique=True))
def test_cells_share_the_whole_ground_among_all_people(points):
    """Over the whole of the ground the density is the number of people by its size, wherever they stand."""
    place = plaza(side=20.0)
    tracks = standing([(0.5 + round(x, 2), round(y, 2)) for x, y in points])
    tracks = tracks.select(np.sort(np.unique(tracks.position, axis=0, return_index=True)[1]))
    whole = [(-10.0, -10.0), (10.0, -10.0), (10.0, 10.0), (-10.0, 10.0)]
    found = voronoi_density_in(tracks, whole[::-1], walkable_polygons(place)).density
    assert found == pytest.approx([tracks.num_tracks / 400.0])


@modest
@given(points=st.lists(st.tuples(metres, metres), min_size=1, max_size=12))
def test_inside_is_inside(points):
    position = np.array([*points, (np.nan, 0.0)])
    expected = [*((abs(x) < 1 and abs(y) < 1) or (x, y) == (-1.0, -1.0) for x, y in points), False]
    on_edge = (np.abs(position) == 1).any(axis=1)
    assert (is_inside(position, SQUARE) == expected)[~on_edge].all()


@modest
@given(speed=st.floats(0.1, 3.0), angle=st.floats(0, 6.28), step=st.integers(1, 4))
def test_a_straight_walk_has_its_speed_and_its_ends_none(speed, angle, step):
    time = np.arange(12) * 0.1
    way = np.array([np.cos(angle), np.sin(angle)]) * speed
    tracks = Tracks.from_rows(
        0, np.repeat([0, 1], 12), np.tile(time, 2), np.concatenate([np.outer(time, way), 1 - np.outer(time, way)])
    )
    found = individual_speed(tracks, step)
    assert np.isnan(found).sum() == 4 * step
    np.testing.assert_allclose(found[~np.isnan(found)], speed)


def test_who_crosses_a_line_is_counted_once_each_way_and_who_passes_beside_it_never():
    time = np.arange(5) * 1.0
    there_and_back = np.column_stack([[-1.0, 0.0, 1.0, 1.0, -1.0], np.zeros(5)])
    beside = there_and_back + np.array([0.0, 5.0])
    tracks = Tracks.from_rows(0, np.repeat([3, 4], 5), np.tile(time, 2), np.concatenate([there_and_back, beside]))
    found = crossings_of(tracks, (0.0, -1.0), (0.0, 1.0))
    assert found.track.tolist() == [3, 3]
    assert found.time.tolist() == [1.0, 3.5] and found.to_left.tolist() == [False, True]
    assert flow_of(found.time) == pytest.approx(1 / 2.5)
    assert np.isnan(flow_of(found.time[:1]))


def test_areas_without_ground_or_with_a_dent_are_refused():
    with pytest.raises(InputError, match="at least three corners"):
        density_in(standing([(0.0, 0.0)]), [(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)])
    dented = [(0.0, 0.0), (2.0, 0.0), (0.5, 0.5), (0.0, 2.0)]
    with pytest.raises(InputError, match="a convex polygon"):
        voronoi_density_in(standing([(0.0, 0.0)]), dented, walkable_polygons(plaza()))


@pytest.mark.parametrize("scene", ["corridor", "plaza"])
def test_pedpy_opens_a_written_scene_and_measures_what_we_do(scene, tmp_path):
    pedpy = pytest.importorskip("pedpy", reason="PedPy: not installed (it is in the dev extra)")
    crowd = simulate_crowd(scene, 1, 7, duration_s=20.0)
    tracks, place = crowd.tracks, crowd.venue(0)
    path = tmp_path / "walk.sqlite"
    write_jupedsim(tracks, path, venue=place)
    data = pedpy.load_trajectory_from_jupedsim_sqlite(trajectory_file=path)
    ground = pedpy.load_walkable_area_from_jupedsim_sqlite(trajectory_file=path)
    assert data.frame_rate == 10.0 and len(data.data) == tracks.num_rows
    assert pedpy.is_trajectory_valid(traj_data=data, walkable_area=ground)

    (west, east), (south, north) = place.extent()
    least_x, most_x = west + 0.3 * (east - west), west + 0.8 * (east - west)
    least_y, most_y = south + 0.2 * (north - south), south + 0.9 * (north - south)
    corners = [(least_x, least_y), (most_x, least_y), (most_x, most_y), (least_x, most_y)]
    area = pedpy.MeasurementArea(corners)
    theirs = pedpy.compute_classic_density(traj_data=data, measurement_area=area)
    ours = density_in(tracks, corners)
    np.testing.assert_allclose(ours.density, theirs.set_index("frame").density[np.round(ours.time * 10).astype(int)])

    speed = individual_speed(tracks, 5)
    measured = pedpy.compute_individual_speed(traj_data=data, frame_step=5).sort_values(["id", "frame"])
    np.testing.assert_allclose(speed[~np.isnan(speed)], measured.speed, atol=1e-9)

    middle = [(most_x, south), (most_x, north)]
    _, theirs = pedpy.compute_n_t(traj_data=data, measurement_line=pedpy.MeasurementLine(middle))
    ours = crossings_of(tracks, *middle)
    assert set(theirs.id) == set(ours.track.tolist()) and len(theirs)

    cells = pedpy.compute_individual_voronoi_polygons(traj_data=data, walkable_area=ground)
    theirs, _ = pedpy.compute_voronoi_density(individual_voronoi_data=cells, measurement_area=area)
    ours = voronoi_density_in(tracks, corners, walkable_polygons(place))
    same = theirs.set_index("frame").density[np.round(ours.time * 10).astype(int)].to_numpy()
    if scene == "corridor":
        np.testing.assert_allclose(ours.density, same, atol=1e-9)
    else:
        # Behind the kiosk PedPy keeps of a cell in pieces the one its person is in; we keep all.
        assert (np.abs(ours.density - same) < 1e-9).mean() > 0.5
        np.testing.assert_allclose(ours.density, same, atol=0.1)
