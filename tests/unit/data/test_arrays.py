"""Recordings of one shape, from files to training batches, and files that are wrong in many ways."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from micronets.data.arrays import ArrayBatches, ArrayDataset, FolderOptions, Recording, prepare, prepare_arrays
from micronets.data.arrays.prepare import split_by_group
from micronets.errors import ConfigurationError, DataError

SHAPE = (4, 3, 1)
LABELS = ("b", "a")  # in an order of their own
PEOPLE = 10
PER_PERSON = 3


def read(path: Path) -> np.ndarray:
    return np.loadtxt(path, np.float32, delimiter=",", ndmin=2)[..., None]


@pytest.fixture
def folder(tmp_path) -> Path:
    """30 recordings of each class; no two are alike, and the first value says whose it is."""
    generator = np.random.default_rng(5)
    for label in LABELS:
        (tmp_path / "recordings" / label).mkdir(parents=True)
        for person in range(PEOPLE):
            for number in range(PER_PERSON):
                values = generator.normal(0, 1, SHAPE[:2])
                values[0, 0] = person
                np.savetxt(tmp_path / "recordings" / label / f"p{person}_{number}.csv", values, "%.5f", ",")
    return tmp_path / "recordings"


def recordings(folder: Path) -> list[Recording]:
    return [
        Recording(f"{file.parent.name}/{file.name}", file.parent.name, file.stem.split("_")[0])
        for file in folder.glob("*/*.csv")
    ]


def options(folder: Path, **others) -> FolderOptions:
    return FolderOptions(path=str(folder), labels=LABELS, **others)


def prepared(folder: Path, directory: Path, seed: int = 1, processes: int = 1, **others) -> Path:
    found = recordings(folder)
    prepare_arrays("task", options(folder, **others), found, read, SHAPE, directory, seed, processes)
    return directory


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.glob("[!.]*")}


def test_every_recording_is_in_the_dataset_once_with_its_label(folder, tmp_path):
    dataset = ArrayDataset.open(prepared(folder, tmp_path / "data"), SHAPE)
    assert (dataset.task, dataset.labels, dataset.input_shape) == ("task", LABELS, SHAPE)
    assert len(dataset.table) == 2 * PEOPLE * PER_PERSON
    for row in dataset.table.itertuples():
        np.testing.assert_array_equal(dataset.examples[row.Index], read(folder / row.path))
        assert row.label == LABELS[dataset.table["class"][row.Index]] == row.path.split("/")[0]
    counted = sum(len(dataset.features(split)) for split in ("training", "validation", "testing"))
    assert counted == len(dataset.table)
    testing = dataset.features("testing")
    perfect = np.eye(2)[dataset.classes("testing")]
    assert dataset.truth("testing").scores(testing, perfect)["accuracy"].value == 1
    low, high = dataset.input_range
    assert low < -1 < 8 < high <= PEOPLE - 1


def test_no_person_is_in_two_splits_and_every_split_has_its_share(folder, tmp_path):
    dataset = ArrayDataset.open(prepared(folder, tmp_path / "data"), SHAPE)
    people = {split: set(dataset.features(split)[:, 0, 0, 0]) for split in ("training", "validation", "testing")}
    assert sum(len(of_split) for of_split in people.values()) == len(set().union(*people.values())) == PEOPLE
    assert (len(people["validation"]), len(people["testing"])) == (2, 2)
    other = ArrayDataset.open(prepared(folder, tmp_path / "other", seed=2), SHAPE)
    assert set(other.features("testing")[:, 0, 0, 0]) != people["testing"]
    assert other.content_hash != dataset.content_hash


def test_groups_of_unequal_size_fill_the_splits_at_least():
    groups = ["large"] * 50 + ["a", "b", "c", "d", "e"] * 10
    for seed in range(8):
        splits = split_by_group(groups, 15, 10, seed)
        assert all(
            len({split for split, of in zip(splits, groups, strict=True) if of == group}) == 1 for group in groups
        )
        counts = Counter(splits)
        assert counts["testing"] >= 10 and counts["validation"] >= 15 and counts["training"] > 0


def test_the_same_bytes_with_any_number_of_processes_and_order_of_files(folder, tmp_path, monkeypatch):
    first = prepared(folder, tmp_path / "data")
    monkeypatch.setattr(prepare, "_CHUNK_RECORDINGS", 7)
    in_reverse = sorted(recordings(folder), key=lambda recording: recording.path, reverse=True)
    prepare_arrays("task", options(folder), in_reverse, read, SHAPE, tmp_path / "again", 1, 2)
    assert contents(first) == contents(tmp_path / "again")


def test_few_unusable_recordings_are_left_out_and_listed(folder, tmp_path, caplog):
    (folder / "a" / "p0_0.csv").write_text("1,2,3\n", encoding="utf-8")
    (folder / "a" / "p0_1.csv").write_text("1,2,three\n" * 4, encoding="utf-8")
    (folder / "b" / "p1_0.csv").write_text("1,2,nan\n" * 4, encoding="utf-8")
    directory = prepared(folder, tmp_path / "data", rejected_percent=5)
    rejected = (directory / "rejected.csv").read_text(encoding="utf-8")
    assert 'a/p0_0.csv,"gives values of shape (1, 3, 1), not (4, 3, 1)"' in rejected
    assert "could not convert string 'three' to float32 at row 0" in rejected
    assert "b/p1_0.csv,has values that are no numbers" in rejected
    assert "3 of 60 recordings (5 %)" in caplog.text
    dataset = ArrayDataset.open(directory, SHAPE)
    assert len(dataset.table) == len(dataset.examples) == 57
    assert not dataset.table["path"].isin(["a/p0_0.csv", "a/p0_1.csv", "b/p1_0.csv"]).any()


def test_too_many_unusable_recordings_leave_their_list_alone(folder, tmp_path):
    (folder / "a" / "p0_0.csv").write_text("", encoding="utf-8")
    with pytest.warns(UserWarning, match="input contained no data"):
        with pytest.raises(DataError, match=r"1 of 60 recordings \(1.7 %\) .*a/p0_0.csv.*more than .* = 1; see"):
            prepared(folder, tmp_path / "data")
    assert list(contents(tmp_path / "data")) == ["rejected.csv"]
    with pytest.raises(DataError, match="no prepared dataset"):
        ArrayDataset.open(tmp_path / "data", SHAPE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda found: [], "holds no recordings; check data.path"),
        (
            lambda found: [*found, Recording("c/x.csv", "c", "p1")],
            "recordings of 'c', which is none of data.labels, b, a",
        ),
        (lambda found: [each for each in found if each.label == "a"], "no usable recordings of 'b' for training"),
        (lambda found: [each for each in found if each.group in ("p1", "p2")], "are of 2 groups, which leaves none"),
    ],
)
def test_recordings_that_make_no_dataset_are_refused(folder, tmp_path, change, message):
    with pytest.raises(DataError, match=message):
        prepare_arrays(
            "task", options(folder), change(recordings(folder)), read, SHAPE, tmp_path / "data", seed=1, processes=1
        )
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda directory: (directory / "examples.npy").write_bytes(b"no array"),
        lambda directory: (directory / "examples.csv").unlink(),
        lambda directory: np.save(directory / "examples.npy", np.zeros((5, *SHAPE), np.float32)),
        lambda directory: (directory / "dataset.json").write_text("{}", encoding="utf-8"),
    ],
)
def test_a_damaged_dataset_is_refused(folder, tmp_path, damage):
    directory = prepared(folder, tmp_path / "data")
    damage(directory)
    with pytest.raises(DataError, match="damaged|not whole.* make it anew: rm .*/dataset.json"):
        ArrayDataset.open(directory, SHAPE)


def test_networks_of_another_shape_and_datasets_of_another_version_are_refused(folder, tmp_path):
    directory = prepared(folder, tmp_path / "data")
    with pytest.raises(DataError, match=r"has examples of \(4, 3, 1\), but the network reads \(4, 4, 1\)"):
        ArrayDataset.open(directory, (4, 4, 1))
    about = json.loads((directory / "dataset.json").read_text(encoding="utf-8"))
    (directory / "dataset.json").write_text(json.dumps({**about, "format": 0}), encoding="utf-8")
    with pytest.raises(DataError, match="another version"):
        ArrayDataset.open(directory, SHAPE)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "generated"}, "data.source is 'generated'; it must be folder"),
        ({"labels": ("a",)}, "data.labels"),
        ({"labels": ("a", "a")}, "two or more different names"),
        ({"validation_percent": 0.0}, "data.validation_percent is 0.0; it must be above 0"),
        ({"testing_percent": 100.0}, "data.testing_percent"),
        ({"rejected_percent": -1.0}, "data.rejected_percent"),
    ],
)
def test_wrong_options_are_named(changes, message):
    with pytest.raises(ConfigurationError, match=message):
        FolderOptions(**{"labels": LABELS, **changes})


@pytest.fixture
def dataset(folder, tmp_path) -> ArrayDataset:
    return ArrayDataset.open(prepared(folder, tmp_path / "data"), SHAPE)


def noisy(features: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    return features + generator.normal(0, 0.1, features.shape)


def test_an_epoch_shows_every_training_recording_once(dataset):
    stream = ArrayBatches(dataset, lambda features, generator: features, seed=3, batch_size=7)
    assert stream.steps_per_epoch == 6  # of 36 recordings
    batches = list(stream.epoch(0))
    features = np.concatenate([batch[0] for batch in batches])
    targets = np.concatenate([batch[1] for batch in batches])
    assert features.dtype == targets.dtype == np.float32
    np.testing.assert_array_equal(features[36:], features[:6])
    rows = [int(np.flatnonzero((dataset.examples == each).all(axis=(1, 2, 3)))[0]) for each in features[:36]]
    assert sorted(rows) == dataset.rows("training").tolist() != rows
    np.testing.assert_array_equal(targets[:36].argmax(axis=1), dataset.table["class"][rows])
    again = np.concatenate([batch[0] for batch in stream.epoch(1)])
    assert not np.array_equal(again, features)


def test_batches_depend_on_seed_and_epoch_alone(dataset):
    def second_epoch(seed: int, threads: int) -> np.ndarray:
        stream = ArrayBatches(dataset, noisy, seed, 8, threads=threads)
        return np.concatenate([features for features, _ in stream.epoch(1)])

    np.testing.assert_array_equal(second_epoch(3, 1), second_epoch(3, 3))
    assert not np.array_equal(second_epoch(3, 1), second_epoch(4, 1))


def test_a_cut_of_the_training_split_keeps_to_its_part(dataset):
    first, second = dataset.split_indices(0.25, seed=2)
    assert sorted([*first, *second]) == dataset.rows("training").tolist()
    assert Counter(dataset.table["class"][first]) == {0: round(0.25 * 18), 1: round(0.25 * 18)}
    shown = ArrayBatches(dataset, lambda features, generator: features, 3, len(first), subset=first).epoch(0)
    (features, _), *others = shown
    assert not others
    expected = dataset.examples[first]
    assert sorted(features.tolist()) == sorted(expected.tolist())
    for wrong in (0, 1):
        with pytest.raises(DataError, match="between 0 and 1"):
            dataset.split_indices(wrong, 1)
    with pytest.raises(DataError, match="no split 'test'"):
        dataset.features("test")
