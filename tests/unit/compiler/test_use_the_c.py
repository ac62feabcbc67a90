"""docs/use_the_c.md, followed to the letter in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from micronets.compiler import CORES, OPTIMISE
from micronets.export.writer import write_tflite
from micronets.tflm.host import run_tflm
from tests.networks import random_network, small_ds_cnn, small_residual

_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
NETWORKS = {"keywords": small_ds_cnn(), "person": small_residual()}
COUNT = 20


@pytest.fixture(scope="module")
def page(repository) -> str:
    return (repository / "docs" / "use_the_c.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def followed(page, repository, tmp_path_factory) -> dict[str, str]:
    """What the page's commands printed, in order; `.` is the folder."""
    folder = tmp_path_factory.mktemp("firmware")
    for name, architecture in NETWORKS.items():
        write_tflite(random_network(architecture, seed=3), folder / f"{name}.tflite")
    printed = {".": str(folder)}
    for language, title, text in _BLOCK.findall(page):
        if title:
            (folder / title).write_text(text, encoding="utf-8")
        elif language == "console":
            for line in text.splitlines():
                command = line.removeprefix("$ ")
                own = command.replace("micronets compile", f"{sys.executable} -m micronets compile")
                done = subprocess.run(
                    ["bash", "-c", own],
                    cwd=folder,
                    env={**os.environ, "PYTHONPATH": str(repository)},
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
                printed[command] = done.stdout
    return printed


def test_both_networks_answer_as_tflm_does(followed):
    folder = Path(followed["."])
    random = np.random.default_rng(5)
    inputs = {n: random.integers(-128, 128, (COUNT, *a.input_shape), np.int8) for n, a in NETWORKS.items()}
    both = np.concatenate([value.reshape(COUNT, -1) for value in inputs.values()], axis=1)
    program = folder / "build" / "program"
    printed = subprocess.run([program], input=both.tobytes(), capture_output=True, check=True).stdout
    expected = [run_tflm(folder / f"{name}.tflite", value).reshape(COUNT, -1) for name, value in inputs.items()]
    np.testing.assert_array_equal(np.frombuffer(printed, np.int8).reshape(COUNT, -1), np.concatenate(expected, axis=1))
    assert len(set(map(bytes, expected[0]))) > 10


def test_every_command_did_something(followed):
    folder = Path(followed["."])
    assert len(list(folder.glob("*.o"))) == len(list((folder / "person").glob("*.c"))) + 1
    explained = next(text for command, text in followed.items() if "--explain" in command)
    assert all(word in explained for word in ("arena", "MACs", "scratch", "kernel", "offset", "steps"))


def test_the_folder_holds_what_the_page_says(page, followed):
    folder = Path(followed["."]) / "keywords"
    section = page.split("## What is in the folder")[1].split("##")[0]
    names = [name for row in re.findall(r"^\| (`[^|]*`) \| ", section, re.MULTILINE) for name in row.split("`")[1::2]]
    assert len(names) == 7
    for name in names:
        assert list(folder.glob(name)), name


def test_flags_and_options_are_those_of_the_code(page):
    table = dict(re.findall(r"^\| `(cortex-\w+)` \| `([^`]+)` \|$", page, re.MULTILINE))
    assert table == {name: " ".join(core.gcc_flags) for name, core in CORES.items()}
    assert all(f"`{value}`" in page for value in OPTIMISE)
