"""Progress bars on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


@contextmanager
def epoch_progress(title: str) -> Iterator[Callable[[int, int, dict[str, float]], None]]:
    """A bar of a training run's epochs, with the validation scores of the last one.

    Where nobody watches (standard error is not a terminal), a line is printed at the end instead.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[scores]}"),
    )
    last = ""
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
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
