import json
import shutil

import numpy as np
import pandas as pd
import pytest

from micronets.data.dataset import Sounds
from micronets.data.speech.dataset import SpeechDataset
from micronets.errors import ConfigurationError, DataError
from micronets.features.filterbank import FilterbankParameters, filterbank
from micronets.features.mfcc import mfcc
from micronets.tasks import find_task


@pytest.fixture
def copy(prepared, tmp_path):
    return shutil.copytree(prepared, tmp_path / "copy")


def change_json(copy, **changes):
    about = json.loads((copy / "dataset.json").read_text())
    (copy / "dataset.json").write_text(json.dumps(about | changes))


def cut(copy, name):
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[: len(content) // 2])


DAMAGES = {
    "no dataset.json": lambda copy: (copy / "dataset.json").unlink(),
    "half dataset.json": lambda copy: cut(copy, "dataset.json"),
    "dataset.json without labels": lambda copy: (copy / "dataset.json").write_text('{"format": 1}'),
    "dataset.json is a list": lambda copy: (copy / "dataset.json").write_text("[]"),
    "another format": lambda copy: change_json(copy, format=0),
    "another feature": lambda copy: change_json(copy, features={"bogus": 1}),
    "half audio": lambda copy: cut(copy, "audio.npy"),
    "half features": lambda copy: cut(copy, "features.npy"),
    "no noise": lambda copy: (copy / "noise.npy").unlink(),
    "half clips": lambda copy: cut(copy, "clips.csv"),
    "features of other clips": lambda copy: np.save(copy / "features.npy", np.zeros((3, 49, 10), np.float32)),
    "empty clips": lambda copy: (copy / "clips.csv").write_text(""),
    "pickled audio": lambda copy: np.save(copy / "audio.npy", np.array([{}], dtype=object)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_one_sentence(copy, damage):
    DAMAGES[damage](copy)
    with pytest.raises(DataError, match=r"make it anew: rm .*/dataset.json|snakemake data") as caught:
        SpeechDataset.open(copy)
    assert str(copy) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unsorted_splits_are_damage(copy):
    clips = pd.read_csv(copy / "clips.csv", keep_default_na=False)
    clips.iloc[::-1].to_csv(copy / "clips.csv", index=False)
    with pytest.raises(DataError, match="not sorted by split"):
        SpeechDataset.open(copy)


def test_a_word_called_null_stays_a_word(copy):
    clips = pd.read_csv(copy / "clips.csv", keep_default_na=False)
    clips.loc[0, "word"] = "null"
    clips.to_csv(copy / "clips.csv", index=False)
    assert SpeechDataset.open(copy).clips.loc[0, "word"] == "null"


def test_splits_are_views_of_the_file(dataset):
    assert isinstance(dataset.audio, np.memmap)
    assert isinstance(dataset.features("testing"), np.memmap)
    for split in ("training", "validation", "testing"):
        assert (dataset.clips["split"][dataset.rows(split)] == split).all()
        assert len(dataset.classes(split)) == len(dataset.features(split))
    with pytest.raises(DataError, match="no split 'test'"):
        dataset.features("test")


def test_split_indices_cut_every_word(dataset):
    first, second = dataset.split_indices(0.5, seed=3)
    rows = dataset.rows("training")
    assert sorted([*first, *second]) == list(range(rows.start, rows.stop))
    words = dataset.clips["word"].to_numpy()
    for word in set(words[rows]):
        assert (words[first] == word).sum() == (words[second] == word).sum() == 3
    again, _ = dataset.split_indices(0.5, seed=3)
    other, _ = dataset.split_indices(0.5, seed=4)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    for fraction in (0, 1):
        with pytest.raises(DataError, match="fraction"):
            dataset.split_indices(fraction, seed=3)


def test_recordings_are_what_the_features_come_from(prepared):
    dataset = SpeechDataset.open(prepared)
    assert isinstance(dataset, Sounds)
    again = mfcc(np.stack(list(dataset.recordings("testing"))), dataset.parameters)
    assert np.array_equal(again[..., None], dataset.features("testing"))


def test_one_prepared_dataset_serves_networks_of_several_input_shapes(prepared):
    open_for = find_task("kws").open
    mfcc_dataset = open_for(prepared, (49, 10, 1))
    assert np.array_equal(mfcc_dataset.features("testing"), SpeechDataset.open(prepared).features("testing"))
    of_bands, image = open_for(prepared, (30, 1, 40)), open_for(prepared, (30, 40, 1))
    expected = filterbank(np.stack(list(of_bands.recordings("testing"))), FilterbankParameters())
    assert np.array_equal(of_bands.features("testing"), expected[:, :, None])
    assert np.array_equal(image.features("testing"), expected[..., None])
    assert 0 <= of_bands.input_range[0] < of_bands.input_range[1] <= 1
    assert of_bands.content_hash == mfcc_dataset.content_hash


@pytest.mark.parametrize(
    ("shape", "changes", "error", "message"),
    [
        ((49, 10, 1), {"window_ms": 60}, DataError, "48 frames of 10 values do not fit an input of .49, 10, 1."),
        ((30, 1, 40), {"coefficients": 10}, ConfigurationError, "have no coefficients; they have .*mel_bands"),
        ((30, 1, 40), {"clip_ms": 500}, DataError, "holds clips of 1000 ms at 16000 Hz"),
        ((30, 2, 20), {}, ConfigurationError, r"kws has inputs of \(49, 10, 1\) or \(30, 1, 40\) or .*, not of"),
    ],
)
def test_features_that_do_not_fit_are_refused(prepared, shape, changes, error, message):
    with pytest.raises(error, match=message):
        find_task("kws").open(prepared, shape, changes)
