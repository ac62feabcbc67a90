"""UNIDIRECTIONAL_SEQUENCE_LSTM in int8 with an int16 cell, as the converter makes it of Keras's LSTM."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from micronets.compiler.arithmetic import quantise_multiplier
from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.operators.state import own_state
from micronets.compiler.sigmoid_int16 import sigmoid_table
from micronets.compiler.source import Source
from micronets.compiler.steps import Step

_TANH = 4
_GATES = ("input", "forget", "cell", "output")
# Positions of inputs: weights of the input and of the hidden state by gate, biases, and both states.
_INPUT_WEIGHTS, _RECURRENT_WEIGHTS, _BIASES = 1, 5, 12
_HIDDEN, _CELL = 18, 19
_LEFT_OUT = (9, 10, 11, 16, 17, 20, 21, 22, 23)
_Q3_12, _Q0_15 = 2.0**-12, 2.0**-15

Multiplier = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Gate:
    input_weights: np.ndarray
    """Int8, (units, inputs)."""
    recurrent_weights: np.ndarray
    input_bias: np.ndarray
    """Int32, holding the input's zero point."""
    recurrent_bias: np.ndarray
    input_multiplier: Multiplier
    recurrent_multiplier: Multiplier


@dataclass(eq=False, kw_only=True)
class LstmStep(Step):
    """Of the input and both states, which it changes."""

    kind: ClassVar[str] = "lstm"
    batch: int
    steps: int
    gates: dict[str, Gate]
    forgotten: Multiplier
    added: Multiplier
    hidden: Multiplier
    zero_point: int
    tanh: Multiplier
    """(multiplier, right shift) of the cell."""
    cell_clip: int

    @property
    def macs(self) -> int:
        each = sum(gate.input_weights.size + gate.recurrent_weights.size for gate in self.gates.values())
        return self.batch * self.steps * each


def _lower(lowering: LoweringContext, operator: Operator) -> None:
    source, scale, zero_point = lowering.activation(operator, 0)
    shape, output = lowering.tensor(operator, 0, "input").shape, lowering.output(operator)
    for position in _LEFT_OUT:
        if lowering.optional(operator, position) is not None:
            raise lowering.fail(operator, "has peepholes, a projection or layer normalisation, which TFLM refuses")
    if operator.options["activation"] != _TANH:
        raise lowering.fail(operator, "has another activation than tanh")
    hidden, cell = (lowering.tensor(operator, position, "state") for position in (_HIDDEN, _CELL))
    if cell.dtype != "int16" or cell.quantisation is None:
        raise lowering.fail(operator, f"has a cell of type {cell.dtype}; int16 is supported")
    hidden_scale, hidden_zero = lowering.per_tensor(operator, hidden, "state")
    if len(shape) != 3 or len(output.shape) != 3:
        raise lowering.fail(operator, f"works on the shape {list(shape)}; 3 sides are supported")
    batch, steps, inputs = shape
    if operator.options["time_major"]:
        batch, steps = steps, batch
        if batch != 1:
            raise lowering.fail(operator, f"has time first and a batch of {batch}; a batch of 1 is supported")
    units = output.shape[2]
    if output.shape != (*shape[:2], units) or any(state.elements != batch * units for state in (hidden, cell)):
        raise lowering.fail(operator, f"turns {list(shape)} into {list(output.shape)}")
    lowering.per_tensor(operator, output, "output")
    gates = {
        name: _gate(lowering, operator, i, (units, inputs), (scale, zero_point), (hidden_scale, hidden_zero))
        for i, name in enumerate(_GATES)
    }
    cell_scale = float(cell.quantisation.scales[0])
    power = math.floor(math.log2(cell_scale) + 0.5)
    shift = 15 + power - 3
    if shift > 15:
        raise lowering.fail(operator, f"has a cell of the scale {cell_scale:.6g}; at most 8 is supported")
    clip = min(max(operator.options["cell_clip"] / cell_scale, -32768.0), 32767.0)
    lowering.add(
        LstmStep(
            inputs=[source, *(own_state(lowering, operator, state) for state in (hidden, cell))],
            output=lowering.make(operator),
            operators=(operator.index,),
            batch=batch,
            steps=steps,
            gates=gates,
            forgotten=quantise_multiplier(_Q0_15 * cell_scale / cell_scale),
            added=quantise_multiplier(_Q0_15 * _Q0_15 / cell_scale),
            hidden=quantise_multiplier(_Q0_15 * _Q0_15 / hidden_scale),
            zero_point=hidden_zero,
            tanh=(3 << shift, 0) if shift >= 0 else (3, -shift),
            cell_clip=int(clip) if clip > 0 else 0,
        )
    )


