"""How close do forecasters of balls come to the best achievable?

Fresh throws of known priors are forecast by models and by the oracle, and errors are compared throw by throw: regret is
the ratio of the mean errors, with an interval from resampled throws. Below .97 with its whole interval it is an alarm:
a model that has seen what it should not, or an oracle that is wrong.

The oracle knows the sensor's noise, so a model is told it too where it takes it; the rows on noise say what happens
where it is told another or nothing. Through a bounce the oracle is the sampler. Basketballs' side rows are compared
with the posterior's mode, which on the main rows errs as the sampler does. What the sampler says is kept under
`build/oracle_cache`; the first run takes about a fifth of a second a throw.

    python benchmarks/ball_forecast.py [--json [FILE]] [--model NAME_OR_FOLDER]... [--ablation NAME=FOLDER]...
        [--throws N] [--side N] [--quick N] [--cache FOLDER]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ball_cases import OTHER_BALLS, SEED, Watched, Watching, watch_throws, watching, with_ball
from ball_models import load_ablations, load_models, sports_of, version_of
from ball_rows import Best, ask_model, baselines, best_by_draws, best_by_mode, compare, told_of
from ball_tosses import tossed
from oracle import machine
from oracle_cache import FOLDER, ask_oracle

from pathcast.errors import InputError
from pathcast.model.engine import Engine
from pathcast.model.given import NOTHING_GIVEN, Given

RATES_HZ = (20.0, 25.0, 50.0, 60.0, 120.0, 240.0)
FACTORS = (0.5, 1.0, 2.0)
PREFIXES_S = {"basketball": (0.2, 0.3, 0.4, 0.5, 0.6), "table tennis": (0.2, 0.25, 0.3, 0.4)}
MISSING = 0.3
HOLDS = "0.87 to 0.93"


@dataclass(frozen=True)
class Row:
    """One row: throws watched in one way, whom they are compared with, and what is asked of the figures."""

    key: str
    how: Watching
    throws: int
    oracle: str
    """sampler, mode or none."""
    target: str
    tells: tuple[str, ...] = ("noise", "ball")
    """What the model is told, where it takes it."""
    needs: str = ""
    """What a model must take for the row to mean anything."""


def main_rows(throws: int, oracle: str = "sampler") -> Iterator[Row]:
    """The figures by which forecasters are judged; `oracle` is basketball's."""
    for key, prefix, target in (("", 0.4, "1.02"), ("_02", 0.2, "1.05"), ("_01", 0.1, "1.10")):
        how = watching("basketball", prefix)
        yield Row(f"regret_basketball{key}", how, throws, oracle, f"regret at most {target}")
    yield Row("regret_table_tennis", watching("table tennis", 0.2), throws, "sampler", "regret at most 1.05")


def side_rows(throws: int) -> Iterator[Row]:
    """Other clocks, gaps, noise and prefixes."""
    for rate in RATES_HZ:
        how = watching("basketball", 0.4, rate_hz=rate)
        yield Row(f"rate_{rate:g}hz", how, throws, "mode", "regret at most 1.10")
    for sport, oracle in (("basketball", "mode"), ("table tennis", "sampler")):
        how = watching(sport, missing=MISSING)
        yield Row(f"missing_{_name(sport)}", how, throws, oracle, "regret at most 1.05")
    for sport, prefixes in PREFIXES_S.items():
        oracle = "mode" if sport == "basketball" else "none"
        for factor in FACTORS:
            how = watching(sport, noise_factor=factor)
            key = f"{_name(sport)}_noise_x{factor:g}"
            yield Row(f"{key}_told", how, throws, oracle, f"coverage90 {HOLDS}", needs="noise")
            yield Row(f"{key}_not_told", how, throws, oracle, f"coverage90 {HOLDS}", ("ball",))
        for prefix in prefixes:
            key = f"{_name(sport)}_prefix_{prefix:g}s"
            yield Row(key, watching(sport, prefix), throws, "none", f"coverage90 {HOLDS}")


def other_rows(throws: int) -> Iterator[Row]:
    """Balls of no sport, for models of any ball: tossed, and aimed at a hoop by who knows them."""
    for name in OTHER_BALLS:
        for key, tells, needs in (("told", ("noise", "ball"), "ball"), ("not_told", ("noise",), "")):
            how, target = tossed(name, bool(needs)), "regret at most 1.3"
            yield Row(f"ball_{name}_{key}", how, throws, "sampler", target, tells, needs)
            yield Row(f"ball_{name}_aimed_{key}", with_ball(name), throws, "mode", target, tells, needs)


def _name(sport: str) -> str:
    return sport.replace(" ", "_")


