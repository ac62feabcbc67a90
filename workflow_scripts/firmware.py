"""Builds the benchmark program around a .tflite file for a board's emulator, and for the board."""

from pathlib import Path

from micronets.boards import find_board
from micronets.firmware.stage import build_for_runtime
from micronets.job import job
from micronets.tracking import StageRun

results, task, model = snakemake.config["results"], snakemake.wildcards.task, snakemake.wildcards.model
board, directory = find_board(snakemake.wildcards.board), Path(snakemake.output.elf).parent
build = f"{board.name}/{snakemake.wildcards.runtime}".rstrip("/")
with job(f"{task} {model} {build} firmware", snakemake.log[0]):
    with StageRun(results, task, model, f"firmware {build}", dict(snakemake.params)) as run:
        tflite, options = snakemake.input.model, snakemake.params.firmware
        choice = {"runtime": snakemake.params.runtime, "on_board": snakemake.params.on_board}
        firmware = build_for_runtime(tflite, board, directory, options, task=task, **choice)
        run.log_summary({f"{build}/flash_bytes": firmware.flash_bytes.total})
        run.log_artifacts(directory / "src", snakemake.output.elf, folder=build, to_model=True)
        run.log_artifacts(*snakemake.output)
