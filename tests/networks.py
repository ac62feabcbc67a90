"""Networks with random weights, for tests that need a .tflite file and no training."""

from dataclasses import replace
from typing import Any

import numpy as np

from micronets.architecture import (
    Addition,
    Architecture,
    AveragePooling,
    Bits,
    Convolution,
    DepthwiseConvolution,
    TransposedConvolution,
)
from micronets.network import LayerParameters, Range, TrainedNetwork
from micronets.published import resnet

INPUT_RANGE = (-8.0, 8.0)


def random_network(
    architecture: Architecture,
    seed: int = 0,
    weight_bits: Bits = 8,
    quantised: bool = True,
    activation_bits: Bits = 8,
) -> TrainedNetwork:
    """Random weights whose layers neither saturate nor vanish: He-scaled kernels, ranges measured on random inputs.

    With `quantised=False` the same weights as a float network (all ranges and scales None).
    """
    generator = np.random.default_rng(seed)
    if quantised:
        architecture = architecture.with_precision(weight_bits, activation_bits)
    values = generator.uniform(*INPUT_RANGE, (8, *architecture.input_shape))
    outputs: list[np.ndarray] = []
    ranges: list[Range] = [INPUT_RANGE]
    parameters = []
    images = values
    for index, layer in enumerate(architecture.layers):
        read = architecture.read_by(index)
        values = images if read < 0 else outputs[read]
        kernel = bias = scale = None
        if isinstance(layer, Convolution | DepthwiseConvolution | TransposedConvolution):
            channels_in = values.shape[-1]
            depthwise = isinstance(layer, DepthwiseConvolution)
            shape = (*layer.kernel, channels_in) if depthwise else (*layer.kernel, channels_in, layer.channels)
            taps = float(np.prod(shape[:-1]))
            spread = 1.5 / np.sqrt(taps) / max(1.0, float(np.sqrt(np.mean(values**2))))
            # Channels of unequal size, so that per-channel scales matter.
            sizes = spread * np.exp(generator.normal(0, 0.4, shape[-1]))
            kernel = (generator.normal(0, 1, shape) * sizes).astype(np.float32)
            bias = generator.normal(0.3, 0.4, shape[-1]).astype(np.float32)
            limit = 2 ** (architecture.weight_bits()[index] - 1) - 1
            scale = (np.abs(kernel).reshape(-1, shape[-1]).max(axis=0) / limit).astype(np.float32)
            if isinstance(layer, TransposedConvolution):
                values = transposed_convolution(values, kernel, layer.stride) + bias
            else:
                values = _convolve(values, kernel, layer.stride, layer.padding) + bias
            if layer.activation == "relu6":
                values = np.clip(values, 0, 6)
        elif isinstance(layer, AveragePooling):
            values = _average(values, layer)
        else:
            values = _pad_and_add(values, outputs[layer.source])
            if layer.activation == "relu6":
                values = np.clip(values, 0, 6)
        outputs.append(values)
        pooled = isinstance(layer, AveragePooling)
        ranges.append(ranges[-1] if pooled else (min(0.0, float(values.min())), max(0.1, float(values.max()))))
        parameters.append(
            LayerParameters(kernel, bias, scale if quantised else None, ranges[-1] if quantised else None)
        )
    labels = tuple(f"class {index}" for index in range(architecture.classes))
    return TrainedNetwork(architecture, labels, INPUT_RANGE if quantised else None, tuple(parameters))


def small_ds_cnn(channels: int = 8, input_shape: tuple[int, int, int] = (13, 10, 1)) -> Architecture:
    """A stem, two depthwise-separable blocks, global pooling and a classifier of 4."""
    return Architecture(
        "small-ds-cnn",
        input_shape,
        (
            Convolution(channels, (5, 4)),
            DepthwiseConvolution((3, 3), (2, 2)),
            Convolution(channels + 4),
            DepthwiseConvolution((3, 3)),
            Convolution(channels),
            AveragePooling(),
            Convolution(4, activation="linear"),
        ),
    )


def mixed_ds_cnn() -> Architecture:
    """`small_ds_cnn` with every combination of 8 and 4 bits before and behind a layer, one pooled with 4."""
    plain = small_ds_cnn()
    bits: list[dict[str, Any]] = [{} for _ in plain.layers]
    bits[0] = {"weight_bits": 8, "activation_bits": 4}
    bits[1] = {"weight_bits": 4, "activation_bits": 8}
    bits[2] = {"weight_bits": 4, "activation_bits": 4}
    bits[3] = {"weight_bits": 4, "activation_bits": 4}
    bits[4] = {"weight_bits": 8, "activation_bits": 4}
    layers = tuple(replace(layer, **fields) for layer, fields in zip(plain.layers, bits, strict=True))
    return replace(plain, name="mixed-ds-cnn", layers=layers)


def small_shortcut() -> Architecture:
    """Residual blocks with ReLU6 after the additions, and a convolution on the shortcut of the second."""
    return resnet("small-shortcut", [6, 9], (9, 9, 3), 5)


