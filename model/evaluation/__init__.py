"""Evaluation: the protocols under which forecasts are compared with published ones."""
