"""A program that makes network inputs of frames, with the interface of a compiled network's.

So it is built, run and measured by whatever builds, runs and measures networks, on this machine and on the emulator:
its input is a frame, its output the network's input, and its one layer the loop over the rows.
"""

from dataclasses import dataclass
from pathlib import Path

from micronets.atomic import write_text
from micronets.compiler.compiled_network import PlannedBuffer
from micronets.compiler.emit import layer_function
from micronets.csrc import LICENCE_LINE
from micronets.device_features.image.sources import ImageInput, write_image_input

_FUNCTION = layer_function(0, 1, "image")


@dataclass(frozen=True)
class ImageLayer:
    """See `micronets.compiler.compiled_network.Layer`. Sums and products by weights count as no operations."""

    function: str = _FUNCTION
    macs: int = 0
    step: int = 0
    is_reference: bool = False


@dataclass(frozen=True)
class ImageProgram:
    """See `micronets.compiler.CompiledNetwork`. The buffers, a whole frame and the network's input, are the caller's:
    a product needs a row of the former, and has the latter in the network's arena."""

    name: str
    core: str
    optimise: str
    sources: tuple[Path, ...]
    include_directories: tuple[Path, ...]
    arena_bytes: int
    buffers: tuple[PlannedBuffer, ...]
    archives: tuple[Path, ...] = ()
    layers: tuple[ImageLayer, ...] = (ImageLayer(),)
    steps: int = 1


def write_image_program(
    image: ImageInput, directory: Path, *, core: str = "cortex-m4", optimise: str = "balanced"
) -> ImageProgram:
    """Writes what `write_image_input` does, and network.c and network.h, to `directory`."""
    written = write_image_input(image, directory)
    frame = image.frame
    aligned = -(-frame.frame_bytes // 8) * 8
    write_text(directory / "network.h", _header(image))
    write_text(directory / "network.c", _BODY)
    buffers = (
        PlannedBuffer("input", 0, frame.frame_bytes, 0, 0),
        PlannedBuffer("output", aligned, image.input_bytes, 0, 0),
    )
    return ImageProgram(
        name=f"image-{frame.columns}x{frame.rows}-{frame.format}-to-{'x'.join(map(str, image.shape))}",
        core=core,
        optimise=optimise,
        sources=(directory / "network.c", *written.sources),
        include_directories=written.include_directories,
        arena_bytes=aligned + image.input_bytes,
        buffers=buffers,
    )


def _header(image: ImageInput) -> str:
    return f"""{LICENCE_LINE}
/* Generated. */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdint.h>

#define NETWORK_INPUT_BYTES {image.frame.frame_bytes}
#define NETWORK_OUTPUT_BYTES {image.input_bytes}

extern int8_t *const network_input;
extern const int8_t *const network_output;

void network_invoke(void);

#endif
"""


_BODY = f"""{LICENCE_LINE}
/* Generated. */
#include "network.h"

#include "image_input.h"

static int8_t frame[NETWORK_INPUT_BYTES] __attribute__((aligned(8)));
static int8_t input[NETWORK_OUTPUT_BYTES] __attribute__((aligned(8)));

int8_t *const network_input = frame;
const int8_t *const network_output = input;

static __attribute__((noipa)) void {_FUNCTION}(void)
{{
    const uint8_t *row = (const uint8_t *)frame;
    while (!mn_image_push_row(row, input))
    {{
        row += MN_IMAGE_ROW_BYTES;
    }}
}}

void network_invoke(void)
{{
    {_FUNCTION}();
}}
"""
