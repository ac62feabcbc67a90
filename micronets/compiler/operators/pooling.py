"""AVERAGE_POOL_2D, MAX_POOL_2D, and the mean over rows and columns."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from micronets.compiler.arithmetic import activation_range, mean_multiplier, multiply_by_quantised_multiplier
from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator
from micronets.compiler.intervals import Analysis, Bounds
from micronets.compiler.kernels.bands import RowBands
from micronets.compiler.kernels.kernel import Kernel, shape_fields, window_fields
from micronets.compiler.operators import options
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.operators.window import Sliding, slide
from micronets.compiler.source import Source
from micronets.compiler.steps import Step, Value, Window

_LARGEST = (1 << 31) - 1


@dataclass(eq=False, kw_only=True)
class PoolStep(Step):
    window: Window
    low: int
    high: int


@dataclass(eq=False, kw_only=True)
class AveragePoolStep(PoolStep):
    kind: ClassVar[str] = "average_pool_2d"


@dataclass(eq=False, kw_only=True)
class MaxPoolStep(PoolStep):
    kind: ClassVar[str] = "max_pool_2d"


@dataclass(eq=False, kw_only=True)
class MeanStep(Step):
    """MeanStep over rows and columns."""

    kind: ClassVar[str] = "mean"
    input_zero_point: int
    multiplier: tuple[int, int]
    zero_point: int


def slide_pool(lowering: LoweringContext, operator: Operator, source: Value) -> Sliding:
    """Over the input, by the operator's own sides."""
    kernel = (operator.options["filter_h"], operator.options["filter_w"])
    return slide(lowering, operator, source, kernel, source.shape[2])


def _lower_pool(lowering: LoweringContext, operator: Operator, kind: type[PoolStep]) -> None:
    source, _, _ = lowering.activation(operator, 0)
    over = slide_pool(lowering, operator, source)
    scale, zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    low, high = activation_range(operator.options["activation"], scale, zero_point)
    step = kind(
        inputs=[over.image],
        output=over.output,
        operators=(operator.index,),
        window=over.window,
        low=low,
        high=high,
    )
    over.add(lowering, operator, step)


def lower_average_pool(lowering: LoweringContext, operator: Operator) -> None:
    _lower_pool(lowering, operator, AveragePoolStep)


def lower_max_pool(lowering: LoweringContext, operator: Operator) -> None:
    _lower_pool(lowering, operator, MaxPoolStep)


def lower_mean(lowering: LoweringContext, operator: Operator) -> None:
    """Of one image."""
    source, scale, zero_point = lowering.activation(operator, 0)
    out_scale, out_zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")
    rows, columns, channels = source.shape
    if lowering.output(operator).elements != channels:
        raise lowering.fail(operator, f"states {lowering.output(operator).elements} outputs instead of {channels}")
    lowering.add(
        MeanStep(
            inputs=[source],
            output=lowering.make(operator, (1, 1, channels)),
            operators=(operator.index,),
            input_zero_point=zero_point,
            multiplier=mean_multiplier(rows * columns, scale / out_scale),
            zero_point=out_zero_point,
        )
    )


def _pool_bounds(step: AveragePoolStep | MaxPoolStep, analysis: Analysis) -> Bounds:
    bounds = analysis.of(step.inputs[0])
    return Bounds(np.clip(bounds.low, step.low, step.high), np.clip(bounds.high, step.low, step.high))


def _mean_bounds(step: MeanStep, analysis: Analysis) -> Bounds:
    bounds = analysis.of(step.inputs[0])
    count = step.inputs[0].shape[0] * step.inputs[0].shape[1]
    multiplier, shift = step.multiplier
    if count * 255 > _LARGEST >> max(shift, 0):
        return Bounds.everything(step.output.shape[2])
    ends = []
    for values in (bounds.low, bounds.high):
        mean = multiply_by_quantised_multiplier(count * (values - step.input_zero_point), multiplier, shift)
        ends.append(np.clip(mean + step.zero_point, -128, 127))
    return Bounds(ends[0], ends[1])


