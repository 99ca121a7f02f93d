"""Walkers of simulated crowds of all kinds, scene by scene, as a sensor of any rate sees them."""

from __future__ import annotations

import zlib
from copy import copy

import numpy as np
from jaxtyping import Int

from pathcast.model.training.crowd_chains import draw_chains
from pathcast.model.training.crowd_scenes import CrowdScenes, simulate_scenes
from pathcast.model.training.crowd_sensor import draw_ticks, watch
from pathcast.model.training.crowd_stream import stream_others
from pathcast.model.training.goal_choices import draw_choices
from pathcast.model.training.observed import Observed
from pathcast.model.training.settings import TrainingSettings

PARTS = {"train": (0.0, 0.8), "validation": (0.8, 0.9), "test": (0.9, 1.0)}
"""Shares of the scenes."""
ROWS_PER_SCENE = 20
"""Tracks that are drawn from each watched scene, as far as there are scenes enough."""


class CrowdSource:
    """Prefixes of simulated walks: whoever is there, at any rate, from any observation on.

    A prefix holds the observations that the streaming front end makes steps of (`Chains`), whatever the sensor's rate.
    """

    def __init__(self, settings: TrainingSettings) -> None:
        self._settings = settings
        self._knots = np.asarray(settings.knots_s)
        self._short_share = 0.0
        self._scenes = {part: self._simulate(*shares) for part, shares in PARTS.items()}

    def _simulate(self, low: float, high: float) -> CrowdScenes:
        first, end = round(low * self._settings.num_scenes), round(high * self._settings.num_scenes)
        return simulate_scenes(self._settings.seed, first, end - first)

    def alone(self, short_share: float = 0.0) -> CrowdSource:
        """The same world without the people around each observation, which cost most of the time.

        Args:
            short_share: Of the forecasts whose number of observations is drawn evenly by its logarithm.
        """
        other = copy(self)
        other._settings = self._settings.model_copy(update={"num_neighbours": 0})
        other._short_share = short_share
        return other

    def observed(self, part: str, epoch: int, num: int, num_ends: int) -> Observed:
        """As `Source.observed`; an epoch watches other scenes than the one before as far as there are enough."""
        settings, scenes = self._settings, self._scenes[part]
        random = np.random.Generator(np.random.Philox(key=[settings.seed, zlib.crc32(f"{part} {epoch}".encode())]))
        chosen = self._scenes_of(scenes.num_scenes, epoch, -(-num // ROWS_PER_SCENE))
        people, which = scenes.people_of(chosen)
        ticks = draw_ticks(len(chosen), random)
        seen = watch(scenes, people, which, ticks, settings.noise_m, settings.dropout, random)
        last_s = scenes.end_s[people] - settings.knot_s
        chains = draw_chains(seen, last_s, num, num_ends, settings.prefix, random, self._short_share)
        track = seen.person[chains.rows[:, 0]]
        end_rows = np.take_along_axis(chains.rows, chains.ends, 1)
        end_times = seen.time[end_rows]
        ahead = (end_times[:, :, None] + self._knots).reshape(num, -1)
        truth = scenes.at(people[track], ahead).reshape(num, num_ends, len(self._knots), 2)
        # What stands beyond a prefix is not read, but must be later than it.
        beyond = np.maximum(np.arange(settings.prefix) - chains.ends[:, -1:], 0)
        times = seen.time[chains.rows] + beyond
        owner = np.repeat(people[track], num_ends)
        goals = None
        if settings.num_goals:
            goal = scenes.goal_at(owner, end_times.reshape(-1))
            place = scenes.scene[owner]
            goals = draw_choices(scenes.exits[place], scenes.is_exit[place], goal, settings.num_goals, random)
        others, others_truth = None, None
        if settings.num_neighbours:
            others, who, when = stream_others(seen, end_rows.reshape(-1))
            if settings.collision:
                others_truth = scenes.at(people[who], when[:, None] + self._knots)
        return Observed(times, seen.position[chains.rows], chains.ends, truth, others, goals, others_truth)

    def _scenes_of(self, num_scenes: int, epoch: int, num: int) -> Int[np.ndarray, " chosen"]:
        """Scenes of an epoch, ascending: the next ones of endless shuffled passes, all where all are wanted."""
        if num >= num_scenes:
            return np.arange(num_scenes)
        order = np.random.Generator(np.random.Philox(key=[self._settings.seed, 5_000_000])).permutation(num_scenes)
        return np.sort(order[(epoch * num + np.arange(num)) % num_scenes])
