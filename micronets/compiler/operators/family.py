"""What a family of operators tells the compiler: how it is read, lowered, bounded and bound to C."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from micronets.compiler.cores import Core
from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Operator
from micronets.compiler.intervals import Analysis, Bounds
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.steps import Step

BoundsRule = Callable[[Any, Analysis], Bounds]
"""(step, analysis) -> what its output's channels can be."""
KernelChoice = Callable[[Any, Analysis, Core, str], Kernel]
"""(step, analysis, core, optimise) -> the kernel that runs it."""


def no_options(table: Table | None) -> dict[str, Any]:
    return {}


Lower = Callable[[LoweringContext, Operator], None]
"""Adds the operator's steps to the context.

Raises:
    ModelError, ArithmeticError, ValueError: it cannot be carried out.
"""


@dataclass(frozen=True)
class OperatorKind:
    """One operator of the schema."""

    lower: Lower
    read_options: Callable[[Table | None], dict[str, Any]] = no_options
    """Raises KeyError with an option's value that is not supported."""
    options_type: int = 0
    """`BuiltinOptions` of the schema; 0: whatever the file has is left unread."""


@dataclass(frozen=True)
class Family:
    """The `FAMILY` of a module in `micronets.compiler.operators`."""

    operators: Mapping[str, OperatorKind]
    """By the schema's name."""
    kernels: Mapping[type[Step], KernelChoice] = field(default_factory=dict)
    """For every kind of step that the family makes."""
    bounds: Mapping[type[Step], BoundsRule] = field(default_factory=dict)
    """For those whose channels' values can be told; others may be anything."""
    by_type: Mapping[str, Mapping[str, Lower]] = field(default_factory=dict)
    """By another type of activations than `operators` has (`LoweringContext.activation_type`), and by operator.

    The options may be another family's."""


def always(kernel: type[Kernel]) -> KernelChoice:
    """The same kernel on every core."""
    return lambda step, analysis, core, optimise: kernel(step)
