"""Lossless passes over a program: none changes one bit of the output."""

from micronets.compiler.passes.channels import remove_channels
from micronets.compiler.passes.depthwise import widen_depthwise
from micronets.compiler.passes.dilation import fold_blocks
from micronets.compiler.passes.folding import fold_activations, fold_lookups, fold_padding
from micronets.compiler.passes.order import drop_unused, order_steps
from micronets.compiler.steps import Program


def optimise_program(program: Program) -> None:
    """Applies every pass in place, until none finds more; each leaves notes of what it did."""
    drop_unused(program)
    fold_blocks(program)
    widen_depthwise(program)
    fold_lookups(program)
    fold_activations(program)
    fold_padding(program)
    while remove_channels(program):
        pass
    order_steps(program)


__all__ = [
    "drop_unused",
    "fold_activations",
    "fold_blocks",
    "fold_lookups",
    "fold_padding",
    "optimise_program",
    "order_steps",
    "remove_channels",
    "widen_depthwise",
]
