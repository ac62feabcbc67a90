"""Runs a firmware on the emulator, compares its outputs and counts its instructions."""

from pathlib import Path

from micronets.job import job
from micronets.profile.stage import profile
from micronets.tracking import StageRun

results, task, model = snakemake.config["results"], snakemake.wildcards.task, snakemake.wildcards.model
board, directory = snakemake.wildcards.board, Path(snakemake.output.profile).parent
with job(f"{task} {model} {board} profile", snakemake.log[0]):
    with StageRun(results, task, model, f"profile {board}", dict(snakemake.params)) as run:
        profile(Path(snakemake.input.elf).parent, snakemake.input.test_inputs, directory, **snakemake.params.profile)
        run.log_artifacts(*snakemake.output)
