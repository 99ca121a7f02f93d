"""A whole training run: world, network, bundle, calibration and scores."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from pathcast.errors import InputError
from pathcast.model.bundle.config import CONFIG, METRICS, read_config
from pathcast.model.bundle.engine import load_bundle
from pathcast.model.training.calibration import calibrate
from pathcast.model.training.card import write_card
from pathcast.model.training.checkpoint import has_checkpoint, remove_checkpoint, require_same
from pathcast.model.training.fitting import Progress
from pathcast.model.training.goal_fitting import fit_goal_head
from pathcast.model.training.loop import train
from pathcast.model.training.publishing import publishing
from pathcast.model.training.ranks import Ranks
from pathcast.model.training.scores import score
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.world import build_world
from pathcast.model.training.write_bundle import write_bundle, write_scores


def train_bundle(
    settings: TrainingSettings,
    out: Path,
    progress: Progress,
    threads: int = 1,
    *,
    resume: bool = False,
    overwrite: bool = False,
    ranks: Ranks | None = None,
) -> dict[str, float]:
    """Trains, calibrates, scores and writes a bundle, whose files appear together at the end.

    While it runs, the folder holds metrics.jsonl and the newest epoch's checkpoint; the checkpoint is removed once the
    bundle is in place. A run that was stopped at any moment is resumed with the same settings and then ends with the
    same weights, bit by bit on one machine; resuming a finished one does nothing.

    Args:
        settings: All that decides it.
        out: The bundle's folder, which is made.
        progress: Told after each epoch.
        threads: Of torch; networks this small gain nothing from a second.
        resume: Whether to go on where the folder's run stopped.
        overwrite: Whether a bundle or checkpoint in the folder may be replaced.
        ranks: Processes that train together; by default this one alone, on the CPU.

    Returns:
        Scores on test tracks, beside the baselines'; nothing but in the first process.

    Raises:
        InputError: The folder cannot be made, holds something that may not be replaced, or is that of a run with other
            settings.
    """
    ranks = ranks or Ranks()
    torch.set_num_threads(threads)
    _check_folder(out, resume, overwrite)
    if resume and (out / CONFIG).is_file() and not has_checkpoint(out):
        require_same(out / CONFIG, read_config(out).training, settings)
        metrics: dict[str, float] = json.loads((out / METRICS).read_text("utf-8"))
        return metrics if ranks.is_first else {}
    if not resume and ranks.is_first:
        remove_checkpoint(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(str(out), "a folder that can be made", str(error.strerror).lower()) from error
    source, front_end = build_world(settings)
    trained = train(source, front_end.build(), settings, out, progress, resume=resume, ranks=ranks)
    if not ranks.is_first:
        return {}
    goals = fit_goal_head(trained.network, source, front_end.build(), settings) if settings.num_goals else {}
    goal_temperature = goals.get("goal_temperature", 1.0)
    outcomes: dict[str, float] = {}
    if settings.outcome_throws:
        from pathcast.model.training.outcome_fitting import fit_outcome_head

        outcomes = fit_outcome_head(trained.network, source, settings)
    with publishing(out) as part:
        write_bundle(part, trained.network, front_end, settings)
        found = calibrate(load_bundle(part), source, settings)
        temperatures = (found.temperature, goal_temperature, outcomes.get("outcome_temperature", 1.0))
        chosen = found.groups, settings.branch_share
        write_bundle(part, trained.network, front_end, settings, found.scale, *temperatures, *chosen)
        metrics = {**score(load_bundle(part), source, settings), **goals, **outcomes}
        write_scores(part, metrics, write_card(settings, trained, metrics))
    remove_checkpoint(out)
    return metrics


def _check_folder(out: Path, resume: bool, overwrite: bool) -> None:
    """Refuses to take what is in the folder away unasked."""
    if resume or overwrite:
        return
    if (out / CONFIG).exists():
        raise InputError(str(out), "a folder without a bundle, --resume or --overwrite", "a finished bundle")
    if has_checkpoint(out):
        raise InputError(str(out), "a folder without a checkpoint, --resume or --overwrite", "an unfinished run")
