"""The training loss against what hand and torch's own distributions say, and the anchors that paths start from."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.model.training.anchors import fit_anchors
from pathcast.model.training.energy import energy_scores
from pathcast.model.training.loss import MARGIN, LossWeights, forecast_loss, nearness


def _outputs(seed: int, rows: int = 3, modes: int = 4, knots: int = 5, axes: int = 2) -> dict[str, torch.Tensor]:
    """What a network says of some rows, and what is true."""
    torch.manual_seed(seed)
    return {
        "logits": torch.randn(rows, modes, dtype=torch.float64),
        "paths": torch.randn(rows, modes, knots, axes, dtype=torch.float64),
        # Within what the loss takes them for.
        "spreads": torch.randn(rows, modes, knots, axes * (axes + 1) // 2, dtype=torch.float64).clamp(-3.0, 3.0),
        "target": torch.randn(rows, knots, axes, dtype=torch.float64),
        "unit": torch.rand(rows, knots, dtype=torch.float64) + 0.5,
        "is_known": torch.ones(rows, knots, dtype=torch.bool),
    }


def test_the_best_mode_is_the_nearest_in_metres_and_the_others_do_not_count() -> None:
    """By hand: one row, two knots a unit of 2 m and 4 m; mode 1 is off by (0.5, 0) and (0, 0.25) units."""
    paths = torch.tensor([[[[3.0, 0.0], [0.0, 3.0]], [[0.5, 0.0], [0.0, 0.25]]]])
    given = {
        "logits": torch.tensor([[np.log(3.0), 0.0]]).float(),
        "paths": paths,
        "spreads": torch.zeros(1, 2, 2, 3),
        "target": torch.zeros(1, 2, 2),
        "unit": torch.tensor([[2.0, 4.0]]),
        "is_known": torch.ones(1, 2, dtype=torch.bool),
    }
    weights = LossWeights(min_ade=1.0, min_fde=0.5, winner=0.1, mean_ade=0.7, likelihood=0.0)
    loss, parts = forecast_loss(**given, weights=weights)
    assert parts["min_ade_m"] == pytest.approx((0.5 * 2 + 0.25 * 4) / 2)
    assert parts["min_fde_m"] == pytest.approx(0.25 * 4)
    mean = np.array([[0.75 * 3 + 0.25 * 0.5, 0.0], [0.0, 0.75 * 3 + 0.25 * 0.25]])
    mean_ade = (np.linalg.norm(mean, axis=1) * [2, 4]).mean()
    assert parts["mean_ade_m"] == pytest.approx(mean_ade)
    assert float(loss) == pytest.approx(1.0 + 0.5 * 1.0 + 0.7 * mean_ade + 0.1 * np.log(4.0))


@settings(max_examples=10)
@given(seed=st.integers(0, 2**16), axes=st.sampled_from([2, 3]))
def test_the_likelihood_is_that_of_torchs_mixture_in_metres(seed: int, axes: int) -> None:
    outputs = _outputs(seed, axes=axes)
    outputs["is_known"][0, 3:] = False
    _, parts = forecast_loss(**outputs, weights=LossWeights())
    logs, mixes = outputs["spreads"][..., :axes], outputs["spreads"][..., axes:]
    lower = torch.eye(axes, dtype=torch.float64).repeat(*logs.shape[:-1], 1, 1)
    row, column = np.tril_indices(axes, -1)
    lower[..., row, column] = mixes
    unit = outputs["unit"][:, None, :, None]
    factor = unit[..., None] * torch.exp(logs)[..., None] * lower
    modes = torch.distributions.MultivariateNormal(
        (unit * outputs["paths"]).transpose(1, 2), scale_tril=factor.transpose(1, 2)
    )
    weights = torch.distributions.Categorical(logits=outputs["logits"][:, None].expand(-1, 5, -1))
    mixture = torch.distributions.MixtureSameFamily(weights, modes)
    density = mixture.log_prob(outputs["unit"][..., None] * outputs["target"])
    assert parts["nll"] == pytest.approx(-float(density[outputs["is_known"]].mean()) / axes, rel=1e-9)


@settings(max_examples=10)
@given(seed=st.integers(0, 2**16), is_relative=st.booleans())
def test_what_stands_at_unknown_knots_and_in_unknown_rows_changes_nothing(seed: int, is_relative: bool) -> None:
    """Neither the loss nor a gradient; a row of which nothing is known might as well not be there."""
    weights = LossWeights(mean_ade=0.5, is_relative=is_relative, is_mean_detached=False)
    outputs = _outputs(seed)
    outputs["is_known"][0, 2:] = False
    outputs["is_known"][1] = False
    results = []
    for shift in (0.0, 7.0):
        target = outputs["target"] + shift * ~outputs["is_known"][..., None]
        leaves = {name: outputs[name].clone().requires_grad_() for name in ("logits", "paths", "spreads")}
        loss, parts = forecast_loss(**(outputs | leaves | {"target": target}), weights=weights)
        loss.backward()
        results.append((parts, leaves))
        assert not leaves["paths"].grad[0, :, 2:].any() and not leaves["paths"].grad[1].any()
        assert torch.isfinite(loss)
    assert results[0][0] == results[1][0]
    without = {name: array[[0, 2]] for name, array in outputs.items()}
    assert forecast_loss(**without, weights=weights)[1] == results[0][0]


def test_a_detached_likelihood_moves_no_path() -> None:
    only = {"min_ade": 0.0, "min_fde": 0.0, "winner": 0.0, "mean_ade": 0.0, "likelihood": 1.0}
    for is_mean_detached in (True, False):
        outputs = _outputs(3)
        leaves = {name: outputs[name].requires_grad_() for name in ("logits", "paths", "spreads")}
        loss, _ = forecast_loss(**outputs, weights=LossWeights(**only, is_mean_detached=is_mean_detached))
        loss.backward()
        assert leaves["spreads"].grad.any() and leaves["logits"].grad.any()
        assert bool(leaves["paths"].grad.any()) is not is_mean_detached


def test_relative_displacement_does_not_depend_on_a_rows_unit() -> None:
    outputs = _outputs(4)
    outputs["is_known"][1, 4] = False
    larger = outputs | {"unit": outputs["unit"] * torch.tensor([[1.0], [10.0], [0.01]])}
    only = {"winner": 0.0, "likelihood": 0.0, "mean_ade": 0.5}
    relative = [
        float(forecast_loss(**each, weights=LossWeights(**only, is_relative=True))[0]) for each in (outputs, larger)
    ]
    assert relative[1] == pytest.approx(relative[0], rel=1e-12)
    row = {name: array[1:2] for name, array in outputs.items()}
    metres = float(forecast_loss(**row, weights=LossWeights(**only))[0])
    found = float(forecast_loss(**row, weights=LossWeights(**only, is_relative=True))[0])
    assert found == pytest.approx(metres / float(row["unit"][0, :4].mean()), rel=1e-12)


def test_anchors_are_the_centres_of_separate_clusters() -> None:
    random = np.random.default_rng(1)
    knots = np.arange(1, 11) * 0.4
    angle = knots[:, None] * np.array([-0.5, -0.1, 0.3, 0.7]) / 4
    centres = (
        np.stack([np.cos(angle), np.sin(angle)], axis=-1).transpose(1, 0, 2)
        * np.array([0.5, 1.0, 1.5, 2.0])[:, None, None]
    )
    which = random.integers(0, 4, 2000)
    futures = centres[which] + random.normal(0, 0.02, (2000, 10, 2))
    anchors = fit_anchors(futures.astype(np.float32), knots, 4, 6, seed=3)
    assert anchors.shape == (4, 10, 2) and anchors.dtype == np.float32
    distance = np.linalg.norm(centres[:, None] - anchors[None], axis=-1).max(axis=-1)
    assert sorted(distance.argmin(axis=1)) == [0, 1, 2, 3]
    assert distance.min(axis=1).max() < 0.05
    np.testing.assert_array_equal(anchors, fit_anchors(futures.astype(np.float32), knots, 4, 6, seed=3))


def test_nearness_is_1_in_one_place_and_0_from_the_margin_on() -> None:
    paths = torch.zeros(1, 3, 2, 2)
    paths[0, 1, 1, 0], paths[0, 2, :, 0] = 0.5 * MARGIN / 2, 10.0  # in units of 2 m
    beside = torch.full((1, 2, 2, 2), 1e4)
    beside[0, 1, 1] = 0.0
    found = nearness(paths, beside, torch.full((1, 2), 2.0))
    torch.testing.assert_close(found, torch.tensor([[1.0, 0.5, 0.0]]))


def test_paths_that_come_near_to_others_cost_more_the_more_probable_they_are() -> None:
    given = _outputs(3)
    given["paths"] = given["paths"].detach().requires_grad_()
    beside = given["paths"].detach()[:, :1] + 0.01  # somebody walks where the first mode does
    costs = []
    for first in (0.0, 5.0):
        logits = given["logits"].clone()
        logits[:, 0] = first
        weights = LossWeights(min_ade=0, min_fde=0, winner=0, likelihood=0, collision=1.0)
        loss, _ = forecast_loss(**{**given, "logits": logits}, weights=weights, beside=beside)
        costs.append(float(loss.detach()))
    assert costs[0] < costs[1]
    loss.backward()
    assert given["paths"].grad is not None and given["paths"].grad[:, 0].abs().sum() > 0


def test_the_energy_score_is_that_of_draws_and_is_least_where_the_truth_comes_from() -> None:
    """Round Gaussians in the plane: to 4 % what many draws say, and lower for the true weights than for others."""
    torch.manual_seed(3)
    outputs = _outputs(2, rows=1, modes=3, knots=4)
    outputs["spreads"] = torch.cat([torch.full((1, 3, 4, 2), -1.0), torch.zeros(1, 3, 4, 1)], -1).double()
    shares = torch.softmax(outputs["logits"], 1)
    modes = torch.multinomial(shares[0], 4000, replacement=True)
    unit = outputs["unit"][:, 3, None]
    draws = outputs["paths"][0, modes, 3] * unit + unit * np.exp(-1.0) * torch.randn(4000, 2, dtype=torch.float64)
    targets = draws[::2] / unit

    def score(logits: torch.Tensor) -> float:
        rows = len(targets)
        known = torch.ones(rows, 4, dtype=torch.float64)
        target = targets[:, None].expand(rows, 4, 2)
        many = (each.expand(rows, *each.shape[1:]) for each in (logits.log_softmax(1), outputs["paths"]))
        spreads, units = outputs["spreads"].expand(rows, -1, -1, -1), outputs["unit"].expand(rows, -1)
        return float(energy_scores(*many, spreads, target, units, known).mean())

    half = len(draws) // 2
    between, within = torch.cdist(draws[:half], draws[half:]).mean(), torch.pdist(draws[:half]).mean()
    assert score(outputs["logits"]) == pytest.approx(float(between - within / 2), rel=0.04)
    for moved in (torch.tensor([[1.5, 0.0, 0.0]]), torch.tensor([[0.0, 0.0, -1.5]])):
        assert score(outputs["logits"] + moved) > score(outputs["logits"])
