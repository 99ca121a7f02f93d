"""Admission: what is found wrong with observations."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pathcast.model.admission import Admission, admit, is_usual

COORDINATES = st.one_of(st.floats(-9000, 9000, width=32), st.sampled_from([math.nan, math.inf, -math.inf, 8000.0]))


@given(positions=arrays(np.float32, st.tuples(st.integers(0, 4), st.integers(2, 3)), elements=COORDINATES))
def test_positions_are_usual_exactly_where_none_is_refused(positions):
    never, now = np.full(len(positions), -math.inf), np.zeros(len(positions))
    assert is_usual(positions) == bool((admit(never, now, positions) == Admission.ADMITTED).all())
