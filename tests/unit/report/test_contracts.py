"""The report reads files by their keys; here those files come from the stages that own them."""

import dataclasses
import json
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from micronets.architecture import Architecture
from micronets.boards import find_board
from micronets.compiler.compiled_network import PlannedBuffer
from micronets.device_features.sound.measure import Cost, FeatureProfile
from micronets.evaluation import ClassTruth, Score
from micronets.fit import fit_found_network, stage
from micronets.fit.measured import Measured
from micronets.fit.widths import choice_of
from micronets.linking.firmware import Firmware, FlashUse, MemoryPlan, RamUse
from micronets.profile import Profile
from micronets.report.charts.memory import memory_charts
from micronets.report.search_pictures import search_pictures
from micronets.report.sources import SEARCH_COLUMNS, TRAINING_COLUMNS, read_results
from micronets.report.summary import summary_table
from micronets.search.backbones import DsCnnBackbone
from micronets.search.budget import Budget
from micronets.search.ds_cnn_space import DsCnnSpace
from micronets.search.evolution import Candidate
from micronets.search.loop import SearchEpoch
from micronets.search.one_shot import OneShotEpoch
from micronets.search.outputs import Found, write_outputs
from micronets.search.sampling import Sampler
from micronets.search.scoring import HeldBackScore
from micronets.timing.cycle_models import find_cycle_model
from micronets.timing.cycles import LayerCounts
from micronets.train.phase import Epoch
from tests.unit.fit.test_stage import SECTION

BOARD = "nucleo-f446re"


@pytest.fixture
def firmware() -> Firmware:
    buffers = (PlannedBuffer("input", 0, 490, 0, 0), PlannedBuffer("map", 492, 3000, 0, 1))
    return Firmware(
        elf=Path("firmware.elf"),
        map=Path("firmware.map"),
        board=find_board(BOARD),
        network="model",
        input_bytes=490,
        output_bytes=12,
        layers=("network_layer_00_conv_2d", "network_layer_01_average_pool_2d"),
        layer_macs=(120_000, 0),
        memory_plan=MemoryPlan(3492, buffers, (("network_layer_00_conv_2d", "network_layer_01_average_pool_2d"),)),
        flash_bytes=FlashUse(network_code=4000, network_constants=9000, harness=1500),
        linked_ram_bytes=RamUse(network=3492, harness=900, stack=4096),
    )


def counts(instructions: int) -> LayerCounts:
    return LayerCounts(instructions, {"alu": instructions}, 0, 0, 0, 0, 1.25 * instructions)


@pytest.fixture
def features(firmware) -> FeatureProfile:
    return FeatureProfile(
        firmware=firmware,
        name="mfcc",
        hop_samples=320,
        frame_samples=640,
        sample_rate_hz=16000,
        stages={"mn_features_push": Cost(1000, 1500.0), "mn_finish_fft": Cost(2000, 2100.0)},
        window=Cost(400, 500.0),
        hop_instructions=3500,
        windows=7,
        stack_bytes=128,
    )


@pytest.mark.parametrize("estimated", [True, False])
def test_firmware_and_profile(results_folder, firmware, features, estimated):
    results_folder.published("ds-cnn-s")
    folder = results_folder.task / "ds-cnn-s" / BOARD
    layers = (*zip(firmware.layers, (counts(9000), counts(800)), strict=True), ("network_invoke", counts(200)))
    profile = Profile(
        firmware=firmware,
        inputs=50,
        compared_outputs=50,
        different_outputs=0,
        scores={"accuracy": Score(0.84, 0.7, 0.9)},
        instructions=(10_000, 10_000),
        layers=layers,
        model=find_cycle_model(firmware.board) if estimated else None,
        stack_bytes=320,
        features=features.to_json() if estimated else None,
    )
    profile.save(folder / "profile")
    results_folder.json(folder / "firmware" / "firmware.json", firmware.to_json())
    (model,) = read_results("kws", {"ds-cnn-s": [BOARD]}, results_folder.root).models
    (build,) = model.builds
    assert build.firmware.flash_bytes == firmware.flash_bytes.total == 14_500
    assert build.ram_bytes == 3492 + 900 + 320
    assert [(buffer.offset_bytes, buffer.last_step) for buffer in build.firmware.buffers] == [(0, 0), (492, 1)]
    assert build.firmware.steps == ("0 conv + 1 average pool",)
    assert build.profile.instructions == 10_000
    assert build.profile.layers["layer"].tolist() == ["0 conv", "1 average pool", "between layers"]
    assert (build.profile.merit.share, build.profile.merit.count) == (0.84, 50)
    assert build.profile.bit_exact is True
    if estimated:
        assert build.profile.estimate.latency_ms == pytest.approx(12_500 / 180e3, abs=1e-6)  # as rounded in the file
        computed = build.profile.features
        assert (computed.instructions, computed.hop_ms) == (3000, 20)
        assert computed.frame_ms == pytest.approx(3600 / 180e3, abs=1e-4)
        assert computed.frame_error_percent == build.profile.estimate.mean_error_percent
        assert (computed.flash_bytes, computed.static_ram_bytes) == (13_000, 3492)
    else:
        assert build.profile.estimate is None
        assert build.profile.features is None