class Measuring:
    """Throws and the oracle's answers, each worked out once for all models."""

    def __init__(self, cache_folder: Path, seed: int) -> None:
        self._folder, self._seed = cache_folder, seed
        self.watched = cache(self._watch)
        self.best = cache(self._best)
        self.baselines = cache(self._baselines)

    def _watch(self, how: Watching, num: int) -> Watched:
        return watch_throws(how, num, self._seed)

    def _best(self, how: Watching, num: int, oracle: str) -> Best | None:
        if oracle == "none":
            return None
        if oracle == "mode":
            return best_by_mode(how, self.watched(how, num))
        return best_by_draws(ask_oracle(how, num, self._seed, root=self._folder), self.watched(how, num))

    def _baselines(self, how: Watching, num: int) -> dict[str, dict[str, float]]:
        return baselines(how, self.watched(how, num))

    def row(self, row: Row, engine: Engine) -> dict[str, Any]:
        """One model's figures, or why there are none."""
        takes = {"": True, "noise": engine.card.takes_noise, "ball": engine.card.takes_object}
        if not takes[row.needs]:
            return {"left_out": f"{version_of(engine)} is not told the {row.needs}"}
        told = told_of(engine, row.how, row.tells)
        found: dict[str, Any] = {"throws": row.throws, "told": _words(told), "target": row.target}
        try:
            scores = ask_model(engine, row.how, self.watched(row.how, row.throws), told)
        except InputError as error:
            return {"left_out": str(error)}
        found |= compare(scores, self.best(row.how, row.throws, row.oracle))
        return found | {"baselines": self.baselines(row.how, row.throws)}


def _words(given: Given) -> dict[str, Any]:
    """What was told."""
    if given == NOTHING_GIVEN:
        return {}
    names = ("noise_m", "clock_s", "radius_m", "mass_kg", "level_m")
    return {name: getattr(given, name) for name in names if getattr(given, name) is not None}


def show(model: str, key: str, found: dict[str, Any]) -> None:
    """A line on standard error."""
    if "left_out" in found:
        print(f"{model:24} {key:34} left out: {found['left_out']}", file=sys.stderr, flush=True)
        return
    mine, regret = found["model"], found.get("regret")
    parts = [f"ADE {1e3 * mine['ade']:6.1f} mm", f"FDE {1e3 * mine['fde']:6.1f}", f"90 % {mine['coverage90']:.3f}"]
    parts.append(f"NLL {mine['nll']:6.2f}")
    if regret:
        parts.append(f"regret {regret['regret']:.3f} [{regret['low']:.3f}, {regret['high']:.3f}]")
        parts += ["ALARM"] if regret["alarm"] else []
    print(f"{model:24} {key:34} {'  '.join(parts)}   target {found['target']}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, nargs="?", const=Path("-"), help="a file that the figures also go to")
    parser.add_argument("--model", action="append", help="name or folder; by default every ball's bundle that is here")
    parser.add_argument("--ablation", action="append", default=[], metavar="NAME=FOLDER", help="main rows alone")
    parser.add_argument("--throws", type=int, default=2000, help="of the main rows")
    parser.add_argument("--side", type=int, default=500, help="throws of the side rows; 0 leaves them out")
    parser.add_argument("--quick", type=int, metavar="N", help="N throws for every row")
    parser.add_argument("--cache", type=Path, default=FOLDER, help="folder of what the oracle said")
    parser.add_argument(
        "--basketball",
        choices=["sampler", "mode"],
        default="sampler",
        help="whom basketball's main rows are compared with: the mode is within some thousandths, and costs a moment",
    )
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    if given.quick:
        given.throws, given.side = given.quick, min(given.quick, given.side)
    measuring = Measuring(given.cache, given.seed)
    rows = [*main_rows(given.throws, given.basketball), *(side_rows(given.side) if given.side else ())]
    result: dict[str, Any] = {"machine": machine(), "seed": given.seed, "throws": [given.throws, given.side]}
    models: dict[str, Any] = {}
    for name, engine in load_models(given.model).items():
        sports = sports_of(engine)
        own = [row for row in rows if row.how.sport in sports]
        own += other_rows(given.side) if given.side and len(sports) > 1 else ()
        models[name] = {"version": version_of(engine), "rows": {}}
        for row in own:
            models[name]["rows"][row.key] = found = measuring.row(row, engine)
            show(name, row.key, found)
    ablations: dict[str, Any] = {}
    for name, engine in load_ablations(given.ablation).items():
        for row in (row for row in main_rows(given.throws, given.basketball) if row.how.sport in sports_of(engine)):
            ablations.setdefault(row.key, {})[name] = found = measuring.row(row, engine)
            show(f"base = {name}", row.key, found)
    result |= _headlines(models)
    result |= {"models": models, "ablations": ablations}
    text = json.dumps(result, indent=1)
    print(text)
    if given.json and given.json != Path("-"):
        given.json.write_text(text + "\n")


def _headlines(models: dict[str, Any]) -> dict[str, Any]:
    """Each main figure of the first model that has it, and every row that raised an alarm."""
    found: dict[str, Any] = {}
    alarms = []
    for name, each in models.items():
        for key, row in each["rows"].items():
            if key.startswith("regret_") and "regret" in row:
                found.setdefault(key, row["regret"]["regret"])
            if row.get("regret", {}).get("alarm"):
                alarms.append(f"{name}: {key}")
    return found | {"alarms": alarms}


if __name__ == "__main__":
    main()
