"""A small folder in the Speech Commands layout, and the prepared dataset of it."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from micronets.data.speech.dataset import SpeechDataset
from micronets.data.speech.vocabulary import TEN_WORDS
from micronets.tasks import find_task

SPLIT_OF_SPEAKER = ("training", "training", "training", "validation", "testing")
OPTIONS = {"source": "folder", "silence_percent": 10, "unknown_percent": 10, "rejected_percent": 1}


@pytest.fixture(scope="session")
def write_folder():
    """A function that writes 5 speakers x 2 clips of each keyword and of 3 other words, lists, and noise."""

    def write(root: Path) -> Path:
        generator = np.random.default_rng(7)
        words = (*TEN_WORDS, "bed", "cat", "dog")
        lists = {"validation": [], "testing": []}
        for number, word in enumerate(words):
            (root / word).mkdir(parents=True)
            for speaker, split in enumerate(SPLIT_OF_SPEAKER):
                for repetition in range(2):
                    path = f"{word}/speaker{speaker}_nohash_{repetition}.wav"
                    length = 16000 if repetition else 12000
                    tone = np.sin(2 * np.pi * (200 + 100 * number + speaker) * np.arange(length) / 16000)
                    clip = 8000 * tone + generator.normal(0, 200, length)
                    soundfile.write(root / path, clip.astype(np.int16), 16000, subtype="PCM_16")
                    if split in lists:
                        lists[split].append(path)
        (root / "_background_noise_").mkdir()
        for name in ("hum", "hiss"):
            noise = generator.normal(0, 1000, 160000).astype(np.int16)
            soundfile.write(root / "_background_noise_" / f"{name}.wav", noise, 16000, subtype="PCM_16")
        for split, paths in lists.items():
            (root / f"{split}_list.txt").write_text("\n".join(paths) + "\n", encoding="utf-8")
        return root

    return write


@pytest.fixture(scope="session")
def folder(write_folder, tmp_path_factory) -> Path:
    """The folder, for reading only."""
    return write_folder(tmp_path_factory.mktemp("speech") / "clips")


@pytest.fixture
def own_folder(write_folder, tmp_path) -> Path:
    """A folder that the test may change."""
    return write_folder(tmp_path / "clips")


@pytest.fixture(scope="session")
def prepared(folder, tmp_path_factory) -> Path:
    """The directory of the prepared dataset."""
    directory = tmp_path_factory.mktemp("prepared") / "data"
    find_task("kws").prepare({**OPTIONS, "path": str(folder)}, directory, seed=1, threads=1)
    return directory


@pytest.fixture(scope="session")
def dataset(prepared) -> SpeechDataset:
    """The prepared dataset."""
    return SpeechDataset.open(prepared)
