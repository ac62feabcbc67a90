"""Puts the results of all tasks onto one page."""

from micronets.job import job
from micronets.report.page import write_page

with job("report", snakemake.log[0]):
    given = snakemake.params
    write_page(given.tasks, snakemake.config["results"], snakemake.output.page, given.groups)