def _gate(
    lowering: LoweringContext,
    operator: Operator,
    number: int,
    sides: tuple[int, int],
    source: tuple[float, int],
    hidden: tuple[float, int],
) -> Gate:
    """Multipliers from products of scales in float32, as for FULLY_CONNECTED."""
    units, inputs = sides
    parts = []
    for first, depth, (scale, zero_point) in (
        (_INPUT_WEIGHTS, inputs, source),
        (_RECURRENT_WEIGHTS, units, hidden),
    ):
        tensor = lowering.tensor(operator, first + number, "weights")
        weights = lowering.constant(operator, first + number, "weights", ("int8",))
        if weights.shape != (units, depth):
            raise lowering.fail(operator, f"has weights of the shape {list(weights.shape)} for {[units, depth]}")
        weight_scale, weight_zero = lowering.per_tensor(operator, tensor, "weights")
        if weight_zero:
            raise lowering.fail(operator, "has weights with a zero point; only symmetric weights are supported")
        real = float(np.float32(scale) * np.float32(weight_scale)) / _Q3_12
        parts.append((weights, -zero_point * weights.astype(np.int64).sum(axis=1), quantise_multiplier(real)))
    bias = lowering.constant(operator, _BIASES + number, "bias", ("int32",)).reshape(-1).astype(np.int64)
    if len(bias) != units:
        raise lowering.fail(operator, f"has {len(bias)} biases for {units} units")
    (own, own_bias, own_multiplier), (back, back_bias, back_multiplier) = parts
    return Gate(own, back, _wrapped(bias + own_bias), _wrapped(back_bias), own_multiplier, back_multiplier)


def _wrapped(values: np.ndarray) -> np.ndarray:
    return values.astype(np.int64).astype(np.int32)


class LstmKernel(Kernel[LstmStep]):
    function = "mn_lstm"
    file = "lstm.c"
    header = "lstm.h"

    @property
    def scratch_bytes(self) -> int:
        return len(self.step.gates["input"].recurrent_bias)

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        units, depth = step.gates["input"].input_weights.shape
        fields: dict[str, Any] = {"batch": step.batch, "steps": step.steps, "inputs": depth, "units": units}
        for name, gate in step.gates.items():
            arrays = ("input_weights", "recurrent_weights", "input_bias", "recurrent_bias")
            fields[name] = {
                **{array: source.array(f"{layer}_{name}_{array}", getattr(gate, array)) for array in arrays},
                "input_multiplier": gate.input_multiplier[0],
                "input_shift": gate.input_multiplier[1],
                "recurrent_multiplier": gate.recurrent_multiplier[0],
                "recurrent_shift": gate.recurrent_multiplier[1],
            }
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


def _options(table: Table | None) -> dict[str, Any]:
    if table is None:
        return {"activation": 0, "cell_clip": 0.0, "time_major": False}
    return {"activation": table.int8(0), "cell_clip": table.float32(1), "time_major": table.bool(3)}


FAMILY = Family(
    operators={"UNIDIRECTIONAL_SEQUENCE_LSTM": OperatorKind(_lower, _options, 71)},
    kernels={LstmStep: always(LstmKernel)},
)
