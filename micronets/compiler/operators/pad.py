"""PAD with the zero point, PADV2 with any value."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from micronets.compiler.graph import Operator
from micronets.compiler.intervals import Analysis, Bounds
from micronets.compiler.kernels.kernel import Kernel, shape_fields
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.source import Source
from micronets.compiler.steps import Shape, Step


@dataclass(eq=False, kw_only=True)
class PadStep(Step):
    kind: ClassVar[str] = "pad"
    before: Shape
    zero_point: int
    """What is padded with."""


def lower_pad(lowering: LoweringContext, operator: Operator) -> None:
    source, tensor = lowering.moved(operator, 0), lowering.tensor(operator, 0, "input")
    zero_point = lowering.per_tensor(operator, lowering.output(operator), "output")[1] if tensor.dtype == "int8" else 0
    if operator.kind == "PADV2":
        zero_point = int(lowering.constant(operator, 2, "value", (tensor.dtype,)).reshape(-1)[0])
    if tensor.dtype not in ("int8", "int16", "int32") and zero_point:
        raise lowering.fail(operator, f"pads {tensor.dtype} with {zero_point}; 0 is supported")
    image, images = lowering.images(operator, source, tensor)
    sides = len(tensor.shape)
    paddings = lowering.constant(operator, 1, "paddings", ("int32", "int64"))
    if paddings.shape != (sides, 2) or paddings.min() < 0:
        raise lowering.fail(operator, f"has paddings of the shape {list(paddings.shape)} or below zero")
    if paddings[:-3].any():
        raise lowering.fail(operator, "pads the batch")
    before, after = np.zeros(3, np.int64), np.zeros(3, np.int64)
    kept = min(sides, 3)
    before[3 - kept :], after[3 - kept :] = paddings[sides - kept :, 0], paddings[sides - kept :, 1]
    computed = tuple(int(b + side + a) for b, side, a in zip(before, image.shape, after, strict=True))
    output = lowering.image_output(operator, images)
    stated = output.shape
    if stated != computed:
        raise lowering.fail(operator, f"states the output {list(stated)}, but its paddings give {list(computed)}")
    lowering.add_images(
        operator,
        source,
        images,
        PadStep(
            inputs=[image],
            output=output,
            operators=(operator.index,),
            before=(int(before[0]), int(before[1]), int(before[2])),
            zero_point=zero_point,
        ),
    )


def _bounds(step: PadStep, analysis: Analysis) -> Bounds:
    bounds = analysis.of(step.inputs[0])
    if step.inputs[0].shape[2] != step.output.shape[2]:
        padded = Bounds.everything(step.output.shape[2], step.zero_point, step.zero_point)
        own = slice(step.before[2], step.before[2] + step.inputs[0].shape[2])
        padded.low[own], padded.high[own] = bounds.low, bounds.high
        bounds = padded
    return bounds.including(step.zero_point)


class PadKernel(Kernel[PadStep]):
    """Byte by byte; with anything but 0 in wider items, item by item."""

    file = None

    def __init__(self, step: PadStep) -> None:
        super().__init__(step)
        self._in_items = step.output.item_bytes > 1 and step.zero_point != 0
        self._in_runs = not self._in_items and step.inputs[0].shape[2] == step.output.shape[2]
        self.function = "mn_pad_items" if self._in_items else "mn_pad_runs" if self._in_runs else "mn_pad"

    def files(self) -> set[str]:
        return {"pad_items.c" if self._in_items else "runs.c" if self._in_runs else "movement.c"}

    def headers(self) -> set[str]:
        return {"pad_items.h"} if self._in_items else {"runs.h"} if self._in_runs else set()

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        rows, columns, channels = self.step.before
        item_bytes = self.step.output.item_bytes
        items = 1 if self._in_items else item_bytes
        sides = [(*value.shape[:2], value.shape[2] * items) for value in (self.step.inputs[0], self.step.output)]
        address = source.description(
            "mn_pad",
            layer,
            {
                "in": shape_fields(sides[0]),
                "out": shape_fields(sides[1]),
                "rows_before": rows,
                "columns_before": columns,
                "channels_before": channels * items,
                "zero_point": self.step.zero_point,
            },
        )
        width = [str(item_bytes)] if self._in_items else []
        return [f"{self.function}({', '.join([address, *width, inputs[0], output])});"]


FAMILY = Family(
    operators={"PAD": OperatorKind(lower_pad), "PADV2": OperatorKind(lower_pad)},
    kernels={PadStep: always(PadKernel)},
    bounds={PadStep: _bounds},
)
