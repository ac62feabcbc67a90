import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from micronets.boards import find_board
from micronets.evaluation import Score
from micronets.linking.firmware import Firmware
from micronets.profile import profile_firmware
from micronets.profile.table import layer_table, summary

NETWORK = """
__attribute__((noinline)) void network_layer_00_copy(void) { for (int i = 0; i < 4; i++) { arena[32 + i] = arena[i]; } }
__attribute__((noinline)) void network_layer_01_clear(void) { arena[0] = 0; }
void network_invoke(void) { network_layer_00_copy(); network_layer_01_clear(); arena[1] = 0; }
"""
INPUTS = np.arange(16, dtype=np.int8).reshape(2, 8)


@pytest.fixture
def schema(repository: Path) -> dict:
    return json.loads((repository / "micronets/profile/profile.schema.json").read_text(encoding="utf-8"))


def test_files(build: Callable[..., Firmware], schema: dict, tmp_path: Path) -> None:
    firmware = build(NETWORK, find_board("nucleo-f446re"), layer_macs=(40, 0))
    classes = np.array([3, 0])

    def judge(outputs: np.ndarray) -> dict[str, Score]:
        return {"accuracy": Score(float((outputs.argmax(axis=1) == classes).mean()), 0.25, 0.75)}

    profile_firmware(firmware, INPUTS, INPUTS[:, :4], judge).save(tmp_path)
    content = json.loads((tmp_path / "profile.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, schema)
    scores = {"accuracy": {"value": 0.5, "low": 0.25, "high": 0.75}}
    assert content["outputs"] == {"compared": 2, "different": 0, "bit_exact": True, "scores": scores}
    estimated = content["estimated"]
    assert estimated["latency_ms"] == pytest.approx(estimated["cycles"] / 180e3, abs=1e-6)
    assert estimated["latency_error_percent"] == pytest.approx(100 * estimated["mean_error"], abs=0.01)
    assert estimated["energy_error_percent"] > estimated["latency_error_percent"]
    assert estimated["energy_mj"] == pytest.approx(0.16 * estimated["latency_ms"], abs=1e-6)
    with open(tmp_path / "layers.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["layer"] for row in rows] == ["network_layer_00_copy", "network_layer_01_clear", "network_invoke"]
    assert sum(int(row["instructions"]) for row in rows) == content["counted"]["instructions"]
    assert sum(float(row["estimated_cycles"]) for row in rows) == pytest.approx(estimated["cycles"])
    assert float(rows[0]["share_of_floor"]) == pytest.approx(20 / float(rows[0]["estimated_cycles"]), abs=1e-4)
    assert rows[2]["macs"] == rows[2]["flash_code_bytes"] == ""
    own = [(int(row["flash_code_bytes"]), int(row["flash_constant_bytes"])) for row in rows[:2]]
    assert own == [(layer.code, layer.constants) for layer in firmware.layer_flash_bytes]
    assert sum(map(sum, own)) == content["flash_bytes"]["network_layers"] > 0
    assert content["counted"]["macs"] == 40
    assert estimated["share_of_floor"] == pytest.approx(20 / estimated["cycles"], abs=1e-4)
    assert {float(row["estimated_error_percent"]) for row in rows} == {estimated["latency_error_percent"]}


def test_a_reference_kernel_is_told_in_words(build: Callable[..., Firmware], schema: dict, tmp_path: Path) -> None:
    firmware = replace(build(NETWORK), reference_layers=("network_layer_01_clear",))
    profile = profile_firmware(firmware, INPUTS)
    profile.save(tmp_path)
    content = json.loads((tmp_path / "profile.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, schema)
    assert [layer["note"] for layer in content["layers"]] == ["", "reference kernel", ""]
    assert "a reference kernel runs network_layer_01_clear" in summary(profile)
    assert layer_table(profile).splitlines()[2].endswith("reference kernel")


def test_same_profile_again(build: Callable[..., Firmware], tmp_path: Path) -> None:
    firmware = build(NETWORK)
    contents = []
    for name in ("first", "second"):
        profile_firmware(firmware, INPUTS).save(tmp_path / name)
        contents.append([(tmp_path / name / file).read_bytes() for file in ("profile.json", "layers.csv")])
    assert contents[0] == contents[1]
