"""Two results side by side: what is paired, what differs, and how it is told."""

import shutil

import pandas as pd
import pytest

from micronets.cli import main
from micronets.errors import ConfigurationError
from micronets.report import report
from micronets.report.differences import compare
from micronets.report.differences_page import cells, format_differences, render_differences

BOARD = "nucleo-f446re"
ROW = {
    "model": "ds-cnn-s",
    "board": BOARD,
    "runtime": "micronets",
    "int8_accuracy_percent": 90.0,
    "int8_accuracy_percent_low": 88.0,
    "int8_accuracy_percent_high": 92.0,
    "instructions": 1000,
    "ram_bytes": 500,
    "measured_latency_ms": None,
}


@pytest.fixture
def summary(tmp_path):
    """Writes the summary of a task into a results folder; returns the folder."""

    def write(results, *rows, task="kws", layers=None):
        folder = tmp_path / results / task
        (folder / "report").mkdir(parents=True)
        pd.DataFrame([{**ROW, **row} for row in rows]).to_csv(folder / "report" / "summary.csv", index=False)
        for name, counts in (layers or {}).items():
            profile = folder / name / BOARD / "profile"
            profile.mkdir(parents=True)
            table = {"layer": [f"network_layer_{n:02d}_conv_2d" for n in range(len(counts))], "instructions": counts}
            pd.DataFrame(table).to_csv(profile / "layers.csv", index=False)
        return tmp_path / results

    return write


def figures(pair):
    return {figure.name: figure for figure in pair.figures}


def test_models_are_paired_by_name_and_differ_in_figures(summary):
    layers = {"ds-cnn-s": [600, 400]}
    faster = {"instructions": 800, "int8_accuracy_percent": 91.0, "int8_accuracy_percent_low": 89.0}
    a = summary("a", {}, {"model": "gone"}, layers=layers)
    b = summary("b", faster, {"model": "new"}, layers={"ds-cnn-s": [400, 400]})
    found = compare(a, b)
    (pair,) = found.pairs
    assert (pair.task, pair.title) == ("kws", f"ds-cnn-s on {BOARD}")
    assert (found.only_a, found.only_b) == ((f"kws gone on {BOARD}",), (f"kws new on {BOARD}",))
    score, instructions = (figures(pair)[name] for name in ("score int8, % (accuracy)", "instructions"))
    assert (score.difference, score.ratio, score.distinct) == (1.0, None, False)
    assert (instructions.difference, instructions.ratio) == (-200.0, 0.8)
    assert "latency, ms (measured)" not in figures(pair), "neither side has it"
    assert pair.layers.values.tolist() == [["0 conv", 600, 400], ["1 conv", 400, 400]]


def test_scores_are_distinct_where_their_intervals_are_apart(summary):
    better = {"int8_accuracy_percent": 95.0, "int8_accuracy_percent_low": 93.0, "int8_accuracy_percent_high": 97.0}
    (pair,) = compare(summary("a", {}), summary("b", better)).pairs
    score = figures(pair)["score int8, % (accuracy)"]
    assert score.distinct is True
    assert cells(score) == ("score int8, % (accuracy)", "90", "95", "+5 (intervals apart)", "-")


def test_two_models_are_compared_under_their_own_names(summary):
    results = summary("a", {}, {"model": "mine", "ram_bytes": 400}, layers={"ds-cnn-s": [1, 2], "mine": [1]})
    (results / "kws" / "ds-cnn-s").mkdir(exist_ok=True)
    (pair,) = compare(results / "kws" / "ds-cnn-s", results / "kws" / "mine").pairs
    assert pair.name == "ds-cnn-s → mine"
    assert figures(pair)["RAM, bytes"].ratio == 0.8
    assert pair.layers.empty, "they have different layers"


def test_what_cannot_be_compared_is_told(summary, tmp_path):
    a, other = summary("a", {}), summary("b", {"board": "nucleo-l4r5zi"})
    with pytest.raises(ConfigurationError, match="holds no finished report"):
        compare(a, tmp_path / "nothing")
    with pytest.raises(ConfigurationError, match="no model, board and runtime in common"):
        compare(a, other)
    with pytest.raises(ConfigurationError, match="a model's folder and a results folder"):
        compare(a, a / "kws" / "ds-cnn-s")
    third = summary("c", {}, task="vww")
    with pytest.raises(ConfigurationError, match=r"models of different tasks \(kws, vww\)"):
        compare(a / "kws" / "ds-cnn-s", third / "vww" / "ds-cnn-s")
    (tmp_path / "c" / "vww" / "report" / "summary.csv").write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="summary.csv is damaged"):
        compare(a, third)


def test_the_command_prints_and_writes_a_page(summary, capsys, tmp_path):
    layers = {"ds-cnn-s": [600, 400]}
    a, b = summary("a", {}, layers=layers), summary("b", {"instructions": 1100}, layers={"ds-cnn-s": [600, 500]})
    page = tmp_path / "differences.html"
    assert main(["compare", str(a), str(b), "--output", str(page)]) == 0
    out = capsys.readouterr().out
    assert f"kws ds-cnn-s on {BOARD}:" in out and "1.100" in out and "score" not in out, "equal figures are left out"
    text = page.read_text(encoding="utf-8")
    assert 'class="worse"' in text and "pair-0-layers" in text and "http-equiv" not in text
    assert main(["compare", str(a), str(b), "--output", str(page)]) == 1
    assert "exists and is not overwritten" in capsys.readouterr().err


def test_equal_results_differ_in_nothing(results_folder, tmp_path):
    """As the report stage itself leaves them."""
    results_folder.published("ds-cnn-s")
    results_folder.everything("ds-cnn-s", 0.9, 6_000_000, 45.0)
    report("kws", {"ds-cnn-s": [BOARD]}, results_folder.root, results_folder.task / "report")
    shutil.copytree(results_folder.root, tmp_path / "again")
    found = compare(results_folder.root, tmp_path / "again")
    assert format_differences(found) == f"kws ds-cnn-s on {BOARD}: no figure differs"
    (pair,) = found.pairs
    assert {"score int8, % (accuracy)", "flash, bytes", "latency, ms (estimated)"} <= set(figures(pair))
    assert len(pair.layers) > 3
    assert 'class="worse"' not in render_differences(found, "A", "B")
