"""The whole chain with the real features, from audio to figures."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from micronets.boards import find_board
from micronets.cli import main
from micronets.data.speech.spoken_stream import Event, SpokenStream
from micronets.device_features.sound import streamed
from micronets.errors import ConfigurationError, ModelError
from micronets.export.writer import write_tflite
from micronets.features.filterbank import FilterbankParameters
from micronets.features.mfcc import MfccParameters
from micronets.keyword_spotter.build import build_for_emulator, build_for_host
from micronets.keyword_spotter.detector import detect, posteriors
from micronets.keyword_spotter.options import SpotOptions
from micronets.keyword_spotter.run import listen_on_emulator, listen_on_host
from micronets.keyword_spotter.stage import features_read_by, prepare_spotter, spot
from micronets.published import published_architecture
from micronets.tflm.host import run_tflm
from tests.emulated_board import PluggedInBoard
from tests.networks import random_network, small_ds_cnn

pytestmark = pytest.mark.emulator

LABELS = ("yes", "no", "_silence_", "_unknown_")
PARAMETERS = MfccParameters()
SECTION = {"step_ms": 40, "smoothing_ms": 120, "threshold": 0.42, "refractory_ms": 400}


def network(path: Path, input_shape: tuple[int, int, int] = (49, 10, 1)) -> Path:
    """Random weights; the range of its input is that of MFCC."""
    random = random_network(small_ds_cnn(input_shape=input_shape), seed=5)
    write_tflite(replace(random, labels=LABELS, input_range=(-90.0, 40.0)), path)
    return path


@pytest.fixture(scope="module")
def tflite(tmp_path_factory) -> Path:
    return network(tmp_path_factory.mktemp("network") / "model.tflite")


@pytest.fixture(scope="module")
def stream() -> SpokenStream:
    """Four seconds of tones that rise and fall, over noise."""
    generator = np.random.default_rng(4)
    seconds = np.arange(4 * 16000) / 16000
    level = 9000 * np.maximum(np.sin(2 * np.pi * 0.6 * seconds), 0) + 200
    audio = level * np.sin(2 * np.pi * (300 * seconds + 400 * np.sin(2 * np.pi * 0.9 * seconds)))
    audio += generator.normal(0, 60, len(seconds))
    return SpokenStream(
        np.rint(audio).astype(np.int16), 16000, (Event(500, 1500, "yes", "yes"), Event(2500, 3500, "no", "no"))
    )


def reference(tflite: Path, audio: np.ndarray, sources) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Posteriors, sums and detections by numpy and TFLM alone."""
    edge = sources.compiled.input
    windows = streamed(audio, PARAMETERS, edge.scale, edge.zero_point)[:: sources.settings.step_hops]
    outputs = run_tflm(tflite, windows.reshape(-1, 49, 10, 1)).reshape(len(windows), -1)
    likely = posteriors(outputs, sources.table)
    return likely, *detect(likely, sources.settings)


def test_audio_to_detections_equals_numpy_and_tflm_on_emulator_and_host(tflite, stream, tmp_path):
    board = find_board("nucleo-l4r5zi")
    sources = prepare_spotter(tflite, board, SpotOptions(**SECTION), LABELS, PARAMETERS, tmp_path)
    answers = listen_on_emulator(build_for_emulator(sources, board, tmp_path), sources, stream.audio).answers
    likely, sums, detected = reference(tflite, stream.audio, sources)
    assert np.array_equal(answers.posteriors, likely)
    assert np.array_equal(answers.sums, sums)
    assert np.array_equal(answers.detected, detected)
    assert len(np.unique(likely, axis=0)) > 20 and 0 < np.sum(detected >= 0) < 8
    assert answers.time_ms[0] == 1000 and answers.time_ms[1] == 1040
    assert listen_on_host(build_for_host(sources, tmp_path / "host"), sources, stream.audio) == answers


