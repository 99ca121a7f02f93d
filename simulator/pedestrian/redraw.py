"""Redrawing: the people, events and sway of the futures that fork from an instant of a scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from pathcast.errors import InputError
from pathcast.simulator.draws import generator
from pathcast.simulator.pedestrian.crowd import Drawn
from pathcast.simulator.pedestrian.intents import draw_events, join_events, sort_events
from pathcast.simulator.pedestrian.parameters import STEP_S
from pathcast.simulator.pedestrian.people import Events, Intent, People, join_people, take_people
from pathcast.simulator.pedestrian.population import choose_in_zones, draw_manner
from pathcast.simulator.pedestrian.scenes import Kind
from pathcast.simulator.pedestrian.walk import frames_of


@dataclass(frozen=True)
class Fork:
    """What is asked of every scene."""

    seed: int
    at_s: float
    horizon_s: float
    duration_s: float
    record_s: float
    num_branches: int
    person: int | None
    intents: bool
    sway: bool
    reconsider: float

    def __post_init__(self) -> None:
        frames_of(self.duration_s, self.record_s)
        if not 1 <= self.num_branches < 2**20:
            raise InputError("num_branches", f"a whole number from 1 to {2**20 - 1}", f"{self.num_branches}")
        frame = self.at_s / self.record_s
        if not (np.isfinite(frame) and frame > 0.5 and abs(frame - round(frame)) < 1e-6):
            raise InputError("at_s", f"a multiple of record_s = {self.record_s} s, over 0", f"{self.at_s}")
        frames_of(self.horizon_s, self.record_s)
        if self.at_s + self.horizon_s > self.duration_s + 1e-9:
            most = self.duration_s - self.at_s
            raise InputError("horizon_s", f"at most {most:g} s, to the end of the scene", f"{self.horizon_s}")
        if not 0.0 <= self.reconsider <= 1.0:
            raise InputError("reconsider", "a share from 0 to 1", f"{self.reconsider}")

    @property
    def first_step(self) -> int:
        return round(self.at_s / STEP_S)

    @property
    def num_steps(self) -> int:
        num_frames, record_every = frames_of(self.horizon_s, self.record_s)
        return (num_frames - 1) * record_every

    def purpose(self, what: str) -> str:
        """Name of the random numbers: those of another instant, or of one person, are others."""
        who = "all" if self.person is None else str(self.person)
        return f"fork.{self.first_step}.{who}.{what}"


def redraw(fork: Fork, drawn: Drawn) -> tuple[People, Events]:
    """The people and events of all branches of some scenes, one scene after the other."""
    all_people, all_events = [], []
    for scene, (kind, index) in enumerate(zip(drawn.kinds, drawn.indices, strict=True)):
        own = take_people(drawn.people, np.array([scene]))
        people = take_people(own, np.zeros(fork.num_branches, np.int64))
        events = _tiled(drawn.events, drawn.people.starts[scene : scene + 2], fork.num_branches)
        if fork.intents:
            chosen = np.arange(len(people.goal)) % len(own.goal)
            is_redrawn = np.ones(len(chosen), np.bool_) if fork.person is None else chosen == fork.person
            choices = _choices(fork, kind, index, own)
            people = people._replace(zone_choice=np.where(is_redrawn[:, None], choices, people.zone_choice))
            events = _merged(events, _new_events(fork, kind, index, own), is_redrawn, fork.at_s)
        all_people.append(people)
        all_events.append(events)
    joined = join_people(all_people)
    counts = np.repeat(np.diff(drawn.people.starts), fork.num_branches)
    return joined._replace(starts=np.concatenate([[0], np.cumsum(counts)])), join_events(all_events)


def _choices(fork: Fork, kind: Kind, index: int, own: People) -> np.ndarray:
    """New choices in zones, made by the first of each group. Shape: [branch and person, zone]."""
    source = generator(fork.seed, f"pedestrian.{kind.name}.{fork.purpose('zones')}", index)
    num_zones = own.zone_choice.shape[1]
    u = source.random((fork.num_branches, *own.zone_choice.shape, 2))[:, _first_of_group(own.group)]
    return choose_in_zones(draw_manner(kind, fork.seed, index).chooses, u).reshape(-1, num_zones)


def _new_events(fork: Fork, kind: Kind, index: int, own: People) -> Events:
    """The events of all branches after the instant, and who reconsiders right then."""
    span = (fork.at_s, fork.duration_s)
    drawn = draw_events(kind, fork.seed, index, own, span, fork.purpose("events"), fork.num_branches, fork.person)
    if fork.reconsider == 0.0:
        return drawn
    num = fork.num_branches * len(own.goal)
    source = generator(fork.seed, f"pedestrian.{kind.name}.{fork.purpose('reconsider')}", index)
    u = source.random((num, 2))
    decides = np.tile(_first_of_group(own.group) == np.arange(len(own.goal)), fork.num_branches)
    if fork.person is not None:
        decides[:] = np.arange(num) % len(own.goal) == fork.person
    extra = np.flatnonzero(decides & (u[:, 0] < fork.reconsider))
    now = np.full(len(extra), np.nextafter(fork.at_s, np.inf))
    person = np.concatenate([_person_of(drawn), extra])
    parts = ((drawn.time_s, now), (drawn.kind, np.full(len(extra), int(Intent.GOAL))), (drawn.value, u[extra, 1]))
    return sort_events(num, person, *map(np.concatenate, parts))


def _first_of_group(group: Int[np.ndarray, " person"]) -> Int[np.ndarray, " person"]:
    """The first person of everybody's group; who is alone is their own."""
    numbers, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    return np.where(group >= 0, first[inverse], np.arange(len(group))) if len(numbers) else group


