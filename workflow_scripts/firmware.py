"""Compiles a .tflite file to C and builds the benchmark program for a board."""

from pathlib import Path

from micronets.atomic import write_json
from micronets.boards import find_board
from micronets.firmware import compile_network
from micronets.job import job
from micronets.profile import build_firmware
from micronets.tracking import StageRun

results, task, model = snakemake.config["results"], snakemake.wildcards.task, snakemake.wildcards.model
board, directory = snakemake.wildcards.board, Path(snakemake.output.elf).parent
with job(f"{task} {model} {board} firmware", snakemake.log[0]):
    with StageRun(results, task, model, f"firmware {board}", dict(snakemake.params)) as run:
        compiled = compile_network(snakemake.input.model, directory / "src", **snakemake.params.firmware)
        write_json(snakemake.output.network, compiled.to_json())
        firmware = build_firmware(compiled, find_board(board), directory)
        run.log_metrics({"flash_bytes": firmware.flash_bytes.total, "ram_bytes": firmware.ram_bytes.total})
        run.log_artifacts(directory / "src", *snakemake.output)
