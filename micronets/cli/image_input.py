"""`micronets image-input`."""

import argparse
from pathlib import Path

from micronets.cli.options import add_board, add_optimise, add_output, board_of, output_directory, positive
from micronets.device_features.image.sources import FORMATS, camera_frame
from micronets.profile.image_input import image_input, profile_image_input
from micronets.profile.table import summary

DESCRIPTION = """\
Generate the C that turns a camera's frames into a network's input, row by row; run it on an emulator of the board's
core, check it against the same integers in numpy, and print what it costs. With photographs, also compare the network's
answers to inputs made on the device and on this machine."""
EXAMPLES = """\
  micronets image-input model.tflite --frame 320x240 --format rgb565 --scale 1 --output camera
  micronets image-input model.tflite --photographs path/to/coco"""
EXTRAS = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a .tflite file with an int8 image as its input")
    parser.add_argument(
        "--frame", default="320x240", metavar="COLUMNSxROWS", help="size of the camera's frames (default: %(default)s)"
    )
    parser.add_argument(
        "--format",
        choices=tuple(FORMATS),
        default="rgb565",
        help="how their pixels are stored (default: %(default)s)",
    )
    parser.add_argument(
        "--scale",
        type=float,
        default=1 / 255,
        help="real input = scale x intensity (0 to 255) + offset; 1 for networks of this workflow (default: 1/255)",
    )
    parser.add_argument("--offset", type=float, default=0.0, help="see --scale (default: 0)")
    add_board(parser)
    add_optimise(parser)
    parser.add_argument("--photographs", type=Path, metavar="FOLDER", help="photographs in COCO's layout")
    parser.add_argument(
        "--views",
        type=positive,
        default=1,
        metavar="N",
        help="of each photograph: the whole, then random parts of it (default: %(default)s)",
    )
    add_output(parser, "the C (in src/) and the program")


def run(options: argparse.Namespace) -> int:
    board = board_of(options)
    frame = camera_frame(options.frame, options.format)
    image = image_input(options.model, frame, options.scale, options.offset)
    with output_directory(options.output) as directory:
        measured = profile_image_input(image, board, directory, optimise=options.optimise)
    print(summary(measured.profile))
    print(f"of this, RAM without a frame and the network's input: {measured.static_ram_bytes:,} bytes")
    if options.photographs:
        from micronets.device_features.image.agreement import compare

        print(compare(options.model, image, options.photographs, views=options.views).in_words())
    return 0 if measured.profile.different_outputs == 0 else 1
