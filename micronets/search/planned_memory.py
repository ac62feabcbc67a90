"""What networks need in RAM as the compiler plans it, and what that says of the working-memory model."""

import logging
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from micronets.architecture import Architecture
from micronets.boards import Board
from micronets.compiler.compile import compile_network
from micronets.costs import costs
from micronets.errors import ConfigurationError
from micronets.export.random_weights import random_network
from micronets.export.writer import write_tflite
from micronets.search.budget import Budget
from micronets.search.sampling import Sampler
from micronets.search.space import SearchSpace, cheapest

logger = logging.getLogger(__name__)

_NETWORKS = 5
_ROUNDS = 4
_CLOSE = 0.03
_STREAM = 0x3A4


def planned_ram_bytes(architecture: Architecture, boards: Iterable[Board], seed: int = 0) -> int:
    """The greatest arena, over the cores of `boards`, of a network with random weights, compiled with the default
    options."""
    with tempfile.TemporaryDirectory() as folder:
        tflite = Path(folder, f"{architecture.name}.tflite")
        write_tflite(random_network(architecture, seed), tflite)
        cores = sorted({board.core for board in boards})
        return max(compile_network(tflite, Path(folder, core), core=core).arena_bytes for core in cores)


def with_planned_memory(space: SearchSpace, budget: Budget, boards: Iterable[Board], seed: int) -> Budget:
    """The budget with `planned_share` as it is near the limit of RAM.

    Networks are drawn that use the budget, compiled, and drawn again by the median of what their arenas take of the
    working-memory model, until that hardly changes; the smallest network always keeps what is then expected. Nothing
    is compiled where the widest network keeps the limit by the model, which few arenas exceed.

    Args:
        boards: that the network is for.
        seed: of the draws.

    Raises ConfigurationError, with the figures, where no network of the space fits.
    """
    boards = list(boards)
    widest = space.architecture("widest", tuple(len(decision.options) - 1 for decision in space.decisions))
    if costs(widest).sram_bytes <= budget.sram_bytes:
        return budget
    smallest = space.architecture("smallest", cheapest(space))
    needed_bytes = planned_ram_bytes(smallest, boards)
    if needed_bytes > budget.sram_bytes:
        raise ConfigurationError(
            f"The smallest network of the search space needs {needed_bytes:,} bytes of SRAM, but {budget.sram_bytes:,} "
            f"are allowed; choose a larger board than {' or '.join(board.name for board in boards)} or make "
            "search.backbone smaller."
        )
    most = budget.sram_bytes / costs(smallest).sram_bytes
    budget = replace(budget, planned_share=min(most, 1.0))
    for number in range(_ROUNDS):
        sampler = Sampler(space, budget, np.random.default_rng((seed, _STREAM, number)))
        drawn = [space.architecture("drawn", sampler.draw()) for _ in range(_NETWORKS)]
        share = min(float(np.median([_share(network, boards) for network in drawn])), most)
        before = budget.planned_share
        budget = replace(budget, planned_share=share)
        if abs(share / before - 1.0) < _CLOSE:
            break
    logger.info("near %d bytes of RAM, arenas take %.0f %% of the working-memory model", budget.sram_bytes, 100 * share)
    return budget


def _share(architecture: Architecture, boards: list[Board]) -> float:
    return planned_ram_bytes(architecture, boards) / costs(architecture).sram_bytes