def test_flash_of_a_runtime_is_told_apart_in_table_and_chart(results_folder, firmware):
    results_folder.published("ds-cnn-s")
    parts = {"model": 8_500, "kernels": 2_900, "interpreter": 1_100, "c_library": 500}
    for name, told_apart in (("tflm", parts), ("", {})):
        content = replace(firmware, flash_parts=told_apart).to_json()
        results_folder.json(results_folder.task / "ds-cnn-s" / BOARD / name / "firmware" / "firmware.json", content)
    results = read_results("kws", {"ds-cnn-s": [f"{BOARD}/tflm", BOARD]}, results_folder.root)
    table = summary_table(results)
    for part, size_bytes in parts.items():
        assert table[f"flash_{part}_bytes"].tolist()[0] == size_bytes
        assert table[f"flash_{part}_bytes"].isna().tolist() == [False, True]
    (model,) = results.models
    shown = []
    for build in model.builds:
        rows = memory_charts(model, build)[-1].spec["data"]["values"]
        shown.append({row["part"]: row["bytes"] for row in rows if row["memory"] == "flash"})
    assert shown[0] == {
        "model": 8_500,
        "kernels": 2_900,
        "interpreter": 1_100,
        "C library": 500,
        "benchmark program": 1_500,
    }
    assert shown[1] == {"weights": 9_000, "code": 4_000, "benchmark program": 1_500}


def test_histories():
    assert set(SEARCH_COLUMNS) <= {field.name for field in fields(SearchEpoch)}
    assert set(TRAINING_COLUMNS) <= {field.name for field in fields(Epoch)}


