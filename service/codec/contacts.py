"""Contacts on the wire: what tracks will touch, to their messages and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from pathcast.model.contacts import Contacts, no_contacts
from pathcast.v1 import forecast_pb2 as pb

CONTACT_BYTES = 128
"""Most bytes of one contact in 3 axes."""


def write_contacts(contacts: Contacts, track_ids: np.ndarray, messages: Any) -> None:
    """Adds them to a part of an answer.

    Args:
        contacts: Of the part's tracks.
        track_ids: Of the part.
        messages: Its field.
    """
    places, covariances = contacts.position.tolist(), contacts.covariance.tolist()
    columns = (track_ids[contacts.row], contacts.kind, contacts.probability, contacts.offset_s, contacts.deviation_s)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for index, (track_id, kind, probability, offset_s, deviation_s) in enumerate(rows):
        messages.add(
            track_id=track_id,
            kind=kind,
            probability=probability,
            offset_s=offset_s,
            offset_deviation_s=deviation_s,
            position=places[index],
            covariance=covariances[index],
        )


def read_contacts(
    messages: Sequence[pb.Contact], track_ids: Sequence[int], origin: Float[np.ndarray, " axis"]
) -> Contacts:
    """The contacts of one part; the origin is added to their places."""
    if not messages:
        return no_contacts()
    row_of = {track_id: row for row, track_id in enumerate(track_ids)}
    return Contacts(
        np.array([row_of[message.track_id] for message in messages], np.int64),
        np.array([message.kind for message in messages], np.int64),
        np.array([message.probability for message in messages]),
        np.array([message.offset_s for message in messages]),
        np.array([message.offset_deviation_s for message in messages]),
        np.array([list(message.position) for message in messages]) + origin,
        np.array([list(message.covariance) for message in messages]),
    )
