from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.simulator.draws import BLOCK, generator, normals, uniforms


@settings(deadline=None, max_examples=20)
@given(
    first=st.integers(0, 3 * BLOCK),
    cuts=st.lists(st.integers(0, 2 * BLOCK), max_size=4),
    kind=st.sampled_from([normals, uniforms]),
)
def test_numbers_do_not_depend_on_the_split_into_batches(first, cuts, kind):
    num = 2 * BLOCK
    whole = kind(7, "throws", first, num, 3)
    edges = [0, *sorted(cuts), num]
    pieces = [kind(7, "throws", first + low, high - low, 3) for low, high in pairwise(edges)]
    assert np.array_equal(np.concatenate(pieces), whole)


@pytest.mark.parametrize("kind", [normals, uniforms])
def test_seed_purpose_and_index_each_change_the_numbers(kind):
    numbers = kind(1, "throws", 0, 4, 2)
    assert not np.isin(numbers, kind(2, "throws", 0, 4, 2)).any()
    assert not np.isin(numbers, kind(1, "sensor", 0, 4, 2)).any()
    assert not np.isin(numbers, kind(1, "throws", BLOCK, 4, 2)).any()


def test_a_block_holds_the_same_numbers_as_its_generator():
    block = normals(3, "noise", 2 * BLOCK, BLOCK, 2)
    assert np.array_equal(block, generator(3, "noise", 2).standard_normal((BLOCK, 2)))


def test_numbers_have_the_distribution_they_are_named_after():
    normal = normals(5, "moments", 0, 100_000, 2)
    uniform = uniforms(5, "moments", 0, 100_000, 2)
    assert np.abs(normal.mean(0)).max() < 0.02
    assert np.abs(normal.std(0) - 1).max() < 0.02
    assert abs(np.corrcoef(normal.T)[0, 1]) < 0.02
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert np.abs(uniform.mean(0) - 0.5).max() < 0.01


def test_numbers_are_the_same_on_every_machine():
    assert uniforms(42, "golden", 4095, 2, 2) == pytest.approx(
        np.array([[0.2518005345578741, 0.7835475915646712], [0.0450272915271851, 0.494841500639737]]), abs=1e-15
    )


def test_nothing_asked_is_nothing_drawn():
    assert normals(0, "empty", 5, 0, 3).shape == (0, 3)
    assert uniforms(0, "empty", 5, 3, 0).shape == (3, 0)


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ((-1, "p", 0, 1, 1), "seed"),
        ((2**64, "p", 0, 1, 1), "seed"),
        ((0, "p", -1, 1, 1), "first"),
        ((0, "p", 0, -1, 1), "num"),
    ],
)
def test_a_number_out_of_range_is_named(arguments, where):
    with pytest.raises(InputError) as raised:
        normals(*arguments)
    assert raised.value.where == where
