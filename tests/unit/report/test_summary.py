import pandas as pd
import pytest

from micronets.report.sources import read_results
from micronets.report.summary import format_summary, summary_table
from micronets.report.table import notes, tables


@pytest.fixture
def table(whole_results, models):
    return summary_table(read_results("kws", models, whole_results.root)).set_index("model")


def test_figures_are_those_of_the_stages(table):
    row = table.loc["searched"]
    assert row["kind"] == "searched"
    assert row["board"] == "nucleo-f446re"
    assert row["float_accuracy_percent"] == pytest.approx(90.4)
    assert row["quantised_accuracy_percent"] == pytest.approx(90.1)
    assert row["int8_accuracy_percent"] == row["emulator_accuracy_percent"] == 90
    assert row["litert_accuracy_percent"] == pytest.approx(90.5)
    assert row["int8_accuracy_percent_low"] < 90 < row["int8_accuracy_percent_high"]
    assert row["int8_examples"] == 480
    assert row["instructions"] == 6_201_234
    assert row["estimated_latency_ms"] == 45.8
    assert row["estimated_latency_mean_error_percent"] == pytest.approx(3.2)
    assert row["stack_bytes"] == 412
    assert row["tflm_arena_bytes"] == 62_932
    assert bool(row["bit_exact"]) is True
    assert (row["equal_outputs"], row["compared_outputs"]) == (480, 480)
    assert row["arena_share_of_tflm"] == row["arena_bytes"] / 62_932


def test_memory_adds_up(table, whole_results):
    row = table.loc["ds-cnn-s"]
    assert row["flash_bytes"] == row["flash_weights_bytes"] + row["flash_code_bytes"] + 1_804
    assert row["ram_bytes"] == row["arena_bytes"] + 64 + 1_100 + 412


def test_papers_costs_stand_beside_networks_of_the_paper_only(table):
    assert table.loc["micronet-kws-s", "paper_latency_ms"] == 250
    assert table.loc["ds-cnn-s", "paper_binary_bytes"] == 138_000
    assert pd.isna(table.loc["searched", "paper_binary_bytes"])


def test_papers_scores_stand_beside_scores_on_its_data_only(whole_results, models):
    def shown(source, testing=None):
        whole_results.data(source, testing)
        return summary_table(read_results("kws", models, whole_results.root))["paper_accuracy_percent"]

    official = "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58"
    assert shown({"kind": "generated"}).isna().all()
    assert shown({"kind": "folder", "folder": "recordings"}).isna().all()
    assert shown({"kind": "download", "url": "http://somewhere/words.tgz", "sha256": "00" * 32}).isna().all()
    assert shown({"kind": "download", "url": "http://mirror/words.tgz", "sha256": official}).tolist()[0] == 95.3
    assert shown({"kind": "folder", "folder": "speech_commands"}, 4890).tolist()[0] == 95.3  # the whole official split


def test_a_difference_from_litert_beyond_a_point_is_flagged(results_folder):
    for name, litert in (("ds-cnn-s", 0.859), ("micronet-kws-s", 0.861)):
        results_folder.published(name)
        results_folder.everything(name, 0.85, 4_000_000, 30.0)
        results_folder.export(name, 0.85, 114_512, 62_932, litert=litert)
    results = read_results("kws", dict.fromkeys(("ds-cnn-s", "micronet-kws-s"), ["nucleo-f446re"]), results_folder.root)
    near, far = (row.cells[0][2] for row in tables(results)[0].rows)
    assert (near.value, near.alarming) == ("85.9 %", False)
    assert (far.value, far.detail, far.alarming) == ("86.1 %", "+1.1 points", True)
    lines = format_summary(summary_table(results), "accuracy").splitlines()
    assert [line.count("!") for line in lines[2:]] == [0, 1]
    (note,) = [note for note in notes(results) if note.startswith("LiteRT")]
    assert "micronet-kws-s" in note and "ds-cnn-s" not in note and "(2.0 % of them here)" in note


