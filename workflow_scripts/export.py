"""Writes a trained network as .tflite and measures that file."""

from pathlib import Path

from micronets.export import export
from micronets.job import job
from micronets.litert import describe
from micronets.tracking import StageRun, record_export

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
        out = snakemake.output
        record_export(run, metrics, out.metrics, out.model, describe(out.model))
