"""What a network was measured to take, held against the limits of its search."""

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

from micronets.architecture import Architecture
from micronets.boards import Board
from micronets.costs import costs
from micronets.fit.measured import Measured
from micronets.layer_costs import layer_shapes
from micronets.search.budget import OPS_PER_MOP, Budget
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
class Limits:
    """What a search allows a network, 0: as much as there is.

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


def corrected(
    budget: Budget, architecture: Architecture, targets: tuple[Target, ...] | None, board: Board, margin: float
) -> Budget:
    """The budget for expected costs by which the measured ones will keep their limits.

    What was measured of a network over what was expected of it holds nearly for its neighbours.

    Args:
        budget: of the search, whose table of latencies and whose operations are kept.
        targets: of `architecture`; None where it could not be linked.
        margin: below the limits, as a share.
    """
    exact = costs(architecture)
    if targets is None:
        return replace(
            budget,
            flash_bytes=math.floor(UNLINKABLE_SHARE * min(exact.flash_bytes, board.flash_bytes)),
            sram_bytes=math.floor(UNLINKABLE_SHARE * min(exact.sram_bytes, board.sram_bytes)),
        )
    allowed = {target.name: (1.0 - margin) / target.share for target in targets}
    tightened = replace(
        budget,
        flash_bytes=math.floor(exact.flash_bytes * allowed["flash"]),
        sram_bytes=math.floor(exact.sram_bytes * allowed["RAM"]),
    )
    if budget.layer_costs is None:
        return tightened
    expected_ms = float(budget.layer_costs.latency_ms(layer_shapes(architecture)))
    share = min(allowed[name] for name in ("latency", "energy") if name in allowed)
    return replace(tightened, max_latency_ms=expected_ms * share)
