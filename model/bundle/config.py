"""A bundle's config.json."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pathcast.errors import BundleError
from pathcast.model.frontends import FrontEnd
from pathcast.simulator.ball.parameters import NUM_FULL_PARAMETERS
from pathcast.venue import SHIPPED

FORMAT_NUMBER = 2
"""Number of the layout; a reader of n reads n - 1 too."""
CONFIG, ENCODE, ESTIMATE, FORECAST, GOALS, OUTCOMES, WEIGHTS, METRICS, CARD = (
    "config.json",
    "encode.onnx",
    "estimate.onnx",
    "forecast.onnx",
    "goals.onnx",
    "outcomes.onnx",
    "model.safetensors",
    "metrics.json",
    "README.md",
)
OLD_BALL = "kalman"
"""Kind of the front end of balls that format 1 had; nothing here reads it."""
NAME_PATTERN, VERSION_PATTERN = r"^[a-z0-9][a-z0-9-]{0,63}$", r"^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$"


class _Strict(BaseModel):
    # A ball without a floor has one at minus infinity, which JSON as such has no word for.
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


class HeadingConfig(_Strict):
    """The heading front end."""

    kind: Literal["heading"] = "heading"
    num_axes: Literal[2, 3] = 2
    sees_courses: bool = False
    """Whether the inputs of people around end with their courses."""

    def build(self) -> FrontEnd:
        """The front end."""
        if self.num_axes == 3:
            from pathcast.model.frontends.heading_space import SpaceHeadingFrontEnd

            return SpaceHeadingFrontEnd(self.sees_courses)
        from pathcast.model.frontends.heading import HeadingFrontEnd

        return HeadingFrontEnd(self.sees_courses)


class BallConfig(_Strict):
    """The ball front end: what its filter takes for granted (`frontends.ball.front_end.BallSettings`)."""

    kind: Literal["ball"] = "ball"
    venue: str | None = None
    """Name of the shipped venue whose fixtures are solid; None: the level floor of the parameters."""
    parameters: tuple[float, ...]
    radius_m: float = Field(gt=0)
    mass_kg: float = Field(gt=0)
    noise_m: float = Field(gt=0)
    clock_s: float = Field(ge=0)
    max_speed_mps: float = Field(gt=0)
    acceleration_density: float = Field(gt=0)
    lift_walk: float = Field(ge=0)
    hit_speed_share: float = Field(ge=0)
    hit_spin_share: float = Field(ge=0)
    spin_mean: tuple[float, float, float]
    spin_deviation: tuple[float, float, float]
    coefficient_mean: tuple[float, float, float, float, float]
    coefficient_deviation: tuple[float, float, float, float, float]
    untold_object: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _check(self) -> BallConfig:
        if len(self.parameters) != NUM_FULL_PARAMETERS:
            raise ValueError(f"parameters: expected {NUM_FULL_PARAMETERS} numbers, found {len(self.parameters)}")
        for name, value in self:
            for number in value if isinstance(value, tuple) else (value,):
                is_no_floor = name == "parameters" and number == -math.inf
                if isinstance(number, float) and not math.isfinite(number) and not is_no_floor:
                    raise ValueError(f"{name}: expected finite numbers, found {number}")
        return self

    def build(self) -> FrontEnd:
        """The front end."""
        from pathcast.model.frontends.ball.front_end import BallFrontEnd, BallSettings

        settings = BallSettings(**self.model_dump(exclude={"kind", "venue"}))
        return BallFrontEnd(settings, SHIPPED[self.venue] if self.venue else None)


class SpreadGroups(_Strict):
    """Calibration by for how long a track was seen and how well its noise is known; factors beside `spread_scale`."""

    seen_s: list[float]
    """Seconds that part the groups, rising."""
    noise: list[float] = []
    """What parts those of tracks whose noise nobody told: standard deviation found over the nominal one, rising."""
    factors: list[list[float]]
    """Of each group, at each knot: by seconds, of tracks of least noise first, last of those that were told it."""

    @model_validator(mode="after")
    def _check(self) -> SpreadGroups:
        expected = (len(self.seen_s) + 1) * (len(self.noise) + 2)
        if self.seen_s != sorted(self.seen_s) or self.noise != sorted(self.noise) or len(self.factors) != expected:
            raise ValueError(f"spread_groups: expected rising seconds and noise, and factors of {expected} groups")
        return self


class BundleConfig(_Strict):
    """What a bundle is; everything in seconds and metres."""

    format: int = FORMAT_NUMBER
    name: str = Field(pattern=NAME_PATTERN)
    version: str = Field(pattern=VERSION_PATTERN)
    summary: str
    front_end: Annotated[HeadingConfig | BallConfig, Field(discriminator="kind")]
    knots_s: list[float] = Field(min_length=2)
    """Offsets of the decoder's knots; the last is the trained horizon."""
    offsets_s: list[float] = Field(min_length=1)
    """Default offsets of forecasts."""
    coast_s: float = Field(ge=0)
    warm_points: int = Field(ge=2)
    num_modes: int = Field(ge=1)
    memory_size: int = Field(ge=1)
    spread_scale: list[float]
    """Calibration: what standard deviations are multiplied by, at each knot."""
    spread_groups: SpreadGroups | None = None
    branch_share: float = Field(default=0.0, ge=0, lt=1)
    """Probability of the ways of sample flights where a flight's way parts; 0: nothing is sampled."""
    mean_share: float = Field(default=0.0, ge=0, le=1)
    """Share of the mixture's mean path in the best path; the rest is what the decoder said."""
    mode_temperature: float = Field(default=1.0, gt=0)
    """Calibration: what the logits of modes are divided by."""
    goal_temperature: float = Field(default=1.0, gt=0)
    """Calibration: what the logits of goals are divided by."""
    outcome_temperature: float = Field(default=1.0, gt=0)
    """Calibration: what the logits of outcomes are divided by."""
    venue: str | None = None
    """Name of a shipped venue."""
    network: dict[str, int | str | None] = Field(default_factory=dict)
    """Sizes of the network, for training on."""
    training: dict[str, Any] = Field(default_factory=dict)
    """Settings that it was trained with."""
    files: dict[str, str] = Field(default_factory=dict)
    """SHA-256 of the graphs and weights."""

    @property
    def digest(self) -> str:
        """A number for all that decides forecasts: what stands here, the other files' hashes among it."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @model_validator(mode="after")
    def _check(self) -> BundleConfig:
        if self.knots_s != sorted(self.knots_s) or self.knots_s[0] <= 0:
            raise ValueError("knots_s: expected increasing seconds over 0")
        if len(self.spread_scale) != len(self.knots_s):
            raise ValueError("spread_scale: expected one for each knot")
        if self.spread_groups and any(len(row) != len(self.knots_s) for row in self.spread_groups.factors):
            raise ValueError("spread_groups.factors: expected one for each knot")
        if self.offsets_s[-1] + self.coast_s > self.knots_s[-1] + 1e-9:
            raise ValueError("offsets_s: expected the last one and coast_s within the last knot")
        if isinstance(self.front_end, BallConfig) and self.front_end.venue not in (None, *SHIPPED):
            raise ValueError(f"front_end.venue: expected one of {', '.join(SHIPPED)}, found {self.front_end.venue!r}")
        if self.venue is not None and self.venue not in SHIPPED:
            raise ValueError(f"venue: expected one of {', '.join(SHIPPED)}, found {self.venue!r}")
        return self


def read_config(folder: Path) -> BundleConfig:
    """Reads and checks a bundle's config.json.

    Raises:
        BundleError: It is missing, not JSON, of a newer format, or wrong in a field, which is named.
    """
    path = folder / CONFIG
    try:
        content = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BundleError(f"{folder}: expected a bundle, found no {CONFIG}") from error
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: expected JSON, found {error}") from error
    found = content.get("format") if isinstance(content, dict) else None
    if not isinstance(found, int) or not 1 <= found <= FORMAT_NUMBER:
        raise BundleError(f"{path}: expected format 1 to {FORMAT_NUMBER}, found {found}")
    front_end = content.get("front_end")
    if isinstance(front_end, dict) and front_end.get("kind") == OLD_BALL:
        raise BundleError(
            f"{path}: expected the front end ball, found {OLD_BALL} of an earlier release: train it again"
        )
    try:
        return BundleConfig.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "config"
        raise BundleError(f"{path}: {where}: {first['msg']}") from error


def read_verified(folder: Path, name: str, config: BundleConfig) -> bytes:
    """A file of the bundle that is as its config says.

    Raises:
        BundleError: It cannot be read, or is another.
    """
    try:
        data = (folder / name).read_bytes()
    except OSError as error:
        raise BundleError(f"{folder / name}: expected a graph, found {error.strerror}") from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != config.files.get(name):
        raise BundleError(f"{folder / name}: expected SHA-256 {config.files.get(name)}, found {digest}")
    return data
