"""Reads the layout of COCO: annotations/instances_{train,val}{year}.json beside the folders of images.

A person is seen where one person's box covers at least a given share of the image (Chowdhery et al., "Visual Wake
Words Dataset", arXiv 1906.05721: 0.5 %). A box around a crowd counts like any other: their text knows boxes only.
The two published scripts (build_visualwakewords_data_lib.py in TensorFlow's slim, create_visualwakewords_annotations.py
of pyvww) treat crowds alike, too, but compare COCO's `area`, that of the outline and less than the box's, so that they
find a few people fewer.
"""

import json
import logging
from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from micronets.errors import DataError
from micronets.schema import closest

logger = logging.getLogger(__name__)

PERSON = "person"
YEARS = ("2017", "2014")
PARTS = ("train", "val")
MOST_PERCENT = 110
"""Of an image that a box may cover: some reach a little beyond its edge."""


def find_year(root: Path) -> str:
    """The year of the annotations under `root`; raises DataError where they are missing or of both years."""
    found = [year for year in YEARS if all(_annotations(root, part, year).is_file() for part in PARTS)]
    if len(found) == 1:
        return found[0]
    what = "annotations of 2014 and of 2017; keep one of them" if found else (
        "no annotations/instances_train2017.json and instances_val2017.json, nor those of 2014"
    )  # fmt: skip
    raise DataError(
        f"{root} has {what}; set data.path to a folder in COCO's layout, or for a folder of pictures of each class "
        "data.source to folders"
    )


def read_images(root: Path, year: str, part: str, area_percent: float, category: str = PERSON) -> pd.DataFrame:
    """All images of a part, `train` or `val`, sorted by id; one that is listed twice counts once.

    Args:
        area_percent: least share of the image that one box of the category covers where it is seen.

    Returns:
        Columns path (relative to `root`, with `/`), id, and {category}_percent: the largest box of a person, or
        whatever the category is, 0 where there is none; and seen: whether one is seen.

    Raises:
        DataError: the annotations are damaged, or lack the category.
    """
    path = _annotations(root, part, year)
    try:
        content = json.loads(path.read_bytes(), object_hook=_without_outline)
        names = {entry["id"]: entry["name"] for entry in content["categories"]}
        wanted = {identity for identity, name in names.items() if name == category}
        sizes = {entry["id"]: entry["width"] * entry["height"] for entry in content["images"]}
        largest: dict[int, float] = defaultdict(float)
        for annotation in content["annotations"]:
            if annotation["category_id"] in wanted:
                image = annotation["image_id"]
                if not sizes.get(image):
                    what = "has no size" if image in sizes else "is not among its images"
                    raise DataError(f"{path}: annotation {annotation.get('id', '')} is of image {image}, which {what}")
                share = _percent(annotation, sizes)
                if not 0 <= share <= MOST_PERCENT or min(annotation["bbox"][2:]) < 0:
                    box = f"a box of {annotation['bbox']}"
                    raise DataError(f"{path}: annotation {annotation.get('id', '')} has {box}, which no image can hold")
                largest[image] = max(largest[image], share)
        rows = [
            (_place(path, f"{part}{year}", entry["file_name"]), int(entry["id"]), largest[entry["id"]])
            for entry in sorted(content["images"], key=lambda entry: entry["id"])
        ]
    except RecursionError:
        raise DataError(f"{path} is nested too deeply; fetch the annotations anew") from None
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError, OverflowError) as error:
        raise DataError(f"{path} is damaged ({error!r}); fetch the annotations anew") from None
    if not wanted:
        raise DataError(f"{path} has no category {category!r}; {closest(category, names.values())}")
    column = f"{category}_percent"
    table = pd.DataFrame(rows, columns=["path", "id", column])
    table[column] = table.groupby("path")[column].transform("max")
    twice = table["path"].duplicated()
    if twice.any():
        logger.warning("%s lists %d images twice, such as %s", path, twice.sum(), table["path"][twice].iloc[0])
        table = table[~twice].reset_index(drop=True)
    return table.assign(seen=(table[column] >= area_percent) & (table[column] > 0))


def _place(annotations: Path, folder: str, name: str) -> str:
    """The path of an image, which some lists give with its folder."""
    parts = PurePosixPath(name).parts
    if PurePosixPath(name).is_absolute() or ".." in parts:
        raise DataError(f"{annotations}: the image {name} must be named by its place in {folder}")
    return name if parts[0] == folder else f"{folder}/{name}"


def _annotations(root: Path, part: str, year: str) -> Path:
    return root / "annotations" / f"instances_{part}{year}.json"


def _without_outline(entry: dict[str, Any]) -> dict[str, Any]:
    """While a file is read: outlines are nine tenths of its numbers."""
    entry.pop("segmentation", None)
    return entry


def _percent(annotation: dict[str, Any], sizes: dict[int, int]) -> float:
    _, _, width, height = annotation["bbox"]
    return 100 * width * height / sizes[annotation["image_id"]]
