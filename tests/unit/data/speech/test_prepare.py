import json
import logging
import math
import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile

from micronets.data.speech import prepare as speech
from micronets.data.speech.dataset import SpeechDataset
from micronets.data.speech.vocabulary import TEN_WORDS
from micronets.errors import ConfigurationError, DataError
from micronets.features.mfcc import mfcc
from micronets.tasks import find_task

TASK = find_task("kws")
OPTIONS = {"source": "folder", "silence_percent": 10, "unknown_percent": 10, "rejected_percent": 1}
FILES = {"audio.npy", "features.npy", "noise.npy", "clips.csv", "rejected.csv", "dataset.json"}


def contents(directory):
    return {file.name: file.read_bytes() for file in directory.iterdir()}


def test_counts_follow_the_official_rule(prepared, dataset):
    assert {file.name for file in prepared.glob("[!.]*")} == FILES
    counts = json.loads((prepared / "dataset.json").read_text())["counts"]
    keywords = {split: sum(counts[split][word] for word in TEN_WORDS) for split in counts}
    assert keywords == {"training": 60, "validation": 20, "testing": 20}
    for split in ("validation", "testing"):
        assert counts[split]["_silence_"] == counts[split]["_unknown_"] == math.ceil(keywords[split] / 10) == 2
    assert counts["training"]["_silence_"] == 0
    assert counts["training"]["_unknown_"] == 3 * 6
    assert dataset.labels[10:] == ("_silence_", "_unknown_")
    assert dataset.input_shape == TASK.input_shape == (49, 10, 1)


def test_rows_belong_together(folder, dataset):
    words = dataset.clips[dataset.clips["word"] != "_silence_"]
    assert len(words) == 60 + 18 + 2 * 22
    for row in words.itertuples():
        samples, _ = soundfile.read(folder / row.path, dtype="int16")
        assert row.samples == len(samples)
        assert np.array_equal(dataset.audio[row.Index][: len(samples)], samples)
        assert not dataset.audio[row.Index][len(samples) :].any()
        assert row.path.startswith(f"{row.word}/{row.speaker}_nohash_")
        assert dataset.labels[row._4] == row.label == (row.word if row.word in TEN_WORDS else "_unknown_")
    features = np.concatenate([dataset.features(split) for split in ("training", "validation", "testing")])
    assert features.shape == (len(dataset.clips), 49, 10, 1)
    assert features.dtype == np.float32
    assert np.allclose(features[..., 0], mfcc(np.asarray(dataset.audio), dataset.parameters), atol=1e-4)


def test_silence_is_a_crop_of_its_own_splits_noise(folder, dataset):
    silence = dataset.clips[dataset.clips["word"] == "_silence_"]
    assert set(silence["split"]) == {"validation", "testing"}
    for row in silence.itertuples():
        recording, _ = soundfile.read(folder / row.path, dtype="int16")
        assert len(recording) * {"validation": 0.8, "testing": 0.9}[row.split] <= row.offset
        assert row.offset + 16000 <= len(recording) * {"validation": 0.9, "testing": 1.0}[row.split]
        crop = recording[row.offset : row.offset + 16000]
        assert np.array_equal(dataset.audio[row.Index], np.rint(crop * row.volume).astype(np.int16))


def test_no_speaker_is_in_two_splits(dataset):
    words = dataset.clips[dataset.clips["speaker"] != ""]
    assert (words.groupby("speaker")["split"].nunique() == 1).all()


def test_same_bytes_for_any_number_of_processes(folder, prepared, tmp_path):
    options = {**OPTIONS, "path": str(folder)}
    TASK.prepare(options, tmp_path / "data", seed=1, threads=2)
    assert contents(tmp_path / "data") == contents(prepared)


def test_another_seed_or_clip_changes_the_hash(own_folder, dataset, tmp_path):
    hashes = {dataset.content_hash}
    options = {**OPTIONS, "path": str(own_folder)}
    TASK.prepare(options, tmp_path / "a", seed=2, threads=1)
    hashes.add(SpeechDataset.open(tmp_path / "a").content_hash)
    (own_folder / "yes" / "speaker0_nohash_0.wav").unlink()
    TASK.prepare(options, tmp_path / "a", seed=2, threads=1)
    hashes.add(SpeechDataset.open(tmp_path / "a").content_hash)
    assert len(hashes) == 3


def test_an_interrupted_run_leaves_nothing_whole_and_is_made_good(folder, prepared, tmp_path, monkeypatch):
    directory = tmp_path / "data"
    leftover = tmp_path / ".data.12345.partial"
    leftover.mkdir()
    (leftover / "audio.npy").write_bytes(b"half")
    options = {**OPTIONS, "path": str(folder)}
    calls = []

    def interrupt(*arguments, **named):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return process_clips(*arguments, **named)

    process_clips = speech.process_clips
    with monkeypatch.context() as patch:
        patch.setattr(speech, "process_clips", interrupt)
        with pytest.raises(KeyboardInterrupt):
            TASK.prepare(options, directory, seed=1, threads=1)
    assert not directory.exists()
    with pytest.raises(DataError, match="no prepared dataset"):
        SpeechDataset.open(directory)
    TASK.prepare(options, directory, seed=1, threads=1)
    assert contents(directory) == contents(prepared)
    assert [entry.name for entry in tmp_path.iterdir()] == ["data"]


