"""From COCO's layout to training batches, on generated scenes and on files that are wrong in many ways."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from micronets.cli import main
from micronets.data.images import benchmark
from micronets.data.images.batches import ImageBatches
from micronets.data.images.coco import find_year, read_images
from micronets.data.images.dataset import ImageDataset
from micronets.data.images.decode import ImageRejected, decode
from micronets.data.images.options import ImageAugmentation
from micronets.errors import ConfigurationError, DataError
from micronets.features.resize import area_weights, grey, shrink
from micronets.tasks import find_task, open_dataset

TASK = find_task("vww")
OPTIONS = {"generated": {"images": 64}, "validation_percent": 20}
STILL = ImageAugmentation(0, 0, 0, 0, 0)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("vww") / "data"
    TASK.prepare(OPTIONS, directory, 3, 1)
    return directory


@pytest.fixture
def coco(prepared, tmp_path) -> Path:
    """A folder of one's own in COCO's layout."""
    return shutil.copytree(prepared / "generated", tmp_path / "coco")


def annotate(coco: Path, part: str, change) -> None:
    path = coco / "annotations" / f"instances_{part}2017.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def test_splits_and_labels_are_those_of_the_annotations(prepared):
    dataset = open_dataset(prepared, (50, 50, 1))
    about = json.loads((prepared / "dataset.json").read_text(encoding="utf-8"))
    assert dataset.labels == ("no_person", "person")
    counts = about["counts"]
    assert sum(counts["testing"].values()) == 16
    for label in dataset.labels:
        both = counts["training"][label] + counts["validation"][label]
        assert counts["validation"][label] == round(0.2 * both)
    assert sum(sum(of_split.values()) for of_split in counts.values()) == 64
    seen = {}
    for part in ("train", "val"):
        path = prepared / "generated" / "annotations" / f"instances_{part}2017.json"
        for box in json.loads(path.read_text(encoding="utf-8"))["annotations"]:
            share = box["bbox"][2] * box["bbox"][3] / (256 * 240)
            seen[box["image_id"]] = seen.get(box["image_id"], False) or share >= 0.005
    expected = [int(seen.get(identity, False)) for identity in dataset.table["id"]]
    assert dataset.table["class"].tolist() == expected


def test_the_number_of_processes_changes_nothing_and_the_seed_does(prepared, tmp_path):
    TASK.prepare(OPTIONS, tmp_path / "two", 3, 2)
    TASK.prepare(OPTIONS, tmp_path / "other", 4, 1)
    paths = (prepared, tmp_path / "two", tmp_path / "other")
    digests = [open_dataset(path, (50, 50, 1)).content_hash for path in paths]
    assert digests[0] == digests[1] != digests[2]


def test_views_are_the_stored_images_made_smaller(prepared):
    stored = np.load(prepared / "images.npy")
    colour = open_dataset(prepared, (96, 96, 3))
    np.testing.assert_array_equal(colour.examples, shrink(stored, 96))
    assert open_dataset(prepared, (224, 224, 3)).examples.shape == stored.shape
    dark = open_dataset(prepared, (50, 50, 1))
    assert dark.features("testing").shape == (16, 50, 50, 1)
    assert dark.features("testing").dtype == np.uint8
    assert dark.input_range == (0.0, 255.0)
    (prepared / "views" / "50x50x1.npy").unlink()
    np.testing.assert_array_equal(open_dataset(prepared, (50, 50, 1)).examples, dark.examples)


def test_shrinking_takes_the_mean_of_the_area_that_a_pixel_covers():
    image = np.random.default_rng(1).integers(0, 256, (1, 7, 7, 2), np.uint8)
    fine = np.kron(image[0].astype(float), np.ones((3, 3, 1)))  # 21 = 7 x 3 points a side, 7 for each of 3 pixels
    expected = np.floor(fine.reshape(3, 7, 3, 7, 2).mean(axis=(1, 3)) + 0.5)
    np.testing.assert_array_equal(shrink(image, 3)[0], expected)
    assert (area_weights(224, 50).sum(axis=1) == 224).all()
    np.testing.assert_array_equal(shrink(np.full((1, 224, 224, 1), 255, np.uint8), 50), 255)


def test_grey_is_the_luma_of_bt601():
    colours = np.array([[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255], [10, 200, 77]], np.uint8)
    expected = np.round(colours @ np.array([0.299, 0.587, 0.114]))
    np.testing.assert_array_equal(grey(colours[None, None])[0, 0, :, 0], expected)


def test_pictures_of_every_kind_are_decoded(tmp_path):
    generator = np.random.default_rng(2)
    pixels = generator.integers(0, 256, (40, 60, 3), np.uint8)
    picture = Image.fromarray(pixels).resize((600, 400), Image.Resampling.BICUBIC)
    for name, kind in (("a.jpg", "RGB"), ("b.jpg", "L"), ("c.jpg", "CMYK"), ("d.png", "P"), ("e.png", "RGBA")):
        picture.convert(kind).save(tmp_path / name)
        assert decode(tmp_path / name, 64).shape == (64, 64, 3)
    upright = decode(tmp_path / "a.jpg", 64).astype(int)
    turned = picture.rotate(90, expand=True)  # as a camera held sideways stores it, with a note to turn it back
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(tmp_path / "f.jpg", exif=exif, quality=95)
    assert np.abs(decode(tmp_path / "f.jpg", 64).astype(int) - upright).mean() < 12


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "no readable image"), (b"no picture", "no readable image"), (None, "is not there")],
)
def test_what_is_no_picture_is_rejected(tmp_path, content, reason):
    if content is not None:
        (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(ImageRejected, match=reason):
        decode(tmp_path / "a.jpg", 64)


def test_a_file_of_another_kind_does_not_reach_its_decoder(tmp_path):
    """Pillow has Ghostscript read EPS, whatever the file is called."""
    Image.fromarray(np.full((40, 60, 3), 99, np.uint8)).save(tmp_path / "a.eps")
    (tmp_path / "a.eps").rename(tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.format == "EPS"
    with pytest.raises(ImageRejected, match="no readable image"):
        decode(tmp_path / "a.jpg", 64)


def test_of_coco_only_jpeg_and_png_are_decoded(coco, tmp_path):
    """Whatever a photograph is called: no other decoder of Pillow's is reached."""
    photographs = sorted((coco / "train2017").iterdir())
    for path, kind in zip(photographs, ("PNG", "WEBP", "TIFF"), strict=False):
        with Image.open(path) as image:
            image.convert("RGB").save(path, kind)
    TASK.prepare({"source": "folder", "path": str(coco), "rejected_percent": 5}, tmp_path / "data", 1, 1)
    listed = (tmp_path / "data" / "rejected.csv").read_text(encoding="utf-8")
    assert [path.name in listed for path in photographs[:4]] == [False, True, True, False]
    assert listed.count("no readable image") == 2


