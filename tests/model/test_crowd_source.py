"""Training among simulated crowds: what training sees of people is what a stream would hold of them."""

import dataclasses

import numpy as np
import pytest

from pathcast.model.frontends.heading import FILTER_SIZE, MIN_STEP_S, HeadingFrontEnd
from pathcast.model.states import COUNT, TIME
from pathcast.model.training.crowd_chains import Chains, draw_chains
from pathcast.model.training.crowd_scenes import DURATION_S, CrowdScenes, simulate_scenes
from pathcast.model.training.crowd_sensor import Seen, draw_ticks, watch
from pathcast.model.training.crowd_source import CrowdSource
from pathcast.model.training.crowd_stream import stream_others
from pathcast.model.training.goal_choices import NONE_SHARE, draw_choices
from pathcast.model.training.observed import examples_of
from pathcast.model.training.settings import TrainingSettings
from pathcast.simulator.pedestrian.crowd import simulate_crowd

SETTINGS = TrainingSettings(name="walkers", num_scenes=40, num_neighbours=5, num_goals=6)
SEED, NUM_SCENES, NUM_CHAINS, NUM_STEPS = 3, 20, 300, 9


def _random() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture(scope="module")
def scenes() -> CrowdScenes:
    return simulate_scenes(SEED, 0, NUM_SCENES)


@pytest.fixture(scope="module")
def seen(scenes: CrowdScenes) -> Seen:
    people, which = scenes.people_of(np.arange(NUM_SCENES))
    return watch(scenes, people, which, draw_ticks(NUM_SCENES, _random()), 0.03, 0.1, _random())


@pytest.fixture(scope="module")
def chains(scenes: CrowdScenes, seen: Seen) -> Chains:
    return draw_chains(seen, scenes.end_s - 0.4, NUM_CHAINS, 3, NUM_STEPS, _random())


def test_scenes_are_kept_as_they_were_walked(scenes: CrowdScenes) -> None:
    crowd = simulate_crowd("all", NUM_SCENES, SEED)
    tracks = crowd.tracks
    person = np.repeat(np.arange(len(scenes.scene)), np.diff(scenes.starts))
    np.testing.assert_allclose(scenes.at(person, tracks.time[:, None])[:, 0], tracks.position, atol=1e-5)
    np.testing.assert_array_equal(scenes.goal_at(person, tracks.time), crowd.truth.goal)
    np.testing.assert_array_equal(scenes.scene[person], tracks.scene)
    for scene in range(NUM_SCENES):
        exits = np.array([(*way_out.start[:2], *way_out.end[:2]) for way_out in crowd.venue(scene).exits])
        np.testing.assert_array_equal(scenes.exits[scene][scenes.is_exit[scene]], exits)
    assert np.isnan(scenes.at(person[:1], np.array([[-1.0, DURATION_S + 1]]))).all()


def test_most_clocks_are_regular_at_2_5_hz_and_the_others_reach_25() -> None:
    ticks = draw_ticks(4000, _random())
    steps = np.diff(np.where(np.isfinite(ticks), ticks, np.nan), axis=1)
    assert (steps[np.isfinite(steps)] > 0).all()
    median = np.nanmedian(steps, axis=1)
    is_regular = np.nanmax(steps, axis=1) - np.nanmin(steps, axis=1) < 1e-9
    assert 0.5 < (is_regular & (np.abs(median - 0.4) < 1e-9)).mean() < 0.6
    assert 0.1 < (~is_regular).mean() < 0.2
    assert (median < 0.05).mean() > 0.03


def _streamed(seen: Seen, rows: np.ndarray) -> np.ndarray:
    """The filter of a person after those observations, one by one."""
    row = np.zeros((1, FILTER_SIZE))
    HeadingFrontEnd().absorb(row, seen.time[rows][None], seen.position[rows][None], np.array([len(rows)]))
    return row


def test_after_its_last_end_a_chain_is_what_a_stream_of_all_observations_holds(seen: Seen, chains: Chains) -> None:
    front_end = HeadingFrontEnd()
    rows, ends = chains.rows, chains.ends
    times = seen.time[rows] + np.maximum(np.arange(NUM_STEPS) - ends[:, -1:], 0)
    steps, filters = front_end.trace(times, seen.position[rows], ends)
    num_between, num_close = 0, 0
    for chain in range(NUM_CHAINS):
        last = ends[chain, -1]
        every = np.arange(rows[chain, 0], rows[chain, last] + 1)
        assert (seen.person[every] == seen.person[every[0]]).all()
        after, pending, count = front_end.pending(_streamed(seen, every))
        # Only the number of observations differs: a chain leaves those out that were never a step.
        np.testing.assert_allclose(filters[chain, -1, TIME:4], after[0, TIME:4], atol=1e-12)
        np.testing.assert_allclose(filters[chain, -1, 7:], after[0, 7:], atol=1e-9)
        np.testing.assert_allclose(steps[chain, last], pending[0, count[0] - 1], atol=1e-6)
        num_between += last + 1 < len(every)
        num_close += times[chain, last] - times[chain, last - 1] < MIN_STEP_S - 1e-6
    assert num_between > 20 and num_close > 1


def test_chains_have_ends_of_all_lengths_from_two_observations_on(seen: Seen, chains: Chains) -> None:
    assert chains.ends.min() == 1 and chains.ends.max() == NUM_STEPS - 1
    assert (np.bincount(chains.ends.ravel(), minlength=NUM_STEPS)[1:] > 10).all()
    until = np.arange(1, NUM_STEPS) <= chains.ends[:, -1:]
    assert (np.diff(seen.time[chains.rows], axis=1)[until] > 0).all()


