"""The mean over all rows and columns (mean.c)."""

from dataclasses import dataclass

import numpy as np

from micronets.compiler.kernels.forms import choose_form
from micronets.compiler.kernels.kernel import Kernel
from micronets.compiler.source import Source
from micronets.compiler.steps import Requantisation, Step

_MOST_LANE_PIXELS = 255
_LEAST_LANE_CHANNELS = 4
_LARGEST = (1 << 31) - 1


@dataclass(frozen=True)
class Scaling:
    """From the sum of all values, with `start` added, to the mean."""

    start: int
    multiplier: int
    shift: int
    zero_point: int


class MeanKernel(Kernel[Step]):
    """`form`: as of a convolution (micronets_dsp.h), exact for every sum that there can be; `general` for any input."""

    file = "mean.c"
    header = "mean.h"

    def __init__(self, step: Step, scaling: Scaling, form: str = "general") -> None:
        super().__init__(step)
        self._scaling = scaling
        rest = "_rest" if step.inputs[0].shape[2] % 4 else ""
        self.function = "mn_mean" if form == "general" else f"mn_mean_{form}{rest}"

    def emit(self, source: Source, layer: str, inputs: list[str], output: str, scratch: str) -> list[str]:
        rows, columns, channels = self.step.inputs[0].shape
        address = source.description(
            "mn_mean",
            layer,
            {
                "pixels": rows * columns,
                "channels": channels,
                "start": self._scaling.start,
                "multiplier": self._scaling.multiplier,
                "shift": self._scaling.shift,
                "zero_point": self._scaling.zero_point,
            },
        )
        return [f"{self.function}({address}, {inputs[0]}, {output});"]


def mean_kernel(step: Step, input_zero_point: int, multiplier: tuple[int, int], zero_point: int) -> MeanKernel:
    """Of TFLM's MEAN: (sum - count * input_zero_point) * multiplier, rounded twice, + zero_point."""
    rows, columns, _ = step.inputs[0].shape
    count = rows * columns
    start = -count * input_zero_point
    if _takes_lanes(step):
        q = Requantisation(
            multipliers=np.array([multiplier[0]]),
            shifts=np.array([multiplier[1]]),
            zero_point=zero_point,
            low=-128,
            high=127,
        )
        low, high = np.array([start - 128 * count]), np.array([start + 127 * count])
        form = choose_form(q, low, high, np.array([_LARGEST]))
        if form.name in ("fast", "rounded"):
            scaling = Scaling(
                start + int(form.nudges[0]), int(form.factors[0]), int(form.shifts[0]), int(form.constants[0])
            )
            return MeanKernel(step, scaling, form.name)
    return MeanKernel(step, Scaling(start, *multiplier, zero_point))


def average_kernel(step: Step) -> MeanKernel | None:
    """Of an average that is rounded with halves away from zero; None where no multiplication is known to do that.

    A factor a little above 1 / count leads halves away from zero.
    """
    rows, columns, _ = step.inputs[0].shape
    count = rows * columns
    if not _takes_lanes(step) or count < 3:
        return None
    sums = np.arange(-128 * count, 127 * count + 1, dtype=np.int64)
    means = np.sign(sums) * ((np.abs(sums) + count // 2) // count)
    factor = (1 << 32) // count + 1
    if np.any((sums * factor + (1 << 31)) >> 32 != means):
        return None
    return MeanKernel(step, Scaling(0, factor, 0, 0), "fast")


def _takes_lanes(step: Step) -> bool:
    rows, columns, channels = step.inputs[0].shape
    return channels >= _LEAST_LANE_CHANNELS and rows * columns <= _MOST_LANE_PIXELS
