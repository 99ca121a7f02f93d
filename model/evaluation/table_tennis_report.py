"""Report: forecasters side by side on recorded table tennis."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np

from pathcast.errors import InputError
from pathcast.model.evaluation.ball_scores import BallScores, score_balls
from pathcast.model.evaluation.table_tennis import (
    LEAST_AHEAD,
    LONGEST_S,
    RADIUS_M,
    SETS,
    Flight,
    Part,
    Reach,
    read_flights,
    show,
)
from pathcast.model.evaluation.table_tennis_forecasters import BASELINES, POINTS, ForecastFlight, model_forecaster
from pathcast.model.given import NOTHING_GIVEN, Given
from pathcast.model.library import load_engine
from pathcast.simulator.ball.sports import TABLE_TENNIS

PREFIXES_S: Final = (0.1, 0.2)
HEADLINE_S: Final = 0.1
PROTOCOL: Final = (
    "Tracks of spindoe (heights raised by the ball's radius: they are 0 where it touches the table) and tt3d. Split "
    "once by number: those that four divides are the tuning part, the rest is reported. Shown: every observation up to "
    "the prefix after the first; of rows with the same time the first. A contact is an observation no higher than its "
    "neighbours into which the ball falls and from which it rises at .3 m/s or more, over two observations each way. "
    "To the bounce: from the prefix to the first contact or the end, if that leaves at least "
    f"{LEAST_AHEAD} observations. Through it: on to the next contact or where the ball is struck back; only flights "
    f"that bounce on the table. Both end {LONGEST_S:g} s after the prefix. Errors of a flight are the mean (ADE) and "
    "the last (FDE) over its observations; rows are medians and means over flights. The positions are measured, so "
    "errors hold their noise of some millimetres. Coverage is the share of observations inside highest-density "
    "regions, mean over flights."
)


@dataclass(frozen=True)
class TableTennisReport:
    """Scores by set, prefix, reach and forecaster."""

    part: Part
    tables: list[dict[str, Any]]
    notes: Mapping[str, str]
    sha256: Mapping[str, str]
    left_out: Mapping[str, str] = field(default_factory=dict)
    """What could not be measured, and why."""

    def row(self, name: str, flights: str, prefix_s: float = HEADLINE_S, reach: Reach = "to_bounce") -> dict[str, Any]:
        """One forecaster's figures in one table; empty where it has none."""
        for table in self.tables:
            if (table["set"], table["prefix_s"], table["reach"]) == (flights, prefix_s, reach):
                return dict(table["rows"].get(name, {}))
        return {}

    def headlines(self, model: str) -> dict[str, float]:
        """The figures that a model is judged by, as far as there are any."""
        found = {}
        inside: list[float] = []
        for name in SETS:
            row = self.row(model, name)
            if row:
                found[f"{name}_median_ade"] = float(row["ade_median"])
                inside += [float(row["coverage90"])] * int(row["flights"])
        if inside:
            found["real_coverage90"] = float(np.mean(inside))
        return found

    def to_json(self) -> dict[str, Any]:
        """As dictionaries."""
        return {
            "protocol": PROTOCOL,
            "part": self.part,
            "sha256": dict(self.sha256),
            "notes": dict(self.notes),
            "left_out": dict(self.left_out),
            "tables": self.tables,
        }


