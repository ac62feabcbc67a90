"""The data stage for recordings of one shape: from files with labels to a prepared dataset."""

import hashlib
import importlib.metadata
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from micronets.architecture import Shape
from micronets.atomic import atomic_directory, write_json
from micronets.data.arrays.dataset import FORMAT
from micronets.data.arrays.options import FolderOptions
from micronets.data.dataset import SPLITS
from micronets.data.parallel import in_chunks
from micronets.data.rejected import REJECTED_COLUMNS, judge
from micronets.data.store import ArrayWriter
from micronets.errors import DataError
from micronets.progress import Progress

logger = logging.getLogger(__name__)

Reader = Callable[[Path], np.ndarray]

_CHUNK_RECORDINGS = 256


@dataclass(frozen=True)
class Recording:
    """One file and what is known of it.

    Attributes:
        path: relative to the folder of all recordings.
        label: name of its class.
        group: what it shares with others, such as the person: no group is in two splits, or a network could score by
            knowing people.
    """

    path: str
    label: str
    group: str


def prepare_arrays(
    task: str,
    options: FolderOptions,
    recordings: Sequence[Recording],
    read: Reader,
    shape: Shape,
    directory: Path,
    seed: int,
    processes: int,
) -> None:
    """Makes the prepared dataset `directory`, whole or not at all; `ArrayDataset` opens it.

    The same recordings and seed give the same files, whatever the number of processes.

    Args:
        recordings: all that are in the folder `options.path`.
        read: makes the example, of `shape`, from a file; raises ValueError or OSError where the file cannot be used.
            Importable, since other processes call it.
        seed: of the draw of groups for validation and testing.

    Raises:
        DataError: a split has no usable recording of a class, or too many recordings are unusable; `directory` then
            holds the list of them, rejected.csv, and nothing else.
    """
    failure, root = None, Path(options.path)
    with atomic_directory(directory) as beside:
        planned = _planned(recordings, options, seed)
        usable, rejected, digest = _store(root, planned, read, shape, beside / "examples.npy", processes)
        rejected.to_csv(beside / "rejected.csv", index=False)
        failure = judge(root, rejected, len(planned), "recordings", options.rejected_percent)
        if failure is None:
            _describe(task, options, usable, len(rejected), digest, seed, beside)
        else:
            (beside / "examples.npy").unlink()
    if failure is not None:
        raise DataError(f"{failure}; see {directory / 'rejected.csv'}")
    logger.info("prepared dataset %s is complete", directory)


def split_by_group(groups: Sequence[str], validation_percent: float, testing_percent: float, seed: int) -> list[str]:
    """The split of every recording: whole groups, drawn at random, until each split has its share.

    Args:
        groups: of each recording.

    Raises DataError where there are too few groups.
    """
    sizes = pd.Series(groups).value_counts().sort_index()
    drawn = np.random.default_rng([seed, 0x6709]).permutation(sizes.index.to_numpy(object))
    split_of, left = {}, list(drawn)
    for split, percent in (("testing", testing_percent), ("validation", validation_percent)):
        held = 0
        while left and 100 * held < percent * len(groups):
            group = left.pop()
            split_of[group] = split
            held += sizes[group]
    if not left:
        raise DataError(
            f"the recordings are of {len(sizes)} groups, which leaves none to train on beside {validation_percent:g} % "
            f"for validation and {testing_percent:g} % for testing; record more people, machines or whatever they share"
        )
    return [split_of.get(group, "training") for group in groups]


def _planned(recordings: Sequence[Recording], options: FolderOptions, seed: int) -> pd.DataFrame:
    """All recordings with their class and split, sorted by split and path."""
    root, labels = options.path, options.labels
    if not recordings:
        raise DataError(f"{root} holds no recordings; check data.path")
    table = pd.DataFrame([asdict(recording) for recording in recordings])
    for label in table["label"].unique():
        if label not in labels:
            raise DataError(f"{root} has recordings of {label!r}, which is none of data.labels, {', '.join(labels)}")
    table["class"] = table["label"].map(labels.index)
    table["split"] = split_by_group(table["group"].tolist(), options.validation_percent, options.testing_percent, seed)
    order = table["split"].map(SPLITS.index)
    return table.assign(order=order).sort_values(["order", "path"]).drop(columns="order").reset_index(drop=True)


def _read_all(
    paths: Sequence[str], root: Path, read: Reader, shape: Shape
) -> tuple[np.ndarray, list[int], list[tuple[str, str]]]:
    """Examples float32 (usable, *shape), the places of the usable paths, and (path, reason) of the others."""
    examples, usable, rejected = [], [], []
    for index, path in enumerate(paths):
        try:
            example = np.asarray(read(root / path), np.float32)
            if example.shape != tuple(shape):
                raise ValueError(f"gives values of shape {example.shape}, not {tuple(shape)}")
            if not np.isfinite(example).all():
                raise ValueError("has values that are no numbers")
        except (ValueError, OSError) as error:
            rejected.append((path, " ".join(str(error).split())))
            continue
        examples.append(example)
        usable.append(index)
    return np.array(examples, np.float32).reshape(-1, *shape), usable, rejected


def _store(
    root: Path, planned: pd.DataFrame, read: Reader, shape: Shape, path: Path, processes: int
) -> tuple[pd.DataFrame, pd.DataFrame, "hashlib._Hash"]:
    """Writes the examples; returns the rows that are in them, the rejected files, and a digest of the examples."""
    progress, digest = Progress(logger, "recordings", len(planned)), hashlib.sha256()
    usable, rejected, start = [], [], 0
    work = partial(_read_all, root=root, read=read, shape=shape)
    with ArrayWriter(path, tuple(shape), np.float32) as writer:
        for chunk, (examples, kept, refused) in in_chunks(work, planned["path"].tolist(), _CHUNK_RECORDINGS, processes):
            writer.append(examples)
            digest.update(examples.tobytes())
            usable += [start + place for place in kept]
            rejected += refused
            start += len(chunk)
            progress.advance(len(chunk), f"{len(rejected)} rejected" if rejected else "")
    return planned.iloc[usable].reset_index(drop=True), pd.DataFrame(rejected, columns=REJECTED_COLUMNS), digest


def _describe(
    task: str,
    options: FolderOptions,
    table: pd.DataFrame,
    rejected: int,
    digest: "hashlib._Hash",
    seed: int,
    beside: Path,
) -> None:
    root, labels = options.path, options.labels
    counts = {
        split: {label: int(((table["split"] == split) & (table["label"] == label)).sum()) for label in labels}
        for split in SPLITS
    }
    for split in SPLITS:
        missing = [label for label in labels if not counts[split][label]]
        if missing:
            raise DataError(
                f"{root} has no usable recordings of {missing[0]!r} for {split}; record more, or set another seed"
            )
        logger.info("%s: %s", split, ", ".join(f"{label} {count}" for label, count in counts[split].items()))
    table.to_csv(beside / "examples.csv", index=False)
    digest.update(table.to_csv(index=False).encode())
    digest.update(json.dumps(labels).encode())
    write_json(
        beside / "dataset.json",
        {
            "format": FORMAT,
            "task": task,
            "labels": list(labels),
            "counts": counts,
            "recordings_read": len(table) + rejected,
            "recordings_rejected": rejected,
            "seed": seed,
            "source": {"kind": "folder", "folder": root},
            "content_hash": digest.hexdigest(),
            "versions": {name: importlib.metadata.version(name) for name in ("numpy", "pandas")},
        },
    )
