"""The oracle on shots: how probable each outcome is under the very prior and physics that the shots are drawn from.

Every shot has its own prior: that of its scenario, given that it was released about where it was first seen and aimed
at the hoop. Before any contact the posterior is close to Gaussian over the latents, so draws are taken from Laplace's
approximation about the mode and flown on through hoop and board: some hundredths of a second a shot where Markov
chains take several tenths. `--check` runs chains beside it.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
from ball_shots import NOISE_M, Shots
from jaxtyping import Float
from numpy.typing import NDArray
from oracle_cache import code_hash

from pathcast.simulator.ball.sports import basketball
from pathcast.simulator.draws import normals
from pathcast.simulator.oracle.drawn import in_venue, outcome_probabilities
from pathcast.simulator.oracle.mode import find_modes
from pathcast.simulator.oracle.prefixes import observe
from pathcast.simulator.oracle.sampler import Chains, Posterior, sample
from pathcast.simulator.oracle.shot_prior import shot_prior
from pathcast.venue import BASKETBALL_NBA

DRAWS: Final = 400
BLOCK: Final = 50
CODE: Final = (
    *(f"simulator/oracle/{name}.py" for name in ("path", "prior", "mode", "prefixes", "drawn", "track_prior")),
    "simulator/oracle/shot_prior.py",
    *(f"simulator/ball/{name}.py" for name in ("course", "following", "surfaces", "leg", "full_leg", "contact")),
    *("simulator/ball/sports/basketball.py", "benchmarks/ball_shots.py", "benchmarks/ball_shot_oracle.py"),
)


def told_by_oracle(
    shots: Shots, index: int, length: int, seed: int, chains: Chains | None = None
) -> Float[np.ndarray, " outcome"]:
    """Probabilities of `following.OUTCOMES` after so many observations of one shot."""
    prior = shot_prior(shots.kind, shots.seen[index, 0], NOISE_M)
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
