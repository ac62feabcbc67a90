"""Fake quantisation with trainable ranges, on any Keras backend.

Both kinds round to 256 (or 16) levels in the forward pass and pass gradients straight through inside the range; values
outside it give their gradient to the end of the range they were clipped to (Jacob et al., arXiv 1712.05877).
"""

from typing import Any

import keras
import numpy as np
from keras import ops

SMALLEST_RANGE = 1e-4
"""Ranges stay above this, or a dead layer would quantise with a scale of zero."""


def fake_quantise_kernel(kernel: Any, high: Any, bits: int, channel_axis: int) -> Any:
    """Symmetric per-channel quantisation to the levels -(2^(bits-1) - 1) … 2^(bits-1) - 1.

    Args:
        kernel: float32 of any shape.
        high: float32 of shape (channels,): the value of the greatest level of every channel.
        channel_axis: the axis of `kernel` that `high` runs along.
    """
    high = ops.maximum(high, SMALLEST_RANGE)
    # Except under TensorFlow, Keras quantises along the last axis, whichever it is told.
    quantised = keras.quantizers.fake_quant_with_min_max_vars(
        ops.swapaxes(kernel, channel_axis, -1), -high, high, num_bits=bits, narrow_range=True, axis=-1
    )
    return ops.swapaxes(quantised, channel_axis, -1)


def least_error_ceiling(values: np.ndarray, levels: int) -> float:
    """Of the ranges from 0 to twentieths of the greatest value, the end of the one that loses least, by the mean square
    of what rounding and cutting off change. With few levels the greatest value alone makes every step too long.

    Args:
        values: float32 of any shape; what is below 0 becomes 0 in any case.
        levels: of the range, evenly spaced.
    """
    values = np.maximum(values, 0)
    errors = {}
    for twentieth in range(1, 21):
        ceiling = float(values.max()) * twentieth / 20
        step = max(ceiling, SMALLEST_RANGE) / (levels - 1)
        errors[ceiling] = float(np.mean((np.rint(np.minimum(values, ceiling) / step) * step - values) ** 2))
    return min(errors, key=errors.__getitem__)


class ActivationRange(keras.layers.Layer):
    """Quantises its input to 256 or 16 levels between `low` and `high`, both trainable unless they are fixed.

    Args:
        signed: whether `low` is trainable; otherwise it is 0, which makes the layer act as a ReLU as well.
        ceiling: `high` never passes this (6 for a ReLU6), or None.
        trainable: False in a float network, which carries ranges without using them.
        bits: 8 or 4.
    """

    def __init__(
        self, signed: bool, ceiling: float | None, trainable: bool = True, bits: int = 8, **kwargs: Any
    ) -> None:
        super().__init__(trainable=trainable, **kwargs)
        self.bits = bits
        self.signed = signed
        self.ceiling = ceiling
        self.low = None
        if signed:
            self.low = self.add_weight(shape=(), initializer=keras.initializers.Constant(-6.0), name="range_low")
        self.high = self.add_weight(shape=(), initializer=keras.initializers.Constant(6.0), name="range_high")

    def bounds(self) -> Any:
        """Lowest and highest value as scalars of the backend."""
        high = ops.maximum(self.high, SMALLEST_RANGE)
        if self.ceiling is not None:
            high = ops.minimum(high, self.ceiling)
        low = ops.minimum(self.low, -SMALLEST_RANGE) if self.signed else ops.zeros(())
        return low, high

    def set_range(self, low: float, high: float) -> None:
        """Starts training from this range."""
        if self.low is not None:
            self.low.assign(low)
        self.high.assign(high)

    def state(self) -> list[keras.Variable]:
        """All variables, in an order that does not depend on what is trainable."""
        return [self.high] if self.low is None else [self.low, self.high]

    def get_range(self) -> tuple[float, float]:
        """The range that `call` uses."""
        low, high = self.bounds()
        return float(ops.convert_to_numpy(low)), float(ops.convert_to_numpy(high))

    def call(self, inputs: Any) -> Any:
        return self.quantise(inputs, self.bits)

    def quantise(self, inputs: Any, bits: int) -> Any:
        """`inputs` with the levels of so many bits."""
        low, high = self.bounds()
        return keras.quantizers.fake_quant_with_min_max_vars(inputs, low, high, num_bits=bits)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape
