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
