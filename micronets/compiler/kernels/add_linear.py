"""Addition of two values of one shape as a plane (add_linear.c)."""

from micronets.compiler.kernels.kernel import Distance, Kernel
from micronets.compiler.linear_sum import LARGEST_SHIFT, LinearSum, fit_linear_sum
from micronets.compiler.operators.add_step import AddStep
from micronets.compiler.source import Source


class AddLinear(Kernel[AddStep]):
    file = "add_linear.c"

    def __init__(self, step: AddStep, linear: LinearSum) -> None:
        super().__init__(step)
        self.linear = linear
        shifted = "" if linear.shift == LARGEST_SHIFT else "_shifted"
        clamped = "" if (step.low, step.high) == (-128, 127) else "_clamped"
        self.function = f"mn_add_linear{shifted}{clamped}"

    def overlaps(self) -> dict[int, Distance]:
        return {0: Distance(0), 1: Distance(0)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        return self.emit_part(source, layer, self.step.output.size_bytes, inputs, output)

    def emit_part(self, source: Source, layer: str, count: int, inputs: list[str], output: str) -> list[str]:
        """Of `count` values only."""
        step, linear = self.step, self.linear
        address = source.description(
            "mn_add_linear",
            layer,
            {
                "count": count,
                "first_factor": linear.first_factor,
                "second_factor": linear.second_factor,
                "constant": linear.constant,
                "shift": linear.shift,
                "low": step.low,
                "high": step.high,
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {inputs[1]}, {output});"]


def add_linear(step: AddStep) -> AddLinear | None:
    """None where the shapes differ, or no plane gives TFLM's sums."""
    if any(value.shape != step.output.shape for value in step.inputs):
        return None
    linear = fit_linear_sum(step)
    return None if linear is None else AddLinear(step, linear)
