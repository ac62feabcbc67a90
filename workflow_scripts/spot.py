"""Plays a stream to the keyword spotter of one network on one board's emulator."""

import logging
from pathlib import Path

from micronets.boards import find_board
from micronets.data.speech.dataset import SpeechDataset
from micronets.data.speech.spoken_stream import SpokenStream
from micronets.job import job
from micronets.keyword_spotter.stage import features_read_by, heard_by, spot
from micronets.tracking import StageRun

results, task, model = snakemake.config["results"], snakemake.wildcards.task, snakemake.wildcards.model
board, directory = find_board(snakemake.wildcards.board), Path(snakemake.output.figures).parent
with job(f"{task} {model} {board.name} spot", snakemake.log[0]):
    with StageRun(results, task, model, f"spot {board.name}", dict(snakemake.params)) as run:
        dataset = SpeechDataset.open(Path(snakemake.input.dataset).parent)
        features = features_read_by(Path(snakemake.input.model))
        labels, parameters = heard_by(dataset.labels, features, snakemake.params.evaluate)
        about = {"labels": labels, "parameters": parameters, **snakemake.params.firmware}
        stream = SpokenStream.load(snakemake.input.audio, snakemake.input.truth, dataset.parameters.sample_rate_hz)
        found = spot(Path(snakemake.input.model), stream, board, directory, snakemake.params.spot, **about)
        logging.getLogger("micronets").info("%s", found.summary())
        run.log_summary({f"{board.name}/{name}": figure for name, figure in found.figures().items()})
        run.log_artifacts(*snakemake.output)
