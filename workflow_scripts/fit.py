"""Measures the network that a search has found, and changes its widths until it keeps its budget on the board."""

from pathlib import Path

from micronets.fit import fit_found_network
from micronets.job import job
from micronets.tracking import StageRun

results, task, model = snakemake.config["results"], snakemake.wildcards.task, snakemake.wildcards.model
with job(f"{task} {model} fit", snakemake.log[0]):
    params = snakemake.params
    facts = {"fit": {"optimise": params.optimise, "weight_bits": params.weight_bits}}
    with StageRun(results, task, model, "search fit", facts) as run:
        found, directory = snakemake.input, Path(snakemake.output.fit).parent
        options = {"optimise": params.optimise, "weight_bits": params.weight_bits}
        fit_found_network(found.found, found.search, directory, params.search, params.seed, **options)
        run.log_artifacts(*snakemake.output)
