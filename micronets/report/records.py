"""What the report knows about a run, typed: one record per stage of a model, gathered in `Results`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import pandas as pd

from micronets.architecture import Architecture
from micronets.boards import Board
from micronets.costs import Costs
from micronets.evaluation import ClipScores, Score
from micronets.report.published_figures import Publication
from micronets.runtime import MICRONETS

Kind = Literal["searched", "published", "baseline", "given", "tflite"]
SPLITS = ("training", "validation", "testing")


METRIC_NAMES = {"accuracy": "accuracy", "auc": "AUC"}
"""How scores are called in sentences; others by their name in files."""


NOTABLE_POINTS = 1.0
"""LiteRT's score is flagged where it is more percentage points away from the firmware's."""


@dataclass(frozen=True)
class Merit:
    """The score that networks are compared by (0 to 1), on `count` examples."""

    score: Score
    count: int

    @property
    def share(self) -> float:
        return self.score.value

    @property
    def interval(self) -> tuple[float, float]:
        """95 %: which true values fit what was seen in so few examples."""
        return self.score.low, self.score.high


@dataclass(frozen=True)
class Dataset:
    """The prepared dataset.

    Attributes:
        source: in a word, where its examples come from.
        is_papers: whether it is the one that the paper's scores were measured on.
        clips: examples by split.
    """

    source: str
    is_papers: bool
    content_hash: str
    seed: int
    labels: tuple[str, ...]
    clips: dict[str, int]


@dataclass(frozen=True)
class Width:
    """Channels at one place of the backbone, and of the network found there; None where it skips that place."""

    place: str
    backbone: int
    found: int | None


@dataclass(frozen=True)
class Limit:
    """One thing that the budget of a search limits, and what the network takes of it with random weights: bytes, ms,
    mJ, or operations."""

    name: str
    unit: str
    measured: float
    limit: float


@final
@dataclass(frozen=True, eq=False)
class Search:
    """How a network was found.

    Attributes:
        history: of a differentiable search: one row per epoch with the fields of `micronets.search.loop.SearchEpoch`;
            empty for other strategies.
        widths: of the network that was trained: as searched, and then made to fit its board.
        limits: as linked and emulated for the board of the search; empty where that has not been done.
        candidates: networks that evolution has scored, in order, with `generation`, `loss`, `accuracy` and `use`; empty
            for other strategies.
    """

    history: pd.DataFrame
    candidates: pd.DataFrame
    widths: tuple[Width, ...]
    limits: tuple[Limit, ...] = ()


@final
@dataclass(frozen=True, eq=False)
class Training:
    """The history has a row per epoch with the fields of `micronets.train.phase.Epoch`; merits are None where the
    testing split does not show them."""

    history: pd.DataFrame
    float_merit: Merit | None
    quantised_merit: Merit | None


@final
@dataclass(frozen=True, eq=False)
class Export:
    """The .tflite file in LiteRT and in TFLM's host interpreter, on the testing split.

    Attributes:
        count: testing examples.
        litert_merit, tflm_merit: None where these do not show it.
        scores: TFLM's, by name; among them that of `tflm_merit`.
        litert_different_share: of the examples, those that LiteRT answers differently from TFLM; None where that was
            not written down.
        clip_scores: of TFLM's answers, where clips are scored by how anomalous they are; otherwise None.
        labels: of its outputs, in order.
        confusion: int64 of shape (classes, classes): examples by true class (row) and TFLM's answer (column); None
            where examples are not right or wrong.
        tflm_arena_bytes: what TFLM allocates for it on the host.
    """

    tflite_bytes: int
    count: int
    litert_merit: Merit | None
    tflm_merit: Merit | None
    litert_different_share: float | None
    scores: dict[str, Score]
    clip_scores: ClipScores | None
    labels: tuple[str, ...]
    confusion: np.ndarray | None
    tflm_arena_bytes: int


@dataclass(frozen=True)
class Buffer:
    """A stretch of the arena in use from layer `first_step` to layer `last_step`, both included."""

    name: str
    offset_bytes: int
    size_bytes: int
    first_step: int
    last_step: int


@final
@dataclass(frozen=True)
class Firmware:
    """A linked program: sizes from the linker, the arena from the compiler's plan.

    Attributes:
        steps: what each step of the plan runs: a layer, or several that run row by row.
        flash_parts: weights and code of a runtime by what of it they are, such as `kernels`; empty where they are not
            told apart.
    """

    flash_bytes: int
    weights_bytes: int
    code_bytes: int
    static_ram_bytes: int
    arena_bytes: int
    buffers: tuple[Buffer, ...]
    steps: tuple[str, ...]
    flash_parts: Mapping[str, int]


@final
@dataclass(frozen=True)
class Estimate:
    """Latency and energy by the cycle model, and how far it has been off on silicon, for this board or its core.

    Attributes:
        energy_mj: of one inference; None where the board's power is not known; likewise its error.
    """

    latency_ms: float
    energy_mj: float | None
    mean_error_percent: float
    worst_error_percent: float
    energy_error_percent: float | None


@final
@dataclass(frozen=True)
class Features:
    """What the network's input costs where the device computes it from sounds.

    Attributes:
        frame_ms: of one frame, estimated; None where there is no cycle model for it; likewise its mean error.
        hop_ms: from one frame to the next.
        instructions: of one frame.
    """

    frame_ms: float | None
    frame_error_percent: float | None
    hop_ms: float
    instructions: int
    flash_bytes: int
    static_ram_bytes: int


@final
@dataclass(frozen=True, eq=False)
class Profile:
    """One firmware as executed on the emulator.

    Attributes:
        merit: over all inputs that were run; None where they do not show it.
        instructions: of one inference; likewise `macs`, where they are counted.
        estimate: None where there is no cycle model for the core.
        measured_latency_ms: by the board's own counter; None where only the emulator was asked.
        stack_bytes: greatest depth reached.
        compared_outputs: how many were compared with TFLM's, bit for bit; `equal_outputs` of them equalled.
        layers: columns `layer` (a readable name), `instructions`, `estimated_ms`, `share_of_floor` (the time of its
            multiply-accumulates alone, as a share), `macs`, and `flash_code_bytes` and `flash_constant_bytes` (of its
            own); what is not known is missing. In the order of execution.
        share_of_floor: as of a layer, of the whole network; None where it is not known.
        features: None where the input does not come from sounds.
    """

    inputs: int
    merit: Merit | None
    instructions: int
    macs: int | None
    estimate: Estimate | None
    measured_latency_ms: float | None
    stack_bytes: int
    compared_outputs: int
    equal_outputs: int
    layers: pd.DataFrame
    features: Features | None = None
    share_of_floor: float | None = None

    @property
    def bit_exact(self) -> bool | None:
        """Whether every output equalled TFLM's; None where there was none to compare with."""
        return None if self.compared_outputs == 0 else self.equal_outputs == self.compared_outputs


