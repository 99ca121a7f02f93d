"""A client that does not read loses forecasts, never observations; large answers come in parts."""

import threading

import numpy as np
import pytest

from pathcast.service.client import Client, Forecasts, Status

MODEL = "constant-velocity-2d"


def places(step: int, num_tracks: int) -> np.ndarray:
    """Tracks that turn, so that every observation matters to where the last one leaves them."""
    angle = 0.02 * step**1.5 + np.arange(num_tracks)
    return np.column_stack([np.cos(angle), np.sin(angle)]) * 5


def test_a_client_that_does_not_read_gets_the_newest_from_all_observations(client):
    num_frames, num_tracks = 60, 400
    ids = np.arange(num_tracks)
    offsets = np.linspace(0.1, 4.0, 60)
    with client.stream(MODEL, offsets=offsets) as stream:
        for step in range(num_frames):
            stream.send(step, 0.1 * step, ids, places(step, num_tracks))
        stream.finish()
        threading.Event().wait(1.0)  # nothing is read while the server answers all
        answers = [reply for reply in stream if isinstance(reply, Forecasts)]
    numbers = [each.frame_number for each in answers]
    assert numbers == sorted(numbers) and numbers[-1] == num_frames - 1
    assert len(answers) + sum(each.frames_conflated for each in answers) == num_frames
    assert any(each.frames_conflated for each in answers)
    prefixes = {
        each: (0.1 * np.arange(num_frames), np.array([places(step, num_tracks)[each] for step in range(num_frames)]))
        for each in (0, 17, 399)
    }
    direct = client.forecast(MODEL, prefixes, offsets=offsets)
    np.testing.assert_allclose(answers[-1].means[[0, 17, 399]], direct.means, rtol=0, atol=1e-5)


def test_a_slow_reader_is_told_every_end_and_every_rejection(client):
    """Remarks of forecasts that gave way arrive with the one that took their place."""
    num_frames, num_tracks = 180, 300
    with client.stream(MODEL, offsets=np.linspace(0.1, 4.0, 60)) as stream:
        for step in range(num_frames):
            ids = [*range(num_tracks), 10_000 + step]
            stream.send(step, 0.1 * step, ids, np.vstack([places(step, num_tracks), [[np.nan, 0.0]]]))
        stream.finish()
        answers = [reply for reply in stream if isinstance(reply, Forecasts)]
    assert len(answers) < num_frames
    rejected = [each.track_id for answer in answers for each in answer.remarks if each.status is Status.REJECTED]
    assert rejected == [10_000 + step for step in range(num_frames)]


def test_one_slow_reader_does_not_hold_up_another_stream(client):
    ids = np.arange(400)
    slow = client.stream(MODEL, offsets=np.linspace(0.1, 4.0, 60))
    for step in range(40):
        slow.send(step, 0.1 * step, ids, places(step, 400))
    with client.stream(MODEL) as quick:
        frames = [(0.1 * step, [1], [[0.1 * step, 0.0]]) for step in range(30)]
        assert [each.frame_number for each in quick.forecasts(frames)] == list(range(30))
    slow.cancel()


@pytest.mark.parametrize("num_tracks", [1, 4096])
def test_answers_come_in_parts_under_one_mebibyte(server, num_tracks):
    """Read as raw bytes, as any client of the contract would get them."""
    import grpc

    from pathcast.v1 import forecast_pb2 as pb

    def requests():
        yield pb.StreamForecastsRequest(open=pb.Open(model=MODEL, axes=2))
        for step in range(2):
            frame = pb.Frame(
                frame_number=step,
                capture_time_s=0.1 * step,
                track_ids=range(num_tracks),
                positions=places(step, num_tracks).ravel().tolist(),
            )
            yield pb.StreamForecastsRequest(frame=frame)

    with grpc.insecure_channel(server.address) as channel:
        call = channel.stream_stream(
            "/pathcast.v1.ForecastService/StreamForecasts",
            request_serializer=pb.StreamForecastsRequest.SerializeToString,
        )
        sizes, parts, ids = [], [], []
        for data in call(requests()):
            message = pb.StreamForecastsResponse.FromString(data)
            sizes.append(len(data))
            if message.HasField("forecasts") and message.forecasts.frame_number == 1:
                parts.append((message.forecasts.part, message.forecasts.num_parts))
                ids += message.forecasts.track_ids
    assert max(sizes) <= 1 << 20
    assert parts == [(index, len(parts)) for index in range(len(parts))]
    assert ids == list(range(num_tracks))
    assert (len(parts) > 1) == (num_tracks > 1)


def test_thousands_of_tracks_come_back_whole(client: Client):
    num_tracks = 4096
    ids = np.arange(num_tracks)[::-1].astype(np.uint64) + 2**63
    with client.stream(MODEL) as stream:
        first, second = stream.forecasts((0.1 * step, ids, places(step, num_tracks)) for step in range(2))
    assert len(first.remarks) == num_tracks
    np.testing.assert_array_equal(second.track_ids, ids)
    velocity = (places(1, num_tracks) - places(0, num_tracks)) / 0.1
    np.testing.assert_allclose(second.means[:, 0, 0], places(1, num_tracks) + 0.4 * velocity, atol=1e-4)
