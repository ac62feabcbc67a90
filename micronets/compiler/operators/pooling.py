"""AVERAGE_POOL_2D, MAX_POOL_2D, and the mean over rows and columns."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from micronets.compiler.arithmetic import activation_range, mean_multiplier, multiply_by_quantised_multiplier
from micronets.compiler.cores import Core, Extension
from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator
from micronets.compiler.intervals import Analysis, Bounds
from micronets.compiler.kernels.bands import RowBands
from micronets.compiler.kernels.kernel import Kernel, shape_fields, window_fields
from micronets.compiler.kernels.mean import average_kernel, mean_kernel
from micronets.compiler.operators import options
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind
from micronets.compiler.operators.window import Sliding, slide
from micronets.compiler.source import Source
from micronets.compiler.steps import Step, Value, Window

_LARGEST = (1 << 31) - 1
_WORD_CHANNELS = 4
# Of windows that are taken by columns.
_LEAST_MULTIPLIED = 3
_MOST_LANE_PIXELS = 255
_MOST_COLUMNS = 16
_MOST_KEPT = 3
_MOST_UNROLLED_PIXELS = 64


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
    wide_channels: ClassVar[int] = 16
    """From how many on a special kernel for 2x2 is faster than columns."""

    def __init__(self, step: PoolStep, band: int | None = None) -> None:
        super().__init__(step)
        self.band = band
        self._special = self._find_special()
        if self._special is not None:
            clamped = "" if (step.low, step.high) == (-128, 127) else "_clamped"
            self.function = f"{type(self).function}{self._special.removeprefix('pool')}{clamped}"

    def _find_special(self) -> str | None:
        """The file of a kernel for some windows only, of whole words of channels."""
        if self.step.output.shape[2] % 4 == 0 and _lies_inside(self.step) and self.step.window.size == (2, 2):
            return "pool_2x2"
        return None

    @property
    def is_wide(self) -> bool:
        """Whether it is a special kernel that takes 16 channels at a time, of windows that share nothing."""
        return (
            self._special == "pool_2x2"
            and self.step.window.stride[1] > 1
            and self.step.output.shape[2] >= self.wide_channels
        )

    def files(self) -> set[str]:
        return super().files() if self._special is None else {f"{self._special}.c"}

    def headers(self) -> set[str]:
        return super().headers() if self._special is None else {f"{self._special}.h"}

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


def _lies_inside(step: PoolStep) -> bool:
    """Whether no window reaches beyond the input."""
    return all(set(_sides_inside(step, axis)) == {step.window.size[axis]} for axis in (0, 1))


def _sides_inside(step: PoolStep, axis: int) -> list[int]:
    """Of every window along rows (0) or columns (1), how much lies inside the input."""
    window, side = step.window, step.inputs[0].shape[axis]
    firsts = (i * window.stride[axis] - (window.pad_top, window.pad_left)[axis] for i in range(step.output.shape[axis]))
    return [min(first + window.size[axis], side) - max(first, 0) for first in firsts]


class AveragePoolKernel(PoolKernel):
    function = "mn_average_pool"


class PoolByColumns(PoolKernel):
    """Averages over up to 255 pixels and maxima (pool_columns.h)."""

    file = "pool_columns.c"
    header = "pool_columns.h"

    def __init__(self, step: PoolStep, band: int | None = None) -> None:
        super().__init__(step, band)
        (rows, columns), (_, stride), pad_left = step.window.size, step.window.stride, step.window.pad_left
        in_columns, out_columns, channels = step.inputs[0].shape[1], *step.output.shape[1:]
        clipped = set(_sides_inside(step, 0)) - {rows}
        shape = [rows, columns, stride, pad_left, in_columns, out_columns, channels]
        shape.append(0 if not clipped else clipped.pop() if len(clipped) == 1 else -1)
        self._is_average = isinstance(step, AveragePoolStep)
        least = min(_sides_inside(step, 0)) * min(_sides_inside(step, 1))
        flags = (
            self._is_average and least < _LEAST_MULTIPLIED,
            rows * columns <= _MOST_UNROLLED_PIXELS,
            (step.low, step.high) != (-128, 127),
            not self._is_average,
        )
        self._constants = [*shape, *map(int, flags)]
        kind = "average" if self._is_average else "max"
        self.function = "_".join([f"{kind}_pool", *map(str, self._constants)]).replace("-", "n")

    @property
    def takes(self) -> bool:
        """Whether this is a way to pool the step, and a fast one: maxima that share much have a faster one."""
        (rows, columns), (_, stride) = self.step.window.size, self.step.window.stride
        if columns > _MOST_COLUMNS:
            return False
        if self._is_average:
            return _LEAST_MULTIPLIED <= rows * columns <= _MOST_LANE_PIXELS
        channels = self.step.output.shape[2]
        if channels < _WORD_CHANNELS:
            return stride > 1 and rows * columns <= _WORD_CHANNELS * channels
        shares_little = columns <= stride or (rows <= _MOST_KEPT and columns <= _MOST_KEPT)
        return rows * columns <= _MOST_UNROLLED_PIXELS and shares_little

    def _find_special(self) -> str | None:
        return None

    def definition(self) -> str:
        """The instantiation for the window."""
        constants = ", ".join(map(str, self._constants))
        factors = f"int32_t factors[{self.step.window.size[1] + 1}];\n    " if self._is_average else ""
        return (
            f"static void {self.function}(const struct mn_pool *p, const int8_t *input, int8_t *output)\n{{\n"
            f"    const struct mn_pool_constants constants = {{{constants}}};\n"
            f"    {factors}mn_pool_by_columns(constants, {'factors' if factors else 0}, p, input, output);\n}}\n"
        )


class MaxPoolKernel(PoolKernel):
    function = "mn_max_pool"
    wide_channels = 32

    def _find_special(self) -> str | None:
        window = self.step.window
        by_threes = window.size == (3, 3) and window.stride[1] == 2 and window.pad_left <= 1
        if by_threes and self.step.output.shape[2] % 4 == 0:
            return "pool_3x3"
        return super()._find_special()


class MaxPoolByRows(PoolKernel):
    """Over windows of any kind (pool_rows.c)."""

    function = "mn_max_pool_rows"
    file = "pool_rows.c"
    header = "pool_rows.h"

    def _find_special(self) -> str | None:
        return None

    @property
    def scratch_bytes(self) -> int:
        window, (_, in_columns, channels), columns = (
            self.step.window,
            self.step.inputs[0].shape,
            self.step.output.shape[1],
        )
        reached = (columns - 1) * window.stride[1] + window.size[1]
        lines = 2 if channels < _WORD_CHANNELS and window.stride[1] > 1 else 1
        return lines * max(reached, window.pad_left + in_columns) * channels

    def banded(self, band: int) -> PoolKernel | None:
        return MaxPoolKernel(self.step).banded(band)

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        return [f"{self.function}({self._describe(source, layer)}, {inputs[0]}, {output}, {scratch});"]


def _choose_max(step: MaxPoolStep, analysis: Analysis, core: Core, optimise: str) -> Kernel:
    """Without packed arithmetic, a word's maximum takes as long as its bytes'."""
    kernel, by_columns = MaxPoolKernel(step), PoolByColumns(step)
    if kernel.is_wide or core.extension is Extension.NONE or optimise == "size":
        return kernel
    return by_columns if by_columns.takes else MaxPoolByRows(step)


def _choose_average(step: AveragePoolStep, analysis: Analysis, core: Core, optimise: str) -> Kernel:
    """One window that is the whole input is a mean."""
    whole = step.window.size == step.inputs[0].shape[:2] and step.output.shape[:2] == (1, 1)
    if whole and (step.low, step.high) == (-128, 127):
        mean = average_kernel(step)
        if mean is not None:
            return mean
    kernel, by_columns = AveragePoolKernel(step), PoolByColumns(step)
    if kernel.is_wide or core.extension is Extension.NONE or optimise == "size" or not by_columns.takes:
        return kernel
    return by_columns


def _choose_mean(step: MeanStep, analysis: Analysis, core: Core, optimise: str) -> Kernel:
    return mean_kernel(step, step.input_zero_point, step.multiplier, step.zero_point)


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
        AveragePoolStep: _choose_average,
        MaxPoolStep: _choose_max,
        MeanStep: _choose_mean,
    },
    bounds={AveragePoolStep: _pool_bounds, MaxPoolStep: _pool_bounds, MeanStep: _mean_bounds},
)
