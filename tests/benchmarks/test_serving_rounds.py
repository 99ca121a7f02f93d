"""What benchmarks/serving.py makes of its rounds."""

import pytest


def test_ratios_are_of_the_same_round_against_the_better_setting(capsys):
    from serving import MANY_TRACKS, TARGETS, UPDATES, Rounds, print_table, summarise
    from serving_load import Case

    rounds = Rounds()
    waits = {"p50_us": 1.0, "p99_us": 2.0, "tracks": 7, "processor_us_per_frame": 3.0}
    rates = {"pathcast": (90.0, 60.0, 80.0), "prebuilt": (100.0, 120.0, 100.0), "mosec-unbatched": (30.0, 80.0, 40.0)}
    for number in range(3):
        for case in (Case(1), Case(64), *MANY_TRACKS, UPDATES):
            for server, values in rates.items():
                rounds.add(server, number, case, {"frames_per_s": values[number], **waits})
            rounds.add("mosec-batched", number, case, {"frames_per_s": 50.0, **waits})
    keys = summarise(rounds, [{"old_p99_us": 3.0, "fresh_p99_us": 2.0}])
    assert keys.keys() == TARGETS.keys()
    assert keys["ratio_echo_64"] == 0.8
    assert keys["ratio_mosec_1"] == keys["ratio_mosec_64"] == pytest.approx(1.6)
    assert keys["tracks_per_second"] == keys["updates_per_second"] == 64 * 80
    assert keys["latency_flat"] == 1.5
    print_table(rounds, keys)
    assert "ratio_echo_64 0.8 (wanted >= 0.65: met)" in capsys.readouterr().out
