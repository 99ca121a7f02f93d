"""Progress bars on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


def _bar_with(field: str) -> tuple[ProgressColumn, ...]:
    """Columns of a bar, and a field of words after them."""
    return (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn(f"{{task.fields[{field}]}}"),
    )


@contextmanager
def epoch_progress(title: str) -> Iterator[Callable[[int, int, dict[str, float]], None]]:
    """A bar of a training run's epochs, with the validation scores of the last one.

    Where nobody watches (standard error is not a terminal), a line is printed at the end instead.
    """
    console = Console(stderr=True)
    last = ""
    with Progress(*_bar_with("scores"), console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=None, scores="simulating")

        def tell(epoch: int, num_epochs: int, scores: dict[str, float]) -> None:
            nonlocal last
            last = f"best-of-K {scores['min_ade_m']:.3f} m, mean path {scores['mean_ade_m']:.3f} m"
            bar.update(task, completed=epoch, total=num_epochs, scores=last)
            last = f"{epoch} epochs: {last} on validation"

        yield tell
    if not console.is_terminal and last:
        console.print(f"{title}: {last}")


@contextmanager
def scene_progress(title: str, num_scenes: int) -> Iterator[Callable[[int], None]]:
    """A bar of how many scenes are done and how fast, gone at the end; gives what is told how many more are.

    Where nobody watches (standard error is not a terminal), nothing is printed.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=num_scenes, rate="")

        def advance(num: int) -> None:
            bar.advance(task, num)
            speed = bar.tasks[0].speed
            bar.update(task, rate=f"{speed:.0f}/s" if speed else "")

        yield advance


@contextmanager
def byte_progress(title: str, num_bytes: int) -> Iterator[Callable[[float, int], None]]:
    """A bar of how much of some files has been read, with forecasts a second, gone at the end.

    Gives what is told how many more bytes were read, and how many more forecasts were made. Where nobody watches
    (standard error is not a terminal), nothing is printed.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    num_forecasts = 0
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=num_bytes, rate="")

        def advance(num_read: float, num: int) -> None:
            nonlocal num_forecasts
            num_forecasts += num
            elapsed = bar.tasks[0].elapsed
            bar.update(task, advance=num_read, rate=f"{num_forecasts / elapsed:.0f} forecasts/s" if elapsed else "")

        yield advance


@contextmanager
def piece_progress(title: str) -> Iterator[Callable[[int, int, str], None]]:
    """A bar of the pieces of a study; where nobody watches, a line for each piece."""
    console = Console(stderr=True)
    with Progress(*_bar_with("newest"), console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=None, newest="")

        def tell(done: int, num_pieces: int, newest: str) -> None:
            bar.update(task, completed=done, total=num_pieces, newest=newest)
            if not console.is_terminal and newest:
                console.print(f"{title}: {done} of {num_pieces}, {newest}")

        yield tell
