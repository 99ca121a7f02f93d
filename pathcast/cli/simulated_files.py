"""Simulated files: which files a run writes, shard by shard, and what it says of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pathcast.errors import InputError

if TYPE_CHECKING:
    from pathcast.simulator.dataset import Batch, Written
    from pathcast.simulator.shards import Shard


@dataclass(frozen=True, kw_only=True)
class Run:
    """What is simulated, and where it goes."""

    settings: dict[str, Any]
    """Everything but seed and numbers that decides what the files hold."""
    batches: Callable[[int, int], Iterator[Batch]]
    """Of the first scene and how many."""
    draw: Callable[[Batch, Path], None]
    seed: int
    first: int
    num: int
    out: Path
    truth: Path | None
    identities: Path | None
    picture: Path | None
    events: Path | None = None
    outcomes: Path | None = None
    shards: tuple[Shard, ...] = ()
    """To be made; none: the whole in one file."""
    resume: bool = False
    """Shards whose files are there are kept."""

    def files(self, shard: Shard | None) -> dict[str, Path]:
        """The files of a shard or of the whole by their role."""
        roles = {"observed": self.out, "truth": self.truth, "identities": self.identities}
        roles |= {"events": self.events, "outcomes": self.outcomes}
        return {role: path if shard is None else shard.path(path) for role, path in roles.items() if path is not None}

    @property
    def record(self) -> Path:
        """The file beside the shards that says what they are shards of."""
        return self.out.with_name(f"{self.out.stem}-shards.json")


@dataclass(kw_only=True)
class Done:
    """A shard, or the whole, that is there."""

    shard: Shard | None
    files: dict[str, Path]
    written: Written | None
    """None: it was there before."""


def write_run(run: Run, as_json: bool) -> None:
    """Simulates into the files, with a bar for whoever watches, and says what was written.

    Raises:
        InputError: A wrong setting, a place where no file can be written, or shards of other settings to resume.
    """
    from pathcast.live.progress import scene_progress

    check_picture(run.picture)
    if run.resume:
        _check_kept(run)
    done = []
    with scene_progress("simulating", sum(num for _, _, num in _parts(run))) as advance:
        for shard, first, num in _parts(run):
            files = run.files(shard)
            if run.resume and all(path.is_file() for path in files.values()):
                done.append(Done(shard=shard, files=files, written=None))
                advance(num)
                continue
            is_drawn = run.picture is not None and all(each.written is None for each in done)
            done.append(Done(shard=shard, files=files, written=_write(run, files, first, num, is_drawn, advance)))
    if as_json:
        click.echo(json.dumps(_summary(run, done), indent=2))
    else:
        _tell(run, done)


def check_picture(picture: Path | None, suffix: str = ".png") -> None:
    """Refuses, before anything is simulated, a picture that could not be drawn.

    Raises:
        InputError: A name that ends otherwise.
    """
    from importlib.util import find_spec

    if picture is None:
        return
    if picture.suffix.lower() != suffix:
        raise InputError(str(picture), f"a name that ends in {suffix}", repr(picture.suffix))
    if find_spec("matplotlib") is None:
        raise click.ClickException("pictures need matplotlib: pip install 'pathcast[train]'")


def _parts(run: Run) -> list[tuple[Shard | None, int, int]]:
    """Every shard with its first scene and how many, or the whole."""
    if not run.shards:
        return [(None, run.first, run.num)]
    return [(shard, *shard.part(run.first, run.num)) for shard in run.shards]


def _write(
    run: Run, files: dict[str, Path], first: int, num: int, is_drawn: bool, advance: Callable[[int], None]
) -> Written:
    """Writes one shard's files, and draws its first scenes."""
    from pathcast.formats.atomic import replacing
    from pathcast.simulator.dataset import write_dataset

    def told() -> Iterator[Batch]:
        if run.shards:
            with replacing(run.record) as part:
                part.write_text(_record_text(run))
        for index, batch in enumerate(run.batches(first, num)):
            if run.picture is not None and is_drawn and not index:
                run.draw(batch, run.picture)
            yield batch
            advance(batch.num_scenes)

    truth = {role: path for role, path in files.items() if role != "observed"}
    return write_dataset(told(), files["observed"], **truth)


def _record_text(run: Run) -> str:
    """What the shards are of."""
    record = {"seed": run.seed, "first": run.first, "num": run.num, "num_shards": run.shards[0].count}
    return json.dumps(record | run.settings, indent=2) + "\n"


def _check_kept(run: Run) -> None:
    """Refuses to add shards to those of something else."""
    if not any(path.is_file() for shard in run.shards for path in run.files(shard).values()):
        return
    if not run.record.is_file() or run.record.read_text() != _record_text(run):
        found = "others: write to another --out" if run.record.is_file() else "no such file"
        raise InputError(str(run.record), "the settings of this run, to resume it", found)


def _summary(run: Run, done: list[Done]) -> dict[str, Any]:
    """What was written, for programs."""
    written = [asdict(each.written) for each in done if each.written is not None]
    shots = [counts.pop("outcomes") for counts in written]
    totals: dict[str, Any] = {name: sum(counts[name] for counts in written) for name in (written[0] if written else {})}
    if any(shots):
        totals["outcomes"] = _shares(shots)
    files: dict[str, Any] = {role: str(path) for role, path in done[0].files.items()}
    if run.shards:
        files = {role: [str(each.files[role]) for each in done] for role in done[0].files}
    if run.picture is not None:
        files["picture"] = str(run.picture)
    kept = sum(each.written is None for each in done)
    return {
        **totals,
        "files": files,
        **({"kept_shards": kept} if run.shards else {}),
        "seed": run.seed,
        "first": run.first,
        "settings": run.settings,
    }


def _shares(shots: list[dict[str, int]]) -> dict[str, float]:
    """The shares of outcomes, and of shots made whichever way."""
    number = {name: sum(counts[name] for counts in shots) for name in shots[0]}
    total = max(sum(number.values()), 1)
    shares = {name: count / total for name, count in number.items()}
    return shares | {"made": (number["swish"] + number["rim"] + number["board"]) / total}


def _tell(run: Run, done: list[Done]) -> None:
    """What was written, for people."""
    for each in done:
        if each.written is None:
            click.echo(f"kept {each.files['observed']}", err=True)
            continue
        count = each.written
        rows = f"{count.num_tracks} tracks, {count.num_rows} rows, {count.num_seen} of them seen"
        click.echo(f"wrote {each.files['observed']}: {rows}", err=True)
        if "truth" in each.files:
            click.echo(f"wrote {each.files['truth']}: {count.num_true_rows} rows of truth", err=True)
        if "identities" in each.files:
            click.echo(f"wrote {each.files['identities']}: who is who", err=True)
        if "events" in each.files:
            click.echo(f"wrote {each.files['events']}: what balls touched", err=True)
        if "outcomes" in each.files and count.outcomes is not None:
            shares = _shares([count.outcomes])
            click.echo(f"wrote {each.files['outcomes']}: {shares['made']:.1%} of the shots went in", err=True)
    if run.picture is not None and any(each.written is not None for each in done):
        click.echo(f"wrote {run.picture}", err=True)
