"""The study of memories: networks side by side, gradients back through time, and pieces that a stopped study keeps."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from pathcast.errors import InputError
from pathcast.model.training.study.clipping import diverged
from pathcast.model.training.study.cost import measure_cost
from pathcast.model.training.study.flights import FlightProblem
from pathcast.model.training.study.gradients import fall, gradient_norms
from pathcast.model.training.study.keeping import Keeping, compute_pieces
from pathcast.model.training.study.pieces import pieces_of
from pathcast.model.training.study.problems import Problem, ReberProblem, problem_named
from pathcast.model.training.study.reader import MEMORIES, Reader
from pathcast.model.training.study.scale import SCALES
from pathcast.model.training.study.several import Fitting, Several, fit
from pathcast.model.training.study.tracks import WORLDS, TrackProblem, units_for

PROBLEMS: dict[str, Problem] = {
    "recall": problem_named("recall", 6),
    "copy": problem_named("copy", 4),
    "order": problem_named("order", 8),
    "adding": problem_named("adding", 8),
    "reber": problem_named("reber", 0),
    "flight": FlightProblem("three-pointer"),
    "basketball": TrackProblem("basketball"),
    "table-tennis": TrackProblem("table-tennis", shown=8, gap=3),
    "soccer": TrackProblem("soccer, spin told first"),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_problem_is_answered_and_other_parts_have_other_sequences(name: str) -> None:
    problem = PROBLEMS[name]
    networks = Several.build("gru", problem, 6, [1, 2])
    batch = problem.batch("train", 1, 0, 2, 4)
    assert batch.inputs.shape[1:] == (2, 4, problem.num_inputs)
    answers = networks(batch.inputs, batch.first)
    assert answers.shape[:3] == batch.answers.shape[:3] and answers.shape[3] == problem.num_answers
    losses, right = problem.loss(answers, batch), problem.right(answers, batch)
    assert losses.shape == right.shape == (2,) and torch.isfinite(losses).all()
    other = problem.batch("test", 1, 0, 2, 4)
    assert other.inputs.shape != batch.inputs.shape or not torch.equal(other.inputs, batch.inputs)


@pytest.mark.parametrize("memory", MEMORIES)
def test_a_network_beside_others_is_trained_as_alone(memory: str) -> None:
    """The second of two, whose sequences are then those of the second of two as well."""

    class Second:
        num_inputs, num_answers, longest = PROBLEMS["recall"].num_inputs, PROBLEMS["recall"].num_answers, 7

        def batch(self, part: str, seed: int, number: int, networks: int, tracks: int) -> object:
            both = PROBLEMS["recall"].batch(part, seed, number, 2, tracks)
            return type(both)(both.inputs[:, 1:], both.answers[:, 1:])

        loss, right = PROBLEMS["recall"].loss, PROBLEMS["recall"].right

    how = Fitting(steps=5, check_every=5, batch=4)
    together = Several.build(memory, PROBLEMS["recall"], 6, [1, 2])
    alone = Several.build(memory, Second(), 6, [2])
    fit(together, PROBLEMS["recall"], how, 1), fit(alone, Second(), how, 1)
    for name, value in alone.weights.items():
        torch.testing.assert_close(value[0], together.weights[name][1], atol=1e-5, rtol=0)


def test_a_short_lag_is_learned() -> None:
    problem = problem_named("recall", 3)
    trained = fit(Several.build("lstm", problem, 8, [1, 2]), problem, Fitting(steps=300, check_every=50), 1)
    assert min(trained.test) >= 0.99 and trained.num_steps < 300


def test_the_gradient_of_a_linear_trace_falls_by_its_decay() -> None:
    """dL/dc_{t-1} = g dL/dc_t exactly, unit by unit."""
    problem = problem_named("recall", 10)
    networks = Several.build("trace", problem, 6, [1])
    with torch.no_grad():
        networks.weights["memory.decays.0"].fill_(1.5)
    norms = gradient_norms(networks, problem, 1)[0]
    keep = 1 / (1 + np.exp(-1.5))
    np.testing.assert_allclose(norms / norms[0], keep ** np.arange(12), rtol=1e-6)
    np.testing.assert_allclose(fall(norms[None], 10), keep**-10, rtol=1e-6)


def test_the_gradient_of_a_plain_network_vanishes_at_its_usual_beginning() -> None:
    problem = problem_named("recall", 100)
    falls = fall(gradient_norms(Several.build("rnn", problem, 16, range(4)), problem, 1), 100)
    assert falls.min() > 1e6


def test_no_gradient_goes_back_beyond_the_truncation() -> None:
    reader = Reader("lstm", 3, 4, 2, 5)
    inputs = torch.randn(8, 5, 3, requires_grad=True)
    whole = reader(inputs, 7)
    truncated = reader(inputs, 7, 4)
    torch.testing.assert_close(whole, truncated)
    (back,) = torch.autograd.grad(truncated.sum(), inputs)
    assert not back[:4].any() and back[4:].any()


def test_reber_counts_a_string_only_if_every_letter_is_possible() -> None:
    problem = ReberProblem()
    batch = problem.batch("test", 1, 0, 1, 8)
    assert batch.possible is not None
    perfect = batch.possible.float()
    assert problem.right(perfect, batch).item() == 1.0
    spoilt = perfect.clone()
    spoilt[2, 0, 0] = 1 - spoilt[2, 0, 0]
    assert problem.right(spoilt, batch).item() == pytest.approx(255 / 256)


def test_runs_diverge_that_are_not_finite_or_end_far_above_saying_the_mean() -> None:
    losses = np.full((10, 4), 0.05)
    losses[-2:, 1], losses[3, 2], losses[2, 3] = 5.0, np.nan, 5.0
    assert diverged(losses) == [False, True, True, False]


def test_units_are_chosen_so_that_parameters_are_equal() -> None:
    for memory in MEMORIES:
        units = units_for(memory, 5000, 8)
        count = sum(value.numel() for value in Reader(memory, 8, units, 3, 10).parameters())
        assert count == pytest.approx(5000, rel=0.07)


def test_costs_are_of_every_memory() -> None:
    costs = measure_cost(["rnn", "lstm"], 1)
    assert costs["lstm"]["parameters"] == 4 * costs["rnn"]["parameters"]
    assert costs["rnn"]["step_us"] > 0


def test_pieces_have_names_of_their_own() -> None:
    for scale in SCALES.values():
        names = [piece.name for piece in pieces_of(scale)]
        assert len(set(names)) == len(names)
    assert "pedestrian" in WORLDS


def _length(folder: Path, name: str) -> dict[str, object]:
    """A piece that tells how often it was computed."""
    with (folder / f"{name}.count").open("a") as file:
        file.write("x")
    return {"length": len(name)}


@pytest.mark.parametrize("processes", [1, 2])
def test_a_resumed_study_computes_only_what_is_missing(processes: int, tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []

    def run(sizes: dict[str, int], **how: bool) -> dict[str, dict[str, object]]:
        keeping = Keeping(out=tmp_path, processes=processes, progress=lambda *each: told.append(each), **how)
        return compute_pieces(["one", "three"], partial(_length, tmp_path), sizes, keeping)

    found = run({"steps": 1})
    assert found["three"]["length"] == 5 and told[-1][:2] == (2, 2)
    with pytest.raises(InputError, match="--resume or --overwrite"):
        run({"steps": 1})
    (tmp_path / "pieces" / "one.json").unlink()
    assert run({"steps": 1}, resume=True)["one"]["length"] == 3
    assert len((tmp_path / "one.count").read_text()) == 2 and len((tmp_path / "three.count").read_text()) == 1
    run({"steps": 2}, resume=True)
    assert len((tmp_path / "three.count").read_text()) == 2
    (tmp_path / "pieces" / "one.json").write_text(json.dumps({"other": 1}))
    with pytest.raises(InputError, match="a piece of a study"):
        run({"steps": 2}, resume=True)
