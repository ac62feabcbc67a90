"""`micronets evaluate`."""

import argparse
from pathlib import Path

from micronets.cli.options import add_output, output_directory, positive

DESCRIPTION = """\
Run any int8 or float .tflite file on the testing split of a prepared dataset, in TensorFlow Lite Micro and in LiteRT,
and print its scores. The workflow prepares datasets: snakemake data --cores all --config task=kws."""
EXAMPLES = """\
  micronets evaluate model.tflite --data results/kws/data
  micronets evaluate kws_ref_model.tflite --data results/kws/data --set window_ms=30"""
EXTRAS = ("data", "tflm")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a .tflite file")
    parser.add_argument(
        "--data", type=Path, required=True, metavar="FOLDER", help="a prepared dataset, results/<task>/data"
    )
    parser.add_argument(
        "--labels",
        nargs="+",
        default=[],
        metavar="LABEL",
        help="classes of its outputs, in order, if not the dataset's",
    )
    parser.add_argument(
        "--input-shape",
        type=int,
        nargs=3,
        metavar=("H", "W", "C"),
        help="height, width and channels of an example, if not those of its input tensor",
    )
    parser.add_argument(
        "--set",
        nargs="+",
        default=[],
        metavar="KEY=VALUE",
        help="how its features differ from the dataset's: window_ms=30",
    )
    parser.add_argument("--scale", type=float, default=1.0, help="its input is scale x features + offset (default: 1)")
    parser.add_argument("--offset", type=float, default=0.0, help="see --scale (default: 0)")
    parser.add_argument(
        "--processes", type=positive, default=1, metavar="N", help="interpreters side by side (default: %(default)s)"
    )
    add_output(parser, "metrics.json, summary.txt and test_inputs.npz")


def run(options: argparse.Namespace) -> int:
    from micronets.device_features.sound.options import parameter_changes
    from micronets.export.evaluate import EvaluationOptions, evaluate, summary

    about = EvaluationOptions(
        labels=tuple(options.labels),
        input_shape=tuple(options.input_shape) if options.input_shape else None,
        features=parameter_changes(options.set),
        scale=options.scale,
        offset=options.offset,
    )
    with output_directory(options.output) as directory:
        print(summary(evaluate(options.model, options.data, directory, about, processes=options.processes)))
    return 0
