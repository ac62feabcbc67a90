"""Bounds of accumulators hold, and are met, whatever the weights."""

import itertools

import numpy as np

from micronets.compiler.intervals import Bounds, convolution_accumulators
from micronets.compiler.steps import ConvolutionStep, Requantisation, Value, Window


def test_accumulators_lie_between_their_extremes():
    """Of two taps times two inputs: the extremes of all corners, one by one."""
    weights = np.array([[[[-128, 127], [5, 0]]], [[[-1, -128], [-128, -128]]]], np.int8)
    inputs = Bounds(np.array([-128, -7], np.int64), np.array([127, 3], np.int64))
    corners = [np.array(corner, np.int64) for corner in itertools.product((-128, 127), (-7, 3), (-128, 127), (-7, 3))]
    step = ConvolutionStep(
        inputs=[Value("in", (1, 2, 2))],
        output=Value("out", (1, 1, 2)),
        operators=(0,),
        window=Window((1, 2), (1, 1)),
        weights=weights,
        bias=np.array([1000, -3], np.int64),
        input_zero_point=-5,
        requantisation=Requantisation(
            multipliers=np.full(2, 1 << 30), shifts=np.full(2, -8), zero_point=0, low=-128, high=127
        ),
    )
    bounds = convolution_accumulators(step, inputs)
    for channel, bias in enumerate(step.bias):
        sums = [int(bias + (corner + 5) @ weights[channel].reshape(-1).astype(np.int64)) for corner in corners]
        assert (bounds.low[channel], bounds.high[channel]) == (min(sums), max(sums))
