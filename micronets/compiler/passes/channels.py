"""Removes channels whose value is known beforehand, or that nothing uses.

Interval analysis finds channels that are constant whatever the input. A convolution that reads one adds it to its bias;
a depthwise convolution or a pool that reads one makes another one. What is left of a network trained with strong
regularisation can be less than half.
"""

import numpy as np

from micronets.compiler.intervals import Analysis, reads_padding
from micronets.compiler.operators.pooling import AveragePoolStep, MaxPoolStep, MeanStep
from micronets.compiler.passes.uses import Uses
from micronets.compiler.registry import analyse
from micronets.compiler.steps import (
    ConvolutionStep,
    DepthwiseConvolutionStep,
    FullyConnectedStep,
    Program,
    Requantisation,
    Step,
    Value,
)

_PACKED_LEVELS = 16
_PACKED_CHANNELS = 4
_CHANNELWISE = (DepthwiseConvolutionStep, AveragePoolStep, MaxPoolStep, MeanStep)


def remove_channels(program: Program) -> bool:
    """One round of removal; True where something was removed and another round may find more."""
    analysis = analyse(program)
    uses = Uses(program)
    removable: dict[int, np.ndarray] = {}
    for step in reversed(program.steps):
        removable[id(step.output.storage)] = _removable(program, uses, step.output.storage, analysis, removable)
    _couple(program, removable)
    _keep_fours(program, removable, analysis)
    removed = 0
    # Inputs are folded with the bounds before any producer changes, so all readers go first.
    for step in program.steps:
        value = step.inputs[0]
        mask = removable.get(id(value.storage))
        if mask is not None and mask.any() and isinstance(step, ConvolutionStep):
            _fold_inputs(step, mask, analysis)
    for step in program.steps:
        mask = removable[id(step.output.storage)]
        if mask.any():
            removed += int(mask.sum())
            _drop_outputs(step, ~mask)
    _reshape_views(program)
    if removed:
        macs = sum(step.macs for step in program.steps)
        program.notes.append(f"removed {removed} channels that are constant or unused; {macs} MACs are left")
    return removed > 0


def _removable(
    program: Program, uses: Uses, value: Value, analysis: Analysis, known: dict[int, np.ndarray]
) -> np.ndarray:
    channels = value.shape[2]
    nothing = np.zeros(channels, bool)
    if value is program.output.storage or value is program.input.storage:
        return nothing
    maker = uses.maker(value)
    if not isinstance(maker, (ConvolutionStep, *_CHANNELWISE)):
        return nothing
    if isinstance(maker, DepthwiseConvolutionStep) and maker.multiplier != 1:
        return nothing
    bounds = analysis.of(value)
    constant = bounds.low == bounds.high
    mask = np.ones(channels, bool)
    for step in uses.readers(value):
        mask &= _reader_allows(step, value, bounds.low, constant, known)
    if mask.all():
        mask[0] = False
    return mask


def _couple(program: Program, removable: dict[int, np.ndarray]) -> None:
    """A channel of a channelwise step goes only together with the one it is made from."""
    changed = True
    while changed:
        changed = False
        for step in program.steps:
            if not isinstance(step, _CHANNELWISE):
                continue
            made, read = id(step.output.storage), id(step.inputs[0].storage)
            source = removable.get(read)
            if source is None or len(source) != len(removable[made]):
                source = np.zeros(len(removable[made]), bool)
            both = removable[made] & source
            for key in (made, read):
                mask = removable.get(key)
                if mask is not None and len(mask) == len(both) and not np.array_equal(mask, both):
                    removable[key] = both
                    changed = True


def _keep_fours(program: Program, removable: dict[int, np.ndarray], analysis: Analysis) -> None:
    """Where values have so few levels that they may lie two in a byte, which takes multiples of four channels."""
    for step in program.steps:
        value = step.output.storage
        mask, bounds = removable[id(value)], analysis.of(value)
        few = bounds.high.max() - bounds.low.min() < _PACKED_LEVELS
        if few and mask.any() and len(mask) % _PACKED_CHANNELS == 0:
            kept_all_the_same = np.flatnonzero(mask)[: int(mask.sum()) % _PACKED_CHANNELS]
            mask[kept_all_the_same] = False
            _couple(program, removable)


def _reader_allows(
    step: Step, value: Value, constants: np.ndarray, constant: np.ndarray, known: dict[int, np.ndarray]
) -> np.ndarray:
    channels = value.shape[2]
    seen = step.inputs[0]
    if any(read.is_part and read.storage is value for read in step.inputs):
        return np.zeros(channels, bool)
    if isinstance(step, ConvolutionStep) and step.weights.shape[3] % channels == 0 and seen.storage is value:
        if step.weights.shape[3] != channels and not isinstance(step, FullyConnectedStep):
            return np.zeros(channels, bool)
        weights = step.weights.reshape(-1, channels)
        unused = ~weights.any(axis=0)
        foldable = constant
        if reads_padding(step.window, seen.shape, step.output.shape):
            foldable = constant & (constants == step.input_zero_point)
        return unused | foldable
    if isinstance(step, _CHANNELWISE) and seen is value:
        if isinstance(step, DepthwiseConvolutionStep) and step.multiplier != 1:
            return np.zeros(channels, bool)
        return known[id(step.output.storage)]
    return np.zeros(channels, bool)


def _fold_inputs(step: ConvolutionStep, mask: np.ndarray, analysis: Analysis) -> None:
    depth = step.weights.shape[3]
    wide = np.tile(mask, depth // len(mask))
    bounds = analysis.of(step.inputs[0].storage)
    values = np.tile(np.where(mask, bounds.low, 0), depth // len(mask)) - step.input_zero_point
    sums = step.weights.astype(np.int64).sum(axis=(1, 2))
    step.bias = step.bias + (sums[:, wide] * values[wide]).sum(axis=1)
    step.weights = np.ascontiguousarray(step.weights[:, :, :, ~wide])


def _drop_outputs(step: Step, kept: np.ndarray) -> None:
    if isinstance(step, ConvolutionStep):
        step.weights, step.bias = np.ascontiguousarray(step.weights[kept]), step.bias[kept]
        step.requantisation = _selected(step.requantisation, kept)
    elif isinstance(step, DepthwiseConvolutionStep):
        step.weights, step.bias = np.ascontiguousarray(step.weights[:, :, kept]), step.bias[kept]
        step.requantisation = _selected(step.requantisation, kept)
    rows, columns, _ = step.output.shape
    step.output.shape = (rows, columns, int(kept.sum()))


def _selected(q: Requantisation, kept: np.ndarray) -> Requantisation:
    return Requantisation(
        multipliers=q.multipliers[kept], shifts=q.shifts[kept], zero_point=q.zero_point, low=q.low, high=q.high
    )


def _reshape_views(program: Program) -> None:
    """A view's channels are its base's, once or several times over (only such views allow removal)."""
    for step in program.steps:
        for i, value in enumerate(step.inputs):
            if value.base is not None and not value.offset_bytes and value.size_bytes > value.base.size_bytes:
                rows, columns, _ = value.shape
                step.inputs[i] = value.base.viewed((rows, columns, value.base.size_bytes // (rows * columns)))
