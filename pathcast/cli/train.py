"""`pathcast train`: a bundle from a settings file."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("train")
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Settings, such as configs/pedestrian.toml.",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of the bundle.")
@click.option("--seed", type=int, help="Other seed than the file's.")
@click.option("--epochs", type=click.IntRange(1), help="Other number of epochs than the file's.")
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True, help="Threads of torch.")
@click.option("--json", "as_json", is_flag=True, help="Print the scores as JSON.")
def command(config: Path, out: Path, seed: int | None, epochs: int | None, threads: int, as_json: bool) -> None:
    """Train a forecaster on simulated tracks and write it as a bundle, calibrated and scored.

    The bundle's folder can be served at once: pathcast serve --models FOLDER.
    """
    import json

    from pathcast.live.progress import epoch_progress
    from pathcast.model.training.run import train_bundle
    from pathcast.model.training.settings import TrainingSettings
    from pathcast.settings import load_settings

    settings = load_settings(TrainingSettings, config, {"seed": seed, "epochs": epochs})
    with epoch_progress(f"training {settings.name}") as progress:
        metrics = train_bundle(settings, out, progress, threads)
    if as_json:
        click.echo(json.dumps(metrics))
    else:
        for name, value in metrics.items():
            click.echo(f"{name:28s} {value:.4f}")
    click.echo(f"wrote {out}", err=True)
