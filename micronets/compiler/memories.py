"""Refuses networks that cannot fit a board, before any C is written; what may just fit is for the linker to decide."""

from typing import Protocol

from micronets.compiler.steps import Program, WeightedWindowStep
from micronets.errors import DoesNotFitError


class Memories(Protocol):
    """What a program may take; a `Board` is one."""

    @property
    def name(self) -> str: ...
    @property
    def flash_bytes(self) -> int: ...
    @property
    def sram_bytes(self) -> int: ...


def check_weights(name: str, program: Program, memories: Memories) -> None:
    """Raises DoesNotFitError where the weights, as small as any kernel stores them, are larger than the flash."""
    weighted = [step for step in program.steps if isinstance(step, WeightedWindowStep)]
    least_bytes = sum(step.weights.size * step.weight_bits // 8 for step in weighted)
    if least_bytes > memories.flash_bytes:
        raise _too_large(name, "weights", least_bytes, "flash", memories.flash_bytes, memories)


def check_edges(name: str, program: Program, memories: Memories) -> None:
    """Raises DoesNotFitError where the inputs or the outputs, which always lie in the arena as a whole, are larger than
    the SRAM."""
    for what, value in (("inputs", program.input), ("outputs", program.output)):
        if value.storage.constant is None and value.size_bytes > memories.sram_bytes:
            raise _too_large(name, what, value.size_bytes, "SRAM", memories.sram_bytes, memories)


def check_arena(name: str, arena_bytes: int, memories: Memories) -> None:
    """Raises DoesNotFitError where the arena, as planned, is larger than the SRAM."""
    if arena_bytes > memories.sram_bytes:
        raise _too_large(name, "activations", arena_bytes, "SRAM", memories.sram_bytes, memories)


def _too_large(name: str, what: str, taken: int, memory: str, size_bytes: int, memories: Memories) -> DoesNotFitError:
    return DoesNotFitError(
        f"{name} does not fit {memories.name}: its {what} alone take {taken:,} bytes of {memory} of {size_bytes:,}; "
        "choose a smaller network or a larger board."
    )
