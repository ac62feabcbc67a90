"""Measures the network that a search has found, and changes its widths until it keeps its budget on the board."""

from pathlib import Path

from micronets.fit import fit_found_network
from micronets.job import job
from micronets.tracking import StageRun

results, task, model = snakemake.config["results"], snakemake.wildcards.task, snakemake.wildcards.model
with job(f"{task} {model} fit", snakemake.log[0]):
    params = snakemake.params
    options = {name: getattr(params, name) for name in ("optimise", "weight_bits", "activation_bits")}
    with StageRun(results, task, model, "search fit", {"fit": options}) as run:
        found, directory = snakemake.input, Path(snakemake.output.fit).parent
        fit_found_network(found.found, found.search, directory, params.search, params.seed, **options)
        run.log_artifacts(*snakemake.output)
