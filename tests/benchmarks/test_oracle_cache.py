"""What the oracle said is kept: found again, never mixed up, and computed anew where it is broken."""

from __future__ import annotations

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.simulator.oracle.sampler import Chains

SHORT = Chains(num=2, warmup=40, draws=20, thinning=1, rounds=1)
SIZE = 4


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """A function that asks the oracle about so many throws of short chains, in blocks of four."""
    import oracle_cache
    from ball_cases import watching

    monkeypatch.setattr(oracle_cache, "BLOCK", SIZE)

    def ask(num, seed=1, how=None, **rest):
        return oracle_cache.ask_oracle(
            how or watching("basketball", 0.1), num, seed, chains=SHORT, root=tmp_path, **rest
        )

    return ask


def files(tmp_path):
    return {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")}


def test_what_was_asked_is_not_computed_again(asked, tmp_path):
    first = asked(2 * SIZE)
    before = files(tmp_path)
    second = asked(2 * SIZE, is_read_only=True)
    assert len(before) == 2
    assert files(tmp_path) == before
    assert np.array_equal(first.median, second.median)


def test_fewer_throws_are_the_first_of_more(asked):
    few, many = asked(3), asked(2 * SIZE)
    assert len(few.mean) == 3
    assert np.array_equal(few.mean, many.mean[:3])


def test_a_run_that_was_cut_off_goes_on(asked, tmp_path):
    whole = asked(2 * SIZE)
    last = max(files(tmp_path))
    last.unlink()
    assert np.array_equal(asked(2 * SIZE).mean, whole.mean)


def test_every_setting_has_a_folder_of_its_own(tmp_path):
    from ball_cases import watching
    from oracle_cache import folder_of

    cases = [
        watching("basketball", 0.1),
        watching("basketball", 0.2),
        watching("basketball", 0.1, noise_factor=2.0),
        watching("basketball", 0.1, missing=0.3),
        watching("basketball", 0.1, rate_hz=60.0),
        watching("table tennis"),
    ]
    folders = [folder_of(case, seed, chains) for case in cases for seed in (1, 2) for chains in (SHORT, Chains())]
    assert len(set(folders)) == len(folders)


def test_comments_and_layout_leave_the_code_as_it_is(tmp_path):
    from oracle_cache import code_hash

    (tmp_path / "one.py").write_text("value = 1\n")
    before = code_hash(tmp_path, ("one.py",))
    (tmp_path / "one.py").write_text("# A comment.\nvalue   =   1\n")
    assert code_hash(tmp_path, ("one.py",)) == before
    (tmp_path / "one.py").write_text("value = 2\n")
    assert code_hash(tmp_path, ("one.py",)) != before


def test_broken_and_missing_blocks_are_named(asked, tmp_path):
    asked(SIZE)
    with pytest.raises(InputError, match="block 1"):
        asked(2 * SIZE, is_read_only=True)
    path = next(iter(files(tmp_path)))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="delete it"):
        asked(SIZE)
    with pytest.raises(InputError, match="throws"):
        asked(0)
