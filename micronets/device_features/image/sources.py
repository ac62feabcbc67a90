"""Generates the C that turns a camera's frame into a network's input: grey or colour, resized, int8.

The sums themselves are in micronets/csrc/features/image_rows.h; here are the tables they need, and the one form of
them that a camera and a network ask for. `reference` has the same numbers in numpy.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from micronets.architecture import Shape
from micronets.atomic import write_text
from micronets.compiler.source import Source
from micronets.csrc import CSRC, INCLUDE, LICENCE_LINE
from micronets.errors import ConfigurationError
from micronets.features.resize import LUMA

FORMATS = {"grey8": 1, "rgb888": 3, "rgb565": 2, "rgb565_swapped": 2}
"""Bytes of a pixel by the camera's format. `rgb565` has the lower byte of each word first, as a little-endian processor
reads it; `rgb565_swapped` the higher one."""

MOST_565 = (31, 63, 31)
LUMA_565 = tuple(round(weight * 255 / most / 8) for weight, most in zip(LUMA, MOST_565, strict=True))
"""Weights of 5, 6 and 5 bits in the luma times 8192, as `LUMA` of 8 bits times 65536."""

_LARGEST_SIDE = 8192
_SMALLEST_SIZE = 4


@dataclass(frozen=True)
class CameraFrame:
    """What a camera delivers: `rows` x `columns` pixels in one of `FORMATS`, without gaps."""

    rows: int
    columns: int
    format: str

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ConfigurationError(f"a camera's format is one of {', '.join(FORMATS)}, not {self.format!r}")
        if not (1 <= self.rows <= _LARGEST_SIDE and 1 <= self.columns <= _LARGEST_SIDE):
            raise ConfigurationError(
                f"a camera's frame has 1 to {_LARGEST_SIDE} rows and columns, not {self.columns}x{self.rows}"
            )

    @property
    def row_bytes(self) -> int:
        return self.columns * FORMATS[self.format]

    @property
    def frame_bytes(self) -> int:
        return self.rows * self.row_bytes


def camera_frame(size: str, pixels: str) -> CameraFrame:
    """From a size as `320x240`, columns by rows; raises ConfigurationError where it is none."""
    match = re.fullmatch(r"(\d+)x(\d+)", size)
    if not match:
        raise ConfigurationError(f"--frame is {size!r}; give columns and rows, as 320x240.")
    return CameraFrame(rows=int(match[2]), columns=int(match[1]), format=pixels)


@dataclass(frozen=True, eq=False)
class ImageInput:
    """How a frame becomes the input of a network.

    Attributes:
        frame: what the camera delivers; it is stretched to the network's square.
        shape: (size, size, channels) of the input.
        levels: int8 (256,), the input's integer for every luma or intensity.
    """

    frame: CameraFrame
    shape: Shape
    levels: np.ndarray

    def __post_init__(self) -> None:
        rows, columns, channels = self.shape
        if rows != columns or rows < _SMALLEST_SIZE or channels not in (1, 3):
            raise ConfigurationError(f"only square inputs in grey or colour are made of frames, not {self.shape}")
        if channels == 3 and self.frame.format == "grey8":
            raise ConfigurationError(f"a network for colour images, {self.shape}, needs a camera in colour, not grey8")
        if self.levels.shape != (256,) or self.levels.dtype != np.int8:
            raise ValueError(f"levels are int8 (256,), not {self.levels.dtype} {self.levels.shape}")
        division(self.total)  # raises where frames are too large

    @property
    def size(self) -> int:
        return self.shape[0]

    @property
    def input_bytes(self) -> int:
        return int(np.prod(self.shape))

    @property
    def needs_line(self) -> bool:
        """Whether a row is in colour and the input is not."""
        return self.shape[2] == 1 and self.frame.format != "grey8"

    @property
    def most(self) -> tuple[int, ...]:
        """Of every channel, the greatest value of a pixel as it is summed up."""
        if self.shape[2] == 3 and self.frame.format != "rgb888":
            return MOST_565
        return (255,) * self.shape[2]

    @property
    def scales(self) -> tuple["Scale", ...]:
        """Of every channel, from sums to intensities."""
        return tuple(find_scale(self.total, most) for most in self.most)

    @property
    def total(self) -> int:
        """What the weights of one target's pixels add up to."""
        return axis_total(self.frame.rows, self.size) * axis_total(self.frame.columns, self.size)


@dataclass(frozen=True)
class Scale:
    """From a sum to an intensity of 0 to 255: `(sum + half) * factor >> (32 + shift)`."""

    half: int
    factor: int
    shift: int


def axis_total(source: int, size: int) -> int:
    """What the weights along an axis add up to, of `source` pixels resized to `size`."""
    return source if source >= size else 2 * size


