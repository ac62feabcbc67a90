"""Convolutions with Helium, Armv8.1-M's vector extension (micronets_helium.h)."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from micronets.compiler.arithmetic import wrap32
from micronets.compiler.intervals import Analysis, convolution_accumulators, depthwise_accumulators, input_bounds
from micronets.compiler.kernels.bands import RowBands
from micronets.compiler.kernels.convolution_by_rows import ConvolutionByRows, PixelsByRows
from micronets.compiler.kernels.kernel import Distance, Kernel, shape_fields, window_fields
from micronets.compiler.requantise import fit
from micronets.compiler.source import Source
from micronets.compiler.steps import ConvolutionStep, DepthwiseConvolutionStep, Requantisation, Step

_BLOCK = 16
_QUAD = 4
_OCTET = 8
_LARGEST_ACCUMULATOR = (1 << 31) - 1
_MOST_BLOCKS_IN_REGISTERS = 4
# Of eight channels, the even ones first: the order in which VMULLB and VMULLT leave products.
_EVEN_ODD = (0, 2, 4, 6, 1, 3, 5, 7)


@dataclass(frozen=True)
class HeliumForm:
    """A requantisation as the kernels do it: `fast` (factors, offsets) or `general` (multipliers, shifts)."""

    name: str
    nudges: np.ndarray
    first: np.ndarray
    second: np.ndarray


def helium_form(q: Requantisation, low: np.ndarray, high: np.ndarray) -> HeliumForm | None:
    """The cheapest form that is exact for accumulators in [low, high]; None where none is."""
    fast = fit(q, low, high, np.full(len(low), _LARGEST_ACCUMULATOR, np.int64))
    if fast is not None:
        return HeliumForm("fast", fast.nudges, fast.factors, fast.offsets)
    return general_form(q)


def general_form(q: Requantisation) -> HeliumForm | None:
    if np.any(q.shifts > -1) or np.any(q.shifts < -31):
        return None
    return HeliumForm("general", np.zeros(len(q.shifts), np.int64), q.multipliers, q.shifts)


class PointWeights:
    """Of whole bytes: the kernel for pixels and patches, and its constants."""

    files: ClassVar[frozenset[str]] = frozenset({"point_helium.c", "point_helium_pixels.c", "point_helium_pairs.c"})
    headers: ClassVar[frozenset[str]] = frozenset()
    bits: ClassVar[int] = 8

    def __init__(self, step: ConvolutionStep, form: HeliumForm) -> None:
        self.step = step
        self.form = form

    @property
    def function(self) -> str:
        return f"mn_helium_point_{self.form.name}{self.blocks_suffix}"

    @property
    def blocks_suffix(self) -> str:
        """How names of kernels end whose inputs stay in registers."""
        blocks = -(-int(np.prod(self.step.weights.shape[1:])) // _BLOCK)
        return f"_{blocks}" if blocks <= _MOST_BLOCKS_IN_REGISTERS else ""

    def stream(self) -> np.ndarray:
        """Int32."""
        flat = self.flat()
        channels, depth = flat.shape
        padded = np.zeros((-(-channels // _QUAD) * _QUAD, -(-depth // _BLOCK) * _BLOCK), np.int8)
        padded[:channels, :depth] = flat
        quads = padded.reshape(-1, _QUAD, padded.shape[1] // _BLOCK, _BLOCK).transpose(0, 2, 1, 3)
        words = np.ascontiguousarray(quads).view("<i4").reshape(len(quads), -1)
        lanes = _constants(self.bias(), self.form, _QUAD)
        return np.concatenate([lanes[:, 0], words, lanes[:, 1], lanes[:, 2]], axis=1)

    def flat(self) -> np.ndarray:
        """Int64 (channels, depth)."""
        return self.step.weights.reshape(self.step.weights.shape[0], -1).astype(np.int64)

    def bias(self) -> np.ndarray:
        """Int64 (channels,), with the input's zero point."""
        return self.step.bias - self.step.input_zero_point * self.flat().sum(axis=1)

    def fields(self, source: Source, layer: str) -> dict[str, Any]:
        """struct mn_helium_point."""
        q = self.step.requantisation
        return {
            "depth": int(np.prod(self.step.weights.shape[1:])),
            "channels": self.step.weights.shape[0],
            "zero_point": q.zero_point,
            "low": q.low,
            "high": q.high,
            "stream": source.array(f"{layer}_stream", self.stream().astype(np.int32)),
        }


