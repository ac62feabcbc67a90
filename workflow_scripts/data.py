"""Reads or generates the recordings of a task and computes their features."""

from pathlib import Path

from micronets.configuration import resolve
from micronets.job import job
from micronets.tasks import find_task
from micronets.tracking import record_data

results, task, params = snakemake.config["results"], snakemake.wildcards.task, snakemake.params
with job(f"{task} data", snakemake.log[0]):
    find_task(task).prepare(params.data, Path(snakemake.output[0]).parent, params.seed, snakemake.threads)
    record_data(results, task, resolve(snakemake.config).tasks[task].models, snakemake.output[0])
