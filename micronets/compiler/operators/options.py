"""Readers of what the options of several families have in common."""

from micronets.compiler.flatbuffer import Table

_ACTIVATIONS = {0: "NONE", 1: "RELU", 2: "RELU_N1_TO_1", 3: "RELU6"}
_PADDINGS = {0: "SAME", 1: "VALID"}


def padding(table: Table) -> dict[str, str]:
    """From field 0."""
    return {"padding": _PADDINGS[table.int8(0)]}


def activation(table: Table | None, field: int = 0) -> dict[str, str]:
    return {"activation": _ACTIVATIONS[table.int8(field) if table else 0]}


def strides(table: Table) -> dict[str, int]:
    """From fields 1 and 2."""
    return {"stride_w": table.int32(1), "stride_h": table.int32(2)}


def needed(table: Table | None) -> Table:
    if table is None:
        raise KeyError("options missing")
    return table
