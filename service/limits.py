"""Limits: what a stream may ask for; told to every client in `Opened`."""

from __future__ import annotations

from dataclasses import dataclass

from pathcast.model.admission import MAX_POSITION_M

MAX_NUMBERS = 1 << 24
"""Most means and covariance entries in one forecast of all tracks: 64 MiB of floats."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Upper bounds of what one client may ask for."""

    tracks_per_frame: int = 4096
    tracks_per_stream: int = 4096
    prefix_length: int = 512
    offsets: int = 256
    bytes_in: int = 4 << 20
    bytes_out: int = 1 << 20
    position_m: float = MAX_POSITION_M
    streams: int = 1024

    def tracks_for(self, numbers_per_track: int) -> int:
        """Live tracks in a stream whose forecasts hold that many numbers per track."""
        return max(1, min(self.tracks_per_stream, MAX_NUMBERS // max(numbers_per_track, 1)))
