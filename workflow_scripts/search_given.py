"""Puts the user's own architecture where a search would put its own."""

from dataclasses import replace
from pathlib import Path

from micronets.architecture import Architecture
from micronets.errors import ModelError
from micronets.job import job
from micronets.tasks import dataset_description
from micronets.tracking import StageRun

results, task, model = snakemake.config["results"], snakemake.wildcards.task, snakemake.wildcards.model
with job(f"{task} {model} search", snakemake.log[0]), StageRun(results, task, model, "search", {}) as run:
    architecture = Architecture.load(snakemake.input.given)
    labels = dataset_description(Path(snakemake.input.dataset).parent)["labels"]
    if not architecture.reconstructs and architecture.classes != len(labels):
        raise ModelError(
            f"{snakemake.input.given} ends in {architecture.classes} channels, but there are {len(labels)} classes "
            f"({', '.join(labels)}); give its last layer as many"
        )
    replace(architecture, name=model).save(snakemake.output.architecture)
    run.log_artifacts(snakemake.output.architecture)