class PoolKernel(Kernel[PoolStep]):
    """Over windows; whole, or `band` rows at a time."""

    file = "pool.c"

    def __init__(self, step: PoolStep, band: int | None = None) -> None:
        super().__init__(step)
        self.band = band
        self._in_quarters = _in_quarters(step)
        if self._in_quarters:
            self.function = f"{type(self).function}_2x2"

    def files(self) -> set[str]:
        return {"pool_2x2.c"} if self._in_quarters else super().files()

    def headers(self) -> set[str]:
        return {"pool_2x2.h"} if self._in_quarters else super().headers()

    @property
    def bands(self) -> RowBands:
        return RowBands.of(self.step, self.step.window, self.band or self.step.output.shape[0])

    def banded(self, band: int) -> "PoolKernel | None":
        """The same by bands of rows; None where the first window begins above the input."""
        bands = RowBands.of(self.step, self.step.window, band)
        return type(self)(self.step, bands.band) if bands.pad_top == 0 else None

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        return [f"{self.function}({self._describe(source, layer)}, {inputs[0]}, {output});"]

    def emit_band(self, source: Source, layer: str, output: str, scratch: str) -> list[str]:
        """Output rows [row, row + rows) from `input`, C variables in scope: a pool of so many rows."""
        _, columns, channels = self.step.output.shape
        bands = self.bands
        return [
            f"const int32_t left = {bands.rows} - row * {bands.stride};",
            f"const int32_t read = (rows - 1) * {bands.stride} + {bands.window_rows};",
            f"struct mn_pool band = *{self._describe(source, layer)};",
            "band.in.rows = read < left ? read : left;",
            "band.out.rows = rows;",
            f"{self.function}(&band, input, {output} + row * {columns * channels});",
        ]

    def _describe(self, source: Source, layer: str) -> str:
        return source.description("mn_pool", layer, pool_fields(self.step))


def pool_fields(step: PoolStep) -> dict[str, Any]:
    """struct mn_pool."""
    return {
        "in": shape_fields(step.inputs[0].shape),
        "out": shape_fields(step.output.shape),
        "window": window_fields(step.window),
        "low": step.low,
        "high": step.high,
    }


def _in_quarters(step: PoolStep) -> bool:
    """Whether all windows are 2x2 and inside the input, of whole words of channels."""
    window, (rows, columns, channels) = step.window, step.output.shape
    inside = (window.pad_top, window.pad_left) == (0, 0) and all(
        (out - 1) * stride + 2 <= side
        for out, stride, side in zip((rows, columns), window.stride, step.inputs[0].shape, strict=False)
    )
    return inside and window.size == (2, 2) and channels % 4 == 0


class AveragePoolKernel(PoolKernel):
    function = "mn_average_pool"


class MaxPoolKernel(PoolKernel):
    function = "mn_max_pool"


class MeanKernel(Kernel[MeanStep]):
    function = "mn_mean"
    file = "pool.c"

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        address = source.description(
            "mn_mean",
            layer,
            {
                "in": shape_fields(self.step.inputs[0].shape),
                "input_zero_point": self.step.input_zero_point,
                "multiplier": self.step.multiplier[0],
                "shift": self.step.multiplier[1],
                "zero_point": self.step.zero_point,
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


def _pool_options(table: Table | None) -> dict[str, Any]:
    table = options.needed(table)
    return {
        **options.padding(table),
        **options.strides(table),
        "filter_w": table.int32(3),
        "filter_h": table.int32(4),
        **options.activation(table, 5),
    }


FAMILY = Family(
    operators={
        "AVERAGE_POOL_2D": OperatorKind(lower_average_pool, _pool_options, 5),
        "MAX_POOL_2D": OperatorKind(lower_max_pool, _pool_options, 5),
    },
    kernels={
        AveragePoolStep: always(AveragePoolKernel),
        MaxPoolStep: always(MaxPoolKernel),
        MeanStep: always(MeanKernel),
    },
    bounds={AveragePoolStep: _pool_bounds, MaxPoolStep: _pool_bounds, MeanStep: _mean_bounds},
)
