"""`pathcast train`: a bundle from a settings file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pathcast.cli.seeds import Seeds

if TYPE_CHECKING:
    from pathcast.model.training.ranks import Ranks
    from pathcast.model.training.settings import TrainingSettings


@click.command("train")
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Settings, such as configs/pedestrian.toml.",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of the bundle.")
@click.option(
    "--tracks",
    type=click.Path(exists=True, path_type=str),
    multiple=True,
    help="File or folder of recorded tracks of people to train on instead; may be repeated.",
)
@click.option("--seed", type=int, help="Other seed than the file's.")
@click.option("--seeds", type=Seeds(), help="Several seeds: each is trained into OUT/seed-N.")
@click.option("--epochs", type=click.IntRange(1), help="Other number of epochs than the file's.")
@click.option("--resume", is_flag=True, help="Go on where the run in OUT stopped; does nothing if it is finished.")
@click.option("--overwrite", is_flag=True, help="Begin anew, even if OUT holds a bundle or an unfinished run.")
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True, help="Threads of torch.")
@click.option("--json", "as_json", is_flag=True, help="Print the scores as JSON.")
def command(
    config: Path,
    out: Path,
    tracks: tuple[str, ...],
    seed: int | None,
    seeds: tuple[int, ...] | None,
    epochs: int | None,
    resume: bool,
    overwrite: bool,
    threads: int,
    as_json: bool,
) -> None:
    """Train a forecaster and write it as a bundle, calibrated and scored, with a picture of its training.

    The bundle's folder can be served at once: pathcast serve --models FOLDER. After every epoch the run's state is kept
    in FOLDER/checkpoint until the bundle is there, so that a stopped run can go on with --resume.

    Several processes train together under torchrun, to the same scores, and may be other ones in number when a run is
    resumed: torchrun --standalone --nproc-per-node 2 -m pathcast train --config FILE --out FOLDER.
    """
    import json

    from pathcast.model.training.ranks import joined_ranks
    from pathcast.model.training.settings import TrainingSettings
    from pathcast.settings import load_settings

    for one, other in (
        (seed is not None and seeds, "--seed and --seeds"),
        (resume and overwrite, "--resume and --overwrite"),
    ):
        if one:
            raise click.UsageError(f"{other} exclude each other.")
    flags = {
        "world": "tracks" if tracks else None,
        "tracks": list(tracks) or None,
        "seed": seed,
        "epochs": epochs,
        "steps": None if epochs is None else 0,
    }
    settings = load_settings(TrainingSettings, config, flags)
    with joined_ranks(settings.device) as ranks:
        if seeds is None:
            metrics = _train(settings, out, ranks, threads, resume, overwrite)
            printed: object = metrics
            lines = [f"{name:28s} {value:.4f}" for name, value in metrics.items()]
        else:
            scores = {
                each: _train(
                    settings.model_copy(update={"seed": each}), out / f"seed-{each}", ranks, threads, resume, overwrite
                )
                for each in seeds
            }
            mean, deviation = _over_seeds(list(scores.values()))
            printed = {"seeds": scores, "mean": mean, "deviation": deviation}
            lines = [f"{name:28s} {mean[name]:.4f} ± {deviation[name]:.4f}" for name in mean]
        if not ranks.is_first:
            return
    click.echo(json.dumps(printed) if as_json else "\n".join(lines))
    click.echo(f"wrote {out}", err=True)


def _train(
    settings: TrainingSettings, out: Path, ranks: Ranks, threads: int, resume: bool, overwrite: bool
) -> dict[str, float]:
    """One run and its picture; the scores, in the first process."""
    from pathcast.live.curves import draw_curves
    from pathcast.live.progress import epoch_progress
    from pathcast.model.training.run import train_bundle

    title = f"training {settings.name}, seed {settings.seed}"
    if not ranks.is_first:
        return train_bundle(settings, out, lambda *_: None, threads, resume=resume, overwrite=overwrite, ranks=ranks)
    with epoch_progress(title) as progress:
        metrics = train_bundle(settings, out, progress, threads, resume=resume, overwrite=overwrite, ranks=ranks)
    draw_curves(out / "metrics.jsonl", f"{settings.name} {settings.version}, seed {settings.seed}", out / "curves.png")
    return metrics


def _over_seeds(scores: list[dict[str, float]]) -> tuple[dict[str, float], dict[str, float]]:
    """Mean and standard deviation (n - 1; 0 for one seed) of each score."""
    from statistics import mean, stdev

    values = {name: [each[name] for each in scores] for name in scores[0]}
    return (
        {name: mean(each) for name, each in values.items()},
        {name: stdev(each) if len(each) > 1 else 0.0 for name, each in values.items()},
    )
