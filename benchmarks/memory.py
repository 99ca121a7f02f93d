"""What does each memory hold, and for how long?

Recall: which of two symbols stood first, after 100 random distractors (chance 1/2), at most 3000 steps, 20 seeds side
by side. The LSTM begins with chrono gates (Tallec and Ollivier 2018) for twice the lag, the plain network as torch
draws it. The gradient is that of the loss at the last step with respect to the whole state, and its fall is that over
the distractors: from the state before the cue to the state after the first symbol; `lstm_gradient_fall_from_answer`
begins a step later, at the answer itself. Divergence is tried where gradients explode
(`model/training/study/clipping.py`). Embedded Reber strings are learned by an LSTM with forget biases of 1, 256 strings
of training and 256 of test for each run, and stand beside the table of the paper of 1997.

    python benchmarks/memory.py [--json] [--seeds N] [--steps N] [--only lstm rnn divergence reber]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

import numpy as np
import torch

from pathcast.model.training.study.clipping import try_clipping
from pathcast.model.training.study.gradients import fall, gradient_norms
from pathcast.model.training.study.problems import Problem, ReberProblem, problem_named
from pathcast.model.training.study.several import Fitting, Several, Trained, fit

LAG, LONGEST, UNITS, LEARNING_RATE = 100, 200, 32, 3e-3
"""Of recall; chosen, like those of Reber's strings, on other seeds than those that are reported."""
REBER_UNITS = 8
PUBLISHED = [
    {"method": "RTRL", "units": "3", "weights": "170", "rate": 0.05, "solved": "some fraction", "sequences": 173_000},
    {"method": "RTRL", "units": "12", "weights": "494", "rate": 0.1, "solved": "some fraction", "sequences": 25_000},
    {"method": "Elman", "units": "15", "weights": "435", "rate": None, "solved": 0.0, "sequences": None},
    {"method": "RCC", "units": "7-9", "weights": "119-198", "rate": None, "solved": 0.5, "sequences": 182_000},
    {"method": "LSTM", "units": "4 of 1", "weights": "264", "rate": 0.1, "solved": 1.0, "sequences": 39_740},
    {"method": "LSTM", "units": "3 of 2", "weights": "276", "rate": 0.1, "solved": 1.0, "sequences": 21_730},
    {"method": "LSTM", "units": "3 of 2", "weights": "276", "rate": 0.2, "solved": 0.97, "sequences": 14_060},
    {"method": "LSTM", "units": "4 of 1", "weights": "264", "rate": 0.5, "solved": 0.97, "sequences": 9_500},
    {"method": "LSTM", "units": "3 of 2", "weights": "276", "rate": 0.5, "solved": 1.0, "sequences": 8_440},
]
"""Table 2 of Hochreiter and Schmidhuber 1997, "Long short-term memory", Neural Computation 9:1735."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="of the first network, and of all sequences")
    parser.add_argument("--steps", type=int, default=3000, help="most steps of training of recall")
    parser.add_argument("--only", nargs="+", choices=("lstm", "rnn", "divergence", "reber"))
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    report: dict[str, Any] = {"torch": torch.__version__, "seeds": list(seeds)}
    parts = {"lstm": lstm, "rnn": rnn, "divergence": divergence, "reber": reber}
    for name in arguments.only or parts:
        begun = time.process_time()
        report |= parts[name](seeds, arguments.steps)
        report[f"{name}_processor_s"] = round(time.process_time() - begun, 1)
    if arguments.json:
        print(json.dumps(report, indent=2))
        return
    for key, value in report.items():
        if not isinstance(value, list):
            print(f"{key:28s} {value}")


def lstm(seeds: range, steps: int) -> dict[str, Any]:
    problem = problem_named("recall", LAG)
    trained = train("lstm-chrono", problem, seeds, steps)
    norms = gradient_norms(trained.networks, problem, seeds[0])
    falls = fall(norms, LAG)
    return {
        "lstm_accuracy": sorted(trained.test)[min(2, len(seeds) - 1)],
        "lstm_accuracies": trained.test,
        "lstm_steps": trained.num_steps,
        "lstm_checks": [check["right"] for check in trained.checks],
        "lstm_gradient_fall": float(falls.max()),
        "lstm_gradient_falls": falls.tolist(),
        "lstm_gradient_fall_from_answer": float((norms[:, 0] / norms[:, LAG]).max()),
        "lstm_gradient_norms": norms.tolist(),
    }


def rnn(seeds: range, steps: int) -> dict[str, Any]:
    problem = problem_named("recall", LAG)
    norms = gradient_norms(Several.build("rnn", problem, UNITS, seeds), problem, seeds[0])
    trained = train("rnn", problem, seeds, steps)
    falls = fall(norms, LAG)
    return {
        "rnn_accuracy": float(np.mean(trained.test)),
        "rnn_accuracies": trained.test,
        "rnn_steps": trained.num_steps,
        "rnn_gradient_fall": float(falls.min()),
        "rnn_gradient_falls": falls.tolist(),
        "rnn_gradient_falls_trained": fall(gradient_norms(trained.networks, problem, seeds[0]), LAG).tolist(),
    }


def divergence(seeds: range, _: int) -> dict[str, Any]:
    ways = {name: try_clipping(name, len(seeds), 200, seeds[0]) for name in ("none", "norm", "value")}
    return {
        "diverged_without": sum(ways["none"]["diverged"]),
        "diverged_with": sum(ways["norm"]["diverged"]),
        "diverged_with_value": sum(ways["value"]["diverged"]),
        "last_losses": [{name: [curve[-1] for curve in way["loss"]]} for name, way in ways.items()],
    }


def reber(seeds: range, _: int) -> dict[str, Any]:
    """A run is solved at the first check at which it foretells all of its 512 strings, of training and of test."""
    how = Fitting(steps=6000, batch=8, stop_at=1.0, check_every=25, is_once=True)
    problem = ReberProblem()
    networks = Several.build("lstm", problem, REBER_UNITS, seeds)
    firsts = fit(networks, problem, how, seeds[0], tell("reber")).first_checks(how.stop_at)
    sequences = [(first + 1) * how.check_every * how.batch for first in firsts if first is not None]
    return {
        "reber_solved": len(sequences) / len(firsts),
        "reber_sequences_mean": float(np.mean(sequences)) if sequences else None,
        "reber_sequences": sequences,
        "reber_weights": sum(value[0].numel() for value in networks.weights.values()),
        "reber_published": PUBLISHED,
    }


def train(memory: str, problem: Problem, seeds: range, steps: int) -> Trained:
    how = Fitting(steps=steps, learning_rate=LEARNING_RATE, check_every=250, stop_at=float("inf"))
    networks = Several.build(memory, problem, UNITS, seeds, longest=LONGEST)
    return fit(networks, problem, how, seeds[0], tell(memory))


def tell(name: str) -> Any:
    return lambda step: print(f"{name}: {step} steps", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
