"""How the windows of convolutions and pools lie on their input."""

from dataclasses import dataclass

from micronets.compiler.graph import Operator
from micronets.compiler.operators.context import LoweringContext
from micronets.compiler.steps import Step, Value, Window

_LONGEST_REACH = 65535


@dataclass(frozen=True, eq=False)
class Sliding:
    """A window over every image of a batch."""

    batch: Value
    image: Value
    """One image of the batch, which is the batch itself where there is but one."""
    images: int
    window: Window
    output: Value
    """Of one image."""

    def add(self, lowering: LoweringContext, operator: Operator, step: Step) -> None:
        """Adds the step of an image, for all of them."""
        lowering.add_images(operator, self.batch, self.images, step)


def slide(
    lowering: LoweringContext, operator: Operator, source: Value, kernel: tuple[int, int], channels: int
) -> Sliding:
    """Over `source`, the input at position 0; the output, of so many channels, has to be what the window gives."""
    image, images = lowering.images(operator, source, lowering.tensor(operator, 0, "input"))
    window, sides = window_of(lowering, operator, image.shape[:2], kernel)
    output = lowering.image_output(operator, images)
    if output.shape != (*sides, channels):
        raise lowering.fail(
            operator, f"states the output {list(output.shape)}, but its window gives {[*sides, channels]}"
        )
    return Sliding(source, image, images, window, output)


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
