"""From recordings to training batches, on generated machines and on files that are wrong in many ways."""

import json
import logging
import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile

from micronets.data.dataset import Sounds
from micronets.data.machines.batches import MachineBatches
from micronets.data.machines.dataset import MachineDataset
from micronets.data.machines.options import MachineAugmentation, MachineOptions
from micronets.data.machines.prepare import prepare_machines
from micronets.errors import ConfigurationError, DataError
from micronets.features.log_mel import AUTOENCODER_WINDOWS, IMAGES, MEL_IMAGES, log_mel, windows_of

IMAGE, WINDOW = (32, 32, 1), (1, 1, 640)
STILL = MachineAugmentation(shift_frames=0, mixup_alpha=0)


def options(folder, **changes) -> MachineOptions:
    return MachineOptions("folder", str(folder), **{"validation_percent": 30, **changes})


@pytest.mark.parametrize(
    ("shape", "parameters"), [(IMAGE, IMAGES), (WINDOW, AUTOENCODER_WINDOWS), ((32, 128, 1), MEL_IMAGES)]
)
def test_examples_are_the_windows_of_the_clips(prepared, folder, shape, parameters):
    dataset = MachineDataset.open(prepared, shape)
    for split in ("training", "validation", "testing"):
        paths = dataset.clips["path"].iloc[dataset.rows(split)]
        audio = np.stack([soundfile.read(folder / path, dtype="int16")[0] for path in paths])
        expected = windows_of(log_mel(audio, parameters), parameters)
        found = dataset.features(split)
        assert found.shape == (expected.shape[0] * expected.shape[1], *shape)
        np.testing.assert_allclose(found.reshape(expected.shape), expected, atol=1e-4)
        truth = dataset.truth(split)
        assert len(found) == len(truth) == len(dataset.classes(split))
        np.testing.assert_array_equal(truth.clips, np.repeat(dataset.rows(split), expected.shape[1]))


def test_truth_and_classes_are_those_of_the_file_names(prepared):
    dataset = MachineDataset.open(prepared, IMAGE)
    assert dataset.labels == ("rail_00", "rail_02", "rotor_00", "rotor_02")
    truth = dataset.truth("testing")
    assert truth.ids.tolist() == list(dataset.labels)
    for clip, anomalous, label in zip(truth.clips, truth.anomalous, truth.classes, strict=True):
        path = dataset.clips["path"][clip]
        machine, identity = dataset.labels[label].split("_")
        assert anomalous == ("anomaly" in path) and path.startswith(machine) and f"_id_{identity}_" in path
    assert set(truth.scores(dataset.features("testing"), np.eye(4)[truth.classes])) > {"auc", "pauc", "auc rotor_02"}


def test_learning_hears_normal_clips_alone_each_once(prepared):
    dataset = MachineDataset.open(prepared, IMAGE)
    assert not dataset.truth("training").anomalous.any() and not dataset.truth("validation").anomalous.any()
    splits = [set(dataset.rows(split)) for split in ("training", "validation", "testing")]
    assert [len(rows) for rows in splits] == [12, 4, 16]
    assert not (splits[0] & splits[1] or splits[0] & splits[2] or splits[1] & splits[2])
    about = json.loads((prepared / "dataset.json").read_text(encoding="utf-8"))
    assert about["counts"]["training"] == dict.fromkeys(dataset.labels, 3)
    assert about["anomalous"] == dict.fromkeys(dataset.labels, 2)


def test_the_only_clip_of_an_id_is_learnt_and_validates(own_folder, tmp_path, caplog):
    for path in own_folder.glob("rail/train/normal_id_02_0000000[123].wav"):
        path.unlink()
    prepare_machines("ad", options(own_folder), tmp_path / "data", 1, 1)
    dataset = MachineDataset.open(tmp_path / "data", IMAGE)
    shared = set(dataset.rows("training")) & set(dataset.rows("validation"))
    assert dataset.clips["path"][list(shared)].tolist() == ["rail/train/normal_id_02_00000000.wav"]
    assert "rail 02: only one clip to train on" in caplog.text
    for fraction in (0.5, 0.8):
        parts = dataset.split_indices(fraction, 1)
        assert all(set(dataset.classes("training")[rows]) == {0, 1, 2, 3} for rows in parts)