def axis_targets(source: int, size: int) -> np.ndarray:
    """How `image_rows.h` walks along an axis: int64 (size, 2) of `advance` and `last`."""
    targets = np.arange(size, dtype=np.int64)
    if source >= size:  # the pixel in which a target ends, and how much of it, in units of 1/size of a pixel
        border = (targets + 1) * source
        pixel = (border - 1) // size
        inner = np.diff(pixel, prepend=-1) - 1
        return np.stack([inner, border - pixel * size], axis=1)
    # Between which pixels a target's centre lies, in units of 1/(2 size) of a pixel: the second one, and its share.
    centre = (2 * targets + 1) * source - size
    second = np.clip(-(-centre // (2 * size)), 0, source - 1)
    before = np.clip(second * 2 * size - centre, 0, None)
    inside = (centre >= 0) & (centre <= (source - 1) * 2 * size)
    return np.stack([np.diff(second, prepend=-1), 2 * size - np.where(inside, before, 0)], axis=1)


def find_scale(total: int, most: int) -> Scale:
    """Of sums up to `most` x `total`: exact, halves upwards, for bytes; for fewer bits, half and factor are rounded."""
    if most == 255:
        return Scale(total // 2, *division(total))
    largest = most * total
    shift = 32 - ((255 << 32) // largest).bit_length()
    factor = ((510 << (32 + shift)) + largest) // (2 * largest)
    return Scale((largest + 255) // 510, min(factor, (1 << 32) - 1), shift)


def division(total: int) -> tuple[int, int]:
    """(factor, shift): `n * factor >> (32 + shift)` equals `n // total` for n up to 255 * total + total // 2.

    Such a product is n / total and an excess of n * (factor * total - 2**(32 + shift)) / (total * 2**(32 + shift)); it
    reaches no further whole number while that is below 1 / total.

    Raises ConfigurationError where factors of 32 bits are too coarse, which begins above 8 million pixels.
    """
    most = 255 * total + total // 2
    for shift in range(32):
        power = 1 << (32 + shift)
        factor = -(-power // total)
        if factor >= 1 << 32 or most >= 1 << 32:
            break
        if most * (factor * total - power) < power:
            return factor, shift
    raise ConfigurationError(
        f"frames are too large for sums of 32 bits ({total:,} parts a pixel); choose a smaller one"
    )


@dataclass(frozen=True)
class ImageSources:
    """C that turns frames into the input of a network: image_input.c, and where what it includes lies."""

    sources: tuple[Path, ...]
    include_directories: tuple[Path, ...]


def write_image_input(image: ImageInput, directory: Path) -> ImageSources:
    """Writes image_input.h and image_input.c to `directory`."""
    write_text(directory / "image_input.h", _header(image))
    write_text(directory / "image_input.c", _body(image))
    include_directories = (directory, CSRC / "features", INCLUDE)
    return ImageSources((directory / "image_input.c",), include_directories)


def _header(image: ImageInput) -> str:
    frame = image.frame
    return f"""{_what(image)}
#ifndef IMAGE_INPUT_H
#define IMAGE_INPUT_H

#include <stdint.h>

#define MN_IMAGE_COLUMNS {frame.columns}
#define MN_IMAGE_ROWS {frame.rows}
#define MN_IMAGE_ROW_BYTES {frame.row_bytes}
#define MN_IMAGE_INPUT_BYTES {image.input_bytes}

/* The next row is the first of a frame, whatever came before. Only needed after a frame that broke off. */
void mn_image_begin(void);

/* The next row of a frame, from the top. Writes the rows of `input`, MN_IMAGE_INPUT_BYTES, that it completes; returns 1
 * when they all are, and the next row is that of another frame. */
int32_t mn_image_push_row(const uint8_t *row, int8_t *input);

#endif
"""


def _body(image: ImageInput) -> str:
    frame, size, channels = image.frame, image.size, image.shape[2]
    source = Source()
    source.array("levels", image.levels)
    scales = ", ".join(f"{{{scale.half}U, {scale.factor}U, {scale.shift}U}}" for scale in image.scales)
    first = axis_targets(frame.rows, size)[0, 0]
    wider, higher = int(frame.columns < size), int(frame.rows < size)
    weights = dict(zip(("RED", "GREEN", "BLUE"), LUMA, strict=True))
    weights |= dict(zip(("RED_5", "GREEN_6", "BLUE_5"), LUMA_565, strict=True))
    luma = "\n".join(f"#define MN_LUMA_{name} {weight}U" for name, weight in weights.items())
    return f"""{_what(image)}
#include "image_input.h"

{luma}
#include "image_rows.h"

{_targets("columns", frame.columns, size)}
{_targets("rows", frame.rows, size)}
{"".join(source.parts)}
static const struct mn_image image = {{
    .size = {size},
    .row_total = {axis_total(frame.columns, size)}U,
    .column_total = {axis_total(frame.rows, size)}U,
    .columns = columns,
    .rows = rows,
    .scales = {{{scales}}},
    .levels = levels}};

{_line(image)}static uint32_t values[{size * channels}], sums[{size * channels}];
static struct mn_image_state state = {{sums, 0, {first}}};

void mn_image_begin(void)
{{
    for (int32_t i = 0; i < {size * channels}; i++)
    {{
        sums[i] = 0;
    }}
    state.row = 0;
    state.inner = {first};
}}

int32_t mn_image_push_row(const uint8_t *row, int8_t *input)
{{
    if (!mn_image_row(&image, MN_IMAGE_{frame.format.upper()}, {channels}, {frame.columns}, {wider}, {higher}, &state,
                      row, {"line" if image.needs_line else "0"}, values, input))
    {{
        return 0;
    }}
    mn_image_begin();
    return 1;
}}
"""


def _line(image: ImageInput) -> str:
    return f"static uint8_t line[{image.frame.columns}] __attribute__((aligned(4)));\n" if image.needs_line else ""


def _targets(name: str, source: int, size: int) -> str:
    entries = [f"{advance << 16 | last:#x}" for advance, last in axis_targets(source, size).tolist()]
    lines = ",\n    ".join(", ".join(entries[i : i + 10]) for i in range(0, size, 10))
    return f"static const mn_image_target {name}[{size}] = {{\n    {lines}}};\n"


def _what(image: ImageInput) -> str:
    frame, shape = image.frame, "x".join(map(str, image.shape))
    what = f"From frames of {frame.columns}x{frame.rows} {frame.format} to inputs of {shape}"
    return f"{LICENCE_LINE}\n/* {what}. Generated. */"
