"""The store before the first job, so that jobs need not create it at once."""

import logging
from collections.abc import Iterable, Mapping

from micronets.tracking.recorder import Recorder
from micronets.tracking.store import alone, client, failure, store_uri
from micronets.tracking.view import links

logger = logging.getLogger(__name__)


def prepare_store(results: str, models: Mapping[str, Iterable[str]]) -> dict[str, dict[str, str]]:
    """Creates the store, an experiment per task and a run per model where they are missing.

    Args:
        results: folder of all outputs.
        models: names of the models by task.

    Returns the run ids by task and model; empty, after a warning, where the store cannot be reached.
    """
    try:
        recorder = Recorder(client())
        with alone(results):
            return {
                task: {model: recorder.model_run(results, task, model).info.run_id for model in names}
                for task, names in models.items()
            }
    except Exception as error:
        logger.warning("%s", failure(error))
        return {}


def run_links(tasks: Iterable[str]) -> dict[str, str]:
    """The addresses of the tasks' runs (see `view.links`); empty where the store cannot be reached."""
    try:
        return links(client(), store_uri(), tasks)
    except Exception as error:
        logger.debug("%s", failure(error))
        return {}