def test_the_number_of_processes_changes_nothing_and_the_seed_does(folder, prepared, tmp_path):
    prepare_machines("ad", options(folder), tmp_path / "two", 1, 2)
    prepare_machines("ad", options(folder), tmp_path / "other", 2, 1)
    for file in sorted(prepared.rglob("*.*")):
        assert (tmp_path / "two" / file.relative_to(prepared)).read_bytes() == file.read_bytes(), file
    hashes = [MachineDataset.open(path, IMAGE).content_hash for path in (prepared, tmp_path / "other")]
    assert hashes[0] != hashes[1]


def test_generated_machines_become_part_of_the_dataset(tmp_path):
    from .conftest import GENERATED

    prepare_machines("ad", MachineOptions(generated=GENERATED, machines=("rail",)), tmp_path / "data", 1, 1)
    dataset = MachineDataset.open(tmp_path / "data", IMAGE)
    assert dataset.labels == ("rail_00", "rail_02")
    assert (tmp_path / "data" / "generated" / dataset.clips["path"][0]).is_file()


def test_broken_recordings_are_listed(own_folder, tmp_path, write_noise):
    (own_folder / "rail/test/normal_id_00_00000000.wav").write_bytes(b"")
    cut = own_folder / "rotor/train/normal_id_00_00000001.wav"
    cut.write_bytes(cut.read_bytes()[:-5000])
    write_noise(own_folder / "rotor/train/normal_id_02_00000002.wav", seconds=1.5)
    directory = tmp_path / "data"
    with pytest.raises(DataError, match=r"3 of 32 recordings \(9.4 %\).*more than data.rejected_percent = 1"):
        prepare_machines("ad", options(own_folder), directory, 1, 2)
    assert [path.name for path in directory.glob("[!.]*")] == ["rejected.csv"]
    prepare_machines("ad", options(own_folder, rejected_percent=10), directory, 1, 1)
    reasons = pd.read_csv(directory / "rejected.csv").set_index("path")["reason"]
    assert reasons["rail/test/normal_id_00_00000000.wav"].startswith("unreadable")
    assert reasons[cut.relative_to(own_folder).as_posix()].startswith("truncated")
    assert reasons["rotor/train/normal_id_02_00000002.wav"] == "too short: 1.5 s"
    dataset = MachineDataset.open(directory, WINDOW)
    assert len(dataset.clips) == 29 and len(dataset.spectrograms) == 29 * AUTOENCODER_WINDOWS.frames(56000)


def test_an_id_whose_training_clips_are_all_broken_stops_the_stage(own_folder, tmp_path):
    for path in own_folder.glob("rail/train/normal_id_02_*.wav"):
        path.write_bytes(b"RIFF")
    with pytest.raises(DataError, match="no normal clips of rail 02 to train on"):
        prepare_machines("ad", options(own_folder, rejected_percent=50), tmp_path / "data", 1, 1)
    assert not (tmp_path / "data").exists()


def test_clips_of_different_lengths_lie_side_by_side(own_folder, tmp_path, write_noise):
    path = "rotor/test/normal_id_00_00000001.wav"
    samples = write_noise(own_folder / path, seconds=5.0)[:, 0]
    prepare_machines("ad", options(own_folder), tmp_path / "data", 1, 1)
    dataset = MachineDataset.open(tmp_path / "data", WINDOW)
    clip = int(np.flatnonzero(dataset.clips["path"] == path)[0])
    found = dataset.features("testing")[dataset.truth("testing").clips == clip]
    expected = windows_of(log_mel(samples[None], AUTOENCODER_WINDOWS), AUTOENCODER_WINDOWS)[0]
    np.testing.assert_allclose(found.reshape(expected.shape), expected, atol=1e-4)


