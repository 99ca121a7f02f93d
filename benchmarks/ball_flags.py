"""Are tracks flagged that are not what they are taken for, and are ordinary ones left alone?

Simulated throws with noise, some of which go wrong at one observation: the ball is held where it is; it leaves the
field of view and the tracker goes on reporting the picture's edge; the track jumps to another ball; or the whole track
comes in feet or centimetres. Told are the share of tracks that a model flags (`Engine.is_suspect`) within so many
observations of the fault, and false alarms on the same throws without fault. Beside it stands the simplest innovation
test: how far an observation is from the parabola through the six before it.

    python benchmarks/ball_flags.py [--json [FILE]] [--model NAME_OR_FOLDER]... [--throws N] [--seed S]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from ball_models import load_models, sports_of, version_of
from jaxtyping import Bool, Float
from oracle import machine
from scipy.stats import chi2

from pathcast.model.baselines.parabola import fit_parabola
from pathcast.model.engine import Engine
from pathcast.model.given import Given
from pathcast.simulator.ball.scenarios import throw
from pathcast.simulator.draws import normals

SEED: Final = 20_264
WITHIN: Final = (1, 2, 3, 5, 10)
"""Observations from the fault on, the first wrong one included."""
NEWEST: Final = 6
RARE: Final = 1e-6
"""The simplest test flags what is rarer."""
UNITS: Final = {"feet": 1 / 0.3048, "centimetres": 100.0}


@dataclass(frozen=True)
class Setting:
    """How a sport's throws are seen."""

    scenario: str
    rate_hz: float
    noise_m: float
    length: int
    fault: int
    """The first wrong observation."""


SETTINGS: Final = {
    "basketball": Setting("three-pointer", 60.0, 0.03, 50, 20),
    "table tennis": Setting("table-tennis-rally", 120.0, 0.005, 60, 24),
}


@dataclass(frozen=True, eq=False)
class Tracks:
    """Tracks of one kind, and at which observation they go wrong."""

    times: Float[np.ndarray, " time"]
    seen: Float[np.ndarray, "throw time 3"]
    fault: int


def make_tracks(how: Setting, num: int, seed: int) -> dict[str, Tracks]:
    """Ordinary tracks, and the same with each fault."""
    clock = np.arange(how.length) / how.rate_hz
    throws = throw(how.scenario, num, seed)
    true = throws.follow(clock, max_events=0, positions_only=True).states
    noise = how.noise_m * normals(seed, "benchmark.flags", 0, num, 3 * how.length).reshape(num, how.length, 3)
    held = true.copy()
    held[:, how.fault :] = true[:, how.fault - 1 : how.fault]
    edge = true.copy()
    # The edge is crossed along the way that the ball flies: it is no farther along it than where it was then.
    way = true[:, how.fault] - true[:, how.fault - 1]
    way[:, 2] = 0.0
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    beyond = np.einsum("nta,na->nt", true - true[:, how.fault - 1 : how.fault], way)
    edge -= np.maximum(beyond, 0.0)[:, :, None] * way[:, None]
    other = np.roll(true, 1, axis=0)
    switched = np.where(np.arange(how.length)[:, None] >= how.fault, other, true)
    found = {"ordinary": true, "held": held, "edge of the picture": edge, "switched identity": switched}
    tracks = {name: Tracks(clock, path + noise, how.fault) for name, path in found.items()}
    tracks |= {name: Tracks(clock, factor * (true + noise), 0) for name, factor in UNITS.items()}
    return tracks


def flags_of_engine(engine: Engine, noise_m: float) -> Callable[[Tracks], Bool[np.ndarray, "throw time"]]:
    """Whether each track is suspect after each observation."""
    given = Given(noise_m=(noise_m,)) if engine.card.takes_noise else Given()

    def flags(tracks: Tracks) -> Bool[np.ndarray, "throw time"]:
        num, length = tracks.seen.shape[:2]
        states = engine.start(num, given)
        found = np.zeros((num, length), np.bool_)
        for index in range(length):
            seen = np.ascontiguousarray(tracks.seen[:, index], np.float32)
            states = engine.observe(states, np.full(num, tracks.times[index]), seen)
            found[:, index] = engine.is_suspect(states)
        return found

    return flags


