"""docs/add_an_operator.md, followed to the letter in a copy of the project."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PARTS = ("micronets", "docs", "tests", "pyproject.toml")
LIMIT_S = 300
_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def blocks(repository) -> list[tuple[str, str, str]]:
    """Language, file name and text of the page's blocks."""
    return _BLOCK.findall((repository / "docs" / "add_an_operator.md").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def followed(repository, blocks, tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """A copy of the project in which the page was followed, and what its commands printed."""
    project = tmp_path_factory.mktemp("project")
    for name in PARTS:
        source = repository / name
        if source.is_dir():
            shutil.copytree(source, project / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, project / name)
    (project / "docs" / "operators.md").unlink()
    for _, title, text in blocks:
        if title:
            assert (project / title).read_text(encoding="utf-8") == text, f"{title} is not what the page says"
            (project / title).unlink()
            (project / title).write_text(text, encoding="utf-8")
    printed = {}
    for line in "".join(text for language, _, text in blocks if language == "console").splitlines():
        command = line.removeprefix("$ ")
        program, *arguments = shlex.split(command)
        start = [sys.executable, "-m", program]
        done = subprocess.run(
            [*start, *arguments],
            cwd=project,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_S,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        printed[command] = done.stdout
    return project, printed


def test_an_operator_is_a_module_its_c_and_its_samples(blocks):
    assert {title for _, title, _ in blocks if title} == {
        "micronets/compiler/operators/cumsum.py",
        "micronets/csrc/kernels/cumsum.c",
        "micronets/csrc/kernels/cumsum.h",
        "micronets/fuzz/samples/cumsum.py",
    }


def test_the_new_operator_equals_tflm(followed):
    _, printed = followed
    proof = next(text for command, text in printed.items() if command.startswith("pytest"))
    assert re.search(r"1 passed, \d+ deselected", proof)


def test_the_new_operator_is_listed_as_supported(followed, repository):
    project, _ = followed
    page = (project / "docs" / "operators.md").read_text(encoding="utf-8")
    assert "| CUMSUM | yes | — | — | — |" in page
    assert page == (repository / "docs" / "operators.md").read_text(encoding="utf-8")
