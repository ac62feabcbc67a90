"""Trains one network in float and then quantised, with its teacher where it has one."""

from pathlib import Path

from micronets.job import job
from micronets.tracking import StageRun, record_data

results, task, model = snakemake.config["results"], snakemake.wildcards.task, snakemake.wildcards.model
data, directory = (Path(file).parent for file in (snakemake.input.dataset, snakemake.output.network))
with job(f"{task} {model} train", snakemake.log[0]):
    record_data(results, task, [model], data / "dataset.json")
    with StageRun(results, task, model, "train", dict(snakemake.params)) as run:
        from micronets.train import train

        architecture, teacher = snakemake.input.architecture, snakemake.input.get("teacher") or None
        train(
            data,
            architecture,
            directory,
            snakemake.params.train,
            snakemake.params.seed,
            threads=snakemake.threads,
            teacher_path=teacher,
            sink=run,
        )
        run.log_artifacts(*snakemake.output)
