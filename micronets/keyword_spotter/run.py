"""Runs a keyword spotter on audio, and reads what it answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from micronets.emulator.execution import DEFAULT_TIMEOUT_S, execute, run_inputs
from micronets.emulator.plugin import Counts
from micronets.errors import EmulatorError
from micronets.keyword_spotter.build import SpotterSources
from micronets.linking.firmware import Firmware
from micronets.linking.host import run_on_host
from micronets.linking.instructions import disassemble
from micronets.timing.cycle_models import CycleModel, find_cycle_model
from micronets.timing.cycles import count_layer


@dataclass(frozen=True, eq=False)
class Answers:
    """What the program said after each inference.

    Attributes:
        time_ms: of audio heard until then, int64 (inferences,).
        posteriors: in 1/256, uint16 (inferences, classes).
        sums: of the posteriors over the window, uint16 (inferences, classes).
        detected: class, or -1, int16 (inferences,).
    """

    time_ms: np.ndarray
    posteriors: np.ndarray
    sums: np.ndarray
    detected: np.ndarray

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Answers) and all(
            np.array_equal(mine, theirs) for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True)
        )


@dataclass(frozen=True)
class FunctionCost:
    """What a function of the chain takes.

    Attributes:
        calls: in the whole run.
        instructions: of a call, on average over the run; counted.
        cycles: of a call, estimated on the run's beginning; None where there is no cycle model for the board.
    """

    calls: int
    instructions: float
    cycles: float | None


@dataclass(frozen=True, eq=False)
class Listened:
    """A run on the emulator.

    Attributes:
        costs: by function of the chain; the last one is what calls them.
        instructions: of the hop that took most.
        stack_bytes: deepest stack of one hop.
    """

    answers: Answers
    costs: Mapping[str, FunctionCost]
    instructions: int
    stack_bytes: int


def record(classes: int) -> np.dtype:
    """`struct spotter_answer` of micronets/csrc/app/keyword_spotter/spotter.h."""
    return np.dtype(
        [("inferred", "<u2"), ("detected", "<i2"), ("sums", "<u2", (classes,)), ("posteriors", "<u2", (classes,))]
    )


def hops_of(audio: np.ndarray, hop_samples: int) -> np.ndarray:
    """Whole hops of int16 audio (samples,), shape (hops, hop_samples); what is left over at the end is not heard.

    Raises EmulatorError where there is not one.
    """
    count = len(audio) // hop_samples
    if count == 0:
        raise EmulatorError(f"{len(audio)} samples are less than one hop of {hop_samples}; give more audio.")
    return np.ascontiguousarray(audio[: count * hop_samples], np.int16).reshape(count, hop_samples)


def listen_on_host(executable: Path, sources: SpotterSources, audio: np.ndarray, *, timeout_s: float = 600) -> Answers:
    """Runs the program that `build_for_host` has built on int16 audio (samples,).

    Raises EmulatorError where it crashed, hung, or a sanitizer spoke up.
    """
    classes = len(sources.settings.labels)
    hops = hops_of(audio, sources.features.hop_samples)
    outputs = run_on_host(executable, hops, record(classes).itemsize, timeout_s=timeout_s)
    return _read(outputs, sources.settings.hop_ms, classes)


def hear_on_emulator(
    firmware: Firmware, sources: SpotterSources, audio: np.ndarray, *, timeout_s: float = DEFAULT_TIMEOUT_S
) -> Answers:
    """Runs the program that `build_for_emulator` has built on int16 audio (samples,), counting nothing.

    Raises EmulatorError as `execute`.
    """
    outputs = run_inputs(firmware, hops_of(audio, sources.features.hop_samples), timeout_s=timeout_s)
    return _read(outputs, sources.settings.hop_ms, len(sources.settings.labels))


def listen_on_emulator(
    firmware: Firmware, sources: SpotterSources, audio: np.ndarray, *, timeout_s: float = DEFAULT_TIMEOUT_S
) -> Listened:
    """Runs the program that `build_for_emulator` has built on int16 audio (samples,), counting instructions; and once
    more on the beginning in detail.

    Raises EmulatorError as `execute`.
    """
    settings = sources.settings
    hops = hops_of(audio, sources.features.hop_samples)
    run = execute(firmware, hops, counting="instructions", timeout_s=timeout_s)
    if run.counts is None:
        raise EmulatorError("The emulator ran without counting.")
    answers = _read(run.outputs, settings.hop_ms, len(settings.labels))
    inferences = len(answers.time_ms)
    cycles: dict[str, float | None] = {}
    model = find_cycle_model(firmware.board)
    if inferences and model is not None:
        # Until the second inference: one is representative, as the network's code has no branch on data.
        beginning = int(answers.time_ms[0]) // settings.hop_ms + settings.step_hops
        detail = execute(firmware, hops[:beginning], counting="detail", timeout_s=timeout_s)
        if detail.counts is not None:
            heard = len(hops[:beginning])
            inferred = len(_read(detail.outputs, settings.hop_ms, len(settings.labels)).time_ms)
            cycles = _cycles(firmware, model, detail.counts, heard, inferred)
    costs = {
        name: FunctionCost(calls, instructions / max(calls, 1), cycles.get(name))
        for name, instructions, calls in _instructions(firmware, run.counts, len(hops), inferences)
    }
    return Listened(answers, costs, max(run.counts.inferences), run.stack_bytes)


def _read(outputs: np.ndarray, hop_ms: int, classes: int) -> Answers:
    answers = np.ascontiguousarray(outputs).view(record(classes)).reshape(len(outputs))
    inferred = np.flatnonzero(answers["inferred"])
    chosen = answers[inferred]
    return Answers((inferred + 1) * hop_ms, chosen["posteriors"], chosen["sums"], chosen["detected"])


def _calls(name: str, firmware: Firmware, hops: int, inferences: int) -> int:
    return hops if name in (firmware.entry, "mn_features_push") else inferences


def _instructions(firmware: Firmware, counts: Counts, hops: int, inferences: int) -> list[tuple[str, int, int]]:
    """Function, its instructions in the whole run, and its calls."""
    names = (*firmware.layers, firmware.entry)
    totals = dict.fromkeys(names, 0)
    for block in counts.blocks:
        totals[names[block.layer]] += block.executed * block.instructions
    return [(name, totals[name], _calls(name, firmware, hops, inferences)) for name in names]


def _cycles(
    firmware: Firmware, model: CycleModel, counts: Counts, hops: int, inferences: int
) -> dict[str, float | None]:
    """Cycles of a call by function."""
    program = disassemble(firmware.elf, firmware.board.core)
    found = {}
    functions = zip((*firmware.layers, firmware.entry), (*firmware.layer_macs, 0), strict=True)
    for index, (name, macs) in enumerate(functions):
        blocks = [block for block in counts.blocks if block.layer == index]
        accesses = [access for access in counts.accesses if access.layer == index]
        calls = _calls(name, firmware, hops, inferences)
        counted = count_layer(program, blocks, accesses, model, macs * calls)
        found[name] = None if counted.cycles is None else counted.cycles / max(calls, 1)
    return found