def test_a_picture_that_is_cut_off_is_rejected(tmp_path):
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (200, 200, 3), np.uint8)).save(tmp_path / "a.jpg")
    content = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageRejected, match="no readable image"):
        decode(tmp_path / "a.jpg", 64)


def test_too_many_unusable_pictures_stop_the_stage(coco, tmp_path):
    victims = sorted((coco / "train2017").iterdir())[:2]
    victims[0].write_bytes(b"")
    victims[1].unlink()
    options = {"source": "folder", "path": str(coco), "validation_percent": 20}
    with pytest.raises(DataError, match=r"2 of 64 images \(3.1 %\).*more than data.rejected_percent = 1"):
        TASK.prepare(options, tmp_path / "data", 1, 1)
    listed = (tmp_path / "data" / "rejected.csv").read_text(encoding="utf-8")
    assert victims[0].name in listed and "is not there" in listed
    assert not (tmp_path / "data" / "dataset.json").exists() and not list((tmp_path / "data").glob("*.npy"))
    TASK.prepare(options | {"rejected_percent": 5}, tmp_path / "data", 1, 1)
    dataset = open_dataset(tmp_path / "data", (50, 50, 1))
    assert len(dataset.table) == len(dataset.examples) == 62


def test_small_people_are_not_seen_and_crowds_are(coco):
    def change(content):
        first, second, third = (image["id"] for image in content["images"][:3])
        area = 256 * 240
        content["annotations"] = [
            {"image_id": first, "category_id": 1, "bbox": [0, 0, area * 0.0049, 1], "iscrowd": 0},
            {"image_id": second, "category_id": 1, "bbox": [0, 0, area * 0.0051, 1], "iscrowd": 1},
            {"image_id": third, "category_id": 18, "bbox": [0, 0, 200, 200], "iscrowd": 0},
        ]
        content["categories"].append({"id": 18, "name": "dog"})

    annotate(coco, "train", change)
    found = read_images(coco, find_year(coco), "train", 0.5)
    assert found["seen"].tolist()[:4] == [False, True, False, False]
    assert read_images(coco, "2017", "train", 0.4)["seen"].tolist()[:2] == [True, True]
    assert read_images(coco, "2017", "train", 0)["seen"].tolist()[:4] == [True, True, False, False]


