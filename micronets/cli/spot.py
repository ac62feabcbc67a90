"""`micronets spot`."""

import argparse
import logging
import os
import tempfile
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from micronets.cli.options import DETECTOR_HELP, add_board, add_optimise, add_output, board_of, output_directory
from micronets.keyword_spotter.options import SpotOptions
from micronets.target import EMULATOR, serial_port

if TYPE_CHECKING:
    from micronets.data.speech.spoken_stream import SpokenStream
    from micronets.features.speech_features import SpeechFeatures

DESCRIPTION = """\
Build a keyword spotter around a network: audio, features, network, smoothed detections. Play a stream of words in noise
to it on an emulator of the board's core, and print its hits, misses and false alarms."""
EXAMPLES = """\
  micronets spot model.tflite --data path/to/speech_commands --output spot
  micronets spot model.tflite --stream own.wav own.csv --threshold 0.8
  micronets spot model.tflite --data path/to/speech_commands --board nucleo-f446re --target serial:/dev/ttyACM0"""
EXTRAS = ("data", "report")

_FORMATS = {int: "N", float: "X"}
_HELP = DETECTOR_HELP | {
    "tolerance_ms": "how far from a word's recording a detection may lie and still answer it",
    "minutes": "length of the stream made of the testing clips",
    "noise_volume": "greatest gain of the background noise in it",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a .tflite file that reads MFCC or a filterbank")
    heard = parser.add_argument_group("what is heard")
    heard.add_argument(
        "--data", type=Path, metavar="FOLDER", help="recordings in the layout of Speech Commands, or a prepared dataset"
    )
    heard.add_argument(
        "--stream", type=Path, nargs=2, metavar=("WAV", "CSV"), help="instead: a recording, and its words with times"
    )
    heard.add_argument(
        "--seed", type=int, default=1, metavar="N", help="seed of the random choices in it (default: %(default)s)"
    )
    network = parser.add_argument_group("what the network expects")
    network.add_argument(
        "--labels",
        nargs="+",
        metavar="WORD",
        help="classes of its outputs, in order, if neither the task's nor those of --data",
    )
    network.add_argument("--window-ms", type=int, metavar="N", help="window of its features, if not 40 (MFCC) or 64")
    add_board(parser, default="nucleo-f446re")
    add_optimise(parser)
    parser.add_argument(
        "--microphone",
        type=Path,
        nargs="*",
        metavar="FILE.c",
        help="also build the board's own program, with these files (see docs/keyword_spotter.md)",
    )
    parser.add_argument(
        "--target",
        default=EMULATOR,
        help="emulator, or serial:PORT to play the stream to the board there as well (default: %(default)s)",
    )
    detector = parser.add_argument_group("when a word counts as detected")
    field: Any
    for field in fields(SpotOptions):
        option, text = f"--{field.name.replace('_', '-')}", f"{_HELP[field.name]} (default: %(default)s)"
        detector.add_argument(option, type=field.type, default=field.default, metavar=_FORMATS[field.type], help=text)
    add_output(parser, "spot.json, pictures, the stream, the C and the programs")


def run(options: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with output_directory(options.output) as directory, tempfile.TemporaryDirectory() as scratch:
        print(_spot(options, directory, Path(scratch)))
    return 0


def _spot(options: argparse.Namespace, directory: Path, scratch: Path) -> str:
    from micronets.errors import ConfigurationError
    from micronets.keyword_spotter.build import build_for_board
    from micronets.keyword_spotter.serial_audio import check_detections, flash_and_listen
    from micronets.keyword_spotter.stage import features_read_by, prepare_spotter, spot

    board, port = board_of(options), serial_port(options.target)
    if port is not None and options.microphone:
        raise ConfigurationError(
            "a board with a microphone hears nothing over the serial port; leave out either --microphone or --target"
        )
    spot_options = SpotOptions(**{field.name: getattr(options, field.name) for field in fields(SpotOptions)})
    labels = _labels(options)
    parameters = features_read_by(options.model)
    if options.window_ms is not None:
        parameters = replace(parameters, window_ms=options.window_ms)
    elf = None
    if port is not None or options.microphone is not None:
        sources = prepare_spotter(
            options.model, board, spot_options, labels, parameters, directory, optimise=options.optimise
        )
        elf = build_for_board(sources, board, directory, tuple(options.microphone or ()))
    stream = _stream(options, spot_options, parameters, scratch)
    stream.save(directory / "stream.wav", directory / "truth.csv")
    section = asdict(spot_options)
    result = spot(options.model, stream, board, directory, section, labels, parameters, optimise=options.optimise)
    if elf is None:
        return result.summary()
    if port is None:
        kept = elf.name if options.output is None else options.output / elf.name
        return f"{result.summary()}\n  for the board itself: {kept}"
    heard = flash_and_listen(elf, board, port, stream.audio, parameters.hop_samples)
    check_detections(heard, [judged.detection for judged in result.scored.judged], port)
    return f"{result.summary()}\n  on the board behind {port}: the same {len(heard)} detections"


def _labels(options: argparse.Namespace) -> tuple[str, ...]:
    """Classes of the network's outputs: as given, those of the prepared dataset, or ours."""
    from micronets.data.speech.dataset import SpeechDataset
    from micronets.tasks import find_task

    if options.labels:
        return tuple(options.labels)
    if options.data is not None and (options.data / "dataset.json").is_file():
        return SpeechDataset.open(options.data).labels
    return find_task("kws").labels({})


def _stream(
    options: argparse.Namespace, spot_options: SpotOptions, parameters: "SpeechFeatures", scratch: Path
) -> "SpokenStream":
    from micronets.data.speech.dataset import SpeechDataset
    from micronets.data.speech.spoken_stream import SpokenStream, make_stream
    from micronets.errors import ConfigurationError
    from micronets.keyword_spotter.settings import NOT_KEYWORDS
    from micronets.tasks import find_task

    if options.stream:
        audio, truth = options.stream
        return SpokenStream.load(audio, truth, parameters.sample_rate_hz)
    if options.data is None:
        raise ConfigurationError("there is nothing to listen to; give --data with a folder, or --stream with two files")
    folder = options.data
    if not (folder / "dataset.json").is_file():
        folder = scratch / "data"
        keywords = [label for label in _labels(options) if label not in NOT_KEYWORDS]
        source = {"source": "folder", "path": str(options.data), "keywords": keywords}
        find_task("kws").prepare(source, folder, options.seed, os.cpu_count() or 1)
    return make_stream(SpeechDataset.open(folder), spot_options.minutes, spot_options.noise_volume, options.seed)
