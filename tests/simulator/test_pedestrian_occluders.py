import numpy as np
import pytest

from pathcast.simulator.pedestrian.crowd import simulate_crowd
from pathcast.simulator.pedestrian.occluders import occluders_of, sensor_among_people
from pathcast.simulator.pedestrian.parameters import CALIBRATED
from pathcast.simulator.sensor import Sensor, is_hidden, watch_tracks
from pathcast.tracks import Tracks
from pathcast.venue import corridor, plaza

EYE = 1.7


def test_walls_hide_and_exits_do_not():
    boxes = occluders_of(corridor(length=20.0, width=4.0))
    points = np.array([[-5.0, 0.0, 0.9], [0.0, 1.5, 0.9], [9.0, -1.5, 0.9]])
    assert is_hidden((0.0, 6.0, EYE), points, boxes).all()
    assert not is_hidden((0.0, 0.0, EYE), points, boxes).any()
    assert not is_hidden((25.0, 0.0, EYE), points, boxes).any()
    assert not is_hidden((0.0, 6.0, 30.0), points, boxes).any()


def test_a_corner_hides_who_is_behind_it():
    crowd = simulate_crowd("corner", 3, seed=1)
    side = crowd.venue(0).exits[1].start[1]
    crowd = simulate_crowd(crowd.venue(0), 3, seed=1)
    sensor = Sensor(rate_hz=10.0, camera=(-5.0, np.copysign(1.0, side), EYE))
    seen = watch_tracks(sensor, crowd.tracks, 1, lambda scene: occluders_of(crowd.venue(scene)))
    assert 0.1 < seen.valid.mean() < 0.95
    assert np.abs(seen.position[seen.valid, 1]).max() < 6.0 < np.abs(crowd.tracks.position[:, 1]).max()


def test_people_hide_each_other_from_a_camera_unless_it_is_told_how_wide_they_are():
    alone = Sensor(rate_hz=10.0, noise_m=0.01)
    assert sensor_among_people(alone) == alone
    camera = Sensor(rate_hz=10.0, camera=(0.0, -20.0, EYE))
    assert sensor_among_people(camera).object_radius_m == CALIBRATED.radius
    wide = Sensor(rate_hz=10.0, camera=(0.0, -20.0, EYE), object_radius_m=0.4)
    assert sensor_among_people(wide) == wide


@pytest.mark.parametrize(("x", "is_seen"), [(0.0, False), (2.0, True)])
def test_somebody_who_walks_before_the_camera_hides_who_is_behind(x, is_seen):
    time = np.arange(0.0, 1.05, 0.1)
    front, back = np.stack([0 * time, 0 * time - 5.0], 1), np.stack([x + 0 * time, 0 * time], 1)
    tracks = Tracks.from_rows(0, np.repeat([0, 1], len(time)), np.tile(time, 2), np.concatenate([front, back]))
    sensor = sensor_among_people(Sensor(rate_hz=10.0, camera=(0.0, -9.0, 0.9)))
    seen = watch_tracks(sensor, tracks, 1, lambda scene: occluders_of(plaza(side=30.0)))
    assert seen.valid[seen.track == 0].all()
    assert (seen.valid[seen.track == 1] == is_seen).all()
