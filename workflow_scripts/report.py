"""Gathers the results of a task into a page, a table and pictures."""

from pathlib import Path

from micronets.job import job
from micronets.report import report

task, directory = snakemake.wildcards.task, Path(snakemake.output.html).parent
with job(f"{task} report", snakemake.log[0]):
    report(task, snakemake.params.models, Path(snakemake.config["results"]), directory)
