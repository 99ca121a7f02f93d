"""Sensor: what a tracker reports of true motion. Its clock, noise, gaps and mistaken identities, apart from the truth.

Every fault is off unless it is named and draws from a stream of its own, so that switching one on changes no other; the
same seed gives the same observations for any split into batches.
"""

from pathcast.simulator.sensor.clock import LARGEST_JITTER, Instants
from pathcast.simulator.sensor.identity import Identities
from pathcast.simulator.sensor.occlusion import Cylinder, is_behind_cylinders, is_hidden
from pathcast.simulator.sensor.scenes import Observed, Occluders, observe_tracks, watch_tracks
from pathcast.simulator.sensor.settings import Sensor
from pathcast.simulator.sensor.watching import Watched, watch

__all__ = [
    "LARGEST_JITTER",
    "Cylinder",
    "Identities",
    "Instants",
    "Observed",
    "Occluders",
    "Sensor",
    "Watched",
    "is_behind_cylinders",
    "is_hidden",
    "observe_tracks",
    "watch",
    "watch_tracks",
]
