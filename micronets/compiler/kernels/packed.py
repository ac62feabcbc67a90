"""Layers that read or write nibbles: a band of rows at a time is unpacked for a kernel of bytes, or packed."""

from dataclasses import dataclass, replace

from micronets.compiler.kernels.bands import RowBands
from micronets.compiler.kernels.depthwise import Depthwise3x3
from micronets.compiler.kernels.helium import HeliumDepthwise, HeliumPatch, HeliumPoint
from micronets.compiler.kernels.kernel import Distance, Kernel
from micronets.compiler.kernels.packed_point import PackedPoint
from micronets.compiler.kernels.patch import PatchConvolution
from micronets.compiler.kernels.point import BLOCK_PIXELS, PointConvolution
from micronets.compiler.kernels.point_fields import fields_point
from micronets.compiler.kernels.strip import StripConvolution
from micronets.compiler.operators.pooling import AveragePoolStep, PoolStep, pool_fields
from micronets.compiler.source import Source
from micronets.compiler.steps import ConvolutionStep, DepthwiseConvolutionStep, Step, Value

GROUP = 4
"""Channels that nibbles.h packs together."""

_BLOCKS = (16, 12, 8, 6, 4, 3, 2)
_BANDS = (16, 12, 8, 6, 5, 4, 3, 2)
# With Helium, pixels at once, at least and where there is room.
_LEAST_PIXELS = 4
_MORE_PIXELS = (32, 24, 16, 12, 8, 6)

Banded = PointConvolution | PatchConvolution | StripConvolution | HeliumPoint | HeliumPatch


@dataclass(frozen=True)
class _Sides:
    """Values of a row of the input and of the output; a pixel counts as a row where the kernel takes no more."""

    source: int
    output: int


