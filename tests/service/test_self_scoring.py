"""Self-scoring: scores are those of the forecasts that were sent, by whoever recomputes them, and cost little."""

import numpy as np
import pytest
from scipy.stats import chi2

from pathcast.model.constant_velocity import ConstantVelocityEngine
from pathcast.model.forecast import pack_covariances
from pathcast.service.client import Client, LocalServer
from pathcast.service.computing import compute
from pathcast.service.messages import Frame, Settings
from pathcast.service.session import Session
from pathcast.service.steps import Step
from pathcast.service.telemetry.ranks import NUM_SAMPLES, count_denser
from pathcast.service.telemetry.scores import HORIZONS_S, ScoreBook, Scores
from pathcast.service.telemetry.self_scoring import Sampling, Scorer

MODEL = "constant-velocity-2d"
ENGINE = ConstantVelocityEngine(2)
CARD = ENGINE.card


class Clocked:
    """One stream, computed frame by frame, and its scorer."""

    def __init__(self, offsets=CARD.offsets_s, sampling: Sampling | None = None, engine=ENGINE) -> None:
        self.settings = Settings(card=engine.card, offsets=np.array(offsets), num_modes=1, coast_s=0.3)
        self.session = Session(engine, self.settings)
        self.scorer = Scorer(ScoreBook(), sampling or Sampling(frames_per_s=1e9), lambda: 0.0)
        self.follower = self.scorer.follow(self.session)
        self.number = 0

    @property
    def scores(self) -> Scores:
        return self.scorer.book.of(self.session.settings.card)

    def see(self, time: float, ids: list[int], positions) -> Step:
        self.number += 1
        frame = Frame(self.number, time, ids, np.asarray(positions, np.float32).reshape(len(ids), -1))
        step = self.session.observe(frame)
        compute(self.session.engine, [step])
        assert step.failure is None
        if self.follower is not None:
            self.follower.take(step)
        return step


def wander(random: np.random.Generator, count: int) -> np.ndarray:
    return np.cumsum(random.normal(0.1, 0.05, (count, 2)), axis=0)


@pytest.mark.parametrize("interval", [0.02, 0.1, 0.125, 0.4])
def test_scores_are_those_of_whoever_recomputes_them(interval, random):
    """Horizons that are multiples of the interval, or nearly: by brute force from all forecasts and observations."""
    count = int(min(12, 400 * interval) / interval)
    path = wander(random, count)
    offsets = np.arange(1, int(5 / interval)) * interval
    stream = Clocked(offsets)
    times = interval * np.arange(count)
    forecasts = [stream.see(time, [7], place).forecast for time, place in zip(times, path, strict=True)]
    scores = stream.scores
    for index, horizon in enumerate(HORIZONS_S):
        ahead = round(horizon / interval)
        if abs(ahead * interval - horizon) > 0.25 * horizon:
            assert scores.counts[index] == 0
            continue
        kept = [
            now
            for now in range(count - ahead)
            if forecasts[now] is not None
            and forecasts[now].num_tracks
            and any(abs(times[now] - start) < 1e-6 for start in _kept_at(times))
        ]
        errors = [np.linalg.norm(forecasts[now].means[0, 0, ahead - 1] - path[now + ahead]) for now in kept]
        assert scores.counts[index] == len(errors) > 0
        assert scores.errors[index] == pytest.approx(sum(errors), rel=1e-3)


def _kept_at(times: np.ndarray) -> list[float]:
    """Instants whose forecasts are kept: the first with a base at least 0.2 s old, then each 0.5 s after the last."""
    result: list[float] = []
    due = 0.2
    for time in times[1:]:
        if time >= due - 1e-6:
            result.append(time)
            due = time + 0.5
    return result