def test_other_features_are_computed_from_the_kept_audio(prepared, folder):
    dataset = MachineDataset.open(prepared, IMAGE)
    raised = MachineDataset.open(prepared, IMAGE, {"mean_db": 0.0})
    np.testing.assert_allclose(raised.features("testing") + 30, dataset.features("testing"), atol=1e-4)
    other = MachineDataset.open(prepared, IMAGE, {"mel_bands": 32, "pooling": 1, "window_frames": 32})
    path = dataset.clips["path"][dataset.rows("testing")[0]]
    audio = soundfile.read(folder / path, dtype="int16")[0][None]
    expected = windows_of(log_mel(audio, other.parameters), other.parameters)[0]
    np.testing.assert_allclose(other.features("testing")[: len(expected), ..., 0], expected, atol=1e-4)
    with pytest.raises(DataError, match="do not fit an input of"):
        MachineDataset.open(prepared, IMAGE, {"pooling": 1})
    with pytest.raises(DataError, match="features cannot change that"):
        MachineDataset.open(prepared, IMAGE, {"sample_rate_hz": 48000})
    with pytest.raises(DataError, match="too short for the features"):
        MachineDataset.open(prepared, IMAGE, {"first_frame": 60})
    with pytest.raises(ConfigurationError, match="hop above 0"):
        MachineDataset.open(prepared, IMAGE, {"hop_samples": 0})


def test_the_input_range_holds_nearly_all_values(prepared):
    dataset = MachineDataset.open(prepared, WINDOW)
    low, high = dataset.input_range
    features = dataset.features("training")
    assert features.min() - 1 < low <= 0 <= high < max(features.max(), 0) + 1
    assert np.mean((features < low) | (features > high)) < 0.001


def test_a_cut_of_the_training_split_keeps_clips_together_but_one_of_an_id(prepared):
    dataset = MachineDataset.open(prepared, WINDOW)
    first, second = dataset.split_indices(0.7, 3)
    np.testing.assert_array_equal(np.sort(np.concatenate([first, second])), np.arange(len(dataset.classes("training"))))
    classes, clips = dataset.classes("training"), dataset.truth("training").clips
    for label in range(4):
        assert np.mean(classes[first] == label) == pytest.approx(0.25, abs=0.01)
        both = set(clips[first][classes[first] == label]) & set(clips[second][classes[second] == label])
        assert len(both) <= 1
    again, other = (dataset.split_indices(0.7, seed)[0] for seed in (3, 4))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def epoch_of(dataset, augmentation, index=0, **arguments) -> tuple[np.ndarray, np.ndarray]:
    batches = list(MachineBatches(dataset, augmentation, 7, 16, **arguments).epoch(index))
    return np.stack([features for features, _ in batches]), np.stack([targets for _, targets in batches])


def test_a_stream_repeats_itself_whatever_its_threads(prepared):
    dataset = MachineDataset.open(prepared, IMAGE)
    first = epoch_of(dataset, MachineAugmentation(), 3, threads=1)
    second = epoch_of(dataset, MachineAugmentation(), 3, threads=4)
    other = epoch_of(dataset, MachineAugmentation(), 4)
    for one, two, three in zip(first, second, other, strict=True):
        np.testing.assert_array_equal(one, two)
        assert one.shape == three.shape and not np.array_equal(one, three)
    assert first[0].shape[1:] == (16, *IMAGE) and first[0].dtype == first[1].dtype == np.float32


@pytest.mark.parametrize("shape", [IMAGE, WINDOW])
def test_without_augmentation_an_epoch_is_the_training_split(prepared, shape):
    dataset = MachineDataset.open(prepared, shape)
    subset = np.arange(0, len(dataset.classes("training")), 3)
    features, targets = epoch_of(dataset, STILL, subset=subset)
    order = np.resize(np.random.default_rng([7, 0, 0]).permutation(subset), features.shape[:2]).ravel()
    np.testing.assert_array_equal(features.reshape(-1, *shape), dataset.features("training")[order])
    np.testing.assert_array_equal(targets.reshape(-1, 4).argmax(axis=1), dataset.classes("training")[order])


