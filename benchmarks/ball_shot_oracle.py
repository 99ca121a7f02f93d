"""The oracle on shots: how probable each outcome is under the very prior and physics that the shots are drawn from.

Every shot has its own prior: that of its scenario, given that it was released about where it was first seen and aimed
at the hoop. Before any contact the posterior is close to Gaussian over the latents, so draws are taken from Laplace's
approximation about the mode and flown on through hoop and board: some hundredths of a second a shot where Markov
chains take several tenths. `--check` runs chains beside it.
"""

from __future__ import annotations

import hashlib
import math
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from ball_shots import CENTRE, NOISE_M, Shots
from jaxtyping import Float
from numpy.typing import NDArray
from oracle_cache import code_hash

from pathcast.simulator.ball.aim import aim
from pathcast.simulator.ball.parameters import FLOOR, NUM_PARAMETERS
from pathcast.simulator.ball.sports import basketball
from pathcast.simulator.ball.sports.basketball import BASKETBALL, FREE_THROW_SPREAD, THREE_POINT_SPREAD
from pathcast.simulator.ball.sports.rows import nominal_parameters
from pathcast.simulator.draws import normals
from pathcast.simulator.oracle.drawn import in_venue, outcome_probabilities
from pathcast.simulator.oracle.mode import find_modes
from pathcast.simulator.oracle.prefixes import observe
from pathcast.simulator.oracle.prior import Marginal, Prior, Shape, Spin
from pathcast.simulator.oracle.sampler import Chains, Posterior, sample
from pathcast.simulator.oracle.track_prior import track_prior
from pathcast.venue import BASKETBALL_NBA

DRAWS: Final = 400
BLOCK: Final = 50
DEGREE: Final = math.pi / 180
HEIGHT, ELEVATION = (2.3, 0.15), (50.5 * DEGREE, 3.0 * DEGREE)
CODE: Final = (
    *(f"simulator/oracle/{name}.py" for name in ("path", "prior", "mode", "prefixes", "drawn", "track_prior")),
    *(f"simulator/ball/{name}.py" for name in ("course", "following", "surfaces", "leg", "full_leg", "contact")),
    *("simulator/ball/sports/basketball.py", "benchmarks/ball_shots.py", "benchmarks/ball_shot_oracle.py"),
)


@dataclass(frozen=True)
class Shooting:
    """How a scenario's shots are spread: about what distance (m), how a player differs from shot to shot."""

    distance: float
    within_degrees: float
    spread: float


SHOOTING: Final = {
    "three-pointer": Shooting(7.175, 1.2, THREE_POINT_SPREAD),
    "free-throw": Shooting(4.19, 1.3, FREE_THROW_SPREAD),
}


def shot_prior(kind: str, first: NDArray[np.float64]) -> Prior:
    """The prior of a shot of a scenario that was first seen at `first` (m)."""
    how = SHOOTING[kind]
    broad = track_prior(BASKETBALL, first, NOISE_M, 0.0)
    away = CENTRE[:2] - first[:2]
    distance = float(np.hypot(*away))
    side = math.hypot(how.spread * 0.8 * DEGREE, NOISE_M / distance)
    marginals = dict(broad.marginals)
    marginals |= {
        "z": Marginal(Shape.NORMAL, *HEIGHT),
        "heading": Marginal(Shape.NORMAL, math.atan2(away[1], away[0]), side),
        "elevation": Marginal(
            Shape.NORMAL, ELEVATION[0], math.hypot(ELEVATION[1], how.spread * how.within_degrees * DEGREE)
        ),
        "speed": Marginal(Shape.NORMAL, 0.0, how.spread * 0.09),
        "spin_1": Marginal(Shape.NORMAL, 4 * math.pi, 1.2 * math.pi),
        "spin_2": Marginal(Shape.NORMAL, 0.0, 10 * DEGREE),
        "distance": Marginal(Shape.NORMAL, distance, NOISE_M),
    }
    marginals.pop("spin_3")
    middle = (how.distance, HEIGHT[0], ELEVATION[0])
    return Prior(row=broad.row, marginals=marginals, spin=Spin.BACKSPIN, aim=(*middle, *_aimed(kind)))


