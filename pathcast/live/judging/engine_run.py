"""Engine run: the streams of a play put to an engine in this process, whose answers are scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

from pathcast.live.judging.asking import Asking
from pathcast.live.judging.engine_stream import EngineStream
from pathcast.live.judging.picking import Picker
from pathcast.live.judging.scored import Scored
from pathcast.live.judging.scoring import Scorer
from pathcast.live.judging.traffic import Traffic
from pathcast.live.playing.streams import PlayedStream
from pathcast.model.engine import Engine


def run_engine(
    engine: Engine,
    streams: Sequence[PlayedStream],
    asking: Asking,
    share: float,
    seed: int,
    watch: Callable[[int], None] = lambda _: None,
) -> tuple[Scored | None, Traffic]:
    """Scores of an engine, which sees every frame and answers it.

    Args:
        engine: Under test.
        streams: That it is shown, one after the other.
        asking: What is asked of it.
        share: Of its forecasts that are scored.
        seed: Of which are, and of samples.
        watch: Told of every so many frames.
    """
    traffic, began = Traffic(), perf_counter()
    with Scorer([stream.truth for stream in streams], seed) as scorer:
        for number, stream in enumerate(streams):
            shown = EngineStream(engine, asking, stream.goals)
            picker = Picker(number, stream, share, asking.coast_s, seed)
            for index, frame in enumerate(stream.frames):
                answer = shown.see(index, frame.time_s, frame.ids, frame.positions)
                traffic.num_frames += 1
                if answer is not None:
                    traffic.count(answer.statuses)
                    piece = picker.pick(answer)
                    if piece is not None:
                        scorer.add(piece)
                watch(1)
        scored = scorer.scored()
    traffic.wall_s = perf_counter() - began
    return scored, traffic
