"""Puts the user's own .tflite file where a network that is trained here would be exported to, and measures it."""

from pathlib import Path

from micronets.export.evaluate import EvaluationOptions, export_trained_elsewhere
from micronets.job import job
from micronets.tracking import StageRun

results, task, model = snakemake.config["results"], snakemake.wildcards.task, snakemake.wildcards.model
data, directory = (Path(file).parent for file in (snakemake.input.dataset, snakemake.output.model))
with job(f"{task} {model} export", snakemake.log[0]):
    with StageRun(results, task, model, "export", dict(snakemake.params)) as run:
        options = EvaluationOptions.from_section(snakemake.params.evaluate)
        metrics = export_trained_elsewhere(
            snakemake.input.tflite, data, directory, options, processes=snakemake.threads
        )
        metric = metrics["metric"]
        scores = {name: found for name, found in metrics["scores"].items() if metric in found}
        run.log_summary({f"{metric}/{name}": found[metric]["value"] for name, found in scores.items()})
        run.log_artifacts(*snakemake.output)
