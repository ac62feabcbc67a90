"""Depthwise convolutions of many sizes one behind the other, in one file."""

import numpy as np

from micronets.fuzz.builder import ModelBuilder

SAME, VALID = 0, 1


class DepthwiseChain:
    """Int8 or int16, random weights of int8; every layer's outputs fill the range without saturating much."""

    def __init__(self, seed: int, shape: tuple[int, int, int], zero_point: int = 17, dtype: str = "int8") -> None:
        """`zero_point` of an input of int8."""
        self.random = np.random.default_rng(seed)
        self.model = ModelBuilder()
        self.dtype = dtype
        self.source = self.value = self._tensor((1, *shape), zero_point)
        self.input_shape = (1, *shape[:2], shape[2] * (2 if dtype == "int16" else 1))
        """In bytes."""
        self.layers = 0

    def _tensor(self, shape: tuple[int, ...], zero_point: int) -> int:
        if self.dtype == "int16":
            return self.model.tensor(shape, "int16", self._scale, 0)
        return self.model.tensor(shape, "int8", self._scale, zero_point)

    @property
    def _scale(self) -> float:
        """Of activations."""
        return 0.05 / 256 if self.dtype == "int16" else 0.05

    def depthwise(
        self,
        kernel: tuple[int, int],
        *,
        stride: tuple[int, int] = (1, 1),
        padding: int = SAME,
        dilation: int = 1,
        multiplier: int = 1,
        bits: int = 8,
        bias: int = 400,
        scale: float = 1.0,
        activation: int = 0,
    ) -> "DepthwiseChain":
        """`dilation` of rows; `scale` of the requantisation, beside one that fills the range."""
        model, random = self.model, self.random
        _, rows, columns, depth = model.shape(self.value)
        channels = depth * multiplier
        reach = ((kernel[0] - 1) * dilation + 1, kernel[1])
        sides = [
            -(-side // step) if padding == SAME else (side - under) // step + 1
            for side, under, step in zip((rows, columns), reach, stride, strict=True)
        ]
        limit = 7 if bits == 4 else 127
        weights = random.integers(-limit, limit + 1, (1, *kernel, channels)).astype(np.int8)
        scales = random.uniform(1.2, 2.4, channels) * scale / (limit * np.sqrt(kernel[0] * kernel[1]))
        biases = random.integers(-bias, bias + 1, channels)
        if self.dtype == "int16":
            bias_type, biases = "int64", 256 * biases
        else:
            bias_type, biases = "int32", biases.astype(np.int32)
        inputs = [
            self.value,
            model.tensor(weights.shape, f"int{bits}", scales, 0, 3, weights),
            model.tensor((channels,), bias_type, scales * self._scale, data=biases),
        ]
        self.value = self._tensor((1, *sides, channels), int(random.integers(-20, 20)))
        options = {
            "padding": padding,
            "strideH": stride[0],
            "strideW": stride[1],
            "dilationHFactor": dilation,
            "dilationWFactor": 1,
            "fusedActivationFunction": activation,
            "depthMultiplier": multiplier,
        }
        model.operator("DEPTHWISE_CONV_2D", inputs, [self.value], options, 7 if bits == 4 else 3)
        self.layers += 1
        return self

    def point(self, channels: int) -> "DepthwiseChain":
        """A 1x1 convolution."""
        model, random = self.model, self.random
        _, rows, columns, depth = model.shape(self.value)
        weights = random.integers(-127, 128, (channels, 1, 1, depth)).astype(np.int8)
        scales = random.uniform(1.2, 2.4, channels) / (127 * np.sqrt(depth))
        biases = random.integers(-400, 401, channels).astype(np.int32)
        inputs = [
            self.value,
            model.tensor(weights.shape, "int8", scales, 0, 0, weights),
            model.tensor((channels,), "int32", scales * 0.05, data=biases),
        ]
        self.value = model.tensor((1, rows, columns, channels), "int8", 0.05, int(random.integers(-20, 20)))
        options = {"padding": SAME, "strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
        model.operator("CONV_2D", inputs, [self.value], options, 3)
        self.layers += 1
        return self

    def build(self) -> bytes:
        return self.model.build([self.source], [self.value])


RELU = 1


def chains() -> dict[str, DepthwiseChain]:
    """What depthwise_lines.h has code for: lines of up to 16 weights, strides, multipliers, forms, bands."""
    sizes = DepthwiseChain(1, (7, 17, 5))
    for kernel in ((5, 5), (1, 7), (2, 2), (3, 8), (1, 16)):
        sizes.depthwise(kernel)
    strided = DepthwiseChain(3, (64, 41, 3), -128)
    strided.depthwise((5, 5), stride=(2, 2)).depthwise((4, 7), stride=(1, 2), multiplier=2)
    strided.depthwise((2, 1), stride=(3, 1), padding=VALID).depthwise((3, 5), dilation=3, multiplier=3)
    forms = DepthwiseChain(5, (24, 10, 4), 127)
    forms.depthwise((5, 5), scale=0.01, bias=200000).depthwise((5, 5), scale=40.0).depthwise((5, 5), activation=RELU)
    forms.depthwise((5, 5), bits=4).depthwise((3, 6), bits=4, stride=(2, 2))
    return {"sizes": sizes, "strided": strided, "forms": forms}


def int16_chains() -> dict[str, DepthwiseChain]:
    """The same of int16, whose input may have a single channel."""
    sizes = DepthwiseChain(2, (7, 17, 5), dtype="int16")
    for kernel in ((5, 5), (1, 7), (2, 2), (3, 3), (3, 8), (1, 16)):
        sizes.depthwise(kernel)
    strided = DepthwiseChain(4, (64, 41, 3), dtype="int16")
    strided.depthwise((5, 5), stride=(2, 2)).depthwise((4, 7), stride=(1, 2), multiplier=2)
    strided.depthwise((2, 1), stride=(3, 1), padding=VALID).depthwise((3, 5), dilation=3, multiplier=3)
    single = DepthwiseChain(6, (21, 18, 1), dtype="int16")
    single.depthwise((3, 3)).depthwise((5, 4), activation=RELU).depthwise((10, 4), stride=(2, 2), multiplier=6)
    single.depthwise((3, 3), activation=RELU).depthwise((7, 1)).depthwise((3, 3), padding=VALID)
    return {"sizes": sizes, "strided": strided, "single": single}
