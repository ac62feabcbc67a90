"""Profiles features on the emulator: what a frame and a window cost, and whether they equal the reference."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from micronets.boards import Board
from micronets.device_features.sound import Parameters, streamed, write_features
from micronets.device_features.sound.build import FRAME_STAGES, WINDOW, build_features
from micronets.emulator.accesses import check_accesses
from micronets.emulator.execution import DEFAULT_TIMEOUT_S, execute
from micronets.emulator.plugin import Counts
from micronets.errors import EmulatorError
from micronets.linking.firmware import Firmware
from micronets.linking.instructions import disassemble
from micronets.timing.cycle_models import find_cycle_model
from micronets.timing.cycles import LayerCounts, count_layer

_MORE_HOPS = 6
"""After the hop that completes the first window."""


@dataclass(frozen=True)
class Cost:
    """On average over a run: instructions counted, cycles estimated (None where there is no model for such code)."""

    instructions: float
    cycles: float | None

    @classmethod
    def of(cls, counts: LayerCounts, before: LayerCounts | None, times: int) -> "Cost":
        """Of each of `times` frames or windows, from what was counted with them and before them."""
        instructions, cycles = counts.instructions, counts.cycles
        if before is not None:
            instructions -= before.instructions
            cycles = None if cycles is None or before.cycles is None else cycles - before.cycles
        return cls(instructions / times, None if cycles is None else cycles / times)

    def to_json(self, clock_hz: int) -> dict[str, Any]:
        return {
            "instructions": round(self.instructions),
            "cycles": None if self.cycles is None else round(self.cycles),
            "ms": None if self.cycles is None else round(self.cycles / clock_hz * 1e3, 4),
        }


@dataclass(frozen=True, eq=False)
class FeatureProfile:
    """Features of one network on one board's emulator.

    Attributes:
        firmware: its memories named after the network are the features'.
        stages: of one frame, by function (see `FRAME_STAGES`).
        window: of making the network's input from the frames that there are.
        hop_instructions: of the hop that took most, its window included.
        windows: how many were compared with the reference, and were equal.
        stack_bytes: deepest stack.
    """

    firmware: Firmware
    name: str
    hop_samples: int
    frame_samples: int
    sample_rate_hz: int
    stages: Mapping[str, Cost]
    window: Cost
    hop_instructions: int
    windows: int
    stack_bytes: int

    @property
    def frame(self) -> Cost:
        """Of one frame, all its stages."""
        cycles = [cost.cycles for cost in self.stages.values() if cost.cycles is not None]
        instructions = sum(cost.instructions for cost in self.stages.values())
        return Cost(instructions, sum(cycles) if len(cycles) == len(self.stages) else None)

    @property
    def frame_ms(self) -> float | None:
        """Estimated latency of one frame at the board's clock."""
        cycles = self.frame.cycles
        return None if cycles is None else cycles / self.firmware.board.clock_hz * 1e3

    @property
    def error_percent(self) -> float | None:
        """Mean error of the cycle model on networks; None where nothing is estimated."""
        model = find_cycle_model(self.firmware.board)
        return None if model is None or self.frame.cycles is None else round(100 * model.errors.mean, 2)

    def to_json(self) -> dict[str, Any]:
        """The section `features` of profile.json."""
        clock_hz, flash = self.firmware.board.clock_hz, self.firmware.flash_bytes
        return {
            "name": self.name,
            "hop_ms": self.hop_samples / self.sample_rate_hz * 1e3,
            "frame_length_ms": self.frame_samples / self.sample_rate_hz * 1e3,
            "compared_windows": self.windows,
            "frame": self.frame.to_json(clock_hz),
            "window": self.window.to_json(clock_hz),
            "estimated_error_percent": self.error_percent,
            "stages": [{"function": name, **cost.to_json(clock_hz)} for name, cost in self.stages.items()],
            "hop_instructions_max": self.hop_instructions,
            "flash_bytes": {"code": flash.network_code, "constants": flash.network_constants, "total": flash.network},
            "static_ram_bytes": self.firmware.linked_ram_bytes.network,
            "stack_bytes": self.stack_bytes,
        }


def profile_features(
    parameters: Parameters,
    scale: float,
    zero_point: int,
    board: Board,
    directory: Path,
    *,
    optimise: str = "balanced",
    timeout_s: float = DEFAULT_TIMEOUT_S,
) -> FeatureProfile:
    """Builds the features, runs them on the emulator on generated audio and compares them with the reference.

    Args:
        scale, zero_point: of the network's int8 input, real = scale (int8 - zero_point).
        directory: gets `features/` with the C, and the program.

    Raises:
        ConfigurationError, BuildError: the features, or the program for this board, cannot be built.
        EmulatorError: as `execute`; the emulator's windows differ from the reference's; or the code accesses memory
            that is not the program's.
    """
    sources = write_features(parameters, scale, zero_point, Path(directory) / "features")
    firmware = build_features(sources, board, directory, optimise=optimise)
    hops = _audio(sources.first_window_hops + _MORE_HOPS, sources.hop_samples, parameters.sample_rate_hz)
    expected = streamed(hops.reshape(-1), parameters, scale, zero_point)
    run = execute(firmware, hops, counting="detail", timeout_s=timeout_s)
    ready = run.outputs[:, 0] == 1
    windows = run.outputs[ready, 1:].reshape(-1, sources.frames, sources.values)
    if not np.array_equal(windows, expected):
        raise EmulatorError(f"{firmware.network} on {board.name} differ from the integer reference; the C is wrong.")
    counts, most, before = *_counts(firmware, run.counts), None
    lead = -(-sources.frame_samples // sources.hop_samples) - 1
    if lead:
        before, _ = _counts(firmware, execute(firmware, hops[:lead], counting="detail", timeout_s=timeout_s).counts)
    frames = len(hops) - lead
    return FeatureProfile(
        firmware=firmware,
        name=sources.name,
        hop_samples=sources.hop_samples,
        frame_samples=sources.frame_samples,
        sample_rate_hz=parameters.sample_rate_hz,
        stages={name: Cost.of(counts[name], before[name] if before else None, frames) for name in FRAME_STAGES},
        window=Cost.of(counts[WINDOW], None, len(expected)),
        hop_instructions=most,
        windows=len(expected),
        stack_bytes=run.stack_bytes,
    )


def _audio(hops: int, hop_samples: int, sample_rate_hz: int) -> np.ndarray:
    """A gliding tone in noise, int16 (hops, hop_samples); the same in every call."""
    time_s = np.arange(hops * hop_samples) / sample_rate_hz
    noise = np.random.default_rng(0).normal(0, 300, time_s.size)
    tone = 8000 * np.sin(2 * np.pi * 300 * time_s * (1 + time_s))
    return np.rint(tone + noise).astype(np.int16).reshape(hops, hop_samples)


def _counts(firmware: Firmware, counts: Counts | None) -> tuple[dict[str, LayerCounts], int]:
    """By function, of a whole run; and the instructions of the hop that took most."""
    if counts is None:
        raise EmulatorError("The emulator ran without counting.")
    check_accesses(firmware, counts)
    program = disassemble(firmware.elf, firmware.board.core)
    model = find_cycle_model(firmware.board)
    if model is not None and model.transfer is not None:
        model = None  # what carries a network over to another core knows nothing of features
    found = {}
    for index, name in enumerate(firmware.layers):
        blocks = [block for block in counts.blocks if block.layer == index]
        accesses = [access for access in counts.accesses if access.layer == index]
        found[name] = count_layer(program, blocks, accesses, model, macs=0)
    return found, max(counts.inferences)
