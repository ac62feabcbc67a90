"""`python -m tests.layer_costs [WORD ...]`: cycles of single layers with random weights on NUCLEO-L4R5ZI.

Beside each stands what no implementation can do without, by the cycles of docs/profiling.md:

- moved: a cycle for every word of inputs and outputs, one and the flash's wait for every word of weights or of a table,
  each once, however often it is used;
- bound: these, and the fewest instructions that are known to do the arithmetic, with the loads of what registers cannot
  hold until it is used again. Requantisation, addresses and loops come on top.
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
    """Of one layer; `moved_cycles` and `bound_cycles` as in the module."""

    name: str
    cycles: float
    macs: int
    moved_cycles: float
    bound_cycles: float


@dataclass(frozen=True)
class Layer:
    """A file of one layer, and what its bound follows from: cycles for each multiply-accumulate, and all others."""

    model: bytes
    table_bytes: int = 0
    cycles_per_mac: float = 0.0
    arithmetic_cycles: float = 0.0


def measure_layer(name: str, layer: Layer) -> LayerCost:
    """Builds and runs a file of one layer; raises MicronetsError where that fails."""
    board = find_board(BOARD)
    with tempfile.TemporaryDirectory() as scratch:
        tflite = Path(scratch) / "layer.tflite"
        tflite.write_bytes(layer.model)
        profile = profile_model(tflite, board, Path(scratch) / "out", optimise="balanced", inputs=1, compare=False)
    macs = sum(profile.firmware.layer_macs)
    moved_words = (profile.firmware.input_bytes + profile.firmware.output_bytes) / 4
    word_from_flash = 1 + (board.flash_load_cycles or 0.0)
    moved = moved_words + word_from_flash * layer.table_bytes / 4
    bound = moved + layer.arithmetic_cycles + layer.cycles_per_mac * macs
    return LayerCost(name, profile.cycles or 0.0, macs, moved, bound)


def weighted(kind: str, shape: Shape, channels: int, kernel: Window, stride: int, multiplier: int = 1) -> Layer:
    """A convolution of whatever kind, padded by SAME.

    A multiply-accumulate is half an instruction. Registers hold the sums of four pixels times two channels, and then
    each instruction for 16 of them takes six loads; in a depthwise one a channel's weights may stay in registers. One
    of 1x1 is a line for each channel: of four, to widen, multiply and saturate 12 instructions, to place three.
    """
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
    line = depthwise and kernel == (1, 1)
    per_mac = 15 / 4 if line else 0.5 if depthwise else 0.5 + 6 / 16
    return Layer(model.build([source], [output]), 8 * channels if line else weights.size, per_mac)


def pool(kind: str, shape: Shape, size: int, stride: int) -> Layer:
    """Of four channels at once: two instructions for the larger of two words or to add one, six to scale and place.

    The cheaper of two ways: every window by itself, or columns first, each once, which from windows of more than three
    columns on are stored and loaded (means: in two words).
    """
    model = ModelBuilder()
    source = model.tensor((1, *shape), "int8", 0.05, -3)
    sides = [-(-side // stride) for side in shape[:2]]
    output = model.tensor((1, *sides, shape[2]), "int8", 0.05, -3)
    options = {"padding": SAME, "strideH": stride, "strideW": stride, "filterHeight": size, "filterWidth": size}
    model.operator(kind, [source], [output], options)
    new, average = min(stride, size), kind == "AVERAGE_POOL_2D"
    first = 0 if average else 1
    alone = 3 * size**2 - 2 * first
    by_columns = new * (3 * size - 2 * first) + 2 * (size - 1)
    by_columns += (new + size) * (2 - first) if size > 3 else 0
    words = np.prod(sides) * shape[2] / 4
    cycles = (min(alone, by_columns) + 6 * average) * words - np.prod(shape) / 4
    return Layer(model.build([source], [output]), arithmetic_cycles=cycles)


def mean(shape: Shape, axes: tuple[int, ...] = (1, 2), kind: str = "MEAN", dtype: str = "int8") -> Layer:
    """Two instructions add a word of values to their sums; four add, scale, saturate and place one output.

    Two find the larger ones of four values and four, four more the largest of four.
    """
    model = ModelBuilder()
    wide = dtype == "int16"
    source = model.tensor((1, *shape), dtype, 0.05, 0 if wide else -3)
    sides = tuple(side for axis, side in enumerate((1, *shape)) if axis not in axes)
    output = model.tensor(sides, dtype, *((0.03, 0 if wide else 5) if kind == "MEAN" else (0.05, -3)))
    positions = model.tensor((len(axes),), "int32", data=np.array(axes, np.int32))
    model.operator(kind, [source, positions], [output], {"keepDims": False})
    per_output = 4 if kind == "MEAN" or 3 in axes else 0
    return Layer(
        model.build([source], [output]),
        arithmetic_cycles=np.prod(shape) / (1 if wide else 2) + per_output * np.prod(sides),
    )


def resize(kind: str, shape: Shape, sides: Window | None = None, centred: bool = False, corners: bool = False) -> Layer:
    """Nearest neighbours are moved and no more, less than four channels a pixel at a time.

    Bilinear, to twice the `sides` of inputs: between inputs, means of two words take 5 instructions, of four another
    12; of less than four channels, four put a word's bytes in their order. To others, factors of 20 bits fit no pair of
    int16. Inputs are mixed of two rows, or columns, first: four take two loads, four instructions to widen, and two
    each to pair and multiply. Then each output takes one multiplication, where a slope and where it starts are known
    from two more instructions each, or two, and two to round and narrow.
    """
    model = ModelBuilder()
    rows, columns, depth = shape
    twice, sides = sides is None, sides or (2 * rows, 2 * columns)
    source = model.tensor((1, *shape), "int8", 0.05, -3)
    size = model.tensor((2,), "int32", data=np.array(sides, np.int32))
    output = model.tensor((1, *sides, depth), "int8", 0.05, -3)
    model.operator(kind, [source, size], [output], {"alignCorners": corners, "halfPixelCenters": centred})
    cycles = max(1 - depth / 4, 0) * (rows * columns + sides[0] * sides[1])
    if kind == "RESIZE_BILINEAR":
        words, mixed = sides[0] * sides[1] * depth / 4, min(sides[0] * columns, rows * sides[1]) * depth / 4
        is_halved = twice and not centred and not corners
        cycles = min(12 * words + 22 * mixed, 16 * words + 14 * mixed)
        if is_halved:
            cycles = 22 * rows * columns * depth / 4 + (4 * words if depth < 4 else 0)
    return Layer(model.build([source], [output]), arithmetic_cycles=cycles)


def softmax(classes: int) -> Layer:
    """Twice a word of the table for every class: for the sum, and when that is known.

    For four classes three instructions find differences and two the maximum; for each two find its place in the table,
    one adds, one multiplies, and five round, saturate and place. A division is seven products and what they are of.
    """
    model = ModelBuilder()
    source = model.tensor((1, classes), "int8", 0.05, -3)
    output = model.tensor((1, classes), "int8", 1 / 256, -128)
    model.operator("SOFTMAX", [source], [output], {"beta": 1.0})
    again = (1 + (find_board(BOARD).flash_load_cycles or 0.0)) * classes
    return Layer(model.build([source], [output]), 4 * classes, arithmetic_cycles=again + (5 / 4 + 9) * classes + 20)


def wide_weighted(kind: str, shape: Shape, channels: int, kernel: Window, multiplier: int = 1) -> Layer:
    """Of int16, with weights of int8 and padded by SAME: a multiply-accumulate is half an instruction.

    For 16 of them, of two pixels and two channels, six words are loaded and two of weights taken apart; for 8 of one
    pixel four are loaded.
    """
    random = np.random.default_rng(1)
    model = ModelBuilder()
    rows, columns, depth = shape
    depthwise, dense = kind == "DEPTHWISE_CONV_2D", kind == "FULLY_CONNECTED"
    channels = depth * multiplier if depthwise else channels
    sides = (1, *kernel, channels) if depthwise else (channels, depth) if dense else (channels, *kernel, depth)
    source = model.tensor((1, depth) if dense else (1, *shape), "int16", 0.001, 0)
    scales = random.uniform(0.002, 0.02, 1 if dense else channels)
    weights = random.integers(-127, 128, sides).astype(np.int8)
    bias = random.integers(-200000, 200000, channels)
    inputs = [
        source,
        model.tensor(sides, "int8", scales, 0, 3 if depthwise else 0, weights),
        model.tensor((channels,), "int64", scales * 0.001, data=bias),
    ]
    output = model.tensor((1, channels) if dense else (1, rows, columns, channels), "int16", 0.01, 0)
    options = {} if dense else {"padding": SAME, "strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
    if depthwise:
        options |= {"depthMultiplier": multiplier}
    model.operator(kind, inputs, [output], options)
    per_mac = 0.5 if depthwise else 0.5 + 8 / 8 if dense else 0.5 + 10 / 16
    return Layer(model.build([source], [output]), weights.size, per_mac)


def lstm(dtype: str, steps: int, inputs: int, units: int) -> Layer:
    """Of all weights in every step, each used once: half a load, taking apart and half a multiply-accumulate."""
    random = np.random.default_rng(1)
    model = ModelBuilder()
    wide = dtype == "int16"
    scale = 0.0001 if wide else 0.02
    source = model.tensor((1, steps, inputs), dtype, scale, 0)
    tensors = [source]
    for depth in [inputs] * 4 + [units] * 4:
        weights = random.integers(-127, 128, (units, depth)).astype(np.int8)
        tensors.append(model.tensor(weights.shape, "int8", 0.01, 0, 0, weights))
    tensors += [-1] * 3
    for _ in range(4):
        bias = random.integers(-4000, 4001, units).astype("int64" if wide else "int32")
        tensors.append(model.tensor((units,), bias.dtype.name, 0.01 * scale, data=bias))
    made = 1 / 32768 if wide else 1 / 128
    tensors += [-1, -1, model.tensor((1, units), dtype, made, 0, variable=True)]
    tensors += [model.tensor((1, units), "int16", 2.0**-11, 0, variable=True), *[-1] * 4]
    output = model.tensor((1, steps, units), dtype, made, 0)
    model.operator("UNIDIRECTIONAL_SEQUENCE_LSTM", tensors, [output], {"fusedActivationFunction": 4})
    weights_bytes = steps * 4 * units * (inputs + units)
    return Layer(model.build([source], [output]), weights_bytes, 0.5 + 2 / 4)


def svdf(inputs: int, filters: int, memory: int) -> Layer:
    """Of rank 1, with a state of int16: weights of features as in `lstm`, over time by pairs with the state's."""
    random = np.random.default_rng(1)
    model = ModelBuilder()
    source = model.tensor((1, inputs), "int8", 0.05, 0)
    features = random.integers(-127, 128, (filters, inputs)).astype(np.int8)
    times = random.integers(-32767, 32768, (filters, memory)).astype(np.int16)
    bias = random.integers(-5000, 5001, filters).astype(np.int32)
    tensors = [
        source,
        model.tensor(features.shape, "int8", 0.01, 0, 0, features),
        model.tensor(times.shape, "int16", 0.001, 0, 0, times),
        model.tensor((filters,), "int32", 0.001, data=bias),
        model.tensor((1, filters * memory), "int16", 1.0, 0, variable=True),
    ]
    output = model.tensor((1, filters), "int8", 200.0, 0)
    model.operator("SVDF", tensors, [output], {"rank": 1})
    return Layer(model.build([source], [output]), features.size + 2 * times.size, 0.5 + 2 / 4)


