"""UNIDIRECTIONAL_SEQUENCE_LSTM in int8 or int16 with an int16 cell, as the converter makes it of Keras's LSTM."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from micronets.compiler.arithmetic import quantise_multiplier
from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator, Tensor
from micronets.compiler.kernels.four_rows import INT16_ORDER, interleave
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.operators.int16 import are_short, grid, reduced_multipliers, short_multipliers
from micronets.compiler.operators.state import own_state
from micronets.compiler.sigmoid_int16 import sigmoid_table
from micronets.compiler.source import Source
from micronets.compiler.steps import Step, Value

_TANH = 4
_GATES = 4
"""Input, forget, cell, output: the order of weights and biases."""
# Positions of inputs: weights of the input and of the hidden state by gate, biases, and both states.
_INPUT_WEIGHTS, _RECURRENT_WEIGHTS, _BIASES = 1, 5, 12
_HIDDEN, _CELL = 18, 19
_LEFT_OUT = (9, 10, 11, 16, 17, 20, 21, 22, 23)
_Q3_12, _Q0_15 = 2.0**-12, 2.0**-15

Multiplier = tuple[int, int]
Grid = tuple[float, int]
"""Scale and zero point."""


@dataclass(frozen=True, eq=False)
class Part:
    """What all gates multiply the input, or the hidden state, with."""

    weights: np.ndarray
    """Int8, (gates, units, depth)."""
    bias: np.ndarray
    """Int64, (gates, units), holding the zero point of what the weights multiply."""
    multipliers: np.ndarray
    """Int64 (gates,); of 31 bits, for int16 of 15."""
    shifts: np.ndarray


@dataclass(eq=False, kw_only=True)
class LstmStep(Step):
    """Of the input and both states, which it changes."""

    kind: ClassVar[str] = "lstm"
    batch: int
    steps: int
    time_major: bool
    """Whether input and output are [steps][batch], not [batch][steps]."""
    own: Part
    back: Part
    forgotten: Multiplier
    added: Multiplier
    hidden: Multiplier
    zero_point: int
    tanh: Multiplier
    """(multiplier, right shift) of the cell."""
    cell_clip: int

    @property
    def macs(self) -> int:
        return self.batch * self.steps * (self.own.weights.size + self.back.weights.size)

    @property
    def is_wide(self) -> bool:
        return self.inputs[0].item_bytes == 2


def _grid(lowering: LoweringContext, operator: Operator, tensor: Tensor, role: str, dtype: str) -> Grid:
    if dtype == "int16":
        return grid(lowering, operator, tensor, role)
    return lowering.per_tensor(operator, tensor, role)


def _lower(lowering: LoweringContext, operator: Operator) -> None:
    tensor, output = lowering.tensor(operator, 0, "input"), lowering.output(operator)
    dtype = "int16" if tensor.dtype == "int16" else "int8"
    in_grid = _grid(lowering, operator, tensor, "input", dtype)
    for position in _LEFT_OUT:
        if lowering.optional(operator, position) is not None:
            raise lowering.fail(operator, "has peepholes, a projection or layer normalisation, which TFLM refuses")
    if operator.options["activation"] != _TANH:
        raise lowering.fail(operator, "has another activation than tanh")
    hidden, cell = (lowering.tensor(operator, position, "state") for position in (_HIDDEN, _CELL))
    if cell.dtype != "int16" or cell.quantisation is None:
        raise lowering.fail(operator, f"has a cell of type {cell.dtype}; int16 is supported")
    hidden_grid = _grid(lowering, operator, hidden, "state", dtype)
    _grid(lowering, operator, output, "output", dtype)
    batch, steps, inputs = _sides(lowering, operator, tensor)
    units = output.shape[2]
    if output.shape != (*tensor.shape[:2], units) or any(state.elements != batch * units for state in (hidden, cell)):
        raise lowering.fail(operator, f"turns {list(tensor.shape)} into {list(output.shape)}")
    own = _part(lowering, operator, _INPUT_WEIGHTS, (units, inputs), in_grid, dtype)
    own.bias[:] += _biases(lowering, operator, units, "int64" if dtype == "int16" else "int32")
    cell_scale = float(cell.quantisation.scales[0])
    shift = 15 + math.floor(math.log2(cell_scale) + 0.5) - 3
    if shift > 15:
        raise lowering.fail(operator, f"has a cell of the scale {cell_scale:.6g}; at most 8 is supported")
    clip = min(max(operator.options["cell_clip"] / cell_scale, -32768.0), 32767.0)
    states: list[Value] = [own_state(lowering, operator, state) for state in (hidden, cell)]
    lowering.add(
        LstmStep(
            inputs=[lowering.value(operator, tensor), *states],
            output=lowering.make(operator),
            operators=(operator.index,),
            batch=batch,
            steps=steps,
            time_major=operator.options["time_major"],
            own=own,
            back=_part(lowering, operator, _RECURRENT_WEIGHTS, (units, units), hidden_grid, dtype),
            forgotten=quantise_multiplier(_Q0_15 * cell_scale / cell_scale),
            added=quantise_multiplier(_Q0_15 * _Q0_15 / cell_scale),
            hidden=quantise_multiplier(_Q0_15 * _Q0_15 / hidden_grid[0]),
            zero_point=hidden_grid[1],
            tanh=(3 << shift, 0) if shift >= 0 else (3, -shift),
            cell_clip=int(clip) if clip > 0 else 0,
        )
    )


def _sides(lowering: LoweringContext, operator: Operator, tensor: Tensor) -> tuple[int, int, int]:
    """Batch, steps and inputs."""
    if len(tensor.shape) != 3 or len(lowering.output(operator).shape) != 3:
        raise lowering.fail(operator, f"works on the shape {list(tensor.shape)}; 3 sides are supported")
    first, second, inputs = tensor.shape
    return (second, first, inputs) if operator.options["time_major"] else (first, second, inputs)


def _part(
    lowering: LoweringContext, operator: Operator, first: int, sides: tuple[int, int], source: Grid, dtype: str
) -> Part:
    """Multipliers from products of scales in float32, as for FULLY_CONNECTED."""
    scale, zero_point = source
    weights, made = [], []
    for position in range(first, first + _GATES):
        tensor = lowering.tensor(operator, position, "weights")
        values = lowering.constant(operator, position, "weights", ("int8",))
        if values.shape != sides:
            raise lowering.fail(operator, f"has weights of the shape {list(values.shape)} for {list(sides)}")
        weight_scale, weight_zero = lowering.per_tensor(operator, tensor, "weights")
        if weight_zero:
            raise lowering.fail(operator, "has weights with a zero point; only symmetric weights are supported")
        weights.append(values)
        made.append(quantise_multiplier(float(np.float32(scale) * np.float32(weight_scale)) / _Q3_12))
    multipliers, shifts = np.array(made, np.int64).T
    if dtype == "int16":
        multipliers = reduced_multipliers(lowering, operator, multipliers, shifts)
    stacked = np.stack(weights)
    return Part(stacked, -zero_point * stacked.astype(np.int64).sum(axis=2), multipliers, shifts)


def _biases(lowering: LoweringContext, operator: Operator, units: int, dtype: str) -> np.ndarray:
    """Int64, (gates, units)."""
    biases = [lowering.constant(operator, _BIASES + i, "bias", (dtype,)).reshape(-1) for i in range(_GATES)]
    if any(len(bias) != units for bias in biases):
        raise lowering.fail(operator, f"has {len(biases[0])} biases for {units} units")
    return np.stack(biases).astype(np.int64)


class LstmKernel(Kernel[LstmStep]):
    file = None
    header = "lstm.h"

    def __init__(self, step: LstmStep) -> None:
        super().__init__(step)
        self._form = _form(step)
        self.function = f"mn_lstm_{self._form}"

    def files(self) -> set[str]:
        return {{"int8": "lstm.c", "int16": "int16_lstm.c", "int16_short": "int16_lstm_short.c"}[self._form]}

    @property
    def scratch_bytes(self) -> int:
        return self.step.back.weights.shape[1] * self.step.inputs[0].item_bytes

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        _, units, depth = step.own.weights.shape
        fields: dict[str, Any] = {"batch": step.batch, "steps": step.steps, "units": units}
        for name, items in (("input", depth), ("output", units)):
            strides = (items, step.batch * items) if step.time_major else (step.steps * items, items)
            fields |= {f"{name}_batch_stride": strides[0], f"{name}_step_stride": strides[1]}
        for name, part in (("own", step.own), ("back", step.back)):
            fields[name] = self._part_fields(source, f"{layer}_{name}", part)
        for name in ("forgotten", "added", "hidden"):
            multiplier, shift = getattr(step, name)
            fields[name] = {"multiplier": multiplier, "shift": shift}
        fields |= {
            "zero_point": step.zero_point,
            "tanh_multiplier": step.tanh[0],
            "tanh_shift": step.tanh[1],
            "cell_clip": step.cell_clip,
            "sigmoid": source.array(f"{layer}_sigmoid", sigmoid_table()),
        }
        address = source.description("mn_lstm", layer, fields)
        return [f"{self.function}({address}, {', '.join(inputs)}, {output}, {scratch});"]

    def _part_fields(self, source: Source, name: str, part: Part) -> dict[str, Any]:
        rows = np.moveaxis(part.weights, 0, 1)
        weights = interleave(rows, INT16_ORDER) if self.step.is_wide else interleave(rows)
        bias, multipliers = np.ascontiguousarray(part.bias.T), part.multipliers
        words = bias.view(np.int32) if self._form == "int16" else bias.astype(np.int32)
        if self._form == "int16_short":
            multipliers = short_multipliers(multipliers, part.shifts)
        return {
            "depth": part.weights.shape[2],
            "weights": source.array(f"{name}_weights", weights),
            "bias": source.array(f"{name}_bias", words),
            "multipliers": f"{{{', '.join(map(str, multipliers))}}}",
            "shifts": f"{{{', '.join(map(str, part.shifts))}}}",
        }


def _form(step: LstmStep) -> str:
    if not step.is_wide:
        return "int8"
    short = all(are_short(part.weights, (2,), part.bias, part.shifts) for part in (step.own, step.back))
    return "int16_short" if short else "int16"


def _options(table: Table | None) -> dict[str, Any]:
    if table is None:
        return {"activation": 0, "cell_clip": 0.0, "time_major": False}
    return {"activation": table.int8(0), "cell_clip": table.float32(1), "time_major": table.bool(3)}


FAMILY = Family(
    operators={"UNIDIRECTIONAL_SEQUENCE_LSTM": OperatorKind(_lower, _options, 71)},
    kernels={LstmStep: always(LstmKernel)},
)