def simplest_test(noise_m: float) -> Callable[[Tracks], Bool[np.ndarray, "throw time"]]:
    """The squared distance from the parabola through the newest observations, in its own deviations, is no rare
    chi-squared number. It knows no bounce."""

    def flags(tracks: Tracks) -> Bool[np.ndarray, "throw time"]:
        num, length = tracks.seen.shape[:2]
        found = np.zeros((num, length), np.bool_)
        every = np.ones((num, NEWEST), np.bool_)
        for index in range(NEWEST, length):
            before = np.broadcast_to(tracks.times[index - NEWEST : index], (num, NEWEST))
            at = np.full(num, tracks.times[index])
            place, _ = fit_parabola(before, tracks.seen[:, index - NEWEST : index], every, at, 9.81)
            # Variance of a line's value one step beyond its points, for unit noise, and the observation's own.
            since = before[0] - before[0].mean()
            growth = 1.0 / NEWEST + (tracks.times[index] - before[0].mean()) ** 2 / (since**2).sum() + 1.0
            off = ((tracks.seen[:, index] - place) ** 2).sum(axis=1) / (noise_m**2 * growth)
            found[:, index] = off > chi2.isf(RARE, 3)
        return found

    return flags


def measure(
    flags: Callable[[Tracks], Bool[np.ndarray, "throw time"]], tracks: dict[str, Tracks]
) -> dict[str, dict[str, float]]:
    """Shares of tracks by fault."""
    rows: dict[str, dict[str, float]] = {}
    for name, each in tracks.items():
        found = flags(each)
        if name == "ordinary":
            rows[name] = {"ever": float(found.any(axis=1).mean()), "observations": float(found.mean())}
            continue
        rows[name] = {
            f"within_{num}": float(found[:, each.fault : each.fault + num].any(axis=1).mean()) for num in WITHIN
        }
        rows[name]["ever_after"] = float(found[:, each.fault :].any(axis=1).mean())
        rows[name]["at_the_end"] = float(found[:, -1].mean())
    return rows


def show(name: str, sport: str, rows: dict[str, dict[str, float]]) -> None:
    """Lines on standard error."""
    for fault, row in rows.items():
        shares = "  ".join(f"{key.replace('_', ' ')} {share:.3f}" for key, share in row.items())
        print(f"{name:24} {sport:14} {fault:22} {shares}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, nargs="?", const=Path("-"), help="a file that the figures also go to")
    parser.add_argument("--model", action="append", help="name or folder; by default every ball's bundle that is here")
    parser.add_argument("--throws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    if given.throws < 2:
        parser.error("--throws: 2 or more, for a ball to switch with")
    engines = load_models(given.model)
    result: dict[str, Any] = {
        "machine": machine(),
        "seed": given.seed,
        "throws": given.throws,
        "left_out": {},
        "sports": {},
    }
    for sport, how in SETTINGS.items():
        tracks = make_tracks(how, given.throws, given.seed)
        tests = {"parabola's innovations": simplest_test(how.noise_m)}
        for name, engine in engines.items():
            if not engine.card.has_surprise:
                result["left_out"][name] = f"{version_of(engine)} does not say what is suspect"
            elif sport in sports_of(engine):
                tests[name] = flags_of_engine(engine, how.noise_m)
        result["sports"][sport] = {name: measure(test, tracks) for name, test in tests.items()}
        for name, rows in result["sports"][sport].items():
            show(name, sport, rows)
    for name, why in result["left_out"].items():
        print(f"left out: {name}: {why}", file=sys.stderr)
    text = json.dumps(result, indent=1)
    print(text)
    if given.json and given.json != Path("-"):
        given.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
