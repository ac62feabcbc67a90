"""Trains the weights that several searches share."""

from pathlib import Path

from micronets.job import job
from micronets.tracking import StageRun, record_data

results, task, model = snakemake.config["results"], snakemake.wildcards.task, snakemake.wildcards.model
data, directory = (Path(file).parent for file in (snakemake.input.dataset, snakemake.output.weights))
with job(f"{task} {model} supernet", snakemake.log[0]):
    record_data(results, task, [model], data / "dataset.json")
    with StageRun(results, task, model, "supernet", dict(snakemake.params)) as run:
        from micronets.search.shared_weights import train_supernet

        params = snakemake.params
        train_supernet(data, directory, params.searches, params.seed, threads=snakemake.threads, sink=run)
        run.log_artifacts(snakemake.output.history)
