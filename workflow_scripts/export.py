"""Writes a trained network as .tflite and measures that file."""

from pathlib import Path

from micronets.export import export
from micronets.job import job
from micronets.tracking import StageRun

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
            test_logits_path=source.test_logits,
            processes=snakemake.threads,
        )
        run.log_summary({f"accuracy/{name}": share for name, share in metrics["accuracy"].items()})
        run.log_artifacts(*snakemake.output)
