"""Reads the layout of COCO: annotations/instances_{train,val}{year}.json beside the folders of images.

A person is seen where one person's box covers at least a given share of the image (Chowdhery et al., "Visual Wake
Words Dataset", arXiv 1906.05721: 0.5 %). A box around a crowd counts like any other: their text knows boxes only.
The two published scripts (build_visualwakewords_data_lib.py in TensorFlow's slim, create_visualwakewords_annotations.py
of pyvww) treat crowds alike, too, but compare COCO's `area`, that of the outline and less than the box's, so that they
find a few people fewer.
"""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pandas as pd

from micronets.errors import DataError

PERSON = "person"
YEARS = ("2017", "2014")
PARTS = ("train", "val")


def find_year(root: Path) -> str:
    """The year of the annotations under `root`; raises DataError where they are missing or of both years."""
    found = [year for year in YEARS if all(_annotations(root, part, year).is_file() for part in PARTS)]
    if len(found) == 1:
        return found[0]
    what = "annotations of 2014 and of 2017; keep one of them" if found else (
        "no annotations/instances_train2017.json and instances_val2017.json, nor those of 2014"
    )  # fmt: skip
    raise DataError(f"{root} has {what}; set data.path to a folder in COCO's layout")


def read_images(root: Path, year: str, part: str, person_area_percent: float) -> pd.DataFrame:
    """All images of a part, `train` or `val`, sorted by id.

    Args:
        person_area_percent: least share of the image that one person's box covers where a person is seen.

    Returns:
        Columns path (relative to `root`, with `/`), id, and person_percent: the largest box of a person, 0 where there
        is none; and person: whether one is seen.

    Raises:
        DataError: the annotations are damaged.
    """
    path = _annotations(root, part, year)
    try:
        content = json.loads(path.read_bytes(), object_hook=_without_outline)
        people = {entry["id"] for entry in content["categories"] if entry["name"] == PERSON}
        sizes = {entry["id"]: entry["width"] * entry["height"] for entry in content["images"]}
        largest: dict[int, float] = defaultdict(float)
        for annotation in content["annotations"]:
            if annotation["category_id"] in people:
                image, share = annotation["image_id"], _percent(annotation, sizes)
                largest[image] = max(largest[image], share)
        rows = [
            (f"{part}{year}/{entry['file_name']}", int(entry["id"]), largest[entry["id"]])
            for entry in sorted(content["images"], key=lambda entry: entry["id"])
        ]
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError) as error:
        raise DataError(f"{path} is damaged ({error!r}); fetch the annotations anew") from None
    if not people:
        raise DataError(f"{path} has no category {PERSON!r}, so nothing can be learnt from it")
    table = pd.DataFrame(rows, columns=["path", "id", "person_percent"])
    large = table["person_percent"] >= person_area_percent
    return table.assign(person=large & (table["person_percent"] > 0))


def _annotations(root: Path, part: str, year: str) -> Path:
    return root / "annotations" / f"instances_{part}{year}.json"


def _without_outline(entry: dict[str, Any]) -> dict[str, Any]:
    """While a file is read: outlines are nine tenths of its numbers."""
    entry.pop("segmentation", None)
    return entry


def _percent(annotation: dict[str, Any], sizes: dict[int, int]) -> float:
    _, _, width, height = annotation["bbox"]
    return 100 * width * height / sizes[annotation["image_id"]]
