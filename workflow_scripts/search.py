"""Searches a network that fits a board."""

from pathlib import Path

from micronets.job import job
from micronets.tracking import StageRun, record_data

results, task, model = snakemake.config["results"], snakemake.wildcards.task, snakemake.wildcards.model
data, directory = (Path(file).parent for file in (snakemake.input.dataset, snakemake.output.found))
with job(f"{task} {model} search", snakemake.log[0]):
    record_data(results, task, [model], data / "dataset.json")
    with StageRun(results, task, model, "search", dict(snakemake.params)) as run:
        from micronets.search.search import search

        params, weights = snakemake.params, snakemake.input.shared_weights or None
        how = {"threads": snakemake.threads, "shared_weights": weights, "sink": run}
        search(data, directory, params.search, params.seed, name=model, **how)
        run.log_artifacts(*snakemake.output)
