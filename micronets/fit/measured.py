"""What a network takes of its board, by the linker and the emulator."""

import logging
from dataclasses import dataclass

from micronets.architecture import Architecture, Bits
from micronets.boards import Board
from micronets.errors import BuildError, DoesNotFitError
from micronets.profile.architecture import profile_architecture

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Measured:
    """Of one network on one board, with random weights.

    Attributes:
        flash_bytes: weights, tables and code of the network; likewise `network_ram_bytes`, without the stack.
        flash_left_bytes, ram_left_bytes: what the board has for a network beside the program around it.
        latency_ms: of one inference, estimated from its counted instructions; None where the core has no cycle model.
        energy_mj: of one inference; None where the board's power is not known either.
    """

    flash_bytes: int
    network_ram_bytes: int
    flash_left_bytes: int
    ram_left_bytes: int
    latency_ms: float | None
    energy_mj: float | None


def measure(
    architecture: Architecture, board: Board, seed: int, *, optimise: str, weight_bits: Bits, activation_bits: Bits = 8
) -> Measured | None:
    """Compiles, links and emulates; None where the board's memories do not hold the program.

    Args:
        seed: of the weights.
        optimise: see `micronets.compiler.OPTIMISE`.
        weight_bits, activation_bits: of layers that do not fix their own.

    Raises:
        BuildError: the network cannot be built.
        EmulatorError: its output differs from TFLM's, or the emulator failed.
    """
    try:
        profile = profile_architecture(
            architecture, board, seed, optimise=optimise, weight_bits=weight_bits, activation_bits=activation_bits
        )
    except DoesNotFitError as error:
        logger.info("%s", error)
        return None
    except BuildError as error:
        raise BuildError(f"{architecture.name}, as searched, cannot be built for {board.name}: {error}") from error
    flash, ram = profile.firmware.flash_bytes, profile.firmware.linked_ram_bytes
    return Measured(
        flash.network,
        ram.network,
        board.flash_bytes - flash.harness,
        board.sram_bytes - ram.harness - ram.stack,
        None if profile.latency_ms is None else round(profile.latency_ms, 6),
        None if profile.energy_mj is None else round(profile.energy_mj, 6),
    )
