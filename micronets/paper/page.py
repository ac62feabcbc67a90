"""The page with all tables and figures, as one self-contained HTML file, and the same cells as a table."""

import csv
import io
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from micronets.atomic import write_text
from micronets.paper.architectures import architectures_table
from micronets.paper.cells import KINDS, Cell, Table, records
from micronets.paper.charts import channels_chart, latency_chart, pareto_charts, power_chart
from micronets.paper.figures import TASKS, Paper, load_paper
from micronets.paper.four_bit import four_bit_table
from micronets.paper.hardware_tables import channels_table, latency_table, memory_table, power_table
from micronets.paper.here import Here, gather
from micronets.paper.results_table import TITLES, results_table
from micronets.paper.runtimes_table import runtimes_table
from micronets.paper.uptime_table import uptime_table
from micronets.report.charts.chart import VEGA_LITE, Chart, library
from micronets.report.charts.fronts import front_charts
from micronets.report.page import page_environment, script_safe, shown_charts
from micronets.report.provenance import Provenance

logger = logging.getLogger(__name__)

_TEMPLATE = "paper.html.j2"
_FOLDER = Path(__file__).parent
NOT_REPRODUCED = (
    ("Figure 1", "an illustration of memories."),
    ("Figure 3", "latency of single layers on the large board: those of the random networks are in "
     "paper/characterise/*/*_layers.csv, and docs/profiling.md says what their time goes to."),
    ("Figure 9", "the current that a board draws over time: there is no board here."),
    ("Figure 11", "MCUNet for keyword spotting, which the paper shows in a picture alone."),
)  # fmt: skip
"""What of the paper has no counterpart on the page, and why."""


def write_paper(
    directory: Path,
    costs: Iterable[Path],
    tasks: Mapping[str, Mapping[str, Sequence[str]]],
    results: Path,
    released: Mapping[str, Path],
    reasons: Mapping[str, str],
    characterisations: Iterable[Path],
    budgets: Mapping[str, Mapping[str, str]],
) -> None:
    """Writes `paper.html` and `cells.csv` to `directory`; arguments and errors are those of `here.gather`."""
    here = gather(costs, tasks, results, released, reasons, characterisations, budgets)
    paper = load_paper()
    sections = make_sections(paper, here)
    tables = [table for section in sections for table in section["tables"]]
    write_text(directory / "cells.csv", _csv(records(tables)))
    page = render_paper(sections, here, Provenance.gather())
    write_text(directory / "paper.html", page)
    logger.info("%d tables in %s", len(tables), directory / "paper.html")


def make_sections(paper: Paper, here: Here) -> list[dict[str, Any]]:
    """Title, tables and charts of every part of the page."""
    letters = {board.board: board.letter for board in paper.boards}
    found = [
        (here.characterisations[board], letter) for board, letter in letters.items() if board in here.characterisations
    ]
    sections: list[dict[str, Any]] = [
        {
            "name": task,
            "title": TITLES[task],
            "tables": [results_table(paper, here, task), *([uptime_table(paper, here)] if task == "ad" else [])],
            "charts": [*pareto_charts(paper, here, task), *_measured_charts(here, task)],
        }
        for task in TASKS
    ]
    return [
        *sections,
        {"name": "runtimes", "title": "Runtimes", "tables": [runtimes_table(paper, here)], "charts": []},
        {"name": "bits", "title": "Four bits", "tables": [four_bit_table(paper, here)], "charts": []},
        {
            "name": "hardware",
            "title": "Hardware",
            "tables": [
                latency_table(paper, here),
                channels_table(paper, here),
                memory_table(paper, here),
                power_table(paper, here),
            ],
            "charts": [
                *(latency_chart(board, letter) for board, letter in found),
                *(channels_chart(board, letter) for board, letter in found),
                power_chart(paper),
            ],
        },
        {"name": "layers", "title": "Architectures", "tables": [architectures_table(paper, here)], "charts": []},
    ]


def _measured_charts(here: Here, task: str) -> list[Chart]:
    """Scores measured here, on the run's own data; none where nothing was trained."""
    if task not in here.results:
        return []
    source = here.results[task].dataset.source
    charts = front_charts(here.results[task])
    return [replace(chart, title=f"Measured on {source} data: {chart.title}") for chart in charts]


def render_paper(sections: Sequence[Mapping[str, Any]], here: Here, provenance: Provenance) -> str:
    """The page as HTML."""
    shown, specs = [], {}
    for section in sections:
        charts = [(f"{section['name']}-{number}", chart) for number, chart in enumerate(section["charts"])]
        specs.update({name: chart.spec for name, chart in charts})
        tables = [_shown_table(table) for table in section["tables"]]
        shown.append({**section, "tables": tables, "charts": shown_charts(charts)})
    environment = page_environment(_FOLDER)
    return environment.get_template(_TEMPLATE).render(
        sections=shown,
        provenance=provenance.lines(),
        data=[(TITLES[task], here.data(task)) for task in here.results],
        kinds=KINDS,
        not_reproduced=NOT_REPRODUCED,
        specs=script_safe(json.dumps(specs, separators=(",", ":"))),
        library=script_safe(library()) if specs else "",
        vega_lite=VEGA_LITE,
    )


def _shown_table(table: Table) -> dict[str, Any]:
    lacking, different = table.notes()
    return {
        "table": table,
        "rows": [
            {
                "name": row.name,
                "detail": row.detail,
                "lines": [
                    {"origin": line.origin, "cells": [_shown_cell(cell, lacking, different) for cell in line.cells]}
                    for line in row.lines
                ],
            }
            for row in table.rows
        ],
        "lacking": [(mark, note) for note, mark in lacking.items()],
        "different": [(mark, note) for note, mark in different.items()],
    }


def _shown_cell(cell: Cell, lacking: Mapping[str, str], different: Mapping[str, str]) -> dict[str, str]:
    marks = lacking if cell.kind == "missing" else different
    return {"kind": cell.kind, "text": cell.text, "detail": cell.detail, "mark": marks.get(cell.note, "")}


def _csv(rows: Sequence[Mapping[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
