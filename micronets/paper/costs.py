"""What a network costs on a board: compiled, linked and run with random weights, which takes neither data nor training.

Sizes and counts are exact for its shape. Trained weights change them a little: a channel that is constant is left out.
"""

import logging
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from micronets.architecture import Architecture, Bits
from micronets.atomic import write_json
from micronets.boards import Board
from micronets.costs import costs
from micronets.errors import DoesNotFitError
from micronets.export.random_weights import random_network
from micronets.export.writer import write_tflite
from micronets.profile.architecture import profile_exactly
from micronets.published import published_architecture
from micronets.tflm.host import tflm_arena_bytes

logger = logging.getLogger(__name__)

SEED = 1
PRECISIONS: dict[str, tuple[Bits, Bits]] = {"-w4a8": (4, 8), "-w4a4": (4, 4)}
"""Bits of weights and of activations of networks whose names end so; others have 8 of both."""
OPTIMISE = "balanced"


@dataclass(frozen=True)
class BuiltCosts:
    """A network in a program for a board.

    Attributes:
        program_flash_bytes: everything in flash; network_flash_bytes: constants, code and tables of the network.
        network_ram_bytes: all static data of the network; program_ram_bytes: with the harness and the deepest stack.
        latency_ms, energy_mj: estimated, with the mean error in percent; None where there is no model, or no power is
            known.
    """

    program_flash_bytes: int
    network_flash_bytes: int
    network_ram_bytes: int
    program_ram_bytes: int
    instructions: int
    latency_ms: float | None
    latency_error_percent: float | None
    energy_mj: float | None
    energy_error_percent: float | None


@dataclass(frozen=True)
class NetworkCosts:
    """One network on one board.

    Attributes:
        network: its published name, with one of `PRECISIONS` behind it where it has 4 bits.
        macs, paper_macs: with real map sizes, and under the paper's convention.
        tflm_arena_bytes: as TFLM's interpreter on the host counts it.
        built: None where the network does not fit the board, and then `refusal` says by how much.
    """

    network: str
    board: str
    macs: int
    paper_macs: float
    weights: int
    tflite_bytes: int
    tflm_arena_bytes: int
    built: BuiltCosts | None
    refusal: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` turns back into an equal one."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "NetworkCosts":
        """Raises KeyError or TypeError where the object is none."""
        built = content["built"]
        return cls(**{**content, "built": None if built is None else BuiltCosts(**built)})


def named_architecture(network: str) -> Architecture:
    """Layers of a network, with their bits where its name ends in one of `PRECISIONS`.

    Raises ConfigurationError where nobody knows it.
    """
    for ending, bits in PRECISIONS.items():
        if network.endswith(ending):
            return published_architecture(network.removesuffix(ending)).with_precision(*bits)
    return published_architecture(network)


def measure_costs(network: str, board: Board, path: str | os.PathLike) -> NetworkCosts:
    """Measures a network by its name (see `named_architecture`) and writes `path`, a JSON file.

    Raises:
        EmulatorError: an output differs from TFLM's.
        MicronetsError: it cannot be compiled, built or run, other than for want of memory.
    """
    architecture = named_architecture(network)
    exact = costs(architecture)
    with tempfile.TemporaryDirectory() as scratch:
        tflite = Path(scratch, f"{network}.tflite")
        write_tflite(random_network(architecture, SEED), tflite)
        built, refusal = _build(tflite, board, Path(scratch, "program"))
        found = NetworkCosts(
            network=network,
            board=board.name,
            macs=exact.macs,
            paper_macs=exact.paper_macs,
            weights=exact.weights,
            tflite_bytes=tflite.stat().st_size,
            tflm_arena_bytes=tflm_arena_bytes(tflite),
            built=built,
            refusal=refusal,
        )
    write_json(Path(path), found.to_json())
    return found


def _build(tflite: Path, board: Board, directory: Path) -> tuple[BuiltCosts | None, str]:
    try:
        profile = profile_exactly(tflite, board, directory, optimise=OPTIMISE)
    except DoesNotFitError as error:
        logger.info("%s", error)
        return None, str(error).partition(f"{tflite.stem} ")[2].partition(";")[0]
    estimated = profile.to_json()["estimated"] or {}
    firmware = profile.firmware
    return (
        BuiltCosts(
            program_flash_bytes=firmware.flash_bytes.total,
            network_flash_bytes=firmware.flash_bytes.network,
            network_ram_bytes=firmware.linked_ram_bytes.network,
            program_ram_bytes=profile.ram_bytes,
            instructions=profile.instructions[0],
            latency_ms=estimated.get("latency_ms"),
            latency_error_percent=estimated.get("latency_error_percent"),
            energy_mj=estimated.get("energy_mj"),
            energy_error_percent=estimated.get("energy_error_percent"),
        ),
        "",
    )
