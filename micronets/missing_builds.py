"""Whether a table is of everything that was to be in it."""

import csv
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from micronets.runtime import build_name
from micronets.stage_file import reading


def missing_builds(table: str | os.PathLike, builds: Mapping[str, Iterable[str]]) -> list[str]:
    """Which of the builds, as `model on board`, have no row in a summary.csv.

    Args:
        builds: names of the builds (see `runtime.build_name`) by name of the model.

    Raises DataError where the table cannot be read.
    """
    with reading(Path(table)), open(Path(table), encoding="utf-8", newline="") as stream:
        found = {(row["model"], build_name(row["board"], row["runtime"])) for row in csv.DictReader(stream)}
    return [f"{model} on {name}" for model, names in builds.items() for name in names if (model, name) not in found]
