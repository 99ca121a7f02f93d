"""Worlds that training watches: they repeat themselves, keep their parts apart, and know the truth."""

import dataclasses

import numpy as np
import pytest
import torch

from pathcast.model.training.flight import MOST_AWAY, Flight
from pathcast.model.training.observed import Observed, Source, examples_of
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.world import build_world


@pytest.fixture(scope="module")
def world(small: TrainingSettings) -> tuple[TrainingSettings, Source]:
    return small, build_world(small)[0]


def _exact(chosen: TrainingSettings, **changes: object) -> Source:
    """The world without noise, dropouts or jitter, whose knots are observations of a regular clock too."""
    return build_world(
        chosen.model_copy(
            update={"noise_m": 1e-9, "dropout": 0.0, "clock_jitter_s": 0.0, "rates_hz": [50.0], **changes}
        )
    )[0]


def _arrays(observed: Observed) -> list[np.ndarray]:
    """All of them, those of the people around and of goals included."""
    parts = [observed, *(part for part in (observed.others, observed.goals) if part is not None)]
    values = [getattr(part, field.name) for part in parts for field in dataclasses.fields(part)]
    return [value for value in values if isinstance(value, np.ndarray)]


def test_the_same_part_and_epoch_give_the_same_observations_and_others_give_others(
    world: tuple[TrainingSettings, Source],
) -> None:
    chosen, source = world
    again = build_world(chosen)[0]
    here = source.observed("train", 2, 200, 3)
    for ours, theirs in zip(_arrays(here), _arrays(again.observed("train", 2, 200, 3)), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    seeded = build_world(chosen.model_copy(update={"seed": chosen.seed + 1}))[0]
    for other in (
        source.observed("train", 3, 200, 3),
        source.observed("test", 2, 200, 3),
        seeded.observed("train", 2, 200, 3),
    ):
        assert (np.abs(other.positions - here.positions).max(axis=(1, 2)) > 0.01).all()
        assert (other.times[:, 1:] != here.times[:, 1:]).any()


def test_observations_rise_in_time_and_every_forecast_has_two_of_them_and_a_known_future(
    world: tuple[TrainingSettings, Source],
) -> None:
    chosen, source = world
    for part in ("train", "validation", "test"):
        seen = source.observed(part, 0, 400, 3)
        assert (np.diff(seen.times, axis=1) > 0).all()
        most = seen.times.shape[1]
        assert most == chosen.prefix or chosen.world == "ball"  # fast cameras are watched for as long as slow ones
        assert (seen.ends >= 1).all() and (seen.ends < most).all() and (np.diff(seen.ends, axis=1) >= 0).all()
        assert np.isfinite(seen.positions).all()
        known = np.isfinite(seen.truth).all(axis=-1)
        assert known[:, :, 0].all()
        assert (np.diff(known.astype(int), axis=2) <= 0).all()


def test_the_truth_at_a_knot_is_where_the_object_is_seen_then(world: tuple[TrainingSettings, Source]) -> None:
    chosen, _ = world
    seen = _exact(chosen).observed("train", 0, 300, 3)
    knots = np.asarray(chosen.knots_s)
    num_compared = 0
    for track in range(300):
        for end, truth in zip(seen.ends[track], seen.truth[track], strict=True):
            last = seen.ends[track].max()
            elapsed = seen.times[track, end + 1 : last + 1] - seen.times[track, end]
            later, at = np.nonzero(np.abs(elapsed[:, None] - knots) < 1e-6)
            num_compared += len(at)
            np.testing.assert_allclose(seen.positions[track, end + 1 + later], truth[at], atol=1e-5)
    assert num_compared > 100


def test_noise_is_as_large_as_the_settings_say(world: tuple[TrainingSettings, Source]) -> None:
    """The crowd's sensor draws its noise for each track from nothing to that; a jittery clock is off."""
    chosen, _ = world
    noisy = _exact(chosen, noise_m=chosen.noise_m).observed("train", 0, 400, 1)
    exact = _exact(chosen).observed("train", 0, 400, 1)
    until = np.arange(chosen.prefix) <= exact.ends[:, -1:]
    error = (noisy.positions - exact.positions)[until]
    share = 1.0 if chosen.world == "ball" else 3**-0.5
    assert error.std() == pytest.approx(share * chosen.noise_m, rel=0.1)
    np.testing.assert_array_equal(noisy.truth, exact.truth)


def _share_on_paths(futures: np.ndarray, paths: np.ndarray) -> float:
    """Share of futures that begin on another's path, at its velocity."""
    starts, moves = (array.reshape(-1, paths.shape[2]) for array in (paths[:, :-1], np.diff(paths, axis=1)))
    num_on = 0
    for future in futures:
        begin, move = future[0], future[1] - future[0]
        along = np.clip(((begin - starts) * moves).sum(1) / np.maximum((moves**2).sum(1), 1e-12), 0, 1)
        away = np.linalg.norm(begin - starts - along[:, None] * moves, axis=1)
        is_as_fast = np.linalg.norm(move - moves, axis=1) < 0.05 * np.linalg.norm(move)
        num_on += bool(((away < 0.01) & is_as_fast).any())
    return num_on / len(futures)


def test_no_track_is_in_two_parts(world: tuple[TrainingSettings, Source]) -> None:
    """A track that is watched again, at another clock or in another epoch, is found on its own path."""
    chosen, _ = world
    source, other_clock = _exact(chosen), _exact(chosen, rates_hz=[37.0])

    def futures(source: Source, part: str, epoch: int, num: int) -> np.ndarray:
        truth = source.observed(part, epoch, num, 1).truth[:, 0]
        return truth[np.isfinite(truth).all(axis=(1, 2))]

    paths = futures(source, "train", 0, 1000)
    again = futures(other_clock, "train", 0, 1000) if chosen.world == "ball" else futures(source, "train", 1, 200)
    assert _share_on_paths(again[:200], paths) > 0.2
    for part in ("validation", "test"):
        assert _share_on_paths(futures(source, part, 0, 200), paths) < 0.05


def test_examples_say_where_the_truth_is_relative_to_the_base(world: tuple[TrainingSettings, Source]) -> None:
    """Turned back by the heading and scaled by the unit, a target leads from the base path to the truth; where the
    network moves the base itself, as a step of it that moves nothing finds them."""
    chosen, source = world
    front_end = build_world(chosen)[1].build()
    seen = source.observed("validation", 0, 100, 2)
    knots = np.asarray(chosen.knots_s)
    examples = examples_of(seen, front_end, knots)
    starts = () if seen.starts is None else (seen.starts,)
    _, filters = front_end.trace(seen.times, seen.positions, seen.ends, *starts)
    if examples.filters is not None:
        np.testing.assert_array_equal(examples.filters, filters)
        np.testing.assert_array_equal(examples.truth, seen.truth)
        rows, truth = filters.reshape(200, -1), seen.truth.reshape(200, *seen.truth.shape[2:])
        target, unit, _ = Flight.apply(torch.zeros(200, front_end.num_estimated), front_end, rows, truth, knots)
        related = {
            "target": target.numpy().reshape(100, 2, *target.shape[1:]),
            "unit": unit.numpy().reshape(100, 2, -1),
        }
        examples = dataclasses.replace(examples, **related)
    np.testing.assert_array_equal(examples.is_known, np.isfinite(seen.truth).all(axis=-1))
    assert not examples.target[~examples.is_known].any()
    for end in range(2):
        after = np.ascontiguousarray(filters[:, end])
        base = front_end.base(after, np.tile(knots, (100, 1)))
        cosine, sine = front_end.heading(after).T[:, :, None]
        target = examples.target[:, end].astype(np.float64)
        turned = target.copy()
        turned[..., 0] = cosine * target[..., 0] - sine * target[..., 1]
        turned[..., 1] = sine * target[..., 0] + cosine * target[..., 1]
        found = base.path + examples.unit[:, end, :, None] * turned
        known = examples.is_known[:, end] & (np.abs(examples.target[:, end]) < MOST_AWAY).all(axis=2)
        assert known.mean() > 0.5
        np.testing.assert_allclose(found[known], seen.truth[:, end][known], atol=1e-4)
