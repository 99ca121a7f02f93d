"""Wanted: what is forecast of every track, checked against the model that is to do it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, Final

from pathcast.errors import InputError
from pathcast.model.engine import Card, refuse, refuse_given, refuse_goals
from pathcast.model.forecast_table import OUTPUTS
from pathcast.model.forecaster import check_offsets
from pathcast.model.given import NOTHING_GIVEN, Given
from pathcast.model.goals import Goals, Places

EVERY_INSTANT: Final = 1


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Everything but model and tracks that decides a forecast."""

    every: int | None = EVERY_INSTANT
    """Observations from one forecast of a track to the next, from its second on; None: from its last alone."""
    offsets_s: tuple[float, ...] | None = None
    """Seconds after the observation; None: the model's own."""
    num_modes: int = 0
    """0: the model's own number."""
    outputs: tuple[str, ...] | None = None
    """Of `OUTPUTS`; None: whatever the model has."""
    goals: Places = field(default_factory=lambda: MappingProxyType({}))
    """Places by name that tracks may be heading for, metres."""
    origin: tuple[float, ...] | None = None
    """Metres, subtracted before positions are narrowed to single precision and added again; None: zero."""
    given: Given = NOTHING_GIVEN
    """What is known of sensor and object."""

    def checked_outputs(self, card: Card) -> tuple[str, ...]:
        """The columns beside the probabilities, in their order.

        Raises:
            InputError: Something wanted that the model does not have, or a number outside its range.
        """
        if self.every is not None and self.every < 1:
            raise InputError("every", "1 or more observations", f"{self.every}")
        if self.num_modes < 0:
            raise InputError("num_modes", "0 or more", f"{self.num_modes}")
        check_offsets(card, self.offsets_s)
        refuse_given(card, self.given)
        self.given.deviations(card.num_axes)
        has = {
            "means": True,
            "covariances": True,
            "point": card.has_point,
            "outcomes": bool(card.outcome_names),
            "goals": card.takes_goals and bool(self.goals),
        }
        for name in self.outputs or ():
            if name not in OUTPUTS:
                raise InputError("outputs", f"some of {', '.join(OUTPUTS)}", repr(name))
            if name == "goals" and not self.goals:
                raise InputError("outputs", "goals to weigh, by name", "none")
            if not has[name] and name != "goals":
                refuse(card, name)
        if self.goals and not card.takes_goals:
            refuse_goals(card)
        Goals.of(self.goals, (0.0, 0.0) if self.origin is None else self.origin)
        return tuple(name for name in OUTPUTS if has[name] and (self.outputs is None or name in self.outputs))

    def to_json(self) -> dict[str, Any]:
        """The same as plain values, for a record."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        places = {name: _flat(place) for name, place in self.goals.items()}
        values |= {
            "goals": places,
            "given": {key: each for key, each in asdict(self.given).items() if each is not None},
        }
        return dict(json.loads(json.dumps(values)))


def _flat(place: Any) -> list[float]:
    """The coordinates of a place, one after the other."""
    import numpy as np

    flat: list[float] = np.asarray(place, np.float64).ravel().tolist()
    return flat
