"""Annotated shapes are checked in tests: at each function's first calls in each of them."""

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from pathcast.model.course import empty_courses, follow
from pathcast.service.courses import WALKING


@pytest.mark.parametrize("attempt", ["in one test", "in another, after many right calls"])
def test_a_wrong_shape_is_found(attempt: str) -> None:
    places = np.zeros((2, 2))
    with pytest.raises(TypeCheckError):
        follow(empty_courses(2, 2), np.zeros(3), places, WALKING)
    for _ in range(100):
        follow(empty_courses(2, 2), np.zeros(2), places, WALKING)
