"""`pathcast study`: what memories remember."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pathcast.live.memory_tables import Study, StudyTable
    from pathcast.model.training.study.keeping import Keeping

MEMORIES = ("lstm", "gru", "rnn", "trace")
Verb = Callable[..., None]


@click.group("study")
def command() -> None:
    """See what an RNN, an exponential trace, a GRU and an LSTM remember."""


@command.command("symbols")
@click.argument("text")
@click.option("--memory", type=click.Choice([*MEMORIES, "all"]), default="lstm", show_default=True, help="What reads.")
@click.option("--weekdays", is_flag=True, help="Train on sentences about days; TEXT is the beginning of one.")
@click.option("--shuffled", is_flag=True, help="Train on sentences whose words stand in any order (--weekdays).")
@click.option("--after", metavar="SYMBOLS", help="What is shown once it is trained, one symbol or many; default: TEXT.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of weights and training.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def symbols(
    text: str, memory: str, weekdays: bool, shuffled: bool, after: str | None, seed: int, as_json: bool
) -> None:
    """Say which symbol comes next in TEXT, such as "A B C A B C A B", with probabilities.

    A small forecaster (embedding, memory, softmax) is trained on the text itself in seconds, by the loop that trains
    forecasters of tracks. With --weekdays it is trained on sentences about days, some pairs of day and sentence left
    out, and TEXT is such as "yesterday it was Sunday so today it is".
    """
    import json

    if shuffled and not weekdays:
        raise click.UsageError("--shuffled is of --weekdays.")
    from pathcast.model.training.symbols.forecaster import train_symbols, windows_of
    from pathcast.model.training.symbols.settings import SymbolSettings
    from pathcast.settings import load_settings
    from pathcast.simulator import symbols as sequences

    words = text.split()
    shown = sequences.weekdays(True) if weekdays else windows_of(words)
    if shuffled:
        shown = sequences.shuffled(shown, seed)
    answers = {}
    for kind in MEMORIES if memory == "all" else (memory,):
        settings = load_settings(SymbolSettings, flags={"memory": kind, "seed": seed}, environment={})
        answers[kind] = train_symbols(shown, settings).probabilities((after or text).split())
    if as_json:
        click.echo(json.dumps(answers))
        return
    for kind, found in answers.items():
        likeliest = ", ".join(f"{name} {probability:.4f}" for name, probability in list(found.items())[:7])
        click.echo(f"{kind:5s} {likeliest}")


def _study_options(folder: str) -> Callable[[Verb], Verb]:
    """The options of studies that are kept in pieces."""
    options = (
        click.option("--quick", is_flag=True, help="Smaller and shorter, for a first look in minutes."),
        click.option(
            "--out",
            type=click.Path(file_okay=False, path_type=Path),
            default=Path(folder),
            show_default=True,
            help="Folder of the result.",
        ),
        click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes."),
        click.option("--resume", is_flag=True, help="Go on where the study in the folder stopped."),
        click.option("--overwrite", is_flag=True, help="Begin anew, even if the folder holds a study."),
        click.option("--json", "as_json", is_flag=True, help="Print everything as JSON."),
    )
    return lambda verb: reduce(lambda decorated, option: option(decorated), reversed(options), verb)


@command.command("memory")
@_study_options("study/memory")
def memory(quick: bool, out: Path, as_json: bool, **how: Any) -> None:
    """Measure what each memory remembers, over which lag, and what it costs.

    Accuracy on copy, adding, recall and embedded-Reber problems, gradients back through time, clipping, truncation and
    cost, in OUT/report.html, report.png and study.json. Every piece is kept in OUT/pieces once it is computed.
    """
    from pathcast.live.memory_page import write_page
    from pathcast.live.memory_picture import draw_study
    from pathcast.live.memory_tables import study_tables
    from pathcast.model.training.study.pieces import run_study

    with _keeping("study of memories", out, **how) as keeping:
        study = run_study("quick" if quick else "full", keeping)
    draw_study(study, out / "report.png")
    write_page(study, out / "report.png", out / "report.html")
    _tell(study, study_tables(study), out / "study.json", as_json)


@command.command("tracks")
@_study_options("study/tracks")
def tracks(quick: bool, out: Path, as_json: bool, **how: Any) -> None:
    """Train each memory on balls and walkers with equal parameters: error by length of prefix, and across gaps.

    The networks are small and see raw displacements. A kick's spin is told never, first or last. Every piece is kept in
    OUT/pieces once it is computed; the result is OUT/tracks.png and tracks.json.
    """
    from pathcast.live.track_picture import draw_track_study
    from pathcast.live.track_tables import track_tables
    from pathcast.model.training.study.track_pieces import run_track_study

    with _keeping("study of tracks", out, **how) as keeping:
        study = run_track_study("quick" if quick else "full", keeping)
    draw_track_study(study, out / "tracks.png")
    _tell(study, track_tables(study), out / "tracks.json", as_json)


@command.command("flight")
@click.option("--scenario", default="table-tennis", show_default=True, help="Of the simulator's balls.")
@click.option(
    "--memory", type=click.Choice([*MEMORIES]), default="lstm", show_default=True, help="What holds the launch."
)
@click.option("--steps", type=click.IntRange(1), default=600, show_default=True, help="Of training.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of weights and throws.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def flight(scenario: str, memory: str, steps: int, seed: int, as_json: bool) -> None:
    """Foretell whole flights from their launch state alone: one to many.

    A small network sees position, velocity and spin once and then says where the ball is, step by step, for 0.6 s. Its
    mean error on other throws stands beside that of flight in a vacuum.
    """
    import json

    from pathcast.model.training.study.one_to_many import foretell_flights

    found = foretell_flights(scenario, memory, steps, seed)
    if as_json:
        click.echo(json.dumps(found))
    else:
        click.echo(f"{memory}: {found['error_m']:.3f} m over whole flights, a vacuum {found['vacuum_error_m']:.3f} m")


@contextmanager
def _keeping(title: str, out: Path, jobs: int, resume: bool, overwrite: bool) -> Iterator[Keeping]:
    """Where pieces are kept, with progress shown."""
    if resume and overwrite:
        raise click.UsageError("--resume and --overwrite exclude each other.")
    from pathcast.live.progress import piece_progress
    from pathcast.model.training.study.keeping import Keeping

    with piece_progress(title) as progress:
        yield Keeping(out=out, processes=jobs, progress=progress, resume=resume, overwrite=overwrite)


def _tell(study: Study, tables: Sequence[StudyTable], path: Path, as_json: bool) -> None:
    """Writes the study as JSON, and prints that or its tables."""
    import json

    from rich.console import Console
    from rich.table import Table

    from pathcast.formats.atomic import replacing

    with replacing(path) as part:
        part.write_text(json.dumps(study) + "\n", "utf-8")
    if as_json:
        click.echo(json.dumps(study))
    for table in () if as_json else tables:
        shown = Table(title=table.title, title_justify="left")
        for number, header in enumerate(table.header):
            shown.add_column(header, justify="right" if number else "left")
        for row in table.rows:
            shown.add_row(*row)
        Console().print(shown)
    click.echo(f"wrote {path.parent}", err=True)