def test_shifted_windows_stay_within_their_clips(prepared):
    """Every value of a shifted autoencoder window stands in its own clip's used frames."""
    dataset = MachineDataset.open(prepared, WINDOW)
    windows, parameters = dataset.windows("training"), dataset.parameters
    rows = np.array([0, len(windows) - 1, 30])
    still = windows.cut(rows)
    np.testing.assert_array_equal(windows.cut(rows, np.array([-50, 50, 0])), still)
    np.testing.assert_array_equal(windows.cut(rows, np.array([2, -2, 1])), windows.cut(rows + [2, -2, 1]))
    of_clip = np.flatnonzero(windows.clips == 0)
    np.testing.assert_array_equal(windows.cut(of_clip[:1], np.array([1000])), windows.cut(of_clip[-1:]))
    assert len(of_clip) == parameters.windows(56000)


def test_mixup_blends_examples_with_their_targets(prepared):
    dataset = MachineDataset.open(prepared, IMAGE)
    plain = epoch_of(dataset, MachineAugmentation(shift_frames=0, mixup_alpha=0))
    mixed = epoch_of(dataset, MachineAugmentation(shift_frames=0, mixup_alpha=0.3))
    np.testing.assert_allclose(mixed[1].sum(axis=-1), 1, atol=1e-6)
    own = (mixed[1] * plain[1]).sum(axis=-1)
    assert own.min() >= 0.5 - 1e-6 and (own < 0.999).any()
    same = own > 0.999999
    assert not np.allclose(mixed[0][~same], plain[0][~same], atol=0.1)


@pytest.mark.parametrize(
    ("file", "content"),
    [("clips.csv", b"path,id\n"), ("dataset.json", b"{}"), ("clips.csv", None), ("spectrograms/", b"no array")],
)
def test_a_damaged_dataset_is_told(prepared, tmp_path, file, content):
    copy = shutil.copytree(prepared, tmp_path / "data")
    victims = sorted(copy.glob(f"{file}*.npy")) if file.endswith("/") else [copy / file]
    for victim in victims:
        victim.unlink() if content is None else victim.write_bytes(content)
    with pytest.raises(DataError, match="is not whole" if content is None else "is damaged"):
        MachineDataset.open(copy, IMAGE)


def test_real_recordings(shared, tmp_path):
    """32 clips of the challenge: 4 ids of 2 machines, a clip of each to train on."""
    folder = shared / "data" / "dcase2020"
    prepare_machines("ad", MachineOptions("folder", str(folder)), tmp_path / "data", 1, 2)
    images, windows = (MachineDataset.open(tmp_path / "data", shape) for shape in (IMAGE, WINDOW))
    assert len(images.labels) == 8 and len(images.rows("testing")) == 24
    assert len(images.features("testing")) == 12 * 13 + 12 * 15
    assert len(windows.features("testing")) == 24 * 196
    assert images.truth("testing").anomalous.sum() == 8 * 13 + 8 * 15


def test_recordings_are_what_the_features_come_from(prepared):
    dataset = MachineDataset.open(prepared, (32, 32, 1))
    assert isinstance(dataset, Sounds)
    clips = np.stack(list(dataset.recordings("testing")))
    windows = windows_of(log_mel(clips, dataset.parameters), dataset.parameters)
    # Float sums come in another order where there are several clips in a block.
    assert np.allclose(windows.reshape(-1, 32, 32, 1), dataset.features("testing"), atol=1e-3)


def test_recordings_of_any_rate_and_channels_are_converted_and_counted(tmp_path, write_noise, caplog):
    for number in range(10):
        write_noise(tmp_path / "pump" / "normal" / f"{number}.flac", 2.5, 48000, channels=8)
    with caplog.at_level(logging.INFO):
        prepare_machines("ad", options(tmp_path / "pump"), tmp_path / "data", 1, 1)
    assert "converted: 10 first of 8 channels, 10 resampled from 48000 Hz" in caplog.text
    dataset = MachineDataset.open(tmp_path / "data", IMAGE)
    assert dataset.labels == ("pump_00",) and set(dataset.clips["samples"]) == {40000}
    assert not dataset.truth("testing").scores(dataset.features("testing"), dataset.features("testing"))
