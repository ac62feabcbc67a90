import base64
import re
from html.parser import HTMLParser

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from micronets.report import report

BOARD = "nucleo-f446re"


class Page(HTMLParser):
    """Text of the page, its table as rows of cells, what it links to, and its open elements."""

    EMPTY = ("meta", "img", "br", "link")

    def __init__(self, path):
        super().__init__()
        self.rows, self.links, self.images, self.captions, self._open = [], [], [], [], []
        self.feed(path.read_text(encoding="utf-8"))
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.links += [attributes[name] for name in ("href", "src") if name in attributes]
        if tag == "img":
            self.images.append(attributes)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in self.EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and {"td", "th"} & set(self._open):
            self.rows[-1][-1] = f"{self.rows[-1][-1]} {data.strip()}".strip()


@pytest.fixture(scope="module")
def page(whole_report):
    return Page(whole_report / "report.html")


def test_a_network_trained_elsewhere_has_a_row_like_others(results_folder):
    results_folder.trained_elsewhere("ds-cnn-s", 0.8)
    table = report("kws", {"ds-cnn-s": ["nucleo-f446re"]}, results_folder.root, results_folder.task / "report")
    (row,) = table.to_dict("records")
    assert row["kind"] == "tflite" and row["litert_accuracy_percent"] == row["emulator_accuracy_percent"] == 80
    assert pd.isna(row["float_accuracy_percent"]) and row["macs"] == 2_000_000
    assert "A .tflite file that has been trained elsewhere." in (results_folder.task / "report/report.html").read_text()
    text = (results_folder.task / "report" / "summary.txt").read_text(encoding="utf-8").splitlines()
    assert text[2].split()[:5] == ["ds-cnn-s", "nucleo-f446re", "-", "80.0", "%"]
    assert (results_folder.task / "report" / "pictures" / "ds-cnn-s_confusion.png").is_file()
    assert not (results_folder.task / "report" / "pictures" / "ds-cnn-s_training.png").exists()


def test_table_shows_the_stages_figures(page):
    groups, columns, *rows = page.rows
    assert len(columns) == 1 + 14
    assert all(len(row) == len(columns) for row in rows)
    cells = dict(zip(columns, next(row for row in rows if row[0].startswith("searched")), strict=True))
    assert cells["float measured"].startswith("90.4 %")
    assert cells["int8 in LiteRT measured"].startswith("90.0 % 87.0–93.0")
    assert cells["M instr. counted"] == "6.20"
    assert cells["ms estimated"] == "45.8 ± 3.2 %"
    assert cells["stack measured"] == "0.4"
    arena, share = cells["arena planned"].split(maxsplit=1)
    assert share == f"{float(arena) / 62.932:.2f} of TFLM's"
    assert cells["equal outputs compared"] == "480 of 480"


def test_papers_figures_stand_beneath_its_networks_only(page):
    rows = [row[0].split()[0] for row in page.rows[2:]]
    assert rows == ["micronet-kws-s", "in", "ds-cnn-s", "in", "searched"]
    paper = page.rows[3]
    assert "95.3 %" in paper and "191.0" in paper and "102.0" in paper and "53.2" in paper and "250" in paper


def test_page_says_where_it_comes_from(whole_report):
    text = (whole_report / "report.html").read_text(encoding="utf-8")
    assert "9f2c" * 16 in text
    assert "training 3,600, validation 456, testing 480" in text
    assert re.search(r"<dt>seed</dt><dd>7</dd>", text)
    assert re.search(r"<dt>made</dt><dd>20\d\d-\d\d-\d\d \d\d:\d\d UTC</dd>", text)
    assert f"numpy {np.__version__}" in text
    assert "arXiv 2010.11267" in text


def test_page_needs_nothing_beside_it(page, whole_report):
    assert all(link.startswith(("#", "data:")) for link in page.links)
    text = (whole_report / "report.html").read_text(encoding="utf-8")
    assert "<script" not in text and "@import" not in text and "url(" not in text
    anchors = set(re.findall(r'id="([^"]+)"', text))
    assert {link[1:] for link in page.links if link.startswith("#")} <= anchors


