"""`python -m micronets.profile.image_input model.tflite --frame 320x240 --format rgb565`: a camera's frames as input.

Generates the C for a network's input, runs it on the board's emulator against its reference, and prints what it costs;
with photographs, also how the network answers to them by way of it.
"""

import argparse
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from micronets.boards import Board, find_board
from micronets.compiler import OPTIMISE
from micronets.device_features.image.agreement import Agreement, compare
from micronets.device_features.image.program import write_image_program
from micronets.device_features.image.reference import network_inputs
from micronets.device_features.image.sources import FORMATS, CameraFrame, ImageInput
from micronets.errors import ConfigurationError, MicronetsError, ModelError
from micronets.evaluation import Score
from micronets.linking.build import build_firmware
from micronets.litert import describe
from micronets.profile.measure import profile_firmware
from micronets.profile.result import Profile
from micronets.profile.table import summary

_FRAMES = 3
_FEWEST_LEVELS = 32


@dataclass(frozen=True)
class ImageProfile:
    """A profile of the program around the image input.

    Attributes:
        profile: of its program; its RAM includes a whole frame and the network's input.
        ram_bytes: of the image input alone: a line, sums, and its place in the frame.
    """

    profile: Profile
    ram_bytes: int


def image_input(tflite: Path, frame: CameraFrame, scale: float, offset: float) -> ImageInput:
    """How frames become the input of a .tflite file whose real values are `scale` x intensity (0 to 255) + `offset`.

    Raises:
        ModelError: the file is damaged, or its input is no int8 image.
        ConfigurationError: the frame or the scale does not suit it.
    """
    source = describe(tflite)[0]
    if source.quantisation is None or len(source.shape) != 4:
        raise ModelError(f"{tflite} has no int8 image as its input, but {source.dtype} {source.shape}.")
    intensities = np.arange(256, dtype=np.float32) * np.float32(scale) + np.float32(offset)
    levels = source.quantisation.quantise(intensities)
    if (count := len(np.unique(levels))) < _FEWEST_LEVELS:
        raise ConfigurationError(
            f"{tflite} would see only {count} of 256 intensities apart; check --scale and --offset (networks of this "
            "workflow read 0 to 255: --scale 1)."
        )
    rows, columns, channels = source.shape[1:]
    return ImageInput(frame, (rows, columns, channels), levels)


def profile_image_input(
    image: ImageInput, board: Board, directory: Path, *, optimise: str = "balanced"
) -> ImageProfile:
    """Builds the program in `directory` and runs it on random frames, comparing it with `network_inputs`.

    Raises:
        BuildError, EmulatorError, ConfigurationError: as `build_firmware` and `profile_firmware`.
    """
    program = write_image_program(image, directory / "src", core=board.core, optimise=optimise)
    firmware = build_firmware(program, board, directory)
    frames = np.random.default_rng(0).integers(0, 256, (_FRAMES, image.frame.frame_bytes), np.uint8)
    expected = network_inputs(frames, image).reshape(_FRAMES, -1)
    profile = profile_firmware(firmware, frames.view(np.int8), expected)
    return ImageProfile(profile, firmware.ram_bytes.network - program.arena_bytes)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m micronets.profile.image_input", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--frame", default="320x240", metavar="COLUMNSxROWS", help="of the camera")
    parser.add_argument("--format", choices=FORMATS, default="rgb565", help="of its pixels")
    parser.add_argument("--scale", type=float, default=1 / 255, help="input is scale x intensity + offset; ours: 1")
    parser.add_argument("--offset", type=float, default=0.0)
    parser.add_argument("--board", default="nucleo-l4r5zi", help="a name in micronets/boards.yaml")
    parser.add_argument("--optimise", choices=OPTIMISE, default="balanced")
    parser.add_argument("--photographs", type=Path, metavar="FOLDER", help="in COCO's layout")
    parser.add_argument(
        "--views", type=int, default=1, metavar="N", help="of each photograph: it, and random parts of it"
    )
    parser.add_argument("--output", type=Path, help="directory for the C and the firmware")
    options = parser.parse_args(arguments)
    try:
        image = image_input(options.model, _frame(options.frame, options.format), options.scale, options.offset)
        with tempfile.TemporaryDirectory() as scratch:
            directory = options.output or Path(scratch)
            measured = profile_image_input(image, find_board(options.board), directory, optimise=options.optimise)
        print(summary(measured.profile))
        print(f"of this, RAM without a frame and the network's input: {measured.ram_bytes:,} bytes")
        if options.photographs:
            print(_words(compare(options.model, image, options.photographs, views=options.views)))
    except MicronetsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if measured.profile.different_outputs == 0 else 1


def _frame(size: str, pixels: str) -> CameraFrame:
    match = re.fullmatch(r"(\d+)x(\d+)", size)
    if not match:
        raise ConfigurationError(f"--frame is {size!r}; give columns and rows, as 320x240.")
    return CameraFrame(rows=int(match[2]), columns=int(match[1]), format=pixels)


def _words(found: Agreement) -> str:
    def score(accuracy: Score) -> str:
        return f"{accuracy.value:.1%} ({accuracy.low:.1%} to {accuracy.high:.1%})"

    return (
        f"{found.images} images; pixels differ by {found.mean_difference:.2f} of 255 on average, "
        f"99 % by at most {found.difference_99}, all by at most {found.largest_difference}\n"
        f"accuracy: {score(found.host)} prepared on the host, {score(found.device)} on the device; "
        f"{found.different_answers} answered differently"
    )


if __name__ == "__main__":
    sys.exit(main())
