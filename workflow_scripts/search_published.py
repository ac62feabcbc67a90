"""Writes the architecture of a published network where a search would put its own."""

from dataclasses import replace
from pathlib import Path

from micronets.configuration import resolve
from micronets.job import job
from micronets.published import published_architecture
from micronets.tasks import dataset_description
from micronets.tracking import StageRun

results, task, model = snakemake.config["results"], snakemake.wildcards.task, snakemake.wildcards.model
with job(f"{task} {model} search", snakemake.log[0]), StageRun(results, task, model, "search", {}) as run:
    labels = dataset_description(Path(snakemake.input.dataset).parent)["labels"]
    configured = resolve(snakemake.config).tasks[task].models.get(model)
    network = configured.published if configured else model  # a teacher need not be configured
    replace(published_architecture(network, len(labels)), name=model).save(snakemake.output.architecture)
    run.log_artifacts(snakemake.output.architecture)
