"""The model card: what a bundle was trained on, by which protocol it was scored, and its numbers beside baselines."""

from __future__ import annotations

from pathcast.model.training.loop import Trained
from pathcast.model.training.settings import TrainingSettings

ROWS = {
    "mean path": ("ade_m", "fde_m"),
    "most probable mode": ("likely_ade_m", "likely_fde_m"),
    "best of all modes": ("min_ade_m", "min_fde_m"),
    "constant velocity": ("constant_velocity_ade_m", "constant_velocity_fde_m"),
    "ballistic fit": ("ballistic_ade_m", "ballistic_fde_m"),
}


def write_card(settings: TrainingSettings, trained: Trained, metrics: dict[str, float]) -> str:
    """The card, Markdown."""
    world = "crowds in corridors and plazas" if settings.world == "crowd" else f"throws of `{settings.scenario}`"
    horizon = settings.num_offsets * settings.knot_s
    rows = "\n".join(
        f"| {name} | {metrics[ade]:.4f} | {metrics[fde]:.4f} |" for name, (ade, fde) in ROWS.items() if ade in metrics
    )
    num_parameters = sum(value.numel() for value in trained.network.parameters())
    limits = (
        "Walkers only; the other people of a frame are not looked at. Someone who has never moved has no heading: the "
        "forecast then leans on the world's x axis."
        if settings.world == "crowd"
        else "The filter's flight knows one floor, endless and level. What hoop, board, net and edges do to a ball "
        "was in the training throws, but where they stand is not an input: they show as spread. Balls of other size or "
        "weight than the simulated ones are out of its reach."
    )
    how = f"{settings.epochs} epochs of {settings.num_train} tracks, {trained.seconds:.0f} s"
    return f"""# {settings.name} {settings.version}

{settings.summary}.

| | |
|---|---|
| data | simulated {world}, seed {settings.seed}; no recorded track was trained on |
| observations | 2 to {settings.prefix}, noise {_noise(settings)}, {100 * settings.dropout:g} % missing |
| network | {settings.memory}, {num_parameters} parameters, {settings.num_modes} modes |
| training | {how}; epoch {trained.epoch} was best on validation |
| calibration | spreads scaled at each knot so that 90 % regions hold 90 % of validation tracks |
| trained horizon | {settings.knots_s[-1]:g} s |

## Scores

4000 test tracks from scenes and throws that were in neither training nor validation, prefixes of all lengths, every
{settings.knot_s:g} s up to {horizon:g} s after the last observation, against the simulator's truth (metres).

| | ADE | FDE |
|---|---|---|
{rows}

Energy score {metrics["energy_m"]:.4f} m, negative log-likelihood {metrics["nll"]:.3f} nats per step, 90 % regions hold
{100 * metrics["coverage90"]:.1f} %.

## Limits

{limits}
"""


def _noise(settings: TrainingSettings) -> str:
    centimetres = f"{100 * settings.noise_m:g} cm"
    return f"0 to {centimetres}" if settings.world == "crowd" else centimetres
