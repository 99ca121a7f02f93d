"""Writes forecasts.json anew: `python tests/golden/regenerate_forecasts.py`, after a bundle was trained again."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "model"))

from test_shipped import GOLDEN, NAMES, golden_forecast

GOLDEN.write_text(json.dumps({name: golden_forecast(name) for name in NAMES}, indent=1) + "\n")
