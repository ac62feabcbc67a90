"""The image: what it is made of is there, is let through to the builder, and is what the set-up asks for."""

import importlib.util
import re
import shutil

import pytest


@pytest.fixture
def dockerfile(repository):
    return (repository / "Dockerfile").read_text(encoding="utf-8")


def test_it_copies_what_is_there_and_what_a_run_needs(repository, dockerfile):
    copied = [name for line in re.findall(r"(?m)^COPY (.+) \S+$", dockerfile) for name in line.split()]
    ignore = (repository / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_through = {line.removeprefix("!") for line in ignore if line.startswith("!")}
    assert "*" in ignore and all((repository / name).exists() for name in [*copied, *let_through])
    assert {name.split("/")[0] for name in copied} - {"."} <= let_through
    assert {"Snakefile", "rules", "workflow_scripts", "config", "profiles", "micronets"} <= let_through


def test_it_installs_what_the_set_up_would(repository, dockerfile, monkeypatch):
    spec = importlib.util.spec_from_file_location("set_up", repository / "envs" / "set_up.py")
    set_up = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(set_up)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    installed = re.search(r"--no-install-recommends \\\n(.*?)&&", dockerfile, re.DOTALL)[1].split()
    assert {name for name in set_up.missing_packages() if not name.startswith("python3.")} <= set(installed)
    assert {"python3-venv", "git", "kubernetes-client"} <= set(installed)


def test_it_names_no_registry(dockerfile):
    (base,) = re.findall(r"(?m)^FROM (\S+)", dockerfile)
    assert base == "debian:bookworm-slim"