Build = Callable[[], Layer]
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
    "max pooling 2x2, 24x24x15": lambda: pool("MAX_POOL_2D", (24, 24, 15), 2, 2),
    "max pooling 2x2, 24x24x3": lambda: pool("MAX_POOL_2D", (24, 24, 3), 2, 2),
    "max pooling 2x2, 24x24x1": lambda: pool("MAX_POOL_2D", (24, 24, 1), 2, 2),
    "max pooling 3x3 stride 2, 25x25x13": lambda: pool("MAX_POOL_2D", (25, 25, 13), 3, 2),
    "max pooling 3x3, 16x16x16": lambda: pool("MAX_POOL_2D", (16, 16, 16), 3, 1),
    "max pooling 7x7, 14x14x16": lambda: pool("MAX_POOL_2D", (14, 14, 16), 7, 1),
    "max pooling 4x4 stride 4, 24x24x16": lambda: pool("MAX_POOL_2D", (24, 24, 16), 4, 4),
    "average pooling 2x2, 24x24x16": lambda: pool("AVERAGE_POOL_2D", (24, 24, 16), 2, 2),
    "average pooling 2x2, 24x24x15": lambda: pool("AVERAGE_POOL_2D", (24, 24, 15), 2, 2),
    "average pooling 2x2, 24x24x3": lambda: pool("AVERAGE_POOL_2D", (24, 24, 3), 2, 2),
    "average pooling 2x2, 24x24x1": lambda: pool("AVERAGE_POOL_2D", (24, 24, 1), 2, 2),
    "average pooling 3x3 stride 2, 25x25x16": lambda: pool("AVERAGE_POOL_2D", (25, 25, 16), 3, 2),
    "average pooling 3x3 stride 2, 25x25x13": lambda: pool("AVERAGE_POOL_2D", (25, 25, 13), 3, 2),
    "average pooling 2x2, 15x15x16": lambda: pool("AVERAGE_POOL_2D", (15, 15, 16), 2, 2),
    "average pooling 3x3, 12x12x16": lambda: pool("AVERAGE_POOL_2D", (12, 12, 16), 3, 1),
    "average pooling 5x5 stride 5, 25x25x16": lambda: pool("AVERAGE_POOL_2D", (25, 25, 16), 5, 5),
    "average pooling 7x7, 14x14x16": lambda: pool("AVERAGE_POOL_2D", (14, 14, 16), 7, 1),
    "mean, 8x8x64": lambda: mean((8, 8, 64)),
    "mean, 24x24x16": lambda: mean((24, 24, 16)),
    "mean, 24x24x1": lambda: mean((24, 24, 1)),
    "mean, 16x16x3": lambda: mean((16, 16, 3)),
    "mean of 16x16x16 over channels": lambda: mean((16, 16, 16), (3,)),
    "mean of 16x16x16 over rows": lambda: mean((16, 16, 16), (1,)),
    "mean of 16x16x16 over all": lambda: mean((16, 16, 16), (1, 2, 3)),
    "int16 mean, 8x8x64": lambda: mean((8, 8, 64), dtype="int16"),
    "int16 mean of 16x16x16 over channels": lambda: mean((16, 16, 16), (3,), dtype="int16"),
    "reduce max of 16x16x16 over channels": lambda: mean((16, 16, 16), (3,), "REDUCE_MAX"),
    "reduce max, 8x8x64": lambda: mean((8, 8, 64), (1, 2), "REDUCE_MAX"),
    "nearest neighbour, 8x8x16 to 16x16": lambda: resize("RESIZE_NEAREST_NEIGHBOR", (8, 8, 16)),
    "bilinear, 8x8x16 to 16x16": lambda: resize("RESIZE_BILINEAR", (8, 8, 16)),
    "bilinear, 8x8x16 to 12x12": lambda: resize("RESIZE_BILINEAR", (8, 8, 16), (12, 12)),
    "bilinear, 8x8x16 to 13x13": lambda: resize("RESIZE_BILINEAR", (8, 8, 16), (13, 13)),
    "bilinear, 8x8x16 to 16x16, centres": lambda: resize("RESIZE_BILINEAR", (8, 8, 16), centred=True),
    "bilinear, 8x8x16 to 15x15, corners": lambda: resize("RESIZE_BILINEAR", (8, 8, 16), (15, 15), corners=True),
    "bilinear, 8x8x16 to 24x24, centres": lambda: resize("RESIZE_BILINEAR", (8, 8, 16), (24, 24), centred=True),
    "bilinear, 1x1x16 to 6x6": lambda: resize("RESIZE_BILINEAR", (1, 1, 16), (6, 6)),
    "bilinear, 8x8x3 to 16x16": lambda: resize("RESIZE_BILINEAR", (8, 8, 3)),
    "bilinear, 16x16x1 to 32x32": lambda: resize("RESIZE_BILINEAR", (16, 16, 1)),
    "bilinear, 16x16x1 to 32x32, centres": lambda: resize("RESIZE_BILINEAR", (16, 16, 1), centred=True),
    "bilinear, 12x12x2 to 96x96": lambda: resize("RESIZE_BILINEAR", (12, 12, 2), (96, 96)),
    "nearest neighbour, 8x8x16 to 13x13": lambda: resize("RESIZE_NEAREST_NEIGHBOR", (8, 8, 16), (13, 13)),
    "nearest neighbour, 8x8x3 to 16x16": lambda: resize("RESIZE_NEAREST_NEIGHBOR", (8, 8, 3)),
    "nearest neighbour, 16x16x1 to 32x32": lambda: resize("RESIZE_NEAREST_NEIGHBOR", (16, 16, 1)),
    "transposed 3x3 stride 2, 16x16x16 to 1": lambda: weighted("TRANSPOSE_CONV", (16, 16, 16), 1, (3, 3), 2),
    "transposed 5x5 stride 2, 16x16x16 to 1": lambda: weighted("TRANSPOSE_CONV", (16, 16, 16), 1, (5, 5), 2),
    "softmax of 2": lambda: softmax(2),
    "softmax of 5": lambda: softmax(5),
    "softmax of 10": lambda: softmax(10),
    "LSTM, 16 steps of 32 to 32": lambda: lstm("int8", 16, 32, 32),
    "LSTM of int16, 16 steps of 32 to 32": lambda: lstm("int16", 16, 32, 32),
    "SVDF, 40 to 64, 16 calls": lambda: svdf(40, 64, 16),
    "int16 convolution 3x3, 16x16x32 to 32": lambda: wide_weighted("CONV_2D", (16, 16, 32), 32, (3, 3)),
    "int16 depthwise 3x3, 16x16x32": lambda: wide_weighted("DEPTHWISE_CONV_2D", (16, 16, 32), 0, (3, 3)),
    "int16 depthwise 3x3 times 2, 12x12x16": lambda: wide_weighted("DEPTHWISE_CONV_2D", (12, 12, 16), 0, (3, 3), 2),
    "int16 fully connected, 256 to 64": lambda: wide_weighted("FULLY_CONNECTED", (1, 1, 256), 64, (1, 1)),
    "softmax of 12": lambda: softmax(12),
    "softmax of 100": lambda: softmax(100),
}


def measure_layers(words: list[str]) -> Iterator[LayerCost]:
    for name, build in LAYERS.items():
        if not words or any(word in name for word in words):
            yield measure_layer(name, build())


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.layer_costs", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="WORD", help="only layers whose name holds one of these")
    print(f"{'layer':40}{'cycles':>12}{'per MAC':>9}{'moved':>10}{'times':>7}{'bound':>12}{'times':>7}")
    for cost in measure_layers(parser.parse_args(arguments).words):
        per_mac = f"{cost.cycles / cost.macs:9.2f}" if cost.macs else f"{'-':>9}"
        bounds = [
            f"{bound:{width},.0f}{cost.cycles / bound:7.1f}"
            for bound, width in ((cost.moved_cycles, 10), (cost.bound_cycles, 12))
        ]
        print(f"{cost.name:40}{cost.cycles:12,.0f}{per_mac}{''.join(bounds)}", flush=True)


if __name__ == "__main__":
    main()
