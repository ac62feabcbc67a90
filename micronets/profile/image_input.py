"""Profiles the C that makes a network's input of a camera's frames: on the emulator, against its reference."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from micronets.boards import Board
from micronets.device_features.image.program import write_image_program
from micronets.device_features.image.reference import network_inputs
from micronets.device_features.image.sources import CameraFrame, ImageInput
from micronets.errors import ConfigurationError, ModelError
from micronets.linking.build import build_firmware
from micronets.profile.measure import profile_firmware
from micronets.profile.result import Profile
from micronets.quantisation import Quantisation
from micronets.tflm.network import read_input

_FRAMES = 3
_FEWEST_LEVELS = 32


@dataclass(frozen=True)
class ImageProfile:
    """A profile of the program around the image input.

    Attributes:
        profile: of its program; its RAM includes a whole frame and the network's input.
        static_ram_bytes: of the image input alone: a line, sums, and its place in the frame.
    """

    profile: Profile
    static_ram_bytes: int


def image_input(tflite: Path, frame: CameraFrame, scale: float, offset: float) -> ImageInput:
    """How frames become the input of a .tflite file whose real values are `scale` x intensity (0 to 255) + `offset`.

    Raises:
        ModelError: the file is damaged, or its input is no int8 image.
        ConfigurationError: the frame or the scale does not suit it.
    """
    source = read_input(tflite)
    if len(source.shape) != 4:
        raise ModelError(f"{tflite} has no image as its input, but the shape {source.shape}.")
    intensities = np.arange(256, dtype=np.float32) * np.float32(scale) + np.float32(offset)
    levels = Quantisation(source.scale, source.zero_point).quantise(intensities)
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
    return ImageProfile(profile, firmware.linked_ram_bytes.network - program.arena_bytes)
