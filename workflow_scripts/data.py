"""Reads or generates the recordings of a task and computes their features."""

import json
from pathlib import Path

from micronets.data import prepare
from micronets.job import job
from micronets.tasks import find_task
from micronets.tracking import record_data

results, task, params = snakemake.config["results"], snakemake.wildcards.task, snakemake.params
with job(f"{task} data", snakemake.log[0]):
    prepare(find_task(task), params.data, Path(snakemake.output[0]).parent, params.seed, snakemake.threads)
    models = json.loads(Path(snakemake.input.tracking).read_text(encoding="utf-8")).get(task, {})
    record_data(results, task, models, snakemake.output[0])
