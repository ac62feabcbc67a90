"""Words of one's own: which are told apart, what falls into which split, and what the user is told."""

import logging
import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import soundfile

from micronets.data.speech.batches import SpeechBatches
from micronets.data.speech.dataset import SpeechDataset
from micronets.errors import ConfigurationError, DataError
from micronets.tasks import find_task

TASK = find_task("kws")
SPLITS = ("training", "validation", "testing")


def record(root: Path, word: str, count: int, name: str = "{}.wav", seconds: float = 1.0, rate_hz: int = 44100) -> None:
    """Writes tones in noise, as stereo."""
    generator = np.random.default_rng(len(word) + 31 * ord(word[-1]))
    for number in range(count):
        path = root / word / name.format(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        time = np.arange(round(seconds * rate_hz)) / rate_hz
        tone = 8000 * np.sin(2 * np.pi * generator.uniform(200, 900) * time) + generator.normal(0, 300, time.size)
        soundfile.write(path, np.stack([tone, tone], axis=1).astype(np.int16), rate_hz)


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Path:
    """Ten recordings each of three words and of two others, 44.1 kHz in stereo."""
    root = tmp_path_factory.mktemp("own") / "words"
    for word in ("open", "close", "lights", "door", "tea"):
        record(root, word, 10)
    return root


def prepare(root: Path, directory: Path, **options) -> SpeechDataset:
    TASK.prepare({"source": "folder", "path": str(root), **options}, directory, 1, 1)
    return SpeechDataset.open(directory)


@pytest.mark.parametrize(
    ("options", "labels", "unknown_words"),
    [
        ({"keywords": ["open", "close", "lights"]}, "open close lights _silence_ _unknown_", {"door", "tea"}),
        ({"keywords": ["tea"]}, "tea _silence_ _unknown_", {"open", "close", "lights", "door"}),
        ({"keywords": ["open", "tea"], "unknown": ["door"]}, "open tea _silence_ _unknown_", {"door"}),
        ({"keywords": ["open", "tea"], "unknown": "none"}, "open tea _silence_", set()),
        ({"keywords": "auto"}, "close door lights open tea _silence_", set()),
        ({"keywords": "auto", "unknown": ["door", "tea"]}, "close lights open _silence_ _unknown_", {"door", "tea"}),
    ],
)
def test_the_classes_are_the_configured_words(house, tmp_path, options, labels, unknown_words):
    dataset = prepare(house, tmp_path / "d", unknown_percent=100, **options)
    assert dataset.labels == TASK.labels({"source": "folder", "path": str(house), **options}) == tuple(labels.split())
    clips = dataset.clips
    assert set(clips[clips["label"] == "_unknown_"]["word"]) == unknown_words
    assert clips.groupby("word")["class"].nunique().max() == 1
    features, targets = next(SpeechBatches(dataset, TASK.augmentation_options(), 1, 16, threads=1).epoch(0))
    assert features.shape == (16, 49, 10, 1) and targets.shape == (16, len(dataset.labels))


def test_files_are_split_word_by_word_and_the_log_says_how(house, tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        clips = prepare(house, tmp_path / "d", keywords="auto").clips
    words = clips[clips["label"] != "_silence_"]
    assert words.groupby(["word", "split"]).size().unstack()[list(SPLITS)].values.tolist() == [[8, 1, 1]] * 5
    assert "split by 50 recordings by file" in caplog.text
    assert "50 mean of 2 channels, 50 resampled from 44100 Hz" in caplog.text
    assert "no background noise for training, validation, testing" in caplog.text
    assert "no class for other words" in caplog.text


def test_speakers_are_kept_together_where_names_tell_them(tmp_path, caplog):
    for speaker in range(40):
        for word in ("open", "close"):
            record(tmp_path / "w", word, 2, f"speaker{speaker}_nohash_{{}}.wav", 0.2)
    with caplog.at_level(logging.INFO):
        clips = prepare(tmp_path / "w", tmp_path / "d", keywords="auto").clips
    of_speakers = clips[clips["speaker"] != ""].groupby("speaker")["split"]
    assert of_speakers.ngroups == 40 and of_speakers.nunique().max() == 1
    assert "split by 160 recordings by speaker" in caplog.text


def test_odd_files_are_read_or_told(tmp_path, caplog):
    root = tmp_path / "meine Wörter"
    for word in ("Licht an", "Tür", "rest"):
        record(root, word, 6, "aufnahme {} ü.WAV", 0.3)
    record(root, "Tür", 4, "phone/{}.flac", 0.3)
    record(root, "rest", 4, "{}.ogg", 10.0, 16000)
    for name in ("._0.wav", ".DS_Store", "notes.txt"):
        (root / "rest" / name).write_bytes(b"x")
    (root / "rest" / "again").symlink_to(root / "rest")  # a folder in itself
    (root / "rest" / "link.wav").symlink_to(root / "Licht an" / "aufnahme 0 ü.WAV")
    os.rename(root / "Tür" / "aufnahme 5 ü.WAV", os.fsencode(root / "Tür") + b"/caf\xe9.wav")
    (root / "Tür").rename(root / unicodedata.normalize("NFD", "Tür"))
    with caplog.at_level(logging.INFO):
        dataset = prepare(root, tmp_path / "d", keywords=["Licht an", "Tür"], unknown_percent=1000)
    assert dataset.labels == ("Licht an", "Tür", "_silence_", "_unknown_")
    clips = dataset.clips[dataset.clips["label"] != "_silence_"]
    assert clips["label"].value_counts().to_dict() == {"Tür": 10, "_unknown_": 11, "Licht an": 6}
    assert clips["path"].str.contains(r"caf\xe9.wav", regex=False).sum() == 1
    assert "left out in " in caplog.text and "1 .txt" in caplog.text
    assert "4 cut to their loudest part" in caplog.text
    assert "rest/link.wav and Licht an/aufnahme 0 ü.WAV" in caplog.text  # the same, as another word


def test_words_that_are_rarely_heard_are_named_with_their_counts(tmp_path, caplog):
    record(tmp_path / "w", "open", 10, seconds=0.2)
    record(tmp_path / "w", "close", 2, seconds=0.2)
    record(tmp_path / "w", "tea", 1, seconds=0.2)
    prepare(tmp_path / "w", tmp_path / "d", keywords=["open", "close"])
    assert "few recordings of close: training 1, validation 0, testing 1" in caplog.text
    assert "few recordings of other words: training 1, validation 0, testing 0" in caplog.text


def lists(root: Path, validation: str, testing: str) -> None:
    (root / "validation_list.txt").write_text(validation)
    (root / "testing_list.txt").write_text(testing)


def by_speakers(root: Path) -> None:
    for number, path in enumerate(sorted(root.glob("*/*.wav"))):
        path.rename(path.with_name(f"anna_nohash_{number}.wav"))


@pytest.mark.parametrize(
    ("damage", "options", "sentence"),
    [
        (lambda root: None, {"keywords": ["opne"]}, "no recordings of opne; did you mean 'open'"),
        (lambda root: None, {"keywords": ["Open"]}, "no recordings of Open; did you mean 'open'"),
        (lambda root: None, {"keywords": ["open"], "unknown": ["dor"]}, "no recordings of dor; "),
        (lambda root: (root / "empty").mkdir(), {"keywords": ["empty"]}, "no recordings of empty; every keyword"),
        (
            lambda root: (root / "empty").mkdir(),
            {"keywords": ["open"], "path": ".."},
            "no recordings of open, but .*words has folders; is that data.path\\?",
        ),
        (lambda root: None, {"keywords": "auto", "path": "open"}, "no folders with recordings of words"),
        (
            by_speakers,
            {"keywords": ["open", "tea"]},
            r"no recordings of keywords for \w+ and \w+ \(training \d, validation \d, testing \d; "
            "split by 8 recordings by speaker",
        ),
        (
            lambda root: lists(root, "open/0.wav", "".join(f"tea/{number}.wav\n" for number in range(4))),
            {"keywords": ["open", "tea"]},
            r"no recordings of tea to train on \(tea: training 0, validation 0, testing 4; split by validation_list",
        ),
        (
            lambda root: os.rename(root / "tea", os.fsencode(root) + b"/caf\xe9"),
            {"keywords": ["open"]},
            r"caf\\xe9 is no text in UTF-8; rename it",
        ),
    ],
)
def test_folders_that_cannot_be_used_get_one_sentence(tmp_path, damage, options, sentence):
    root = tmp_path / "words"
    record(root, "open", 4, seconds=0.2)
    record(root, "tea", 4, seconds=0.2)
    damage(root)
    with pytest.raises(DataError, match=sentence) as caught:
        prepare(root / options.pop("path", ""), tmp_path / "d", **options)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "d").exists()


def test_recordings_that_turn_out_unusable_count_as_none(tmp_path):
    record(tmp_path / "w", "open", 6, seconds=0.2)
    record(tmp_path / "w", "tea", 6, "{}.wav", 0.2)
    for path in (tmp_path / "w" / "tea").iterdir():
        path.write_bytes(b"")
    with pytest.raises(DataError, match=r"6 of 12 recordings \(50 %\).*more than data.rejected_percent = 1"):
        prepare(tmp_path / "w", tmp_path / "d", keywords="auto")
    with pytest.raises(DataError, match="no usable recordings of tea to train on"):
        prepare(tmp_path / "w", tmp_path / "d", keywords="auto", rejected_percent=60)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"keywords": []}, r"data.keywords is \[\]; it must be a list of words"),
        ({"keywords": ["a", "a"]}, "without repetitions"),
        ({"keywords": ["_silence_"]}, "none of which begins with a dot or underscore"),
        ({"keywords": "all"}, "data.keywords is 'all'; it must be a list of words, or auto"),
        ({"keywords": "auto", "source": "download", "path": ""}, "a list of words where data.source is download"),
        ({"keywords": ["a"], "unknown": "some"}, "a list of folders, others or none"),
        ({"keywords": ["a"], "unknown": []}, "a list of folders, or none"),
        ({"keywords": ["a", "b"], "unknown": ["b"]}, "without the keywords b"),
        ({"keywords": ["a"], "unknown": "none", "silence_percent": 0}, "nothing to tell it from"),
        ({"source": "generated"}, "data.path is .* but data.source is generated"),
        ({"source": "generated", "path": "", "keywords": ["open"]}, "'open' cannot be generated"),
    ],
)
def test_mistakes_in_the_configuration_name_the_key(tmp_path, options, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        TASK.labels({"source": "folder", "path": str(tmp_path), **options})


def test_generated_words_are_those_of_the_configuration(tmp_path):
    generated = {"voice": "formant", "speakers": 3, "clips_per_word": 3, "unknown_words": 2}
    TASK.prepare({"generated": generated, "keywords": ["zero", "go"]}, tmp_path / "d", 1, 1)
    dataset = SpeechDataset.open(tmp_path / "d")
    assert dataset.labels == ("zero", "go", "_silence_", "_unknown_")
    assert set(dataset.clips["word"]) <= {"zero", "go", "house", "bird", "_silence_"}
