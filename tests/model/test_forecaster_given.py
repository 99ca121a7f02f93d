"""What is told of whole tracks beside paths, and what callers give: the engine's own, whatever comes with it."""

import dataclasses

import numpy as np
import pytest

import pathcast
from pathcast.errors import InputError
from pathcast.model.contacts import Contacts, join_contacts, no_contacts
from pathcast.model.forecaster import Forecaster
from pathcast.model.given import Given
from pathcast.model.people import Observations, snapshots
from pathcast.tracks import Tracks

GIVEN = Given(noise_m=(0.05, 0.01, 0.02), clock_s=0.001, radius_m=0.2, mass_kg=0.1)
PLAIN = "constant-velocity-3d"


@pytest.fixture(scope="module")
def forecaster(falling) -> Forecaster:
    return Forecaster(falling.FallingEngine())


def throws(seed: int = 3, num_tracks: int = 5, num_frames: int = 9) -> Tracks:
    random = np.random.default_rng(seed)
    time = np.tile(0.04 * np.arange(num_frames), num_tracks)
    start, velocity = (
        random.normal((0, 0, 1.6), 0.2, (num_tracks, 1, 3)),
        random.normal((4, 0, 1), 0.5, (num_tracks, 1, 3)),
    )
    clock = time.reshape(num_tracks, num_frames, 1)
    place = start + velocity * clock - 9.81 / 2 * clock**2 * np.array([0, 0, 1])
    place += random.normal(0, 0.02, place.shape)
    valid = np.ones(len(time), np.bool_)
    valid[num_frames + 1 : 2 * num_frames] = False
    return Tracks.from_rows(0, np.repeat(np.arange(num_tracks), num_frames), time, place.reshape(-1, 3), valid)


@pytest.mark.parametrize("given", [Given(), GIVEN], ids=["nothing", "all"])
def test_answers_are_the_engines_own_after_each_tracks_prefix(forecaster, given):
    tracks, engine = throws(), forecaster.engine
    outcomes, surprises = forecaster.outcomes(tracks, given=given), forecaster.surprises(tracks, given=given)
    contacts = forecaster.contacts(tracks, horizon_s=1.5, given=given)
    forecasts = forecaster.forecast(tracks, given=given)
    assert outcomes.outcome_names == ("far", "left")
    for answer in (outcomes, surprises, contacts, forecasts):
        assert answer.track.tolist() == [0, 2, 3, 4] and answer.origin_time.tolist() == [0.32] * 4
    assert contacts.contacts.num_contacts > 4
    for row, track in enumerate(each for each in tracks.each() if each.valid.sum() > 1):
        states = engine.start(1, given)
        for time, position in zip(track.time, track.position.astype(np.float32), strict=True):
            states = engine.observe(states, np.array([time]), position[None])
        np.testing.assert_allclose(outcomes.probabilities[row], engine.outcomes(states)[0], atol=1e-6)
        np.testing.assert_allclose(surprises.surprise[row], engine.surprise(states)[0], atol=1e-6)
        assert surprises.is_suspect[row] == engine.is_suspect(states)[0]
        mine, alone = contacts.contacts.of_rows(row, row + 1), engine.contacts(states, 1.5)
        for field in dataclasses.fields(Contacts):
            np.testing.assert_allclose(getattr(mine, field.name), getattr(alone, field.name), atol=1e-6)


def test_what_is_given_changes_answers(forecaster):
    tracks = throws()
    plain = forecaster.forecast(tracks).forecast
    noisy = forecaster.forecast(tracks, given=Given(noise_m=(0.2,))).forecast
    light = forecaster.forecast(tracks, given=Given(radius_m=0.3, mass_kg=0.2)).forecast
    assert (noisy.covariances[..., 0] > plain.covariances[..., 0]).all()
    assert (light.means[:, 0, -1, 2] > plain.means[:, 0, -1, 2]).all()


