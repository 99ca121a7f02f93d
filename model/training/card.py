"""The model card: what a bundle was trained on, by which protocol it was scored, and its numbers beside baselines."""

from __future__ import annotations

from pathlib import Path

from pathcast.model.training.loop import Trained
from pathcast.model.training.settings import TrainingSettings

ROWS = {
    "best path": ("point_ade_m", "point_fde_m"),
    "mean path": ("ade_m", "fde_m"),
    "most probable mode": ("likely_ade_m", "likely_fde_m"),
    "best of all modes": ("min_ade_m", "min_fde_m"),
    "constant velocity": ("constant_velocity_ade_m", "constant_velocity_fde_m"),
    "ballistic fit": ("ballistic_ade_m", "ballistic_fde_m"),
}


def write_card(settings: TrainingSettings, trained: Trained, metrics: dict[str, float]) -> str:
    """The card, Markdown."""
    worlds = {
        "crowd": f"simulated crowds, seed {settings.seed}; no recorded track was trained on",
        "ball": f"simulated throws of {_kinds(settings)}, seed {settings.seed}; no recorded track was trained on",
        "tracks": f"recorded tracks ({', '.join(Path(path).name for path in settings.tracks)}), seed {settings.seed}",
    }
    tests = {
        "crowd": "4000 test tracks from scenes that were in neither training nor validation, prefixes of all lengths",
        "ball": "4000 test throws that were in neither training nor validation, prefixes of all lengths",
        "tracks": "Up to 4000 whole prefixes of the last tenth of each scene's time, trained on by nothing"
        if not settings.validation_tracks
        else "Up to 4000 whole prefixes of the validation tracks, by which the epoch was chosen",
    }
    truth = "what was recorded" if settings.world == "tracks" else "the simulator's truth"
    horizon = settings.num_offsets * settings.knot_s
    rows = "\n".join(
        f"| {name} | {metrics[ade]:.4f} | {metrics[fde]:.4f} |" for name, (ade, fde) in ROWS.items() if ade in metrics
    )
    num_parameters = sum(value.numel() for value in trained.network.parameters())
    who = "Walkers only" if trained.network.sizes.num_axes == 2 else "What moves as the recorded tracks do"
    limits = (
        f"{who}; {_around(settings)}. Someone who has never moved has no heading: the forecast then "
        "leans on the world's x axis."
        if settings.world != "ball"
        else "Balls in flight, not in hands. What is solid in the venue is where the venue's origin has it, or a level "
        "floor that the caller names. Where rim, net or a table's edge may part the ball's ways, modes are groups of "
        "16 sample flights; elsewhere they are residuals on one flight."
    )
    how = f"{settings.num_epochs} epochs of {settings.num_train} tracks, {trained.seconds:.0f} s"
    return f"""# {settings.name} {settings.version}

{settings.summary}.

| | |
|---|---|
| data | {worlds[settings.world]} |
| observations | 2 to {settings.prefix}, noise {_noise(settings)}, {100 * settings.dropout:g} % missing |
| network | {settings.memory}, {num_parameters} parameters, {settings.num_modes} modes |
| training | {how}; epoch {trained.epoch} was best on validation |
| calibration | on validation tracks: probabilities by likelihood, spreads so that 90 % regions hold 90 % |
| trained horizon | {settings.knots_s[-1]:g} s |

## Scores

{tests[settings.world]}, every {settings.knot_s:g} s up to {horizon:g} s after the last observation, against {truth}
(metres).

| | ADE | FDE |
|---|---|---|
{rows}

Energy score {metrics["energy_m"]:.4f} m, negative log-likelihood {metrics["nll"]:.3f} nats per step, 90 % regions hold
{100 * metrics["coverage90"]:.1f} %.
{_goals(metrics)}
## Limits

{limits}
"""


def _goals(metrics: dict[str, float]) -> str:
    """What the goal head scores, if there is one."""
    if "goal_nll" not in metrics:
        return ""
    return f"""
Goals that a caller names (points or segments, and none of them): log-loss {metrics["goal_nll"]:.3f} nats, the most
probable one true in {100 * metrics["goal_accuracy"]:.0f} % of validation prefixes.
"""


def _kinds(settings: TrainingSettings) -> str:
    """The kinds of throws in words."""
    return ", ".join(f"`{name}`" for name in settings.throws)


def _noise(settings: TrainingSettings) -> str:
    centimetres = f"{100 * settings.noise_m:g} cm"
    return {"crowd": f"0 to {centimetres}", "ball": centimetres, "tracks": f"as recorded, and {centimetres}"}[
        settings.world
    ]


def _around(settings: TrainingSettings) -> str:
    if not settings.num_neighbours:
        return "the other people of a frame are not looked at"
    return f"the nearest {settings.num_neighbours} people of a frame are looked at, where they are and how they move"
