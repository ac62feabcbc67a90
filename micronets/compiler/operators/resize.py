"""RESIZE_NEAREST_NEIGHBOR."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator
from micronets.compiler.intervals import Analysis, Bounds
from micronets.compiler.kernels.kernel import Kernel, shape_fields
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.source import Source
from micronets.compiler.steps import Step


@dataclass(eq=False, kw_only=True)
class ResizeNearestStep(Step):
    kind: ClassVar[str] = "resize_nearest_neighbor"
    rows: np.ndarray
    """Source row of every output row."""
    columns: np.ndarray
    """Source column of every output column."""


def lower_resize_nearest(lowering: LoweringContext, operator: Operator) -> None:
    """Source indices in float32, as TFLM's `GetNearestNeighbor`."""
    source, _, _ = lowering.activation(operator, 0)
    lowering.one_image(operator, lowering.tensor(operator, 0, "input"))
    lowering.per_tensor(operator, lowering.output(operator), "output")
    size = lowering.constant(operator, 1, "size", ("int32",)).reshape(-1)
    rows, columns, channels = source.shape
    stated = lowering.shape(operator, lowering.output(operator))
    if len(size) != 2 or stated != (int(size[0]), int(size[1]), channels):
        raise lowering.fail(operator, f"resizes {list(source.shape)} to {list(stated)}")
    align, centred = operator.options["align_corners"], operator.options["half_pixel_centers"]
    lowering.add(
        ResizeNearestStep(
            inputs=[source],
            output=lowering.make(operator),
            operators=(operator.index,),
            rows=_nearest(rows, stated[0], align, centred),
            columns=_nearest(columns, stated[1], align, centred),
        )
    )


def _nearest(size: int, out: int, align_corners: bool, half_pixel_centers: bool) -> np.ndarray:
    corners = align_corners and out > 1
    scale = np.float32(size - 1) / np.float32(out - 1) if corners else np.float32(size) / np.float32(out)
    offset = np.float32(0.5 if half_pixel_centers else 0.0)
    positions = (np.arange(out, dtype=np.float32) + offset) * scale
    rounded = np.floor(positions + np.float32(0.5)) if align_corners else np.floor(positions)
    indices = np.minimum(rounded.astype(np.int64), size - 1)
    return np.maximum(indices, 0) if half_pixel_centers else indices


def _bounds(step: ResizeNearestStep, analysis: Analysis) -> Bounds:
    return analysis.of(step.inputs[0])


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


def _options(table: Table | None) -> dict[str, Any]:
    return {
        "align_corners": table.bool(0) if table else False,
        "half_pixel_centers": table.bool(1) if table else False,
    }


FAMILY = Family(
    operators={"RESIZE_NEAREST_NEIGHBOR": OperatorKind(lower_resize_nearest, _options, 74)},
    kernels={ResizeNearestStep: always(ResizeNearestKernel)},
    bounds={ResizeNearestStep: _bounds},
)
