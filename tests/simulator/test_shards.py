from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.simulator.draws import BLOCK
from pathcast.simulator.shards import Shard


@settings(deadline=None)
@given(first=st.integers(0, 50_000), num=st.integers(1, 100_000), count=st.integers(1, 40))
def test_shards_in_order_are_the_whole_and_are_cut_between_blocks(first, num, count):
    end = first
    for index in range(1, count + 1):
        start, size = Shard(index, count).part(first, num)
        assert start == end and size >= 0
        assert start % BLOCK == 0 or start in (first, first + num)
        end = start + size
    assert end == first + num


@settings(deadline=None)
@given(blocks=st.integers(1, 200), count=st.integers(1, 40))
def test_shards_differ_by_one_block_at_most(blocks, count):
    sizes = [Shard(index, count).part(0, blocks * BLOCK)[1] // BLOCK for index in range(1, count + 1)]
    assert max(sizes) - min(sizes) <= 1


def test_files_of_shards_sort_in_their_order():
    names = [Shard(index, 16).path(Path("a/shots.parquet")).as_posix() for index in range(1, 17)]
    assert names[2] == "a/shots-03-of-16.parquet"
    assert names == sorted(names)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("17/16", "shard: expected a shard from 1 to 16 of 16, found 17/16"),
        ("0/16", "from 1 to 16"),
        ("1/0", "1 to 99999 shards, found 0"),
        ("1/100000", "1 to 99999 shards"),
        ("-1/2", "i/n, such as 3/16, found '-1/2'"),
        ("two", "i/n, such as 3/16"),
    ],
)
def test_a_shard_that_is_none_is_refused_with_the_range(text, told):
    with pytest.raises(InputError) as raised:
        Shard.named(text)
    assert told in str(raised.value)
