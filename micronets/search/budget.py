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
class LatencyLimit:
    """Greatest latency on one board, by its table."""

    max_ms: float
    table: LayerCostTable

    def share(self, layers: Iterable[LayerShape]) -> Any:
        """Of the limit, what these layers take."""
        return self.table.latency_ms(layers) / self.max_ms


@dataclass(frozen=True)
class Budget:
    """Targets of a search.

    Attributes:
        flash_bytes, sram_bytes: greatest flash and RAM of the network itself.
        max_ops: greatest number of operations (2 x MACs, real map sizes), the paper's proxy of latency; None: any.
        latencies: of every board whose latency is limited.
        planned_share: of the working-memory model, what networks near `sram_bytes` take in RAM (see
            `micronets.search.planned_memory`).
    """

    flash_bytes: int
    sram_bytes: int
    max_ops: int | None = None
    latencies: tuple[LatencyLimit, ...] = ()
    planned_share: float = 1.0

    @classmethod
    def of_board(cls, board: Board, max_mops: float = 0.0) -> "Budget":
        """The board's memories less what it reserves, and at most `max_mops` million operations (0: any)."""
        memory = board.budget
        return cls(memory.flash_bytes, memory.sram_bytes, round(max_mops * OPS_PER_MOP) if max_mops else None)

    @classmethod
    def of_all(cls, budgets: Sequence["Budget"]) -> "Budget":
        """What keeps every one of several budgets, of as many boards; they limit the same operations."""
        return cls(
            min(budget.flash_bytes for budget in budgets),
            min(budget.sram_bytes for budget in budgets),
            budgets[0].max_ops,
            tuple(limit for budget in budgets for limit in budget.latencies),
        )

    def usage(self, flash_bytes: Any, live_bytes: Sequence[Any], ops: Any, layers: Sequence[LayerShape]) -> list[Any]:
        """Cost over target of every constraint: flash, each layer's working memory, operations, latency by board."""
        most_live_bytes = self.sram_bytes / self.planned_share
        shares = [flash_bytes / self.flash_bytes, *(live / most_live_bytes for live in live_bytes)]
        if self.max_ops is not None:
            shares.append(ops / self.max_ops)
        return [*shares, *(limit.share(layers) for limit in self.latencies)]

    def expected_usage(self, expected: ExpectedCosts) -> list[Any]:
        """`usage` of a network that is not decided yet."""
        return self.usage(expected.flash_bytes, expected.live_bytes, expected.ops, expected.layers)

    def exact_usage(self, architecture: Architecture) -> list[Any]:
        """`usage` by the exact costs, and by the table of latency."""
        exact = costs(architecture)
        layers = layer_shapes(architecture) if self.latencies else []
        return self.usage(exact.flash_bytes, [layer.live_bytes for layer in exact.layers], exact.ops, layers)

    def excess(self, architecture: Architecture) -> float:
        """Sum of what exceeds 1 in `exact_usage`; 0 where the network fits."""
        return sum(max(share - 1.0, 0.0) for share in self.exact_usage(architecture))

    def effort_shares(self, usage: Sequence[Any]) -> Sequence[Any]:
        """Of a `usage`, the shares of the targets that capacity is bought with: operations and latency where either is
        limited, flash otherwise.

        Working memory is no such target: one wide layer takes it all and leaves the network as weak as it was.
        """
        limited = (self.max_ops is not None) + len(self.latencies)
        return usage[-limited:] if limited else usage[:1]

    def effort(self, usage: Sequence[float]) -> float:
        """The greatest of the `effort_shares`."""
        return max(self.effort_shares(usage))

    def fits(self, architecture: Architecture) -> bool:
        """Whether a network keeps to every target."""
        return max(self.exact_usage(architecture)) <= 1.0

    def to_json(self) -> dict[str, Any]:
        """A JSON object; latencies by board."""
        return {
            "flash_bytes": self.flash_bytes,
            "sram_bytes": self.sram_bytes,
            "max_ops": self.max_ops,
            "max_latency_ms": {limit.table.board: limit.max_ms for limit in self.latencies},
        }
