"""The page of what was broken on purpose, and the list of mutations, are of the form that they promise."""

import re
from pathlib import Path

from tests.faults.held import LIST
from tests.faults.mutations import mutations
from tests.faults.page import HEADER

LEAST_MUTATIONS = 30


def functions(repository: Path, test: str) -> bool:
    """Whether the test that a list names is there."""
    path, _, name = test.partition("::")
    text = (repository / path).read_text(encoding="utf-8")
    return not name or f"def {name.split('[')[0]}(" in text


def test_mutations_fit_the_code(repository):
    listed = mutations()
    assert len(listed) >= LEAST_MUTATIONS and len({entry["what"] for entry in listed}) == len(listed)
    for entry in listed:
        text = (repository / entry["file"]).read_text(encoding="utf-8")
        assert text.count(entry["old"]) == 1 and entry["old"] != entry["new"], entry["what"]
        assert functions(repository, entry["test"]), entry["test"]


def test_tests_that_hold_faults_are_there(repository):
    for test in re.findall(r'test: "([^"]+)"', LIST.read_text(encoding="utf-8")):
        assert functions(repository, test), test


def test_the_page_is_as_the_campaign_writes_it(repository):
    page = (repository / "docs" / "reliability.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)[1:]
    assert parts, "make faults writes the page"
    for name, part in zip(parts[::2], parts[1::2], strict=True):
        rows = [line for line in part.splitlines() if line.startswith("|")]
        assert rows[0] == HEADER and len(rows) > 2, name
        for row in rows[2:]:
            cells = re.split(r"(?<!\\)\|", row)[1:-1]
            assert len(cells) == 3 and re.fullmatch(r" 20\d\d-\d\d-\d\d ", cells[2]), row
    count = re.search(r"^(\d+) of (\d+) cases held\.$", page, re.MULTILINE)
    assert count is not None
    rows = [line for line in page.splitlines() if line.startswith("| ") and line != HEADER]
    assert len(rows) == int(count[2]) and len(rows) - sum("**FAILED**" in row for row in rows) == int(count[1])
