"""Addition of two values of one shape: as a plane (add_linear.c), or with TFLM's roundings one by one (add.c)."""

from micronets.compiler.kernels.kernel import Distance, Kernel
from micronets.compiler.linear_sum import LinearSum, fit_linear_sum
from micronets.compiler.source import Source
from micronets.compiler.steps import AddStep

_LEFT_SHIFT = 20
_LONGEST_SHIFT = 22
_ONE_HALF = (1 << 30, 0)


class AddLinear(Kernel[AddStep]):
    file = "add_linear.c"

    def __init__(self, step: AddStep, linear: LinearSum) -> None:
        super().__init__(step)
        self.linear = linear
        self.function = "mn_add_linear" if (step.low, step.high) == (-128, 127) else "mn_add_linear_clamped"

    def overlaps(self) -> dict[int, Distance]:
        return {0: Distance(0), 1: Distance(0)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step, linear = self.step, self.linear
        address = source.description(
            "mn_add_linear",
            layer,
            {
                "count": step.output.size_bytes,
                "first_factor": linear.first_factor,
                "second_factor": linear.second_factor,
                "constant": linear.constant,
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


class AddSame(Kernel[AddStep]):
    function = "mn_add_same"
    file = "add.c"

    @staticmethod
    def fits(step: AddStep) -> bool:
        """Same shapes, and shifts as they are for scales within a factor of about four million."""
        same = all(value.shape == step.output.shape for value in step.inputs)
        inputs = all(m == _ONE_HALF or -_LONGEST_SHIFT <= m[1] <= -1 for m in step.input_multipliers)
        return same and inputs and -_LONGEST_SHIFT <= step.output_multiplier[1] <= -1

    def overlaps(self) -> dict[int, Distance]:
        return {0: Distance(0), 1: Distance(0)}

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        step = self.step
        multiplier, shift = step.output_multiplier
        address = source.description(
            "mn_add_same",
            layer,
            {
                "count": step.output.size_bytes,
                "first": _addend(step.input_zero_points[0], *step.input_multipliers[0]),
                "second": _addend(step.input_zero_points[1], *step.input_multipliers[1]),
                "multiplier": multiplier,
                "constant": (1 << (-shift - 1)) + (step.zero_point << -shift),
                "shift": -shift,
                "low": step.low,
                "high": step.high,
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {inputs[1]}, {output});"]


def _addend(zero_point: int, multiplier: int, shift: int) -> dict[str, int]:
    # A multiplier of one half needs no rounding: doubled and shifted right once, it takes the others' form.
    double = 1 if (multiplier, shift) == _ONE_HALF else 0
    right = -shift + double
    return {
        "zero_point": zero_point,
        "left_shift": _LEFT_SHIFT + 1 + double,
        "multiplier": multiplier,
        "half": 1 << (right - 1),
        "right_shift": right,
    }
