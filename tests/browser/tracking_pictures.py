"""`python -m tests.browser.tracking_pictures FOLDER`: MLflow's pages of what a run has recorded, for docs/tracking.md.

FOLDER is the working directory of a run of the workflow, with `mlflow.db`; the pictures go to docs/pictures.
"""

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from PIL import Image

from micronets.tracking.view import links
from tests.browser.chromium import browse

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
WIDTH, HEIGHT = 1800, 1100
PANEL = 613  # of MLflow's assistant, on the right, which is cut off
START_S = 300.0
COLOURS = 64


@contextlib.contextmanager
def mlflow_ui(store: str, log: Path) -> Iterator[str]:
    """MLflow's pages of a store, at an address of this machine alone."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    environment = os.environ | {"DO_NOT_TRACK": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    address, end = f"http://127.0.0.1:{port}", time.monotonic() + START_S
    with open(log, "wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/health", timeout=5).read()
                break
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"MLflow did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")
            time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=60)


def pages(store: str, address: str, task: str) -> Mapping[str, str]:
    """Addresses by name: `runs` as the printed link opens them, `compare` for the newest models, and one `model`."""
    from mlflow import MlflowClient

    client = MlflowClient(store)
    experiment = client.get_experiment_by_name(f"micronets-{task}").experiment_id
    newest = "attributes.start_time DESC"
    models = client.search_runs([experiment], "tags.kind = 'model'", max_results=4, order_by=[newest])
    ids = [run.info.run_id for run in models]
    chosen = f"runs={json.dumps(ids)}&experiments={json.dumps([experiment])}".replace(" ", "").replace('"', "%22")
    return {
        "runs": links(client, address, [task])[task],
        "compare": f"{address}/#/compare-runs?{chosen}",
        "model": f"{address}/#/experiments/{experiment}/runs/{ids[0]}",
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.tracking_pictures", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--task", default="kws")
    options = parser.parse_args(arguments)
    store = f"sqlite:///{(options.folder / 'mlflow.db').absolute()}"
    with tempfile.TemporaryDirectory() as scratch, mlflow_ui(store, Path(scratch, "server.log")) as address:
        for name, page in pages(store, address, options.task).items():
            picture = Path(scratch, f"{name}.png")
            browse(Path(scratch), (WIDTH + PANEL, HEIGHT), f"--screenshot={picture}", page)
            with Image.open(picture) as image:
                image.crop((0, 0, WIDTH, HEIGHT)).convert("RGB").quantize(COLOURS).save(
                    PICTURES / f"mlflow_{name}.png", optimize=True
                )
            print(PICTURES / f"mlflow_{name}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
