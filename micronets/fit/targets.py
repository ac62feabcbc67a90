"""What a network was measured to take, held against the limits of its search."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from micronets.architecture import Architecture
from micronets.boards import Board
from micronets.costs import costs
from micronets.fit.measured import Measured
from micronets.layer_costs import layer_shapes
from micronets.search.budget import OPS_PER_MOP, Budget, LatencyLimit
from micronets.search.options import SearchOptions

UNLINKABLE_SHARE = 0.9
"""Of the expected memory, what is aimed at next where a program could not be linked: nothing says by how much."""


@dataclass(frozen=True)
class Target:
    """One thing that is limited.

    Attributes:
        measured: what the network takes; limit: at most.
    """

    name: str
    unit: str
    measured: float
    limit: float

    @property
    def share(self) -> float:
        """Of the limit that is used; above 1 it is not kept."""
        return self.measured / self.limit

    def to_json(self) -> dict[str, Any]:
        """A JSON object, the share with it."""
        return {**asdict(self), "share": round(self.share, 6)}


@dataclass(frozen=True)
class OnBoard:
    """What a network takes of one board.

    Attributes:
        measured, targets: None where the board's memories do not hold the program.
    """

    board: Board
    measured: Measured | None
    targets: tuple[Target, ...] | None

    @property
    def keeps(self) -> bool:
        """Whether no limit is exceeded."""
        return self.targets is not None and all(target.share <= 1.0 for target in self.targets)

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "board": self.board.name,
            "measured": None if self.measured is None else asdict(self.measured),
            "targets": None if self.targets is None else [target.to_json() for target in self.targets],
        }


@dataclass(frozen=True)
class Limits:
    """What a search allows a network on every board, 0: as much as there is.

    Attributes:
        flash_bytes, sram_bytes: of the network itself, besides what the board has left beside the program around it.
        latency_ms, energy_mj: of one inference.
        ops: 2 x MACs.
    """

    flash_bytes: int = 0
    sram_bytes: int = 0
    latency_ms: float = 0.0
    energy_mj: float = 0.0
    ops: int = 0

    @classmethod
    def of_search(cls, options: SearchOptions) -> "Limits":
        """Those of the configuration."""
        return cls(**asdict(options.budget), ops=round(options.max_mops * OPS_PER_MOP))

    def targets(self, architecture: Architecture, measured: Measured) -> tuple[Target, ...]:
        """Everything that is limited, the memories always."""
        found = [
            _target("flash", "bytes", measured.flash_bytes, self.flash_bytes, measured.flash_left_bytes),
            _target("RAM", "bytes", measured.network_ram_bytes, self.sram_bytes, measured.ram_left_bytes),
        ]
        if self.latency_ms:
            found.append(Target("latency", "ms", _known(measured.latency_ms), self.latency_ms))
        if self.energy_mj:
            found.append(Target("energy", "mJ", _known(measured.energy_mj), self.energy_mj))
        if self.ops:
            found.append(Target("operations", "operations", costs(architecture).ops, self.ops))
        return tuple(found)


def _target(name: str, unit: str, measured: int, limit: int, left: int) -> Target:
    return Target(name, unit, measured, min(limit, left) if limit else left)


def _known(value: float | None) -> float:
    """A latency or an energy can only be limited where it can be told (`micronets.search.problem`)."""
    return math.inf if value is None else value


def corrected(budget: Budget, architecture: Architecture, boards: Sequence[OnBoard], margin: float) -> Budget:
    """The budget for expected costs by which the measured ones will keep their limits on every board.

    What was measured of a network over what was expected of it holds nearly for its neighbours.

    Args:
        budget: of the search, whose tables of latencies and whose operations are kept.
        boards: what `architecture` takes of each.
        margin: below the limits, as a share.
    """
    memories = [_corrected_memories(architecture, on, margin) for on in boards]
    by_name = {on.board.name: on for on in boards}
    return replace(
        budget,
        flash_bytes=min(flash_bytes for flash_bytes, _ in memories),
        sram_bytes=min(sram_bytes for _, sram_bytes in memories),
        planned_share=1.0,
        latencies=tuple(
            _corrected_latency(limit, architecture, by_name[limit.table.board], margin) for limit in budget.latencies
        ),
    )


def _corrected_memories(architecture: Architecture, on: OnBoard, margin: float) -> tuple[int, int]:
    """Bytes of flash and of SRAM."""
    exact, board = costs(architecture), on.board
    if on.targets is None:
        return (
            math.floor(UNLINKABLE_SHARE * min(exact.flash_bytes, board.flash_bytes)),
            math.floor(UNLINKABLE_SHARE * min(exact.sram_bytes, board.sram_bytes)),
        )
    allowed = _allowed(on.targets, margin)
    return math.floor(exact.flash_bytes * allowed["flash"]), math.floor(exact.sram_bytes * allowed["RAM"])


def _corrected_latency(limit: LatencyLimit, architecture: Architecture, on: OnBoard, margin: float) -> LatencyLimit:
    if on.targets is None:
        return limit
    allowed = _allowed(on.targets, margin)
    expected_ms = float(limit.table.latency_ms(layer_shapes(architecture)))
    return replace(limit, max_ms=expected_ms * min(allowed[name] for name in ("latency", "energy") if name in allowed))


def _allowed(targets: Sequence[Target], margin: float) -> dict[str, float]:
    """By what factor every figure may grow, or has to fall."""
    return {target.name: (1.0 - margin) / target.share for target in targets}
