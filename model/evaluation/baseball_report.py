"""Report: where forecasters say that recorded pitches will cross the plate, beside simple physics."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.errors import InputError
from pathcast.model.baselines import ballistic, ballistic_drag
from pathcast.model.engine import Engine
from pathcast.model.evaluation.ball_scores import forecast_balls, path_errors, score_balls
from pathcast.model.evaluation.baseball import FOLDER, PLATE_Y_M, RATE_HZ, Pitches, read_pitches
from pathcast.model.forecast import Forecast
from pathcast.model.given import Given
from pathcast.model.library import load_engine
from pathcast.model.metrics.displacement import point_path
from pathcast.simulator.ball.coefficients import constant_parameters, full_parameters
from pathcast.simulator.ball.parameters import FLOOR, GRAVITY, LIFT
from pathcast.simulator.ball.sports import BASEBALL
from pathcast.simulator.draws import normals

DEFAULT_MODEL: Final = "ball"
PREFIXES_S: Final = (0.1, 0.2)
SHARES: Final = np.arange(1, 49) * 0.025
"""Of the time left to the crossing, up to a fifth beyond it: where paths are asked for."""
AT_CROSSING: Final = 39
"""The index of the share 1."""
TYPICAL_MPS: Final = 40.0
"""The speed at which the drag's coefficient is taken."""
NOTES: Final[Mapping[str, str]] = {
    "gravity": "a parabola by least squares",
    "gravity + drag": "least squares through the flight kernels, nominal drag at 40 m/s, no spin",
    "free parabola": "least squares with an acceleration of its own: the family that the recorded paths are of",
}


@dataclass(frozen=True)
class BaseballReport:
    """Scores by prefix and forecaster."""

    tables: list[dict[str, Any]]
    notes: Mapping[str, str]
    left_out: Mapping[str, str]
    protocol: str
    sha256: str

    def to_json(self) -> dict[str, Any]:
        """As dictionaries."""
        names = ("protocol", "sha256", "notes", "left_out", "tables")
        return {name: getattr(self, name) for name in names}


def protocol_in_words(noise_m: float, seed: int) -> str:
    """How the figures came about."""
    return (
        f"Every distinct pitch of the Statcast files, seen from release at {RATE_HZ:g} Hz with {1e3 * noise_m:g} mm of"
        f" noise an axis (seed {seed}). The files hold nine-parameter fits, so the true paths have constant "
        "acceleration. The crossing is where a point path meets the front of the plate (y = 17/12 ft): its error is "
        "the distance from the true crossing across and up, m, and the time's error is absolute, ms. ADE is over the "
        "way to the plate; coverage and energy are at the true crossing's time."
    )


def evaluate_baseball(
    data_dir: str | Path, model: str | None, noise_m: float = 0.01, seed: int = 1, is_told: bool = True
) -> BaseballReport:
    """Scores a model and simple physics.

    Args:
        data_dir: Where `ball/baseball_statcast` is.
        model: A model's name or a bundle's folder; None: simple physics alone.
        noise_m: Standard deviation of each axis.
        seed: Of noise and samples.
        is_told: Whether the model is told noise, size and mass, where it takes them.

    Raises:
        InputError: No such data, or a model of other axes.
        UnknownModelError: No such model.
    """
    pitches = read_pitches(data_dir)
    left_out: dict[str, str] = {}
    if pitches.num_left_out:
        left_out["pitches"] = f"{pitches.num_left_out}, without numbers or with a crossing that their fit does not have"
    engine, notes = None, dict(NOTES)
    if model is not None:
        engine = load_engine(model)
        if engine.card.num_axes != 3:
            raise InputError("--model", "a model of three axes", f"{model}, of {engine.card.num_axes}")
        notes[model] = f"{engine.card.name} {engine.card.version}: {engine.card.summary}"
    else:
        left_out["model"] = f"none named, and no bundle {DEFAULT_MODEL} is here"
    given = Given() if engine is None or not is_told else _told(engine, noise_m)
    tables = [_table(pitches, prefix, noise_m, seed, engine, given, model or "", left_out) for prefix in PREFIXES_S]
    return BaseballReport(tables, notes, left_out, protocol_in_words(noise_m, seed), data_hash(data_dir))


def _told(engine: Engine, noise_m: float) -> Given:
    noise = (noise_m,) if engine.card.takes_noise else None
    if not engine.card.takes_object:
        return Given(noise_m=noise)
    return Given(noise_m=noise, radius_m=BASEBALL.radius_m, mass_kg=BASEBALL.mass_kg, level_m=0.0)


