"""A finished keyword spotter on recordings of the user's."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from micronets.cli import main
from micronets.data.recording import read_recording
from micronets.device_features.sound import streamed
from micronets.export.writer import write_tflite
from micronets.features.mfcc import MfccParameters
from micronets.keyword_spotter.detector import detect, exponentials, posteriors
from micronets.keyword_spotter.listen import find_spotter, options_for
from micronets.keyword_spotter.options import SpotOptions
from micronets.keyword_spotter.settings import DetectorSettings
from micronets.litert import describe
from micronets.tflm.host import run_tflm
from tests.networks import random_network, small_ds_cnn

LABELS = ("yes", "no", "_silence_", "_unknown_")
OPTIONS = SpotOptions(step_ms=40, smoothing_ms=120, threshold=0.42, refractory_ms=400)
SHOWN = re.compile(r"^ +(\d+\.\d\d) s  (\w+)  average (\d+) %$", re.MULTILINE)


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """A model's folder as the workflow leaves it, with a network of random weights."""
    folder = tmp_path_factory.mktemp("results") / "kws" / "mine"
    random = random_network(small_ds_cnn(input_shape=(49, 10, 1)), seed=5)
    write_tflite(replace(random, labels=LABELS, input_range=(-90.0, 40.0)), folder / "export" / "model.tflite")
    (folder / "export" / "metrics.json").write_text(json.dumps({"labels": LABELS}), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def spotted(results) -> Path:
    """The same after it was scored on a stream."""
    content = {"options": vars(OPTIONS), "board": "nucleo-l4r5zi"}
    path = results / "nucleo-l4r5zi" / "spot" / "spot.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return results


@pytest.fixture
def recording(tmp_path) -> Path:
    """Three seconds of tones that rise and fall, as a phone records them."""
    generator = np.random.default_rng(4)
    seconds = np.arange(3 * 44100) / 44100
    level = 0.28 * np.maximum(np.sin(2 * np.pi * 0.6 * seconds), 0) + 0.006
    audio = level * np.sin(2 * np.pi * (300 * seconds + 400 * np.sin(2 * np.pi * 0.9 * seconds)))
    audio += generator.normal(0, 0.002, len(seconds))
    path = tmp_path / "phone.flac"
    soundfile.write(path, np.stack([audio, audio], axis=1), 44100)
    return path


def expected(tflite: Path, recording: Path, options: SpotOptions) -> list[tuple[str, str]]:
    """Seconds and words by numpy and TFLM, for a recording after a second of silence and before what is averaged."""
    source, sink = describe(tflite)
    heard = read_recording(recording, 16000)
    audio = np.concatenate([np.zeros(16000, np.int16), heard, np.zeros(16 * options.smoothing_ms, np.int16)])
    windows = streamed(audio, MfccParameters(), source.quantisation.scale, source.quantisation.zero_point)
    windows = windows[:: options.step_ms // 20].reshape(-1, 49, 10, 1)
    outputs = run_tflm(tflite, windows).reshape(len(windows), -1)
    _, detected = detect(
        posteriors(outputs, exponentials(sink.quantisation.scale)), DetectorSettings.of(options, LABELS, 20)
    )
    # the first window is there after 1000 ms of audio, which is when the recording begins
    return [(f"{options.step_ms * at / 1000:.2f}", LABELS[detected[at]]) for at in np.flatnonzero(detected >= 0)]


@pytest.mark.emulator
def test_the_command_hears_what_numpy_and_tflm_hear(spotted, recording, capsys):
    assert main(["listen", str(spotted), str(recording)]) == 0
    printed = capsys.readouterr().out
    assert "phone.flac (3.0 s, mean of 2 channels, resampled from 44100 Hz):" in printed
    words = [(seconds, word) for seconds, word, _ in SHOWN.findall(printed)]
    assert words == expected(spotted / "export" / "model.tflite", recording, OPTIONS)
    assert len(words) >= 2 and f"{len(words)} words heard" in printed


@pytest.mark.emulator
def test_where_nothing_is_heard_the_closest_word_is_named(spotted, recording, capsys):
    assert main(["listen", str(spotted / "export" / "model.tflite"), str(recording), "--threshold", "0.99"]) == 0
    printed = capsys.readouterr().out
    assert "no word heard" in printed
    assert re.search(r"closest: (yes|no) at \d+\.\d\d s, average \d\d % where 99 % are needed", printed)


def test_a_models_folder_tells_labels_settings_and_board(spotted):
    found = find_spotter(spotted)
    assert (found.tflite, found.labels) == (spotted / "export" / "model.tflite", LABELS)
    assert (found.board, options_for(found.section, {}, MfccParameters())) == ("nucleo-l4r5zi", OPTIONS)
    alone = find_spotter(found.tflite)
    assert (alone.labels, alone.section, alone.board) == (LABELS, {}, None)
    assert options_for({}, {"threshold": 0.5}, MfccParameters()) == replace(SpotOptions(), threshold=0.5)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere", "a.wav"], "nowhere is neither a .tflite file nor a model's folder"),
        (["MODEL", "a.wav"], "a.wav is no recording to listen to"),
        (["COPY", "a.wav"], "names its outputs; name them in order with --labels"),
        (["MODEL", "a.wav", "--labels", "one", "two"], "has 4 outputs, but there are 2 labels"),
        (["MODEL", "a.wav", "--step-ms", "50"], "spot.step_ms is 50; it must be a multiple of the features' hop"),
        (["MODEL", "a.wav", "--threshold", "1.5"], "spot.threshold is 1.5; it must be between 0 and 1"),
        (["MODEL", "a.wav", "--board", "nucleo"], "Unknown board 'nucleo'"),
        (["MODEL", "a.wav", "--window-ms", "2000"], "the window must be longer than 0 ms and at most the clip"),
    ],
)
def test_mistakes_are_one_sentence(results, tmp_path, capsys, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    if "labels" in sentence and "outputs, but" in sentence:
        soundfile.write("a.wav", np.ones(16000, np.int16), 16000)
    Path("copy.tflite").write_bytes((results / "export" / "model.tflite").read_bytes())
    places = {"MODEL": str(results / "export" / "model.tflite"), "COPY": "copy.tflite"}
    assert main(["listen", *(places.get(argument, argument) for argument in arguments)]) == 1
    error = capsys.readouterr().err
    assert sentence in error and error.count("\n") == 1