def test_minival_says_what_is_tested(coco, tmp_path, caplog):
    identities = read_images(coco, "2017", "train", 0.5)["id"][:20].tolist()
    (tmp_path / "ids.txt").write_text("\n".join(map(str, [*identities, 77])), encoding="utf-8")
    options = {"source": "folder", "path": str(coco), "minival": str(tmp_path / "ids.txt"), "validation_percent": 20}
    TASK.prepare(options, tmp_path / "data", 1, 1)
    table = open_dataset(tmp_path / "data", (50, 50, 1)).table
    assert sorted(table[table["split"] == "testing"]["id"]) == identities
    assert len(table) == 64
    assert "1 of the 21 images" in caplog.text


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda coco: shutil.rmtree(coco / "annotations"), "no annotations/instances_train2017.json"),
        (lambda coco: (coco / "annotations" / "instances_val2017.json").write_text("{"), "_val2017.json is damaged"),
        (lambda coco: annotate(coco, "val", lambda content: content["categories"].clear()), "no category 'person'"),
        (lambda coco: annotate(coco, "val", lambda content: content["annotations"].clear()), "no images with a person"),
        (lambda coco: annotate(coco, "val", lambda content: content["images"][0].pop("width")), "is damaged"),
    ],
)
def test_damaged_folders_get_one_sentence(coco, tmp_path, damage, sentence):
    damage(coco)
    with pytest.raises(DataError, match=sentence) as caught:
        TASK.prepare({"source": "folder", "path": str(coco)}, tmp_path / "data", 1, 1)
    assert "\n" not in str(caught.value)


def test_a_damaged_dataset_is_told(prepared, tmp_path):
    copy = shutil.copytree(prepared, tmp_path / "data")
    (copy / "images.csv").write_text("path,id\n", encoding="utf-8")
    with pytest.raises(DataError, match="is damaged"):
        ImageDataset.open(copy, (50, 50, 1))


def test_the_training_split_is_cut_class_by_class(prepared):
    dataset = open_dataset(prepared, (50, 50, 1))
    first, second = dataset.split_indices(0.5, 7)
    assert sorted([*first, *second]) == dataset.rows("training").tolist()
    classes = dataset.table["class"].to_numpy()
    assert abs(classes[first].sum() - classes[second].sum()) <= 1


def test_batches_repeat_whatever_the_threads(prepared):
    dataset = open_dataset(prepared, (50, 50, 1))
    streams = [ImageBatches(dataset, ImageAugmentation(mixup_alpha=0.2), 5, 16, threads=threads) for threads in (1, 3)]
    for (a, b), (c, d) in zip(streams[0].epoch(2), streams[1].epoch(2), strict=True):
        np.testing.assert_array_equal(a, c)
        np.testing.assert_array_equal(b, d)
        assert a.shape == (16, 50, 50, 1) and a.dtype == b.dtype == np.float32
    again = next(iter(streams[0].epoch(3)))[0]
    assert not np.array_equal(again, next(iter(streams[0].epoch(2)))[0])


def test_without_augmentation_every_image_is_shown_once_as_it_is(prepared):
    dataset = open_dataset(prepared, (50, 50, 1))
    rows = dataset.rows("training")[:36]
    stream = ImageBatches(dataset, STILL, 5, 12, subset=rows)
    shown = np.concatenate([features for features, _ in stream.epoch(0)])
    order = np.random.default_rng([5, 0, 0]).permutation(rows)
    assert np.abs(shown - dataset.examples[order]).max() <= 1.5  # of two roundings, at twice the size and at this one
    targets = np.concatenate([targets for _, targets in stream.epoch(0)])
    np.testing.assert_array_equal(targets.argmax(axis=1), dataset.table["class"].to_numpy()[order])


def test_mirrored_images_are_mirrored(prepared):
    dataset = open_dataset(prepared, (50, 50, 1))
    options = [ImageAugmentation(flip, 0, 0, 0, 0) for flip in (0, 1)]
    pairs = [next(iter(ImageBatches(dataset, chosen, 5, 19).epoch(0)))[0] for chosen in options]
    np.testing.assert_allclose(pairs[0][:, :, ::-1], pairs[1], atol=1e-3)


