"""Pedestrians: a social-force crowd with anticipation, walls, waypoints and intents, many scenes at once."""
