"""What the demo's forecasts were worth, beside baselines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from pathcast.live.demo.cases import Case
from pathcast.live.following import Followed, follow, truth_after
from pathcast.model.baselines import ballistic, constant_velocity
from pathcast.model.baselines.ballistic import Floor
from pathcast.model.evaluation.scores import score_forecasts
from pathcast.service.client import Client

MOST_SCORED = 3000


@dataclass(frozen=True, eq=False)
class Judged:
    """A case, the forecasts that count, the truth, and the scores."""

    case: Case
    followed: Followed
    truth: Float[np.ndarray, "forecast time axis"]
    scores: dict[str, float]
    num_frames: int

    @property
    def beats_constant_velocity(self) -> bool:
        """Whether the mean path is nearer to the truth on average."""
        return self.scores["ade_m"] < self.scores["constant_velocity_ade_m"]


def judge(client: Client, case: Case, seed: int) -> Judged:
    """Streams a case and scores the forecasts whose whole future is known."""
    followed = follow(client, case.model, case.observed, case.offsets)
    followed = followed.take(np.flatnonzero(followed.lengths >= case.min_points))
    random = np.random.default_rng(seed)
    truth = truth_after(case.truth, case.observed, followed.row, case.offsets, case.longest_gap_s)
    is_whole = np.flatnonzero(np.isfinite(truth).all(axis=(1, 2)))
    is_whole = np.sort(random.permutation(is_whole)[:MOST_SCORED])
    followed, truth = followed.take(is_whole), truth[is_whole]
    prefix = followed.times, followed.positions, followed.lengths, followed.forecast.offsets
    baselines = {"constant_velocity": constant_velocity(*prefix)}
    if case.ball is not None:
        floor = Floor(height=0.0, radius=case.ball.radius_m, restitution=case.ball.restitution)
        baselines["ballistic"] = ballistic(*prefix, floor=floor)
    scores = score_forecasts(followed.forecast, truth, baselines, random)
    scores |= {"forecasts": float(len(truth)), "tracks": float(case.observed.num_tracks)}
    num_frames = len(np.unique(np.stack([case.observed.scene, case.observed.time]), axis=1).T)
    return Judged(case, followed, truth, scores, num_frames)
