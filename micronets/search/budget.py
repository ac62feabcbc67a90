"""What a network may cost, and by how much one misses it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from micronets.architecture import Architecture
from micronets.boards import Board
from micronets.costs import costs
from micronets.layer_costs import LayerCostTable, LayerShape, layer_shapes
from micronets.search.costs import ExpectedCosts

OPS_PER_MOP = 1_000_000
LEAST_EFFORT = 0.9
"""Share of the operations, latency or flash (see `Budget.effort_shares`) that a network should take: below the budget,
they decide how good it is."""


@dataclass(frozen=True)
class Budget:
    """Targets of a search.

    Attributes:
        flash_bytes, sram_bytes: greatest flash and peak working memory of the network itself.
        max_ops: greatest number of operations (2 x MACs, real map sizes), the paper's proxy of latency; None: any.
        max_latency_ms: greatest latency by `layer_costs`, the board's table; both None: any.
    """

    flash_bytes: int
    sram_bytes: int
    max_ops: int | None = None
    max_latency_ms: float | None = None
    layer_costs: LayerCostTable | None = None

    @classmethod
    def of_board(cls, board: Board, max_mops: float = 0.0) -> "Budget":
        """The board's memories less what it reserves, and at most `max_mops` million operations (0: any)."""
        memory = board.budget
        return cls(memory.flash_bytes, memory.sram_bytes, round(max_mops * OPS_PER_MOP) if max_mops else None)

    def latency_ms(self, layers: Iterable[LayerShape]) -> Any:
        """Of these layers, by the table; None where latency has no target."""
        return None if self.layer_costs is None else self.layer_costs.latency_ms(layers)

    def usage(self, flash_bytes: Any, live_bytes: Sequence[Any], ops: Any, latency_ms: Any = None) -> list[Any]:
        """Cost over target of every constraint: flash, each layer's working memory, operations, latency."""
        shares = [flash_bytes / self.flash_bytes, *(live / self.sram_bytes for live in live_bytes)]
        if self.max_ops is not None:
            shares.append(ops / self.max_ops)
        if self.max_latency_ms is not None:
            shares.append(latency_ms / self.max_latency_ms)
        return shares

    def expected_usage(self, expected: ExpectedCosts) -> list[Any]:
        """`usage` of a network that is not decided yet."""
        latency_ms = self.latency_ms(expected.layers)
        return self.usage(expected.flash_bytes, expected.live_bytes, expected.ops, latency_ms)

    def exact_usage(self, architecture: Architecture) -> list[Any]:
        """`usage` by the exact costs, and by the table of latency."""
        exact = costs(architecture)
        latency_ms = None if self.layer_costs is None else self.latency_ms(layer_shapes(architecture))
        return self.usage(exact.flash_bytes, [layer.live_bytes for layer in exact.layers], exact.ops, latency_ms)

    def excess(self, architecture: Architecture) -> float:
        """Sum of what exceeds 1 in `exact_usage`; 0 where the network fits."""
        return sum(max(share - 1.0, 0.0) for share in self.exact_usage(architecture))

    def effort_shares(self, usage: Sequence[Any]) -> Sequence[Any]:
        """Of a `usage`, the shares of the targets that capacity is bought with: operations and latency where either is
        limited, flash otherwise.

        Working memory is no such target: one wide layer takes it all and leaves the network as weak as it was.
        """
        limited = (self.max_ops is not None) + (self.max_latency_ms is not None)
        return usage[-limited:] if limited else usage[:1]

    def effort(self, usage: Sequence[float]) -> float:
        """The greatest of the `effort_shares`."""
        return max(self.effort_shares(usage))

    def fits(self, architecture: Architecture) -> bool:
        """Whether a network keeps to every target."""
        return max(self.exact_usage(architecture)) <= 1.0

    def to_json(self) -> dict[str, float | None]:
        """A JSON object."""
        return {
            "flash_bytes": self.flash_bytes,
            "sram_bytes": self.sram_bytes,
            "max_ops": self.max_ops,
            "max_latency_ms": self.max_latency_ms,
        }
