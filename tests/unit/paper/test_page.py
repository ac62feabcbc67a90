"""The page itself, and the job behind its costs."""

import csv
import re
from html import unescape

import pytest

from micronets.boards import find_board
from micronets.errors import DataError
from micronets.paper.costs import NetworkCosts, measure_costs
from micronets.paper.here import gather
from micronets.paper.page import write_paper


@pytest.fixture(scope="module")
def written(paper_files, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    write_paper(folder, **paper_files.arguments)
    return folder


def test_the_page_needs_nothing_else(written):
    page = (written / "paper.html").read_text(encoding="utf-8")
    body = page[: page.rindex("<script>window") if "<script>window" in page else page.index("<script")]
    assert not re.search(r'(src|href)="(?!#|data:|https://arxiv)', body)
    assert body.count("<table") == 11


def test_kinds_differ_by_more_than_colour_and_marks_lead_to_notes(written):
    page = unescape((written / "paper.html").read_text(encoding="utf-8"))
    for style in (".measured { font-weight: 700", ".estimated { font-style: italic"):
        assert style in page
    assert re.search(r'class="paper">\[250\]</span>', page)
    section = page[page.index('id="results-kws"') : page.index('id="results-vww"')]
    for mark in set(re.findall(r"</span><sup>(\w+)</sup>", section)):
        assert f"<li><sup>{mark}</sup> " in section


def test_the_same_cells_are_a_table(written):
    with open(written / "cells.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    (found,) = [
        row
        for row in rows
        if (row["table"], row["row"], row["line"], row["column"])
        == ("results-kws", "DS-CNN-S", "in the paper", "latency on S")
    ]
    assert (found["kind"], found["text"], found["unit"]) == ("paper", "131", "ms")


def test_a_damaged_file_is_named(paper_files, tmp_path):
    path = tmp_path / "broken.json"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match=r"broken\.json is missing or damaged"):
        gather(**{**paper_files.arguments, "costs": [path]})


@pytest.mark.emulator
@pytest.mark.slow
def test_costs_are_measured_and_a_network_that_is_too_large_is_a_result(tmp_path):
    found = measure_costs("fc-ae", find_board("nucleo-f446re"), tmp_path / "costs.json")
    assert found.built is not None and found.built.latency_ms is not None
    # 264,192 weights of a byte each; two maps of 640 and 128 bytes
    assert 264_192 < found.built.network_flash_bytes < found.built.program_flash_bytes < 300_000
    assert found.built.network_ram_bytes >= 768 and (found.macs, found.weights) == (264_192, 264_192)
    assert found == NetworkCosts.from_json(found.to_json())
    small = measure_costs("fc-ae", find_board("frdm-kl25z"), tmp_path / "small.json")
    assert small.built is None and "264,192 bytes of flash of 131,072" in small.refusal