def test_others_are_everybody_as_a_stream_of_frames_holds_them(seen: Seen, chains: Chains) -> None:
    rows = np.take_along_axis(chains.rows, chains.ends, 1).reshape(-1)
    others, who, when = stream_others(seen, rows)
    np.testing.assert_array_equal(who[others.own], seen.person[rows])
    np.testing.assert_array_equal(when[others.own], seen.time[rows])
    assert (np.diff(others.scene) >= 0).all()
    for number in range(0, len(rows), 37):
        row = rows[number]
        which, now = seen.which[seen.person[row]], seen.time[row]
        instant = others.scene[others.own[number]]
        found = others.filters[others.scene == instant]
        expected = []
        for person in np.flatnonzero(seen.which == which):
            own = np.arange(seen.starts[person], seen.starts[person + 1])
            own = own[seen.time[own] <= now]
            if len(own) and now - seen.time[own[-1]] <= 1.2:
                expected.append(_streamed(seen, own)[0])
        np.testing.assert_allclose(found, np.array(expected), atol=1e-9)
        own = others.filters[others.own[number]]
        assert own[TIME] == now and own[COUNT] == row - seen.starts[seen.person[row]] + 1


def test_goals_and_people_around_change_no_observation() -> None:
    with_all = CrowdSource(SETTINGS).observed("validation", 1, 200, 2)
    alone = CrowdSource(SETTINGS.model_copy(update={"num_neighbours": 0, "num_goals": 0}))
    without = alone.observed("validation", 1, 200, 2)
    assert without.others is None and without.goals is None
    for name in ("times", "positions", "ends", "truth"):
        np.testing.assert_array_equal(getattr(with_all, name), getattr(without, name))
    examples = examples_of(with_all, HeadingFrontEnd(), np.asarray(SETTINGS.knots_s), 5)
    assert {field.name for field in dataclasses.fields(examples)}.isdisjoint({"goals", "answer", "goal"})
    assert 0.3 < examples.present.any(axis=-1).mean() <= 1.0


def test_where_others_went_is_their_own_truth_and_nobody_walks_through_anybody() -> None:
    source = CrowdSource(SETTINGS.model_copy(update={"collision": 1.0}))
    observed = source.observed("validation", 1, 200, 2)
    assert observed.others is not None and observed.others_truth is not None
    own = observed.others_truth[observed.others.own]
    np.testing.assert_allclose(own, observed.truth.reshape(own.shape), atol=1e-6)
    examples = examples_of(observed, HeadingFrontEnd(), np.asarray(SETTINGS.knots_s), 5)
    apart = np.linalg.norm(examples.target[:, :, None] - examples.beside, axis=-1) * examples.unit[:, :, None]
    nearest = np.where(examples.is_known[:, :, None], apart, np.inf).min(axis=(2, 3))
    assert nearest.min() > 0.2
    assert np.median(nearest) < 3.0


def test_the_true_goal_is_named_in_about_two_thirds_of_the_cases() -> None:
    random = _random()
    num, num_exits = 5000, 5
    exits = random.uniform(-15, 15, (num, num_exits, 2)).repeat(2, axis=1).reshape(num, num_exits, 4)
    exits[..., 2:] += random.normal(0, 1.5, (num, num_exits, 2))
    is_exit = np.arange(num_exits) < random.integers(2, num_exits + 1, (num, 1))
    goal = (random.random(num) * is_exit.sum(axis=1)).astype(np.int64)
    choices = draw_choices(exits, is_exit, goal, 6, random)
    assert choices.places.shape == (num, 6, 4)
    is_none = choices.answer == 6
    assert is_none.mean() == pytest.approx(NONE_SHARE, abs=0.03)
    counts = choices.present.sum(axis=1)
    assert counts.min() >= 1 and counts.max() == 6
    named = choices.places[np.arange(num), np.minimum(choices.answer, 5)]
    true = exits[np.arange(num), goal]
    middle, true_middle = (0.5 * (each[:, :2] + each[:, 2:]) for each in (named, true))
    away = np.linalg.norm(middle - true_middle, axis=1)
    assert (away[~is_none] < 6.01).all() and np.median(away[~is_none]) < 1e-9


def test_answers_are_where_people_walk_to() -> None:
    """Whoever is near the one exit that they leave by next has it for a goal, wherever it is named at all."""
    source = CrowdSource(SETTINGS)
    observed = source.observed("train", 0, 1500, 1)
    assert observed.goals is not None
    last = np.where(np.isnan(observed.truth[:, 0, :, 0]), -1, np.arange(observed.truth.shape[2])).max(axis=1)
    left_s = observed.times[np.arange(1500), observed.ends[:, 0]] + np.asarray(SETTINGS.knots_s)[last]
    gone = np.flatnonzero((last < observed.truth.shape[2] - 1) & (left_s < DURATION_S - 1))
    left_at = observed.truth[gone, 0, last[gone]]
    answer, places = observed.goals.answer[gone], observed.goals.places[gone]
    is_named = answer < places.shape[1]
    named = places[np.arange(len(gone)), np.minimum(answer, places.shape[1] - 1)]
    segment = named[:, 2:] - named[:, :2]
    share = ((left_at - named[:, :2]) * segment).sum(axis=1) / np.maximum((segment**2).sum(axis=1), 1e-9)
    nearest = named[:, :2] + np.clip(share, 0, 1)[:, None] * segment
    assert np.median(np.linalg.norm(left_at - nearest, axis=1)[is_named]) < 1.0
