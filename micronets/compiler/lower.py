"""From the file's graph to a `Program`: checks types, shapes and quantisation, and works out every integer constant."""

from math import prod

import numpy as np

from micronets.compiler.graph import Graph, Operator, Tensor
from micronets.compiler.operators.concatenation import ConcatenationStep
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.movement import MovementStep
from micronets.compiler.operators.variable import StoreStep
from micronets.compiler.registry import lowering_of
from micronets.compiler.steps import ITEM_BYTES, Program, Quantised, Shape, Value
from micronets.errors import ModelError

_ALIGNMENT_BYTES = 4
_EDGE_TYPES = ("int8", "uint8", "int16", "int32", "bool")


def lower(graph: Graph) -> Program:
    """Checks the graph and writes it as steps; a float edge is moved to the integer side of its QUANTIZE or DEQUANTIZE.

    Raises:
        ModelError: naming the operator, its index and what would be accepted.
    """
    if not graph.inputs or not graph.outputs:
        raise ModelError(f"{graph.file}: {len(graph.inputs)} inputs and {len(graph.outputs)} outputs; one is needed")
    lowering = LoweringContext(graph)
    skipped: set[int] = set()
    first = [_integer_input(graph, index, skipped) for index in graph.inputs]
    last = [_integer_output(graph, index, skipped) for index in graph.outputs]
    inputs, outputs = [_quantised(graph, tensor) for tensor in first], [_quantised(graph, tensor) for tensor in last]
    source = _lay_inputs(lowering, first)
    for operator in graph.operators:
        if operator.index not in skipped:
            _lower_operator(lowering, operator)
    result = _lay_outputs(lowering, last)
    _store(lowering)
    return Program(
        file=graph.file,
        steps=lowering.steps,
        input=source,
        output=result,
        inputs=inputs,
        outputs=outputs,
        states=list(lowering.states.values()),
    )


def _lower_operator(lowering: LoweringContext, operator: Operator) -> None:
    try:
        # Scales near the ends of float32's range give ratios that no multiplier can hold.
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            lowering_of(operator.kind, lowering.activation_type(operator))(lowering, operator)
    except (ArithmeticError, ValueError) as error:
        raise lowering.fail(operator, f"has scales that cannot be combined ({error})") from error


def _lay_inputs(lowering: LoweringContext, tensors: list[Tensor]) -> Value:
    """All inputs, one behind the other; one that begins within a word is copied out, as kernels read whole words."""
    shapes = [lowering.shape(tensor) for tensor in tensors]
    items = [ITEM_BYTES[tensor.dtype] for tensor in tensors]
    if len(tensors) == 1:
        lowering.values[tensors[0].index] = source = Value("input", shapes[0], item_bytes=items[0])
        return source
    sizes = [prod(shape) * item for shape, item in zip(shapes, items, strict=True)]
    source, offset = Value("input", _flat(sum(sizes))), 0
    for tensor, shape, item, size in zip(tensors, shapes, items, sizes, strict=True):
        if offset % _ALIGNMENT_BYTES:
            value = Value(f"tensor_{tensor.index}", shape, item_bytes=item)
            line = np.arange(size, dtype=np.int64)
            lowering.add(MovementStep(inputs=[source], output=value, operators=(), first=offset, offsets=[line]))
        else:
            value = source.part(_flat(size), offset).viewed(shape, item)
        lowering.values[tensor.index] = value
        offset += size
    return source


def _lay_outputs(lowering: LoweringContext, tensors: list[Tensor]) -> Value:
    """The output; several are copied one behind the other."""
    values = []
    for tensor in tensors:
        value = lowering.values.get(tensor.index)
        if value is None or value.constant is not None:
            raise ModelError(f"{lowering.graph.file}: the output, tensor {tensor.index}, does not depend on the input")
        values.append(value)
    if len(values) == 1 and not values[0].is_part:
        return values[0]
    output = Value("outputs", _flat(sum(value.size_bytes for value in values)))
    parts = [value.viewed(_flat(value.size_bytes), 1) for value in values]
    lowering.add(ConcatenationStep(inputs=parts, output=output, operators=(), axis=2))
    return output


def _store(lowering: LoweringContext) -> None:
    """Keeps what was assigned to variables, at the end."""
    for name, operator in lowering.assigned.items():
        value, state = lowering.current[name], lowering.states[name]
        if value.storage is not state:
            lowering.add(StoreStep(inputs=[value], output=state, operators=(operator.index,)))


def _flat(size_bytes: int) -> Shape:
    return 1, 1, size_bytes


def _integer_input(graph: Graph, index: int, skipped: set[int]) -> Tensor:
    tensor = graph.tensors[index]
    if tensor.dtype in _EDGE_TYPES:
        return tensor
    readers = [operator for operator in graph.operators if index in operator.inputs]
    if tensor.dtype == "float32" and len(readers) == 1 and readers[0].kind == "QUANTIZE":
        skipped.add(readers[0].index)
        return graph.tensors[readers[0].outputs[0]]
    raise ModelError(
        f"{graph.file}: the input is {tensor.dtype}; int8, uint8, int16, int32, bool, or float32 read by one QUANTIZE, "
        "is supported"
    )


def _integer_output(graph: Graph, index: int, skipped: set[int]) -> Tensor:
    tensor = graph.tensors[index]
    if tensor.dtype in _EDGE_TYPES:
        return tensor
    makers = [operator for operator in graph.operators if index in operator.outputs]
    if tensor.dtype == "float32" and len(makers) == 1 and makers[0].kind == "DEQUANTIZE":
        if not any(index in operator.inputs for operator in graph.operators):
            skipped.add(makers[0].index)
        return graph.tensors[makers[0].inputs[0]]
    maker = f" made by {makers[0]}" if makers else ""
    raise ModelError(
        f"{graph.file}: the output is {tensor.dtype}{maker}; int8, uint8, int16, int32, bool, or float32 made by a "
        "DEQUANTIZE, is supported; convert the operator to int8, or let the program carry it out behind the network"
    )


def _quantised(graph: Graph, tensor: Tensor) -> Quantised:
    """Bytes of uint8 count as int8 of 128 less, and so does their zero point."""
    quantisation = tensor.quantisation
    if tensor.dtype in ("int16", "int32", "bool"):
        scale = 1.0 if quantisation is None else float(quantisation.scales[0])
        zero_point = 0 if quantisation is None else int(quantisation.zero_points[0])
        return Quantised(scale, zero_point, tensor.shape, tensor.name, tensor.dtype)
    if tensor.dtype not in ("int8", "uint8") or quantisation is None or len(quantisation.scales) != 1:
        raise ModelError(f"{graph.file}: tensor {tensor.index} at the network's edge is not int8 quantised per tensor")
    zero_point = int(quantisation.zero_points[0]) - (128 if tensor.dtype == "uint8" else 0)
    if not -128 <= zero_point <= 127:
        raise ModelError(f"{graph.file}: tensor {tensor.index} has the zero point {zero_point}, which is no int8")
    return Quantised(float(quantisation.scales[0]), zero_point, tensor.shape, tensor.name)
