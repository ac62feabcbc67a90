"""Gathers the results of a task into a table and pictures."""

from pathlib import Path

from micronets.configuration import resolve
from micronets.job import job
from micronets.report import report
from micronets.report.over_seeds import write_over_seeds
from micronets.tracking import StageRun, record_over_seeds

results, task, models = snakemake.config["results"], snakemake.wildcards.task, snakemake.params.models
with job(f"{task} report", snakemake.log[0]):
    directory, groups = Path(snakemake.output.table).parent, snakemake.params.groups
    report(task, models, Path(results), directory, groups)
    means = write_over_seeds(directory, groups).to_dict("records")
    for model in models:
        with StageRun(results, task, model, "report", {}) as run:
            run.log_artifacts(snakemake.output.table)
            run.log_artifacts(*Path(snakemake.output.pictures).glob(f"{model}_*.png"), folder="pictures", to_model=True)
    if means:
        record_over_seeds(results, task, means, resolve(snakemake.config).tasks[task].groups)
