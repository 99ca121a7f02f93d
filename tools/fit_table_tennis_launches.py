"""Which few numbers describe how table-tennis balls are launched? Fits Gaussian mixtures and writes them down.

Reads `rallies.json` and `serves.json` of "Competitive Robot Table Tennis: Initial Ball States" (D'Ambrosio et al.,
ICRA 2025, github.com/google-deepmind/competitive_robot_table_tennis, CC BY 4.0) from the folder given, and rewrites
`simulator/ball/table_tennis_launches.py`. Launches towards +y are turned by half a turn, so that all fly towards -y.

    python tools/fit_table_tennis_launches.py FOLDER
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path

import numpy as np
from scipy.cluster.vq import kmeans2
from scipy.special import logsumexp

FIELDS = ("pos_x", "pos_y", "pos_z", "vel_x", "vel_y", "vel_z", "w_vel_x", "w_vel_y", "w_vel_z")
TARGET = Path(__file__).parents[1] / "simulator" / "ball" / "table_tennis_launches.py"
NUM_PARTS = {"rallies": 6, "serves": 4}


def launches(path: Path) -> np.ndarray:
    """States [launch, 9] towards -y."""
    states = np.array([[row[name] for name in FIELDS] for row in json.loads(path.read_text())])
    half_turn = np.where(states[:, 4:5] > 0, np.array([-1.0, -1, 1, -1, -1, 1, -1, -1, 1]), 1.0)
    return states * half_turn


def log_densities(states: np.ndarray, means: np.ndarray, covariances: np.ndarray) -> np.ndarray:
    """Of each state under each Gaussian. Shape [launch, part]."""
    columns = []
    for mean, covariance in zip(means, covariances, strict=True):
        factor = np.linalg.cholesky(covariance)
        whitened = np.linalg.solve(factor, (states - mean).T)
        columns.append(-0.5 * (whitened**2).sum(0) - np.log(np.diag(factor)).sum())
    return np.stack(columns, axis=1) - 0.5 * states.shape[1] * np.log(2 * np.pi)


def fit(states: np.ndarray, num_parts: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights, means and covariances by expectation maximisation."""
    scale = states.std(0)
    scaled = states / scale
    _, label = kmeans2(scaled, num_parts, minit="++", rng=np.random.default_rng(0))
    share = np.eye(num_parts)[label]
    for _ in range(300):
        weights = share.mean(0)
        means = share.T @ scaled / share.sum(0)[:, None]
        covariances = np.stack(
            [
                (scaled - mean).T @ ((scaled - mean) * part[:, None]) / part.sum() + 1e-3 * np.eye(9)
                for mean, part in zip(means, share.T, strict=True)
            ]
        )
        joint = np.log(weights) + log_densities(scaled, means, covariances)
        share = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
    print(f"{len(states)} launches, mean log density {logsumexp(joint, axis=1).mean():.3f}", file=sys.stderr)
    return weights, means * scale, covariances * scale[:, None] * scale


def numbers(values: np.ndarray) -> str:
    """A tuple, four digits each, in lines."""
    text = ", ".join(f"{value:.4g}" for value in values)
    indent = " " * 8
    return "(\n" + textwrap.fill(text, 118, initial_indent=indent, subsequent_indent=indent) + ",\n    )"


def source(kind: str, states: np.ndarray) -> str:
    """Python for one kind's mixture: weight, mean, and the covariance's Cholesky factor row by row."""
    weights, means, covariances = fit(states, NUM_PARTS[kind])
    lines = [f"{kind.upper()}: Final[tuple[Part, ...]] = ("]
    for weight, mean, covariance in zip(weights, means, covariances, strict=True):
        factor = np.linalg.cholesky(covariance)[np.tril_indices(9)]
        lines.append(f"    Part({weight:.4f}, {numbers(mean)}, {numbers(factor)}),")
    return "\n".join([*lines, ")"])


HEADER = '''"""How table-tennis balls are launched, in rallies and in serves: mixtures of Gaussians.

Fitted by `tools/fit_table_tennis_launches.py` to "Competitive Robot Table Tennis: Initial Ball States",
D'Ambrosio et al., "Achieving Human Level Competitive Robot Table Tennis", ICRA 2025; copyright 2025 Google LLC,
github.com/google-deepmind/competitive_robot_table_tennis, CC BY 4.0 (creativecommons.org/licenses/by/4.0). Changes:
turned so that every ball flies towards -y, and reduced to these statistics. Origin: the middle of the table's top,
x across, y along, z up; m, m/s, rad/s. {num_rallies} launches of rallies, {num_serves} of serves.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Part(NamedTuple):
    """One Gaussian of a mixture over x y z vx vy vz wx wy wz."""

    weight: float
    mean: tuple[float, ...]
    factor: tuple[float, ...]
    """The lower Cholesky factor of its covariance, row by row."""


# fmt: off
'''

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    rallies, serves = launches(folder / "rallies.json"), launches(folder / "serves.json")
    header = HEADER.replace("{num_rallies}", str(len(rallies))).replace("{num_serves}", str(len(serves)))
    TARGET.write_text(header + source("rallies", rallies) + "\n" + source("serves", serves) + "\n")
