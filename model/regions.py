"""Regions: areas on the ground whose entry is asked for, named by whoever asks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike

from pathcast.errors import InputError, LimitError
from pathcast.model.admission import MAX_POSITION_M
from pathcast.model.named import check_names
from pathcast.model.polygon import find_fault

MAX_REGIONS = 64
MAX_CORNERS = 64

Areas = Mapping[str, ArrayLike]
"""By name: the corners of a simple polygon [corner, 2], metres on the ground, either way round."""


@dataclass(frozen=True, eq=False)
class Regions:
    """Simple polygons on the ground; `Regions.of` and `Regions.read` check what comes in."""

    names: tuple[str, ...]
    corners: Float[np.ndarray, "corner 2"]
    """Those of all regions, one after the other, metres. float64."""
    starts: Int[np.ndarray, " region_and_end"]
    """Where each region's corners begin; the last is their number."""

    def __len__(self) -> int:
        return len(self.names)

    def each(self) -> list[Float[np.ndarray, "_ 2"]]:
        """The corners of every region."""
        return [self.corners[start:end] for start, end in zip(self.starts[:-1], self.starts[1:], strict=True)]

    @classmethod
    def of(cls, areas: Areas, origin: Sequence[float] = (0.0, 0.0)) -> Regions:
        """Named polygons.

        Args:
            areas: By name, metres.
            origin: Metres, subtracted in double precision.

        Raises:
            InputError, LimitError: As of `read`, or corners of another shape.
        """
        polygons = []
        for name, area in areas.items():
            array = np.asarray(area, np.float64)
            if array.ndim != 2 or array.shape[1] != 2:
                raise InputError(f"regions: {name}", "corners, shape [corner, 2]", f"{array.shape}")
            polygons.append(array - np.asarray(origin, np.float64)[:2])
        places = [f"regions: {name}" for name in areas]
        return cls.read(list(areas), polygons, "regions", places)

    @classmethod
    def read(
        cls,
        names: Sequence[str],
        polygons: Sequence[Float[np.ndarray, "_ 2"]],
        where: str,
        places: Sequence[str],
    ) -> Regions:
        """Polygons from their origin, checked. A last corner that repeats the first is left out.

        Args:
            names: Of the regions.
            polygons: Their corners, metres.
            where: What messages call the list.
            places: What messages call the corners of each.

        Raises:
            InputError: A name that is empty or stands twice, or corners that are not finite, farther from the origin
                than 8 km, or not those of a simple polygon with an area.
            LimitError: More regions, or corners of one, than there may be.
        """
        check_names(names, where, MAX_REGIONS, "regions")
        checked = [_check_polygon(corners, place) for corners, place in zip(polygons, places, strict=True)]
        starts = np.cumsum([0, *(len(corners) for corners in checked)])
        return cls(tuple(names), np.concatenate([*checked, np.zeros((0, 2))]), starts)


def _check_polygon(corners: Float[np.ndarray, "corner 2"], where: str) -> Float[np.ndarray, "left 2"]:
    for value in corners.ravel().tolist():
        if not (math.isfinite(value) and abs(value) <= MAX_POSITION_M):
            raise InputError(where, f"finite metres, at most {MAX_POSITION_M:.0f} from the origin", f"{value:g}")
    if len(corners) > 1 and (corners[0] == corners[-1]).all():
        corners = corners[:-1]
    if len(corners) < 3:
        raise InputError(where, f"3 to {MAX_CORNERS} corners", str(len(corners)))
    if len(corners) > MAX_CORNERS:
        raise LimitError(where, f"3 to {MAX_CORNERS} corners", str(len(corners)))
    fault = find_fault(corners)
    if fault is not None:
        raise InputError(where, "a simple polygon with an area", fault)
    return corners


NO_REGIONS = Regions((), np.zeros((0, 2)), np.zeros(1, np.int64))
