"""Measures what a network by name costs on a board."""

from micronets.boards import Board
from micronets.job import job
from micronets.paper.costs import measure_costs

board, network = Board.from_json(snakemake.params.board), snakemake.wildcards.network
with job(f"paper {network} {board.name}", snakemake.log[0]):
    measure_costs(network, board, snakemake.output[0])
