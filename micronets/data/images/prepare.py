"""The data stage for images: from COCO's layout to a prepared dataset."""

import hashlib
import importlib.metadata
import json
import logging
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from micronets.atomic import atomic_directory, write_json
from micronets.data.dataset import SPLITS
from micronets.data.images.coco import PARTS, find_year, read_images
from micronets.data.images.dataset import FORMAT
from micronets.data.images.decode import decode_all
from micronets.data.images.options import ImageOptions
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
    task: str, labels: tuple[str, ...], options: ImageOptions, directory: Path, seed: int, processes: int
) -> None:
    """Makes the prepared dataset `directory`, whole or not at all.

    The same images, options and seed give the same files, whatever the number of processes.

    Args:
        labels: of images without and with a person.
        seed: of generated images, and of the cut between training and validation.

    Raises:
        DataError: no images, or more unusable ones than `options.rejected_percent`; `directory` then holds the list of
            them, rejected.csv, and nothing else.
    """
    for leftover in directory.parent.glob(f".{directory.name}.*.partial"):  # of a run that was killed
        shutil.rmtree(leftover)
    failure = None
    with atomic_directory(directory) as beside:
        root, provenance = find_source(options, directory, beside, seed, processes)
        planned = plan_splits(root, options, seed)
        used, rejected = _store(root, planned, beside, processes)
        rejected.to_csv(beside / "rejected.csv", index=False)
        failure = judge(root, rejected, len(planned), "images", options.rejected_percent)
        if failure is None:
            _describe(task, labels, used, len(planned), len(rejected), beside, seed, options, provenance)
        else:
            for file in beside.glob("images.*"):
                file.unlink()
    if failure is not None:
        raise DataError(f"{failure}; see {directory / 'rejected.csv'}")
    logger.info("prepared dataset %s is complete", directory)


def plan_splits(root: Path, options: ImageOptions, seed: int) -> pd.DataFrame:
    """Every image with its split, sorted by split and path: testing is COCO's val, or the ids of `options.minival`;
    validation a share of what is left, each class by itself.

    Raises DataError where a split has no image of a class.
    """
    year = find_year(root)
    parts = [read_images(root, year, part, options.person_area_percent) for part in PARTS]
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
    for person in (False, True):
        left = np.flatnonzero(~held_out & (images["person"] == person).to_numpy())
        count = round(len(left) * options.validation_percent / 100)
        splits[generator.permutation(left)[:count]] = "validation"
    images = images.assign(split=splits)
    for split in SPLITS:
        for person in (False, True):
            if not ((images["split"] == split) & (images["person"] == person)).any():
                what = "with a person" if person else "without a person"
                raise DataError(f"{root} has no images {what} for {split}; check its annotations and data.minival")
    return images.sort_values(["split", "path"], key=_split_order).reset_index(drop=True)


def _split_order(column: pd.Series) -> pd.Series:
    return column.map(SPLITS.index) if column.name == "split" else column


def _read_ids(path: Path) -> set[int]:
    try:
        return {int(line) for line in path.read_text(encoding="utf-8").split()}
    except (OSError, ValueError) as error:
        raise DataError(f"data.minival: {path} is no list of image ids ({error}); give a file of numbers") from None


def decoded(root: Path, paths: list[str], size: int, processes: int) -> Iterator[tuple]:
    """`decode_all` in chunks over several processes, in order: the chunk's paths and what became of them."""
    for chunk, result in in_chunks(partial(decode_all, root, size=size), paths, _CHUNK_IMAGES, processes):
        yield chunk, *result


def _store(root: Path, planned: pd.DataFrame, beside: Path, processes: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Writes images.npy; returns the rows that are in it, and the rejected files."""
    progress = Progress(logger, "images", len(planned))
    usable, rejected, start = [], [], 0
    with ArrayWriter(beside / "images.npy", (STORED_SIZE, STORED_SIZE, 3), np.uint8) as writer:
        for chunk, images, kept, refused in decoded(root, planned["path"].tolist(), STORED_SIZE, processes):
            writer.append(images)
            usable += [start + place for place in kept]
            rejected += refused
            start += len(chunk)
            progress.advance(len(chunk), f"{len(rejected)} rejected" if rejected else "")
    return planned.iloc[usable].reset_index(drop=True), pd.DataFrame(rejected, columns=REJECTED_COLUMNS)


def _describe(
    task: str,
    labels: tuple[str, ...],
    used: pd.DataFrame,
    read: int,
    rejected: int,
    beside: Path,
    seed: int,
    options: ImageOptions,
    provenance: dict[str, Any],
) -> None:
    table = used.assign(**{"class": used["person"].astype(int)}).drop(columns="person")
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
            "stored_size": STORED_SIZE,
            "person_area_percent": options.person_area_percent,
            "seed": seed,
            "source": provenance,
            "content_hash": digest.hexdigest(),
            "versions": {name: importlib.metadata.version(name) for name in ("numpy", "pillow")},
        },
    )
    for split in SPLITS:
        logger.info("%s: %s", split, ", ".join(f"{label} {count}" for label, count in counts[split].items()))
