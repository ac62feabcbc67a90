"""The pages in a browser, wide and narrow: every chart is drawn, nothing is cut, and the console stays silent.

`make test-browser` installs Chromium where the user may; PAGES=folder keeps a picture of each page there.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from micronets.paper.page import write_paper
from micronets.report import report
from micronets.report.differences import compare
from micronets.report.differences_page import render_differences
from micronets.report.page import write_page
from tests.unit.paper.conftest import PaperFiles
from tests.unit.report.conftest import MODELS, ResultsFolder, fill

CHROMIUM = (
    "chromium",
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--enable-logging=stderr",
)
LIMIT_S = 120
LOOK = """<script>
const look = () => {
  const count = selector => document.querySelectorAll(selector).length;
  const cut = [...document.querySelectorAll("body *")].filter(element => {
    const box = element.getBoundingClientRect();
    return box.width && box.right > innerWidth + 1;
  });
  document.title = JSON.stringify({
    charts: count(".chart"),
    drawn: count(".chart svg"),
    cut: cut.map(element => element.tagName + "." + element.className),
    overflow: document.documentElement.scrollWidth - innerWidth,
  });
};
window.dispatchEvent(new Event("beforeprint"));  // draws charts that lie beyond the window, too
const end = Date.now() + 50000;
const watch = setInterval(() => {
  look();
  if (document.querySelectorAll(".chart:not(:has(svg))").length === 0 || Date.now() > end) clearInterval(watch);
}, 500);
</script>"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, str]:
    """The report of several models, the page of their differences from themselves, and the paper's, as HTML by name."""
    folder = ResultsFolder(tmp_path_factory.mktemp("browser") / "results")
    folder.data()
    fill(folder)
    report("kws", MODELS, folder.root, folder.task / "report")
    path = folder.root / "report.html"
    write_page({"kws": MODELS}, folder.root, path)
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
    path.write_text(f"{before}{LOOK}</body>{after}", encoding="utf-8")
    result = _browse(tmp_path, width, "--dump-dom", path)
    found = json.loads(re.search(r"<title>(.*?)</title>", result.stdout)[1])
    assert found["charts"] == pages[name].count('class="chart"') > 2
    assert found == {"charts": found["charts"], "drawn": found["charts"], "cut": [], "overflow": 0}
    assert [line for line in result.stderr.splitlines() if "CONSOLE" in line] == []
    if kept := os.environ.get("PAGES"):
        picture = Path(kept).absolute() / f"{name}_{width}.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        _browse(tmp_path, width, f"--screenshot={picture}", path)


def _browse(folder: Path, width: int, action: str, page: Path) -> subprocess.CompletedProcess[str]:
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [*CHROMIUM, profile, f"--window-size={width},30000", "--virtual-time-budget=60000", action, page.as_uri()]
    environment = {"HOME": str(folder), "PATH": os.environ["PATH"]}
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, env=environment, check=True)
