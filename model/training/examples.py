"""Examples: what the network is trained on, in the track's own frame and unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from pathcast.model.frontends import Base, FrontEnd

FAR = 1e4
"""Units: where somebody is that is nowhere."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Tracks, each with forecasts made after several of its observations (`end`)."""

    steps: Float[np.ndarray, "track time input"]
    """The encoder's inputs. float32."""
    ends: Int[np.ndarray, "track end"]
    """The steps after which a forecast is made."""
    head: Float[np.ndarray, "track end head_input"]
    knots: Float[np.ndarray, "track end knot knot_input"]
    target: Float[np.ndarray, "track end knot axis"]
    """True positions, relative to the base, in the track's frame and unit. float32."""
    unit: Float[np.ndarray, "track end knot"]
    """Metres per unit. float32."""
    is_known: Bool[np.ndarray, "track end knot"]
    """Where the truth is known."""
    neighbours: Float[np.ndarray, "track end neighbour feature"]
    """The people around at each end; none where nobody is looked at. float32."""
    present: Float[np.ndarray, "track end neighbour"]
    """1 where there is one. float32."""
    beside: Float[np.ndarray, "track end other knot axis"]
    """True positions of the people around, as `target`; `FAR` where unknown, of nobody where not asked for. float32."""
    filters: Float[np.ndarray, "track end column"] | None = None
    """Where the network moves the base itself: the filters, with which knots, target and unit are made. float64."""
    truth: Float[np.ndarray, "track end knot axis"] | None = None
    """With them: true positions, metres; NaN where unknown. float64."""

    @classmethod
    def concatenate(cls, pieces: Sequence[Examples]) -> Examples:
        """The tracks of several, one after the other."""
        if len(pieces) == 1:
            return pieces[0]

        def joined(name: str) -> Any:
            parts = [getattr(piece, name) for piece in pieces]
            return None if parts[0] is None else np.concatenate(parts)

        return cls(**{each.name: joined(each.name) for each in fields(cls)})

    @property
    def num_tracks(self) -> int:
        return len(self.steps)

    def take(self, rows: Int[np.ndarray, " chosen"] | slice) -> Examples:
        """The chosen tracks."""
        return Examples(
            self.steps[rows],
            self.ends[rows],
            self.head[rows],
            self.knots[rows],
            self.target[rows],
            self.unit[rows],
            self.is_known[rows],
            self.neighbours[rows],
            self.present[rows],
            self.beside[rows],
            None if self.filters is None else self.filters[rows],
            None if self.truth is None else self.truth[rows],
        )


def relate(
    front_end: FrontEnd,
    filters: Float[np.ndarray, "row column"],
    truth: Float[np.ndarray, "row knot axis"],
    knots: Float[np.ndarray, " knot"],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Head inputs, knot inputs, targets and units of forecasts from filters.

    Args:
        front_end: The front end that made the filters.
        filters: One per forecast.
        truth: True positions at the knots, metres; NaN where unknown.
        knots: Offsets, seconds.

    Returns:
        head [row, input], knots [row, knot, input], target [row, knot, axis] (0 where unknown), unit [row, knot].
    """
    base = front_end.base(filters, np.broadcast_to(knots, (len(filters), len(knots))))
    target = turned_away(truth, base, front_end.heading(filters))
    return front_end.head(filters), base.knots, target, base.unit.astype(np.float32)


def turned_away(
    truth: Float[np.ndarray, "row knot axis"], base: Base, heading: Float[np.ndarray, "row two"]
) -> Float[np.ndarray, "row knot axis"]:
    """The truth relative to a base, in the track's frame and unit; 0 where unknown. float32."""
    cosine, sine = heading[:, 0, None], heading[:, 1, None]
    away = (truth - base.path) / base.unit[..., None]
    target = away.copy()
    target[..., 0] = cosine * away[..., 0] + sine * away[..., 1]
    target[..., 1] = cosine * away[..., 1] - sine * away[..., 0]
    return np.asarray(np.nan_to_num(target, nan=0.0, posinf=0.0, neginf=0.0), np.float32)