def small_residual() -> Architecture:
    """Linear bottlenecks with additions, where either side is padded and where neither is."""
    return Architecture(
        "small-residual",
        (10, 10, 3),
        (
            Convolution(8, (3, 3), (2, 2)),
            Convolution(5, activation="linear"),
            Convolution(12),
            DepthwiseConvolution(),
            Convolution(7, activation="linear"),
            Addition(1),
            Convolution(10),
            DepthwiseConvolution(),
            Convolution(4, activation="linear"),
            Addition(5),
            Convolution(7, activation="linear"),
            Addition(9),
            AveragePooling(),
            Convolution(3, activation="linear"),
        ),
    )


def small_one_dimensional() -> Architecture:
    """In time alone and without padding, frames of 6 values as channels, with a stride, down to one frame."""
    return Architecture(
        "small-one-dimensional",
        (16, 1, 6),
        (
            DepthwiseConvolution((3, 1), activation="linear", padding="valid"),
            Convolution(9),
            DepthwiseConvolution((4, 1), (2, 1), activation="linear", padding="valid"),
            Convolution(7),
            Convolution(8, (3, 1), padding="valid"),
            DepthwiseConvolution((4, 1), activation="linear", padding="valid"),
            Convolution(4, activation="linear"),
        ),
    )


def small_skip_pool() -> Architecture:
    """A network whose downsampling block was skipped: pooling 2x2 at stride 2 over odd sizes."""
    return Architecture(
        "small-skip-pool",
        (13, 9, 1),
        (
            Convolution(8, (10, 4)),
            AveragePooling((2, 2), (2, 2)),
            DepthwiseConvolution(),
            Convolution(12),
            AveragePooling(),
            Convolution(4, activation="linear"),
        ),
    )


def small_autoencoder() -> Architecture:
    """Down and up again: strides that differ by direction, kernels even, odd and smaller than their stride."""
    return Architecture(
        "small-autoencoder",
        (12, 8, 1),
        (
            Convolution(6, (3, 3), (2, 1)),
            Convolution(8, (3, 5), (2, 2)),
            Convolution(5, (3, 4), (3, 4), activation="linear"),
            TransposedConvolution(8, (3, 4), (3, 4), activation="linear"),
            TransposedConvolution(6, (4, 1), (2, 2)),
            TransposedConvolution(4, (5, 3), (1, 1)),
            TransposedConvolution(1, (3, 2), (2, 1), activation="linear"),
        ),
    )


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and after, as TensorFlow's SAME."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def windows(
    values: np.ndarray, kernel: tuple[int, int], stride: tuple[int, int], fill: float = 0, padding: str = "same"
) -> np.ndarray:
    """Windows of maps (n, h, w, c), SAME-padded or not at all: shape (n, out h, out w, c, kernel h, kernel w)."""
    pads = [(0, 0), (0, 0)]
    if padding == "same":
        pads = [same_padding(values.shape[axis + 1], kernel[axis], stride[axis]) for axis in (0, 1)]
    padded = np.pad(values, ((0, 0), *pads, (0, 0)), constant_values=fill)
    view = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(1, 2))
    return view[:, :: stride[0], :: stride[1]]


def transposed_convolution(values: np.ndarray, kernel: np.ndarray, stride: tuple[int, int]) -> np.ndarray:
    """Maps (n, h, w, in) by a kernel (rows, columns, in, out): every pixel is spread over the output by the kernel, in
    a frame from which what a SAME convolution pads is cut off; as in the definition of TensorFlow's gradient."""
    count, *sides, _ = values.shape
    size = [side * step for side, step in zip(sides, stride, strict=True)]
    frame = np.zeros(
        (count, size[0] + kernel.shape[0], size[1] + kernel.shape[1], kernel.shape[3]), np.result_type(values, kernel)
    )
    for row, column in np.ndindex(kernel.shape[:2]):
        spread = frame[:, row : row + size[0] : stride[0], column : column + size[1] : stride[1]]
        spread += values @ kernel[row, column]
    top, left = (same_padding(size[axis], kernel.shape[axis], stride[axis])[0] for axis in (0, 1))
    return frame[:, top : top + size[0], left : left + size[1]]


def _convolve(values: np.ndarray, kernel: np.ndarray, stride: tuple[int, int], padding: str) -> np.ndarray:
    patches = windows(values, kernel.shape[:2], stride, padding=padding)
    if kernel.ndim == 3:
        return np.einsum("nhwcij,ijc->nhwc", patches, kernel)
    return np.einsum("nhwcij,ijco->nhwo", patches, kernel, optimize=True)


def _average(values: np.ndarray, layer: AveragePooling) -> np.ndarray:
    if layer.kernel is None:
        return values.mean(axis=(1, 2), keepdims=True)
    return np.nanmean(windows(values, layer.kernel, layer.stride, np.nan), axis=(4, 5))


def _pad_and_add(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    channels = max(first.shape[-1], second.shape[-1])
    return sum(np.pad(v, ((0, 0),) * 3 + ((0, channels - v.shape[-1]),)) for v in (first, second))