def test_every_picture_is_a_file_and_in_the_page(page, whole_report):
    names = {path.stem for path in (whole_report / "pictures").glob("[!.]*")}
    per_model = {"training", "confusion", f"{BOARD}_memory", f"{BOARD}_layers"}
    expected = {f"{model}_{name}" for model in ("micronet-kws-s", "ds-cnn-s", "searched") for name in per_model}
    expected |= {"searched_search", "searched_widths"}
    expected |= {f"accuracy_{cost}" for cost in ("flash", "ram", "instructions", "latency")}
    assert names == expected
    assert len(page.images) == len(expected)
    for image in page.images:
        assert image["alt"]
        svg = base64.b64decode(image["src"].removeprefix("data:image/svg+xml;base64,")).decode()
        assert svg.startswith("<?xml") and svg.rstrip().endswith("</svg>")
        assert all(link.startswith(("#", "data:")) for link in re.findall(r'(?:href|src)="([^"]*)"', svg))
        assert all(link.startswith("#") for link in re.findall(r"url\(([^)]*)\)", svg))


def test_pictures_are_drawn(whole_report):
    for path in (whole_report / "pictures").glob("[!.]*"):
        pixels = matplotlib.image.imread(path)
        assert min(pixels.shape[:2]) > 300
        assert len({tuple(pixel) for pixel in pixels[::3, ::3].reshape(-1, pixels.shape[2]).tolist()}) > 20


def test_csv_and_text_hold_the_models(whole_report):
    table = pd.read_csv(whole_report / "summary.csv")
    assert table["model"].tolist() == ["micronet-kws-s", "ds-cnn-s", "searched"]
    assert table["instructions"].tolist() == [9_412_345, 4_023_456, 6_201_234]
    assert table["bit_exact"].tolist() == [True] * 3
    text = (whole_report / "summary.txt").read_text(encoding="utf-8")
    assert len(text.splitlines()) == 2 + 3


def test_equal_results_give_equal_bytes(results_folder):
    results_folder.searched("searched", epochs=4)
    results_folder.everything("searched", 0.9, 6_000_000, 45.0)
    contents = []
    for name in ("first", "second"):
        report("kws", {"searched": [BOARD]}, results_folder.root, results_folder.root / name)
        paths = sorted(path for path in (results_folder.root / name).rglob("[!.]*.*") if path.suffix != ".html")
        contents.append({path.name: path.read_bytes() for path in paths})
    assert contents[0] == contents[1]
    assert len(contents[0]) == 10 + 2


def test_pictures_of_models_that_are_gone_go_too(results_folder):
    results_folder.published("ds-cnn-s")
    results_folder.train("ds-cnn-s", 0.85, 0.85)
    directory = results_folder.task / "report"
    report("kws", {"ds-cnn-s": [BOARD]}, results_folder.root, directory)
    assert [path.name for path in (directory / "pictures").glob("[!.]*")] == ["ds-cnn-s_training.png"]
    report("kws", {}, results_folder.root, directory)
    assert list((directory / "pictures").glob("[!.]*")) == []


def test_no_models_at_all(results_folder):
    table = report("kws", {}, results_folder.root, results_folder.task / "report")
    assert table.empty
    text = (results_folder.task / "report" / "report.html").read_text(encoding="utf-8")
    assert "No models have been trained yet." in text
    assert Page(results_folder.task / "report" / "report.html").images == []


def test_one_model_in_its_first_epoch_without_estimates(results_folder):
    results_folder.published("ds-cnn-s")
    results_folder.train("ds-cnn-s", 0.85, 0.85, float_epochs=1)
    results_folder.export("ds-cnn-s", 1.0, 50_000, 30_000)
    results_folder.firmware("ds-cnn-s")
    results_folder.profile("ds-cnn-s", 4_000_000, latency_ms=None, share=None, bit_exact=None)
    report("kws", {"ds-cnn-s": [BOARD]}, results_folder.root, results_folder.task / "report")
    page = Page(results_folder.task / "report" / "report.html")
    cells = dict(zip(page.rows[1], page.rows[2], strict=True))
    assert cells["ms estimated"] == cells["equal outputs compared"] == cells["on emulator measured"] == "–"
    confusion = next(image["alt"] for image in page.images if "Right answers" in image["alt"])
    assert confusion.endswith("unknown 100 %; no mistakes.")