def test_few_bad_recordings_are_left_out_and_listed(own_folder, tmp_path, caplog):
    (own_folder / "go" / "speaker1_nohash_0.wav").write_bytes(b"")
    soundfile.write(own_folder / "up" / "speaker2_nohash_1.wav", np.zeros(8000, np.int16), 4000)
    with caplog.at_level(logging.WARNING):
        TASK.prepare({**OPTIONS, "path": str(own_folder), "rejected_percent": 3}, tmp_path / "d", seed=1, threads=1)
    rejected = pd.read_csv(tmp_path / "d" / "rejected.csv")
    assert rejected.values.tolist() == [
        ["go/speaker1_nohash_0.wav", "unreadable: the file has no bytes"],
        ["up/speaker2_nohash_1.wav", "sample rate is 4000 Hz, not 8000 to 192000 Hz"],
    ]
    dataset = SpeechDataset.open(tmp_path / "d")
    assert not dataset.clips["path"].isin(rejected["path"]).any()
    assert len(dataset.clips) == len(dataset.audio) == 60 - 2 + 18 + 2 * 24
    assert "2 of 124 recordings (1.6 %)" in caplog.text


def test_too_many_bad_recordings_stop_the_stage_and_leave_the_list(own_folder, tmp_path):
    for repetition in range(2):
        (own_folder / "go" / f"speaker1_nohash_{repetition}.wav").write_bytes(b"no sound")
    with pytest.raises(DataError) as caught:
        TASK.prepare({**OPTIONS, "path": str(own_folder)}, tmp_path / "d", seed=1, threads=1)
    message = str(caught.value)
    assert "2 of 124" in message
    assert "go/speaker1_nohash_0.wav: unreadable" in message
    assert "data.rejected_percent = 1" in message
    assert str(tmp_path / "d" / "rejected.csv") in message
    assert [file.name for file in (tmp_path / "d").glob("[!.]*")] == ["rejected.csv"]
    assert len(pd.read_csv(tmp_path / "d" / "rejected.csv")) == 2
    with pytest.raises(DataError, match="no prepared dataset"):
        SpeechDataset.open(tmp_path / "d")


def test_bad_unknown_words_are_replaced_by_others(own_folder, tmp_path):
    """The draw of unknown words takes the next of its order, so that their number holds."""
    for word in ("bed", "cat"):
        for repetition in range(2):
            (own_folder / word / f"speaker4_nohash_{repetition}.wav").write_bytes(b"")
    TASK.prepare({**OPTIONS, "path": str(own_folder), "rejected_percent": 10}, tmp_path / "d", seed=1, threads=1)
    clips = SpeechDataset.open(tmp_path / "d").clips
    drawn = clips[(clips["split"] == "testing") & (clips["label"] == "_unknown_")]
    assert drawn["word"].tolist() == ["dog", "dog"]


def test_without_background_noise_silence_is_made_of_generated_noise(own_folder, tmp_path, caplog):
    shutil.rmtree(own_folder / "_background_noise_")
    options = {**OPTIONS, "path": str(own_folder)}
    TASK.prepare(options, tmp_path / "d", seed=1, threads=1)
    assert "no background noise for training, validation, testing" in caplog.text
    silence = SpeechDataset.open(tmp_path / "d").clips.query("label == '_silence_'")
    assert len(silence) == 4 and silence["path"].str.startswith("generated ").all()
    caplog.clear()
    TASK.prepare({**options, "silence_percent": 0}, tmp_path / "d", seed=1, threads=1)
    assert "background noise" not in caplog.text
    dataset = SpeechDataset.open(tmp_path / "d")
    assert len(dataset.noise) == 0
    assert "_silence_" not in set(dataset.clips["label"])


def test_a_split_without_words_is_refused(own_folder, tmp_path):
    (own_folder / "validation_list.txt").write_text("")
    with pytest.raises(
        DataError,
        match=r"no recordings of keywords for validation \(training 80, validation 0, testing 20; split by val",
    ):
        TASK.prepare({**OPTIONS, "path": str(own_folder)}, tmp_path / "d", seed=1, threads=1)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"source": "cloud"}, "data.source is 'cloud'; it must be one of generated, folder, download"),
        ({"path": ""}, "data.path is empty"),
        ({"rejected_percent": 101}, "data.rejected_percent is 101"),
        ({"sources": 1}, "unknown key kws.data.sources"),
        ({"download": {"url": "ftp://x/y.tar.gz"}}, "data.download.url"),
        ({"download": {"sha256": "abc"}}, "data.download.sha256"),
        ({"generated": {"voice": "robot"}}, "data.generated.voice"),
        ({"generated": {"speakers": 2}}, "data.generated.speakers"),
        ({"generated": {"unknown_words": 26}}, "data.generated.unknown_words"),
        ({"generated": {"speakers": 9, "clips_per_word": 8}}, "data.generated.clips_per_word"),
    ],
)
def test_mistakes_in_the_configuration_name_the_key(folder, tmp_path, change, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        TASK.prepare({**OPTIONS, "path": str(folder), **change}, tmp_path / "d", seed=1, threads=1)


@pytest.mark.slow
def test_real_recordings(shared, tmp_path):
    options = {**OPTIONS, "path": str(shared / "data" / "speech_commands")}
    TASK.prepare(options, tmp_path / "d", seed=1, threads=2)
    dataset = SpeechDataset.open(tmp_path / "d")
    about = json.loads((tmp_path / "d" / "dataset.json").read_text())
    assert about["recordings_rejected"] == 0
    assert sum(about["counts"]["testing"][word] for word in TEN_WORDS) == 575
    assert about["counts"]["testing"]["_silence_"] == about["counts"]["testing"]["_unknown_"] == 58
    assert np.isfinite(dataset.features("training")).all()
