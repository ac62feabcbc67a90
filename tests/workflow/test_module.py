"""The workflow as a module of another one, which gives it a few keys."""

import subprocess
import sys

import pytest

SNAKEFILE = """
module micronets:
    snakefile: {snakefile!r}
    config: {{"tasks": ["kws"], "kws": {{"models": {{"ds-cnn-s": {{}}}}, "data": {{"generated": {generated}}}}}}}

use rule * from micronets as micronets_*

rule count_layers:
    default_target: True
    input: "results/kws/ds-cnn-s/search/architecture.json"
    output: "layers.txt"
    shell: "grep -c kernel {{input}} > {{output}}"
"""
GENERATED = {"voice": "formant", "speakers": 6, "clips_per_word": 6, "unknown_words": 2}


@pytest.fixture
def snakemake(repository, tmp_path):
    """Runs Snakemake on another workflow's Snakefile, in a folder that has no configuration."""
    text = SNAKEFILE.format(snakefile=str(repository / "Snakefile"), generated=GENERATED)
    (tmp_path / "Snakefile").write_text(text, encoding="utf-8")

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout + result.stderr

    return run


def test_a_few_keys_are_enough_for_a_plan_of_everything(snakemake):
    planned = snakemake("--dry-run", "--", "micronets_all")
    for rule in ("prepare_data", "published_network", "train_network", "profile_firmware", "write_report"):
        assert f"rule micronets_{rule}:" in planned
    assert "rule micronets_search_network:" not in planned  # of the default models, which the keys replace


def test_its_jobs_run(snakemake, tmp_path):
    snakemake()
    assert int((tmp_path / "layers.txt").read_text(encoding="utf-8")) > 0
    assert (tmp_path / "results" / "kws" / "data" / "dataset.json").is_file()