def test_both_runtimes_stand_side_by_side(results_folder):
    tflm = f"{BOARD}/tflm"
    results_folder.published("ds-cnn-s")
    results_folder.everything("ds-cnn-s", 0.85, 4_000_000, 30.0)
    results_folder.firmware("ds-cnn-s", tflm, arena_bytes=50_000)
    results_folder.profile("ds-cnn-s", 7_000_000, 60.0, board=tflm, bit_exact=False, inputs=100)
    table = report("kws", {"ds-cnn-s": [BOARD, tflm]}, results_folder.root, results_folder.task / "report")
    assert table["board"].tolist() == [BOARD, BOARD]
    assert table["runtime"].tolist() == ["micronets", "tflm"]
    assert table["instructions"].tolist() == [4_000_000, 7_000_000]
    own_bytes, tflm_bytes = table["arena_bytes"]
    assert tflm_bytes == 50_000
    # Against the arena on the board, not against that of the host's interpreter, 62,932 bytes.
    assert table["arena_share_of_tflm"][0] == own_bytes / 50_000
    assert pd.isna(table["arena_share_of_tflm"][1])
    page = Page(results_folder.task / "report" / "report.html")
    own, other = (row for row in page.rows if row[0].startswith("ds-cnn-s"))
    assert (own[0], other[0]) == (f"ds-cnn-s baseline, {BOARD}", f"ds-cnn-s with TFLM, {BOARD}")
    assert [row[0].split()[0] for row in page.rows[2:]] == ["ds-cnn-s", "in", "ds-cnn-s"]
    cells = dict(zip(page.rows[1], other, strict=True))
    assert cells["arena planned"] == "50.0" and cells["equal outputs compared"] == "97 of 100"
    lines = (results_folder.task / "report" / "summary.txt").read_text(encoding="utf-8").splitlines()
    assert [line.split()[1:3] for line in lines[2:]] == [[BOARD, "85.4"], [f"{BOARD},", "TFLM"]]
    pictures = {path.name for path in (results_folder.task / "report" / "pictures").glob("[!.]*")}
    assert f"ds-cnn-s_{BOARD}_tflm_layers.png" in pictures and f"ds-cnn-s_{BOARD}_layers.png" in pictures
    assert f"ds-cnn-s_{BOARD}_tflm_memory.png" not in pictures
    words = next(image["alt"] for image in page.images if "milliseconds" in image["alt"])
    assert "30 milliseconds" in words and "60 milliseconds" not in words
    words = next(image["alt"] for image in page.images if "of TFLM's instructions" in image["alt"])
    own_ram, tflm_ram = table["ram_bytes"]
    assert words == (
        f"ds-cnn-s: 1.00 of TFLM's flash, whole program, {own_ram / tflm_ram:.2f} of TFLM's RAM with stack, "
        "0.57 of TFLM's instructions"
    )


def test_several_boards_stand_side_by_side(results_folder):
    boards = [BOARD, "nucleo-l4r5zi"]
    results_folder.published("ds-cnn-s")
    results_folder.everything("ds-cnn-s", 0.85, 4_000_000, 30.0)
    results_folder.firmware("ds-cnn-s", "nucleo-l4r5zi")
    results_folder.profile("ds-cnn-s", 4_000_000, 45.0, board="nucleo-l4r5zi", bit_exact=False, inputs=100)
    table = report("kws", {"ds-cnn-s": boards}, results_folder.root, results_folder.task / "report")
    assert table["board"].tolist() == boards
    page = Page(results_folder.task / "report" / "report.html")
    other = next(row for row in page.rows if row[0].endswith("nucleo-l4r5zi"))
    assert other[-1] == "97 of 100"
    assert other[3].endswith("n = 100")
    words = next(image["alt"] for image in page.images if "milliseconds" in image["alt"])
    assert "30 milliseconds" in words and "45 milliseconds" in words