def test_contacts_move_with_the_origin(forecaster):
    away = np.array([5_000_000.0, -600_000.0, 0.0])
    here = throws()
    there = Tracks.from_rows(here.scene, here.track, here.time, here.position + away, here.valid)
    near = forecaster.contacts(here)
    far = forecaster.contacts(there, origin=tuple(away))
    np.testing.assert_allclose(near.contacts.position + away, far.contacts.position, atol=1e-4)
    assert near.contacts.row.tolist() == far.contacts.row.tolist()
    default = forecaster.contacts(here, horizon_s=forecaster.card.offsets_s[-1])
    np.testing.assert_array_equal(near.contacts.probability, default.contacts.probability)


@pytest.mark.parametrize("horizon", [0.0, -1.0, 2.1, np.nan, np.inf])
def test_a_horizon_is_within_the_trained_one(forecaster, horizon):
    with pytest.raises(InputError, match="horizon_s: expected seconds over 0, at most 2"):
        forecaster.contacts(throws(), horizon_s=horizon)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda plain: plain.outcomes(throws()), "outcomes: expected a model that has outcomes"),
        (lambda plain: plain.contacts(throws()), "contacts: expected a model that has contacts"),
        (lambda plain: plain.surprises(throws()), "surprise: expected a model that has surprise"),
        (lambda plain: plain.forecast(throws(), given=Given(clock_s=0.0)), "noise: expected a model that takes"),
        (lambda plain: plain.forecast(throws(), given=Given(mass_kg=1.0)), "object: expected a model that takes"),
    ],
)
def test_a_model_that_has_it_not_refuses(ask, words):
    with pytest.raises(InputError, match=f"{words}.*, found {PLAIN} 1"):
        ask(pathcast.load(PLAIN))


def test_noise_of_other_axes_is_refused(forecaster):
    with pytest.raises(InputError, match="noise_m: expected one number, or 3, found 2"):
        forecaster.outcomes(throws(), given=Given(noise_m=(0.1, 0.1)))


def test_nobody_is_answered_with_nothing(forecaster):
    nobody = throws(num_tracks=1, num_frames=1)
    assert forecaster.outcomes(nobody).probabilities.shape == (0, 2)
    assert forecaster.surprises(nobody).surprise.shape == (0,)
    assert forecaster.contacts(nobody).contacts.num_contacts == 0


def test_snapshots_begin_with_what_was_given(forecaster):
    engine, random = forecaster.engine, np.random.default_rng(8)
    person, time = np.repeat([0, 1], 4), np.tile(0.04 * np.arange(4), 2)
    seen = Observations(np.zeros(8, np.int64), person, time, random.normal(0, 1, (8, 3)).astype(np.float32))
    found = snapshots(engine, seen, 1.0, engine.start(1, GIVEN).filter).filters
    for each in (0, 1):
        states = engine.start(1, GIVEN)
        for row in np.flatnonzero(person == each):
            states = engine.observe(states, time[row : row + 1], seen.position[row : row + 1])
            np.testing.assert_array_equal(found[row], states.filter[0])


def some_contacts(rows: list[int], offsets: list[float]) -> Contacts:
    count = len(rows)
    one = np.ones(count)
    return Contacts(
        np.array(rows, np.int64),
        np.ones(count, np.int64),
        one / 2,
        np.array(offsets, np.float64),
        one,
        np.arange(3.0 * count).reshape(-1, 3),
        np.ones((count, 6)),
    )


def test_joined_contacts_are_by_track_then_time():
    joined = join_contacts(
        [some_contacts([0, 3, 3], [0.5, 0.1, 0.4]), no_contacts(), some_contacts([1, 2], [0.2, 0.3])]
    )
    assert joined.row.tolist() == [0, 1, 2, 3, 3]
    assert joined.offset_s.tolist() == [0.5, 0.2, 0.3, 0.1, 0.4]
    assert joined.position[:, 0].tolist() == [0.0, 0.0, 3.0, 3.0, 6.0]


def test_contacts_of_chosen_tracks_are_numbered_anew():
    contacts = some_contacts([0, 1, 1, 4], [0.1, 0.2, 0.3, 0.4])
    some = contacts.of_tracks(np.array([1, 2, 4]))
    assert some.row.tolist() == [0, 0, 2] and some.offset_s.tolist() == [0.2, 0.3, 0.4]
    contacts.offset_s[2] = np.nan
    assert contacts.is_finite(5).tolist() == [True, False, True, True, True]