class PackedLayer(Kernel[Step]):
    """A convolution, reading or writing nibbles. Rows of bytes that a later band reads again stay in scratch."""

    file = None

    def __init__(self, plain: Banded, inner: Banded, band: int = 1) -> None:
        """`plain` is the kernel of the step as it stands, `inner` one that may leave the clamp to the packing."""
        super().__init__(plain.step)
        self.plain = plain
        self.inner = inner
        self.function = inner.function
        self.weight_bits = inner.weight_bits
        self._source, self._output = inner.step.inputs[0], inner.step.output
        rows, columns, depth = self._source.shape
        out_rows, out_columns, channels = self._output.shape
        if isinstance(inner, PointConvolution | HeliumPoint):
            self._sides = _Sides(depth, channels)
            at_once = BLOCK_PIXELS * inner.blocks if isinstance(inner, PointConvolution) else max(band, _LEAST_PIXELS)
            self.bands = RowBands(min(at_once, inner.pixels), inner.pixels, inner.pixels, 1, 1, 0)
        else:
            self._sides = _Sides(columns * depth, out_columns * channels)
            self.bands = RowBands.of(inner.step, inner.step.window, band)

    def wider(self) -> "list[PackedLayer]":
        """The same with more rows at a time, the most first."""
        found = []
        if isinstance(self.inner, PointConvolution):
            for blocks in _BLOCKS:
                if blocks * BLOCK_PIXELS <= self.inner.pixels and (blocks == 1 or self.inner.packed.shareable):
                    found.append(PackedLayer(self.plain, self._of_blocks(blocks)))
            return found
        if isinstance(self.inner, HeliumPoint):
            fitting = [pixels for pixels in _MORE_PIXELS if pixels <= self.inner.pixels]
            return [PackedLayer(self.plain, self.inner, pixels) for pixels in fitting]
        for band in (self.bands.out_rows, *_BANDS):
            if band > self.bands.out_rows:
                continue
            inner = self.inner
            if isinstance(inner, PatchConvolution):
                blocks = max(1, min(_BLOCKS[0], band * inner.step.output.shape[1] // BLOCK_PIXELS))
                found.append(PackedLayer(self.plain, self._of_blocks(blocks if inner.packed.shareable else 1), band))
            else:
                found.append(PackedLayer(self.plain, inner, band))
        return found

    def _of_blocks(self, blocks: int) -> PointConvolution | PatchConvolution:
        inner = self.inner
        if isinstance(inner, PointConvolution):
            made: PointConvolution | PatchConvolution = PointConvolution(
                inner.step, inner.packed, reads_ahead=inner.slack_bytes > 0
            )
        else:
            assert isinstance(inner, PatchConvolution)
            made = PatchConvolution(inner.step, inner.packed)
        made.blocks = blocks
        return made

    def files(self) -> set[str]:
        return self.inner.files() | {"nibbles.c", "movement.c"}

    def headers(self) -> set[str]:
        return self.inner.headers() | {"nibbles.h"}

    def definition(self) -> str:
        return self.inner.definition()

    @property
    def _held_bytes(self) -> int:
        """Rows of the input."""
        return _words(self.bands.rows_at_once * self._sides.source) if self._source.is_packed else 0

    @property
    def _made_bytes(self) -> int:
        """Rows of the output."""
        return _words(self.bands.band * self._sides.output) if self._output.is_packed else 0

    @property
    def scratch_bytes(self) -> int:
        return self._held_bytes + self._made_bytes + self.inner.scratch_bytes

    def overlaps(self) -> dict[int, Distance]:
        """A band is written when the rows for it have been read; if they were nibbles, they lie in scratch by then."""
        bands, distance = self.bands, 0
        for line in range(bands.band, bands.out_rows, bands.band):
            if self._source.is_packed:
                unread = bands.rows_before(line)
            else:
                unread = max(0, line * bands.stride - bands.pad_top)
            written = line * self._output.packed_bytes(self._sides.output)
            distance = max(distance, written - unread * self._source.packed_bytes(self._sides.source))
        return {0: Distance(distance)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        bands, sides = self.bands, self._sides
        own = f"{scratch} + {self._held_bytes + self._made_bytes}"
        unpack, first = self._emit_input(inputs[0])
        to = f"{output} + row * {self._output.packed_bytes(sides.output)}"
        made = f"{scratch} + {self._held_bytes}" if self._output.is_packed else to
        pack = []
        if self._output.is_packed:
            pack.append(f"mn_pack_nibbles({self._output.least}, rows * {sides.output}, output, {to});")
        body = [
            f"const int32_t rows = {bands.out_rows} - row < {bands.band} ? {bands.out_rows} - row : {bands.band};",
            f"int8_t *const output = {made};",
            *unpack.replace("SCRATCH", scratch).splitlines(),
            *self._emit_inner(source, layer, first.replace("SCRATCH", scratch), own),
            *pack,
        ]
        return [
            *(["int32_t held = 0, made = 0;"] if self._source.is_packed else []),
            f"for (int32_t row = 0; row < {bands.out_rows}; row += {bands.band})",
            "{",
            *(f"    {line}" for line in body),
            "}",
        ]

    def _emit_input(self, address: str) -> tuple[str, str]:
        """C text that has the rows of a band ready, and where row `begin` of them lies."""
        bands, row = self.bands, self._sides.source
        top = f"row * {bands.stride} - {bands.pad_top}"
        begin = f"const int32_t top = {top}, begin = top < 0 ? 0 : top;\n"
        if not self._source.is_packed:
            return begin, f"{address} + begin * {row}"
        text = begin + (
            f"const int32_t bottom = top + (rows - 1) * {bands.stride} + {bands.window_rows};\n"
            f"const int32_t end = bottom > {bands.rows} ? {bands.rows} : bottom;\n"
            f"mn_move_down(SCRATCH, SCRATCH + (begin - held) * {row}, (made - begin) * {row});\n"
            "held = begin;\n"
            f"mn_unpack_nibbles({self._source.least}, (end - made) * {row}, {address} + made * "
            f"{self._source.packed_bytes(row)}, SCRATCH + (made - held) * {row});\n"
            "made = end;"
        )
        return text, "SCRATCH"

    def _emit_inner(self, source: Source, layer: str, first: str, own: str) -> list[str]:
        """The kernel of bytes for output rows [row, row + rows), whose input rows begin at `first`."""
        inner = self.inner
        if isinstance(inner, PointConvolution | HeliumPoint):
            return inner.emit_pixels(source, layer, "rows", first, own)
        # Where row 0 would lie.
        begin = f"(const int8_t *)((uintptr_t)({first}) - (uintptr_t)(begin * {self._sides.source}))"
        return inner.emit_rows(source, layer, begin, own)


class PackedHeliumDepthwise(Kernel[DepthwiseConvolutionStep]):
    """A depthwise 3x3 convolution of Helium that reads or writes nibbles, a band of rows at a time.

    Rows that the next band reads, too, are unpacked again, which takes less time than to move their bytes.
    """

    file = None

    def __init__(self, step: DepthwiseConvolutionStep, inner: HeliumDepthwise, band: int = 1) -> None:
        """`inner` may leave the clamp to the packing."""
        super().__init__(step)
        banded = inner.banded(band)
        assert banded is not None
        self.inner = inner
        self._banded = banded
        self.function = banded.function
        self.weight_bits = inner.weight_bits

    def wider(self) -> "list[PackedHeliumDepthwise]":
        """The same with more rows at a time, the most first."""
        fitting = [band for band in _BANDS if band <= self.step.output.shape[0]]
        return [PackedHeliumDepthwise(self.step, self.inner, band) for band in fitting]

    def files(self) -> set[str]:
        return self._banded.files() | {"nibbles.c"}

    def headers(self) -> set[str]:
        return self._banded.headers() | {"nibbles.h"}

    def _row_elements(self, value: Value) -> int:
        return value.shape[1] * value.shape[2]

    @property
    def _read_bytes(self) -> int:
        source = self.step.inputs[0]
        return _words(self._banded.bands.rows_at_once * self._row_elements(source)) if source.is_packed else 0

    @property
    def _made_bytes(self) -> int:
        output = self.step.output
        return _words(self._banded.bands.band * self._row_elements(output)) if output.is_packed else 0

    @property
    def scratch_bytes(self) -> int:
        return self._read_bytes + self._made_bytes + self._banded.scratch_bytes

    def overlaps(self) -> dict[int, Distance]:
        """A band is written when it has been computed, or while; later ones read from their first row on."""
        bands, source, output = self._banded.bands, self.step.inputs[0], self.step.output
        if not output.is_packed:
            return {}
        distance = 0
        for line in range(bands.band, bands.out_rows, bands.band):
            unread = min(bands.rows, max(0, line * bands.stride - bands.pad_top))
            written = output.packed_bytes(line * self._row_elements(output))
            distance = max(distance, written - source.packed_bytes(unread * self._row_elements(source)))
        return {0: Distance(distance)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        bands, value, made = self._banded.bands, self.step.inputs[0], self.step.output
        row, out_row = self._row_elements(value), self._row_elements(made)
        own = f"{scratch} + {self._read_bytes + self._made_bytes}"
        first = f"{inputs[0]} + begin * {value.packed_bytes(row)}"
        to = f"{output} + row * {made.packed_bytes(out_row)}"
        body = [
            f"const int32_t rows = {bands.out_rows} - row < {bands.band} ? {bands.out_rows} - row : {bands.band};",
            f"const int32_t top = row * {bands.stride} - {bands.pad_top}, begin = top < 0 ? 0 : top;",
        ]
        if value.is_packed:
            body += [
                f"const int32_t bottom = top + (rows - 1) * {bands.stride} + {bands.window_rows};",
                f"const int32_t end = bottom > {bands.rows} ? {bands.rows} : bottom;",
                f"mn_unpack_nibbles({value.least}, (end - begin) * {row}, {first}, {scratch});",
            ]
        body.append(f"const int8_t *const input = {scratch if value.is_packed else first};")
        own_output = f"{scratch} + {self._read_bytes}" if made.is_packed else to
        body += self._banded.emit_lines(source, layer, own_output, own)
        if made.is_packed:
            body.append(f"mn_pack_nibbles({made.least}, rows * {out_row}, {own_output}, {to});")
        return [
            f"for (int32_t row = 0; row < {bands.out_rows}; row += {bands.band})",
            "{",
            *(f"    {line}" for line in body),
            "}",
        ]


class PackedDepthwise(Kernel[DepthwiseConvolutionStep]):
    """A depthwise 3x3 convolution that reads or writes nibbles, four channels at a time."""

    function = "mn_depthwise_3x3_nibbles"
    file = "nibbles_depthwise.c"
    header = "nibbles.h"

    def __init__(self, plain: Depthwise3x3, inner: Depthwise3x3) -> None:
        """As `PackedLayer`."""
        super().__init__(plain.step)
        self.plain = plain
        self.inner = inner
        self.weight_bits = inner.weight_bits

    def files(self) -> set[str]:
        return self.inner.files() | {"nibbles_depthwise.c"}

    def definition(self) -> str:
        return self.inner.definition()

    def _slice_bytes(self, value: Value) -> int:
        """Of four channels of all pixels, unpacked."""
        rows, columns, _ = value.shape
        return GROUP * rows * columns if value.is_packed else 0

    @property
    def scratch_bytes(self) -> int:
        return self._slice_bytes(self.step.inputs[0]) + self._slice_bytes(self.step.output) + self.inner.scratch_bytes

    def overlaps(self) -> dict[int, Distance]:
        """In place: a slice is read before it is written, to pixels of the same bytes."""
        source, output = self.step.inputs[0], self.step.output
        in_place = source.is_packed and output.is_packed and output.size_bytes <= source.size_bytes
        return {0: Distance(source.size_bytes, exact=0)} if in_place else {}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step, value, stream = self.step, self.step.inputs[0], self.inner.stream()
        rows, columns, channels = value.shape
        out_rows, out_columns, _ = step.output.shape
        in_pitch, out_pitch = (GROUP if edge.is_packed else channels for edge in (value, step.output))
        address = source.description(
            "mn_depthwise_3x3_nibbles",
            layer,
            {
                "slice": self.inner.fields(GROUP, in_pitch, out_pitch, source.array(f"{layer}_stream", stream)),
                "channels": channels,
                "slice_words": GROUP * stream.shape[1],
                "input_pixels": rows * columns,
                "output_pixels": out_rows * out_columns,
                "input_least": value.least or 0,
                "output_least": step.output.least or 0,
                "read_bytes": self._slice_bytes(value),
                "made_bytes": self._slice_bytes(step.output),
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {output}, {scratch});"]


class PackedPool(Kernel[PoolStep]):
    """A pool that reads nibbles and writes bytes."""

    file = "nibbles_pool.c"

    def __init__(self, step: PoolStep) -> None:
        super().__init__(step)
        self.function = "mn_average_pool_nibbles" if isinstance(step, AveragePoolStep) else "mn_max_pool_nibbles"

    def headers(self) -> set[str]:
        return {"nibbles.h"}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        address = source.description("mn_pool", layer, pool_fields(self.step))
        return [f"{self.function}({address}, {self.step.inputs[0].least}, {inputs[0]}, {output});"]


def can_read_nibbles(kernel: Kernel) -> bool:
    step = kernel.step
    if isinstance(step, ConvolutionStep) and step.weights.shape[3] != step.inputs[0].shape[2]:
        return False  # fully connected, all pixels at once
    return isinstance(step, PoolStep) or _is_supported(kernel)


def can_write_nibbles(kernel: Kernel) -> bool:
    return _is_supported(kernel)


def packed_kernel(kernel: Kernel, unclamped: Kernel | None) -> Kernel:
    """The kernel of a step that reads or writes nibbles, which it can; perhaps by one without its clamp."""
    if isinstance(kernel.step, PoolStep):
        return PackedPool(kernel.step)
    inner = unclamped if unclamped is not None and _is_supported(unclamped) else kernel
    if isinstance(kernel, HeliumDepthwise) and not isinstance(inner, HeliumDepthwise):
        inner = kernel
    if isinstance(kernel, Depthwise3x3) and isinstance(inner, Depthwise3x3):
        return PackedDepthwise(kernel, inner)
    if isinstance(kernel, PointConvolution) and isinstance(inner, PointConvolution):
        fields = fields_point(kernel, inner)
        if fields is not None or PackedPoint.fits(inner):
            return fields or PackedPoint(kernel, inner)
    if isinstance(inner, HeliumDepthwise):
        assert isinstance(kernel.step, DepthwiseConvolutionStep)
        return PackedHeliumDepthwise(kernel.step, inner)
    assert isinstance(kernel, Banded) and isinstance(inner, Banded)
    if isinstance(inner, HeliumPatch) and inner.step.window.is_point and inner.step.inputs[0].is_packed:
        inner = HeliumPoint(inner.step, inner.weights)  # pixels are copied out where they are unpacked
    return PackedLayer(kernel, inner)


def _is_supported(kernel: Kernel) -> bool:
    if isinstance(kernel, Depthwise3x3):
        return True
    if not isinstance(kernel, Banded | HeliumDepthwise):
        return False
    window = kernel.step.window
    if isinstance(kernel, HeliumDepthwise) and window.dilation[1] > 1:
        return False
    return window.dilation[0] == 1 and window.stride[0] <= window.size[0]


def unclamped(step: ConvolutionStep | DepthwiseConvolutionStep) -> ConvolutionStep | DepthwiseConvolutionStep:
    """The same step without the clamp that packing its output carries out."""
    q = step.requantisation
    if (q.low, q.high - q.low) != (step.output.least, 15):
        return step
    return replace(step, requantisation=replace(q, low=-128, high=127))


def _words(size_bytes: int) -> int:
    return -(-size_bytes // 4) * 4
