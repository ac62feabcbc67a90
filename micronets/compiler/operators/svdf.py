"""SVDF: features of the input, kept for some calls as int16 or int8, and weighed over time."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from micronets.compiler.arithmetic import quantise_multiplier
from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator, Tensor
from micronets.compiler.kernels.four_rows import interleave
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.operators.state import own_state
from micronets.compiler.source import Source
from micronets.compiler.steps import Step

_RING_BYTES = 4
"""The kernel keeps the place of the oldest values in front of the state."""


@dataclass(eq=False, kw_only=True)
class SvdfStep(Step):
    """Of the input and the state, which it changes."""

    kind: ClassVar[str] = "svdf"
    batch: int
    rank: int
    features: np.ndarray
    """Int8, (filters, inputs)."""
    feature_bias: np.ndarray
    """Int32, from the input's zero point."""
    times: np.ndarray
    """Int16 or int8, (filters, memory)."""
    unit_bias: np.ndarray
    """Int32, holding the state's zero point."""
    feature_multiplier: tuple[int, int]
    state_zero_point: int
    multiplier: tuple[int, int]
    zero_point: int

    @property
    def macs(self) -> int:
        return self.batch * (self.features.size + self.times.size)


def _grid(lowering: LoweringContext, operator: Operator, tensor: Tensor, role: str) -> tuple[np.float32, int]:
    """(scale, zero point) of int8 or int16."""
    if tensor.quantisation is None or len(tensor.quantisation.scales) != 1:
        raise lowering.fail(operator, f"has a {role} that is not quantised per tensor")
    return np.float32(tensor.quantisation.scales[0]), int(tensor.quantisation.zero_points[0])


def _lower(lowering: LoweringContext, operator: Operator) -> None:
    """Multipliers in float32, as TFLM's `PrepareSvdf`."""
    source, scale, zero_point = lowering.activation(operator, 0)
    weights, times, state = (
        lowering.tensor(operator, i, role) for i, role in ((1, "weights"), (2, "times"), (4, "state"))
    )
    features = lowering.constant(operator, 1, "weights", ("int8",))
    over_time = lowering.constant(operator, 2, "weights over time", ("int8", "int16"))
    rank = operator.options["rank"]
    filters, inputs = features.shape if features.ndim == 2 else (0, 0)
    shape = lowering.tensor(operator, 0, "input").shape
    if rank < 1 or not filters or filters % rank or over_time.shape[:1] != (filters,) or over_time.ndim != 2:
        raise lowering.fail(operator, f"has weights {list(features.shape)} and {list(over_time.shape)} of rank {rank}")
    if len(shape) != 2 or shape[1] != inputs or state.elements != shape[0] * over_time.size:
        raise lowering.fail(operator, f"has the input {list(shape)} for weights {list(features.shape)}")
    if state.dtype != times.dtype:
        raise lowering.fail(operator, f"has a state of {state.dtype} and weights over time of {times.dtype}")
    bias = lowering.constant(operator, 3, "bias", ("int32",)).reshape(-1).astype(np.int64)
    out_scale, out_zero = lowering.per_tensor(operator, lowering.output(operator), "output")
    if len(bias) != filters // rank or lowering.output(operator).elements != shape[0] * len(bias):
        raise lowering.fail(operator, f"has {len(bias)} biases for {filters // rank} units")
    weight_scale, _ = _grid(lowering, operator, weights, "weight")
    time_scale, _ = _grid(lowering, operator, times, "weight over time")
    state_scale, state_zero = _grid(lowering, operator, state, "state")
    sums = over_time.astype(np.int64).sum(axis=1).reshape(-1, rank).sum(axis=1)
    lowering.add(
        SvdfStep(
            inputs=[source, own_state(lowering, operator, state, bytes(_RING_BYTES))],
            output=lowering.make(operator),
            operators=(operator.index,),
            batch=shape[0],
            rank=rank,
            features=features,
            feature_bias=(-zero_point * features.astype(np.int64).sum(axis=1)).astype(np.int32),
            times=over_time,
            unit_bias=(bias - state_zero * sums).astype(np.int32),
            feature_multiplier=quantise_multiplier(float(np.float32(scale) * weight_scale / state_scale)),
            state_zero_point=state_zero,
            multiplier=quantise_multiplier(float(state_scale * time_scale / np.float32(out_scale))),
            zero_point=out_zero,
        )
    )


class SvdfKernel(Kernel[SvdfStep]):
    file = "svdf.c"
    header = "svdf.h"

    def __init__(self, step: SvdfStep) -> None:
        super().__init__(step)
        self.function = f"mn_svdf_{step.times.dtype.name}"

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        filters, depth = step.features.shape
        address = source.description(
            "mn_svdf",
            layer,
            {
                "batch": step.batch,
                "inputs": depth,
                "filters": filters,
                "rank": step.rank,
                "memory": step.times.shape[1],
                "features": source.array(
                    f"{layer}_features", interleave(_to_fours(step.features).reshape(-1, 4, depth))
                ),
                "feature_bias": source.array(f"{layer}_feature_bias", _to_fours(step.feature_bias)),
                "times": f"(const int8_t *){source.array(f'{layer}_times', step.times)}",
                "unit_bias": source.array(f"{layer}_unit_bias", step.unit_bias),
                "feature_multiplier": step.feature_multiplier[0],
                "feature_shift": step.feature_multiplier[1],
                "state_zero_point": step.state_zero_point,
                "multiplier": step.multiplier[0],
                "shift": step.multiplier[1],
                "zero_point": step.zero_point,
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {inputs[1]}, {output});"]


def _to_fours(rows: np.ndarray) -> np.ndarray:
    """With rows of zeros behind the last, up to a multiple of four."""
    return np.concatenate([rows, np.zeros((-len(rows) % 4, *rows.shape[1:]), rows.dtype)])


def _options(table: Table | None) -> dict[str, Any]:
    return {"rank": table.int32(0) if table else 0}


FAMILY = Family(operators={"SVDF": OperatorKind(_lower, _options, 6)}, kernels={SvdfStep: always(SvdfKernel)})
