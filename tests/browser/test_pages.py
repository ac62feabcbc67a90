"""The pages in a browser, wide and narrow: every chart is drawn, nothing is cut, and the console stays silent.

`make test-browser` installs Chromium where the user may; PAGES=folder keeps a picture of each page there.
"""

import json
import os
import re
from pathlib import Path

import pytest

from micronets.paper.page import write_paper
from micronets.report import report
from micronets.report.differences import compare
from micronets.report.differences_page import render_differences
from micronets.report.page import write_page
from tests.browser.chromium import browse
from tests.unit.paper.conftest import PaperFiles
from tests.unit.report.conftest import MODELS, ResultsFolder, fill

HEIGHT = 30_000
LOOK = """<script>
const look = () => {
  const count = selector => document.querySelectorAll(selector).length;
  const cut = [...document.querySelectorAll("body *")].filter(element => {
    const box = element.getBoundingClientRect();
    return box.width && box.right > WIDTH + 1;
  });
  document.title = JSON.stringify({
    charts: count(".chart"),
    drawn: count(".chart svg"),
    cut: cut.map(element => element.tagName + "." + element.className),
    overflow: Math.max(0, document.documentElement.scrollWidth - innerWidth),
  });
};
window.dispatchEvent(new Event("beforeprint"));  // draws charts that lie beyond the window, too
let end = Date.now() + 50000, drawn = false;
const watch = setInterval(() => {
  look();
  if (!drawn && document.querySelectorAll(".chart:not(:has(svg))").length === 0) {
    drawn = true;
    document.documentElement.style.width = "WIDTHpx";  // Chromium's windows have 500 pixels or more
    dispatchEvent(new Event("resize"));
    end = Date.now() + 3000;  // a chart that is drawn finds its final width a little later
  }
  if (Date.now() > end) clearInterval(watch);
}, 500);
</script>"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, str]:
    """The report of several models, some of them seeds of one, its differences from itself, and the paper's page."""
    folder = ResultsFolder(tmp_path_factory.mktemp("browser") / "results")
    folder.data()
    fill(folder)
    groups = {f"small-seed-{seed}": "small" for seed in (1, 2, 3)}
    for number, name in enumerate(groups):
        folder.searched(name)
        folder.everything(name, 0.82 + 0.01 * number, 3_000_000 + 100_000 * number, 25.0 + number)
    models = {**MODELS, **dict.fromkeys(groups, MODELS["searched"])}
    report("kws", models, folder.root, folder.task / "report", groups)
    path = folder.root / "report.html"
    write_page({"kws": models}, folder.root, path, {"kws": groups})
    differences = render_differences(compare(folder.root, folder.root), "before", "after")
    paper = tmp_path_factory.mktemp("paper")
    write_paper(paper, **PaperFiles(paper).arguments)
    return {
        "report": path.read_text(encoding="utf-8"),
        "differences": differences,
        "paper": (paper / "paper.html").read_text(encoding="utf-8"),
    }


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("name", ["report", "differences", "paper"])
def test_everything_is_drawn_and_nothing_is_cut(pages, tmp_path, name, width):
    before, _, after = pages[name].rpartition("</body>")  # the library speaks of one, too
    path = tmp_path / f"{name}.html"
    path.write_text(f"{before}{LOOK.replace('WIDTH', str(width))}</body>{after}", encoding="utf-8")
    result = browse(tmp_path, (width, HEIGHT), "--dump-dom", path.as_uri())
    found = json.loads(re.search(r"<title>(.*?)</title>", result.stdout)[1])
    assert found["charts"] == pages[name].count('class="chart"') > 2
    assert found == {"charts": found["charts"], "drawn": found["charts"], "cut": [], "overflow": 0}
    assert [line for line in result.stderr.splitlines() if "CONSOLE" in line] == []
    if kept := os.environ.get("PAGES"):
        picture = Path(kept).absolute() / f"{name}_{width}.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        browse(tmp_path, (width, HEIGHT), f"--screenshot={picture}", path.as_uri())
