"""Evaluates somebody else's .tflite file on a task."""

from pathlib import Path

from micronets.export.evaluate import EvaluationOptions, evaluate
from micronets.job import job

data, directory = (Path(file).parent for file in (snakemake.input.dataset, snakemake.output.metrics))
with job(f"{snakemake.wildcards.task} evaluate", snakemake.log[0]):
    options = EvaluationOptions.from_section(snakemake.params.evaluate)
    evaluate(snakemake.input.model, data, directory, options, processes=snakemake.threads)
