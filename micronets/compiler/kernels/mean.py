"""Means and sums along a side, and over all rows and columns (mean.c, mean_long.c, mean_runs.h)."""

from dataclasses import dataclass, replace

import numpy as np

from micronets.compiler.kernels.forms import choose_form
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.source import Source
from micronets.compiler.steps import Requantisation, Step

_MOST_LANE_PIXELS = 255
_MOST_AVERAGED = 4096
_LEAST_LANE_CHANNELS = 4
_LEAST_COUNT = 4
_LARGEST = (1 << 31) - 1


@dataclass(frozen=True)
class Scaling:
    """From the sum of all values, with `start` added, to the mean."""

    start: int
    multiplier: int
    shift: int
    zero_point: int


Sides = tuple[int, int, int]
"""Of an input [outer][count][inner], over whose middle side a sum goes."""


class MeanKernel(Kernel[Step]):
    """`form`: as of a convolution (micronets_dsp.h), exact for every sum that there can be; `general` for any input."""

    header = "mean.h"

    def __init__(self, step: Step, sides: Sides, scaling: Scaling, form: str = "general") -> None:
        super().__init__(step)
        self.sides = sides
        self.scaling = scaling
        self.form = form
        self.is_long = form != "general" and (sides[1] > _MOST_LANE_PIXELS or sides[2] < _LEAST_LANE_CHANNELS)
        few = "few" if sides[2] < _LEAST_LANE_CHANNELS else "long"
        rest = "_rest" if sides[2] % 4 else ""
        self.function = (
            "mn_mean" if form == "general" else f"mn_mean_{few}_{form}" if self.is_long else f"mn_mean_{form}{rest}"
        )

    def files(self) -> set[str]:
        return {"mean_long.c" if self.is_long else "mean.c"}

    def describe(self, source: Source, layer: str, pixels: int, channels: int) -> str:
        """The address of a struct mn_mean."""
        fields = {
            "pixels": pixels,
            "channels": channels,
            "start": self.scaling.start,
            "multiplier": self.scaling.multiplier,
            "shift": self.scaling.shift,
            "zero_point": self.scaling.zero_point,
        }
        return source.description("mn_mean", layer, fields)

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        outer, count, inner = self.sides
        address = self.describe(source, layer, count, inner)
        if outer == 1:
            return [f"{self.function}({address}, {inputs[0]}, {output});"]
        return [
            f"for (int32_t i = 0; i < {outer}; i++)",
            "{",
            f"    {self.function}({address}, {inputs[0]} + i * {count * inner}, {output} + i * {inner});",
            "}",
        ]


class MeanOfRuns(MeanKernel):
    """Over all of runs of bytes; not of the form `general`."""

    header = "mean_runs.h"

    def __init__(self, step: Step, sides: Sides, scaling: Scaling, form: str) -> None:
        super().__init__(step, sides, replace(scaling, start=scaling.start - 128 * sides[1]), form)
        self.function = f"mean_of_{sides[1]}_{form}"

    def files(self) -> set[str]:
        return set()

    def definition(self) -> str:
        """The instantiation for the run's length and the form."""
        return (
            f"static void {self.function}(const struct mn_mean *p, const int8_t *input, int8_t *output)\n{{\n"
            f"    mn_mean_of_runs({int(self.form == 'fast')}, {self.sides[1]}, p, input, output);\n}}\n"
        )

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        outer, count, _ = self.sides
        return [f"{self.function}({self.describe(source, layer, count, outer)}, {inputs[0]}, {output});"]


def sum_kernel(
    step: Step, sides: Sides, input_zero_point: int, multiplier: tuple[int, int], zero_point: int
) -> MeanKernel | None:
    """Of TFLM's SUM and MEAN: (sum - count * input_zero_point) * multiplier, rounded twice, + zero_point.

    None where no form but `general` is exact, or where there are hardly any values.
    """
    outer, count, inner = sides
    if inner < _LEAST_LANE_CHANNELS and count < _LEAST_COUNT:
        return None
    start = -count * input_zero_point
    q = Requantisation(
        multipliers=np.array([multiplier[0]]),
        shifts=np.array([multiplier[1]]),
        zero_point=zero_point,
        low=-128,
        high=127,
    )
    form = choose_form(q, np.array([start - 128 * count]), np.array([start + 127 * count]), np.array([_LARGEST]))
    if form.name not in ("fast", "rounded"):
        return None
    scaling = Scaling(start + int(form.nudges[0]), int(form.factors[0]), int(form.shifts[0]), int(form.constants[0]))
    return _kernel_of(step, sides, scaling, form.name)


def _kernel_of(step: Step, sides: Sides, scaling: Scaling, form: str) -> MeanKernel:
    """Not of the form `general`."""
    return MeanOfRuns(step, sides, scaling, form) if sides[2] == 1 else MeanKernel(step, sides, scaling, form)


def mean_kernel(step: Step, input_zero_point: int, multiplier: tuple[int, int], zero_point: int) -> MeanKernel:
    """Of TFLM's MEAN over rows and columns."""
    sides = _over_all(step)
    kernel = sum_kernel(step, sides, input_zero_point, multiplier, zero_point)
    return kernel or MeanKernel(step, sides, Scaling(-sides[1] * input_zero_point, *multiplier, zero_point))


def average_kernel(step: Step) -> MeanKernel | None:
    """Of an average that is rounded with halves away from zero; None where no multiplication is known to do that.

    A factor a little above 1 / count leads halves away from zero.
    """
    sides = _over_all(step)
    count = sides[1]
    if not (3 if sides[2] >= _LEAST_LANE_CHANNELS else _LEAST_COUNT) <= count <= _MOST_AVERAGED:
        return None
    sums = np.arange(-128 * count, 127 * count + 1, dtype=np.int64)
    means = np.sign(sums) * ((np.abs(sums) + count // 2) // count)
    factor = (1 << 32) // count + 1
    if np.any((sums * factor + (1 << 31)) >> 32 != means):
        return None
    return _kernel_of(step, sides, Scaling(0, factor, 0, 0), "fast")


def _over_all(step: Step) -> Sides:
    rows, columns, channels = step.inputs[0].shape
    return 1, rows * columns, channels
