"""Results of anomaly detection in the report, from files as the stages before it leave them."""

import numpy as np
import pytest

from micronets.errors import MicronetsError
from micronets.evaluation import AnomalyTruth, ClassTruth, pack_truth
from micronets.report import report
from micronets.report.anomalies import areas_picture, draw_scores, scores_picture
from micronets.report.page import write_page
from micronets.report.sources import read_results
from micronets.style import blank_figure

from .conftest import ResultsFolder

BOARD = "nucleo-f446re"
IDS = ("fan_00", "fan_02", "pump_00", "slider_05")
WINDOWS, GRID = 3, (0.05, -10.0)


@pytest.fixture
def truth() -> AnomalyTruth:
    """8 normal and 8 anomalous clips of each id, 3 windows each; none of the last one's are anomalous."""
    clips = np.arange(16 * len(IDS))
    classes, anomalous = clips % len(IDS), clips // len(IDS) % 2 == 1
    anomalous &= classes != 3
    return AnomalyTruth(*(np.repeat(values, WINDOWS) for values in (classes, clips, anomalous)), np.array(IDS))


@pytest.fixture
def answers(truth) -> np.ndarray:
    """int8 logits that are surer of a normal clip's id."""
    generator = np.random.default_rng(4)
    logits = generator.normal(0, 20, (len(truth), len(IDS)))
    logits[np.arange(len(truth)), truth.classes] += np.where(truth.anomalous, 20, 50)
    return np.clip(np.rint(logits), -128, 127).astype(np.int8)


@pytest.fixture
def results_of_ad(tmp_path, truth, answers) -> ResultsFolder:
    """All that was left of one network by the stages up to export."""
    folder = ResultsFolder(tmp_path / "results", "ad")
    counts = {split: dict.fromkeys(IDS, 16) for split in ("training", "validation", "testing")}
    about = {"task": "ad", "labels": list(IDS), "counts": counts, "seed": 1, "source": {"kind": "folder"}}
    folder.json(folder.task / "data" / "dataset.json", {**about, "content_hash": "a5" * 32})
    folder.published("micronet-ad-s")
    scores = {
        name: score.to_json() for name, score in truth.scores(np.zeros((len(truth), 1)), answers * GRID[0]).items()
    }
    export = folder.task / "micronet-ad-s" / "export"
    folder.json(
        export / "metrics.json",
        {
            "test_count": len(truth),
            "tflite_bytes": 1000,
            "tflm_arena_bytes": 2000,
            "metric": "auc",
            "scores": dict.fromkeys(("litert", "tflm"), scores),
        },
    )
    inputs = np.zeros((len(truth), 4, 4, 1), np.int8)
    np.savez(
        export / "test_inputs.npz",
        inputs=inputs,
        outputs=answers,
        input_grid=GRID,
        output_grid=GRID,
        **pack_truth(truth),
    )
    folder.json(
        folder.task / "micronet-ad-s" / "train" / "metrics.json",
        {phase: {"testing": scores} for phase in ("float", "quantised")},
    )
    row = {
        "phase": "float",
        "epoch": 0,
        "loss": 0.5,
        "accuracy": 0.7,
        "validation_loss": 0.6,
        "validation_accuracy": 0.6,
    }
    folder.csv(folder.task / "micronet-ad-s" / "train" / "history.csv", [row])
    return folder


def model_of(folder: ResultsFolder):
    return read_results("ad", {"micronet-ad-s": [BOARD]}, folder.root).models[0]


def test_clips_are_scored_as_in_export(results_of_ad, truth, answers):
    model = model_of(results_of_ad)
    expected = truth.clip_scores(np.zeros((len(truth), 1)), (answers + 10.0) * GRID[0])
    np.testing.assert_allclose(model.export.clip_scores.scores, expected.scores)
    assert len(expected.scores) == 64 and model.tested == len(truth) == 192
    assert model.training.float_merit.count == model.export.tflm_merit.count == 192
    low, high = (np.median(expected.scores[expected.anomalous == anomalous]) for anomalous in (False, True))
    words = scores_picture(model).alternative
    assert words == f"Medians of all clips: normal {low:.3g}, anomalous {high:.3g}." and low < high


def test_areas_are_told_by_machine_and_id(results_of_ad):
    model = model_of(results_of_ad)
    picture = areas_picture(model)
    shares = {name: f"{100 * score.value:.1f} %" for name, score in model.export.scores.items()}
    assert f"fan {shares['auc fan']}, pump {shares['auc pump']};" in picture.alternative
    assert "slider" not in picture.alternative
    worst = min(("fan_00", "fan_02", "pump_00"), key=lambda name: model.export.scores[f"auc {name}"].value)
    assert f"lowest for {worst} with {shares[f'auc {worst}']}" in picture.alternative
    assert picture.png.startswith(b"\x89PNG") and areas_picture(model).png == picture.png


def test_every_clip_stands_in_its_histogram(results_of_ad):
    clips = model_of(results_of_ad).export.clip_scores
    bins = np.geomspace(clips.scores.min() / 1.01, clips.scores.max() * 1.01, 9)
    for index in range(len(IDS)):
        axes = blank_figure(4, 3).subplots()
        draw_scores(axes, clips, clips.scores, index, bins)
        normal, anomalous = (sum(bar.get_height() for bar in bars) for bars in axes.containers)
        assert (normal, anomalous) == ((8, 8) if index < 3 else (16, 0))


def test_other_tasks_have_no_such_pictures(whole_results, models):
    results = read_results("kws", models, whole_results.root)
    for model in results.models:
        assert areas_picture(model) is None and scores_picture(model) is None
        assert model.tested == results.dataset.clips["testing"]


def test_the_page_and_the_table_speak_of_auc(results_of_ad, tmp_path):
    table = report("ad", {"micronet-ad-s": [BOARD]}, results_of_ad.root, tmp_path / "report")
    assert table["float_auc_percent"][0] == table["litert_auc_percent"][0] > 50
    assert table["int8_auc_percent"][0] > 50 and table["paper_auc_percent"].isna().all()  # on other data
    write_page({"ad": {"micronet-ad-s": [BOARD]}}, results_of_ad.root, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Area under the ROC curve" in page
    assert "AUC float" in (tmp_path / "report" / "summary.txt").read_text(encoding="utf-8")
    names = {path.name for path in (tmp_path / "report" / "pictures").glob("[!.]*")}
    assert {"micronet-ad-s_areas.png", "micronet-ad-s_scores.png"} <= names


@pytest.mark.parametrize("damage", ["gone", "cut", "classes"])
def test_damaged_test_inputs_are_told(results_of_ad, truth, damage):
    path = results_of_ad.task / "micronet-ad-s" / "export" / "test_inputs.npz"
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:500])
    else:
        content = dict(np.load(path))
        kept = {name: content[name] for name in ("inputs", "outputs", "input_grid", "output_grid")}
        np.savez(path, **kept, **pack_truth(ClassTruth(truth.classes)))
    with pytest.raises(MicronetsError, match="or a file beside it, of the export stage, .*: rm .*export/metrics.json"):
        model_of(results_of_ad)
