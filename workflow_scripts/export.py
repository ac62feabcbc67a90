"""Writes a trained network as .tflite and measures that file."""

from pathlib import Path

from micronets.export import export
from micronets.job import job
from micronets.litert import describe
from micronets.tracking import StageRun, model_scores

results, task, model = snakemake.config["results"], snakemake.wildcards.task, snakemake.wildcards.model
data, directory = (Path(file).parent for file in (snakemake.input.dataset, snakemake.output.model))
with job(f"{task} {model} export", snakemake.log[0]):
    with StageRun(results, task, model, "export", dict(snakemake.params)) as run:
        source = snakemake.input
        metrics = export(
            source.network,
            source.float_network,
            source.metrics,
            data,
            directory,
            test_outputs_path=source.test_outputs,
            processes=snakemake.threads,
        )
        metric = metrics["metric"]
        scores = {name: found for name, found in metrics["scores"].items() if metric in found}
        run.log_summary(model_scores(metric, {name: found[metric]["value"] for name, found in scores.items()}))
        run.log_artifacts(snakemake.output.metrics)
        run.log_artifacts(snakemake.output.model, to_model=True)
        run.log_model(
            snakemake.output.model, *((end.dtype.name, end.shape) for end in describe(snakemake.output.model))
        )
