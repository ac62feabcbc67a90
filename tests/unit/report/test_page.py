import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import vl_convert

from micronets.report.page import write_page
from tests.unit.report.conftest import MODELS

BOARD = "nucleo-f446re"


class Page(HTMLParser):
    """The page's tables as rows of cells, what it links to, its charts and images, and its open elements."""

    EMPTY = ("meta", "img", "br", "link")

    def __init__(self, text):
        super().__init__()
        self.tables, self.links, self.images, self.charts, self._open = [], [], [], {}, []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.links += [attributes[name] for name in ("href", "src") if name in attributes]
        if tag == "img":
            self.images.append(attributes)
        if attributes.get("class") == "chart":
            self.charts[attributes["id"]] = attributes["aria-label"]
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag not in self.EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and {"td", "th"} & set(self._open):
            cells = self.tables[-1][-1]
            cells[-1] = f"{cells[-1]} {data.strip()}".strip()


def specs_of(text):
    return json.loads(re.search(r'<script type="application/json" id="specs">(.*?)</script>', text, re.DOTALL)[1])


@pytest.fixture(scope="module")
def text(whole_report):
    return (whole_report / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_tables_show_the_stages_figures(page):
    glance, memory = page.tables
    for table in (glance, memory):
        assert all(len(row) == len(table[1]) for row in table[2:])
    cells = dict(zip(glance[1], next(row for row in glance if row[0].startswith("searched")), strict=True))
    assert cells["int8 firmware's arithmetic"] == "90.0 % 87.0–93.0"
    assert cells["float measured"].startswith("90.4 %")
    assert cells["LiteRT measured"].startswith("90.5 %")
    assert cells["M instr. counted"] == "6.20"
    assert cells["ms estimated"] == "45.8 ± 3.2 %"
    assert cells["of floor estimated"] == "31 %"
    assert cells["equal outputs compared"] == "480 of 480"
    cells = dict(zip(memory[1], next(row for row in memory if row[0].startswith("searched")), strict=True))
    assert cells["stack measured"] == "0.4"
    arena, share = cells["arena planned"].split(maxsplit=1)
    assert share == f"{float(arena) / 62.932:.2f} of TFLM's"


def test_papers_costs_stand_beneath_its_networks_and_its_scores_nowhere(page, text):
    glance, memory = page.tables
    assert [row[0].split()[0] for row in glance[2:]] == ["micronet-kws-s", "in", "ds-cnn-s", "in", "searched"]
    assert {"191.0", "250"} <= set(glance[3]) and {"102.0", "53.2"} <= set(memory[3])
    assert glance[3][1:5] == [""] * 4
    assert "95.3" not in text and "0.953" not in text  # its accuracy, on real recordings
    assert "Its scores are left out" in text


def test_papers_scores_are_drawn_for_runs_on_its_data(whole_results, models, tmp_path):
    whole_results.data({"kind": "folder", "folder": "speech_commands"}, 4890)
    write_page({"kws": models}, whole_results.root, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "95.3 %" in Page(text).tables[0][3]
    assert "published in the paper" in json.dumps(specs_of(text)["kws-fronts-0"])


def test_page_says_where_it_comes_from(text):
    assert "9f2c" * 16 in text
    assert "training 3,600, validation 456, testing 480" in text
    assert re.search(r"<dt>seed</dt><dd>7</dd>", text)
    assert re.search(r"<dt>made</dt><dd>20\d\d-\d\d-\d\d \d\d:\d\d UTC</dd>", text)
    assert f"numpy {np.__version__}" in text
    assert "arXiv 2010.11267" in text
    stated = float(re.search(r"<dt>this page</dt><dd>([\d.]+) MB", text)[1])
    assert stated == pytest.approx(len(text.encode()) / 1e6, abs=0.051)


def test_page_needs_nothing_beside_it(page, text):
    assert all(link.startswith(("#", "data:")) for link in page.links)
    assert "@import" not in text and not re.search(r"<script[^>]*\bsrc=", text)
    anchors = set(re.findall(r'id="([^"]+)"', text))
    assert {link[1:] for link in page.links if link.startswith("#")} <= anchors


def test_every_chart_has_words_and_can_be_drawn(page, text):
    specs = specs_of(text)
    assert list(specs) == list(page.charts)
    # fronts; layers, arena, memories, two of the training; five of the search
    assert len(specs) == 4 + 3 * 5 + 5
    for name, spec in specs.items():
        assert page.charts[name]
        assert vl_convert.vegalite_to_svg(spec | {"width": 400}, vl_version="6.4").startswith("<svg")
    assert all(image["alt"] for image in page.images) and len(page.images) == 4


def test_layers_stand_above_their_floor(text):
    names = [name for name, spec in specs_of(text).items() if "floor" in json.dumps(spec)]
    assert len(names) == len(MODELS)
    rows = specs_of(text)[names[0]]["data"]["values"]
    assert all(row["floor"] == pytest.approx(0.25 * row["value"]) for row in rows[:-1])
    assert rows[-1]["layer"] == "between layers" and rows[-1]["floor"] is None


def test_several_tasks_and_none(results_folder, tmp_path):
    write_page({"kws": {}}, results_folder.root, tmp_path / "empty.html")
    text = (tmp_path / "empty.html").read_text(encoding="utf-8")
    assert "No models have been trained yet." in text and Page(text).charts == {}
    assert len(text) < 20_000  # without charts, no library


def test_one_model_in_its_first_epoch_without_estimates(results_folder, tmp_path):
    results_folder.published("ds-cnn-s")
    results_folder.train("ds-cnn-s", 0.85, 0.85, float_epochs=1)
    results_folder.export("ds-cnn-s", 1.0, 50_000, 30_000)
    results_folder.firmware("ds-cnn-s")
    results_folder.profile("ds-cnn-s", 4_000_000, latency_ms=None, share=None, bit_exact=None)
    write_page({"kws": {"ds-cnn-s": [BOARD]}}, results_folder.root, tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    cells = dict(zip(page.tables[0][1], page.tables[0][2], strict=True))
    assert cells["ms estimated"] == cells["equal outputs compared"] == cells["emulator measured"] == "–"
    confusion = next(image["alt"] for image in page.images if "Right answers" in image["alt"])
    assert confusion.endswith("unknown 100 %; no mistakes.")
    assert page.charts["kws-ds-cnn-s-0"].startswith("Most instructions")


def test_a_network_trained_elsewhere_has_neither_training_nor_architecture(results_folder, tmp_path):
    results_folder.trained_elsewhere("ds-cnn-s", 0.8)
    write_page({"kws": {"ds-cnn-s": [BOARD]}}, results_folder.root, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    cells = Page(text).tables[0][2]
    assert cells[0].startswith("ds-cnn-s tflite") and cells[1].startswith("80.0 %")
    assert cells[2] == "–" and cells[7] == "2.00"  # no float score; multiply-accumulates as the compiler left them
    assert "A .tflite file that has been trained elsewhere." in text


def test_seeds_are_averaged(results_folder, tmp_path):
    for name, share in (("small-seed-1", 0.84), ("small-seed-2", 0.86), ("own-seed-1", 0.7), ("own-seed-2", 0.8)):
        results_folder.searched(name)
        results_folder.everything(name, share, 4_000_000, 30.0)
    models = {name: [BOARD] for name in ("small-seed-1", "small-seed-2", "own-seed-1", "own-seed-2")}
    groups = {"kws": {"small-seed-1": "small", "small-seed-2": "small"}}  # a name alone makes no sweep
    write_page({"kws": models}, results_folder.root, tmp_path / "report.html", groups)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    heading, row = Page(text).tables[2]
    cells = dict(zip(heading, row, strict=True))
    assert cells["configuration"] == f"small {BOARD}" and cells["seeds"] == "2"
    assert cells["int8, %"] == "85.0 ± 1.4"  # standard deviation of 84 and 86: the square root of 2
    assert cells["ms"] == "30.0 ± 0.0"
    assert len([name for name in specs_of(text) if name.startswith("kws-seeds-")]) == 5
