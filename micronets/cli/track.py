"""`micronets track`: sends to MLflow what it has not taken yet."""

import argparse
import logging
from pathlib import Path

from micronets.errors import MicronetsError

DESCRIPTION = "Sends to the tracking store what waits beside the results, e.g. because the server was away."
EXAMPLES = """  micronets track results
  MLFLOW_TRACKING_URI=http://server:5000 micronets track results
  micronets track results --again"""
EXTRAS = ("workflow",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("results", type=Path, nargs="?", default=Path("results"), help="folder of all outputs")
    parser.add_argument(
        "--again", action="store_true", help="also what was sent before, e.g. because the store is a new one"
    )


def run(options: argparse.Namespace) -> int:
    from micronets.credentials import masked
    from micronets.tracking import run_links, send_all, store_uri
    from micronets.tracking.store import failure

    logging.basicConfig(format="%(message)s")
    if not (options.results / "tracking").is_dir():
        raise MicronetsError(f"{options.results} holds nothing to record; name a results folder of the workflow.")
    try:
        sent, left = send_all(options.results, options.again)
    except Exception as error:
        raise MicronetsError(
            f"{failure(error)} What waits is kept; start the server again, or, where the file of the store is damaged, "
            "move it away and run micronets track --again."
        ) from error
    print(f"{sent} stages sent to {masked(store_uri())}" + (f", {left} left: their jobs are at work" if left else ""))
    tasks = sorted(path.name for path in (options.results / "tracking").iterdir() if path.is_dir())
    for task, link in run_links(tasks).items():
        print(f"  {task}: {link}")
    return 0
