"""A look at a folder of pictures, for a network that reads them at one size."""

import logging
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from micronets.data.images.decode import decode_all, size_of
from micronets.data.images.folders import check_splits, find_pictures
from micronets.data.images.options import ImageOptions, PictureOptions
from micronets.data.images.prepare import image_labels, plan_splits
from micronets.proposal.commented_yaml import Line
from micronets.proposal.look import Look, batch_size, counted, epochs, heard, path_lines, some, spread, unusable

_LOOKED_AT = 500
_WANTED_EXAMPLES = 30_000
_ANNOTATIONS = "annotations"
_SEED = 1


def look_at_wake_words(root: Path, category: str) -> Look:
    """Folders of pictures, or COCO's layout where there are annotations; see `propose`."""
    if (root / _ANNOTATIONS).is_dir():
        options = ImageOptions(source="folder", path=str(root), category=category)
        with heard(logging.INFO) as said:
            labels, planned = image_labels(options), plan_splits(root, options, _SEED)
        what = Line("category", category, "of COCO's 80: what is looked for")
        return _look(root, "folder", labels, planned, said, (what,), _WAKE_WORDS, 50)
    return _look_at_folders(root, _WAKE_WORDS, 50)


def look_at_classes(root: Path) -> Look:
    """See `propose`."""
    return _look_at_folders(root, _CLASSES, PictureOptions().size)


_WAKE_WORDS = Line("micronet-vww-2", {}, "reads 50 x 50 pixels, grey; person-detection and others read more")
_CLASSES = Line("resnet-8", {}, "reads 32 x 32 pixels in colour, as does mobilenet-v1-025-32")


def _look_at_folders(root: Path, model: Line, size: int) -> Look:
    defaults = PictureOptions()
    with heard(logging.INFO) as said:
        labels, planned = find_pictures(root, (), defaults.validation_percent, defaults.testing_percent, _SEED)
    classes = Line("classes", list(labels), "folders, in the order of the outputs; some of them will do")
    return _look(root, "folders", labels, planned, said, (classes,), model, size)


def _range(counts: Iterable[int]) -> str:
    least, *_, most = sorted({*counts}) * 2
    return str(least) if least == most else f"{least:,} to {most:,}"


def _look(
    root: Path,
    source: str,
    labels: tuple[str, ...],
    planned: pd.DataFrame,
    said: list[str],
    chosen: tuple[Line, ...],
    model: Line,
    size: int,
) -> Look:
    paths = spread(planned["path"].tolist(), _LOOKED_AT)
    _, usable, rejected = decode_all(root, paths, size)
    sizes = [size_of(root / paths[place]) for place in usable]
    left = planned[~planned["path"].isin({path for path, _ in rejected})]
    counts = {label: int((planned["class"] == index).sum()) for index, label in enumerate(labels)}
    lines = [
        f"{len(labels)} classes, {len(planned):,} pictures: {counted(counts)}",
        f"in the splits: {counted(planned['split'].value_counts(sort=False).to_dict())}",
    ]
    if sizes:
        columns, rows = (_range(side) for side in zip(*sizes, strict=True))
        lines.append(f"{some(len(paths), len(planned))} {columns} columns by {rows} rows")
        small = sum(min(each) < size for each in sizes)
        if small:
            lines.append(f"{small} of {len(sizes)} are smaller than the {size} pixels that are read, and are enlarged")
    lines += [*unusable(rejected, len(paths), "pictures"), *said]
    check_splits(root, labels, left)
    training = int((left["split"] == "training").sum())
    return Look(
        tuple(lines),
        (model,),
        (*path_lines(source, root, len(rejected), len(paths)), *chosen),
        epochs(training, _WANTED_EXAMPLES, batch_size(training), "pictures"),
    )
