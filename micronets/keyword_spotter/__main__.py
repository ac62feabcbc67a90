"""`python -m micronets.keyword_spotter model.tflite --data FOLDER`: how well it spots words in a stream."""

import argparse
import logging
import os
import sys
import tempfile
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from micronets.boards import find_board
from micronets.compiler import OPTIMISE
from micronets.data.speech.dataset import SpeechDataset
from micronets.data.speech.spoken_stream import SpokenStream, make_stream
from micronets.errors import ConfigurationError, MicronetsError
from micronets.features.mfcc import MfccParameters
from micronets.keyword_spotter.build import build_for_board
from micronets.keyword_spotter.options import SpotOptions
from micronets.keyword_spotter.serial_audio import check_detections, flash_and_listen
from micronets.keyword_spotter.stage import prepare_spotter, spot
from micronets.target import EMULATOR, serial_port
from micronets.tasks import find_task

_FORMATS = {int: "N", float: "X"}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m micronets.keyword_spotter", description="Spot keywords in a stream of audio."
    )
    parser.add_argument("model", type=Path, help="a .tflite file")
    parser.add_argument("--data", type=Path, help="recordings in the layout of Speech Commands, or a prepared dataset")
    parser.add_argument("--stream", type=Path, nargs=2, metavar=("WAV", "CSV"), help="a recording of your own instead")
    parser.add_argument("--board", default="nucleo-f446re", help="a name in micronets/boards.yaml")
    parser.add_argument("--optimise", choices=OPTIMISE, default="balanced")
    parser.add_argument("--labels", nargs="+", metavar="WORD", help="classes of the outputs, in order, if not ours")
    parser.add_argument("--window-ms", type=int, help="of the features, where the network reads others than ours")
    parser.add_argument("--seed", type=int, default=1, help="of the stream")
    parser.add_argument("--output", type=Path, help="directory for spot.json, stream.png, stream.wav, the program")
    parser.add_argument(
        "--microphone", type=Path, nargs="*", metavar="FILE.c", help="also build the board's own program, with these"
    )
    parser.add_argument(
        "--target", default=EMULATOR, help="emulator, or serial:PORT to play the stream to the board there as well"
    )
    field: Any
    for field in fields(SpotOptions):
        option = f"--{field.name.replace('_', '-')}"
        parser.add_argument(option, type=field.type, default=field.default, metavar=_FORMATS[field.type])
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        with tempfile.TemporaryDirectory() as scratch:
            print(_run(options, Path(scratch)))
    except MicronetsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace, scratch: Path) -> str:
    directory = options.output or scratch / "output"
    board, port = find_board(options.board), serial_port(options.target)
    if port is not None and options.microphone:
        raise ConfigurationError(
            "a board with a microphone hears nothing over the serial port; leave out either --microphone or --target"
        )
    spot_options = SpotOptions(**{field.name: getattr(options, field.name) for field in fields(SpotOptions)})
    task: Any = find_task("kws")  # the task of speech has classes and features beside what every task has
    labels = tuple(options.labels or task.classes)
    parameters = task.features if options.window_ms is None else replace(task.features, window_ms=options.window_ms)
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
        return f"{result.summary()}\n  for the board itself: {elf}"
    heard = flash_and_listen(elf, board, port, stream.audio, parameters.hop_samples)
    check_detections(heard, [judged.detection for judged in result.scored.judged], port)
    return f"{result.summary()}\n  on the board behind {port}: the same {len(heard)} detections"


def _stream(
    options: argparse.Namespace, spot_options: SpotOptions, parameters: MfccParameters, scratch: Path
) -> SpokenStream:
    if options.stream:
        audio, truth = options.stream
        return SpokenStream.load(audio, truth, parameters.sample_rate_hz)
    if options.data is None:
        raise ConfigurationError("there is nothing to listen to; give --data with a folder, or --stream with two files")
    folder = options.data
    if not (folder / "dataset.json").is_file():
        folder = scratch / "data"
        source = {"source": "folder", "path": str(options.data)}
        find_task("kws").prepare(source, folder, options.seed, os.cpu_count() or 1)
    return make_stream(SpeechDataset.open(folder), spot_options.minutes, spot_options.noise_volume, options.seed)


if __name__ == "__main__":
    sys.exit(main())
