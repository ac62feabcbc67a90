"""What all supernets share: masked convolutions, sampled decisions, quantisation throughout.

A supernet computes in two ways: all channels at once, by sampled gates, so that decisions have gradients (`call`); or
one network of it alone (`part`), on its own channels only, so that it costs what that network costs.

A map carries the mask of its channels along, and the mask takes effect where channels mix: on the input channels of the
next 1x1 kernel (scaling a kernel by a mask equals scaling the map, at a fraction of the work; the masks are those of
FBNetV2, arXiv 2004.05565). Up to there every operation works on each channel alone, and the BatchNorm after a depthwise
convolution would undo a mask put before it. With every decision made, a supernet computes exactly what the derived
network with the same weights computes.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from micronets.backend import traced, traces_shapes
from micronets.layers.batch_normalisation import Statistics
from micronets.layers.convolution import QuantisableConvolution
from micronets.layers.fake_quantisation import fake_quantise_kernel
from micronets.network import Range
from micronets.search.relaxation import Decisions
from micronets.search.space import Choice, Decision, SearchSpace

START_OF_RANGES = (-6.0, 6.0)


class MaskedConvolution(QuantisableConvolution):
    """A quantised convolution whose input channels count by a mask of shape (channels,)."""

    def call(self, inputs: Any, input_mask: Any = None, training: bool | None = None) -> Any:  # type: ignore[override]
        kernel = fake_quantise_kernel(self.kernel, self.kernel_high, self.weight_bits, self.channel_axis)
        if input_mask is not None:
            kernel = kernel * ops.reshape(input_mask, (1, 1, -1, 1))
        return self.range(self._convolve(inputs, kernel, training))

    def part(self, inputs: Any, channels: Any, statistics: Statistics, bits: tuple[Any, Any] | None = None) -> Any:
        """What the first `channels` output channels (None: all that a depthwise kernel has inputs for) make of a map.

        Args:
            inputs: (batch, height, width, channels), at most as many channels as the layer reads.
            bits: of the weights and of the output, numbers or scalars of the backend; None: the layer's own.
        """
        read = ops.shape(inputs)[-1]
        outputs = read if self.depthwise else channels
        kernel = self.kernel[:, :, :read] if self.depthwise else self.kernel[:, :, :read, :outputs]
        weight_bits, activation_bits = bits or (self.weight_bits, self.range.bits)
        high = self.kernel_high[:outputs]
        kernel = at_bits(weight_bits, lambda some: fake_quantise_kernel(kernel, high, some, self.channel_axis))
        convolve = ops.depthwise_conv if self.depthwise else ops.conv
        convolved = convolve(inputs, kernel, strides=self.stride, padding="same")
        if self.normalisation is None:
            assert self.bias is not None
            return self.range(convolved + self.bias[:outputs])
        normalised = self.normalisation.part(convolved, statistics)
        return at_bits(activation_bits, lambda some: self.range.quantise(normalised, some))


class Supernet(keras.Model, ABC):
    """Features (batch, height, width, channels) in their own units → logits (batch, classes), by sampled decisions.

    Args:
        input_range: lowest and highest value that an input keeps when quantised.
    """

    def __init__(self, space: SearchSpace, input_range: Range, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.space = space
        self.input_range = input_range
        self.input_gain = 1.0 / max(abs(input_range[0]), abs(input_range[1]))
        self.decisions = Decisions(space.decisions, space.maxima, name="decisions")

    @abstractmethod
    def part(self, values: Sequence[Any], inputs: Any, statistics: Statistics) -> Any:
        """Logits (batch, classes) of one network, with the first channels of every layer.

        Computed on these channels alone, so that a small network costs little; the decisions have no say in it.

        Args:
            values: the option that every decision takes; numbers, or integer scalars of a backend whose graphs compute
                on maps of any number of channels (`micronets.backend.traces_shapes`).
        """

    def values(self, choice: Choice) -> list[int]:
        """The options that a choice takes."""
        return [decision.options[index] for decision, index in zip(self.space.decisions, choice, strict=True)]

    def part_function(self, statistics: Statistics) -> Callable[[Any, Any], Any]:
        """`part` as a function of values and inputs; as one graph of all networks where the backend has such graphs.

        There, values are an integer vector of the backend.
        """
        if not traces_shapes():
            return lambda values, inputs: self.part(values, inputs, statistics)
        return traced(lambda values, inputs: self.part(ops.unstack(values), inputs, statistics))

    def _quantised_input(self, inputs: Any) -> Any:
        low, high = self.input_range
        return keras.quantizers.fake_quant_with_min_max_vars(inputs, low, high, num_bits=8) * self.input_gain


def masked_convolution(
    channels: int | None,
    kernel: tuple[int, int],
    name: str,
    stride: tuple[int, int] = (1, 1),
    *,
    relu6: bool = True,
    bits: tuple[int, int] = (8, 8),
) -> MaskedConvolution:
    """A convolution of the backbone with BatchNorm; `channels` is None for a depthwise one. `bits` are those of its
    weights and of its output."""
    weight_bits, activation_bits = bits
    return MaskedConvolution(
        channels,
        kernel,
        stride,
        relu6=relu6,
        normalise=True,
        quantised=True,
        weight_bits=weight_bits,
        activation_bits=activation_bits,
        name=name,
    )


def masked_classifier(classes: int, weight_bits: int = 8) -> MaskedConvolution:
    """The last 1x1 convolution: linear, with a bias."""
    return MaskedConvolution(
        classes,
        (1, 1),
        (1, 1),
        relu6=False,
        normalise=False,
        quantised=True,
        weight_bits=weight_bits,
        name="classifier",
    )


def masks_of(decision: Decision) -> Any:
    """One mask per width of `decision`, shape (options, channels of the widest): 1 for the channels that exist."""
    return ops.convert_to_tensor(
        [[float(channel < width) for channel in range(decision.options[-1])] for width in decision.options]
    )


def either(condition: Any, this: Callable[[], Any], that: Callable[[], Any]) -> Any:
    """`this()` where the condition, a number or a scalar of the backend, is not 0, otherwise `that()`."""
    if isinstance(condition, int):
        return this() if condition else that()
    return ops.cond(condition > 0, this, that)


def at_bits(bits: Any, quantised: Callable[[int], Any]) -> Any:
    """`quantised(8)` or `quantised(4)`, as `bits`, a number or a scalar of the backend, says."""
    if isinstance(bits, int):
        return quantised(bits)
    return ops.cond(bits > 4, lambda: quantised(8), lambda: quantised(4))


def quantise_pooled(outputs: Any, ceiling: Any, bits: Any = 8) -> Any:
    """An average pool of outputs of a ReLU6 rounds to the range of its input, 0 to `ceiling`, and to its levels."""
    return at_bits(
        bits, lambda some: keras.quantizers.fake_quant_with_min_max_vars(outputs, 0.0, ceiling, num_bits=some)
    )