def test_text_shows_what_the_table_holds(table):
    lines = format_summary(table.reset_index(), "accuracy").splitlines()
    assert len(lines) == 2 + 3
    words = next(line for line in lines if line.startswith("micronet-kws-s")).split()
    assert words[1:] == ["nucleo-f446re", "87.9", "%", "87.5", "%", "88.0", "%", *words[8:]]
    share = table.loc["micronet-kws-s", "arena_bytes"] / 62_932
    assert words[-5:] == ["9.41", "69.3", "±3%", f"{share:.2f}", "480/480"]
    assert max(map(len, lines)) <= 120


FEATURES = {
    "hop_ms": 20.0,
    "frame": {"instructions": 51_025, "cycles": 71_664, "ms": 0.5972},
    "estimated_error_percent": 5.3,
    "flash_bytes": {"total": 8_968},
    "static_ram_bytes": 5_844,
}


def test_features_stand_beside_networks_for_sounds(results_folder):
    for name, features in (("ds-cnn-s", FEATURES), ("micronet-kws-s", None)):
        results_folder.published(name)
        results_folder.everything(name, 0.85, 4_000_000, 30.0)
        results_folder.profile(name, 4_000_000, 30.0, features=features)
    models = {name: ["nucleo-f446re"] for name in ("ds-cnn-s", "micronet-kws-s")}
    results = read_results("kws", models, results_folder.root)
    table = summary_table(results)
    assert table["features_frame_ms"].tolist()[0] == 0.5972
    assert table["features_static_ram_bytes"].isna().tolist() == [False, True]
    memory = tables(results)[1]
    with_features, without = memory.rows
    assert [cell.value for cell in with_features.cells[-1]] == ["0.60", "5.8", "9.0"]
    assert with_features.cells[-1][0].detail == "± 5.3 %"
    assert table["features_frame_mean_error_percent"].tolist()[0] == 5.3
    assert [cell.value for cell in without.cells[-1]] == ["–", "–", "–"]
    assert memory.groups[-1].name == "features on the device"
    assert [cell.value for cell in without.paper[-1]] == ["", "", ""]
    assert any("due every 20 ms" in note for note in notes(results))


def test_text_of_different_outputs_is_loud(results_folder):
    results_folder.published("ds-cnn-s")
    results_folder.everything("ds-cnn-s", 0.85, 4_000_000, 30.0)
    results_folder.profile("ds-cnn-s", 4_000_000, 30.0, bit_exact=False)
    results = read_results("kws", {"ds-cnn-s": ["nucleo-f446re"]}, results_folder.root)
    assert format_summary(summary_table(results), "accuracy").endswith("NO: 477/480")


def test_stages_that_have_not_run_leave_gaps(results_folder):
    results_folder.published("ds-cnn-s")
    table = summary_table(read_results("kws", {"ds-cnn-s": ["nucleo-f446re"]}, results_folder.root))
    assert table.loc[0, "macs"] == 3_591_168
    missing = ["float_accuracy_percent", "flash_bytes", "instructions", "bit_exact", "estimated_latency_ms"]
    assert table.loc[0, missing].isna().all()
    cells = format_summary(table, "accuracy").splitlines()[-1].split()[2:]
    assert cells == ["-"] * 9


def test_what_a_board_measured_stands_beside_the_estimate(results_folder):
    results_folder.published("ds-cnn-s")
    results_folder.everything("ds-cnn-s", 0.85, 4_000_000, 30.0)
    results_folder.profile("ds-cnn-s", 4_000_000, 30.0, share=0.85, measured_ms=31.5)
    results = read_results("kws", {"ds-cnn-s": ["nucleo-f446re"]}, results_folder.root)
    row = summary_table(results).loc[0]
    assert (row["estimated_latency_ms"], row["measured_latency_ms"]) == (30.0, 31.5)
    cells = [(cell.value, cell.detail) for cells in tables(results)[0].rows[0].cells for cell in cells]
    assert ("30.0", "± 3.2 %, measured: 31.5") in cells


def test_no_models_give_an_empty_table(results_folder):
    table = summary_table(read_results("kws", {}, results_folder.root))
    assert table.empty
    assert format_summary(table, "accuracy") == "No models."