@pytest.mark.training
@pytest.mark.parametrize("strategy", ["evolution", "random"])
def test_searches_without_gradients(results_folder, strategy):
    space, budget = DsCnnSpace((49, 10, 1), 12, 32, ((2, 2), (1, 1))), Budget(10**6, 10**6, 2_000_000)
    sampler = Sampler(space, budget, np.random.default_rng(2))
    choices = [sampler.draw() for _ in range(6)]
    shares = [np.eye(len(d.options))[index] for d, index in zip(space.decisions, choices[0], strict=True)]
    found = Found(choices[0], shares)
    if strategy == "evolution":
        scored = [Candidate(c, i // 3, sampler.use(c), HeldBackScore(2 - 0.1 * i, 0.3)) for i, c in enumerate(choices)]
        epochs = [OneShotEpoch(0, 0.01, 2.0, 0.3, 2.1, 0.2, 1.5)]
        found = dataclasses.replace(found, history=epochs, candidates=scored)
    results_folder.searched("searched")
    results_folder.everything("searched", 0.9, 6_000_000, 45.0)
    folder = results_folder.task / "searched" / "search"
    write_outputs(
        found, space, budget, folder, "searched", {"strategy": [strategy], "board": "nucleo-f446re", "seed": 2}
    )
    (model,) = read_results("kws", {"searched": []}, results_folder.root).models
    pictures = [picture.name for picture in search_pictures(model)]
    if strategy == "evolution":
        assert list(model.search.candidates["generation"]) == [0, 0, 0, 1, 1, 1]
        assert pictures == ["searched_candidates", "searched_widths"]
        told = search_pictures(model)[0].alternative
        assert told == "6 networks in 2 generations; the least loss fell from 2.000 to 1.500."
    else:
        assert pictures == ["searched_widths"]


def test_decisions_of_the_search(results_folder):
    results_folder.searched("searched")
    space = DsCnnBackbone(channels=32, blocks=2).space((49, 10, 1), 12)
    chosen = {"stem width": 32, "block 1 kept": 0, "block 1 width": 16, "block 2 kept": 1, "block 2 width": 12}
    assert [decision.name for decision in space.decisions] == list(chosen)
    decisions = [
        results_folder.decision(decision.name, list(decision.options), chosen[decision.name])
        for decision in space.decisions
    ]
    results_folder.json(results_folder.task / "searched" / "search" / "search.json", {"decisions": decisions})
    (model,) = read_results("kws", {"searched": []}, results_folder.root).models
    assert [(width.backbone, width.found) for width in model.search.widths] == [(32, 32), (32, None), (32, 12)]
    assert model.search.limits == ()


def test_what_was_changed_to_fit_the_board(results_folder, monkeypatch):
    results_folder.searched("searched")
    results_folder.everything("searched", 0.9, 6_000_000, 45.0)
    folder = results_folder.task / "searched" / "search"
    chosen = {"stem width": 32, "block 1 kept": 1, "block 1 width": 16, "block 2 kept": 1, "block 2 width": 12}
    space = DsCnnSpace((49, 10, 1), 12, 32, ((2, 2), (1, 1)), width_steps=8)
    space.architecture("searched", choice_of(space, list(chosen.values()))).save(folder / "found.json")
    decisions = [results_folder.decision(d.name, list(d.options), chosen[d.name]) for d in space.decisions]
    results_folder.json(folder / "search.json", {"decisions": decisions})
    answers = iter(
        [Measured(9_000, 16_000, 490_000, 120_000, 4.5, 0.5), Measured(8_000, 14_000, 490_000, 120_000, 4.1, 0.4)]
    )
    monkeypatch.setattr(stage, "measure", lambda *_, **__: next(answers))
    section = {**SECTION, "backbone": {"channels": 32, "blocks": 2}, "budget": {"sram_bytes": 15_000}}
    fit_found_network(folder / "found.json", folder / "search.json", folder, section, 1, optimise="size", weight_bits=8)
    (model,) = read_results("kws", {"searched": []}, results_folder.root).models
    architecture = Architecture.load(folder / "architecture.json")
    rounds = json.loads((folder / "fit.json").read_text(encoding="utf-8"))["rounds"]
    assert [on["board"] for entry in rounds for on in entry["boards"]] == ["nucleo-f446re"] * 2
    assert model.search.widths[0].found == architecture.output_shapes()[0][2] < 32
    assert [(limit.name, limit.measured, limit.limit) for limit in model.search.limits] == [
        ("flash", 8_000, 490_000),
        ("RAM", 14_000, 15_000),
    ]
    (picture,) = (picture for picture in search_pictures(model) if picture.name == "searched_budget")
    assert picture.alternative == "flash 8,000 of 490,000 bytes, 1.6%; RAM 14,000 of 15,000 bytes, 93.3%."


def test_export_metrics(results_folder, tmp_path):
    pytest.importorskip("tflite_micro")
    from micronets.architecture import Architecture, AveragePooling, Convolution
    from micronets.export.stage import Examples, check
    from micronets.export.writer import write_tflite
    from micronets.network import LayerParameters, TrainedNetwork

    architecture = Architecture(
        "tiny", (4, 4, 1), (Convolution(8), AveragePooling(), Convolution(12, activation="linear"))
    )
    random = np.random.default_rng(3)

    def convolution(before: int, after: int, output_range: tuple[float, float]) -> LayerParameters:
        kernel = random.normal(0, 0.5, (1, 1, before, after)).astype(np.float32)
        return LayerParameters(kernel, np.zeros(after, np.float32), np.full(after, 0.02, np.float32), output_range)

    network = TrainedNetwork(
        architecture,
        tuple(f"word{index}" for index in range(12)),
        (-4.0, 4.0),
        (convolution(1, 8, (0.0, 6.0)), LayerParameters(None, None, None, (0.0, 6.0)), convolution(8, 12, (-8.0, 8.0))),
    )
    write_tflite(network, tmp_path / "model.tflite")
    examples = Examples(random.normal(0, 1, (40, 4, 4, 1)).astype(np.float32), ClassTruth(np.arange(40) % 12))
    metrics = check(tmp_path / "model.tflite", examples, tmp_path / "test_inputs.npz")
    results_folder.published("ds-cnn-s")
    results_folder.json(results_folder.task / "ds-cnn-s" / "export" / "metrics.json", metrics)
    (model,) = read_results("kws", {"ds-cnn-s": []}, results_folder.root).models
    assert model.export.tflite_bytes == (tmp_path / "model.tflite").stat().st_size
    assert model.export.confusion.sum() == model.export.litert_merit.count == 40
    assert model.export.confusion.trace() == round(40 * model.export.tflm_merit.share)


def test_the_report_needs_neither_training_nor_tracking():
    code = (
        "import sys, micronets.report; "
        "print({'tensorflow', 'keras', 'mlflow', 'snakemake', 'matplotlib.pyplot'} & set(sys.modules))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "set()"
