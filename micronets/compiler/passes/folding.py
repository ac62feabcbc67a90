"""Folds steps into their neighbours: tables into tables, clamps into convolutions, padding into windows."""

from dataclasses import replace

import numpy as np

from micronets.compiler.operators.lookup import LookupStep
from micronets.compiler.operators.pad import PadStep
from micronets.compiler.passes.uses import Uses, replace_value
from micronets.compiler.steps import (
    ConvolutionStep,
    DepthwiseConvolutionStep,
    FullyConnectedStep,
    Program,
)

_EVERY_INT8 = np.arange(-128, 128)


def fold_lookups(program: Program) -> None:
    """Joins a table read by one table only (QUANTIZE pairs and the like), and drops tables that change nothing."""
    uses = Uses(program)
    for step in list(program.steps):
        if not isinstance(step, LookupStep):
            continue
        before = uses.maker(step.inputs[0])
        if isinstance(before, LookupStep) and uses.only_reader(before.output) is step:
            step.table = step.table[before.table.astype(np.int64) + 128]
            step.inputs, step.operators = before.inputs, before.operators + step.operators
            program.steps.remove(before)
            uses = Uses(program)
            program.notes.append(f"joined the tables of operators {_list(step.operators)}")
        if np.array_equal(step.table, _EVERY_INT8):
            program.steps.remove(step)
            replace_value(program, step.output, step.inputs[0])
            uses = Uses(program)
            program.notes.append(f"dropped operator {_list(step.operators)}, which changes nothing")


def fold_activations(program: Program) -> None:
    """Makes a table that only clamps part of the convolution before it."""
    uses = Uses(program)
    for step in list(program.steps):
        if not isinstance(step, LookupStep):
            continue
        before = uses.maker(step.inputs[0])
        if (
            not isinstance(before, ConvolutionStep | DepthwiseConvolutionStep)
            or uses.only_reader(before.output) is not step
        ):
            continue
        q = before.requantisation
        low, high = int(step.table[q.low + 128]), int(step.table[q.high + 128])
        reachable = np.arange(q.low, q.high + 1)
        if low > high or not np.array_equal(step.table[reachable + 128], np.clip(reachable, low, high)):
            continue
        q.low, q.high = low, high
        before.operators += step.operators
        program.steps.remove(step)
        replace_value(program, step.output, before.output)
        uses = Uses(program)
        program.notes.append(f"folded the clamp of operator {_list(step.operators)} into {before.operators[0]}")


def fold_padding(program: Program) -> None:
    """Makes rows and columns of padding part of the window of every convolution that reads them."""
    uses = Uses(program)
    for step in list(program.steps):
        if not isinstance(step, PadStep) or step.inputs[0].shape[2] != step.output.shape[2]:
            continue
        users = uses.readers(step.output)
        if step.output.storage is program.output.storage or not all(_takes_padding(step, user) for user in users):
            continue
        for user in users:
            assert isinstance(user, ConvolutionStep | DepthwiseConvolutionStep)
            window = user.window
            user.window = replace(
                window, pad_top=window.pad_top + step.before[0], pad_left=window.pad_left + step.before[1]
            )
            user.inputs = list(step.inputs)
            user.operators = step.operators + user.operators
        program.steps.remove(step)
        uses = Uses(program)
        program.notes.append(f"folded the padding of operator {_list(step.operators)} into what reads it")


def _takes_padding(pad: PadStep, user: object) -> bool:
    if not isinstance(user, ConvolutionStep | DepthwiseConvolutionStep) or isinstance(user, FullyConnectedStep):
        return False
    if user.inputs[0] is not pad.output or user.input_zero_point != pad.zero_point:
        return False
    # A window that lay on padding alone would have no input to start from.
    window = user.window
    for axis, own in enumerate((window.pad_top, window.pad_left)):
        first = np.arange(user.output.shape[axis]) * window.stride[axis] - own - pad.before[axis]
        taps = first[:, None] + np.arange(window.size[axis]) * window.dilation[axis]
        if not ((taps >= 0) & (taps < pad.inputs[0].shape[axis])).any(axis=1).all():
            return False
    return True


def _list(operators: tuple[int, ...]) -> str:
    return ", ".join(map(str, operators))
