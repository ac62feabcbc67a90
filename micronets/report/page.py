"""All tasks and models as one HTML page that needs nothing beside it: tables, charts and where everything came from."""

import base64
import json
import logging
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from micronets.atomic import write_text
from micronets.report.anomalies import areas_picture, scores_picture
from micronets.report.charts.chart import VEGA_LITE, Chart, library
from micronets.report.charts.fronts import front_charts
from micronets.report.charts.histories import search_charts, training_charts
from micronets.report.charts.layers import layers_chart
from micronets.report.charts.memory import memory_charts
from micronets.report.charts.seeds import seed_charts
from micronets.report.confusion import confusion_picture
from micronets.report.provenance import Provenance, data_lines
from micronets.report.records import Model, Results
from micronets.report.runtime_pictures import runtime_pictures
from micronets.report.search_pictures import widths_picture
from micronets.report.seeds import FIGURES, seed_rows
from micronets.report.sources import read_results
from micronets.report.table import notes, tables
from micronets.style import Picture
from micronets.tasks import find_task

logger = logging.getLogger(__name__)

_TEMPLATE = "page.html.j2"
_CSS_PIXELS_PER_POINT = 96 / 72

Tasks = Mapping[str, Mapping[str, Sequence[str]]]
"""Names of the builds by name of the model, by task, all in the order in which they are shown."""


def write_page(
    tasks: Tasks,
    results: str | os.PathLike,
    path: str | os.PathLike,
    groups: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> None:
    """Writes the page, which needs no other file and no network.

    Args:
        results: folder of all outputs.
        groups: of a sweep's models (see `records.Model`), by task and name.

    Raises:
        MicronetsError: as `report`.
    """
    found = [read_results(task, models, Path(results), groups.get(task, {})) for task, models in tasks.items()]
    page = render_page(found, Provenance.gather())
    write_text(Path(path), page)
    logger.info("page of %d tasks in %s, %.1f MB", len(found), path, len(page.encode()) / 1e6)


def render_page(found: Sequence[Results], provenance: Provenance) -> str:
    """The whole page as HTML."""
    sections = [_section(results) for results in found]
    charts = [chart for section in sections for chart in section.pop("charts")]
    page = (
        page_environment()
        .get_template(_TEMPLATE)
        .render(
            provenance=provenance.lines(),
            subtitle=_subtitle(found),
            sections=sections,
            specs=script_safe(json.dumps({name: chart.spec for name, chart in charts}, separators=(",", ":"))),
            library=script_safe(library()) if charts else "",
            vega_lite=VEGA_LITE,
            seed_figures=FIGURES,
            size="{size}",
        )
    )
    return page.replace("{size}", f"{len(page.encode()) / 1e6:.1f} MB", 1)


def page_environment(*folders: Path) -> Environment:
    """The templates of this package, and of other folders."""
    return Environment(
        loader=FileSystemLoader([*folders, Path(__file__).parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _section(results: Results) -> dict[str, Any]:
    """One task's part of the page; `charts` are (name, chart) of all of them."""
    task = results.task
    fronts = _named(f"{task}-fronts", front_charts(results))
    seeds = _named(f"{task}-seeds", seed_charts(results))
    models, charts = [], [*fronts, *seeds]
    for model in results.models:
        own = _named(f"{task}-{model.name}", _model_charts(model))
        charts += own
        models.append(
            {
                "name": model.name,
                "kind": model.kind,
                "text": _describe(model),
                "charts": shown_charts(own),
                "pictures": [_embedded(picture) for picture in _model_pictures(model)],
            }
        )
    return {
        "task": task,
        "title": find_task(task).title,
        "facts": data_lines(results),
        "tables": tables(results),
        "seeds": seed_rows(results),
        "metric": results.metric_name,
        "notes": notes(results),
        "fronts": shown_charts(fronts),
        "seed_charts": shown_charts(seeds),
        "pictures": [_embedded(picture) for picture in runtime_pictures(results)],
        "models": models,
        "charts": charts,
    }


def _model_charts(model: Model) -> list[Chart]:
    charts: list[Chart | None] = []
    for build in model.builds:
        charts += [layers_chart(model, build), *memory_charts(model, build)]
    charts += [*training_charts(model), *search_charts(model)]
    return [chart for chart in charts if chart is not None]


def _model_pictures(model: Model) -> list[Picture]:
    pictures = [
        confusion_picture(model),
        areas_picture(model),
        scores_picture(model),
        widths_picture(model),
    ]
    return [picture for picture in pictures if picture is not None]


def _named(prefix: str, charts: Iterable[Chart]) -> list[tuple[str, Chart]]:
    return [(f"{prefix}-{number}", chart) for number, chart in enumerate(charts)]


def shown_charts(charts: Iterable[tuple[str, Chart]]) -> list[dict[str, Any]]:
    """What a template's macro `chart` needs of named charts."""
    return [
        {
            "id": name,
            "title": chart.title,
            "caption": chart.caption,
            "alternative": chart.alternative,
            "height": chart.spec["height"],
            "wide": chart.wide,
            "small": chart.small,
        }
        for name, chart in charts
    ]


def script_safe(text: str) -> str:
    """What may stand in a script element: nothing in it ends the element."""
    return text.replace("</script", "<\\/script").replace("<!--", "<\\u0021--")


def _subtitle(found: Sequence[Results]) -> str:
    count = sum(len(results.models) for results in found)
    boards = dict.fromkeys(build.board.name for r in found for model in r.models for build in model.builds)
    tasks = "one task" if len(found) == 1 else f"{len(found)} tasks"
    where = f" on {', '.join(boards)}" if boards else ""
    return f"{count} {'model' if count == 1 else 'models'} of {tasks}{where}"


def _describe(model: Model) -> str:
    costs = model.costs
    if model.architecture is None or costs is None:
        return "A .tflite file that has been trained elsewhere."
    return (
        f"{len(model.architecture.layers)} layers, {costs.weights:,} weights, {costs.macs:,} multiply-accumulates "
        f"({costs.ops / 1e6:.2f} Mops; {costs.paper_ops / 1e6:.2f} Mops as the paper counts)."
    )


def _embedded(picture: Picture) -> dict[str, str | int]:
    """As an image of its own, so that names inside two SVGs cannot clash."""
    return {
        "title": picture.title,
        "caption": picture.caption,
        "alternative": picture.alternative,
        "base64": base64.b64encode(picture.svg.encode()).decode("ascii"),
        "width": _width_pixels(picture.svg),
    }


def _width_pixels(svg: str) -> int:
    width = re.search(r'<svg[^>]*\bwidth="([\d.]+)pt"', svg)
    assert width is not None, "matplotlib states the width of every picture in points"
    return round(float(width[1]) * _CSS_PIXELS_PER_POINT)