def test_a_straight_walk_has_no_error_and_its_baseline_neither():
    stream = Clocked()
    for step in range(100):
        stream.see(0.1 * step, [1, 2], [[0.1 * step, 0], [0, -0.05 * step]])
    means = stream.scores.means()
    for horizon in ("0.5", "1", "2", "4"):
        assert means[f"served_{horizon}s_error_m"] == pytest.approx(0, abs=1e-4)
        assert means[f"served_{horizon}s_constant_velocity_error_m"] == pytest.approx(0, abs=1e-4)
        assert means[f"served_{horizon}s_coverage50"] == 1
        assert means[f"served_{horizon}s_count"] >= 2 * 10


def test_the_baselines_velocity_is_taken_over_a_fifth_of_a_second_at_least():
    """Of a fast sensor with noise, neighbouring frames say nothing about velocity."""
    random = np.random.default_rng(3)
    stream = Clocked(offsets=[0.5, 1.0])
    for step in range(400):
        stream.see(0.01 * step, [1], random.normal([0.01 * step, 0], 0.02))
    means = stream.scores.means()
    assert means["served_1s_constant_velocity_error_m"] < 0.2
    assert means["served_1s_error_m"] > 1.0


def test_horizons_that_offsets_do_not_reach_are_not_scored():
    stream = Clocked(offsets=[0.2, 0.48, 1.3])
    for step in range(100):
        stream.see(0.1 * step, [1], [0.1 * step, 0])
    assert stream.scores.counts[0] > 0 and stream.scores.counts[1] > 0
    assert stream.scores.counts[2:].tolist() == [0, 0]


def test_an_observation_between_offsets_judges_the_path_between_them():
    """A forecast that is a straight path is right at any time, whatever its offsets and the frames' times are."""
    random = np.random.default_rng(5)
    stream = Clocked(offsets=[0.3, 0.9, 1.7, 2.6, 4.4])
    time = 0.0
    for _ in range(300):
        time += random.uniform(0.03, 0.09)
        stream.see(time, [1], [1.4 * time, -0.3 * time])
    assert (stream.scores.counts > 10).all()
    assert (stream.scores.errors / stream.scores.counts < 1e-3).all()


def test_a_track_in_anothers_place_does_not_judge_it():
    """Same id and same row of the table, but ended in between."""
    stream = Clocked()
    for step in range(4):
        stream.see(0.1 * step, [1], [0.1 * step, 0])
    stream.session.end([1])
    for step in range(4, 60):
        stream.see(0.1 * step, [1], [50 + 0.1 * step, 0])
    assert stream.scores.errors.sum() == pytest.approx(0, abs=0.01)
    assert stream.scores.counts[0] > 0


def test_a_clock_that_goes_back_starts_afresh():
    stream = Clocked()
    for start in (1000.0, 10.0):
        for step in range(30):
            stream.see(start + 0.1 * step, [round(start)], [0.1 * step, 0])
    assert stream.scores.counts[0] > 6 and stream.scores.errors.sum() == pytest.approx(0, abs=0.01)


def test_what_is_kept_is_bounded_and_dies_with_the_stream():
    sampling = Sampling(frames_per_s=1e9, tracks=5, kept=100)
    stream = Clocked(sampling=sampling)
    most = 0
    for step in range(120):
        stream.see(0.1 * step, list(range(40)), np.full((40, 2), 0.1 * step))
        most = max(most, stream.scorer.num_kept)
        assert stream.scorer.num_kept <= 100
    assert most > 60
    stream.follower.close()
    assert stream.scorer.num_kept == 0
    assert stream.scores.counts[0] <= 5 * 24


def test_tracks_take_turns():
    stream = Clocked(sampling=Sampling(frames_per_s=1e9, tracks=4))
    for step in range(200):
        stream.see(0.1 * step, list(range(10)), np.arange(20).reshape(10, 2) + 0.1 * step)
    assert stream.scores.counts[0] == pytest.approx(4 * 40, abs=8)


