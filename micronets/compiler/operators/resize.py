"""RESIZE_NEAREST_NEIGHBOR, also of int16, and RESIZE_BILINEAR."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from micronets.compiler.cores import Core, Extension
from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator
from micronets.compiler.intervals import Analysis, Bounds
from micronets.compiler.kernels.kernel import Kernel, shape_fields
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind
from micronets.compiler.source import Source
from micronets.compiler.steps import Shape, Step, Value

_WHOLE_BITS = 10
_WHOLE = 1 << _WHOLE_BITS
_WORD = 4
# Times the largest difference of inputs, in 16ths.
_LONGEST_STEP = 1 << 18


@dataclass(eq=False, kw_only=True)
class ResizeNearestStep(Step):
    kind: ClassVar[str] = "resize_nearest_neighbor"
    rows: np.ndarray
    """Source row of every output row."""
    columns: np.ndarray
    """Source column of every output column."""


@dataclass(eq=False, kw_only=True)
class ResizeBilinearStep(Step):
    kind: ClassVar[str] = "resize_bilinear"
    rows: np.ndarray
    """Int64 (output rows, 3): both source rows, and 1024ths of the way from the first to the second, 0 where they are
    one."""
    columns: np.ndarray
    row_places: np.ndarray
    """Int64 (output rows,): where they lie, in 1024ths of an input row; before the first and behind the last, too."""
    column_places: np.ndarray


def _source(lowering: LoweringContext, operator: Operator) -> tuple[Value, Value, int]:
    """The input, one of its images, and how many there are; the output is the other size."""
    source = lowering.moved(operator, 0)
    image, images = lowering.images(operator, source, lowering.tensor(operator, 0, "input"))
    size = lowering.constant(operator, 1, "size", ("int32",)).reshape(-1)
    stated = lowering.shape(lowering.output(operator))
    if len(size) != 2 or stated != (images * int(size[0]), int(size[1]), source.shape[2]):
        raise lowering.fail(operator, f"resizes {list(source.shape)} to {list(stated)}")
    return source, image, images


def lower_resize_nearest(lowering: LoweringContext, operator: Operator) -> None:
    """On int8 or int16. Source indices in float32, as TFLM's `GetNearestNeighbor`."""
    if lowering.tensor(operator, 0, "input").dtype != "int16":
        lowering.activation(operator, 0)
    source, image, images = _source(lowering, operator)
    output = lowering.image_output(operator, images)
    align, centred = operator.options["align_corners"], operator.options["half_pixel_centers"]
    lowering.add_images(
        operator,
        source,
        images,
        ResizeNearestStep(
            inputs=[image],
            output=output,
            operators=(operator.index,),
            rows=_nearest(image.shape[0], output.shape[0], align, centred),
            columns=_nearest(image.shape[1], output.shape[1], align, centred),
        ),
    )


def lower_resize_bilinear(lowering: LoweringContext, operator: Operator) -> None:
    lowering.activation(operator, 0)
    source, image, images = _source(lowering, operator)
    output = lowering.image_output(operator, images)
    align, centred = operator.options["align_corners"], operator.options["half_pixel_centers"]
    if align and centred:
        raise lowering.fail(operator, "aligns corners and centres at once, which TFLM refuses")
    rows, columns = (_places(image.shape[i], output.shape[i], align, centred) for i in (0, 1))
    lowering.add_images(
        operator,
        source,
        images,
        ResizeBilinearStep(
            inputs=[image],
            output=output,
            operators=(operator.index,),
            rows=_neighbours(rows, image.shape[0]),
            columns=_neighbours(columns, image.shape[1]),
            row_places=rows,
            column_places=columns,
        ),
    )