def _person_of(events: Events) -> Int[np.ndarray, " event"]:
    return np.repeat(np.arange(len(events.starts) - 1), np.diff(events.starts))


def _tiled(events: Events, people: np.ndarray, num: int) -> Events:
    """The events of one scene's people, as often as asked for."""
    first, end = events.starts[people[0]], events.starts[people[1]]
    starts = events.starts[people[0] : people[1]] - first
    all_starts = (starts + np.arange(num)[:, None] * (end - first)).ravel()
    return Events(np.append(all_starts, num * (end - first)), *(np.tile(part[first:end], num) for part in events[1:]))


def _merged(own: Events, new: Events, is_redrawn: np.ndarray, at_s: float) -> Events:
    """The own events up to the instant and of who is not redrawn, and the new ones after it of who is."""
    own_person, new_person = _person_of(own), _person_of(new)
    keep = ~is_redrawn[own_person] | (own.time_s <= at_s)
    add = is_redrawn[new_person] & (new.time_s > at_s)
    parts = (np.concatenate([old[keep], fresh[add]]) for old, fresh in zip(own[1:], new[1:], strict=True))
    return sort_events(len(is_redrawn), np.concatenate([own_person[keep], new_person[add]]), *parts)


def redraw_sway(
    fork: Fork, kind: Kind, index: int, own: Float[np.ndarray, " number"], num: int
) -> Float[np.ndarray, " redrawn"]:
    """The random numbers of a scene's branches, each [step, person, axis] in flat form.

    Args:
        fork: What is asked for.
        kind: Of the scene.
        index: Its global index.
        own: The scene's own numbers after the instant.
        num: People in it.
    """
    if not fork.sway:
        return np.tile(own, fork.num_branches)
    source = generator(fork.seed, f"pedestrian.{kind.name}.{fork.purpose('sway')}", index)
    if fork.person is None:
        return source.standard_normal(fork.num_branches * len(own))
    numbers = np.tile(own, fork.num_branches).reshape(fork.num_branches, -1, num, 2)
    numbers[:, :, fork.person] = source.standard_normal((fork.num_branches, numbers.shape[1], 2))
    return numbers.ravel()
