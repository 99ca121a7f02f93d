"""Clients that show and judge what the service answers."""