def test_a_one_dimensional_network_hears_a_filterbank(stream, tmp_path):
    labels = ("stop", "_silence_", "_unknown_")
    random = random_network(published_architecture("ds-cnn-1d"), seed=2)
    tflite = tmp_path / "model.tflite"
    write_tflite(replace(random, labels=labels, input_range=(0.0, 1.0)), tflite)
    assert features_read_by(tflite) == FilterbankParameters()
    board, options = find_board("nucleo-l4r5zi"), SpotOptions(64, 192, 0.34, 320)
    sources = prepare_spotter(tflite, board, options, labels, FilterbankParameters(), tmp_path)
    answers = listen_on_emulator(build_for_emulator(sources, board, tmp_path), sources, stream.audio).answers
    edge = sources.compiled.input
    windows = streamed(stream.audio, FilterbankParameters(), edge.scale, edge.zero_point)[::2]
    outputs = run_tflm(tflite, windows.reshape(-1, 30, 1, 40)).reshape(len(windows), -1)
    likely = posteriors(outputs, sources.table)
    assert np.array_equal(answers.posteriors, likely)
    assert np.array_equal(answers.detected, detect(likely, sources.settings)[1])
    assert len(np.unique(likely, axis=0)) > 5
    assert answers.time_ms[0] == 992 and answers.time_ms[1] == 1056  # 30 frames reach over 31 hops of 32 ms


def test_a_network_that_reads_no_speech_is_refused(tmp_path):
    with pytest.raises(ModelError, match="reads 130 values, but .* 49 frames of 10 or 30 frames of 40"):
        features_read_by(network(tmp_path / "other.tflite", (13, 10, 1)))


def test_the_stage_leaves_figures_that_agree_with_each_other(tflite, stream, tmp_path):
    board = find_board("nucleo-l4r5zi")
    result = spot(tflite, stream, board, tmp_path, SECTION, LABELS, PARAMETERS)
    content = json.loads((tmp_path / "spot.json").read_text(encoding="utf-8"))
    counts = content["score"]
    assert counts["hits"] + counts["wrong_words"] + counts["misses"] == counts["keywords"] == 2
    assert counts["hits"] + counts["wrong_words"] + counts["false_alarms"] == len(content["detections"]) > 0
    functions = content["functions"]
    frame = functions["mn_features_push"]["instructions"] + functions["spotter_hop"]["instructions"]
    assert content["frame"]["instructions"] == pytest.approx(frame, abs=0.02)
    inferred = ("mn_features_window", "network_invoke", "mn_posteriors", "mn_detector_add")
    assert content["inference"]["instructions"] == pytest.approx(
        sum(functions[name]["instructions"] for name in inferred), abs=0.05
    )
    busy_ms = 2 * content["frame"]["estimated_ms"] + content["inference"]["estimated_ms"]
    assert content["load"] == pytest.approx(busy_ms / 40, abs=1e-3)
    assert content["functions"]["mn_features_push"]["calls"] == 200
    assert sum(content["linked_ram_bytes"].values()) == result.firmware.linked_ram_bytes.total
    (same,) = [point for point in content["operating_points"] if point["threshold"] == 0.4]
    assert same["hits"] + same["misses"] + same["wrong_words"] == 2
    for picture in ("stream.png", "operating_points.png"):
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")
    summary = (tmp_path / "summary.txt").read_text(encoding="utf-8")
    assert f"misses        {counts['misses']:5}" in summary and "busy" in summary
    assert "nan" not in summary


def test_a_board_without_a_cycle_model_has_counts_only(tflite, stream, tmp_path):
    stream = replace(stream, audio=stream.audio[:20000])
    result = spot(tflite, stream, find_board("nucleo-f207zg"), tmp_path, SECTION, LABELS, PARAMETERS)
    content = result.to_json()
    assert content["load"] is None and content["inference"]["estimated_ms"] is None
    assert content["inference"]["instructions"] > 10000
    assert "busy" not in result.summary() and "estimated" not in result.summary()


def test_a_network_of_other_features_is_refused(tmp_path):
    with pytest.raises(ModelError, match="reads 130 values, but the features are 49 frames of 10"):
        tflite = network(tmp_path / "other.tflite", (13, 10, 1))
        prepare_spotter(tflite, find_board("nucleo-l4r5zi"), SpotOptions(), LABELS, PARAMETERS, tmp_path)


def test_a_step_that_is_no_whole_number_of_hops_is_refused(tflite, tmp_path):
    options = SpotOptions(step_ms=50)
    with pytest.raises(
        ConfigurationError, match="spot.step_ms is 50; it must be a multiple of the features' hop, 20 ms"
    ):
        prepare_spotter(tflite, find_board("nucleo-l4r5zi"), options, LABELS, PARAMETERS, tmp_path)