def test_frames_over_the_servers_share_are_passed_over():
    stream = Clocked(sampling=Sampling(frames_per_s=3.0))
    for step in range(200):
        stream.see(0.1 * step, [1], [0.1 * step, 0])
    assert stream.scores.counts.tolist() == [3, 3, 3, 3]


def test_nothing_is_scored_where_it_is_switched_off():
    assert Clocked(sampling=Sampling(every_s=0.0)).follower is None


def test_a_failure_of_scoring_stays_there(monkeypatch, capsys):
    stream = Clocked()
    for step in range(10):
        stream.see(0.1 * step, [1], [0.1 * step, 0])
    for kept in stream.follower._kept:
        kept.covariances[:] = -1.0
    for step in range(10, 30):
        stream.see(0.1 * step, [1], [0.1 * step, 0])
    assert stream.scorer.num_kept == 0
    assert capsys.readouterr().out.count("scoring_failed") <= 1


@pytest.mark.parametrize("axes", [2, 3])
def test_a_right_forecasts_ranks_are_uniform(axes, random):
    """Mixtures of three modes; every truth is a draw from its own mixture."""
    count, modes = 20_000, 3
    weights = random.dirichlet(np.ones(modes), count).astype(np.float32)
    means = random.normal(0, 2, (count, modes, axes))
    square = random.normal(0, 1, (count, modes, axes, axes))
    full = square @ square.transpose(0, 1, 3, 2) + 0.1 * np.eye(axes)
    chosen = np.array([random.choice(modes, p=row / row.sum()) for row in weights.astype(np.float64)])
    rows = np.arange(count)
    noise = np.einsum("nij,nj->ni", np.linalg.cholesky(full[rows, chosen]), random.standard_normal((count, axes)))
    truth = means[rows, chosen] + noise
    ranks = count_denser(weights, means, pack_covariances(full), truth, random)
    shares = np.bincount(ranks, minlength=NUM_SAMPLES + 1) / count
    np.testing.assert_allclose(shares, 1 / (NUM_SAMPLES + 1), atol=0.008)


def test_the_rank_of_one_gaussian_is_that_of_its_mahalanobis_distance(random):
    for distance in (0.1, 1.0, 2.0, 4.0):
        count = 4000
        truth = np.tile([distance, 0.0], (count, 1))
        covariances = np.tile([1.0, 0.0, 1.0], (count, 1, 1))
        ranks = count_denser(np.ones((count, 1)), np.zeros((count, 1, 2)), covariances, truth, random)
        assert ranks.mean() / NUM_SAMPLES == pytest.approx(chi2.cdf(distance**2, 2), abs=0.01)


def test_a_truth_infinitely_far_away_is_outside(random):
    one = np.ones((1, 1))
    ranks = count_denser(one, np.zeros((1, 1, 2)), np.array([[[1.0, 0, 1]]]), np.full((1, 2), 1e6), random)
    assert ranks.tolist() == [NUM_SAMPLES]


def test_a_server_tells_its_scores_in_its_metrics_and_of_the_model(page_of):
    with LocalServer([MODEL], arguments=["--metrics-port", "0"]) as server, Client(server.address) as client:
        page = page_of(server)
        assert client.metrics(MODEL) == {}
        with client.stream(MODEL) as stream:
            list(stream.forecasts([(0.1 * step, [1], [[0.1 * step, 0]]) for step in range(60)]))
        told, metrics = client.metrics(MODEL), page.read()
    ours = {"model": MODEL, "version": "1", "horizon": "2"}
    count = told["served_2s_count"]
    assert page.value(metrics, "pathcast_scored_forecasts_total", **ours) == count > 5
    error = page.value(metrics, "pathcast_score_error_meters_total", **ours, forecaster="model")
    assert error / count == pytest.approx(told["served_2s_error_m"])
    inside = page.value(metrics, "pathcast_score_inside_total", **ours, level="0.9")
    assert inside / count == told["served_2s_coverage90"] == 1
