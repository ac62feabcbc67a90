"""`python -m tests.layer_costs [WORD ...]`: cycles of single layers with random weights on NUCLEO-L4R5ZI.

Beside each stands what no implementation can do without: a cycle for every two multiply-accumulates, one for every word
of inputs and outputs, and one and the flash's wait for every word of weights or of a table. Nothing of this can be
had twice as fast by moving data better; requantisation, addresses and loops come on top.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from micronets.boards import find_board
from micronets.fuzz.builder import ModelBuilder
from micronets.profile.model import profile_model

BOARD = "nucleo-l4r5zi"
Shape = tuple[int, int, int]
Window = tuple[int, int]
SAME = 0


@dataclass(frozen=True)
class LayerCost:
    """Of one layer; `bound_cycles` as in the module."""

    name: str
    cycles: float
    macs: int
    bound_cycles: float


def measure_layer(name: str, model: bytes, weight_bytes: int) -> LayerCost:
    """Builds and runs a file of one layer; raises MicronetsError where that fails."""
    board = find_board(BOARD)
    with tempfile.TemporaryDirectory() as scratch:
        tflite = Path(scratch) / "layer.tflite"
        tflite.write_bytes(model)
        profile = profile_model(tflite, board, Path(scratch) / "out", optimise="balanced", inputs=1, compare=False)
    macs = sum(profile.firmware.layer_macs)
    moved_words = (profile.firmware.input_bytes + profile.firmware.output_bytes) / 4
    word_from_flash = 1 + (board.flash_load_cycles or 0.0)
    return LayerCost(name, profile.cycles or 0.0, macs, macs / 2 + moved_words + word_from_flash * weight_bytes / 4)


def weighted(
    kind: str, shape: Shape, channels: int, kernel: Window, stride: int, multiplier: int = 1
) -> tuple[bytes, int]:
    """A convolution of whatever kind, padded by SAME; the file, and the bytes of its weights."""
    random = np.random.default_rng(1)
    model = ModelBuilder()
    rows, columns, depth = shape
    source = model.tensor((1, *shape), "int8", 0.05, -128)
    transposed, depthwise = kind == "TRANSPOSE_CONV", kind == "DEPTHWISE_CONV_2D"
    channels = depth * multiplier if depthwise else channels
    sides = [side * stride if transposed else -(-side // stride) for side in (rows, columns)]
    weights = random.integers(-127, 128, (1, *kernel, channels) if depthwise else (channels, *kernel, depth))
    scales = random.uniform(0.002, 0.02, channels)
    bias = random.integers(-2000, 2000, channels).astype(np.int32)
    inputs = [
        source,
        model.tensor(weights.shape, "int8", scales, 0, 3 if depthwise else 0, weights.astype(np.int8)),
        model.tensor((channels,), "int32", scales * 0.05, data=bias),
    ]
    if transposed:
        sizes = model.tensor((4,), "int32", data=np.array([1, *sides, channels], np.int32))
        inputs = [sizes, inputs[1], source, inputs[2]]
    output = model.tensor((1, *sides, channels), "int8", 0.4, -128)
    options = {"padding": SAME, "strideH": stride, "strideW": stride}
    if not transposed:
        options |= {"dilationHFactor": 1, "dilationWFactor": 1}
    if depthwise:
        options |= {"depthMultiplier": multiplier}
    model.operator(kind, inputs, [output], options, 3)
    return model.build([source], [output]), weights.size


def pool(kind: str, shape: Shape, size: int, stride: int) -> tuple[bytes, int]:
    model = ModelBuilder()
    source = model.tensor((1, *shape), "int8", 0.05, -3)
    sides = [-(-side // stride) for side in shape[:2]]
    output = model.tensor((1, *sides, shape[2]), "int8", 0.05, -3)
    options = {"padding": SAME, "strideH": stride, "strideW": stride, "filterHeight": size, "filterWidth": size}
    model.operator(kind, [source], [output], options)
    return model.build([source], [output]), 0


def mean(shape: Shape) -> tuple[bytes, int]:
    model = ModelBuilder()
    source = model.tensor((1, *shape), "int8", 0.05, -3)
    axes = model.tensor((2,), "int32", data=np.array([1, 2], np.int32))
    output = model.tensor((1, shape[2]), "int8", 0.03, 5)
    model.operator("MEAN", [source, axes], [output], {"keepDims": False})
    return model.build([source], [output]), 0


def resize(kind: str, shape: Shape) -> tuple[bytes, int]:
    """To twice the rows and columns."""
    model = ModelBuilder()
    sides = [2 * side for side in shape[:2]]
    source = model.tensor((1, *shape), "int8", 0.05, -3)
    size = model.tensor((2,), "int32", data=np.array(sides, np.int32))
    output = model.tensor((1, *sides, shape[2]), "int8", 0.05, -3)
    model.operator(kind, [source, size], [output], {"alignCorners": False, "halfPixelCenters": False})
    return model.build([source], [output]), 0


def softmax(classes: int) -> tuple[bytes, int]:
    """A word of the table of exponentials for every class."""
    model = ModelBuilder()
    source = model.tensor((1, classes), "int8", 0.05, -3)
    output = model.tensor((1, classes), "int8", 1 / 256, -128)
    model.operator("SOFTMAX", [source], [output], {"beta": 1.0})
    return model.build([source], [output]), 4 * classes


Build = Callable[[], tuple[bytes, int]]
LAYERS: dict[str, Build] = {
    "depthwise 5x5, 12x12x32": lambda: weighted("DEPTHWISE_CONV_2D", (12, 12, 32), 0, (5, 5), 1),
    "depthwise 5x5 stride 2, 24x24x16": lambda: weighted("DEPTHWISE_CONV_2D", (24, 24, 16), 0, (5, 5), 2),
    "depthwise 7x7, 12x12x16": lambda: weighted("DEPTHWISE_CONV_2D", (12, 12, 16), 0, (7, 7), 1),
    "depthwise 3x3 times 2, 12x12x16": lambda: weighted("DEPTHWISE_CONV_2D", (12, 12, 16), 0, (3, 3), 1, 2),
    "depthwise 1x1, 12x12x32": lambda: weighted("DEPTHWISE_CONV_2D", (12, 12, 32), 0, (1, 1), 1),
    "convolution 3x3, 16x16x32 to 32": lambda: weighted("CONV_2D", (16, 16, 32), 32, (3, 3), 1),
    "convolution 3x3, 8x8x128 to 128": lambda: weighted("CONV_2D", (8, 8, 128), 128, (3, 3), 1),
    "convolution 1x1, 4x4x1024 to 1024": lambda: weighted("CONV_2D", (4, 4, 1024), 1024, (1, 1), 1),
    "transposed 3x3 stride 2, 8x8x16 to 16": lambda: weighted("TRANSPOSE_CONV", (8, 8, 16), 16, (3, 3), 2),
    "transposed 4x4 stride 2, 8x8x32 to 16": lambda: weighted("TRANSPOSE_CONV", (8, 8, 32), 16, (4, 4), 2),
    "transposed 2x2 stride 2, 8x8x32 to 16": lambda: weighted("TRANSPOSE_CONV", (8, 8, 32), 16, (2, 2), 2),
    "transposed 4x4 stride 2, 16x16x16 to 1": lambda: weighted("TRANSPOSE_CONV", (16, 16, 16), 1, (4, 4), 2),
    "max pooling 2x2, 24x24x16": lambda: pool("MAX_POOL_2D", (24, 24, 16), 2, 2),
    "max pooling 3x3 stride 2, 25x25x16": lambda: pool("MAX_POOL_2D", (25, 25, 16), 3, 2),
    "average pooling 2x2, 24x24x16": lambda: pool("AVERAGE_POOL_2D", (24, 24, 16), 2, 2),
    "mean, 8x8x64": lambda: mean((8, 8, 64)),
    "nearest neighbour, 8x8x16 to 16x16": lambda: resize("RESIZE_NEAREST_NEIGHBOR", (8, 8, 16)),
    "bilinear, 8x8x16 to 16x16": lambda: resize("RESIZE_BILINEAR", (8, 8, 16)),
    "softmax of 12": lambda: softmax(12),
    "softmax of 100": lambda: softmax(100),
}


def measure_layers(words: list[str]) -> Iterator[LayerCost]:
    for name, build in LAYERS.items():
        if not words or any(word in name for word in words):
            yield measure_layer(name, *build())


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.layer_costs", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="WORD", help="only layers whose name holds one of these")
    print(f"{'layer':40}{'cycles':>12}{'per MAC':>9}{'bound':>12}{'times':>7}")
    for cost in measure_layers(parser.parse_args(arguments).words):
        per_mac = f"{cost.cycles / cost.macs:9.2f}" if cost.macs else f"{'-':>9}"
        times = cost.cycles / cost.bound_cycles
        print(f"{cost.name:40}{cost.cycles:12,.0f}{per_mac}{cost.bound_cycles:12,.0f}{times:7.1f}", flush=True)


if __name__ == "__main__":
    main()
