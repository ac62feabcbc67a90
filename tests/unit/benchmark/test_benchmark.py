import csv
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from PIL import Image

from micronets.benchmark.baseline import find_libraries, format_baseline, measure_baseline
from micronets.benchmark.comparison_picture import draw_comparison
from micronets.benchmark.models import COLUMNS, find_models, format_table, run_benchmark, unmet
from micronets.benchmark.peers import PEERS_FILE, load_peers
from micronets.boards import Board, find_board
from micronets.cli import main
from micronets.errors import BuildError, ConfigurationError, DataError
from micronets.export.writer import write_tflite
from micronets.profile.result import Profile
from micronets.published import PUBLISHED
from micronets.tflm import TflmLibrary
from tests.arm_library import library_for
from tests.networks import random_network, small_ds_cnn
from tests.tflm_library import STAND_IN

ROW = dict.fromkeys(COLUMNS) | {
    "model": "KWS ref",
    "bit_exact": True,
    "estimated_ms": 40.0,
    "estimated_error_percent": 3.2,
    "at_most_ms": 43.2,
    "share_of_floor": 0.25,
    "network_ram_bytes": 9_000,
    "at_most_network_ram_bytes": 11_700,
    "code_bytes": 7_000,
    "share_of_baseline_m55": 0.5,
}


def test_published_models_are_recognised(shared: Path) -> None:
    peers = load_peers()
    found = {path.stem: known.title for path in (shared / "models").glob("*.tflite") if (known := peers.find(path))}
    assert found == {
        "kws_ref_model": "KWS ref",
        "vww_96_int8": "VWW ref",
        "ad01_int8": "AD ref",
        "kws_micronet_s": "KWS-S",
        "kws_micronet_m": "KWS-M",
        "vww2_50_50_INT8": "VWW-2",
        "ad_small_int8": "AD-S",
    }


def test_fastest_peer() -> None:
    fastest = {model.title: model.fastest[0] for model in load_peers().models}
    assert fastest["KWS ref"] == fastest["VWW ref"] == "ST X-CUBE-AI 9"
    assert fastest["AD ref"] == "Plumerai"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda content: content.pop("models"), "is damaged near KeyError"),
        (lambda content: content["sources"].pop("Plumerai"), "gives no source for Plumerai"),
        (lambda content: content["models"]["KWS ref"]["goal"].pop("network_ram_bytes"), "is damaged near TypeError"),
    ],
)
def test_damaged_peers(change, sentence: str, tmp_path: Path) -> None:
    content = yaml.safe_load(PEERS_FILE.read_text(encoding="utf-8"))
    change(content)
    path = tmp_path / "peers.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=sentence):
        load_peers(path)


def test_missed_targets() -> None:
    peers = replace(load_peers(), code_bytes_at_most=16_384, m55_share_at_most=0.6)
    assert unmet(ROW, peers) == []
    missed = ROW | {
        "bit_exact": False,
        "estimated_ms": 43.3,
        "network_ram_bytes": 11_701,
        "share_of_baseline_m55": 0.61,
    }
    assert unmet(missed, peers) == [
        "outputs differ from TensorFlow Lite Micro's",
        "43.3 ms where 43.2 are allowed",
        "11,701 bytes of RAM where 11,700 are allowed",
        "0.61 of the baseline's Cortex-M55 instructions where 0.6 are allowed",
    ]


def test_table_aligns() -> None:
    lines = format_table([ROW, ROW | {"model": "x", "estimated_ms": 1234.5, "bit_exact": False}]).splitlines()
    assert len(lines) == 3
    assert [line[-3:] for line in lines] == ["act", "yes", " NO"]
    assert len({len(line) for line in lines}) == 1


def test_what_tflm_takes_is_a_table_of_its_own_with_a_row_for_every_model_it_ran() -> None:
    measured = ROW | {
        "constant_bytes": 43_000,
        "baseline_ms": 86.7,
        "baseline_instructions": 7_500_000,
        "baseline_flash_bytes": 100_000,
        "baseline_flash_model_bytes": 54_000,
        "baseline_flash_kernels_bytes": 30_000,
        "baseline_flash_interpreter_bytes": 14_000,
        "baseline_flash_c_library_bytes": 2_000,
        "baseline_network_ram_bytes": 24_000,
        "baseline_arena_bytes": 22_000,
        "baseline_different_outputs": 0,
    }
    heads, line = format_baseline([ROW | {"model": "shipped figures only"}, measured]).splitlines()
    words = (
        "TFLM, this run ms* instr. flash model kernels interpreter c library ours ratio RAM arena M55 instr. outputs"
    )
    assert heads.split() == words.split()
    assert line.split()[2:] == (
        "86.70 7,500,000 100,000 54,000 30,000 14,000 2,000 50,000 0.50 24,000 22,000 - reference".split()
    )
    assert format_baseline([ROW]) == ""


