"""The data stage for images: from COCO's layout, or a folder for each class, to a prepared dataset."""

import hashlib
import importlib.metadata
import json
import logging
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import pandas as pd

from micronets.atomic import atomic_directory, write_json
from micronets.data.dataset import SPLITS
from micronets.data.files import shown
from micronets.data.images.coco import PARTS, find_year, read_images
from micronets.data.images.dataset import FORMAT
from micronets.data.images.decode import COCO_FORMATS, PICTURE_FORMATS, count_smaller, decode_all
from micronets.data.images.folders import check_splits, find_labels, find_pictures, in_order
from micronets.data.images.options import ImageOptions, PictureOptions
from micronets.data.images.sources import find_source
from micronets.data.parallel import in_chunks
from micronets.data.rejected import REJECTED_COLUMNS, judge
from micronets.data.store import ArrayWriter
from micronets.errors import DataError
from micronets.progress import Progress

logger = logging.getLogger(__name__)

STORED_SIZE = 224
"""Pixels per side, as the paper keeps them."""
_CHUNK_IMAGES = 64


def prepare_images(
    task: str, options: ImageOptions | PictureOptions, size: int, directory: Path, seed: int, processes: int
) -> None:
    """Makes the prepared dataset `directory`, whole or not at all.

    The same images, options and seed give the same files, whatever the number of processes.

    Args:
        size: pixels per side that are kept.
        seed: of generated images, and of cuts into splits.

    Raises:
        DataError: no images, or more unusable ones than `options.rejected_percent`; `directory` then holds the list of
            them, rejected.csv, and nothing else.
    """
    for leftover in directory.parent.glob(f".{directory.name}.*.partial"):  # of a run that was killed
        shutil.rmtree(leftover)
    failure = None
    with atomic_directory(directory) as beside:
        root, provenance = find_source(options, directory, beside, seed, processes)
        labels, planned = _plan(root, options, seed)
        formats = COCO_FORMATS if _in_coco(options) else PICTURE_FORMATS
        used, rejected = _store(root, planned, size, beside, processes, formats)
        rejected.to_csv(beside / "rejected.csv", index=False)
        failure = judge(root, rejected, len(planned), "images", options.rejected_percent)
        if failure is None:
            check_splits(root, labels, used)
            about = {"seed": seed, "source": provenance}
            if _in_coco(options):
                about["person_area_percent"] = options.person_area_percent
            _describe(task, labels, used, len(planned), len(rejected), beside, about)
        else:
            for file in beside.glob("images.*"):
                file.unlink()
    if failure is not None:
        raise DataError(f"{failure}; see {directory / 'rejected.csv'}")
    logger.info("prepared dataset %s is complete", directory)


def image_labels(options: ImageOptions | PictureOptions) -> tuple[str, ...]:
    """The classes that the data stage will find; raises DataError where a folder of pictures lacks them."""
    if _in_coco(options):
        return f"no_{options.category}", options.category
    return find_labels(Path(options.path), options.classes)


def _in_coco(options: ImageOptions | PictureOptions) -> TypeGuard[ImageOptions]:
    """Whether the images come in COCO's layout, not in a folder for each class."""
    return isinstance(options, ImageOptions) and options.source != "folders"


def _plan(root: Path, options: ImageOptions | PictureOptions, seed: int) -> tuple[tuple[str, ...], pd.DataFrame]:
    if _in_coco(options):
        return image_labels(options), plan_splits(root, options, seed)
    shares = options.validation_percent, options.testing_percent
    return find_pictures(root, options.classes, *shares, seed)


def plan_splits(root: Path, options: ImageOptions, seed: int) -> pd.DataFrame:
    """Every image of COCO with its split and class, sorted by split and path: testing is COCO's val, or the ids of
    `options.minival`; validation a share of what is left, each class by itself.

    Raises DataError where a split has no image of a class.
    """
    year = find_year(root)
    parts = [read_images(root, year, part, options.person_area_percent, options.category) for part in PARTS]
    images = pd.concat(parts, ignore_index=True)
    if options.minival:
        chosen = _read_ids(Path(options.minival))
        held_out = images["id"].isin(chosen).to_numpy()
        if missing := len(chosen - set(images["id"])):
            logger.warning("%d of the %d images of %s are not in %s", missing, len(chosen), options.minival, root)
    else:
        held_out = np.arange(len(images)) >= len(parts[0])
    splits = np.where(held_out, "testing", "training").astype(object)
    generator = np.random.default_rng([seed, 0xC0C0])
    for seen in (False, True):
        left = np.flatnonzero(~held_out & (images["seen"] == seen).to_numpy())
        count = round(len(left) * options.validation_percent / 100)
        splits[generator.permutation(left)[:count]] = "validation"
    images = images.assign(split=splits)
    for split in SPLITS:
        for seen in (False, True):
            if not ((images["split"] == split) & (images["seen"] == seen)).any():
                what = f"{'with' if seen else 'without'} a {options.category}"
                raise DataError(f"{root} has no images {what} for {split}; check its annotations and data.minival")
    images["class"] = images.pop("seen").astype(int)
    return in_order(images)


