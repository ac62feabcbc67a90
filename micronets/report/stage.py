"""The stage report: a table and pictures of everything that was found out about a task's models."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from micronets.atomic import atomic_directory, atomic_file, write_text
from micronets.report.anomalies import areas_picture, scores_picture
from micronets.report.confusion import confusion_picture
from micronets.report.layer_costs import layers_picture
from micronets.report.memory_map import memory_picture
from micronets.report.records import Model
from micronets.report.runtime_pictures import runtime_pictures
from micronets.report.search_pictures import search_pictures
from micronets.report.sources import read_results
from micronets.report.summary import format_summary, summary_table
from micronets.report.trade_offs import trade_off_pictures
from micronets.report.training_pictures import training_picture
from micronets.style import Picture

logger = logging.getLogger(__name__)


def report(
    task: str,
    models: Mapping[str, Sequence[str]],
    results: str | os.PathLike,
    directory: str | os.PathLike,
    groups: Mapping[str, str] = MappingProxyType({}),
) -> pd.DataFrame:
    """Writes `pictures/*.png`, `summary.csv`, and last `summary.txt` into `directory`.

    They depend on the results alone, byte for byte. `page.write_page` makes one page of all tasks.

    Args:
        models: names of the builds (see `runtime.build_name`) by name of the model, both in the order in which they are
            shown.
        results: folder of all outputs.
        groups: of a sweep's models (see `records.Model`), by name.

    Returns:
        The table of `summary.csv`; see `summary_table`.

    Raises:
        MicronetsError: a file that an earlier stage left is damaged, or dataset or architecture are missing. Where
            another stage has not run, its figures are left open.
    """
    directory = Path(directory)
    found = read_results(task, models, Path(results), groups)
    trade_offs = [*trade_off_pictures(found), *runtime_pictures(found)]
    pictures = [picture for model in found.models for picture in _model_pictures(model)]
    table = summary_table(found)
    with atomic_directory(directory / "pictures") as beside:
        for picture in [*trade_offs, *pictures]:
            picture.save(beside)
    with atomic_file(directory / "summary.csv") as beside:
        table.to_csv(beside, index=False, lineterminator="\n")
    write_text(directory / "summary.txt", format_summary(table, found.metric) + "\n")
    logger.info("report of %d models in %s", len(found.models), directory)
    return table


def _model_pictures(model: Model) -> list[Picture]:
    pictures: list[Picture | None] = [
        *search_pictures(model),
        training_picture(model),
        confusion_picture(model),
        areas_picture(model),
        scores_picture(model),
    ]
    for build in model.builds:
        pictures += [memory_picture(model, build), layers_picture(model, build)]
    return [picture for picture in pictures if picture is not None]
