"""From the file's graph to a `Program`: checks types, shapes and quantisation, and works out every integer constant."""

import numpy as np

from micronets.compiler.graph import Graph, Tensor
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.registry import OPERATORS
from micronets.compiler.steps import Program, Quantised, Value
from micronets.errors import ModelError


def lower(graph: Graph) -> Program:
    """Checks the graph and writes it as steps; a float edge is moved to the int8 side of its QUANTIZE or DEQUANTIZE.

    Raises:
        ModelError: naming the operator, its index and what would be accepted.
    """
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise ModelError(
            f"{graph.file}: {len(graph.inputs)} inputs and {len(graph.outputs)} outputs; one of each is supported"
        )
    lowering = LoweringContext(graph)
    first, skipped_first = _first_int8(graph)
    last, skipped_last = _last_int8(graph)
    source = Value("input", lowering.shape(graph.operators[0], first))
    lowering.values[first.index] = source
    for operator in graph.operators:
        if operator.index not in (skipped_first, skipped_last):
            try:
                # Scales near the ends of float32's range give ratios that no multiplier can hold.
                with np.errstate(over="raise", invalid="raise", divide="raise"):
                    OPERATORS[operator.kind].lower(lowering, operator)
            except (ArithmeticError, ValueError) as error:
                raise lowering.fail(operator, f"has scales that cannot be combined ({error})") from error
    result = lowering.values.get(last.index)
    if result is None or result.constant is not None:
        raise ModelError(f"{graph.file}: the output, tensor {last.index}, does not depend on the input")
    return Program(
        file=graph.file,
        steps=lowering.steps,
        input=source,
        output=result,
        input_quantisation=_quantised(graph, first),
        output_quantisation=_quantised(graph, last),
    )


def _first_int8(graph: Graph) -> tuple[Tensor, int | None]:
    tensor = graph.tensors[graph.inputs[0]]
    if tensor.dtype == "int8":
        return tensor, None
    readers = [operator for operator in graph.operators if tensor.index in operator.inputs]
    if tensor.dtype == "float32" and len(readers) == 1 and readers[0].kind == "QUANTIZE":
        return graph.tensors[readers[0].outputs[0]], readers[0].index
    raise ModelError(f"{graph.file}: the input is {tensor.dtype}; int8, or float32 read by one QUANTIZE, is supported")


def _last_int8(graph: Graph) -> tuple[Tensor, int | None]:
    tensor = graph.tensors[graph.outputs[0]]
    if tensor.dtype == "int8":
        return tensor, None
    makers = [operator for operator in graph.operators if tensor.index in operator.outputs]
    if tensor.dtype == "float32" and len(makers) == 1 and makers[0].kind == "DEQUANTIZE":
        return graph.tensors[makers[0].inputs[0]], makers[0].index
    raise ModelError(f"{graph.file}: the output is {tensor.dtype}; int8, or float32 made by a DEQUANTIZE, is supported")


def _quantised(graph: Graph, tensor: Tensor) -> Quantised:
    quantisation = tensor.quantisation
    if tensor.dtype != "int8" or quantisation is None or len(quantisation.scales) != 1:
        raise ModelError(f"{graph.file}: tensor {tensor.index} at the network's edge is not int8 quantised per tensor")
    zero_point = int(quantisation.zero_points[0])
    if not -128 <= zero_point <= 127:
        raise ModelError(f"{graph.file}: tensor {tensor.index} has the zero point {zero_point}, which is no int8")
    return Quantised(float(quantisation.scales[0]), zero_point, tensor.shape)
