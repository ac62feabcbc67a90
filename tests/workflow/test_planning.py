"""What a plan of many models takes."""

import resource
import subprocess
import sys

import pytest
import yaml

SECONDS_PER_MODEL = 0.020
FEW, MANY = 2, 82


@pytest.fixture
def planned_s(repository, tmp_path):
    """Processor time of the plan of so many searches, in seconds."""

    def plan(count: int) -> float:
        models = {f"net-{number}": {"search": {"board": "nucleo-f446re"}} for number in range(count)}
        path = tmp_path / f"{count}.yaml"
        path.write_text(yaml.safe_dump({"tasks": ["kws"], "kws": {"models": models}}), encoding="utf-8")
        snakemake = [sys.executable, "-m", "snakemake", "--snakefile", str(repository / "Snakefile")]
        arguments = ["--directory", str(tmp_path), "--configfile", str(path), "--cores", "2", "--dry-run"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = subprocess.run([*snakemake, *arguments], cwd=repository, capture_output=True, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert result.returncode == 0, result.stdout + result.stderr
        assert result.stdout.count("rule search_network:") == count
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return plan


def test_a_further_model_takes_little_time_to_plan(planned_s):
    few, many = planned_s(FEW), planned_s(MANY)
    assert many - few < SECONDS_PER_MODEL * (MANY - FEW), f"{few:.2f} s of {FEW}, {many:.2f} s of {MANY} models"


def test_a_sweep_of_more_than_fifty_searches_is_one_plan(repository, tmp_path):
    over = {
        "board": ["nucleo-f446re", "nucleo-l4r5zi", "nucleo-f746zg"],
        "search.max_mops": [2, 4, 8],
        "train.weight_bits": [8, 4],
        "seed": [1, 2, 3],
    }
    sweep = {"net": {"search": {"board": "nucleo-f446re"}, "over": over}}
    path = tmp_path / "sweep.yaml"
    path.write_text(yaml.safe_dump({"tasks": ["kws"], "kws": {"sweep": sweep}}), encoding="utf-8")
    snakemake = [sys.executable, "-m", "snakemake", "--snakefile", str(repository / "Snakefile")]
    arguments = ["--directory", str(tmp_path), "--configfile", str(path), "--cores", "2", "--dry-run"]
    result = subprocess.run([*snakemake, *arguments], cwd=repository, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("rule search_network:") == result.stdout.count("rule profile_firmware:") == 54
    assert "kws/net-nucleo-l4r5zi-max-mops-8-weight-bits-4-seed-3/search/architecture.json" in result.stdout
