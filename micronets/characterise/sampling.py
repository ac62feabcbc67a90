"""Measures random networks on the emulator, many side by side."""

import logging
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from micronets.architecture import Architecture
from micronets.boards import Board
from micronets.characterise.finished import Finished
from micronets.characterise.samples import LayerSample, NetworkSample
from micronets.costs import costs
from micronets.errors import BuildError, DoesNotFitError
from micronets.layer_costs import layer_shapes
from micronets.profile.architecture import profile_architecture
from micronets.profile.result import Profile
from micronets.progress import Progress

logger = logging.getLogger(__name__)

_CONVOLUTION = re.compile(r"_(depthwise_)?conv_2d$")


@dataclass(frozen=True)
class Samples:
    """What was measured, in the order of the networks, and how many did not fit the board."""

    networks: tuple[NetworkSample, ...]
    layers: tuple[LayerSample, ...]
    too_large: int


def measure_networks(
    architectures: Sequence[Architecture],
    board: Board,
    seed: int,
    *,
    processes: int,
    optimise: str,
    finished: Finished,
) -> Samples:
    """Compiles every network with random weights and runs it on the board's emulator, `processes` side by side.

    A network that does not fit the board's memories is counted and left out; one that is finished is not measured
    again.

    Raises:
        EmulatorError: a network's output differs from TFLM's, or the emulator failed.
        BuildError: there is no cycle model for the board.
    """
    progress = Progress(logger, f"networks on {board.name}", len(architectures))

    def measure(index: int) -> tuple[NetworkSample, list[LayerSample]] | None:
        architecture, of_network = architectures[index], seed + index
        try:
            return finished.get(
                architecture, of_network, lambda: _measure_if_it_fits(architecture, board, of_network, optimise)
            )
        finally:
            progress.advance()

    with ThreadPoolExecutor(processes) as pool:
        found = list(pool.map(measure, range(len(architectures))))
    kept = [sample for sample in found if sample is not None]
    layers = tuple(layer for _, of_network in kept for layer in of_network)
    return Samples(tuple(network for network, _ in kept), layers, len(found) - len(kept))


def _measure_if_it_fits(
    architecture: Architecture, board: Board, seed: int, optimise: str
) -> tuple[NetworkSample, list[LayerSample]] | None:
    try:
        return _measure(architecture, board, seed, optimise)
    except DoesNotFitError as error:
        logger.info("%s", error)
        return None


def _measure(
    architecture: Architecture, board: Board, seed: int, optimise: str
) -> tuple[NetworkSample, list[LayerSample]]:
    profile = profile_architecture(architecture, board, seed, optimise=optimise)
    if profile.cycles is None or profile.latency_ms is None:
        raise BuildError(f"there is no cycle model for {board.name}; choose another board to characterise")
    exact = costs(architecture)
    network = NetworkSample(
        network=architecture.name,
        ops=exact.ops,
        paper_ops=exact.paper_ops,
        weights=exact.weights,
        instructions=profile.instructions[0],
        cycles=round(profile.cycles, 1),
        latency_ms=round(profile.latency_ms, 5),
        network_ram_bytes=profile.firmware.linked_ram_bytes.network,
        flash_bytes=profile.firmware.flash_bytes.network,
    )
    return network, _layers(architecture, profile)


def _layers(architecture: Architecture, profile: Profile) -> list[LayerSample]:
    """The convolutions: all that has operations to speak of. The compiler keeps their order."""
    rows = [row for row in profile.layer_rows() if _CONVOLUTION.search(str(row["layer"]))]
    return [
        LayerSample(
            network=architecture.name,
            layer=str(row["layer"]),
            kind=shape.kind,
            macs=int(row["macs"]),
            inputs=shape.inputs,
            outputs=shape.outputs,
            channels=shape.channels,
            cycles=float(row["estimated_cycles"]),
        )
        for row, shape in zip(rows, layer_shapes(architecture), strict=True)
    ]
