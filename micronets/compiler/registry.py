"""All families of operators: the modules of `micronets.compiler.operators` that have a `FAMILY`."""

import importlib
import pkgutil
from collections.abc import Iterator

from micronets.compiler import operators
from micronets.compiler.cores import Core
from micronets.compiler.intervals import Analysis
from micronets.compiler.kernels.images import ImagesKernel
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.operators.family import Family, Lower, OperatorKind
from micronets.compiler.steps import ImagesStep, Program, Step


def _families() -> Iterator[Family]:
    for module in sorted(pkgutil.iter_modules(operators.__path__), key=lambda module: module.name):
        family = getattr(importlib.import_module(f"{operators.__name__}.{module.name}"), "FAMILY", None)
        if family is not None:
            yield family


FAMILIES = tuple(_families())
OPERATORS: dict[str, OperatorKind] = dict(
    sorted((name, kind) for family in FAMILIES for name, kind in family.operators.items())
)
"""What the compiler supports, by the schema's name."""

_BY_TYPE = {
    (dtype, name): lower
    for family in FAMILIES
    for dtype, lowerings in family.by_type.items()
    for name, lower in lowerings.items()
}
_BOUNDS = {step: rule for family in FAMILIES for step, rule in family.bounds.items()}
_KERNELS = {step: choice for family in FAMILIES for step, choice in family.kernels.items()}


def lowering_of(kind: str, dtype: str) -> Lower:
    """Of an operator, by the schema's name, on activations of a type; where there is none for it, that of int8."""
    return _BY_TYPE.get((dtype, kind), OPERATORS[kind].lower)


def analyse(program: Program) -> Analysis:
    """What the channels of every value can be, by the families' rules."""
    return Analysis(program, _BOUNDS)


def choose_kernel(step: Step, analysis: Analysis, core: Core, optimise: str) -> Kernel:
    """The fastest kernel that is exact for the step and the values it can meet."""
    if isinstance(step, ImagesStep):
        return ImagesKernel(step, choose_kernel(step.first, analysis, core, optimise))
    return _KERNELS[type(step)](step, analysis, core, optimise)
