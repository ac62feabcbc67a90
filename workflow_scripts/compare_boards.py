"""Sets the latencies of the same random networks on several boards side by side."""

from pathlib import Path

from micronets.characterise import compare
from micronets.job import job

with job("compare boards", snakemake.log[0]):
    folders = [Path(figures).parent for figures in snakemake.input]
    compare(dict(zip(snakemake.params.boards, folders, strict=True)), Path(snakemake.output.figures).parent)
