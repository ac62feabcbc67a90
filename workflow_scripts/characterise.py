"""Measures random networks on one board's emulator and fits how their latency follows from their shape."""

from pathlib import Path

from micronets.characterise import characterise
from micronets.job import job

board, options = snakemake.wildcards.board, snakemake.params.characterise
with job(f"characterise {board}", snakemake.log[0]):
    characterise(
        Path(snakemake.output.figures).parent,
        board,
        options["backbones"],
        networks=options["networks"],
        optimise=options["optimise"],
        seed=snakemake.params.seed,
        processes=snakemake.threads,
    )
