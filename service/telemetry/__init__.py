"""Telemetry: what a server says of itself: its metrics, and how its forecasts fared."""