def _read_ids(path: Path) -> set[int]:
    try:
        return {int(line) for line in path.read_text(encoding="utf-8").split()}
    except (OSError, ValueError) as error:
        raise DataError(f"data.minival: {path} is no list of image ids ({error}); give a file of numbers") from None


def decoded(
    root: Path, paths: list[str], size: int, processes: int, formats: tuple[str, ...] = PICTURE_FORMATS
) -> Iterator[tuple]:
    """`decode_all` in chunks over several processes, in order: the chunk's paths and what became of them."""
    decoding = partial(decode_all, root, size=size, formats=formats)
    for chunk, result in in_chunks(decoding, paths, _CHUNK_IMAGES, processes):
        yield chunk, *result


def _store(
    root: Path, planned: pd.DataFrame, size: int, beside: Path, processes: int, formats: tuple[str, ...]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Writes images.npy; returns the rows that are in it, and the rejected files. Warns of twins."""
    first: dict[int, int] = {}
    twins: list[tuple[int, int]] = []
    kinds = list(zip(planned["class"], planned["split"], strict=True))
    if small := count_smaller(root, planned["path"].tolist(), size, formats):
        logger.info("%d of %d images are smaller than %d pixels, and are enlarged", small, len(planned), size)
    progress = Progress(logger, "images", len(planned))
    usable, rejected, start = [], [], 0
    with ArrayWriter(beside / "images.npy", (size, size, 3), np.uint8) as writer:
        for chunk, images, kept, refused in decoded(root, planned["path"].tolist(), size, processes, formats):
            writer.append(images)
            for place, image in zip(kept, images, strict=True):
                row = start + place
                usable.append(row)
                twin = first.setdefault(hash(image.tobytes()), row)
                if kinds[twin] != kinds[row]:
                    twins.append((row, twin))
            rejected += [(shown(path), reason) for path, reason in refused]
            start += len(chunk)
            progress.advance(len(chunk), f"{len(rejected)} rejected" if rejected else "")
    paths = [shown(path) for path in planned["path"]]
    if twins:
        told = ", ".join(f"{paths[row]} and {paths[twin]}" for row, twin in twins[:3])
        logger.warning("%s: %d pictures are the same as others of another class or split: %s", root, len(twins), told)
    used = planned.assign(path=paths).iloc[usable].reset_index(drop=True)
    return used, pd.DataFrame(rejected, columns=REJECTED_COLUMNS)


def _describe(
    task: str,
    labels: tuple[str, ...],
    table: pd.DataFrame,
    read: int,
    rejected: int,
    beside: Path,
    about: dict[str, Any],
) -> None:
    table.to_csv(beside / "images.csv", index=False)
    counts = {
        split: {
            label: int(((table["split"] == split) & (table["class"] == index)).sum())
            for index, label in enumerate(labels)
        }
        for split in SPLITS
    }
    digest = hashlib.sha256()
    stored = np.load(beside / "images.npy", mmap_mode="r")
    for start in range(0, len(stored), _CHUNK_IMAGES):
        digest.update(np.ascontiguousarray(stored[start : start + _CHUNK_IMAGES]).data)
    digest.update(table.to_csv(index=False).encode())
    digest.update(json.dumps(labels).encode())
    write_json(
        beside / "dataset.json",
        {
            "format": FORMAT,
            "task": task,
            "labels": list(labels),
            "counts": counts,
            "images_read": read,
            "images_rejected": rejected,
            "stored_size": int(stored.shape[1]),
            **about,
            "content_hash": digest.hexdigest(),
            "versions": {name: importlib.metadata.version(name) for name in ("numpy", "pillow")},
        },
    )
    for split in SPLITS:
        logger.info("%s: %s", split, ", ".join(f"{label} {count}" for label, count in counts[split].items()))
