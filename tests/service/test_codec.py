"""What is written is read again; parts stay under their size."""

import asyncio
import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError, LimitError, NotServedError, UnknownModelError
from pathcast.model.contacts import Contacts
from pathcast.model.library import load_library
from pathcast.service.codec.answers import join_parts, read_forecasts, write_forecasts
from pathcast.service.codec.contacts import CONTACT_BYTES
from pathcast.service.codec.opened import read_opened, write_opened
from pathcast.service.codec.opening import read_open
from pathcast.service.codec.places import read_venue, write_venue
from pathcast.service.faults import describe, from_refused, to_refused
from pathcast.service.limits import MAX_NUMBERS, Limits
from pathcast.service.mailbox import MANY_WAITING, Mailbox
from pathcast.service.messages import Forecasts, Reason, Remark, Status
from pathcast.v1 import forecast_pb2 as pb
from pathcast.venue import SHIPPED

LIBRARY = load_library()


def random_contacts(random: np.random.Generator, tracks: int) -> Contacts:
    """None, one or several of each track."""
    row = np.repeat(np.arange(tracks), random.choice([0, 1, 5], tracks))
    numbers = random.normal(0, 3, (len(row), 12))
    offsets = numbers[np.lexsort((numbers[:, 1], row)), 1]
    return Contacts(
        row, random.integers(1, 7, len(row)), numbers[:, 0], offsets, numbers[:, 2], numbers[:, 3:6], numbers[:, 6:]
    )


def random_forecasts(seed: int, tracks: int, modes: int, times: int, axes: int, remarks: int) -> Forecasts:
    random = np.random.default_rng(seed)

    def numbers(*shape: int) -> np.ndarray:
        return random.normal(0, 3, shape).astype(np.float32)

    return Forecasts(
        frame_number=int(random.integers(0, 2**63)),
        capture_time_s=float(random.normal(0, 1e9)),
        track_ids=random.integers(0, 2**64, tracks, np.uint64),
        statuses=random.integers(1, 7, tracks),
        probabilities=numbers(tracks, modes),
        means=numbers(tracks, modes, times, axes),
        covariances=numbers(tracks, modes, times, axes * (axes + 1) // 2),
        outcomes=numbers(tracks, 3),
        contacts=random_contacts(random, tracks),
        surprises=numbers(tracks),
        remarks=[Remark(index, Status.REJECTED, Reason.NOT_NEWER, "é" * 40) for index in range(remarks)],
        queued_s=0.25,
        computing_s=0.5,
        frames_conflated=3,
    )


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    tracks=st.integers(0, 60),
    modes=st.integers(1, 4),
    times=st.integers(1, 5),
    axes=st.integers(2, 3),
    remarks=st.integers(0, 60),
    has_means=st.booleans(),
    has_covariances=st.booleans(),
    has_more=st.booleans(),
)
def test_forecasts_survive_their_parts(seed, tracks, modes, times, axes, remarks, has_means, has_covariances, has_more):
    sent = random_forecasts(seed, tracks, modes, times, axes, remarks)
    sent.means = sent.means if has_means else None
    sent.covariances = sent.covariances if has_covariances else None
    if not (has_more and axes == 3):
        sent.outcomes = sent.contacts = sent.surprises = None
    engine = LIBRARY.get(f"constant-velocity-{axes}d")
    _, settings_ = read_open(pb.Open(model=engine.card.name, axes=axes), LIBRARY, Limits())
    settings_ = dataclasses.replace(
        settings_,
        num_modes=modes,
        offsets=np.arange(1.0, times + 1),
        has_means=has_means,
        has_covariances=has_covariances,
        card=dataclasses.replace(settings_.card, outcome_names=("made", "swish", "rim")),
        **{f"has_{name}": sent.contacts is not None for name in ("outcomes", "contacts", "surprise")},
    )
    opened = read_opened(write_opened(settings_, Limits(), False))
    limit = 2048 + 4 * modes * times * 9 + 5 * CONTACT_BYTES
    data = write_forecasts(sent, limit)
    assert all(len(each) <= limit for each in data)
    messages = [pb.StreamForecastsResponse.FromString(each).forecasts for each in data]
    assert [each.part for each in messages] == list(range(len(data)))
    assert {each.num_parts for each in messages} == {len(data)}
    received = join_parts([read_forecasts(each, opened) for each in messages])
    for field in dataclasses.fields(Forecasts):
        if field.name == "contacts" and sent.contacts is not None:
            for each in dataclasses.fields(Contacts):
                found, expected = getattr(received.contacts, each.name), getattr(sent.contacts, each.name)
                np.testing.assert_array_equal(found, expected)
        else:
            np.testing.assert_array_equal(getattr(received, field.name), getattr(sent, field.name))


