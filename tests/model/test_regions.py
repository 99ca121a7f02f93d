"""Regions that a caller names: simple polygons, checked once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathcast.errors import InputError, LimitError
from pathcast.model.polygon import find_fault
from pathcast.model.regions import NO_REGIONS, Regions

SQUARE = [(0, 0), (2, 0), (2, 2), (0, 2)]
ARROW = [(0, 0), (4, 0), (1, 1), (0, 4)]

BAD = {
    "fewer than three": ([(0, 0), (1, 0)], "expected 3 to 64 corners, found 2"),
    "two and the first again": ([(0, 0), (1, 0), (0, 0)], "expected 3 to 64 corners, found 2"),
    "none": (np.zeros((0, 2)), "expected 3 to 64 corners, found 0"),
    "not finite": ([(0, 0), (1, 0), (1, np.nan)], "expected finite metres, at most 8000 from the origin, found nan"),
    "far": ([(0, 0), (1, 0), (1, -8001)], "expected finite metres, at most 8000 from the origin, found -8001"),
    "on a line": (
        [(0, 0), (1, 1), (3, 3), (2, 2)],
        "expected a simple polygon with an area, found corners on one line",
    ),
    "a bow tie": ([(0, 0), (1, 1), (1, 0), (0, 1)], "simple polygon with an area, found edges 0 and 2 that meet"),
    "touching itself": ([(0, 0), (4, 0), (4, 2), (2, 0), (0, 2)], "found edges 0 and 2 that meet"),
    "a spike": ([(0, 0), (2, 0), (2, 2), (3, 2), (2, 2), (0, 2)], "found edges that fold back at corner 3"),
    "a corner twice in a row": ([(0, 0), (2, 0), (2, 0), (2, 2)], "found corner 1 twice"),
    "three axes": ([(0, 0, 0), (2, 0, 0), (2, 2, 0)], r"expected corners, shape \[corner, 2\], found \(3, 3\)"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_simple_polygon_is_refused_by_name(name: str) -> None:
    corners, message = BAD[name]
    with pytest.raises(InputError, match="regions: crossing: .*" + message):
        Regions.of({"yard": SQUARE, "crossing": corners})


def test_more_regions_or_corners_than_64_are_over_the_limit() -> None:
    angles = 2 * np.pi * np.arange(65) / 65
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert len(Regions.of({"circle": circle[:64]}).corners) == 64
    with pytest.raises(LimitError, match="regions: circle: expected 3 to 64 corners, found 65"):
        Regions.of({"circle": circle})
    with pytest.raises(LimitError, match="regions: expected at most 64 regions, found 65"):
        Regions.of({str(index): SQUARE for index in range(65)})
    with pytest.raises(InputError, match=r"regions\[0\].name: expected a name, found none"):
        Regions.of({"": SQUARE})


def test_regions_stand_one_after_the_other_from_their_origin() -> None:
    found = Regions.of({"square": SQUARE, "arrow": [*ARROW, ARROW[0]]}, (1.0, -1.0, 5.0))
    assert found.names == ("square", "arrow") and found.starts.tolist() == [0, 4, 8]
    for corners, expected in zip(found.each(), (SQUARE, ARROW), strict=True):
        np.testing.assert_array_equal(corners + np.array([1.0, -1.0]), expected)
    assert len(NO_REGIONS) == 0 and not NO_REGIONS.each()


@given(
    angles=st.lists(st.floats(0, 6.28), min_size=3, max_size=12, unique=True),
    radius=st.floats(0.1, 100),
    shift=st.integers(0, 11),
    is_reversed=st.booleans(),
)
def test_stars_are_simple_from_any_corner_and_either_way_round(angles, radius, shift, is_reversed) -> None:
    """Corners around a point within it, rising in angle."""
    turned = np.sort(np.array(angles))
    gaps = np.diff(turned, append=turned[0] + 2 * np.pi)
    if gaps.min() < 0.01 or gaps.max() > 3.0:
        return
    lengths = radius * (1 + 0.5 * np.sin(7 * turned))
    corners = lengths[:, None] * np.stack([np.cos(turned), np.sin(turned)], axis=1)
    corners = np.roll(corners[::-1] if is_reversed else corners, shift, axis=0)
    assert find_fault(corners) is None
    if len(corners) > 3:
        swapped = corners.copy()
        swapped[[0, 1]] = swapped[[1, 0]]
        is_convex = _is_convex(corners)
        assert not is_convex or find_fault(swapped) is not None


def _is_convex(corners: np.ndarray) -> bool:
    edges = np.roll(corners, -1, axis=0) - corners
    after = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * after[:, 1] - edges[:, 1] * after[:, 0]
    return bool((turns > 1e-3).all() or (turns < -1e-3).all())
