"""How each operator of the file becomes steps, by the schema's operator names."""

from collections.abc import Callable

from micronets.compiler.graph import Operator
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.operators.convolution import (
    lower_convolution,
    lower_depthwise,
    lower_fully_connected,
    lower_transposed_convolution,
)
from micronets.compiler.operators.elementwise import (
    lower_add,
    lower_logistic,
    lower_multiply,
    lower_quantize,
    lower_relu,
    lower_relu6,
    lower_softmax,
)
from micronets.compiler.operators.pooling import lower_average_pool, lower_max_pool, lower_mean
from micronets.compiler.operators.shape import (
    lower_concatenation,
    lower_pad,
    lower_reshape,
    lower_resize_nearest,
)


def _refuse_dequantize(lowering: LoweringContext, operator: Operator) -> None:
    raise lowering.fail(operator, "stands inside the graph; DEQUANTIZE is supported as the last operator only")


LOWERINGS: dict[str, Callable[[LoweringContext, Operator], None]] = {
    "ADD": lower_add,
    "AVERAGE_POOL_2D": lower_average_pool,
    "CONCATENATION": lower_concatenation,
    "CONV_2D": lower_convolution,
    "DEPTHWISE_CONV_2D": lower_depthwise,
    "DEQUANTIZE": _refuse_dequantize,
    "EXPAND_DIMS": lower_reshape,
    "FULLY_CONNECTED": lower_fully_connected,
    "LOGISTIC": lower_logistic,
    "MAX_POOL_2D": lower_max_pool,
    "MEAN": lower_mean,
    "MUL": lower_multiply,
    "PAD": lower_pad,
    "QUANTIZE": lower_quantize,
    "RELU": lower_relu,
    "RELU6": lower_relu6,
    "RESHAPE": lower_reshape,
    "RESIZE_NEAREST_NEIGHBOR": lower_resize_nearest,
    "SOFTMAX": lower_softmax,
    "SQUEEZE": lower_reshape,
    "TRANSPOSE_CONV": lower_transposed_convolution,
}
