"""Puts every table and figure of the paper beside ours, onto one page."""

from pathlib import Path

from micronets.job import job
from micronets.paper.page import write_paper

with job("paper", snakemake.log[0]):
    given, read = snakemake.params, snakemake.input
    write_paper(
        Path(snakemake.output.page).parent,
        [Path(path) for path in read.costs],
        given.tasks,
        Path(snakemake.config["results"]),
        {network: Path(path) for network, path in zip(given.released, read.released, strict=True)},
        given.reasons,
        [Path(path) for path in read.characterisations],
        given.budgets,
    )
