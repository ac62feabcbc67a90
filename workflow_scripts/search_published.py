"""Writes the architecture of a published network where a search would put its own."""

from micronets.job import job
from micronets.published import published_architecture
from micronets.tracking import StageRun

results, task, model = snakemake.config["results"], snakemake.wildcards.task, snakemake.wildcards.model
with job(f"{task} {model} search", snakemake.log[0]), StageRun(results, task, model, "search", {}) as run:
    published_architecture(model).save(snakemake.output.architecture)
    run.log_artifacts(snakemake.output.architecture)
