"""The workflow as a module of another one, which gives it a few keys: from a folder, and from a hosted repository."""

import os
import shutil
import subprocess
import sys

import pytest

SNAKEFILE = """
module micronets:
    snakefile: {snakefile}
    config: {{"tasks": ["kws"], "kws": {{"models": {{"ds-cnn-s": {{}}}}, "data": {{"generated": {generated}}}}}}}

use rule * from micronets as micronets_*

rule count_layers:
    default_target: True
    input: "results/kws/ds-cnn-s/search/architecture.json"
    output: "layers.txt"
    shell: "grep -c kernel {{input}} > {{output}}"
"""
GENERATED = {"voice": "formant", "speakers": 6, "clips_per_word": 6, "unknown_words": 2}
HOSTED = 'github("someone/micronets", path="Snakefile", tag="v1")'
PARTS = ("Snakefile", "rules", "workflow_scripts", "envs", "config")
CACHE = os.path.join("snakemake", "snakemake", "source-cache", "snakemake-git-cache", "github.com")
"""Where Snakemake keeps its clones of hosted repositories, below the user's cache."""
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def cache(repository, tmp_path):
    """A user's cache in which Snakemake finds the repository cloned, so that it asks no host."""
    checkout, bare = tmp_path / "checkout", tmp_path / "cache" / CACHE / "someone" / "micronets"
    checkout.mkdir()
    for part in PARTS:
        source = repository / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, checkout / part)

    def git(*arguments):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], check=True, cwd=checkout)

    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message=all", "--no-verify")
    git("tag", "v1")
    git("clone", "--quiet", "--bare", ".", str(bare))
    shutil.rmtree(checkout)
    return tmp_path / "cache"


@pytest.fixture
def snakemake(cache, tmp_path):
    """Runs Snakemake on another workflow's Snakefile, in a folder that has no configuration."""
    folder = tmp_path / "other"
    folder.mkdir()

    def run(snakefile: str, *arguments: str) -> str:
        text = SNAKEFILE.format(snakefile=snakefile, generated=GENERATED)
        (folder / "Snakefile").write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
        variables = {"XDG_CACHE_HOME": str(cache), "http_proxy": NOWHERE, "https_proxy": NOWHERE}
        environment = {**os.environ, **variables}
        result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout + result.stderr

    return run


def test_a_few_keys_are_enough_for_a_plan_of_everything(snakemake, repository):
    planned = snakemake(repr(str(repository / "Snakefile")), "--dry-run", "--", "micronets_all")
    for rule in ("prepare_data", "published_network", "train_network", "profile_firmware", "write_report"):
        assert f"rule micronets_{rule}:" in planned
    assert "rule micronets_search_network:" not in planned  # of the default models, which the keys replace


def test_its_jobs_run_from_a_hosted_repository(snakemake, tmp_path):
    snakemake(HOSTED)
    folder = tmp_path / "other"
    assert int((folder / "layers.txt").read_text(encoding="utf-8")) > 0
    assert (folder / "results" / "kws" / "data" / "dataset.json").is_file()
