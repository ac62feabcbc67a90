"""What an addition is, for its lowering and for the search of a cheaper form."""

from dataclasses import dataclass
from typing import ClassVar

from micronets.compiler.steps import Step


@dataclass(eq=False, kw_only=True)
class AddStep(Step):
    """Both inputs scaled to a common scale by 2**20, added, and scaled to the output's."""

    kind: ClassVar[str] = "add"
    input_zero_points: tuple[int, int]
    input_multipliers: tuple[tuple[int, int], tuple[int, int]]
    """(multiplier, shift) per input."""
    output_multiplier: tuple[int, int]
    zero_point: int
    low: int
    high: int