def test_the_command_plays_a_recording_of_ones_own_on_the_emulator_and_a_board(
    tflite, stream, tmp_path, capsys, monkeypatch
):
    stream = replace(stream, audio=stream.audio[:27200], events=stream.events[:1])
    stream.save(tmp_path / "own.wav", tmp_path / "own.csv")
    arguments = [str(tflite), "--stream", str(tmp_path / "own.wav"), str(tmp_path / "own.csv"), "--labels", *LABELS]
    settings = ["--step-ms", "40", "--smoothing-ms", "120", "--refractory-ms", "400", "--threshold", "0.42"]
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "notes.txt").write_text("mine", encoding="utf-8")
    board = PluggedInBoard(tmp_path, None)
    monkeypatch.setenv("PATH", board.path)
    there = ["--board", "netduinoplus2", "--target", f"serial:{board.port}"]
    try:
        assert main(["spot", *arguments, *settings, "--output", str(tmp_path / "output"), *there]) == 0
    finally:
        board.unplug()
    (flashed,) = map(Path, board.programs())
    assert flashed.name == "keyword_spotter_board.elf" and tmp_path / "output" in flashed.parents
    assert (tmp_path / "output" / "notes.txt").read_text(encoding="utf-8") == "mine"
    printed = capsys.readouterr().out
    assert "0.0 minutes, 1 keywords" in printed
    assert int(re.search(r"the same (\d+) detections", printed)[1]) >= 1
    for name in (
        "spot.json",
        "stream.png",
        "stream.wav",
        "truth.csv",
        "keyword_spotter.elf",
        "keyword_spotter_board.elf",
    ):
        assert (tmp_path / "output" / name).stat().st_size > 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "there is nothing to listen to"),
        (["--data", "nowhere"], "there is no folder nowhere"),
        (["--board", "nucleo"], "Unknown board 'nucleo'"),
        (["--target", "/dev/ttyACM0"], "but must be emulator, or serial:"),
        (["--target", "serial:/dev/ttyACM0", "--microphone", "a.c"], "leave out either --microphone or --target"),
        (["--board", "corstone-300", "--microphone"], "There is no support for corstone-300 itself"),
        (["--threshold", "2"], "spot.threshold is 2.0"),
    ],
)
def test_the_command_says_what_is_wrong_in_one_sentence(tflite, arguments, sentence, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["spot", str(tflite), "--labels", *LABELS, *arguments]) == 1
    error = capsys.readouterr().err
    assert sentence in error and "Traceback" not in error


def some_of(recordings: Path, folder: Path) -> Path:
    """Two testing clips of every word and one for each other split, in the layout of the whole."""
    lists = {
        name: (recordings / name).read_text("utf-8").split() for name in ("testing_list.txt", "validation_list.txt")
    }
    listed = {line for lines in lists.values() for line in lines}
    for word in sorted({line.split("/")[0] for line in lists["testing_list.txt"]}):
        clips = [f"{word}/{file.name}" for file in sorted((recordings / word).iterdir())]
        chosen = [clip for clip in clips if clip in lists["testing_list.txt"]][:2]
        chosen += [clip for clip in clips if clip in lists["validation_list.txt"]][:1]
        chosen += [clip for clip in clips if clip not in listed][:1]
        (folder / word).mkdir(parents=True)
        for clip in chosen:
            (folder / clip).symlink_to((recordings / clip).resolve())
    for name in (*lists, "_background_noise_"):
        (folder / name).symlink_to((recordings / name).resolve())
    return folder


def test_arms_network_hears_real_words(shared, tmp_path, capsys):
    """Arm's MicroNet-KWS-S answers 96.8 % of the testing clips right, one by one."""
    recordings = shared / "data" / "speech_commands"
    if not recordings.is_dir():
        pytest.skip("no recordings in ../shared")
    folder = some_of(recordings, tmp_path / "some")
    model = shared / "models" / "kws_micronet_s.tflite"
    output = tmp_path / "output"
    assert main(["spot", str(model), "--data", str(folder), "--minutes", "0.6", "--output", str(output)]) == 0
    print(capsys.readouterr().out)
    counts = json.loads((output / "spot.json").read_text(encoding="utf-8"))["score"]
    assert counts["keywords"] >= 8
    assert counts["hits"] >= 0.75 * counts["keywords"]
    assert counts["false_alarms"] <= 1 and counts["wrong_words"] <= 1
