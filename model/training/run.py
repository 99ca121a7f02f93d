"""A whole training run: world, network, bundle, calibration and scores."""

from __future__ import annotations

from pathlib import Path

import torch

from pathcast.errors import InputError
from pathcast.model.bundle.engine import load_bundle
from pathcast.model.training.calibration import fit_scale
from pathcast.model.training.card import write_card
from pathcast.model.training.loop import Progress, train
from pathcast.model.training.scores import score
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.world import build_world
from pathcast.model.training.write_bundle import write_bundle, write_scores


def train_bundle(settings: TrainingSettings, out: Path, progress: Progress, threads: int = 1) -> dict[str, float]:
    """Trains, calibrates, scores and writes a bundle.

    Args:
        settings: All that decides it.
        out: The bundle's folder, which is made.
        progress: Told after each epoch.
        threads: Of torch; networks this small gain nothing from a second.

    Returns:
        Scores on test tracks, beside the baselines'.

    Raises:
        InputError: The folder cannot be made.
    """
    torch.set_num_threads(threads)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(str(out), "a folder that can be made", str(error.strerror).lower()) from error
    source, front_end = build_world(settings)
    trained = train(source, front_end.build(), settings, out, progress)
    write_bundle(out, trained.network, front_end, settings)
    scale = fit_scale(load_bundle(out), source, settings)
    write_bundle(out, trained.network, front_end, settings, scale)
    metrics = score(load_bundle(out), source, settings)
    write_scores(out, metrics, write_card(settings, trained, metrics))
    return metrics
