"""The report as one HTML page that needs nothing beside it: table, pictures and where everything came from."""

import base64
import re
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from micronets.report.provenance import Provenance
from micronets.report.records import Model, Results
from micronets.report.table import groups, notes, summary_rows
from micronets.style import Picture
from micronets.tasks import find_task

_TEMPLATE = "page.html.j2"
_CSS_PIXELS_PER_POINT = 96 / 72


@dataclass(frozen=True)
class ModelSection:
    """One model's part of the page."""

    model: Model
    pictures: list[Picture]


def render_page(
    results: Results, provenance: Provenance, trade_offs: list[Picture], sections: list[ModelSection]
) -> str:
    """The whole page as HTML."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(_TEMPLATE).render(
        title=find_task(results.task).title,
        subtitle=_subtitle(results),
        provenance=provenance.lines(results),
        groups=groups(results),
        rows=summary_rows(results),
        notes=notes(results),
        trade_offs=[_embedded(picture) for picture in trade_offs],
        sections=[
            {
                "name": section.model.name,
                "kind": section.model.kind,
                "text": _describe(section.model),
                "pictures": [_embedded(picture) for picture in section.pictures],
            }
            for section in sections
        ],
    )


def _subtitle(results: Results) -> str:
    boards = list(dict.fromkeys(build.board.name for model in results.models for build in model.builds))
    count = len(results.models)
    where = f" on {', '.join(boards)}" if boards else ""
    return f"{count} {'model' if count == 1 else 'models'}{where}, {len(results.dataset.labels)} classes"


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