def evaluate_table_tennis(
    data_dir: str | Path,
    model: str | None,
    part: Part = "reported",
    given: Given = NOTHING_GIVEN,
    seed: int = 1,
    margin: float = 1.0,
) -> TableTennisReport:
    """Scores a model and everything that stands beside it.

    Args:
        data_dir: Where `ball/table_tennis_spindoe` and `ball/table_tennis_tt3d` are.
        model: A model's name or a bundle's folder; None: what stands beside it alone.
        part: Of the tracks.
        given: What the model is told of the sensor, where it takes it. Of the rest it is told that a table-tennis ball
            flies over a level table.
        seed: Of the samples for regions.
        margin: What the model's standard deviations are multiplied by.

    Raises:
        InputError: No such data or part, or a model of other axes.
        UnknownModelError: No such model.
    """
    if part not in get_args(Part):
        raise InputError("part", f"one of {', '.join(get_args(Part))}", repr(part))
    forecasters, notes, left_out = _forecasters(model, given, margin)
    tables, hashes = [], {}
    for name in SETS:
        flights = [flight for flight in read_flights(data_dir, name) if flight.part == part]
        hashes[name] = data_hash(data_dir, name)
        for prefix in PREFIXES_S:
            for reach in get_args(Reach):
                tables.append(_table(name, flights, prefix, reach, forecasters, seed, left_out))
    return TableTennisReport(part, tables, notes, hashes, left_out)


def _forecasters(
    model: str | None, given: Given, margin: float
) -> tuple[dict[str, ForecastFlight], dict[str, str], dict[str, str]]:
    """Forecasters and notes by name, and what cannot be measured."""
    forecasters: dict[str, ForecastFlight] = {name: each for name, (each, _) in BASELINES.items()}
    notes = {name: note for name, (_, note) in BASELINES.items()}
    left_out: dict[str, str] = {}
    if model is None:
        return forecasters, notes, left_out
    card = (engine := load_engine(model)).card
    if card.num_axes != 3:
        raise InputError("--model", "a model of three axes", f"{model}, of {card.num_axes}")
    if given.has_sensor and not card.takes_noise:
        left_out["noise"] = f"{card.name} {card.version} is not told the sensor's noise"
    told = Given(
        noise_m=given.noise_m if card.takes_noise else None,
        clock_s=given.clock_s if card.takes_noise else None,
        radius_m=RADIUS_M if card.takes_object else None,
        mass_kg=TABLE_TENNIS.mass_kg if card.takes_object else None,
        # Where the net is spindoe does not say: its balls cross the middle lower than a net is high.
        level_m=0.0 if card.takes_object else None,
    )
    forecasters[model] = model_forecaster(engine, told, margin)
    notes[model] = f"{card.name} {card.version}: {card.summary}; told {told}; spreads times {margin:g}"
    return forecasters, notes, left_out


def _table(
    name: str,
    flights: list[Flight],
    prefix_s: float,
    reach: Reach,
    forecasters: Mapping[str, ForecastFlight],
    seed: int,
    left_out: dict[str, str],
) -> dict[str, Any]:
    """Every forecaster on the flights of one set that can be cut so."""
    cut = [each for flight in flights if (each := show(flight, prefix_s, reach)) is not None]
    rows: dict[str, Any] = {}
    for who, forecaster in forecasters.items():
        scores = []
        for each in cut:
            forecast = forecaster(each, reach)
            if forecast is not None:
                scores.append(score_balls(forecast, each.truth[None], seed))
        if scores:
            rows[who] = _row(scores, who in POINTS)
        if 0 < len(scores) < len(cut):
            key = f"{who}, {name}, {prefix_s:g} s, {reach}"
            left_out[key] = f"{len(cut) - len(scores)} of {len(cut)} flights, which go beyond its horizon"
    return {"set": name, "prefix_s": prefix_s, "reach": reach, "flights": len(cut), "rows": rows}


def _row(scores: list[BallScores], is_point: bool) -> dict[str, float]:
    """Medians and means over flights."""
    found: dict[str, float] = {"flights": len(scores)}
    for name in ("ade", "fde"):
        values = np.array([getattr(each, name)[0] for each in scores])
        found |= {f"{name}_median": float(np.median(values)), f"{name}_mean": float(values.mean())}
    if not is_point:
        for name in ("coverage50", "coverage90", "energy", "nll"):
            found[name] = float(np.mean([getattr(each, name)[0] for each in scores]))
    return found


def data_hash(data_dir: str | Path, name: str) -> str:
    """SHA-256 over the files of a set, by name."""
    digest = hashlib.sha256()
    for file in sorted((Path(data_dir) / "ball" / SETS[name][0]).glob("*.csv")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