@cache
def _aimed(kind: str) -> tuple[float, ...]:
    """The speed that the scenario aims with, as a quadratic in distance, height and elevation."""
    middle = SHOOTING[kind].distance, HEIGHT[0], ELEVATION[0]
    grid = np.meshgrid(np.linspace(-0.5, 0.5, 9), np.linspace(-0.4, 0.4, 9), np.linspace(-0.18, 0.18, 9))
    d, z, e = (axis.ravel() for axis in grid)
    states = np.zeros((len(d), 9))
    states[:, 2] = middle[1] + z
    states[:, 3], states[:, 5] = np.cos(middle[2] + e), np.sin(middle[2] + e)
    # A shooter does not reckon with this shot's own spin, but the scenario does: it aims with the mean one.
    states[:, 7] = -4 * math.pi
    nominal = np.tile(nominal_parameters(BASKETBALL)[:NUM_PARAMETERS], (len(d), 1))
    nominal[:, FLOOR] = -np.inf
    speeds = aim(states, nominal, middle[0] + d + 0.05, np.full(len(d), CENTRE[2]))
    columns = np.stack([np.ones(len(d)), d, z, e, d * d, d * z, d * e, z * z, z * e, e * e], axis=1)
    return tuple(float(value) for value in np.linalg.lstsq(columns, speeds, rcond=None)[0])


def told_by_oracle(
    shots: Shots, index: int, length: int, seed: int, chains: Chains | None = None
) -> Float[np.ndarray, " outcome"]:
    """Probabilities of `following.OUTCOMES` after so many observations of one shot."""
    prior = shot_prior(shots.kind, shots.seen[index, 0])
    prefix = observe(shots.clock[:length], shots.seen[index : index + 1, :length], NOISE_M)
    modes = find_modes(prior, prefix)
    if chains is not None:
        drawn = sample(prior, prefix, modes, seed, chains=chains, first=index)
    else:
        dims = prior.num_latents
        unit = normals(seed, "oracle.laplace", index, 1, DRAWS * dims).reshape(DRAWS, dims)
        latents = modes.latents[0] + unit @ modes.factors[0].T
        one = np.ones(1)
        drawn = Posterior(prior, latents[None, None], one, one * DRAWS, one, np.ones(1, np.bool_))
    drawn = in_venue(drawn, prefix, BASKETBALL_NBA, seed, first=index, is_strict=False)
    return np.asarray(outcome_probabilities(drawn, BASKETBALL_NBA)[0])


def ask_oracle_of_shots(shots: Shots, num: int, seed: int, root: Path) -> Float[np.ndarray, "shot distance outcome"]:
    """Probabilities at every distance, of the first so many shots; NaN where a shot was not seen twice before.

    Kept in blocks under `root`, as `oracle_cache` keeps forecasts.
    """
    folder = root / f"shots-{shots.kind}-{_key(seed)}"
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for first in range(0, num, BLOCK):
        path = folder / f"block-{first // BLOCK:05d}.npz"
        if not path.exists():
            whole = _block(shots, range(first, min(first + BLOCK, len(shots.seen))), seed)
            if len(whole) < BLOCK:
                parts.append(whole)
                continue
            part = path.with_name(f".{path.name}")
            np.savez_compressed(part, told=whole)
            part.replace(path)
            print(f"oracle: {shots.kind}, {first + BLOCK} shots", file=sys.stderr, flush=True)
        with np.load(path, allow_pickle=False) as file:
            parts.append(file["told"])
    return np.concatenate(parts)[:num]


def _block(shots: Shots, indices: range, seed: int) -> NDArray[np.float64]:
    told = np.full((len(indices), shots.lengths.shape[1], 5), np.nan)
    for row, index in enumerate(indices):
        for column, length in enumerate(shots.lengths[index]):
            if length:
                told[row, column] = told_by_oracle(shots, index, int(length), seed)
    return told


def _key(seed: int) -> str:
    return hashlib.sha256(f"{seed} {DRAWS} {basketball.PRIOR} {code_hash(names=CODE)}".encode()).hexdigest()[:16]


def check_with_chains(shots: Shots, num: int, seed: int) -> dict[str, Any]:
    """How far Laplace's probabilities of a made shot are from those of Markov chains, at the middle distance."""
    column = shots.lengths.shape[1] // 2
    chains = Chains(num=4, warmup=800, draws=100, thinning=16)
    chosen = [index for index in range(num) if shots.lengths[index, column]]
    both = []
    for index in chosen:
        length = int(shots.lengths[index, column])
        both.append([told_by_oracle(shots, index, length, seed, how)[1:4].sum() for how in (None, chains)])
    one, two = np.array(both).T
    return {
        "shots": len(chosen),
        "mean_difference": float((one - two).mean()),
        "rms": float(np.sqrt(((one - two) ** 2).mean())),
    }
