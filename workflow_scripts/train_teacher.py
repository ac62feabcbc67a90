"""Trains a network in float, for others to learn from."""

from pathlib import Path

from micronets.job import job
from micronets.tracking import StageRun

results, task, teacher = snakemake.config["results"], snakemake.wildcards.task, snakemake.wildcards.teacher
data, directory = (Path(file).parent for file in (snakemake.input.dataset, snakemake.output.network))
with job(f"{task} {teacher} teacher", snakemake.log[0]):
    with StageRun(results, task, teacher, "teacher", dict(snakemake.params)) as run:
        from micronets.train import train_teacher

        train_teacher(
            data,
            snakemake.input.architecture,
            directory,
            snakemake.params.train,
            snakemake.params.seed,
            threads=snakemake.threads,
            sink=run,
        )
        run.log_artifacts(*snakemake.output)
