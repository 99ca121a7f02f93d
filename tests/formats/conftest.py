"""Pedestrians at a steady rate, for formats that number frames."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from pathcast.tracks import Tracks

RATES = (2.5, 10.0, 16.0, 25.0, 30.0, 29.97)


@pytest.fixture(scope="session")
def walkers() -> SearchStrategy[tuple[Tracks, float]]:
    """One scene of pedestrians in 2 axes, seen at whole frames of a rate, which comes with them; frames have gaps."""

    @st.composite
    def build(draw: DrawFn) -> tuple[Tracks, float]:
        rate = draw(st.sampled_from(RATES))
        numbers = draw(st.lists(st.integers(0, 2**53), min_size=1, max_size=5, unique=True))
        frames = [sorted(draw(st.sets(st.integers(-50, 5000), min_size=1, max_size=8))) for _ in numbers]
        metres = st.floats(-1e4, 1e4, allow_subnormal=False)
        count = sum(map(len, frames))
        points = draw(st.lists(st.tuples(metres, metres), min_size=count, max_size=count))
        tracks = Tracks.from_rows(
            0,
            np.repeat(np.array(numbers, np.uint64), [len(each) for each in frames]),
            np.concatenate(frames) / rate,
            np.array(points),
            scene_names={0: "walk"},
        )
        return tracks, rate

    return build()