class HeliumPoint(PixelsByRows):
    """1x1 convolutions and fully connected layers."""

    file = None
    takes_scratch = False

    def __init__(self, step: ConvolutionStep, weights: PointWeights) -> None:
        super().__init__(step)
        self.weights = weights
        self.weight_bits = weights.bits
        self.function = weights.function

    def files(self) -> set[str]:
        return set(self.weights.files)

    def headers(self) -> set[str]:
        return set(self.weights.headers)

    def overlaps(self) -> dict[int, Distance]:
        """Where a pixel's inputs stay in registers, it is written when it has been read; else its first outputs are
        written while its inputs are still being read."""
        channels, depth = self.step.weights.shape[0], self.step.weights.shape[3]
        last = self.pixels - 1
        if self.function[-1].isdigit():
            return {0: Distance(max(0, last * (channels - depth)))}
        return {0: Distance(max(channels, (last + 1) * channels - last * depth))}

    def _describe(self, source: Source, layer: str) -> str:
        return source.description("mn_helium_point", layer, self.weights.fields(source, layer))


class HeliumPatch(ConvolutionByRows):
    """Convolutions with other kernels, gathered into patches one by one."""

    function = "mn_helium_patch"
    file = "patch_helium.c"

    def __init__(self, step: ConvolutionStep, weights: PointWeights) -> None:
        super().__init__(step)
        self.weights = weights
        self.weight_bits = weights.bits

    def files(self) -> set[str]:
        return {self.file, *self.weights.files}

    def headers(self) -> set[str]:
        return set(self.weights.headers)

    @property
    def scratch_bytes(self) -> int:
        """Two patches, and what is read in vain behind them."""
        return _words(2 * int(np.prod(self.step.weights.shape[1:])) + _BLOCK - 1)

    def overlaps(self) -> dict[int, Distance]:
        """A pixel is written when its patch has been gathered; later ones read from their first row on."""
        _, columns, depth = self.step.inputs[0].shape
        out_rows, out_columns, channels = self.step.output.shape
        if self.step.window.is_point:
            return {0: Distance(max(0, (out_rows * out_columns - 1) * (channels - depth)))}
        return {
            0: Distance(
                max(
                    0,
                    *(
                        ((row + 1) * out_columns - 1) * channels - self.first_input_row(row) * columns * depth
                        for row in range(out_rows)
                    ),
                )
            )
        }

    @property
    def point_function(self) -> str:
        """What multiplies the patches."""
        return self.weights.function

    @property
    def stream_bytes(self) -> int:
        """Of weights and what belongs to them (micronets_helium.h)."""
        channels, depth = self.step.weights.shape[0], int(np.prod(self.step.weights.shape[1:]))
        return -(-channels // _QUAD) * _QUAD * (-(-depth // _BLOCK) * _BLOCK + 3 * 4)

    def fields(self, source: Source, layer: str) -> dict[str, Any]:
        """struct mn_helium_patch."""
        step = self.step
        return {
            "point": self.weights.fields(source, layer),
            "in": shape_fields(step.inputs[0].shape),
            "out_columns": step.output.shape[1],
            "window": window_fields(step.window),
            "input_zero_point": step.input_zero_point,
        }

    def _describe(self, source: Source, layer: str) -> str:
        address = source.description("mn_helium_patch", layer, self.fields(source, layer))
        return f"{address}, {self.point_function}"


class HeliumDepthwise(Kernel[DepthwiseConvolutionStep]):
    """3x3 depthwise convolutions of any stride, dilation and padding; whole, or `band` rows at a time."""

    file = "depthwise_helium.c"

    def __init__(self, step: DepthwiseConvolutionStep, form: HeliumForm, band: int | None = None) -> None:
        super().__init__(step)
        self.form = form
        self.band = band
        self.function = f"mn_helium_depthwise_{'in_place_' if self.in_place else ''}{self._ending}"

    @property
    def _ending(self) -> str:
        """Of the function's name."""
        return self.form.name

    @property
    def in_place(self) -> bool:
        """Whether outputs take their inputs' place, of which the next row still reads: rows of them are kept."""
        step, window = self.step, self.step.window
        same = step.output.shape == step.inputs[0].shape
        plain = (window.stride, window.dilation, window.pad_top) == ((1, 1), (1, 1), 1)
        return self.band is None and same and plain

    @property
    def scratch_bytes(self) -> int:
        _, columns, channels = self.step.inputs[0].shape
        return _words(channels * (1 + 2 * columns * self.in_place))

    def overlaps(self) -> dict[int, Distance]:
        """Outputs lag behind what is still to be read. Where input and output are whole pixels apart, a channel meets
        only itself, and a pixel may be written where it is being read."""
        rows, columns, channels = self.step.inputs[0].shape
        out_rows, out_columns, _ = self.step.output.shape
        if self.in_place:
            return {0: Distance(rows * columns * channels, exact=0)}
        window = self.step.window
        pixels = np.arange(out_rows * out_columns)
        top = np.clip(pixels // out_columns * window.stride[0] - window.pad_top, 0, rows)
        left = np.clip(pixels % out_columns * window.stride[1] - window.pad_left, 0, columns)
        read = np.minimum.accumulate((top * columns + left)[::-1])[::-1]
        least = int((pixels + 1 - read).max())
        lag = int((pixels[:-1] + 1 - read[1:]).max(initial=0))
        unit = math.lcm(4, channels)
        return {0: Distance(least * channels, exact=-(-lag * channels // unit) * unit)}

    @property
    def bands(self) -> RowBands:
        return RowBands.of(self.step, self.step.window, self.band or self.step.output.shape[0])

    def banded(self, band: int) -> "HeliumDepthwise | None":
        """The same by bands of rows; None where its rows are not read one after the other."""
        if self.step.window.dilation != (1, 1):
            return None
        return type(self)(self.step, self.form, min(band, self.step.output.shape[0]))

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        rows = "" if self.in_place else f"0, {self.step.output.shape[0]}, "
        return [f"{self.function}({self._describe(source, layer)}, {rows}{inputs[0]}, {output}, {scratch});"]

    def emit_lines(self, source: Source, layer: str, output: str, scratch: str) -> list[str]:
        """Output rows [row, row + rows) from `input`, C variables in scope, to where `output` says."""
        return [f"{self.function}({self._describe(source, layer)}, row, rows, input, {output}, {scratch});"]

    def emit_band(self, source: Source, layer: str, output: str, scratch: str) -> list[str]:
        """Output rows [row, row + rows) from `input`, C variables in scope."""
        _, columns, channels = self.step.output.shape
        address = self._describe(source, layer)
        target = f"{output} + row * {columns * channels}"
        return [f"{self.function}({address}, row, rows, input, {target}, {scratch});"]

    def _describe(self, source: Source, layer: str) -> str:
        step, q = self.step, self.step.requantisation
        weights = step.weights.reshape(-1, step.weights.shape[2]).astype(np.int64)
        stream = self._stream(step.bias - step.input_zero_point * weights.sum(axis=0))
        fields = {
            "in": shape_fields(step.inputs[0].shape),
            "out_rows": step.output.shape[0],
            "out_columns": step.output.shape[1],
            "window": window_fields(step.window),
            "input_zero_point": step.input_zero_point,
            "zero_point": q.zero_point,
            "low": q.low,
            "high": q.high,
            "stream": source.array(f"{layer}_stream", stream.astype(np.int32)),
        }
        return source.description("mn_helium_depthwise", layer, fields)

    def _stream(self, bias: np.ndarray) -> np.ndarray:
        """Int32 (groups of channels, words), for biases that contain the input's zero point."""
        weights = np.zeros((9, -(-len(bias) // _OCTET) * _OCTET), np.int64)
        weights[:, : len(bias)] = self.step.weights.reshape(9, len(bias))
        octets = np.ascontiguousarray(weights.reshape(9, -1, _OCTET).transpose(1, 0, 2).astype("<i2"))
        lanes = _constants(bias, self.form, _OCTET)[:, :, list(_EVEN_ODD)]
        words = octets.view("<i4").reshape(len(octets), -1)
        return np.concatenate([lanes[:, 0], words, lanes[:, 1], lanes[:, 2]], axis=1)


def helium_kernel(step: Step, analysis: Analysis) -> Kernel | None:
    """None where the step is of another kind or shape, or a channel's requantisation has no form here."""
    if isinstance(step, DepthwiseConvolutionStep):
        if step.multiplier != 1 or step.window.size != (3, 3):
            return None
        bounds = depthwise_accumulators(step, input_bounds(step, analysis))
        form = helium_form(step.requantisation, bounds.low, bounds.high)
        return None if form is None else HeliumDepthwise(step, form)
    if not isinstance(step, ConvolutionStep):
        return None
    bounds = convolution_accumulators(step, input_bounds(step, analysis))
    form = helium_form(step.requantisation, bounds.low, bounds.high)
    if form is None:
        return None
    return point_kernel(step, PointWeights(step, form))


def point_kernel(step: ConvolutionStep, weights: PointWeights) -> HeliumPoint | HeliumPatch:
    """Pixels that are read again for every four channels are copied out, so that outputs may take their place."""
    rows, columns, _ = step.output.shape
    apart = weights.blocks_suffix != "" or (rows * columns == 1 and weights.bits == 8)
    return (HeliumPoint if step.window.is_point and apart else HeliumPatch)(step, weights)


def _constants(bias: np.ndarray, form: HeliumForm, lanes: int) -> np.ndarray:
    """Int32 (groups, 3, lanes): starts and the form's two constants; channels beyond the last get valid shifts."""
    channels = len(bias)
    constants = np.zeros((3, -(-channels // lanes) * lanes), np.int32)
    constants[2] = -1
    constants[:, :channels] = np.stack([wrap32(bias + form.nudges), form.first, form.second])
    return constants.reshape(3, -1, lanes).transpose(1, 0, 2)


def _words(size_bytes: int) -> int:
    return -(-size_bytes // 4) * 4