def _places(size: int, out: int, align_corners: bool, half_pixel_centers: bool) -> np.ndarray:
    """In 1024ths of the input's side, as TFLM's `ComputeInterpolationValuesInteger`."""
    corners = align_corners and out > 1
    scale = (1024 * (size - 1) + (out - 1) // 2) // (out - 1) if corners else (1024 * size + out // 2) // out
    places = np.arange(out, dtype=np.int64) * scale
    return places + scale // 2 - 512 if half_pixel_centers else places


def _neighbours(places: np.ndarray, size: int) -> np.ndarray:
    """No way from an input to itself. Where TFLM would read behind the last input, it is that one."""
    first = np.clip(places // _WHOLE, 0, size - 1)
    second = np.clip(-(-places // _WHOLE), 0, size - 1)
    return np.stack([first, second, np.where(first == second, 0, places - _WHOLE * first)], axis=1)


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


def _in_bytes(value: Value) -> Shape:
    """The shape, with a channel for every byte."""
    rows, columns, channels = value.shape
    return rows, columns, channels * value.item_bytes


class ResizeNearestKernel(Kernel[ResizeNearestStep]):
    function = "mn_resize_nearest"
    file = "movement.c"

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        address = source.description(
            "mn_resize",
            layer,
            {
                "out": shape_fields(_in_bytes(self.step.output)),
                "in_columns": self.step.inputs[0].shape[1],
                "rows": source.array(f"{layer}_rows", self.step.rows.astype(np.uint16)),
                "columns": source.array(f"{layer}_columns", self.step.columns.astype(np.uint16)),
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


def _nearest_walk(columns: np.ndarray) -> tuple[int, int] | None:
    """(first, step): column x is (first + x * step) >> 16, and what is behind the last is another one; None where no
    such numbers are found."""
    out = len(columns)
    places = np.arange(out + 1, dtype=np.int64)
    limit = (columns + 1) << 16
    least = np.append(columns << 16, limit[-1])

    def first_of(step: int) -> int:
        return max(int(np.max(least - places * step)), 0)

    def room(step: int) -> int:
        return int(np.min(limit - places[:-1] * step)) - first_of(step)

    # The room is concave.
    low, high = 1, int(limit[-1])
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if room(middle) >= room(middle + 1) else (middle + 1, high)
    return (first_of(low), low) if room(low) > 0 else None


class ResizeNearestWalkKernel(Kernel[ResizeNearestStep]):
    """Each pixel loaded once."""

    file = "nearest_walk.c"
    header = "nearest_walk.h"

    def __init__(self, step: ResizeNearestStep, first: int, stride: int) -> None:
        super().__init__(step)
        self._walk = {"first": first, "step": stride}
        names = {2: "two", 3: "three"}
        self.function = f"mn_resize_nearest_{names.get(_in_bytes(step.output)[2], 'words')}"

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        fields = {
            "out": shape_fields(_in_bytes(self.step.output)),
            "in_columns": self.step.inputs[0].shape[1],
            **self._walk,
            "rows": source.array(f"{layer}_rows", self.step.rows.astype(np.uint16)),
        }
        return [f"{self.function}({source.description('mn_nearest_walk', layer, fields)}, {inputs[0]}, {output});"]


class ResizeBilinearKernel(Kernel[ResizeBilinearStep]):
    """Value by value."""

    function = "mn_resize_bilinear"
    file = "bilinear.c"
    header = "bilinear.h"

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        fields = {
            "out": shape_fields(self.step.output.shape),
            "in_columns": self.step.inputs[0].shape[1],
            "rows": source.array(f"{layer}_rows", self.step.rows.astype(np.int16)),
            "columns": source.array(f"{layer}_columns", self.step.columns.astype(np.int16)),
        }
        return [f"{self.function}({source.description('mn_bilinear', layer, fields)}, {inputs[0]}, {output});"]


@dataclass(frozen=True)
class _Walk:
    """Outputs along a side: `head` ones are the first input, `tail` ones the last, the others lie every `step` 1024ths
    from `first` on."""

    head: int
    first: int
    step: int
    tail: int


def _walk(places: np.ndarray, size: int) -> _Walk | None:
    """None where outputs do not reach as far as the last input, or steps are so long that products leave int32."""
    if size == 1:
        return _Walk(0, 0, 1, len(places))
    last = _WHOLE * (size - 1)
    step = int(places[1] - places[0]) if len(places) > 1 else last
    if not 0 < step < _LONGEST_STEP or places[-1] + step < last:
        return None
    head = int(np.sum(places < 0))
    return _Walk(head, int(places[head]), step, int(np.sum(places >= last)))


class ResizeBilinearWordsKernel(Kernel[ResizeBilinearStep]):
    """Four channels at a time."""

    function = "mn_resize_bilinear_words"
    file = "bilinear_words.c"
    header = "bilinear_words.h"

    def __init__(self, step: ResizeBilinearStep, walk: _Walk) -> None:
        super().__init__(step)
        self._walk = walk

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        fields = {
            "out": shape_fields(self.step.output.shape),
            "in_columns": self.step.inputs[0].shape[1],
            "columns": vars(self._walk),
            "rows": source.array(f"{layer}_rows", self.step.rows.astype(np.int16)),
        }
        return [f"{self.function}({source.description('mn_bilinear_words', layer, fields)}, {inputs[0]}, {output});"]


class ResizeBilinearLinesKernel(Kernel[ResizeBilinearStep]):
    """Four bytes at a time of rows made as long as the output's."""

    function = "mn_resize_bilinear_lines"
    file = "bilinear_lines.c"
    header = "bilinear_lines.h"

    def __init__(self, step: ResizeBilinearStep, rows: _Walk, columns: _Walk) -> None:
        super().__init__(step)
        self._walks = {"rows": rows, "columns": columns}

    @property
    def scratch_bytes(self) -> int:
        _, columns, channels = self.step.output.shape
        return 8 * columns * channels

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        fields = {
            "in": shape_fields(self.step.inputs[0].shape),
            "out": shape_fields(self.step.output.shape),
            **{side: vars(walk) for side, walk in self._walks.items()},
        }
        address = source.description("mn_bilinear_lines", layer, fields)
        return [f"{self.function}({address}, {inputs[0]}, {output}, {scratch});"]


class ResizeTwiceKernel(Kernel[Step]):
    """To twice the rows and columns."""

    file = "resize_twice.c"
    header = "resize_twice.h"

    def __init__(self, step: Step, method: str) -> None:
        super().__init__(step)
        self.function = f"mn_resize_{method}_twice"

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        address = source.description("mn_shape", layer, shape_fields(_in_bytes(self.step.inputs[0])))
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


def _choose_nearest(step: ResizeNearestStep, analysis: Analysis, core: Core, optimise: str) -> Kernel:
    sides = zip((step.rows, step.columns), step.inputs[0].shape, strict=False)
    if _in_bytes(step.output)[2] % 16 == 0 and all(
        np.array_equal(side, np.arange(2 * size) // 2) for side, size in sides
    ):
        return ResizeTwiceKernel(step, "nearest")
    # The portable code copies better row by row, and single bytes are picked as fast as they are gone past.
    walks = core.extension is not Extension.NONE and optimise != "size" and _in_bytes(step.output)[2] > 1
    walk = _nearest_walk(step.columns) if walks else None
    return ResizeNearestKernel(step) if walk is None else ResizeNearestWalkKernel(step, *walk)


def _choose_bilinear(step: ResizeBilinearStep, analysis: Analysis, core: Core, optimise: str) -> Kernel:
    channels = step.output.shape[2]
    sides = (step.rows, step.columns)
    if channels % _WORD == 0 and all(
        _is_doubled(places, size) for places, size in zip(sides, step.inputs[0].shape, strict=False)
    ):
        return ResizeTwiceKernel(step, "bilinear")
    in_rows, in_columns, _ = step.inputs[0].shape
    rows, columns = _walk(step.row_places, in_rows), _walk(step.column_places, in_columns)
    if columns is None or optimise == "size":
        return ResizeBilinearKernel(step)
    if channels < _WORD:
        return ResizeBilinearKernel(step) if rows is None else ResizeBilinearLinesKernel(step, rows, columns)
    # Without the DSP extension, mixing columns first pays where each serves two outputs.
    if core.extension is Extension.NONE and step.output.shape[1] < 2 * in_columns:
        return ResizeBilinearKernel(step)
    return ResizeBilinearWordsKernel(step, columns)


def _is_doubled(places: np.ndarray, size: int) -> bool:
    """Whether every second output is an input, and the others lie half-way to the next one, or are the last one."""
    first = np.arange(2 * size) // 2
    halves = np.where(first + 1 < size, np.arange(2 * size) % 2 * (_WHOLE // 2), 0)
    return (
        np.array_equal(places[:, 0], first)
        and np.array_equal(places[:, 2], halves)
        and np.array_equal(places[halves > 0, 1], first[halves > 0] + 1)
    )


def _options(table: Table | None) -> dict[str, Any]:
    return {
        "align_corners": table.bool(0) if table else False,
        "half_pixel_centers": table.bool(1) if table else False,
    }


def _bilinear_options(table: Table | None) -> dict[str, Any]:
    return {
        "align_corners": table.bool(2) if table else False,
        "half_pixel_centers": table.bool(3) if table else False,
    }


FAMILY = Family(
    operators={
        "RESIZE_BILINEAR": OperatorKind(lower_resize_bilinear, _bilinear_options, 15),
        "RESIZE_NEAREST_NEIGHBOR": OperatorKind(lower_resize_nearest, _options, 74),
    },
    kernels={ResizeNearestStep: _choose_nearest, ResizeBilinearStep: _choose_bilinear},
    bounds={ResizeNearestStep: _bounds},
)