def test_the_benchmark_measures_a_folder(coco, monkeypatch, capsys):
    monkeypatch.setattr(benchmark, "_PASSES", 1)
    monkeypatch.setattr(benchmark, "_BATCHES", 2)
    assert main(["data-speed", "photographs", str(coco)]) == 0
    printed = capsys.readouterr().out
    assert "decoded, 1 process:" in printed and "batches of 160x160x1, 1 thread:" in printed
    assert main(["data-speed", "photographs", str(coco / "nothing")]) == 1
    assert "set data.path" in capsys.readouterr().err


@pytest.mark.parametrize("shape", [(49, 50, 1), (8, 8, 1), (225, 225, 3), (50, 50, 2)])
def test_shapes_that_no_image_has_are_refused(shape):
    with pytest.raises(ConfigurationError, match="vww has square inputs of 16 to 224"):
        TASK.check_input_shape(shape)


def test_real_photographs(shared, tmp_path):
    """183 photographs, 49 of them for testing."""
    TASK.prepare({"source": "folder", "path": str(shared / "data" / "coco")}, tmp_path / "data", 1, 2)
    dataset = open_dataset(tmp_path / "data", (96, 96, 3))
    counts = {split: len(dataset.features(split)) for split in ("training", "validation", "testing")}
    assert (counts["training"] + counts["validation"], counts["testing"]) == (134, 49)
    assert 60 < dataset.examples.mean() < 180


def test_any_category_can_be_looked_for(coco, tmp_path):
    names = {}
    for part in ("train", "val"):
        annotate(coco, part, lambda content: names.update({entry["name"]: entry for entry in content["categories"]}))
        annotate(
            coco,
            part,
            lambda content: [entry.update(name="cat") for entry in content["categories"] if entry["name"] == "person"],
        )
    options = {"source": "folder", "path": str(coco), "category": "cat", "validation_percent": 20}
    TASK.prepare(options, tmp_path / "d", 3, 1)
    dataset = open_dataset(tmp_path / "d", (50, 50, 1))
    assert dataset.labels == TASK.labels(options) == ("no_cat", "cat")
    assert (dataset.table["class"] == (dataset.table["cat_percent"] >= 0.5)).all()
    with pytest.raises(DataError, match="has no category 'cta'; did you mean 'cat'"):
        TASK.prepare(options | {"category": "cta"}, tmp_path / "d", 3, 1)


def test_images_listed_twice_or_with_their_folder_count_once(coco, caplog):
    year = find_year(coco)
    before = read_images(coco, year, "train", 0.5)

    def change(content):
        content["images"].append(content["images"][0] | {"id": 10**6})
        for entry in content["images"][1:4]:
            entry["file_name"] = f"train{year}/{entry['file_name']}"

    annotate(coco, "train", change)
    after = read_images(coco, year, "train", 0.5)
    assert after["path"].tolist() == before["path"].tolist() and after["seen"].tolist() == before["seen"].tolist()
    assert "lists 1 images twice" in caplog.text


def test_deeply_nested_annotations_are_refused(coco):
    (coco / "annotations" / "instances_train2017.json").write_text("[" * 200_000, encoding="utf-8")
    with pytest.raises(DataError, match="nested too deeply"):
        read_images(coco, "2017", "train", 0.5)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda content: content["annotations"][0].update(image_id=99999),
            "is of image 99999, which is not among its images",
        ),
        (lambda content: [entry.update(width=0) for entry in content["images"]], "which has no size"),
        (lambda content: content["images"][0].update(file_name="../x.jpg"), "must be named by its place in train2017"),
        (lambda content: content["annotations"][0].update(bbox=[0, 0, -9, -9]), "which no image can hold"),
        (lambda content: content["annotations"][0].update(bbox=[0, 0, 1e300, 9]), "which no image can hold"),
        (lambda content: content["annotations"][0].update(bbox=[0, 0, float("nan"), 9]), "which no image can hold"),
    ],
)
def test_annotations_that_do_not_fit_are_told_by_name(coco, change, sentence):
    annotate(coco, "train", lambda content: content["annotations"].sort(key=lambda entry: entry["category_id"] != 1))
    annotate(coco, "train", change)
    with pytest.raises(DataError, match=sentence):
        read_images(coco, "2017", "train", 0.5)
