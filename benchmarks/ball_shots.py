"""Shots at a hoop as a player-tracking camera gives them, with what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from pathcast.simulator.ball.following import MISSED, UNDECIDED
from pathcast.simulator.ball.scenarios import throw
from pathcast.simulator.ball.surfaces import BRIDGE_CONTACT, RIM_CONTACT
from pathcast.simulator.draws import normals
from pathcast.venue import BASKETBALL_NBA

KINDS: Final = ("three-pointer", "free-throw")
SEED: Final = 20_262
"""Of the shots; no training knows it."""
FITTING_SEED: Final = 20_263
"""Of those that baselines are fitted on."""
RATE_HZ: Final = 25.0
NOISE_M: Final = 0.03
FOOT_M: Final = 0.3048
DECIMALS: Final = 5
"""Of SportVU's feet."""
HOOP_FEET: Final = (5.25, 25.0)
"""Where SportVU's court has the middle of the hoop at its left; z is up from the floor."""
DISTANCES_FEET: Final = (2, 3, 4, 5, 6, 7, 8)
LONGEST_S: Final = 2.4
DECIDED_S: Final = 20.0
HOOP = BASKETBALL_NBA.hoop
assert HOOP is not None
CENTRE: Final = np.array(HOOP.centre)


@dataclass(frozen=True, eq=False)
class Shots:
    """Shots, as they were seen."""

    kind: str
    clock: Float[np.ndarray, " time"]
    seen: Float[np.ndarray, "shot time 3"]
    """Metres from the floor under the hoop, converted back from feet."""
    outcome: Int[np.ndarray, " shot"]
    """Numbers of `following.OUTCOMES`."""
    touched_rim: Int[np.ndarray, " shot"]
    """1 where the ball touched rim or bridge before it was decided."""
    lengths: Int[np.ndarray, "shot distance"]
    """Observations until the ball came nearer to the hoop than each of `DISTANCES_FEET`; 0 where there are under 2."""
    first_contact: Int[np.ndarray, " shot"]
    """Observations before the ball touched anything."""

    @property
    def is_made(self) -> Int[np.ndarray, " shot"]:
        """1 where the ball went in."""
        return ((self.outcome > UNDECIDED) & (self.outcome < MISSED)).astype(np.int64)


def take_shots(kind: str, num: int, seed: int = SEED) -> Shots:
    """Shots of a scenario, seen at 25 Hz with 30 mm, through feet and back.

    Labels come from contacts: the simulator follows the ball through hoop and board until the shot is decided.
    """
    throws = throw(kind, num, seed)
    clock = np.arange(int(LONGEST_S * RATE_HZ)) / RATE_HZ
    courses = throws.follow(np.append(clock, DECIDED_S), positions_only=True)
    truth = courses.states[:, : len(clock)]
    noise = normals(seed, f"benchmark.{kind}", 0, num, 3 * len(clock)).reshape(num, len(clock), 3)
    seen = from_court(to_court(truth + NOISE_M * noise))
    away = np.linalg.norm(truth - CENTRE, axis=2) / FOOT_M
    # The newest observation before the ball is so near: a frame later it may have touched the rim.
    lengths = np.stack([_until(away < distance) for distance in DISTANCES_FEET], axis=1)
    times = np.where(courses.event_kinds < 0, np.inf, courses.event_times)
    is_rim = np.isin(courses.event_kinds, (RIM_CONTACT, BRIDGE_CONTACT))
    before = times <= np.nan_to_num(courses.decided_at, nan=np.inf)[:, None]
    contact = times.min(axis=1, initial=np.inf)
    return Shots(
        kind=kind,
        clock=clock,
        seen=seen,
        outcome=courses.outcome.astype(np.int64),
        touched_rim=(is_rim & before).any(axis=1).astype(np.int64),
        lengths=np.where(lengths < 2, 0, lengths),
        first_contact=(clock[None] < contact[:, None]).sum(axis=1),
    )


def to_court(metres: Float[np.ndarray, "*any 3"]) -> Float[np.ndarray, "*any 3"]:
    """Positions as SportVU writes them: feet from a corner of the court, to five decimals."""
    feet = metres / FOOT_M + np.array([*HOOP_FEET, 0.0])
    return np.round(feet, DECIMALS)


def from_court(feet: Float[np.ndarray, "*any 3"]) -> Float[np.ndarray, "*any 3"]:
    """Metres from the floor under the hoop at the court's left."""
    return np.asarray((feet - np.array([*HOOP_FEET, 0.0])) * FOOT_M)


def _until(is_there: Float[np.ndarray, "shot time"]) -> Int[np.ndarray, " shot"]:
    """How many instants come before the first that is there; 0 where none is."""
    return np.where(is_there.any(axis=1), is_there.argmax(axis=1), 0)
