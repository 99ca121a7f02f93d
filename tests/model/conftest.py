"""Worlds small enough that a training run takes seconds."""

import pytest

from pathcast.model.training.settings import TrainingSettings

SMALL = {
    "num_train": 512,
    "num_validation": 500,
    "epochs": 3,
    "batch": 64,
    "num_units": 16,
    "num_context": 16,
    "num_decoder_units": 16,
    "learning_rate": 1e-2,
}
WORLDS = {
    "crowd": TrainingSettings(
        name="walkers",
        summary="Tried",
        num_scenes=40,
        num_modes=6,
        num_neighbours=4,
        num_neighbour_units=8,
        num_goals=5,
        num_goal_units=8,
        goal_epochs=1,
        mean_ade=0.5,
        likelihood=0.3,
        **SMALL,
    ),
    "ball": TrainingSettings(
        name="balls",
        summary="Tried",
        world="ball",
        throws={"table-tennis": 0.6, "table-tennis anywhere": 0.4},
        rates_hz=[100.0, 180.0],
        noise_m=0.003,
        prefix=24,
        acceleration_density=2e-4,
        knot_s=0.02,
        num_knots=25,
        num_offsets=20,
        coast_s=0.1,
        num_modes=3,
        mean_ade=1.0,
        is_mean_detached=False,
        is_relative=True,
        **SMALL,
    ),
}


@pytest.fixture(scope="session", params=sorted(WORLDS))
def small(request: pytest.FixtureRequest) -> TrainingSettings:
    """Settings of a short run, of each world in turn."""
    return WORLDS[request.param]
