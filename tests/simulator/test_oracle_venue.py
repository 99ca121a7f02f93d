"""The oracle's draws through a venue: paths, outcomes, and prefixes that lie beyond a contact."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.simulator.ball.following import MISSED, UNDECIDED, follow
from pathcast.simulator.ball.sports import BASKETBALL
from pathcast.simulator.oracle.drawn import draw_paths, in_venue, made_probability, outcome_probabilities
from pathcast.simulator.oracle.forecast import depth_within, forecast_by_draws
from pathcast.simulator.oracle.median import geometric_medians
from pathcast.simulator.oracle.mode import find_modes
from pathcast.simulator.oracle.prefixes import Prefixes, observe
from pathcast.simulator.oracle.prior import Marginal, Prior, Shape
from pathcast.simulator.oracle.sampler import Chains, sample
from pathcast.simulator.oracle.track_prior import track_prior
from pathcast.venue import BASKETBALL_NBA, Plane, Venue

SHORT = Chains(num=4, warmup=300, draws=50, thinning=6, rounds=1)
CLOCK = np.arange(40) / 25
FLOOR = Venue(name="floor", floor=Plane(point=(0.0, 0.0, 0.0)))


def shooter() -> Prior:
    """Free throws, of which about half go in."""
    row = track_prior(BASKETBALL, np.zeros(3), 0.01, 0.0).row
    spreads = {"x": (4.2, 0.02), "y": (0, 0.02), "z": (2.2, 0.03), "heading": (math.pi, 0.015)}
    spreads |= {"elevation": (0.92, 0.02), "speed": (7.37, 0.12), "spin_2": (12.0, 3.0)}
    marginals = {name: Marginal(Shape.NORMAL, *numbers) for name, numbers in spreads.items()}
    return Prior(row=row, marginals=marginals | {"rim": Marginal(Shape.UNIFORM, -0.1, 0.1)})


@pytest.fixture(scope="module")
def shots():
    """The prior, true positions, whether they went in, noisy positions, and when something was first met."""
    prior, source = shooter(), np.random.default_rng(1)
    states, rows = prior.throws(source.standard_normal((80, prior.num_latents)))
    courses = follow(states, rows, np.append(CLOCK, 4.0), BASKETBALL_NBA, positions_only=True)
    made = (courses.outcome > UNDECIDED) & (courses.outcome < MISSED)
    truth = courses.states[:, :-1]
    return prior, truth, made, truth + 0.03 * source.standard_normal(truth.shape), courses.event_times[:, 0]


def posterior_of(prior, seen, length, is_strict=True):
    prefixes = observe(CLOCK[:length], seen[:, :length], 0.03)
    drawn = sample(prior, prefixes, find_modes(prior, prefixes), 2, chains=SHORT)
    return in_venue(drawn, prefixes, BASKETBALL_NBA, 3, is_strict=is_strict), prefixes


def test_probabilities_of_outcomes_add_up_and_tell_shots_apart_the_better_the_more_was_seen(shots):
    prior, _, made, seen, _ = shots
    assert 0.3 < made.mean() < 0.8
    scores = []
    for length in (4, 16):
        told = outcome_probabilities(posterior_of(prior, seen, length)[0], BASKETBALL_NBA)
        assert np.allclose(told.sum(axis=1), 1.0)
        assert told[:, UNDECIDED].max() < 0.05
        scores.append(((made_probability(told) - made) ** 2).mean())
        assert made_probability(told).mean() == pytest.approx(made.mean(), abs=0.12)
    assert scores[1] < scores[0]
    assert scores[1] < 0.85 * made.std() ** 2


def test_paths_through_the_venue_hold_where_shots_go_after_the_rim(shots):
    prior, truth, _, seen, _ = shots
    drawn, _ = posterior_of(prior, seen, 16)
    late = CLOCK[24:36]
    forecast = forecast_by_draws(drawn, late, BASKETBALL_NBA)
    inside = forecast.depth(truth[:, 24:36]) < depth_within(drawn, forecast, late, 0.9, BASKETBALL_NBA)
    assert inside.mean() == pytest.approx(0.9, abs=0.06)
    blind = forecast_by_draws(drawn, late)
    off, blind_off = (np.linalg.norm(f.median - truth[:, 24:36], axis=2).mean() for f in (forecast, blind))
    assert off < 0.8 * blind_off


def test_a_venue_of_a_floor_alone_changes_no_path(shots):
    prior, _, _, seen, _ = shots
    drawn, _ = posterior_of(prior, seen[:3], 8)
    assert np.abs(draw_paths(drawn, CLOCK, FLOOR) - draw_paths(drawn, CLOCK)).max() < 1e-3


def test_draws_that_would_have_met_something_within_the_prefix_are_left_out(shots):
    prior, _, _, seen, met = shots
    chosen = int(np.argmax(met))
    length = int(np.searchsorted(CLOCK, met[chosen] - 1e-9))
    drawn, prefixes = posterior_of(prior, seen[[chosen]], length)
    through = draw_paths(drawn, CLOCK[:length], BASKETBALL_NBA)[0]
    free = draw_paths(drawn, CLOCK[:length])[0]
    misfit = [(((path - prefixes.positions[0]) / 0.03) ** 2).sum(axis=(1, 2)) for path in (through, free)]
    assert (misfit[0] - misfit[1]).max() < 30.0


def test_a_prefix_that_goes_on_behind_the_hoop_is_refused_by_its_observation(shots):
    prior, _, _, seen, met = shots
    length = int(np.searchsorted(CLOCK, met[0])) + 8
    with pytest.raises(InputError) as caught:
        posterior_of(prior, seen[:1], length)
    index = int(caught.value.where.split(",")[1].rstrip("]"))
    assert caught.value.where.startswith("positions[0, ")
    assert CLOCK[index] == pytest.approx(met[0], abs=0.12)
    assert "next to the rim" in str(caught.value) or "next to the board" in str(caught.value)
    kept, _ = posterior_of(prior, seen[:1], length, is_strict=False)
    assert np.isfinite(kept.latents).all()


@pytest.mark.parametrize(
    ("make", "where"),
    [
        (lambda drawn: outcome_probabilities(drawn, FLOOR), "venue"),
        (lambda drawn: outcome_probabilities(drawn, BASKETBALL_NBA, within_s=0.0), "within_s"),
        (lambda drawn: draw_paths(drawn, [0.2, 0.1], BASKETBALL_NBA), "times"),
    ],
)
def test_bad_input_is_named(shots, make, where):
    prior = shots[0]
    nothing = Prefixes(CLOCK[None, :1], np.zeros((1, 1, 3)), np.zeros((1, 1, 3)))
    drawn = sample(prior, nothing, find_modes(prior, nothing), 1, chains=Chains(num=2, warmup=8, draws=4, rounds=1))
    with pytest.raises(InputError) as caught:
        make(drawn)
    assert caught.value.where == where


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 40), st.floats(0.0, 1e3))
def test_no_point_has_a_less_mean_distance_than_the_geometric_median(seed, num, far):
    source = np.random.default_rng(seed)
    points = source.standard_normal((1, num, 3)) * source.uniform(0.01, 2.0, 3) + far
    median = geometric_medians(points)[0]
    least = np.linalg.norm(points[0] - median, axis=1).mean()
    others = np.concatenate([points[0], median + 0.01 * source.standard_normal((50, 3)), points[0].mean(0)[None]])
    distances = np.linalg.norm(points[0][None] - others[:, None], axis=2).mean(axis=1)
    assert distances.min() > least - 1e-4
