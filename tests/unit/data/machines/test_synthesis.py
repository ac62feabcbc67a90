from dataclasses import replace

import numpy as np
import pytest

from micronets.data.machines.synthesis import MACHINES, generate_machines
from micronets.errors import ConfigurationError
from micronets.features.log_mel import IMAGES, log_mel

from .conftest import GENERATED


def contents(root):
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.*"))}


def test_the_number_of_processes_changes_nothing_and_the_seed_does(folder, tmp_path):
    generate_machines(GENERATED, tmp_path / "two", 5, 2)
    generate_machines(replace(GENERATED, training_clips=2), tmp_path / "other", 6, 1)
    first, second, other = (contents(root) for root in (folder, tmp_path / "two", tmp_path / "other"))
    assert first == second
    name = "rotor/train/normal_id_00_00000000.wav"
    assert first[name] != other[name] and first[name] != first[name.replace("0.wav", "1.wav")]


def test_faults_are_listed_and_only_in_clips_that_say_so(folder):
    listed = [line.split(",")[:2] for line in (folder / "faults.csv").read_text(encoding="utf-8").split()[1:]]
    assert sorted(path for path, _ in listed) == sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("anomaly_*.wav")
    )
    faults = {machine.name: machine.faults for machine in MACHINES}
    assert all(fault in faults[path.split("/")[0]] for path, fault in listed)


def spectrogram(machine, identity: int, fault: str, severity: float, clip: int = 0) -> np.ndarray:
    """Of 2 s, float32 (frames, 64), in dB."""
    specimen = machine.specimen(np.random.default_rng(identity))
    sound = machine.sound(specimen, fault, severity, 32000, np.random.default_rng([9, clip]))
    return log_mel((0.05 * sound[None]).astype(np.float32), IMAGES)[0]


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_a_fault_is_heard_the_more_the_graver_it_is(machine):
    normal = spectrogram(machine, 1, "", 0.0)
    for fault in machine.faults:
        np.testing.assert_array_equal(spectrogram(machine, 1, fault, 0.0), normal)
        slight, middling, grave = (
            np.quantile(np.abs(spectrogram(machine, 1, fault, severity) - normal), 0.99)
            for severity in (0.02, 0.2, 1.0)
        )
        assert 0 < slight < middling < grave and grave > 3, fault


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_specimens_sound_different_and_clips_of_one_alike(machine):
    first, again, other = (
        np.mean([spectrogram(machine, identity, "", 0.0, clip).mean(axis=0) for clip in clips], axis=0)
        for identity, clips in ((1, (0, 1, 2)), (1, (3, 4, 5)), (2, (0, 1, 2)))
    )
    assert np.abs(first - other).mean() > 2 * np.abs(first - again).mean()


@pytest.mark.parametrize("change", [{"ids": 1}, {"testing_clips": 0}, {"clip_s": 1.0}, {"severity": 0.0}])
def test_impossible_options_are_refused(change):
    with pytest.raises(ConfigurationError, match=f"data.generated.{next(iter(change))}"):
        type(GENERATED)(**change)
