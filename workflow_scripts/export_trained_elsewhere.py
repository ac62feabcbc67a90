"""Puts the user's own .tflite file where a network that is trained here would be exported to, and measures it."""

from pathlib import Path

from micronets.export.evaluate import EvaluationOptions, export_trained_elsewhere
from micronets.job import job
from micronets.litert import describe
from micronets.tracking import StageRun, record_export

results, task, model = snakemake.config["results"], snakemake.wildcards.task, snakemake.wildcards.model
data, directory = (Path(file).parent for file in (snakemake.input.dataset, snakemake.output.model))
with job(f"{task} {model} export", snakemake.log[0]):
    with StageRun(results, task, model, "export", dict(snakemake.params)) as run:
        options = EvaluationOptions.from_section(snakemake.params.evaluate)
        metrics = export_trained_elsewhere(
            snakemake.input.tflite, data, directory, options, processes=snakemake.threads
        )
        out = snakemake.output
        record_export(run, metrics, out.metrics, out.model, describe(out.model))
