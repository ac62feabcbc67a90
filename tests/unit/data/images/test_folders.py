"""Pictures in a folder for each class, and odd pictures: read as the same picture in plain form, or told."""

import json
import logging
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from micronets.data.images.decode import ImageRejected, decode
from micronets.data.images.folders import find_pictures
from micronets.errors import ConfigurationError, DataError
from micronets.tasks import find_task, open_dataset

TASK = find_task("vww")
GREY = np.add.outer(np.arange(0, 128, 2), np.arange(0, 128, 2)).astype(np.uint8)  # 64 x 64, all levels to 252
COLOUR = np.stack([GREY, GREY[::-1], GREY.T[:, ::-1]], axis=2)


def draw(root: Path, name: str, count: int, seed: int = 1) -> None:
    generator = np.random.default_rng([seed, *name.encode()])
    for number in range(count):
        path = root / name.format(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (20, 30, 3), np.uint8)).save(path)


def save(path: Path, kind: str) -> None:
    """The test picture in one of the forms that people have."""
    picture, options = Image.fromarray(COLOUR), {}
    if kind == "turned":
        picture = picture.rotate(90, expand=True)
        options["exif"] = Image.Exif()
        options["exif"][0x0112] = 6
    elif kind == "16":
        picture = Image.fromarray(GREY.astype(np.uint16) * 257)
    elif kind == "32":
        picture = Image.fromarray(GREY.astype(np.int32) * 257)
    else:
        picture = picture.convert(kind)
    picture.save(path, **options)


@pytest.mark.parametrize(
    ("name", "kind", "plain", "tolerance"),
    [
        ("a.png", "RGB", COLOUR, 0),
        ("A.PNG", "RGB", COLOUR, 0),
        ("a b ü 中.png", "RGB", COLOUR, 0),
        ("a.bmp", "RGB", COLOUR, 0),
        ("a.tiff", "RGB", COLOUR, 0),
        ("a.png", "RGBA", COLOUR, 0),
        ("a.png", "turned", COLOUR, 0),
        ("a.tiff", "CMYK", COLOUR, 1),
        ("a.png", "P", COLOUR, 64),
        ("a.png", "L", None, 1),
        ("a.png", "16", GREY, 0),
        ("a.tiff", "16", GREY, 0),
        ("a.tiff", "32", GREY, 0),
    ],
)
def test_pictures_of_every_kind_are_the_same_picture(tmp_path, name, kind, plain, tolerance):
    save(tmp_path / name, kind)
    if plain is None:
        plain = np.rint(COLOUR @ np.array([0.299, 0.587, 0.114]))
    plain = plain if plain.ndim == 3 else np.repeat(plain[..., None], 3, axis=2)
    found = decode(tmp_path / name, 64).astype(int)
    assert np.abs(found - plain).max() <= tolerance


@pytest.mark.parametrize(
    ("name", "make", "reason"),
    [
        ("a.png", lambda path: Image.fromarray(GREY[:1, :1]).save(path), "1 x 1 pixels, too few"),
        ("a.tiff", lambda path: Image.fromarray(GREY.astype(np.float32)).save(path), "floating point"),
        ("a.tiff", lambda path: Image.fromarray(GREY.astype(np.int32) * 999).save(path), "more than 16 bits"),
        ("a.heic", lambda path: path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(99)), r"convert \.heic to \.jpg"),
        ("a.jpg", lambda path: path.write_bytes(b""), "no readable image"),
        ("a.jpg", lambda path: path.symlink_to("gone.jpg"), "is not there"),
    ],
)
def test_what_is_no_picture_is_refused(tmp_path, name, make, reason):
    make(tmp_path / name)
    with pytest.raises(ImageRejected, match=reason):
        decode(tmp_path / name, 64)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["{}/a.png"], {"training": 14, "validation": 2, "testing": 4}),
        (["train/{}/a.png", "test/{}/b.png"], {"training": 18, "validation": 2, "testing": 20}),
        (["Train/{}/a.PNG", "VAL/{}/b.png", "test/{}/deep/c.png"], {"training": 20, "validation": 20, "testing": 20}),
    ],
)
def test_splits_are_those_of_the_folders_or_drawn(tmp_path, names, expected):
    for label in ("empty", "person"):
        for name in names:
            for number in range(20):
                path = tmp_path / name.format(label)
                path = path.with_stem(f"{path.stem}{number}")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
    labels, table = find_pictures(tmp_path, (), 10, 20, 1)
    assert labels == ("empty", "person")
    for index in range(2):
        assert table[table["class"] == index]["split"].value_counts().to_dict() == expected
    assert all(labels[row["class"]] in row["path"].split("/") for _, row in table.iterrows())
    again = find_pictures(tmp_path, (), 10, 20, 1)[1]
    assert again.equals(table)


def test_a_folder_of_pictures_becomes_a_dataset(tmp_path, caplog):
    root = tmp_path / "meine Bilder"
    draw(root, "leer/{} ü.png", 10)
    draw(root, "Tür auf/{}.png", 10)
    draw(root, "third/{}.png", 10)
    for name in ("._0.png", ".DS_Store", "notes.txt"):
        (root / "leer" / name).write_bytes(b"x")
    shutil.copy(root / "leer" / "0 ü.png", root / "Tür auf" / "same.png")
    os.rename(root / "leer" / "1 ü.png", os.fsencode(root / "leer") + b"/caf\xe9.png")
    options = {"source": "folders", "path": str(root), "classes": ["leer", "Tür auf"]}
    with caplog.at_level(logging.INFO):
        TASK.prepare(options, tmp_path / "d", 1, 1)
    dataset = open_dataset(tmp_path / "d", (50, 50, 1))
    assert dataset.labels == TASK.labels(options) == ("leer", "Tür auf")
    assert np.bincount(dataset.table["class"]).tolist() == [10, 11]
    assert dataset.table["path"].str.contains(r"leer/caf\xe9.png", regex=False).sum() == 1
    assert "1 .txt" in caplog.text and "1 pictures are the same as others" in caplog.text
    assert json.loads((tmp_path / "d" / "dataset.json").read_text())["source"]["kind"] == "folders"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"classes": ["dog", "cat"]}, "has no folder dog; known are empty, person"),
        ({"classes": ["persn", "empty"]}, "has no folder persn; did you mean 'person'"),
        ({"classes": ["person"]}, "has the class person alone; a network learns to tell two or more folders apart"),
        ({"path": "person"}, "no folders of pictures"),
        ({"path": "nowhere"}, "there is no folder .*nowhere"),
        ({"validation_percent": 0}, r"no pictures of empty for validation \(training 3, validation 0, testing 1\)"),
    ],
)
def test_folders_that_cannot_be_used_get_one_sentence(tmp_path, options, sentence):
    draw(tmp_path, "person/{}.png", 4)
    draw(tmp_path, "empty/{}.png", 4)
    path = tmp_path / options.pop("path", "")
    with pytest.raises(DataError, match=sentence) as caught:
        TASK.prepare({"source": "folders", "path": str(path), **options}, tmp_path / "d", 1, 1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"classes": ["a", "b"]}, "data.classes .* empty, unless data.source is folders"),
        ({"category": "cat"}, "data.category is 'cat'; it must be person where data.source is generated"),
        ({"source": "folders", "path": "x", "classes": ["a", "a"]}, "without repetitions"),
        ({"source": "folders"}, "data.source is folders, but data.path is empty"),
    ],
)
def test_mistakes_in_the_configuration_name_the_key(options, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        TASK.labels(options)
