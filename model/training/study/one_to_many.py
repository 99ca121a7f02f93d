"""One to many, for one memory: trained on whole flights from their launch states, and scored beside a vacuum."""

from __future__ import annotations

import torch

from pathcast.model.training.study.flights import FlightProblem, vacuum_error
from pathcast.model.training.study.several import Fitting, Several, fit


def foretell_flights(scenario: str, memory: str, steps: int, seed: int) -> dict[str, float]:
    """Mean distances from true flights of throws that were not trained on, metres: the network's and a vacuum's.

    Args:
        scenario: Of the simulator's balls.
        memory: What holds the launch.
        steps: Of training.
        seed: Of weights and throws.
    """
    torch.set_num_threads(1)
    problem = FlightProblem(scenario)
    networks = Several.build(memory, problem, 32, [seed])
    trained = fit(networks, problem, Fitting(steps=steps, batch=64, stop_at=float("inf")), seed)
    return {"error_m": trained.test[0], "vacuum_error_m": vacuum_error(problem, seed)}
