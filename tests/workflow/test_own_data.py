"""docs/own_data.md: what it shows is run as it stands, from folders to firmware; the words a third of the epochs."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
BOARD = "nucleo-f446re"
LIMIT_S = 900
SHORTER = {"kws.yaml": ["--config", "kws__train__float_epochs=20", "kws__train__quantised_epochs=4"]}
"""By the configuration of a command: what is added to it, because the proposal's 60 epochs take half a minute."""


@pytest.fixture(scope="module")
def printed() -> dict[str, str]:
    """What the commands of the page have printed, by their first word."""
    return {}


@pytest.fixture(scope="module")
def results(tmp_path_factory, repository, printed) -> Path:
    """The results folder after all commands of the page."""
    directory = tmp_path_factory.mktemp("own_data")
    blocks = BLOCK.findall((repository / "docs" / "own_data.md").read_text(encoding="utf-8"))
    for _, title, content in blocks:
        if title:
            (directory / title).write_text(content, encoding="utf-8")
    commands = [line[2:] for kind, _, content in blocks if kind == "console" for line in content.splitlines()]
    assert len(commands) == 6
    for command in ["python make_data.py", *commands]:
        program, *arguments = command.split()
        call = [sys.executable, *(["-m", program] if program == "micronets" else []), *arguments]
        if program == "snakemake":
            cores = arguments.index("--cores") + 1
            arguments[cores : cores + 1] = ["2"]
            arguments += SHORTER.get(arguments[-1], [])
            call = [sys.executable, "-m", program, "--snakefile", str(repository / "Snakefile"), *arguments]
        paths = os.pathsep.join([str(repository), os.environ.get("PYTHONPATH", "")])  # as in the project's folder
        environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
        done = subprocess.run(
            call,
            cwd=directory,
            env=environment | {"PYTHONPATH": paths},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        printed[program] = done.stdout
    return directory / "results"


def test_the_page_shows_the_configuration_that_is_proposed(results, repository):
    written = (results.parent / "kws.yaml").read_text(encoding="utf-8")
    shown = [content for _, _, content in BLOCK.findall((repository / "docs" / "own_data.md").read_text("utf-8"))]
    assert written in shown


@pytest.mark.parametrize(
    ("task", "model", "labels"),
    [
        ("kws", "ds-cnn-s", ["house", "bird", "six", "_silence_", "_unknown_"]),
        ("ic", "resnet-8", ["disc", "stripes"]),
        ("ad", "fc-ae", ["pump_00"]),
    ],
)
def test_the_firmware_of_ones_own_data_answers_as_tflm(results, task, model, labels):
    assert json.loads((results / task / "data" / "dataset.json").read_text(encoding="utf-8"))["labels"] == labels
    profile = json.loads((results / task / model / BOARD / "profile" / "profile.json").read_text(encoding="utf-8"))
    assert profile["outputs"]["bit_exact"] and profile["outputs"]["compared"] >= 3
    assert model in (results / task / "report" / "summary.csv").read_text(encoding="utf-8")
    assert (results / "report" / "report.html").is_file()


def test_the_spotter_hears_the_words(results):
    spotted = json.loads((results / "kws" / "ds-cnn-s" / BOARD / "spot" / "spot.json").read_text(encoding="utf-8"))
    assert spotted["score"]["keywords"] >= 5
    assert spotted["score"]["hits"] >= 0.5 * spotted["score"]["keywords"]


def test_one_wake_word_is_heard_in_a_recording(results, printed):
    folder = results / "wake_word" / "kws" / "ds-cnn-1d" / BOARD
    assert (folder / "firmware" / "firmware.elf").stat().st_size > 0
    spotted = json.loads((folder / "spot" / "spot.json").read_text(encoding="utf-8"))
    assert spotted["labels"] == ["house", "_silence_", "_unknown_"]
    assert spotted["score"]["keywords"] >= 3
    assert spotted["score"]["hits"] >= 0.5 * spotted["score"]["keywords"]
    heard = re.findall(r"^ +(\d+\.\d\d) s  house  average", printed["micronets"], re.MULTILINE)
    assert "recording.flac" in printed["micronets"] and "resampled from 44100 Hz" in printed["micronets"]
    # the word is said three times, beginning 2 to 3 s after one another at the least
    assert 2 <= len(heard) <= 4


def test_the_log_says_what_was_made_of_the_recordings(results):
    words = (results / "logs" / "kws" / "data.log").read_text(encoding="utf-8")
    assert "180 mean of 2 channels" in words and "resampled from 44100 Hz" in words and "by file" in words
    machine = (results / "logs" / "ad" / "data.log").read_text(encoding="utf-8")
    assert "20 resampled from 48000 Hz" in machine and "normal clips suffice to learn" in machine
