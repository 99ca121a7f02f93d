"""What the oracle says of throws, kept on disk block by block: sampling takes about .2 s a throw.

A block's file is named by its throws and lies in a folder named by everything that its numbers depend on: the case,
the seed, the chains, and the code of prior, flight and sampler. Whatever changes has another folder; a run that was
cut off goes on at the first block that is missing.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from ball_cases import SEED, Watched, Watching, watch_throws
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.errors import InputError
from pathcast.model.forecast import pack_covariances
from pathcast.model.metrics import kernels
from pathcast.model.metrics.kernel_density import kernel_density_nll
from pathcast.simulator.oracle.drawn import draw_paths
from pathcast.simulator.oracle.forecast import forecast_by_draws, forecast_by_mode
from pathcast.simulator.oracle.mode import find_modes
from pathcast.simulator.oracle.prefixes import observe
from pathcast.simulator.oracle.prior import Prior
from pathcast.simulator.oracle.sampler import Chains, Posterior, sample

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "oracle_cache"
BLOCK = 50
"""Throws of a file: about ten seconds."""
CODE = (
    *(f"simulator/oracle/{name}.py" for name in ("path", "prior", "mode", "sampler", "proposals", "prefixes")),
    *(f"simulator/oracle/{name}.py" for name in ("forecast", "median")),
    *(f"simulator/ball/{name}.py" for name in ("aerodynamics", "contact", "motion", "parameters", "aim")),
    *("simulator/draws.py", "benchmarks/oracle_throws.py"),
)
"""What the oracle's numbers depend on."""
DRAWS_OF_ENERGY = 5
"""Every so many draws are taken for the energy score, whose cost goes with their square."""


@dataclass(frozen=True, eq=False)
class Told:
    """What the oracle says of throws, by the means of `oracle_cache`."""

    mean: Float[np.ndarray, "throw time 3"]
    median: Float[np.ndarray, "throw time 3"]
    covariance: Float[np.ndarray, "throw time 6"]
    """Packed upper triangles."""
    within50: Float[np.ndarray, "throw time"]
    """Squared distance, in standard deviations of `covariance`, that holds half of the draws."""
    within90: Float[np.ndarray, "throw time"]
    energy: Float[np.ndarray, " throw"]
    """Of the draws, m."""
    kernel_nll: Float[np.ndarray, " throw"]
    """Of a kernel density of the draws, which blurs."""
    expected: Float[np.ndarray, " throw"]
    """Average displacement of the median that the draws expect, m."""
    rhat: Float[np.ndarray, " throw"]
    mode: Float[np.ndarray, "throw time 3"]
    mode_covariance: Float[np.ndarray, "throw time 6"]


def settings_of(how: Watching, seed: int, chains: Chains) -> dict[str, Any]:
    """Everything that a block's numbers depend on, but which throws they are."""
    case, prior = how.case, how.prior
    thrown = {} if how.believed is None else {"thrown": _numbers(case.prior)}
    return {
        "case": case.name,
        "rate_hz": case.rate_hz,
        "noise_m": case.noise_m,
        "frames": [case.num_past, case.num_future],
        "window_s": [str(case.condition.after), str(case.condition.before)],
        "missing": how.missing,
        "seed": seed,
        "block": BLOCK,
        "chains": asdict(chains),
        **_numbers(prior),
        **thrown,
        "code": code_hash(),
    }


def _numbers(prior: Prior) -> dict[str, Any]:
    return {
        "prior": {name: [int(each.shape), each.a, each.b] for name, each in sorted(prior.marginals.items())},
        # Nine digits: the aim is a least-squares fit, whose last ones differ between processors.
        "numbers": [f"{value:.9g}" for value in (*prior.row, *prior.shell, *prior.aim)],
        "spin": int(prior.spin),
    }


def code_hash(root: Path = ROOT, names: tuple[str, ...] = CODE) -> str:
    """Of code, whatever its comments and its layout are."""
    digest = hashlib.sha256()
    for name in names:
        digest.update(ast.dump(ast.parse((root / name).read_text("utf-8"))).encode())
    return digest.hexdigest()


