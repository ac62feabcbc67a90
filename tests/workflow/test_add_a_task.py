"""docs/add_a_task.md, followed to the letter in a copy of the project."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PARTS = ("Snakefile", "rules", "workflow_scripts", "micronets", "config", "envs", "profiles")
LIMIT_S = 300
_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Page:
    """What the page has the reader write and type.

    Attributes:
        files: content by path.
        commands: in order.
    """

    files: dict[str, str]
    commands: list[str]


@pytest.fixture(scope="module")
def page(repository) -> Page:
    blocks = _BLOCK.findall((repository / "docs" / "add_a_task.md").read_text(encoding="utf-8"))
    lines = "".join(text for language, _, text in blocks if language == "console").splitlines()
    assert all(line.startswith("$ ") for line in lines)
    return Page({title: text for _, title, text in blocks if title}, [line.removeprefix("$ ") for line in lines])


def call(directory: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command of the page, with this Python and its Snakemake."""
    program, *arguments = shlex.split(command)
    start = {"python": [sys.executable], "snakemake": [sys.executable, "-m", "snakemake"]}[program]
    return subprocess.run(
        [*start, *arguments],
        cwd=directory,
        env={key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_S,
    )


@pytest.fixture(scope="module")
def followed(repository, page, tmp_path_factory) -> Path:
    """A copy of the project in which the page was followed."""
    project = tmp_path_factory.mktemp("project")
    for name in PARTS:
        source = repository / name
        if source.is_dir():
            shutil.copytree(source, project / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, project / name)
    for name, text in page.files.items():
        assert not (project / name).exists()
        (project / name).write_text(text, encoding="utf-8")
    for command in page.commands:
        done = call(project, command)
        assert done.returncode == 0, f"{command}\n{done.stdout}"
    return project


def test_a_task_is_one_short_module_and_one_configuration_file(page):
    own = set(page.files) - {"make_recordings.py"}
    assert own == {"micronets/tasks/gestures.py", "micronets/tasks/gestures.yaml"}
    assert len(page.files["micronets/tasks/gestures.py"].splitlines()) < 120


def test_every_stage_has_worked_on_the_new_task(followed):
    task = followed / "results" / "gestures"
    about = json.loads((task / "data" / "dataset.json").read_text(encoding="utf-8"))
    assert (about["task"], about["labels"]) == ("gestures", ["circle", "nod", "shake", "still"])
    assert about["recordings_read"] == len(list((followed / "recordings").glob("*/*.csv"))) > 300
    assert (task / "hand" / "search" / "history.csv").is_file()
    profile = json.loads((task / "hand" / "nucleo-f446re" / "profile" / "profile.json").read_text(encoding="utf-8"))
    assert profile["outputs"]["bit_exact"] is True
    assert profile["outputs"]["compared"] == 20
    page = (task.parent / "report" / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="gestures">Gestures' in page and "hand" in page
    scores = json.loads((task / "hand" / "export" / "metrics.json").read_text(encoding="utf-8"))["scores"]
    assert scores["tflm"]["accuracy"]["value"] > 0.6  # of four gestures


def test_a_file_is_evaluated_on_the_new_task(followed):
    task = followed / "results" / "gestures"
    found = json.loads((task / "evaluate" / "model.tflite" / "metrics.json").read_text(encoding="utf-8"))
    exported = json.loads((task / "hand" / "export" / "metrics.json").read_text(encoding="utf-8"))
    assert found["scores"]["tflm"] == exported["scores"]["tflm"]


def test_a_mistake_in_the_new_task_s_keys_ends_in_a_sentence(followed):
    done = call(followed, "snakemake --dry-run --config tasks=[gestures] gestures__train__augmentation__gain=2")
    assert done.returncode != 0
    assert "gestures.train.augmentation.gain is 2.0; it must be at least 0, below 1" in done.stdout
    assert "Traceback" not in done.stdout
