"""How the windows of convolutions and pools lie on their input."""

from micronets.compiler.graph import Operator
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.steps import Window

_LONGEST_REACH = 65535


def window_of(
    lowering: LoweringContext, operator: Operator, in_size: tuple[int, int], kernel: tuple[int, int]
) -> tuple[Window, tuple[int, int]]:
    """The window and the output's (rows, columns), by TensorFlow's SAME and VALID."""
    options = operator.options
    stride = (options["stride_h"], options["stride_w"])
    dilation = (options.get("dilation_h", 1), options.get("dilation_w", 1))
    if min(stride + dilation + kernel) < 1 or max(stride + dilation) > 1024:
        raise lowering.fail(
            operator, f"has strides {stride}, dilations {dilation} and kernel {kernel}; at least 1 each"
        )
    sides, pads = [], []
    for size, k, s, d in zip(in_size, kernel, stride, dilation, strict=True):
        reach = (k - 1) * d + 1
        if reach > _LONGEST_REACH:
            raise lowering.fail(operator, f"has a kernel reaching over {reach}; at most {_LONGEST_REACH} is supported")
        out = -(-size // s) if options["padding"] == "SAME" else (size + s - reach) // s
        if out < 1:
            raise lowering.fail(operator, f"has a kernel reaching over {reach} on an input of {size}")
        sides.append(out)
        pads.append(max(0, (out - 1) * s + reach - size) // 2)
    return Window(kernel, stride, dilation, pads[0], pads[1]), (sides[0], sides[1])