def _table(
    pitches: Pitches,
    prefix_s: float,
    noise_m: float,
    seed: int,
    engine: Engine | None,
    given: Given,
    model: str,
    left_out: dict[str, str],
) -> dict[str, Any]:
    """Every forecaster from one prefix."""
    num, shown = pitches.num_pitches, round(prefix_s * RATE_HZ) + 1
    clock = np.broadcast_to(np.arange(shown) / RATE_HZ, (num, shown))
    noise = normals(seed, "evaluation.pitches", 0, num, 3 * shown).reshape(num, shown, 3)
    seen = pitches.at(clock) + noise_m * noise
    left = pitches.crossing_times - clock[:, -1]
    offsets = left[:, None] * SHARES
    truth = pitches.at(clock[:, -1:] + offsets)
    lengths = np.full(num, shown)
    paths = {
        "gravity": ballistic(clock, seen, lengths, offsets, float(nominal_row()[GRAVITY])),
        "gravity + drag": ballistic_drag(clock, seen, lengths, offsets, nominal_row()),
        "free parabola": _free_parabola(clock[0], seen, offsets),
    }
    rows: dict[str, Any] = {name: _row(path, truth, left, offsets) for name, path in paths.items()}
    if engine is not None:
        within = offsets[:, -1] <= engine.card.horizon_s
        if not within.all():
            left_out[f"{model}, {prefix_s:g} s"] = f"{int((~within).sum())} of {num} pitches, beyond its horizon"
        if within.any():
            found = forecast_balls(engine, clock[within], seen[within], offsets[within], given)
            path = point_path(found)
            rows[model] = _row(path, truth[within], left[within], offsets[within])
            scores = score_balls(_only(found, AT_CROSSING), truth[within][:, [AT_CROSSING]], seed)
            rows[model] |= {name: float(getattr(scores, name).mean()) for name in ("energy", "nll", "coverage90")}
    return {"prefix_s": prefix_s, "pitches": num, "rows": rows}


def _only(forecast: Forecast, step: int) -> Forecast:
    """One step of a forecast."""
    some = slice(step, step + 1)
    return replace(
        forecast,
        offsets=forecast.offsets[:, some],
        means=forecast.means[:, :, some],
        covariances=forecast.covariances[:, :, some],
        point=None if forecast.point is None else forecast.point[:, some],
    )


def _row(
    path: NDArray[np.float64], truth: NDArray[np.float64], left: NDArray[np.float64], offsets: NDArray[np.float64]
) -> dict[str, float]:
    """Errors of crossings and paths; a path that never comes to the plate is judged at its end."""
    place, time = crossing(path, offsets)
    off = np.linalg.norm((place - truth[:, AT_CROSSING])[:, [0, 2]], axis=1)
    ade, _ = path_errors(path[:, : AT_CROSSING + 1], truth[:, : AT_CROSSING + 1])
    return {
        "pitches": len(path),
        "crossing_median": float(np.median(off)),
        "crossing_mean": float(off.mean()),
        "crossing_90": float(np.quantile(off, 0.9)),
        "time_ms": float(1e3 * np.abs(time - left).mean()),
        "ade_mean": float(ade.mean()),
    }


def crossing(
    path: Float[np.ndarray, "pitch time 3"], offsets: Float[np.ndarray, "pitch time"]
) -> tuple[Float[np.ndarray, "pitch 3"], Float[np.ndarray, " pitch"]]:
    """Place and time at which paths first come to the front of the plate, by straight lines between their points.

    A path that does not come there goes straight on from its last two points.
    """
    is_there = path[:, :, 1] <= PLATE_Y_M
    after = np.where(is_there.any(axis=1), is_there.argmax(axis=1), path.shape[1] - 1)
    after = np.maximum(after, 1)
    rows = np.arange(len(path))
    one, two = path[rows, after - 1], path[rows, after]
    share = (one[:, 1] - PLATE_Y_M) / np.maximum(one[:, 1] - two[:, 1], 1e-9)
    early, late = offsets[rows, after - 1], offsets[rows, after]
    return one + share[:, None] * (two - one), early + share * (late - early)


def _free_parabola(
    clock: NDArray[np.float64], seen: NDArray[np.float64], offsets: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Least squares of a quadratic."""
    since = clock - clock[-1]
    columns = np.stack([np.ones_like(since), since, since**2], axis=1)
    found = np.einsum("ct,nta->nca", np.linalg.pinv(columns), seen)
    ahead = np.stack([np.ones_like(offsets), offsets, offsets**2], axis=2)
    return np.asarray(np.einsum("ntc,nca->nta", ahead, found))


def nominal_row() -> NDArray[np.float64]:
    """A baseball's constant coefficients at a pitch's speed, without lift and floor."""
    state = np.zeros((1, 9))
    state[0, 4] = -TYPICAL_MPS
    row = constant_parameters(full_parameters(BASEBALL), state)[0]
    row[LIFT], row[FLOOR] = 0.0, -np.inf
    return np.asarray(row)


def data_hash(data_dir: str | Path) -> str:
    """SHA-256 over the files, by name."""
    digest = hashlib.sha256()
    for file in sorted((Path(data_dir) / "ball" / FOLDER).glob("*.csv")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
