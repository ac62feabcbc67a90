import json

import pytest

from micronets.errors import MicronetsError
from micronets.report.sources import read_results, readable_layer
from tests.unit.report.conftest import LABELS

BOARD = "nucleo-f446re"


def score(value):
    return {"value": value, "low": value, "high": value}


@pytest.fixture
def one_model(results_folder):
    results_folder.searched("searched")
    results_folder.everything("searched", 0.9, 6_000_000, 45.0)
    return results_folder


def read(folder):
    return read_results("kws", {"searched": [BOARD]}, folder.root)


def test_records_hold_what_the_files_say(one_model):
    results = read(one_model)
    (model,) = results.models
    assert results.dataset.clips == {"training": 3600, "validation": 456, "testing": 480}
    assert (results.dataset.seed, results.dataset.source) == (7, "generated")
    assert [(width.place, width.backbone, width.found) for width in model.search.widths][:4] == [
        ("stem", 276, 84),
        ("block 1", 276, 112),
        ("block 2", 276, 56),
        ("block 3", 276, None),
    ]
    assert len(model.search.history) == 30
    assert len(model.training.history) == 52
    assert model.export.confusion.sum() == model.export.litert_merit.count == 480
    (build,) = model.builds
    assert build.board.name == BOARD
    assert build.firmware.steps[:2] == ("0 conv", "1 depthwise conv")
    assert build.firmware.arena_bytes == max(
        buffer.offset_bytes + buffer.size_bytes for buffer in build.firmware.buffers
    )
    assert build.profile.layers["instructions"].sum() == build.profile.instructions == 6_000_000
    assert build.profile.merit.share == 0.9
    assert (build.profile.estimate.energy_mj, build.profile.estimate.energy_error_percent) == (8.25, 6.5)


@pytest.mark.parametrize(
    ("name", "kind"), [("micronet-kws-l", "published"), ("ds-cnn-m", "baseline"), ("searched", "searched")]
)
def test_kinds_follow_from_names(results_folder, name, kind):
    results_folder.searched(name) if kind == "searched" else results_folder.published(name)
    (model,) = read_results("kws", {name: []}, results_folder.root).models
    assert model.kind == kind


def test_stages_that_have_not_run_are_none(results_folder):
    results_folder.published("ds-cnn-s")
    (model,) = read_results("kws", {"ds-cnn-s": [BOARD]}, results_folder.root).models
    assert (model.search, model.training, model.export) == (None, None, None)
    assert (model.builds[0].firmware, model.builds[0].profile, model.builds[0].ram_bytes) == (None, None, None)


def test_of_a_network_trained_elsewhere_nothing_is_told_but_its_file(results_folder):
    results_folder.trained_elsewhere("ds-cnn-s", 0.8, labels=LABELS[::-1])
    results_folder.train("ds-cnn-s", 0.5, 0.5)  # of a network that had its name before
    (model,) = read_results("kws", {"ds-cnn-s": [BOARD]}, results_folder.root).models
    assert (model.kind, model.architecture, model.costs) == ("tflite", None, None)
    assert (model.search, model.training, model.reconstructs) == (None, None, False)
    assert model.export.tflm_merit.share == 0.8 and model.export.labels == LABELS[::-1]
    assert model.macs(model.builds[0]) == 2_000_000


def test_without_a_cycle_model_there_is_no_estimate(one_model):
    one_model.profile("searched", 6_000_000, latency_ms=None, share=None, bit_exact=None)
    profile = read(one_model).models[0].builds[0].profile
    assert (profile.estimate, profile.merit, profile.bit_exact) == (None, None, None)


@pytest.mark.parametrize(
    ("file", "stage"),
    [
        ("data/dataset.json", "data"),
        ("searched/search/search.json", "search"),
        ("searched/search/history.csv", "search"),
        ("searched/train/metrics.json", "train"),
        ("searched/train/history.csv", "train"),
        ("searched/export/metrics.json", "export"),
        (f"searched/{BOARD}/firmware/firmware.json", "firmware"),
        (f"searched/{BOARD}/profile/profile.json", "profile"),
        (f"searched/{BOARD}/profile/layers.csv", "profile"),
    ],
)
@pytest.mark.parametrize("damage", ["cut", "empty", "foreign", "binary"])
def test_damage_names_the_folder_and_the_stage(one_model, file, stage, damage):
    path = one_model.task / file
    content = path.read_bytes()
    path.write_bytes(
        {"cut": content[: len(content) // 3], "empty": b"", "foreign": b"{}", "binary": b"\xff\xfe\x00\x81"}[damage]
    )
    if damage == "cut" and file.endswith(".csv"):
        path.write_bytes(content[: content.index(b",")])
    with pytest.raises(MicronetsError) as caught:
        read(one_model)
    message = str(caught.value)
    made_by = {
        "data": path.with_name("dataset.json"),
        "search": path.with_name("search.json"),
        "train": path.with_name("metrics.json"),
        "profile": path.with_name("profile.json"),
    }
    assert message.endswith(f"make it anew: rm {made_by.get(stage, path)}, and run the same command again.")


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("searched/export/metrics.json", {"confusion": [[1, 2], [3, 4]]}),
        ("searched/export/metrics.json", {"test_count": 0}),
        ("searched/export/metrics.json", {"tflm_arena_bytes": 0}),
        (
            "searched/export/metrics.json",
            {"scores": {"litert": {"accuracy": score(87.5)}}},
        ),
        (
            "searched/train/metrics.json",
            {"float": {"testing": {"accuracy": score(float("nan"))}}},
        ),
    ],
)
def test_impossible_figures_are_damage(one_model, file, change):
    path = one_model.task / file
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8")
    with pytest.raises(MicronetsError, match="is damaged"):
        read(one_model)


def test_missing_dataset_is_named(tmp_path):
    with pytest.raises(MicronetsError, match=r"no .*dataset\.json; run the data stage first"):
        read_results("kws", {}, tmp_path)


def test_missing_architecture_is_named(results_folder):
    with pytest.raises(MicronetsError, match=r"no .*ds-cnn-s.*architecture\.json; run the search stage first"):
        read_results("kws", {"ds-cnn-s": []}, results_folder.root)


def test_layers_have_readable_names():
    assert readable_layer("network_layer_07_depthwise_conv_2d") == "7 depthwise conv"
    assert readable_layer("network_invoke") == "between layers"
