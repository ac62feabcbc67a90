import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from micronets.errors import DataError, EmulatorError
from micronets.evaluation import ClassTruth, pack_truth
from micronets.features.mfcc import MfccParameters
from micronets.features.sound_features import to_text
from micronets.linking.firmware import Firmware
from micronets.profile.stage import profile

NEGATE = """
__attribute__((noinline)) void network_layer_00_negate(void)
{
    for (int i = 0; i < 4; i++) { arena[32 + i] = (int8_t)-arena[i]; }
}
void network_invoke(void) { network_layer_00_negate(); arena[36] = 0; }
"""
INPUTS = np.random.default_rng(5).integers(-127, 128, (50, 8), np.int8)
CLASSES = INPUTS[:, :4].argmin(axis=1)


@pytest.fixture
def test_inputs(tmp_path: Path) -> Path:
    path = tmp_path / "test_inputs.npz"
    wrong = CLASSES.copy()
    wrong[0] = (wrong[0] + 1) % 4
    grids = {"input_grid": np.array([0.5, 3.0]), "output_grid": np.array([0.25, -7.0])}
    np.savez(path, inputs=INPUTS, outputs=-INPUTS[:, :4], **grids, **pack_truth(ClassTruth(wrong)))
    return path


@pytest.mark.parametrize(("asked", "run"), [(10, 10), (1000, 50)])
def test_profile(build: Callable[..., Firmware], test_inputs: Path, tmp_path: Path, asked: int, run: int) -> None:
    firmware = build(NEGATE)
    profile(firmware.elf.parent, test_inputs, tmp_path / "profile", inputs=asked, timeout_s=60)
    content = json.loads((tmp_path / "profile" / "profile.json").read_text(encoding="utf-8"))
    assert content["inputs"] == run
    # The first input is among them however many are asked for, and its class is wrong.
    scores = content["outputs"].pop("scores")
    assert content["outputs"] == {"compared": run, "different": 0, "bit_exact": True}
    assert scores["accuracy"]["value"] == pytest.approx((run - 1) / run)


def with_sounds(test_inputs: Path, parameters: MfccParameters) -> None:
    with np.load(test_inputs) as archive:
        content = dict(archive)
    np.savez(test_inputs, sounds=np.array(to_text(parameters)), **content)


def test_features_stand_beside_the_network(
    build: Callable[..., Firmware], test_inputs: Path, tmp_path: Path, repository: Path
) -> None:
    firmware = build(NEGATE)
    profile(firmware.elf.parent, test_inputs, tmp_path / "without", inputs=10, timeout_s=60)
    without = json.loads((tmp_path / "without" / "profile.json").read_text(encoding="utf-8"))
    with_sounds(test_inputs, MfccParameters(window_ms=30))
    profile(firmware.elf.parent, test_inputs, tmp_path / "with", inputs=10, timeout_s=60)
    content = json.loads((tmp_path / "with" / "profile.json").read_text(encoding="utf-8"))
    schema = json.loads((repository / "micronets" / "profile" / "profile.schema.json").read_text(encoding="utf-8"))
    for described in (without, content):
        jsonschema.validate(described, schema)
    features = content.pop("features")
    assert without.pop("features") is None
    assert content == without
    assert (features["name"], features["frame_length_ms"], features["hop_ms"]) == ("mfcc", 30, 20)
    assert features["frame"]["ms"] == pytest.approx(features["frame"]["cycles"] / 120e3, abs=1e-3)


def test_features_without_an_integer_form(
    build: Callable[..., Firmware], test_inputs: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with_sounds(test_inputs, MfccParameters(window_ms=500))
    found = profile(build(NEGATE).elf.parent, test_inputs, tmp_path / "profile", inputs=10, timeout_s=60)
    assert found.features is None
    assert "not profiled on the device: features on a device need an FFT" in caplog.text


def test_other_outputs_fail(build: Callable[..., Firmware], test_inputs: Path, tmp_path: Path) -> None:
    firmware = build(NEGATE.replace("(int8_t)-arena[i]", "(int8_t)~arena[i]"))
    with pytest.raises(EmulatorError, match="10 of 10 outputs of trial on nucleo-l4r5zi differ"):
        profile(firmware.elf.parent, test_inputs, tmp_path / "profile", inputs=10, timeout_s=60)
    assert not (tmp_path / "profile").exists()


def test_damaged_inputs(build: Callable[..., Firmware], test_inputs: Path, tmp_path: Path) -> None:
    firmware = build(NEGATE)
    content = test_inputs.read_bytes()
    test_inputs.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="test_inputs.npz is damaged .*: rm .*test_inputs.npz"):
        profile(firmware.elf.parent, test_inputs, tmp_path / "profile", inputs=10, timeout_s=60)