@pytest.mark.parametrize("venue", SHIPPED.values(), ids=lambda venue: venue.name)
def test_venues_survive_the_wire(venue):
    assert read_venue(write_venue(venue)) == venue


def test_limits_bound_the_size_of_a_forecast():
    assert Limits().tracks_for(12 * 5) == 4096
    assert Limits().tracks_for(20 * 256 * 9) == MAX_NUMBERS // (20 * 256 * 9)


@settings(max_examples=60)
@given(step=st.floats(0.05, 3.0), horizon=st.floats(0.05, 12.0))
def test_a_horizon_is_its_steps(step, horizon):
    message = pb.Open(model="constant-velocity-2d", axes=2, horizon=pb.Horizon(horizon_s=horizon, step_s=step))
    try:
        _, found = read_open(message, LIBRARY, Limits())
    except InputError:
        assert step > horizon
        return
    assert len(found.offsets) <= 256
    np.testing.assert_allclose(found.offsets, step * np.arange(1, len(found.offsets) + 1))
    assert found.offsets[-1] <= horizon + 1e-6 < found.offsets[-1] + step + 2e-6
    assert found.offsets[-1] + found.coast_s <= found.card.horizon_s + 1e-9


@pytest.mark.parametrize(
    "error",
    [
        InputError("frame.positions", "4 numbers", "3"),
        LimitError("frame.track_ids", "at most 4096", "5000"),
        NotServedError("update.goals"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_refusal_stands_for_its_error(error):
    found = from_refused(to_refused(error))
    assert type(found) is type(error) and describe(found) == describe(error)


def test_an_unknown_model_names_the_field_of_the_contract():
    with pytest.raises(UnknownModelError) as caught:
        read_open(pb.Open(model="constant-velocity-2d", version="7", axes=2), LIBRARY, Limits())
    assert caught.value.where == "open.version"


def test_the_newest_forecast_takes_over_what_the_older_ones_said():
    mailbox = Mailbox()
    for number in range(5):
        forecasts = random_forecasts(number, 1, 1, 1, 2, 0)
        forecasts.frame_number, forecasts.frames_conflated = number, 0
        forecasts.remarks = [Remark(number, Status.ENDED), Remark(9, Status.WARMING_UP)]
        mailbox.put_forecasts(forecasts)
        mailbox.put(b"kept")

    async def drain() -> list[bytes | Forecasts]:
        mailbox.close()
        found = []
        while (message := await mailbox.take()) is not None:
            found.append(message)
        return found

    *others, newest, last = asyncio.run(drain())
    assert others == [b"kept"] * 4 and last == b"kept"
    assert isinstance(newest, Forecasts)
    assert newest.frame_number == 4 and newest.frames_conflated == 4
    assert [each.track_id for each in newest.remarks] == [0, 1, 2, 3, 4, 9]


def test_requests_wait_while_too_much_waits_to_be_sent():
    async def fill_and_drain() -> list[bool]:
        mailbox = Mailbox()
        room = []
        for _ in range(MANY_WAITING):
            room.append(mailbox.has_room)
            mailbox.put(b"refused")
        room.append(mailbox.has_room)
        await mailbox.take()
        await mailbox.room()
        return [*room, mailbox.has_room]

    assert asyncio.run(fill_and_drain()) == [True] * MANY_WAITING + [False, True]
