"""A folder looked at, and a first configuration for it: what it says, and that the workflow takes it."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml
from PIL import Image

from micronets.cli import main
from micronets.configuration import TaskConfiguration, resolve
from micronets.errors import MicronetsError
from micronets.merging import merge
from micronets.proposal import propose
from micronets.proposal.commented_yaml import Line, render

BOARD = "nucleo-f446re"
Recipe = list[tuple[str, int]]


def record(root: Path, recipe: Recipe, seconds: float = 0.4, rate_hz: int = 16000, channels: int = 1) -> None:
    """Writes noise to `{name}`, with numbers in the place of `{}`."""
    generator = np.random.default_rng(3)
    for name, count in recipe:
        for number in range(count):
            path = root / name.format(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            samples = generator.normal(0, 3000, (round(seconds * rate_hz), channels)).astype(np.int16)
            soundfile.write(path, samples, rate_hz)


def draw(root: Path, recipe: Recipe, size: tuple[int, int] = (64, 48)) -> None:
    generator = np.random.default_rng(4)
    for name, count in recipe:
        for number in range(count):
            path = root / name.format(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(generator.integers(0, 256, (size[1], size[0], 3), np.uint8)).save(path)


def damage(*paths: Path) -> None:
    for path in paths:
        path.write_bytes(b"nothing of this kind")


@pytest.fixture
def proposed(repository, monkeypatch, tmp_path):
    """Proposes for a folder, here, and resolves what comes of it over config/config.yaml, as the workflow does."""
    general = yaml.safe_load((repository / "config" / "config.yaml").read_text(encoding="utf-8"))
    monkeypatch.chdir(tmp_path)

    def run(task: str, folder: str, **options: Any) -> tuple[str, TaskConfiguration]:
        proposal = propose(task, Path(folder), options.pop("board", BOARD), **options)
        configuration = resolve(merge(general, yaml.safe_load(proposal.configuration)))
        assert list(configuration.tasks) == [task]
        return "\n".join(proposal.found), configuration.tasks[task]

    return run


def test_words(proposed, tmp_path):
    recipe = [("words/open/{}.wav", 10), ("words/no/{} ü.WAV", 10), ("words/tea/{}.flac", 10)]
    record(tmp_path, recipe, 1.5, 44100, 2)
    record(tmp_path, [("words/tea/short {}.wav", 1)], 0.01)
    damage(tmp_path / "words" / "open" / "3.wav", tmp_path / "words" / "open" / "list.txt")
    found, task = proposed("kws", "words", keywords=("open", "no"))
    assert "3 words, 31 recordings: no 10, open 10, tea 11" in found
    assert "1.5 to 1.5 s long" in found
    assert "29 of them resampled from 44100 Hz" in found and "29 of them mean of 2 channels" in found
    assert "29 of them cut to their loudest part" in found
    assert (
        "2 of 31 recordings cannot be used:\n  open/3.wav: " in found and "tea/short 0.wav: too short: 10 ms" in found
    )
    assert "as other kinds of files: 1 .txt" in found and "made of generated noise" in found
    data = task.section("data")
    assert data["keywords"] == ["open", "no"] and data["unknown"] == "others" and data["unknown_percent"] == 100
    assert data["rejected_percent"] == 8  # 2 of 31 are 6.5 %, and one more
    assert (data["source"], data["path"]) == ("folder", "words")


@pytest.mark.parametrize(
    ("folders", "keywords", "unknown"),
    [
        (["a", "b"], ["a", "b"], "none"),
        (["a", "b", "_unknown_"], ["a", "b"], "others"),
        (
            "down go left no off on right stop up yes cat".split(),
            "down go left no off on right stop up yes".split(),
            "others",
        ),
    ],
)
def test_keywords_that_nobody_names_are_all_folders_or_the_ten(proposed, tmp_path, folders, keywords, unknown):
    record(tmp_path, [(f"words/{folder}/{{}}.wav", 4) for folder in folders])
    _, task = proposed("kws", "words")
    assert (task.section("data")["keywords"], task.section("data")["unknown"]) == (keywords, unknown)


def test_few_recordings_are_named_with_their_counts(proposed, tmp_path):
    record(tmp_path, [("w/open/{}.wav", 10), ("w/close/{}.wav", 2)])
    found, _ = proposed("kws", "w")
    assert "few usable recordings of close: training 1, validation 0, testing 1" in found
    assert "no class for other words" in found


def test_pictures_by_class(proposed, tmp_path):
    draw(tmp_path, [("p/train/cat/{}.png", 30), ("p/test/cat/{}.png", 5), ("p/train/dog/{}.png", 20)])
    draw(tmp_path, [("p/test/dog/{}.JPG", 5)], (20, 300))
    damage(tmp_path / "p" / "train" / "dog" / "0.png")
    found, task = proposed("ic", "p")
    assert "2 classes, 60 pictures: cat 35, dog 25" in found
    assert "training 45, validation 5, testing 10" in found  # a tenth of each class held back
    assert "20 x 300 to 20 x 300" not in found and "20 x 300 to 64 x 48" not in found
    assert "they are 20 to 64 columns by 48 to 300 rows" in found
    assert "5 of 59 are smaller than the 32 pixels" in found
    assert "1 of 60 pictures cannot be used:\n  train/dog/0.png: is no readable image" in found
    data = task.section("data")
    assert data["classes"] == ["cat", "dog"] and data["path"] == "p" and data["rejected_percent"] == 3
    assert list(task.models) == ["resnet-8"]


def test_wake_words_in_folders_and_in_the_layout_of_coco(proposed, tmp_path, shared):
    draw(tmp_path, [("rooms/person/{}.png", 20), ("rooms/empty/{}.png", 20)])
    found, task = proposed("vww", "rooms")
    assert "2 classes, 40 pictures: empty 20, person 20" in found and "smaller than the 50 pixels" in found
    assert (task.section("data")["source"], task.section("data")["classes"]) == ("folders", ["empty", "person"])
    found, task = proposed("vww", str(shared / "data" / "coco"), category="cat")
    assert "2 classes, 183 pictures: no_cat " in found
    assert (task.section("data")["source"], task.section("data")["category"]) == ("folder", "cat")


def test_one_machine_is_given_an_autoencoder_and_several_the_choice(proposed, tmp_path):
    record(tmp_path, [("pump/{}.flac", 10)], 3.0, 48000, 2)
    found, task = proposed("ad", "pump")
    assert "machine ids: 1; recordings: 10\nnormal: pump_00 10; anomalous: pump_00 0" in found
    assert "10 of them resampled from 48000 Hz" in found and "10 of them first of 2 channels" in found
    assert "normal clips suffice to learn" in found
    assert task.section("train", "fc-ae")["augmentation"]["mixup_alpha"] == 0
    record(tmp_path, [(f"fans/{name}/{kind}/{{}}.wav", 4) for name in "ab" for kind in ("normal", "abnormal")], 3.0)
    record(tmp_path, [("fans/a/normal/short {}.wav", 1)], 0.5)
    found, task = proposed("ad", "fans")
    assert "normal: a_00 5, b_00 4; anomalous: a_00 4, b_00 4" in found
    assert "1 of 17 recordings cannot be used:\n  a/normal/short 0.wav: too short: 0.5 s" in found
    assert "# micronet-ad-s: {}" in propose("ad", Path("fans"), BOARD).configuration


@pytest.mark.slow
def test_the_length_of_training_follows_from_the_data(proposed, tmp_path):
    draw(tmp_path, [("few/a/{}.png", 20), ("few/b/{}.png", 20)])
    draw(tmp_path, [("many/a/{}.png", 1500), ("many/b/{}.png", 1500)], (8, 8))
    few, many = (proposed("ic", name)[1].section("train") for name in ("few", "many"))
    assert (few["float_epochs"], few["batch_size"]) == (60, 16)
    assert (many["float_epochs"], many["batch_size"]) == (14, 32)  # 30,000 of 2,100 to train on
    assert (few["quantised_epochs"], many["quantised_epochs"]) == (12, 3)


@pytest.mark.parametrize(
    ("task", "folder", "options", "sentence"),
    [
        ("kws", "nowhere", {}, "there is no folder nowhere"),
        ("kws", "a.wav", {}, "a.wav is a file; give the folder"),
        ("kws", "words", {"keywords": ("opne",)}, "no recordings of opne; did you mean 'open'"),
        ("kws", "words", {"keywords": ("open", "open")}, "without repetitions"),
        ("kws", "one", {}, "no folders with recordings of words"),
        ("ic", "words", {}, "no pictures of open"),
        ("ic", "words/open", {}, "no folders of pictures"),
        ("ic", "one", {}, "the class a alone; a network learns to tell two or more folders apart"),
        ("ic", "words", {"keywords": ("a",)}, "--keywords is for kws, not for ic"),
        ("kws", "words", {"category": "cat"}, "--category is for vww, not for kws"),
        ("ad", "one", {}, "no machines in it"),
        ("asr", "words", {}, "no first configuration for 'asr'"),
        ("kws", "words", {"board": "nucleo"}, "nucleo"),
        ("ad", b"caf\xe9", {}, "no text in UTF-8"),
    ],
)
def test_what_cannot_be_proposed_for_is_told_in_a_sentence(proposed, tmp_path, task, folder, options, sentence):
    record(tmp_path, [("words/open/{}.wav", 4), ("words/tea/{}.wav", 4)])
    draw(tmp_path, [("one/a/{}.png", 4)])
    (tmp_path / "a.wav").touch()
    os.mkdir(os.fsencode(tmp_path) + b"/caf\xe9")
    with pytest.raises(MicronetsError, match=sentence) as caught:
        proposed(task, os.fsdecode(folder), **options)
    assert "\n" not in str(caught.value)


def test_the_command_writes_a_file_once_and_says_what_to_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    draw(tmp_path, [("p/a/{}.png", 10), ("p/b/{}.png", 10)])
    assert main(["init", "ic", "p"]) == 0
    said = capsys.readouterr().out
    assert "2 classes, 20 pictures" in said and "snakemake --cores all --configfile ic.yaml" in said
    written = (tmp_path / "ic.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(written)["ic"]["data"]["path"] == "p"
    assert max(map(len, written.splitlines())) <= 120
    assert main(["init", "ic", "p"]) == 1
    assert "ic.yaml exists and is not overwritten" in capsys.readouterr().err
    assert (tmp_path / "ic.yaml").read_text(encoding="utf-8") == written
    assert main(["init", "ic", "nowhere", "--output", "other.yaml"]) == 1
    assert not (tmp_path / "other.yaml").exists()


def test_comments_do_not_change_what_yaml_says():
    words = ["no", "ü", "a b", "1", "it's", "#", "x: y", "null"]
    lines = [
        Line("a", words, "why"),
        Line("b", (Line("c", 1.5), Line("d", {"e": ""}, "and so")), "section"),
        Line("# f", 1),
    ]
    text = render(lines)
    assert yaml.safe_load(text) == {"a": words, "b": {"c": 1.5, "d": {"e": ""}}}
    assert "# why" in text and "# f: 1" in text
