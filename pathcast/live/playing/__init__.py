"""Playing: simulated scenes seen by a sensor, as the timed frames of streams, with the truth kept aside.

`scenario_named` finds a scenario and `Scenario.play` plays it: `Play.streams` are what a client may send, and their
`truth` is what it may only judge by.
"""

from pathcast.live.playing.scenarios import SCENARIOS, Play, Scenario, scenario_named
from pathcast.live.playing.streams import PlayedFrame, PlayedStream, Truth

__all__ = ["SCENARIOS", "Play", "PlayedFrame", "PlayedStream", "Scenario", "Truth", "scenario_named"]
