"""The form of the workflow: style, resources, profiles, pins."""

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement


def pins(path):
    """The requirements of a file by name."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {Requirement(line).name.replace("_", "-").lower(): Requirement(line) for line in lines}


def run(repository, *command):
    return subprocess.run(command, cwd=repository, stdin=subprocess.DEVNULL, capture_output=True, text=True)


def test_snakemakes_lint_finds_nothing(repository):
    result = run(repository, sys.executable, "-m", "snakemake", "--lint")
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_rules_are_formatted(repository):
    result = run(repository, Path(sys.executable).with_name("snakefmt"), "--check", "Snakefile", "rules")
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_job_states_its_threads_memory_time_log_and_environment(repository):
    found = 0
    for path in sorted((repository / "rules").glob("*.smk")):
        for rule in re.split(r"(?m)^rule ", path.read_text(encoding="utf-8"))[1:]:
            if "script:" in rule:
                found += 1
                for needed in ("threads:", "mem_mb=", "runtime=", "log:", "conda:"):
                    assert needed in rule, f"{path.name}, rule {rule.split(':')[0]}: no {needed}"
    assert found == 22


def test_no_input_is_ancient(repository):
    """When the job that makes such an input is due, Snakemake overlooks why the jobs behind it are due."""
    for path in (repository / "rules").glob("*.smk"):
        assert "ancient(" not in path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize("profile", ["default", "slurm", "kubernetes"])
def test_a_profile_gives_a_plan(repository, tmp_path, profile):
    arguments = ["--snakefile", str(repository / "Snakefile"), "--directory", str(tmp_path), "--dry-run"]
    if profile == "default":
        arguments += ["--cores", "2"]
    gpus = ["--config", "kws__resources__search__gpus=1", "kws__resources__train__gpus=2"]
    result = run(repository, sys.executable, "-m", "snakemake", "--profile", f"profiles/{profile}", *arguments, *gpus)
    planned = result.stdout + result.stderr
    assert result.returncode == 0, planned
    assert "rule write_report:" in planned
    jobs = re.findall(r"rule (search|train)_network:\n((?: {4}.*\n)+)", planned)
    asked = {(stage, re.search(r"task=(\w+)", job)[1], re.search(r"gpu=(\d)", job)[1]) for stage, job in jobs}
    assert {("search", "kws", "1"), ("train", "kws", "2"), ("train", "vww", "0")} <= asked
    assert not {(stage, "kws", "0") for stage in ("search", "train")} & asked


def test_every_pin_is_exact_and_in_the_constraints(repository):
    constraints = pins(repository / "envs" / "constraints.txt")
    for path in sorted((repository / "envs").glob("*.txt")):
        for name, requirement in pins(path).items():
            (specifier,) = requirement.specifier
            assert specifier.operator == "=="
            assert constraints[name].specifier == requirement.specifier, f"{path.name}: {name}"


def test_the_installed_packages_are_the_pinned_ones(repository):
    for path in sorted((repository / "envs").glob("*.txt")):
        if path.name != "constraints.txt":
            for name, requirement in pins(path).items():
                assert requirement.specifier.contains(importlib.metadata.version(name), prereleases=True)


@pytest.mark.parametrize("name", ["workflow", "data", "training", "export", "firmware", "report", "spot", "paper"])
def test_a_conda_environment_has_the_same_pins(repository, name):
    environment = yaml.safe_load((repository / "envs" / f"{name}.yaml").read_text(encoding="utf-8"))
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    base = {key: value for key, value in pins(repository / "envs" / "workflow.txt").items() if "snakemake" not in key}
    own = {} if name == "workflow" else pins(repository / "envs" / f"{name}.txt")
    assert sorted(pip) == sorted({str(requirement) for requirement in (base | own).values()})
