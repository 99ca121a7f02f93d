"""Limits: what a stream may ask for, told to every client in `Opened`; how long silence and connections last."""

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
    """Streams and unary requests open at once, in this process."""
    client_streams: int = 0
    """Of these, those of one client; 0: as many as of all."""
    client_frames_hz: float = 0.0
    """Messages of a stream, and unary requests, that one client may send a second; 0: any number."""
    client_observations_hz: float = 0.0
    """Observations in them; 0: any number."""
    burst_s: float = 10.0
    """Seconds of these rates that a client which was silent may use at once."""

    snapshot_every_s: float = 2.0
    """A stream in which something changes is sent its state so often, to resume from; 0: never."""
    idle_stream_s: float = 1800.0
    """A stream on which nothing came in for so long is ended; 0: never."""
    idle_connection_s: float = 300.0
    """A connection without calls for so long is closed, which clients do not notice; 0: never."""
    connection_age_s: float = 0.0
    """A connection this old takes no new calls, so that clients spread over new replicas; 0: any age."""
    connection_grace_s: float = 60.0
    """Seconds that calls of such a connection may still last."""
    keepalive_s: float = 60.0
    """A connection on which nothing came in for so long is pinged; 0: never."""
    keepalive_timeout_s: float = 20.0
    """A ping that is not answered for so long ends the connection and its streams."""
    client_ping_s: float = 10.0
    """Clients may ping at most so often; who does it more is cut (ENHANCE_YOUR_CALM)."""

    def numbers_for(self, tracks_per_stream: int) -> int:
        """Numbers per track that the forecasts of a stream of that many live tracks may hold."""
        return MAX_NUMBERS // tracks_per_stream

    def tracks_for(self, numbers_per_track: int) -> int:
        """Live tracks in a stream whose forecasts hold that many numbers per track."""
        return max(1, min(self.tracks_per_stream, MAX_NUMBERS // max(numbers_per_track, 1)))
