"""Pictures in a folder for each class, and these in folders for splits or not: `[{train,val,test}/]<class>/*.jpg`."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from micronets.data.dataset import SPLITS
from micronets.data.files import check_case, files_below, files_beside, folders_in
from micronets.errors import DataError
from micronets.schema import closest

logger = logging.getLogger(__name__)

PICTURES = frozenset(
    ".jpg .jpeg .jpe .png .bmp .gif .tif .tiff .webp .ppm .pgm .pbm .jp2 .avif "  # that Pillow reads
    ".heic .heif .raw .dng .cr2 .nef".split()  # and pictures that the user must be told of
)
_SPLIT_FOLDERS = {
    "train": "training",
    "training": "training",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "testing",
    "testing": "testing",
}


def find_labels(root: Path, classes: tuple[str, ...]) -> tuple[str, ...]:
    """The classes in a folder: those asked for, or all in alphabetical order.

    Raises DataError where there is no such folder or class, or there are fewer than two of them.
    """
    if not root.is_dir():
        raise DataError(f"there is no folder {root}; set data.path to one with a folder of pictures for each class")
    known = sorted({name for folder in _split_folders(root).values() for name in folders_in(folder)})
    for name in classes:
        if name not in known:
            remedy = closest(name, known) if known else "every class needs a folder of pictures"
            raise DataError(f"{root} has no folder {name}; {remedy}")
    labels = classes or tuple(known)
    check_case(root, labels)
    if len(labels) < 2:
        found = f"the class {labels[0]} alone" if labels else "no folders of pictures"
        deeper = (
            [name for name in labels if len(folders_in(root / name)) > 1] if (root / "".join(labels)).is_dir() else []
        )
        hint = f"; is {root / deeper[0]} data.path?" if deeper else ""
        raise DataError(f"{root} has {found}; a network learns to tell two or more folders apart{hint}")
    return labels


def find_pictures(
    root: Path, classes: tuple[str, ...], validation_percent: float, testing_percent: float, seed: int
) -> tuple[tuple[str, ...], pd.DataFrame]:
    """Every picture of the classes.

    A split without a folder of its own gets a share of the training pictures, of each class by itself.

    Returns:
        The labels, and a table sorted by split and path: path (relative, with `/`), split, class (index of the label).

    Raises:
        DataError: see `find_labels`; or a class has no pictures in a split.
    """
    labels = find_labels(root, classes)
    rows = []
    folders = _split_folders(root)
    for split, folder in folders.items():
        for index, label in enumerate(labels):
            place = folder / label
            paths = [(place / file).relative_to(root).as_posix() for file in files_below(place, PICTURES)]
            rows += [(path, split, index) for path in paths]
    whole = root in folders.values()
    inside = folders_in(root) if whole else {folder.name for folder in folders.values()}
    loose = files_beside(root, inside, PICTURES)
    if loose:
        where = ", ".join(f"{count} in {name}" if name else f"{count} right in it" for name, count in loose.items())
        logger.warning("%s: pictures outside of the classes' folders are left out: %s", root, where)
    table = pd.DataFrame(rows, columns=["path", "split", "class"], dtype=object)
    shares = {"validation": validation_percent, "testing": testing_percent}
    drawn = {split: share for split, share in shares.items() if split not in folders and share > 0}
    splits = table["split"].to_numpy(object).copy()
    for index in range(len(labels)):
        of_class = np.flatnonzero((table["split"] == "training") & (table["class"] == index))
        order, count = np.random.default_rng([seed, 0xF01D, index]).permutation(of_class), len(of_class)
        for split, share in drawn.items():
            chosen = max(1, round(count * share / 100))
            splits[order[:chosen]] = split
            order = order[chosen:]
    table["split"] = splits
    how = ", ".join(f"{share:g} % for {split}" for split, share in drawn.items())
    logger.info(
        "split by %s%s", "folders" if len(folders) > 1 else "class", f"; of the training pictures {how}" * bool(how)
    )
    check_splits(root, labels, table)
    return labels, in_order(table)


def check_splits(root: Path, labels: tuple[str, ...], table: pd.DataFrame) -> None:
    """Raises DataError, with the counts, where a class has no pictures in a split."""
    for index, label in enumerate(labels):
        of_class = table[table["class"] == index]
        counts = {split: int((of_class["split"] == split).sum()) for split in SPLITS}
        empty = [split for split, count in counts.items() if not count]
        if empty:
            told = ", ".join(f"{split} {count}" for split, count in counts.items())
            raise DataError(
                f"{root} has no pictures of {label} for {' and '.join(empty)} ({told}); add some, change "
                "data.{validation,testing}_percent, or leave the class out of data.classes"
            )


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Sorted by split and path."""
    keys = [(SPLITS.index(split), path) for split, path in zip(table["split"], table["path"], strict=True)]
    return table.iloc[sorted(range(len(keys)), key=keys.__getitem__)].reset_index(drop=True)


def _split_folders(root: Path) -> dict[str, Path]:
    """The folder of every split that has one; where none has, the whole is for training."""
    found: dict[str, Path] = {}
    for name, path in folders_in(root).items():
        split = _SPLIT_FOLDERS.get(name.lower())
        if split in found:
            raise DataError(
                f"{root} has the folders {found[split].name} and {name}, both for {split}; put them together"
            )
        if split is not None:
            found[split] = path
    return found or {"training": root}
