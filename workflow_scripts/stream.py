"""Strings a task's testing clips together in background noise, with a table of the words."""

from pathlib import Path

from micronets.data.speech.dataset import SpeechDataset
from micronets.data.speech.spoken_stream import make_stream
from micronets.job import job

with job(f"{snakemake.wildcards.task} stream", snakemake.log[0]):
    dataset = SpeechDataset.open(Path(snakemake.input.dataset).parent)
    make_stream(dataset, **snakemake.params).save(Path(snakemake.output.audio), Path(snakemake.output.truth))
