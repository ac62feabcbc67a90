"""Folders that are not what they seem: every one is read right, or told in a sentence."""

import logging
import os
import shutil
import unicodedata
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from micronets.errors import DataError
from micronets.tasks import find_task

Make = Callable[[Path], object]
OF_TASK = {
    "kws": {"source": "folder", "keywords": "auto"},
    "ad": {"source": "folder"},
    "ic": {},
    "vww": {"source": "folder"},
}
READ = "is complete"


def record(root: Path, *names: str, count: int = 6, seconds: float = 0.3) -> None:
    """Recordings of noise, another one in every file."""
    for name in names:
        for number in range(count):
            path = root / name.format(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            generator = np.random.default_rng([number, zlib.crc32(name.encode())])
            soundfile.write(path, generator.normal(0, 0.1, round(seconds * 16000)), 16000)


def draw(root: Path, *names: str, count: int = 10, size: int = 40) -> None:
    for name in names:
        for number in range(count):
            path = root / name.format(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            generator = np.random.default_rng([number, zlib.crc32(name.encode())])
            Image.fromarray(generator.integers(0, 256, (size, size, 3), np.uint8)).save(path)


def words(root: Path, *names: str) -> None:
    record(root, *(f"{name}/{{}}.wav" for name in names))


def machine(root: Path, *names: str) -> None:
    record(root, *(f"{name}/{{}}.wav" for name in names), seconds=3)


def run(task: str, root: Path, directory: Path, options: dict) -> tuple[str, ...]:
    chosen = {**OF_TASK[task], "path": str(root), **options}
    labels = find_task(task).labels(chosen)
    find_task(task).prepare(chosen, directory, 1, 1)
    return labels


@pytest.mark.parametrize(
    ("task", "make", "sentence"),
    [
        (
            "kws",
            lambda r: words(r, "words/a", "words/b"),
            "has one folder, words, and that has others; is .*words data.path",
        ),
        ("kws", lambda r: words(r, "train/a", "test/a"), "the folders test, train, which are splits and no words"),
        ("kws", lambda r: words(r, "open", "Open", "b"), "the folders Open and open, which differ in case alone"),
        ("kws", lambda r: record(r, "{}.wav"), "has no folders with recordings of words"),
        ("ic", lambda r: draw(r, "p/a/{}.png", "p/b/{}.png"), "has the class p alone; .*; is .*/p data.path"),
        ("ic", lambda r: draw(r, "a/{}.png"), "has the class a alone"),
        ("ic", lambda r: draw(r, "cat/{}.png", "Cat/{}.png"), "the folders Cat and cat, which differ in case alone"),
        (
            "ic",
            lambda r: draw(r, *(f"{s}/{c}/{{}}.png" for s in ("train", "Training", "test") for c in "ab")),
            "the folders Training and train, both for training",
        ),
        (
            "ic",
            lambda r: [draw(r, "a/{}.png", "b/{}.png"), (r / "c").mkdir()],
            r"no pictures of c for .*\(training 0, validation 0, testing 0\); .* leave the class out of data.classes",
        ),
        (
            "ic",
            lambda r: [draw(r, "a/{}.png"), draw(r, "c/{}.png", count=1)],
            "no pictures of c for training and testing",
        ),
        ("ic", lambda r: draw(r, "test/a/{}.png", "test/b/{}.png"), "no pictures of a for training and validation"),
        (
            "vww",
            lambda r: draw(r, "a/{}.png", "b/{}.png"),
            "for a folder of pictures of each class data.source to folders",
        ),
        ("ad", lambda r: machine(r, "pump/abnormal"), "no normal clips of pump 00 to train on"),
        ("ad", lambda r: record(r, "pump/{}.wav", count=1, seconds=3), "1 clips, too few to learn from some"),
        ("ad", lambda r: machine(r, "pump/a/b/normal"), "no machines in it, like pump/normal"),
        (
            "ad",
            lambda r: [
                machine(r, "p/x/normal", "p/y/normal"),
                *(f.write_bytes(b"") for f in (r / "p/y/normal").iterdir()),
            ],
            "no usable recordings of p_y; mend them, or take this id away",
        ),
        (
            "ad",
            lambda r: [
                record(r, "p/train/normal_id_00_{}.wav", seconds=3),
                record(r, "p/test/normal_id_02_{}.wav", "p/test/anomaly_id_02_{}.wav", seconds=3),
            ],
            "no normal clips of p 02 to train on",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, task, make, sentence):
    root = tmp_path / "data"
    root.mkdir()
    make(root)
    with pytest.raises(DataError, match=sentence) as caught:
        run(task, root, tmp_path / "d", {"rejected_percent": 100})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("task", "make", "labels", "said"),
    [
        ("kws", lambda r: [words(r, "a", "b"), words(r, "__MACOSX/a")], ("a", "b", "_silence_"), READ),
        ("kws", lambda r: [words(r, "a", "b"), os.mkfifo(r / "a" / "x.wav")], ("a", "b", "_silence_"), READ),
        ("kws", lambda r: [words(r, "a", "b"), (r / "c").symlink_to(r / "c")], ("a", "b", "_silence_"), READ),
        (
            "kws",
            lambda r: [words(r, "a", "b"), (r / "c").symlink_to(r)],
            ("a", "b", "c", "_silence_"),
            "12 recordings are the same as others of another word or split",
        ),
        (
            "kws",
            lambda r: [words(r, "a", "b"), record(r, "{}.wav", count=4)],
            ("a", "b", "_silence_"),
            "4 recordings right in it, in no word's folder, are left out",
        ),
        ("ic", lambda r: [draw(r, "a/{}.png", "b/{}.png"), (r / "__MACOSX").mkdir()], ("a", "b"), READ),
        (
            "ic",
            lambda r: draw(r, "a/{}.png", "b/{}.png", size=20),
            ("a", "b"),
            "20 of 20 images are smaller than 32 pixels",
        ),
        (
            "ic",
            lambda r: [draw(r, "a/{}.png", "b/{}.png"), draw(r, "{}.png", count=3)],
            ("a", "b"),
            "pictures outside of the classes' folders are left out: 3 right in it",
        ),
        (
            "ic",
            lambda r: [draw(r, *(f"{s}/{c}/{{}}.png" for s in ("train", "test") for c in "ab")), draw(r, "c/{}.png")],
            ("a", "b"),
            "pictures outside of the classes' folders are left out: 10 in c",
        ),
        (
            "ic",
            lambda r: [draw(r, "a/{}.png", "b/{}.png"), os.rename(r / "a/0.png", os.fsencode(r) + b"/a/caf\xe9.png")],
            ("a", "b"),
            READ,
        ),
        (
            "ad",
            lambda r: [machine(r, "p"), os.rename(r / "p/0.wav", os.fsencode(r) + b"/p/caf\xe9.wav")],
            ("p_00",),
            READ,
        ),
        (
            "ad",
            lambda r: [machine(r, "p/normal", "p/abnormal"), shutil.copy(r / "p/normal/0.wav", r / "p/abnormal/9.wav")],
            ("p_00",),
            "1 recordings are the same as others of another kind: p/",
        ),
        (
            "ad",
            lambda r: [machine(r, "p/normal"), soundfile.write(r / "p/normal/s.wav", np.zeros(48000), 16000)],
            ("p_00",),
            "1 recordings are without any sound: p/normal/s.wav",
        ),
        (
            "ad",
            lambda r: machine(r, "p/normal", "p/broken", "p"),
            ("p_00",),
            "recordings outside of normal are left out: ",
        ),
    ],
)
def test_what_can_be_read_is_read_and_what_is_odd_is_said(tmp_path, caplog, task, make, labels, said):
    root = tmp_path / "data"
    root.mkdir()
    make(root)
    with caplog.at_level(logging.INFO):
        assert run(task, root, tmp_path / "d", {}) == labels
    assert said in caplog.text


def test_an_accent_in_two_ways_is_one_word(tmp_path):
    words(tmp_path / "data", "Tür", "b")
    keywords = ["Tür", unicodedata.normalize("NFD", "Tür")]
    with pytest.raises(DataError, match="names a word twice, in two ways to write an accent"):
        run("kws", tmp_path / "data", tmp_path / "d", {"keywords": keywords})