def folder_of(how: Watching, seed: int, chains: Chains, root: Path = FOLDER) -> Path:
    """Where the blocks of a case lie."""
    text = json.dumps(settings_of(how, seed, chains), sort_keys=True)
    return root / f"{how.label}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def ask_oracle(
    how: Watching,
    num: int,
    seed: int = SEED,
    *,
    chains: Chains | None = None,
    root: Path = FOLDER,
    is_read_only: bool = False,
) -> Told:
    """What the oracle says of the first so many throws; blocks that are not there are computed and kept.

    Args:
        how: The case.
        num: Of throws; whole blocks are computed.
        seed: Of throws, noise and chains.
        chains: How long they are.
        root: Folder of the folders.
        is_read_only: Whether a block that is not there is an error.

    Raises:
        InputError: No throws; a missing block, where none may be computed; a file that is not such a block.
    """
    if num < 1:
        raise InputError("throws", "1 or more", f"{num}")
    chains = chains or Chains()
    folder = folder_of(how, seed, chains, root)
    count = -(-num // BLOCK)
    watched: Watched | None = None
    blocks = []
    for index in range(count):
        path = folder / f"block-{index:05d}.npz"
        if not path.exists():
            if is_read_only:
                raise InputError("oracle cache", f"block {index} of {how.label}", f"none in {folder}")
            watched = watched or watch_throws(how, count * BLOCK, seed)
            _write(path, _block(how, watched, index, seed, chains), settings_of(how, seed, chains))
            print(f"oracle: {how.label}, block {index + 1} of {count}", file=sys.stderr, flush=True)
        blocks.append(_read(path))
    return Told(**{name: np.concatenate([block[name] for block in blocks])[:num] for name in Told.__annotations__})


def _write(path: Path, arrays: dict[str, NDArray[np.float64]], settings: dict[str, Any]) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / "settings.json").write_text(json.dumps(settings, indent=1) + "\n")
    part = path.with_name(f".{path.stem}.{os.getpid()}.npz")
    np.savez_compressed(part, **arrays)  # type: ignore[arg-type]
    part.replace(path)


def _read(path: Path) -> dict[str, NDArray[np.float64]]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name].astype(np.float64) for name in Told.__annotations__}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise InputError(str(path), "a block of the oracle; delete it to have it computed again", str(error)) from error


def _block(how: Watching, watched: Watched, index: int, seed: int, chains: Chains) -> dict[str, NDArray[np.float64]]:
    """What a file holds."""
    case, rows = how.case, slice(index * BLOCK, (index + 1) * BLOCK)
    prefixes = observe(case.past, watched.seen[rows], case.noise_m)
    modes = find_modes(how.prior, prefixes)
    by_mode = forecast_by_mode(modes, case.future)
    drawn = sample(how.prior, prefixes, modes, seed, condition=case.condition, chains=chains, first=index * BLOCK)
    told = forecast_by_draws(drawn, case.future)
    found = {
        "mean": told.mean,
        "median": told.median,
        "covariance": pack_covariances(told.covariance),
        "mode": by_mode.mean,
        "mode_covariance": pack_covariances(by_mode.covariance),
        "rhat": drawn.rhat,
    }
    return found | _of_draws(drawn, told.mean, told.covariance, told.median, watched.truth[rows], case.future)


def _of_draws(
    drawn: Posterior,
    mean: NDArray[np.float64],
    covariance: NDArray[np.float64],
    median: NDArray[np.float64],
    truth: NDArray[np.float64],
    future: NDArray[np.float64],
) -> dict[str, NDArray[np.float64]]:
    """What needs every draw of a throw, one throw after another."""
    num, length = truth.shape[:2]
    found = {name: np.empty(num) for name in ("energy", "kernel_nll", "expected")}
    found |= {name: np.empty((num, length)) for name in ("within50", "within90")}
    for index in range(num):
        paths = draw_paths(drawn.only([index]), future)[0]
        off = paths - mean[index]
        depth = np.einsum("sta,tab,stb->st", off, np.linalg.inv(covariance[index]), off, optimize=True)
        found["within50"][index], found["within90"][index] = np.quantile(depth, (0.5, 0.9), axis=0)
        found["expected"][index] = np.linalg.norm(paths - median[index], axis=2).mean()
        found["kernel_nll"][index] = kernel_density_nll(paths[None], truth[index : index + 1], -np.inf)[0]
        cells = np.ascontiguousarray(paths[::DRAWS_OF_ENERGY].transpose(1, 0, 2))
        near, apart = np.empty(length), np.empty(length)
        kernels.mean_distances(cells, truth[index], near, apart)
        found["energy"][index] = (near - apart / 2).mean()
    return found
