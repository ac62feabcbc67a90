"""Creates the tracking store and a run for every model, in a process of its own: a workflow itself needs no MLflow."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from micronets.job import job
from micronets.tracking import prepare_store


def prepare_tracking(results: str, models: Mapping[str, Iterable[str]]) -> None:
    """Has what is missing made before jobs start, because they would all make it at once; a failure is warned of.

    Args:
        results: folder of all outputs; the log goes to `logs/tracking.log` in it.
        models: names of the models by task.
    """
    given = json.dumps({"results": results, "models": models})
    subprocess.run([sys.executable, "-m", __name__], input=given, text=True, check=False)


def _main() -> None:
    given = json.load(sys.stdin)
    with job("tracking", Path(given["results"]) / "logs" / "tracking.log"):
        prepare_store(given["results"], given["models"])


if __name__ == "__main__":
    _main()
