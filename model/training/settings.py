"""Settings of a training run, one TOML file per model in `configs/`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from pathcast.errors import InputError
from pathcast.model.bundle.config import NAME_PATTERN, VERSION_PATTERN
from pathcast.model.training.fitting_settings import FittingSettings
from pathcast.venue import SHIPPED


class TrainingSettings(FittingSettings):
    """Everything that decides a trained bundle; with the same settings it is trained again."""

    name: str = Field("pedestrian", pattern=NAME_PATTERN, description="Name of the bundle")
    version: str = Field("1", pattern=VERSION_PATTERN, description="Version of the bundle")
    summary: str = Field("", description="One line on what it is for")
    world: Literal["crowd", "ball", "tracks"] = Field("crowd", description="What is simulated; tracks: recorded ones")
    tracks: list[str] = Field([], description="Files and folders of recorded tracks, in two axes or three (tracks)")
    validation_tracks: list[str] = Field([], description="The same, to choose by; none: the last parts of each scene")
    reading: dict[str, Any] = Field({}, description="How they are read, as of read_tracks, such as format or columns")
    throws: dict[str, Annotated[float, Field(gt=0)]] = Field(
        {},
        description="Shares of kinds of throws: scenarios of the simulator, as they are or `anywhere` (ball)",
    )
    lift_factor: float = Field(
        1.0, ge=1, description="Lift of throws anywhere is drawn from that over this factor to that times it (ball)"
    )
    base: Literal["physics", "parabola", "none"] = Field(
        "physics",
        description="What paths are residuals on: the whole flight, one in a vacuum, a straight line (ball)",
    )
    is_streamed: bool = Field(
        False,
        description="Whether tracks are read bit by bit all along: Parquet of any size (tracks)",
    )
    shuffled: int = Field(
        8192, ge=1, description="Examples that one order is drawn of, in whole batches; they are in memory (streamed)"
    )
    venue: str | None = Field(None, description="Name of the shipped venue that the model assumes")

    num_train: int = Field(20_000, ge=256, description="Tracks per epoch")
    num_validation: int = Field(4_000, ge=64, description="Tracks that choose the epoch and calibrate")
    num_calibration: int = Field(12_000, ge=64, description="Validation tracks that calibrate balls")
    noise_levels: int = Field(
        1, ge=1, description="Groups of calibration by the noise found of tracks that were not told it (ball)"
    )
    num_test: int = Field(4_000, ge=64, description="Tracks that are scored at the end")
    num_ends: int = Field(3, ge=1, description="Forecasts per track")
    num_scenes: int = Field(
        600, ge=20, description="Scenes simulated, a tenth of them for each of validation and test (crowd)"
    )
    prefix: int = Field(12, ge=2, description="Most observations before a forecast")
    rates_hz: list[Annotated[float, Field(gt=0)]] = Field(
        [30.0], min_length=1, description="Sampling rates of the sensor (ball)"
    )
    noise_m: float = Field(0.03, ge=0, description="Standard deviation of an observed position")
    noise_factor: float = Field(1.0, ge=1, description="It is drawn from that over this factor to that times it (ball)")
    told_noise: float = Field(0.6, ge=0, le=1, description="Share of tracks whose noise the filter is told (ball)")
    clock_jitter_s: float = Field(0.0, ge=0, description="Standard deviation of the sensor's clock")
    dropout: float = Field(0.05, ge=0, lt=1, description="Share of observations that are missing")
    short_prefixes: float = Field(0.5, ge=0, le=1, description="Share of prefixes cut to a random length (recorded)")
    stretch: float = Field(0.2, ge=0, lt=1, description="Standard deviation of a scene's size (recorded)")
    least_known_s: float = Field(4.8, gt=0, description="Seconds after an observation that must be known (recorded)")
    acceleration_density: float = Field(5e-4, gt=0, description="Unmodelled acceleration in the filter, m²/s³ (ball)")
    lift_walk: float = Field(0.01, ge=0, description="Variance that the lift's logarithm gains in a second (ball)")
    hit_speed_share: float = Field(0.01, ge=0, description="Share of the speed that a bounce leaves uncertain (ball)")
    hit_spin_share: float = Field(0.05, ge=0, description="The same of the spin (ball)")
    outcome_throws: dict[str, Annotated[float, Field(gt=0)]] = Field(
        {}, description="Shares of kinds of shots that the outcome head is fitted to; none: there is no head (ball)"
    )
    outcome_rates_hz: list[Annotated[float, Field(gt=0)]] = Field(
        [25.0, 30.0], min_length=1, description="Sampling rates of those shots (ball)"
    )
    num_outcome_shots: int = Field(24_576, ge=2048, description="How many, in whole thousands of 2048 (ball)")
    untold_object: float = Field(
        0.0, ge=0, description="Deviation of ln drag and ln lift that comes of not knowing size and mass (ball)"
    )
    told_object: float = Field(0.0, ge=0, le=1, description="Share of tracks whose size and mass are told (ball)")

    knot_s: float = Field(0.4, gt=0, description="Seconds between the decoder's knots")
    num_knots: int = Field(15, ge=2, description="Knots; the last is the trained horizon")
    num_offsets: int = Field(12, ge=1, description="Knots that are forecast by default")
    coast_s: float = Field(1.2, ge=0, description="Default coasting time")
    warm_points: int = Field(3, ge=2, description="Observations before a track counts as warm")

    memory: Literal["lstm", "gru", "rnn", "trace"] = Field("lstm", description="The encoder's memory")
    trace_of: Literal["input", "state", "output"] = Field("input", description="What a trace is of (trace)")
    is_decay_fixed: bool = Field(False, description="Whether a trace's decays stay as they begin (trace)")
    chrono_steps: int = Field(
        0, ge=0, description="Observations over which gates begin by keeping what was seen, 0 for usual (lstm, gru)"
    )
    is_bidirectional: bool = Field(
        False, description="Whether half the units read prefixes backwards: for whole tracks only, not for streams"
    )
    num_units: int = Field(64, ge=1, description="Units of the encoder")
    num_layers: int = Field(1, ge=1, description="Layers of the encoder")
    num_context: int = Field(64, ge=1, description="Units between encoder and decoder")
    num_decoder_units: int = Field(64, ge=1, description="Units of the decoder")
    num_modes: int = Field(20, ge=1, description="Modes")
    has_point: bool = Field(False, description="Whether one best path stands beside the modes")
    mean_share: float = Field(0.0, ge=0, le=1, description="Share of the mixture's mean path in the best path")
    is_point_steady: bool = Field(False, description="Whether it starts from a learned mean of velocities")
    num_neighbours: int = Field(0, ge=0, description="Most people around that are looked at, 0 for none (crowd)")
    num_neighbour_units: int = Field(64, ge=4, multiple_of=4, description="Units that look at each of them")
    keeps_clear: bool = Field(False, description="Whether paths make room where those around are expected")
    num_goals: int = Field(0, ge=0, le=64, description="Most goals named to a track, 0: no goal head (crowd)")
    num_goal_units: int = Field(64, ge=1, description="Units that look at each of them")
    goal_epochs: int = Field(10, ge=1, description="Passes over the tracks for the goal head, after the others")
    num_directions: int = Field(6, ge=1, description="Singular directions that anchors are sought in")

    start_from: str = Field(
        "", description="Folder of a bundle whose weights are trained on; the untrained ones if empty"
    )

    micro_batch: int = Field(
        0, ge=0, description="Most tracks that a process makes gradients of at once, added up to the same; 0 for all"
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where the network is trained")
    precision: Literal["float32", "bf16"] = Field("float32", description="Arithmetic of the network's forward pass")
    compile: bool = Field(False, description="Whether torch.compile translates the network first")

    min_ade: float = Field(1.0, ge=0, description="Weight of the best mode's mean displacement")
    min_fde: float = Field(0.5, ge=0, description="Weight of its last displacement")
    winner: float = Field(0.1, ge=0, description="Weight of the probabilities' cross-entropy with the best mode")
    mean_ade: float = Field(0.0, ge=0, description="Weight of the mean path's displacement")
    point_ade: float = Field(0.5, ge=0, description="Weight of the best path's displacement")
    collision: float = Field(0.0, ge=0, description="Weight of probable paths that come near to people around (crowd)")
    energy: float = Field(0.0, ge=0, description="Weight of the mixture's energy score")
    likelihood: float = Field(0.1, ge=0, description="Weight of the mixture's negative log-likelihood")
    is_mean_detached: bool = Field(True, description="Whether the likelihood leaves the paths alone")
    spread_margin: float = Field(
        1.0, gt=0, description="What calibrated spreads are multiplied by, for places unlike those that calibrated them"
    )
    spread_margins: dict[str, float] = Field(
        {}, description="The same for each fold of ETH/UCY when it is scored, by the scene that is left out"
    )
    branch_share: float = Field(
        0.0, ge=0, lt=1, description="Probability of the ways of sample flights where a flight's way parts (balls)"
    )
    is_relative: bool = Field(False, description="Whether displacements count in each forecast's own unit")

    @model_validator(mode="after")
    def _check(self) -> TrainingSettings:
        needed, horizon = self.num_offsets * self.knot_s + self.coast_s, self.num_knots * self.knot_s
        if needed > horizon + 1e-9:
            raise InputError(
                "num_knots * knot_s", f"at least num_offsets * knot_s + coast_s, {needed:g} s", f"{horizon:g} s"
            )
        if self.world == "ball":
            from pathcast.model.training.ball_throws import kind_named

            if not self.throws:
                raise InputError("throws", 'at least one kind of throws for world = "ball"', "none")
            for name in (*self.throws, *self.outcome_throws):
                kind_named(name)
        if self.branch_share and (self.world != "ball" or self.num_modes < 2):
            raise InputError("branch_share", '0, or world = "ball" and at least two modes', f"{self.branch_share:g}")
        if (self.world == "tracks") != bool(self.tracks):
            expected = "files or folders" if self.world == "tracks" else 'none, or world = "tracks"'
            raise InputError("tracks", expected, "none" if not self.tracks else f"{len(self.tracks)} of them")
        if self.is_streamed and self.world != "tracks":
            raise InputError("is_streamed", 'false, or world = "tracks"', "true")
        if self.num_goals and self.world != "crowd":
            raise InputError(
                "num_goals", '0, or world = "crowd", which knows where people walk to', f"{self.num_goals}"
            )
        if self.keeps_clear and not (self.num_neighbours and self.world != "ball"):
            raise InputError("keeps_clear", "false, or people who are looked at: num_neighbours over 0", "true")
        if self.chrono_steps and self.memory not in ("lstm", "gru"):
            raise InputError("chrono_steps", "0, or a memory with gates: lstm or gru", f"{self.memory}")
        if self.is_bidirectional and self.num_units % 2:
            raise InputError("num_units", "an even number, half for each direction", f"{self.num_units}")
        if self.venue is not None and self.venue not in SHIPPED:
            raise InputError("venue", f"one of {', '.join(SHIPPED)}", repr(self.venue))
        return self

    @property
    def knots_s(self) -> list[float]:
        """Offsets of the knots, seconds."""
        return [round(self.knot_s * (index + 1), 6) for index in range(self.num_knots)]
