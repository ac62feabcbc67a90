"""What a network may cost, and by how much one misses it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from micronets.architecture import Architecture
from micronets.boards import Board
from micronets.costs import Costs, costs
from micronets.search.costs import ExpectedCosts

OPS_PER_MOP = 1_000_000


@dataclass(frozen=True)
class Budget:
    """Targets of a search.

    Attributes:
        flash_bytes, sram_bytes: greatest flash and peak working memory of the network itself.
        max_ops: greatest number of operations (2 x MACs, real map sizes), the paper's proxy of latency; None: any.
    """

    flash_bytes: int
    sram_bytes: int
    max_ops: int | None = None

    @classmethod
    def of_board(cls, board: Board, max_mops: float = 0.0) -> "Budget":
        """The board's memories less what it reserves, and at most `max_mops` million operations (0: any)."""
        memory = board.budget
        return cls(memory.flash_bytes, memory.sram_bytes, round(max_mops * OPS_PER_MOP) if max_mops else None)

    def usage(self, flash_bytes: Any, live_bytes: Sequence[Any], ops: Any) -> list[Any]:
        """Cost over target of every constraint: flash, each layer's working memory, operations."""
        shares = [flash_bytes / self.flash_bytes, *(live / self.sram_bytes for live in live_bytes)]
        return shares if self.max_ops is None else [*shares, ops / self.max_ops]

    def expected_usage(self, expected: ExpectedCosts) -> list[Any]:
        """`usage` of a network that is not decided yet."""
        return self.usage(expected.flash_bytes, expected.live_bytes, expected.ops)

    def excess(self, architecture: Architecture) -> float:
        """Sum of what exceeds 1 in `usage`, by the exact costs; 0 where the network fits."""
        exact = costs(architecture)
        usage = self.usage(exact.flash_bytes, [layer.live_bytes for layer in exact.layers], exact.ops)
        return sum(max(share - 1.0, 0.0) for share in usage)

    def largest_use(self, exact: Costs) -> float:
        """The largest share in `usage`, by the exact costs: that of the binding target."""
        return max(self.usage(exact.flash_bytes, [layer.live_bytes for layer in exact.layers], exact.ops))

    def effort(self, exact: Costs) -> float:
        """The share of the target that capacity is bought with: operations where they are limited, flash otherwise.

        Working memory is no such target: one wide layer takes it all and leaves the network as weak as it was.
        """
        return exact.flash_bytes / self.flash_bytes if self.max_ops is None else exact.ops / self.max_ops

    def fits(self, exact: Costs) -> bool:
        """Whether a network with these exact costs keeps to every target."""
        return (
            exact.flash_bytes <= self.flash_bytes
            and exact.sram_bytes <= self.sram_bytes
            and (self.max_ops is None or exact.ops <= self.max_ops)
        )

    def to_json(self) -> dict[str, int | None]:
        """A JSON object."""
        return asdict(self)
