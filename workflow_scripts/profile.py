"""Runs a firmware on the emulator, and where asked on the board, compares its outputs and counts its instructions."""

from pathlib import Path

from micronets.job import job
from micronets.profile.stage import profile
from micronets.tracking import StageRun

results, task, model = snakemake.config["results"], snakemake.wildcards.task, snakemake.wildcards.model
directory = Path(snakemake.output.profile).parent
build = f"{snakemake.wildcards.board}/{snakemake.wildcards.runtime}".rstrip("/")
with job(f"{task} {model} {build} profile", snakemake.log[0]):
    with StageRun(results, task, model, f"profile {build}", dict(snakemake.params)) as run:
        firmware = Path(snakemake.input.elf).parent
        found = profile(firmware, snakemake.input.test_inputs, directory, **snakemake.params.profile)
        figures = {"instructions": found.instructions[1], "latency_ms": found.latency_ms, "ram_bytes": found.ram_bytes}
        figures["measured_latency_ms"] = found.measured and found.measured.latency_ms
        figures |= {name: score.value for name, score in found.scores.items()}
        run.log_summary({f"{build}/{name}": figure for name, figure in figures.items()})
        run.log_artifacts(*snakemake.output, folder=build, to_model=True)
