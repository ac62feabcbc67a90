"""Writes the architecture of a published network where a search would put its own."""

from pathlib import Path

from micronets.job import job
from micronets.published import published_architecture
from micronets.tasks import dataset_description
from micronets.tracking import StageRun

results, task, model = snakemake.config["results"], snakemake.wildcards.task, snakemake.wildcards.model
with job(f"{task} {model} search", snakemake.log[0]), StageRun(results, task, model, "search", {}) as run:
    labels = dataset_description(Path(snakemake.input.dataset).parent)["labels"]
    published_architecture(model, len(labels)).save(snakemake.output.architecture)
    run.log_artifacts(snakemake.output.architecture)
