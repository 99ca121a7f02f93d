"""The demo from end to end: simulate, train, serve, stream, score, draw."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from pathcast.live.demo.cases import Case, recorded_cases, simulated_ball, simulated_walkers, spaced
from pathcast.live.demo.judging import Judged, judge
from pathcast.live.demo.picture import draw
from pathcast.live.demo.table import markdown_table, rich_table
from pathcast.live.progress import epoch_progress
from pathcast.service.client import Client, LocalServer

if TYPE_CHECKING:
    from pathcast.model.training.settings import TrainingSettings

WALK, BALL, TABLE = spaced(0.4, 12), spaced(0.1, 10), spaced(0.04, 12)
"""Offsets, seconds."""


def run_demo(small: Sequence[TrainingSettings], out: Path, data: Path | None, seed: int) -> list[Judged]:
    """Runs all of it and writes models/, picture.png, table.md and report.json.

    Args:
        small: Settings of the forecasters to train.
        out: Folder, which is made.
        data: Folder of recorded tracks, if there is one.
        seed: Of the scores' samples.

    Returns:
        The cases with their scores.
    """
    from pathcast.model.training.run import train_bundle

    console = Console(stderr=True)
    started = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    console.print(f"[bold]1 of 4[/] simulate and train {len(small)} small forecasters")
    bundles = []
    for settings in small:
        bundle = out / "models" / settings.name
        with epoch_progress(f"training {settings.name}") as progress:
            train_bundle(settings, bundle, progress, overwrite=True)
        bundles.append(str(bundle))
    console.print("[bold]2 of 4[/] simulate tracks that no training saw, and read recorded ones")
    cases = _cases({settings.name for settings in small}, data)
    if not any(not case.is_simulated for case in cases):
        console.print(
            "  no recorded tracks here (docs/data.md says how to name a folder of them): in their place stand table-"
            "tennis strokes launched like 15,792 recorded ones (fitted to DeepMind's initial ball states, CC BY 4.0)"
        )
    console.print("[bold]3 of 4[/] start a server and stream every track through it, frame by frame")
    judged = []
    with LocalServer(bundles) as server, Client(server.address) as client:
        for case in cases:
            begun = time.monotonic()
            judged.append(judge(client, case, seed))
            frames = judged[-1].num_frames
            console.print(f"  {case.title}: {frames} frames in {time.monotonic() - begun:.1f} s from {server.address}")
    console.print("[bold]4 of 4[/] score and draw")
    draw(judged, out / "picture.png")
    (out / "table.md").write_text(markdown_table(judged), "utf-8")
    report = {each.case.title: each.scores for each in judged}
    (out / "report.json").write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    console_out = Console()
    Console(width=None if console_out.is_terminal else 132).print(rich_table(judged))
    console.print(f"took {time.monotonic() - started:.0f} s; look at {out}/picture.png, {out}/table.md")
    return judged


def _cases(models: set[str], data: Path | None) -> list[Case]:
    cases = [
        simulated_ball("basketball", "basketball", 200, 30.0, 0.03, BALL),
        simulated_walkers(12, WALK),
        simulated_ball("table-tennis", "table-tennis", 100, 120.0, 0.003, TABLE),
    ]
    if data is not None:
        cases += recorded_cases(data, WALK, TABLE)
    return [case for case in cases if case.model in models]
