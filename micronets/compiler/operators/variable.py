"""VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE and CALL_ONCE: what a network keeps between calls."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from micronets.compiler.flatbuffer import Table
from micronets.compiler.graph import Graph, Operator
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.family import Family, OperatorKind, always
from micronets.compiler.source import Source
from micronets.compiler.steps import ITEM_BYTES, Step


@dataclass(eq=False, kw_only=True)
class StoreStep(Step):
    """Keeps its input for the next call."""

    kind: ClassVar[str] = "assign_variable"


def _lower_handle(lowering: LoweringContext, operator: Operator) -> None:
    lowering.handles[operator.outputs[0]] = operator.options["name"]


def _handle(lowering: LoweringContext, operator: Operator) -> str:
    name = lowering.handles.get(operator.inputs[0]) if operator.inputs else None
    if name is None:
        raise lowering.fail(operator, "reads or writes a variable that no VAR_HANDLE names")
    return name


def _lower_read(lowering: LoweringContext, operator: Operator) -> None:
    """The variable's bytes where it is kept, or what the network has assigned to it before."""
    name, tensor = _handle(lowering, operator), lowering.output(operator)
    if tensor.dtype not in ITEM_BYTES:
        raise lowering.fail(operator, f"reads a variable of type {tensor.dtype}; int8, int16 and int32 are supported")
    if name not in lowering.current:
        raise lowering.fail(operator, f"reads the variable {name[:40]}, which nothing before it has initialised")
    value = lowering.current[name]
    items = ITEM_BYTES[tensor.dtype]
    if value.size_bytes != tensor.elements * items:
        raise lowering.fail(operator, f"reads {tensor.elements * items} bytes of a variable of {value.size_bytes}")
    lowering.values[tensor.index] = value.viewed(lowering.shape(tensor), items)


def _lower_assign(lowering: LoweringContext, operator: Operator) -> None:
    """Carried out at the end of the network, by when everything has read the variable."""
    name = _handle(lowering, operator)
    value = lowering.value(operator, lowering.tensor(operator, 1, "input"))
    state = lowering.states.get(name)
    if state is None or state.size_bytes != value.size_bytes:
        raise lowering.fail(operator, f"assigns {value.size_bytes} bytes to a variable that is not initialised so")
    if value.storage.initial is not None and value.storage is not state:
        raise lowering.fail(operator, "assigns one variable to another")
    lowering.current[name] = value
    lowering.assigned[name] = operator


def _lower_call_once(lowering: LoweringContext, operator: Operator) -> None:
    """The subgraph may assign constants to variables, and nothing else."""
    index = int(operator.options["subgraph"])
    called = lowering.graph.called[index] if 0 < index < len(lowering.graph.called) else None
    if called is None:
        raise lowering.fail(operator, f"calls subgraph {index}, which is not there")
    for name, value in _initial_values(lowering, operator, called):
        lowering.keep(name, value)


def _initial_values(lowering: LoweringContext, operator: Operator, graph: Graph) -> list[tuple[str, Any]]:
    names: dict[int, str] = {}
    found = []
    for other in graph.operators:
        if other.kind == "VAR_HANDLE":
            names[other.outputs[0]] = str(other.options["name"])
            continue
        tensor = graph.tensors[other.inputs[1]] if other.kind == "ASSIGN_VARIABLE" else None
        known = tensor is not None and tensor.data is not None and tensor.dtype in ("int8", "int16", "int32")
        if tensor is None or tensor.data is None or not known or other.inputs[0] not in names:
            raise lowering.fail(operator, f"initialises variables by {other}; constants of int8 are supported")
        found.append((names[other.inputs[0]], np.ascontiguousarray(tensor.data).reshape(-1).view(np.int8)))
    return found


class StoreKernel(Kernel[StoreStep]):
    function = "mn_copy"
    file = "movement.c"

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        size = self.step.output.size_bytes
        address = source.description("mn_copy", layer, {"count": 1, "block_bytes": size, "output_stride": size})
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


def _handle_options(table: Table | None) -> dict[str, Any]:
    return {"name": f"{table.string(0)}/{table.string(1)}" if table else "/"}


def _call_once_options(table: Table | None) -> dict[str, Any]:
    return {"subgraph": table.int32(0) if table else 0}


FAMILY = Family(
    operators={
        "ASSIGN_VARIABLE": OperatorKind(_lower_assign, options_type=113),
        "CALL_ONCE": OperatorKind(_lower_call_once, _call_once_options, 103),
        "READ_VARIABLE": OperatorKind(_lower_read, options_type=112),
        "VAR_HANDLE": OperatorKind(_lower_handle, _handle_options, 111),
    },
    kernels={StoreStep: always(StoreKernel)},
)
