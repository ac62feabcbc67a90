"""Networks of layers one after the other whose outputs have 16 levels."""

import numpy as np

from micronets.fuzz.builder import ModelBuilder

RELU6, RELU_N1_TO_1 = 3, 2
INPUT = (1, 13, 9, 2)


class Chain:
    """Layers one after the other, their outputs of 16 levels."""

    def __init__(self, bits: int, levels: tuple[int, float, int], shape: tuple[int, ...] = INPUT) -> None:
        self.random = np.random.default_rng(5)
        self.bits = bits
        self.activation, self.scale, self.zero_point = levels
        self.model = ModelBuilder()
        self.source = self.last = self.model.tensor(shape, "int8", 0.05, 3)
        self.last_scale = 0.05

    def convolution(
        self, channels: int, kernel=(1, 1), *, depthwise=False, stride=1, coarse=True, scale=0.2, constant=0
    ) -> "Chain":
        """Where it is not `coarse`, a linear one whose outputs have this scale. The first `constant` channels are the
        least level whatever the input."""
        _, rows, columns, depth = self.model.shape(self.last)
        shape = (1, *kernel, depth) if depthwise else (channels, *kernel, depth)
        limit = 2 ** (self.bits - 1) - 1
        taps = float(np.prod(kernel)) * (1 if depthwise else depth)
        # Weights and biases such that outputs reach all levels, and beyond.
        scales = self.random.uniform(1, 2, channels) * 6 / limit / np.sqrt(taps)
        weights = self.random.integers(-limit, limit + 1, shape).astype(np.int8)
        tensor = self.model.tensor(shape, f"int{self.bits}", scales, 0, 3 if depthwise else 0, weights)
        steps = scales * self.last_scale
        bias = (self.random.uniform(-1, 3, channels) / steps).astype(np.int32)
        bias[:constant] = -(1 << 20)
        inputs = [self.last, tensor, self.model.tensor((channels,), "int32", steps, data=bias)]
        sides = (-(-rows // stride), -(-columns // stride))
        output_scale, zero_point = (self.scale, self.zero_point) if coarse else (scale, 0)
        output = self.model.tensor((1, *sides, channels), "int8", output_scale, zero_point)
        options = {"strideH": stride, "strideW": stride, "dilationHFactor": 1, "dilationWFactor": 1}
        options["fusedActivationFunction"] = self.activation if coarse else 0
        if depthwise:
            options["depthMultiplier"] = 1
        kind = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
        self.model.operator(kind, inputs, [output], options, 7 if self.bits == 4 else 0)
        self.last, self.last_scale = output, output_scale
        return self

    def pool(self, kind: str, size: int | None = None) -> "Chain":
        """Of windows of `size`, a stride as large; None: of everything."""
        _, rows, columns, channels = self.model.shape(self.last)
        sides = (1, 1) if size is None else (rows // size, columns // size)
        output = self.model.tensor((1, *sides, channels), "int8", self.scale, self.zero_point)
        window = (rows, columns) if size is None else (size, size)
        options = {"padding": 1, "strideH": size or 1, "strideW": size or 1}
        options |= {"filterHeight": window[0], "filterWidth": window[1]}
        self.model.operator(kind, [self.last], [output], options)
        self.last = output
        return self

    def fully_connected(self, units: int) -> "Chain":
        """Of all pixels, with 4-bit weights, which take the kernel of 1x1 convolutions."""
        depth = int(np.prod(self.model.shape(self.last)))
        weights = self.random.integers(-7, 8, (units, depth)).astype(np.int8)
        tensor = self.model.tensor(weights.shape, "int4", 0.01, data=weights)
        bias = self.model.tensor((units,), "int32", 0.01 * self.last_scale, data=np.zeros(units, np.int32))
        output = self.model.tensor((1, units), "int8", 0.2, 0)
        self.model.operator("FULLY_CONNECTED", [self.last, tensor, bias], [output], version=10)
        self.last = output
        return self

    def build(self) -> bytes:
        return self.model.build([self.source], [self.last])
