import csv
import hashlib
from pathlib import Path

import pytest

from micronets.benchmark import mlperf_tiny
from micronets.benchmark.mlperf_tiny import Row, format_mlperf_tiny, load_benchmarks, run_mlperf_tiny
from micronets.boards import find_board
from micronets.cli import main
from micronets.costs import costs
from micronets.errors import DataError
from micronets.published import published_architecture
from micronets.timing.cycle_models import find_cycle_model

KNOWN = Row("kws", "a.tflite", "nucleo-l4r5zi", 34.0, 3.2, False, 43.2, "ST v1.2", 86.7, 39_772, 10_800, True)
FROM_AUDIO = Row("sww", "b", "nucleo-l4r5zi", 17.5, 3.2, True, 17.9, "ST v1.3", None, 73_260, 14_212, True)
ALONE = Row("sww", "b", "nucleo-u575zi-q", 10.4, 8.8, False, 11.6, "ST v1.3", None, 73_244, 14_212, False)


def test_there_are_five_benchmarks_on_boards_that_times_are_estimated_for():
    benchmarks = load_benchmarks()
    assert [benchmark.name for benchmark in benchmarks] == ["kws", "vww", "ic", "ad", "sww"]
    for benchmark in benchmarks:
        assert all(find_cycle_model(find_board(name)) is not None for name in benchmark.published)


def test_stand_ins_have_the_shapes_of_the_references():
    """Multiply-accumulates by hand: of the keyword spotter a stem of 10 x 4 on 49 x 10, then maps of 25 x 5; of the
    autoencoder its products; ResNet-8 and the wake word's network are held to theirs in test_published.py."""
    macs = {benchmark.name: costs(published_architecture(benchmark.stand_in)).macs for benchmark in load_benchmarks()}
    assert macs["kws"] == 125 * 64 * 40 + 4 * 125 * 64 * (9 + 64) + 64 * 12
    assert macs["ad"] == 2 * (640 * 128 + 3 * 128 * 128 + 128 * 8)


def test_references_are_recognised_by_their_content(shared):
    by_digest = {benchmark.sha256: benchmark.name for benchmark in load_benchmarks()}
    found = {
        by_digest[digest]: path.name
        for path in (shared / "models").glob("*.tflite")
        if (digest := hashlib.sha256(path.read_bytes()).hexdigest()) in by_digest
    }
    assert found == {"kws": "kws_ref_model.tflite", "vww": "vww_96_int8.tflite", "ad": "ad01_int8.tflite"}


def test_what_cannot_be_compared_has_no_ratio():
    lines = format_mlperf_tiny([KNOWN, FROM_AUDIO, ALONE]).splitlines()
    assert lines[1].split() == (
        "keyword spotting a.tflite nucleo-l4r5zi 34.00 ±3% 43.2 ST v1.2 0.79 86.7 0.39 39,772 10,800 yes".split()
    )
    assert lines[2].split()[5:14] == "17.50 ±3% (f) 17.9 ST v1.3 (f) 0.98 -".split()
    assert lines[3].split()[5:] == "10.40 ±9% 11.6 ST v1.3 (f) - - - 73,244 14,212 NO".split()
    assert "Random weights: a network of the reference's shape" in lines[-1]


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(DataError, match="there is no folder .*nowhere; give one"):
        run_mlperf_tiny(tmp_path / "nowhere", tmp_path, "balanced")


def test_the_command_without_a_folder_says_what_it_wants(capsys):
    assert main(["benchmark"]) == 1
    assert "a published network's name, or --mlperf-tiny" in capsys.readouterr().err


@pytest.mark.emulator
@pytest.mark.slow
def test_the_wake_word_is_measured_from_audio_on(tmp_path: Path, capsys, monkeypatch):
    *_, wake_word = load_benchmarks()
    monkeypatch.setattr(mlperf_tiny, "load_benchmarks", lambda: (wake_word,))
    assert main(["benchmark", "--mlperf-tiny", "--output", str(tmp_path / "output")]) == 0
    printed = capsys.readouterr().out
    assert printed.count("ds-cnn-1d, random weights") == 2 and "NO" not in printed
    with open(tmp_path / "output" / "mlperf_tiny.csv", encoding="utf-8", newline="") as stream:
        with_features, alone = csv.DictReader(stream)
    assert (with_features["with_features"], alone["with_features"]) == ("True", "False")
    assert with_features["bit_exact"] == alone["bit_exact"] == "True"
    # 827 thousand multiply-accumulates at two a cycle and 120 MHz are 3.4 ms
    assert 3.4 < float(with_features["latency_ms"]) < 20
    assert int(with_features["network_ram_bytes"]) > 30 * 40  # the features keep a window
