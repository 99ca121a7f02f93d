"""The demo: from the simulator to forecasts streamed by a server, on simulated and on recorded tracks."""