def test_libraries_of_the_cores_that_there_is_one_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    include, cores = str(STAND_IN / "include"), ["cortex-m4", "cortex-m55", "cortex-m4"]
    single = library_for("cortex-m4", tmp_path / "cortex-m4+fp.a")
    for name in (str(single), str(tmp_path / "{core}.a")):
        caplog.clear()
        assert {core: found.library for core, found in find_libraries(name, include, cores).items()} == {
            "cortex-m4": single
        }
        assert caplog.text.count("TensorFlow Lite Micro is not measured on a cortex-m55") == 1
    with pytest.raises(ConfigurationError, match=r"there is no file .*none\.a"):
        find_libraries(str(tmp_path / "none.a"), include, cores)


@pytest.mark.emulator
def test_folder(tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    write_tflite(random_network(small_ds_cnn(), seed=1), models / "small.tflite")
    rows, misses = run_benchmark([str(models)], tmp_path / "out", "balanced")
    assert misses == []
    assert rows[0]["bit_exact"] is True
    with open(tmp_path / "out" / "benchmark.csv", encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["model"] == "small"
    assert float(row["estimated_error_percent"]) == 3.2
    assert int(row["instructions"]) == rows[0]["instructions"] > 0
    assert row["at_most_ms"] == ""
    assert int(row["m55_instructions"]) > 0
    with open(tmp_path / "out" / "layers.csv", encoding="utf-8", newline="") as stream:
        layers = list(csv.DictReader(stream))
    milliseconds = sum(float(layer["estimated_ms"]) for layer in layers)
    assert milliseconds == pytest.approx(float(row["estimated_ms"]), abs=1e-3)
    assert "most cycles above the floor" in (tmp_path / "out" / "layers.txt").read_text(encoding="utf-8")
    with Image.open(tmp_path / "out" / "layers.png") as picture:
        assert picture.format == "PNG"
        assert len(picture.getcolors(1 << 24) or []) > 5


def test_comparison_shows_every_model_that_has_a_baseline() -> None:
    known = ROW | {"baseline_ms": 86.7, "baseline_network_ram_bytes": 23_516}
    known |= {"fastest_peer": "another engine", "fastest_peer_ms": 43.2}
    rows = [known, known | {"model": "other", "baseline_network_ram_bytes": None, "fastest_peer": "TFLM + CMSIS-NN"}]
    picture = draw_comparison([*rows, ROW | {"model": "mine"}], "a board")
    assert picture.alternative.count("where TFLM with CMSIS-NN takes") == 2
    assert "mine" not in picture.alternative
    assert picture.png.startswith(b"\x89PNG")
    assert picture.png == draw_comparison(rows, "a board").png


def test_empty_folder(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(DataError, match="holds no .tflite file"):
        run_benchmark([str(tmp_path)], tmp_path / "out", "balanced")
    assert main(["benchmark", str(tmp_path), "--output", str(tmp_path / "out")]) == 1
    assert "holds no .tflite file" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_networks_by_name(tmp_path: Path) -> None:
    (tmp_path / "given.tflite").write_bytes(b"")
    first, second = find_models([str(tmp_path / "given.tflite"), "fc-ae"], tmp_path / "drawn")
    assert first == tmp_path / "given.tflite"
    assert second.name == "fc-ae.tflite"
    content = second.read_bytes()
    assert find_models(["fc-ae"], tmp_path / "drawn")[0].read_bytes() == content
    with pytest.raises(DataError, match="no published network; those are micronet-kws-s"):
        find_models(["fc-a"], tmp_path / "drawn")
    assert set(load_peers().networks) <= set(PUBLISHED)


def test_a_model_that_tflm_does_not_run_has_no_measured_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ran = []

    def profile(tflite: Path, board: Board, *_: object, **__: object) -> Profile:
        ran.append(board.core)
        raise BuildError("the operator has no method")

    monkeypatch.setattr("micronets.benchmark.baseline.profile_model", profile)
    boards = [find_board("nucleo-l4r5zi"), find_board("corstone-300")]
    libraries = {"cortex-m4": TflmLibrary(tmp_path / "tflm.a", tmp_path)}
    assert measure_baseline(tmp_path / "x.tflite", {}, boards, "size") is None and ran == []
    assert measure_baseline(tmp_path / "x.tflite", libraries, boards, "size") is None and ran == ["cortex-m4"]
    assert "not measured on nucleo-l4r5zi: the operator has no method" in caplog.text
