"""`pathcast evaluate`: scores beside baselines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pathcast.cli.evaluate_balls import baseball, table_tennis
from pathcast.cli.evaluate_live import service, tracks
from pathcast.cli.protection import credential_options, refuse_unused
from pathcast.cli.seeds import Seeds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pathcast.model.evaluation.forecasters import FoldForecasters
    from pathcast.model.evaluation.report import Report
    from pathcast.service.client.credentials import Credentials


@click.group("evaluate")
def command() -> None:
    """Score forecasters beside baselines: a running service, bundles on your own tracks, published protocols."""


command.add_command(service)
command.add_command(tracks)
command.add_command(table_tennis)
command.add_command(baseball)


@command.command("eth-ucy")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="PATHCAST_DATA",
    required=True,
    help="Folder with pedestrian/eth_ucy; default: PATHCAST_DATA.",
)
@click.option("--model", default="pedestrian", show_default=True, help="Name of the model, or folder of a bundle.")
@click.option(
    "--train",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Settings such as configs/eth-ucy.toml: train a model for each scene on the other four, and score those.",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder that --train keeps its runs in.")
@click.option("--seeds", type=Seeds(), default="1,2,3", show_default=True, help="Of --train: a run for each; means.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Runs trained at a time.")
@click.option("--reuse", is_flag=True, help="Keep runs of --train whose settings, data and code are as they were.")
@click.option("--server", metavar="HOST:PORT", help="A running server to stream through; shows displacement alone.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the noise and of all samples.")
@click.option(
    "--sampled",
    type=click.IntRange(1),
    default=2000,
    show_default=True,
    help="Windows of a scene whose regions, energy and kernel likelihood are measured.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--markdown", type=click.Path(dir_okay=False, path_type=Path), help="File for every table in Markdown.")
@credential_options
def eth_ucy(
    data: Path,
    model: str,
    train: Path | None,
    out: Path | None,
    seeds: tuple[int, ...],
    jobs: int,
    reuse: bool,
    server: str | None,
    seed: int,
    sampled: int,
    as_json: bool,
    markdown: Path | None,
    credentials: Credentials,
) -> None:
    """Score a model on the ETH/UCY test windows beside baselines.

    In this process: best of K, single paths, joint futures, likelihood, coverage, energy and collisions, each scene and
    their average, for windows with two or more people and with one or more, from 2 to 8 observations, beside constant
    velocity, the same with noise, a Kalman filter and social force. With --train five models are trained first, each
    for the scene that it has not seen. With --server the windows are streamed frame by frame instead, beside constant
    velocity.
    """
    from pathcast.errors import InputError

    if not data.is_dir():
        raise InputError("--data", "a folder with pedestrian/eth_ucy", str(data))
    if server:
        if markdown:
            raise click.UsageError("--markdown is for scores in this process: leave out --server.")
        _stream(server, credentials, data, model, as_json)
        return
    refuse_unused(credentials)
    if train:
        if out is None:
            raise click.UsageError("--train needs --out, a folder for the trained runs.")
        report = _train_and_score(data, train, out, seeds, jobs, reuse, seed, sampled)
        _show(report, as_json, markdown)
        return
    from pathcast.model.evaluation.forecasters import engine_forecaster, same_for_every_fold
    from pathcast.model.library import load_engine

    engine = load_engine(model)
    name = engine.card.name
    forecasters = same_for_every_fold({name: engine_forecaster(engine)})
    _show(_score(forecasters, {name: engine.card.summary}, data, seed, sampled), as_json, markdown)


def _train_and_score(
    data: Path, config: Path, out: Path, seeds: tuple[int, ...], jobs: int, reuse: bool, seed: int, sampled: int
) -> Report:
    """A model for each scene and seed, scored on the scene that it has not seen; means over the seeds."""
    from pathcast.model.evaluation.report import with_seed_means
    from pathcast.model.training.folds import fold_forecasters, fold_runs, train_folds
    from pathcast.model.training.settings import TrainingSettings
    from pathcast.settings import load_settings

    settings = load_settings(TrainingSettings, config)
    runs = fold_runs(settings, data, out, seeds)
    train_folds(runs, jobs, reuse, lambda text: click.echo(text, err=True))
    name = settings.name
    note = (
        f"trained on the other four scenes, mean of {len(seeds)} seeds; epoch and calibration chosen on their val files"
    )
    report = _score(fold_forecasters(runs, name), {name: note}, data, seed, sampled)
    return with_seed_means(report, {name: seeds})


def _score(
    forecasters_of_folds: FoldForecasters, notes: Mapping[str, str], data: Path, seed: int, sampled: int
) -> Report:
    """Forecasters beside the baselines, saying on standard error what is being scored where a person watches."""
    from rich.console import Console

    from pathcast.model.evaluation.baselines import NOTES, eth_ucy_baselines
    from pathcast.model.evaluation.forecasters import all_of
    from pathcast.model.evaluation.report import make_report

    with Console(stderr=True).status("ETH/UCY") as status:
        return make_report(
            all_of(forecasters_of_folds, eth_ucy_baselines(data, seed)),
            data,
            {**notes, **NOTES},
            seed=seed,
            num_sampled=sampled,
            watch=lambda text: status.update(f"ETH/UCY, {text}"),
        )


def _show(report: Report, as_json: bool, markdown: Path | None) -> None:
    import json

    from rich.console import Console

    from pathcast.formats.atomic import replacing
    from pathcast.live.score_table import terminal_tables
    from pathcast.model.evaluation.score_tables import markdown as as_markdown

    if markdown:
        with replacing(markdown) as part:
            part.write_text(as_markdown(report))
        click.echo(f"wrote {markdown}", err=True)
    console = Console(stderr=as_json)
    if not console.is_terminal:
        console = Console(stderr=as_json, width=150)
    for table in terminal_tables(report):
        console.print(table)
    click.echo(json.dumps(report.to_json(), indent=2) if as_json else report.protocol)


def _stream(server: str, credentials: Credentials, data: Path, model: str, as_json: bool) -> None:
    """The windows streamed through a server, frame by frame."""
    import json

    from rich.console import Console

    from pathcast.live.eth_ucy import PROTOCOL, evaluate_eth_ucy, scene_table
    from pathcast.model.evaluation.protocol import data_hash
    from pathcast.service.client import Client

    report: dict[str, object] = {"protocol": PROTOCOL, "sha256": data_hash(data), "model": model}
    with Client(server, credentials=credentials) as client:
        for min_people, results in evaluate_eth_ucy(client, model, data).items():
            report[f"min_people_{min_people}"] = {each.scene: each.scores for each in results}
            (Console(stderr=True) if as_json else Console(width=110)).print(scene_table(results, min_people))
    click.echo(json.dumps(report, indent=2) if as_json else PROTOCOL)
