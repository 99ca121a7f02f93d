"""Engine: what turns observations into forecasts, one interface for trained bundles and baselines.

Service, batch and Python all forecast through it, so the same observations give the same forecasts everywhere. It
never imports torch. Inputs are trusted here; `pathcast.model.admission` is the border that checks them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int

from pathcast.errors import InputError
from pathcast.model.contacts import Contacts
from pathcast.model.forecast import Forecast
from pathcast.model.given import NOTHING_GIVEN, Given
from pathcast.model.others import Others
from pathcast.model.states import States
from pathcast.venue import Venue


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a model is and can do; the facts that its users need before they ask for a forecast."""

    name: str
    version: str
    summary: str
    num_axes: int
    horizon_s: float
    """Trained horizon, seconds: the largest offset from a track's newest observation."""
    offsets_s: tuple[float, ...]
    """Default offsets, seconds."""
    num_modes: int
    coast_s: float
    """Default coasting time, seconds; with the last default offset at most the horizon."""
    warm_points: int = 2
    """Observations from which on forecasts have the model's accuracy; from the second on there are some."""
    venue: Venue | None = None
    uses_neighbours: bool = False
    """Whether forecasts look at the other people."""
    walks: bool = False
    """Whether what it forecasts are people, who do not move faster than people can."""
    takes_goals: bool = False
    """Whether it says which of named goals a track is heading for."""
    has_point: bool = False
    """Whether forecasts carry one best path."""
    outcome_names: tuple[str, ...] = ()
    """What may become of a track, such as "made"; not all of them exclude one another. Empty: it does not say."""
    has_contacts: bool = False
    """Whether it foretells contacts."""
    has_surprise: bool = False
    """Whether it says how surprising observations are."""
    takes_noise: bool = False
    """Whether the caller may tell the sensor's noise (`Given.noise_m`, `Given.clock_s`)."""
    takes_object: bool = False
    """Whether the caller may tell size and mass of what moves, and put a level floor in the venue's place."""
    is_whole_only: bool = False
    """Whether it reads whole tracks from both ends, so that nothing can be observed after what was encoded."""
    metrics: dict[str, float] = field(default_factory=dict)
    text: str = ""
    """The model card, Markdown."""
    digest: str = ""
    """A number for all that decides a bundle's forecasts; none for engines that are nothing but code."""


@runtime_checkable
class Engine(Protocol):
    """Observations in, states and forecasts out. Positions are float32 metres from any one origin.

    Every function is pure: states are arguments and results, never kept. A row's result does not depend on the rows
    beside it (to 1e-5 m).
    """

    @property
    def card(self) -> Card:
        """What this model is."""

    def start(self, num_tracks: int, given: Given = NOTHING_GIVEN) -> States:
        """States of tracks before their first observation.

        Args:
            num_tracks: How many.
            given: What the caller knows of sensor and object.

        Raises:
            InputError: The engine does not take what is given (`Card.takes_noise`, `Card.takes_object`).
        """

    def observe(
        self,
        states: States,
        times: Float[np.ndarray, " track"],
        positions: Float[np.ndarray, "track axis"],
    ) -> States:
        """The states after one more observation of every track, later than its newest."""

    def encode(
        self,
        states: States,
        times: Float[np.ndarray, "track time"],
        positions: Float[np.ndarray, "track time axis"],
        lengths: Int[np.ndarray, " track"],
    ) -> States:
        """The states after `lengths` more observations of every track: `observe`, repeated.

        What stands beyond a track's length is not read.
        """

    def watch(
        self,
        filters: Float[np.ndarray, "track column"],
        times: Float[np.ndarray, " track"],
        positions: Float[np.ndarray, "track axis"],
    ) -> Float[np.ndarray, "track column"]:
        """The filters after one more observation of every track: as `observe`, without the memory."""

    def forecast(
        self, states: States, offsets: Float[np.ndarray, "track time"], others: Others | None = None
    ) -> Forecast:
        """The futures of tracks that have been observed at least twice.

        Args:
            states: Their states.
            offsets: Seconds after each track's newest observation, over 0 and up to the horizon.
            others: Everybody who is there, for engines that look at the other people; None: each is alone.
        """

    def positions(self, states: States) -> Float[np.ndarray, "track axis"]:
        """Where tracks that have been observed are taken to be at their newest observation, metres. float64."""

    def goal_probabilities(
        self, states: States, goals: Float[np.ndarray, "goal 4"]
    ) -> Float[np.ndarray, "track choice"]:
        """How probable it is that tracks are heading for each of the goals, and for none of them.

        Args:
            states: Of tracks that have been observed at least twice.
            goals: Two ends of each, x0 y0 x1 y1 in metres, from the same origin as the observations; a point has both
                ends equal. There may be any number, none of them included.

        Returns:
            A column for each goal, in their order, and the last for none. Rows sum to 1. float32.

        Raises:
            InputError: An engine that takes no goals (`Card.takes_goals`).
        """

    def outcomes(self, states: States) -> Float[np.ndarray, "track outcome"]:
        """How probable each of `Card.outcome_names` is, for tracks that have been observed at least twice. float32.

        Raises:
            InputError: An engine that foretells no outcomes.
        """

    def contacts(self, states: States, horizon_s: float) -> Contacts:
        """What tracks that have been observed at least twice will touch within seconds of their newest observation.

        Raises:
            InputError: An engine that foretells no contacts (`Card.has_contacts`).
        """

    def surprise(self, states: States) -> Float[np.ndarray, " track"]:
        """How surprising each track's newest observation was: -log10 of the probability of one at least as far from
        what was expected; 0 where there was nothing to expect, or the engine does not tell (`Card.has_surprise`)."""

    def is_suspect(self, states: States) -> Bool[np.ndarray, " track"]:
        """Whether a track's observations do not fit what it is taken for: a jump, a switched identity, a wrong unit."""


def refuse(card: Card, what: str) -> NoReturn:
    """For engines that cannot do something.

    Raises:
        InputError: Always.
    """
    raise InputError(what, f"a model that has {what}", f"{card.name} {card.version}")


def refuse_more(card: Card) -> NoReturn:
    """For engines whose memory cannot be carried on.

    Raises:
        InputError: Always.
    """
    raise InputError(
        "observation", "a whole track at once", f"one more for {card.name} {card.version}, which reads from both ends"
    )


def refuse_given(card: Card, given: Given) -> None:
    """Refuses what an engine does not take.

    Raises:
        InputError: The sensor's noise or the object is given to an engine that takes none.
    """
    if given.has_sensor and not card.takes_noise:
        raise InputError("noise", "a model that takes the sensor's noise", f"{card.name} {card.version}")
    if given.has_object and not card.takes_object:
        raise InputError("object", "a model that takes size and mass", f"{card.name} {card.version}")
    if given.has_place and not card.takes_object:
        raise InputError("level_m", "a model that takes a level floor", f"{card.name} {card.version}")


def refuse_goals(card: Card) -> NoReturn:
    """For engines that cannot tell where a track is heading.

    Raises:
        InputError: Always.
    """
    raise InputError("goals", "a model that takes goals", f"{card.name} {card.version}")
