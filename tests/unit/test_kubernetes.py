"""Jobs as Kubernetes Jobs: what is asked for, and what becomes of them, with a stand-in for kubectl."""

import importlib.metadata
import json
import os
import shlex
import sys
from types import SimpleNamespace

import pytest
import yaml

from micronets import kubernetes

NEEDS = ["--cpus", "4", "--memory-mb", "3000", "--minutes", "75"]
KUBECTL = """#!{python}
import pathlib, sys
folder = pathlib.Path(__file__).parent
(folder / "asked").write_text(" ".join(sys.argv[1:]))
(folder / "given").write_text(sys.stdin.read())
answer = folder / "answer"
if not answer.exists():
    sys.exit("no route to the cluster")
print(answer.read_text())
"""


@pytest.fixture
def kubectl(tmp_path, monkeypatch):
    """A program of this name that keeps what it is asked and given, and answers with the file `answer`."""
    program = tmp_path / "kubectl"
    program.write_text(KUBECTL.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def submit(*further):
    return kubernetes.main(["submit", "--image", "i", "--volume", "claim:/work", *NEEDS, *further, "/work/job.sh"])


def test_a_job_asks_for_what_its_stage_takes_and_works_on_the_volume(kubectl, monkeypatch, capsys):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (kubectl / "answer").write_text("job.batch/created")
    assert submit("--gpus", "2") == 0
    job = json.loads((kubectl / "given").read_text())
    assert capsys.readouterr().out.strip() == job["metadata"]["name"]
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["command"] == ["/bin/sh", "/work/job.sh"] and container["workingDir"] == "/work"
    assert container["resources"]["requests"] == {"cpu": "4", "memory": "3000M"}
    assert container["resources"]["limits"] == {"memory": "3000M", "nvidia.com/gpu": "2"}
    assert container["env"] == [{"name": "KERAS_BACKEND", "value": "torch"}]
    assert pod["activeDeadlineSeconds"] == 75 * 60 and job["spec"]["backoffLimit"] == 0
    assert pod["volumes"] == [{"name": "shared", "persistentVolumeClaim": {"claimName": "claim"}}]


def test_the_profile_submits_and_cancels_by_what_there_is(kubectl, repository):
    (kubectl / "answer").write_text("job.batch/created")
    profile = yaml.safe_load((repository / "profiles" / "kubernetes" / "config.yaml").read_text(encoding="utf-8"))
    resources = SimpleNamespace(mem_mb=3000, runtime=75, gpu=profile["default-resources"]["gpu"])
    command = shlex.split(profile["cluster-generic-submit-cmd"].format(threads=4, resources=resources))
    assert command[:3] == ["python", "-m", "micronets.kubernetes"]
    assert kubernetes.main([*command[3:], "/work/job.sh"]) == 0
    assert json.loads((kubectl / "given").read_text())["spec"]["template"]["spec"]["activeDeadlineSeconds"] == 4500
    assert profile["cluster-generic-status-cmd"].split()[-1] == "status"
    (program,) = importlib.metadata.entry_points(name=profile["cluster-generic-cancel-cmd"], group="console_scripts")
    assert program.load() is kubernetes.cancel


def test_a_job_without_gpus_asks_for_none_and_a_refused_one_fails(kubectl, capsys):
    assert submit("--gpus", "0") == 1  # nobody answers
    assert "gpu" not in (kubectl / "given").read_text()
    said = capsys.readouterr()
    assert said.out == "" and said.err == "Kubernetes refuses a job: no route to the cluster\n"


@pytest.mark.parametrize(
    ("conditions", "word"),
    [
        (None, "running"),
        ([{"type": "Suspended", "status": "False"}], "running"),
        ([{"type": "Complete", "status": "True"}], "success"),
        ([{"type": "FailureTarget", "status": "True"}, {"type": "Failed", "status": "True"}], "failed"),
    ],
)
def test_what_has_become_of_a_job(kubectl, capsys, conditions, word):
    (kubectl / "answer").write_text(json.dumps({"status": {"conditions": conditions}}))
    assert kubernetes.main(["status", "micronets-1"]) == 0
    assert capsys.readouterr().out == f"{word}\n"


def test_a_job_that_is_gone_has_failed_and_silence_is_no_news(kubectl, capsys):
    (kubectl / "answer").write_text("")
    kubernetes.main(["status", "micronets-1"])
    (kubectl / "answer").unlink()
    kubernetes.main(["status", "micronets-1"])
    said = capsys.readouterr()
    assert said.out == "failed\nrunning\n" and "no route to the cluster" in said.err


def test_jobs_are_deleted_without_waiting(kubectl, monkeypatch):
    (kubectl / "answer").write_text("")
    monkeypatch.setattr(sys, "argv", ["micronets-kubernetes-cancel", "a", "b"])
    assert kubernetes.cancel() == 0
    assert (kubectl / "asked").read_text() == "delete job --ignore-not-found --wait=false a b"