@dataclass(frozen=True)
class Build:
    """A model on a board with a runtime (`micronets` or `tflm`); None for a stage that has not run."""

    board: Board
    runtime: str
    firmware: Firmware | None
    profile: Profile | None

    @property
    def place(self) -> str:
        """In sentences; the runtime is named where it is not our own."""
        return self.board.name if self.runtime == MICRONETS else f"{self.board.name} with TFLM"

    @property
    def picture_name(self) -> str:
        """What tells its pictures from those of other builds."""
        return self.board.name if self.runtime == MICRONETS else f"{self.board.name}_{self.runtime}"

    @property
    def latency_ms(self) -> float | None:
        """Estimated; None where nothing is."""
        estimate = self.profile and self.profile.estimate
        return estimate.latency_ms if estimate else None

    @property
    def ram_bytes(self) -> int | None:
        """Of the program as it runs: static data (the arena among it) and the deepest stack; None before both are
        known. Nothing else is called so, in no file and in no store."""
        if self.firmware is None or self.profile is None:
            return None
        return self.firmware.static_ram_bytes + self.profile.stack_bytes


@dataclass(frozen=True)
class Model:
    """One model with everything known of it; None for a stage that has not run.

    Attributes:
        architecture, costs: None of a network that has been trained elsewhere.
        reconstructs: whether it gives back its input.
        group: what it is called together with those of its sweep that differ from it by their seed alone; empty: none.
        tested: examples of the testing split: windows, where clips are cut into such.
    """

    name: str
    kind: Kind
    architecture: Architecture | None
    costs: Costs | None
    reconstructs: bool
    group: str
    search: Search | None
    training: Training | None
    export: Export | None
    tested: int
    builds: tuple[Build, ...]

    @property
    def main_builds(self) -> tuple[Build, ...]:
        """One for each board: that of our own runtime, or where there is none, TFLM's."""
        own = {build.board for build in self.builds if build.runtime == MICRONETS}
        return tuple(build for build in self.builds if build.runtime == MICRONETS or build.board not in own)

    def macs(self, build: Build) -> int | None:
        """Multiply-accumulates: of the architecture, or where that is not known, those that the compiler left."""
        if self.costs is not None:
            return self.costs.macs
        return build.profile and build.profile.macs

    @property
    def merit(self) -> Merit | None:
        """The int8 network's score: in the firmware's arithmetic, which is that of TFLM's reference kernels, on all of
        the testing split. None before the export, and where the split does not show it."""
        return self.export and self.export.tflm_merit

    @property
    def litert_points(self) -> float | None:
        """Percentage points by which LiteRT's score is above the firmware's; None where either is not known."""
        if self.merit is None or self.export is None or self.export.litert_merit is None:
            return None
        return 100 * (self.export.litert_merit.share - self.merit.share)

    def arena_share(self, build: Build) -> float | None:
        """The arena divided by TFLM's for the same file: on the board where it was built for TFLM, else on the host.

        None before both are known, and of a build for TFLM itself.
        """
        if build.firmware is None or build.runtime != MICRONETS:
            return None
        for other in self.builds:
            if other.runtime != MICRONETS and other.board == build.board and other.firmware is not None:
                return build.firmware.arena_bytes / other.firmware.arena_bytes
        return None if self.export is None else build.firmware.arena_bytes / self.export.tflm_arena_bytes


@dataclass(frozen=True)
class Results:
    """One task's results, with the paper's figures to set beside them; `metric` names the score in them."""

    task: str
    metric: str
    dataset: Dataset
    models: tuple[Model, ...]
    publication: Publication

    @property
    def metric_name(self) -> str:
        """In sentences."""
        return METRIC_NAMES.get(self.metric, self.metric)

    @property
    def metric_title(self) -> str:
        """At the beginning of a sentence."""
        return self.metric_name[0].upper() + self.metric_name[1:]
