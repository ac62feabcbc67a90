"""Kernels of everything but convolutions; each has one C function on every core."""

from abc import abstractmethod

import numpy as np

from micronets.compiler.kernels.bands import RowBands
from micronets.compiler.kernels.kernel import Distance, Kernel, shape_fields, window_fields
from micronets.compiler.source import Source
from micronets.compiler.steps import (
    AddStep,
    AveragePoolStep,
    ConcatenationStep,
    LookupStep,
    MaxPoolStep,
    MeanStep,
    MultiplyStep,
    PadStep,
    PoolStep,
    ResizeNearestStep,
    Shape,
    SoftmaxStep,
)


class PoolKernel(Kernel[PoolStep]):
    """Over windows; whole, or `band` rows at a time."""

    file = "pool.c"

    def __init__(self, step: PoolStep, band: int | None = None) -> None:
        super().__init__(step)
        self.band = band

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
        return source.description(
            "mn_pool",
            layer,
            {
                "in": shape_fields(self.step.inputs[0].shape),
                "out": shape_fields(self.step.output.shape),
                "window": window_fields(self.step.window),
                "low": self.step.low,
                "high": self.step.high,
            },
        )


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


def _strides(shape: Shape, out: Shape) -> dict[str, int]:
    rows, columns, channels = shape
    return {
        "row_stride": columns * channels if rows == out[0] else 0,
        "column_stride": channels if columns == out[1] else 0,
        "channel_stride": 1 if channels == out[2] else 0,
    }


class _BinaryKernel(Kernel):
    file = "elementwise.c"

    def overlaps(self) -> dict[int, Distance]:
        return {i: Distance(0) for i, value in enumerate(self.step.inputs) if value.shape == self.step.output.shape}

    def input_multipliers(self) -> tuple[tuple[int, int], tuple[int, int]]:
        return (0, 0), (0, 0)

    @abstractmethod
    def output_multiplier(self) -> tuple[int, int]:
        """Multiplier and shift of the result."""

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        sides = {}
        for name, value, zero_point, (multiplier, shift) in zip(
            ("first", "second"), step.inputs, step.input_zero_points, self.input_multipliers(), strict=True
        ):
            sides[name] = {
                **_strides(value.shape, step.output.shape),
                "zero_point": zero_point,
                "multiplier": multiplier,
                "shift": shift,
            }
        multiplier, shift = self.output_multiplier()
        address = source.description(
            "mn_binary",
            layer,
            {
                "out": shape_fields(step.output.shape),
                **sides,
                "multiplier": multiplier,
                "shift": shift,
                "zero_point": step.zero_point,
                "low": step.low,
                "high": step.high,
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {inputs[1]}, {output});"]


class AddKernel(_BinaryKernel):
    function = "mn_add"
    step: AddStep

    def input_multipliers(self) -> tuple[tuple[int, int], tuple[int, int]]:
        return self.step.input_multipliers

    def output_multiplier(self) -> tuple[int, int]:
        return self.step.output_multiplier


class MultiplyKernel(_BinaryKernel):
    function = "mn_multiply"
    step: MultiplyStep

    def output_multiplier(self) -> tuple[int, int]:
        return self.step.multiplier


class LookupKernel(Kernel[LookupStep]):
    function = "mn_lookup"
    file = "elementwise.c"

    def overlaps(self) -> dict[int, Distance]:
        return {0: Distance(0)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        table = source.array(f"{layer}_table", self.step.table)
        return [f"{self.function}({table}, {self.step.output.size_bytes}, {inputs[0]}, {output});"]


class SoftmaxKernel(Kernel[SoftmaxStep]):
    function = "mn_softmax"
    file = "softmax.c"

    def overlaps(self) -> dict[int, Distance]:
        return {0: Distance(0)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        rows, columns, channels = self.step.output.shape
        address = source.description(
            "mn_softmax",
            layer,
            {
                "rows": rows * columns,
                "channels": channels,
                "exponentials": source.array(f"{layer}_exponentials", self.step.exponentials.astype(np.int32)),
                "count": len(self.step.exponentials),
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


class PadKernel(Kernel[PadStep]):
    function = "mn_pad"
    file = "movement.c"

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        rows, columns, channels = self.step.before
        address = source.description(
            "mn_pad",
            layer,
            {
                "in": shape_fields(self.step.inputs[0].shape),
                "out": shape_fields(self.step.output.shape),
                "rows_before": rows,
                "columns_before": columns,
                "channels_before": channels,
                "zero_point": self.step.zero_point,
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


class ConcatenationKernel(Kernel[ConcatenationStep]):
    function = "mn_copy"
    file = "movement.c"

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        sides = step.output.shape
        outer = int(np.prod(sides[: step.axis], dtype=np.int64))
        stride = step.output.size_bytes // outer
        statements, offset = [], 0
        for i, (value, text) in enumerate(zip(step.inputs, inputs, strict=True)):
            block = value.size_bytes // outer
            address = source.description(
                "mn_copy", f"{layer}_{i}", {"count": outer, "block_bytes": block, "output_stride": stride}
            )
            statements.append(f"{self.function}({address}, {text}, {output} + {offset});")
            offset += block
        return statements


class ResizeNearestKernel(Kernel[ResizeNearestStep]):
    function = "mn_resize_nearest"
    file = "movement.c"

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        address = source.description(
            "mn_resize",
            layer,
            {
                "out": shape_fields(self.step.output.shape),
                "in_columns": self.step.inputs[0].shape[1],
                "rows": source.array(f"{layer}_rows", self.step.rows.astype(np.uint16)),
                "columns": source.array(f"{layer}_columns", self.step.columns.astype(np.uint16)),
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


SIMPLE_KERNELS: dict[type, type[Kernel]] = {
    AveragePoolStep: AveragePoolKernel,
    MaxPoolStep: MaxPoolKernel,
    MeanStep: MeanKernel,
    AddStep: AddKernel,
    MultiplyStep: MultiplyKernel,
    LookupStep: LookupKernel,
    SoftmaxStep: SoftmaxKernel,
    PadStep: PadKernel,
    ConcatenationStep: ConcatenationKernel,
    ResizeNearestStep: ResizeNearestKernel,
}
