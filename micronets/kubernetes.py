"""Jobs of the workflow as Kubernetes Jobs on a volume that all of them share; `profiles/kubernetes` calls this.

Snakemake's own plugin for Kubernetes shares no folder and carries declared files from pod to pod. Jobs of this workflow
also find checkpoints, arrays of a dataset and journals beside such files, so they work in one folder, as on Slurm.
"""

import argparse
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

PASSED = ("KERAS_BACKEND", "MLFLOW_TRACKING_URI")
"""Environment variables that jobs inherit."""
_TIMEOUT_S = 60.0
_KEPT_S = 24 * 3600
"""How long the cluster keeps a job that has ended, for its log."""


def manifest(
    script: str,
    *,
    name: str,
    image: str,
    volume: str,
    cpus: int,
    memory_mb: int,
    minutes: int,
    gpus: int,
    environment: Mapping[str, str],
) -> dict[str, Any]:
    """A `batch/v1` Job that runs a script on the volume, as the user of this process, once.

    Args:
        script: path of a shell script, in a folder of the volume.
        volume: `claim:path`, a PersistentVolumeClaim that several pods may write, and where pods mount it.
        cpus, memory_mb: asked for, and the most that it gets of memory (MB of 10^6 bytes).
        minutes: after which it is ended; waiting for a node does not count.
    """
    claim, _, path = volume.partition(":")
    amounts = {"cpu": str(cpus), "memory": f"{memory_mb}M"}
    limits = {"memory": amounts["memory"]} | ({"nvidia.com/gpu": str(gpus)} if gpus else {})
    container = {
        "name": "job",
        "image": image,
        "command": ["/bin/sh", script],
        "workingDir": path,
        "env": [{"name": key, "value": value} for key, value in sorted(environment.items())],
        "resources": {"requests": amounts, "limits": limits},
        "volumeMounts": [{"name": "shared", "mountPath": path}],
    }
    pod = {
        "restartPolicy": "Never",
        "activeDeadlineSeconds": 60 * minutes,
        "securityContext": {"runAsUser": os.getuid(), "runAsGroup": os.getgid()},
        "containers": [container],
        "volumes": [{"name": "shared", "persistentVolumeClaim": {"claimName": claim}}],
    }
    labels = {"app.kubernetes.io/name": "micronets"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "backoffLimit": 0,  # Snakemake tries again, with more memory and time
            "ttlSecondsAfterFinished": _KEPT_S,
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def state(job: Mapping[str, Any] | None) -> str:
    """`running`, `success` or `failed`, as Snakemake wants it, of a Job as the cluster tells it; None: it is gone."""
    if job is None:
        return "failed"
    conditions = job.get("status", {}).get("conditions") or []
    ended = {entry["type"] for entry in conditions if entry["status"] == "True"}
    if "Complete" in ended:
        return "success"
    return "failed" if "Failed" in ended else "running"


def submit(arguments: argparse.Namespace) -> int:
    """Creates a Job and prints its name."""
    name = f"micronets-{uuid.uuid4().hex[:16]}"
    given = {key: os.environ[key] for key in PASSED if key in os.environ}
    needs = {key: getattr(arguments, key) for key in ("image", "volume", "cpus", "memory_mb", "minutes", "gpus")}
    content = manifest(os.path.abspath(arguments.script), name=name, environment=given, **needs)
    done = _kubectl("create", "--filename=-", given=json.dumps(content))
    if done.returncode:
        print(f"Kubernetes refuses a job: {done.stderr.strip()}", file=sys.stderr)
        return 1
    print(name)
    return 0


def status(arguments: argparse.Namespace) -> int:
    """Prints what has become of a Job; where the cluster does not answer, it counts as running."""
    done = _kubectl("get", "job", arguments.name, "--ignore-not-found", "--output=json")
    if done.returncode:
        print(f"Kubernetes does not answer: {done.stderr.strip()}", file=sys.stderr)
        print("running")
    else:
        print(state(json.loads(done.stdout) if done.stdout.strip() else None))
    return 0


def cancel() -> int:
    """The program `micronets-kubernetes-cancel`: deletes the Jobs whose names it is given, with their pods."""
    return _kubectl("delete", "job", "--ignore-not-found", "--wait=false", *sys.argv[1:]).returncode


def _kubectl(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["kubectl", *arguments], input=given, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(arguments, 1, "", str(error))


def main(given: Sequence[str] | None = None) -> int:
    """`python -m micronets.kubernetes`."""
    parser = argparse.ArgumentParser(prog="python -m micronets.kubernetes", description="For profiles/kubernetes.")
    commands = parser.add_subparsers(required=True)
    submitting = commands.add_parser("submit")
    submitting.add_argument("--image", required=True)
    submitting.add_argument("--volume", required=True, help="claim:path")
    for name in ("cpus", "memory-mb", "minutes", "gpus"):
        submitting.add_argument(f"--{name}", type=int, required=True)
    submitting.add_argument("script")
    submitting.set_defaults(run=submit)
    asking = commands.add_parser("status")
    asking.add_argument("name")
    asking.set_defaults(run=status)
    arguments = parser.parse_args(given)
    result: int = arguments.run(arguments)
    return result


if __name__ == "__main__":
    sys.exit(main())
