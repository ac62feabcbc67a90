"""Profiles a firmware: exact counts from the emulator, estimates from the cycle model."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import numpy as np

from micronets.emulator.accesses import check_accesses
from micronets.emulator.execution import DEFAULT_TIMEOUT_S, Execution, execute
from micronets.emulator.plugin import AccessCount, BlockCount, Counts
from micronets.errors import EmulatorError
from micronets.evaluation import Score
from micronets.linking.firmware import Firmware
from micronets.linking.instructions import disassemble
from micronets.profile.result import INVOKE, Profile
from micronets.timing.cycle_models import CycleModel, find_cycle_model
from micronets.timing.cycles import LayerBlocks, LayerCounts, count_layers

logger = logging.getLogger(__name__)

Judge = Callable[[np.ndarray], Mapping[str, Score]]
Counted = TypeVar("Counted", BlockCount, AccessCount)


def profile_firmware(
    firmware: Firmware,
    inputs: np.ndarray,
    expected: np.ndarray | None = None,
    judge: Judge | None = None,
    *,
    timeout_s: float = DEFAULT_TIMEOUT_S,
) -> Profile:
    """Runs the firmware on all inputs, counting instructions; and once more on the first one in full detail.

    Args:
        inputs: int8 of shape (inputs, ...), `firmware.input_bytes` each.
        expected: outputs as TensorFlow Lite Micro gives them, int8 of shape (inputs, ...), or None.
        judge: scores of the emulator's outputs, int8 (inputs, bytes of an output); None where nothing is known of them.
        timeout_s: wall-clock limit of each of the two runs of the emulator.

    Raises:
        EmulatorError: as `execute`; `expected` has another shape; the network wrote to flash or accessed memory that
            the board does not have; the two runs, or the classes of instructions, do not add up to the same count.
    """
    all_inputs = execute(firmware, inputs, counting="instructions", timeout_s=timeout_s)
    first = execute(firmware, inputs[:1], counting="detail", timeout_s=timeout_s)
    if all_inputs.counts is None or first.counts is None:
        raise EmulatorError("The emulator ran without counting.")
    if all_inputs.counts.inferences[0] != first.counts.inferences[0]:
        raise EmulatorError(
            f"Two runs of {firmware.network} on one input counted {all_inputs.counts.inferences[0]:,} and "
            f"{first.counts.inferences[0]:,} instructions; a network must not depend on what ran before."
        )
    check_accesses(firmware, first.counts)
    model = find_cycle_model(firmware.board)
    layers = _layers(firmware, first.counts, model)
    classified = sum(counts.instructions for _, counts in layers)
    if classified != first.counts.inferences[0]:
        raise EmulatorError(
            f"{first.counts.inferences[0]:,} instructions of {firmware.network} ran, but {classified:,} were found in "
            "its disassembly; the emulator and the toolchain do not agree on the program."
        )
    different = _count_different(firmware, all_inputs, expected)
    if different:
        logger.warning("%d of %d outputs of %s differ from the expected ones", different, len(inputs), firmware.network)
    return Profile(
        firmware=firmware,
        inputs=len(inputs),
        compared_outputs=0 if expected is None else len(inputs),
        different_outputs=different,
        scores={} if judge is None else judge(all_inputs.outputs),
        instructions=(min(all_inputs.counts.inferences), max(all_inputs.counts.inferences)),
        layers=layers,
        model=model,
        stack_bytes=all_inputs.stack_bytes,
    )


def _layers(firmware: Firmware, counts: Counts, model: CycleModel | None) -> tuple[tuple[str, LayerCounts], ...]:
    program = disassemble(firmware.elf, firmware.board.core)
    blocks, accesses = _by_layer(counts.blocks), _by_layer(counts.accesses)
    layers = [LayerBlocks(blocks[index], accesses[index], macs) for index, macs in enumerate((*firmware.layer_macs, 0))]
    return tuple(zip((*firmware.layers, INVOKE), count_layers(program, layers, model), strict=True))


def _by_layer(counts: Iterable[Counted]) -> dict[int, list[Counted]]:
    groups: dict[int, list[Counted]] = defaultdict(list)
    for count in counts:
        groups[count.layer].append(count)
    return groups


def _count_different(firmware: Firmware, execution: Execution, expected: np.ndarray | None) -> int:
    if expected is None:
        return 0
    if expected.nbytes != execution.outputs.nbytes or len(expected) != len(execution.outputs):
        raise EmulatorError(
            f"{firmware.network} gives {execution.outputs.shape[0]} outputs of {firmware.output_bytes} bytes; "
            f"the expected ones have shape {expected.shape}."
        )
    flat = np.ascontiguousarray(expected).view(np.int8).reshape(execution.outputs.shape)
    return int((flat != execution.outputs).any(axis=1).sum())
