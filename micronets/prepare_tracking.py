"""Creates the tracking store and a run for every model, in a process of its own: a workflow itself needs no MLflow."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from micronets.job import job
from micronets.tracking import prepare_store, run_links


def prepare_tracking(results: str, models: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Has what is missing made before jobs start, because they would all make it at once; a failure is warned of.

    Args:
        results: folder of all outputs; the log goes to `logs/tracking.log` in it.
        models: names of the models by task.

    Returns the address of each task's runs; empty where the store cannot be reached.
    """
    given = json.dumps({"results": results, "models": models})
    command = [sys.executable, "-m", __name__]
    done = subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, check=False)
    lines = done.stdout.splitlines()
    return json.loads(lines[-1]) if done.returncode == 0 and lines else {}


def _main() -> None:
    given = json.load(sys.stdin)
    with job("tracking", Path(given["results"]) / "logs" / "tracking.log"):
        prepared = prepare_store(given["results"], given["models"])
        print(json.dumps(run_links(given["models"]) if prepared else {}))


if __name__ == "__main__":
    _main()
