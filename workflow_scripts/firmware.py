"""Compiles a .tflite file to C and builds the benchmark program for a board's emulator, and for the board."""

from pathlib import Path

from micronets.boards import find_board
from micronets.firmware import compile_network
from micronets.job import job
from micronets.profile import build_firmware
from micronets.profile.hardware.program import build_board_program
from micronets.tracking import StageRun

results, task, model = snakemake.config["results"], snakemake.wildcards.task, snakemake.wildcards.model
board, directory = find_board(snakemake.wildcards.board), Path(snakemake.output.elf).parent
with job(f"{task} {model} {board.name} firmware", snakemake.log[0]):
    with StageRun(results, task, model, f"firmware {board.name}", dict(snakemake.params)) as run:
        tflite, options = snakemake.input.model, snakemake.params.firmware
        compiled = compile_network(tflite, directory / "src", core=board.core, **options)
        firmware = build_firmware(compiled, board, directory)
        if snakemake.params.on_board:
            build_board_program(compiled, firmware, task=task)
        sizes = {"flash_bytes": firmware.flash_bytes.total, "ram_bytes": firmware.ram_bytes.total}
        run.log_summary({f"{board.name}/{name}": size for name, size in sizes.items()})
        run.log_artifacts(directory / "src", *snakemake.output)
