"""Helium kernels on the emulated Cortex-M55, and their portable form on this machine, against TFLM's arithmetic."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from micronets.boards import find_board
from micronets.compiler.arithmetic import INT32_MAX, INT32_MIN, multiply_by_quantised_multiplier, wrap32
from micronets.compiler.compile import compile_program
from micronets.compiler.compiled_network import CompiledNetwork
from micronets.compiler.requantise import fit, thresholds
from micronets.compiler.steps import (
    ConvolutionStep,
    DepthwiseConvolutionStep,
    FullyConnectedStep,
    Program,
    Quantised,
    Requantisation,
    Step,
    Value,
    Window,
)
from micronets.emulator.execution import run_inputs
from micronets.linking.build import STACK_BYTES, build_firmware
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host
from micronets.linking.symbols import read_symbols

BOARD = find_board("corstone-300")
POINT = Window((1, 1), (1, 1))
SAME_3X3 = Window((3, 3), (1, 1), pad_top=1, pad_left=1)


def compiled(steps: list[Step], directory: Path) -> CompiledNetwork:
    edges = [[Quantised(1.0, 0, value.shape)] for value in (steps[0].inputs[0], steps[-1].output)]
    program = Program("model.tflite", steps, steps[0].inputs[0], steps[-1].output, *edges)
    return compile_program(program, directory / "src", core=BOARD.core, optimise="balanced")


def on_emulator(network: CompiledNetwork, inputs: np.ndarray, directory: Path) -> np.ndarray:
    """With so large a stack that the arena ends where the RAM does: an access behind it faults."""
    firmware = build_firmware(network, BOARD, directory)
    symbols = read_symbols(firmware.elf)
    free_bytes = symbols["ram_end"].address - symbols["bss_end"].address
    firmware = build_firmware(network, BOARD, directory, stack_bytes=STACK_BYTES + free_bytes // 8 * 8)
    symbols = read_symbols(firmware.elf)
    arena = symbols["arena"]
    assert arena.size_bytes == network.arena_bytes
    assert symbols["ram_end"].address - arena.address - arena.size_bytes < 8
    return run_inputs(firmware, inputs)


def on_host(network: CompiledNetwork, inputs: np.ndarray, directory: Path) -> np.ndarray:
    """The portable form, with sanitizers, and guards around all that a step may write."""
    executable = build_guarded(network, directory / "run", flags=("-O1", *SANITIZERS))
    return run_on_host(executable, inputs, int(np.prod(network.output.shape)))


def requantised(accumulators: np.ndarray, q: Requantisation) -> np.ndarray:
    """Of int64 accumulators (..., channels), channel by channel."""
    scaled = [
        multiply_by_quantised_multiplier(accumulators[..., c], int(q.multipliers[c]), int(q.shifts[c]))
        for c in range(accumulators.shape[-1])
    ]
    return np.clip(np.stack(scaled, axis=-1) + q.zero_point, q.low, q.high).astype(np.int8)


def adversarial_requantisations() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Accumulators (wrapping to int32), multipliers and shifts: every right shift, extreme values, and all around the
    halves between two outputs."""
    random = np.random.default_rng(1)
    cases: list[tuple[int, int, int]] = []
    for shift in range(-31, 0):
        for multiplier in (1, 1 << 30, (1 << 30) + 1, INT32_MAX, *random.integers(1 << 30, 1 << 31, 2).tolist()):
            accumulators = [INT32_MIN, INT32_MIN + 1, INT32_MAX, -1, 0, 1]
            for halves in random.integers(-150, 150, 6).tolist():
                nearest = ((2 * halves + 1) << (30 - shift)) // multiplier
                accumulators += [nearest + step for step in (-1, 0, 1)]
            cases += [(a, multiplier, shift) for a in accumulators if INT32_MIN <= a <= INT32_MAX]
    columns = np.array(cases, np.int64).T
    return columns[0], columns[1], columns[2]


def weight_of(channel: np.ndarray | int) -> np.ndarray | int:
    return channel % 255 - 127


def layer_with_accumulators(
    accumulators: np.ndarray, q: Requantisation, depthwise: bool, directory: Path
) -> tuple[CompiledNetwork, np.ndarray]:
    """A layer with as many channels, and the input for which its accumulators, wrapping, are these."""
    channels = len(accumulators)
    source, output = Value("input", (1, 1, channels if depthwise else 16)), Value("output", (1, 1, channels))
    # An accumulator is what the bias and one input of 127 times the last weight add up to.
    weight = weight_of(np.arange(channels))
    common = {
        "inputs": [source],
        "output": output,
        "operators": (0,),
        "requantisation": q,
        "input_zero_point": 0,
        "bias": wrap32(accumulators - 127 * weight),
    }
    if depthwise:
        weights = np.zeros((3, 3, channels), np.int8)
        weights[1, 1] = weight
        step: Step = DepthwiseConvolutionStep(**common, window=SAME_3X3, weights=weights, multiplier=1)
        return compiled([step], directory), np.full((1, channels), 127, np.int8)
    weights = np.zeros((channels, 1, 1, 16), np.int8)
    weights[..., -1] = weight[:, None, None]
    step = ConvolutionStep(**common, window=POINT, weights=weights)
    return compiled([step], directory), np.array([[*range(15), 127]], np.int8)


@pytest.mark.parametrize("run", [on_emulator, on_host], ids=["emulator", "portable"])
@pytest.mark.parametrize("depthwise", [False, True], ids=["point", "depthwise"])
@pytest.mark.parametrize(("zero_point", "low", "high"), [(-128, -128, 127), (127, -100, 127), (5, 5, 90)])
def test_both_roundings(
    run: Callable[..., np.ndarray], depthwise: bool, zero_point: int, low: int, high: int, tmp_path: Path
) -> None:
    accumulators, multipliers, shifts = adversarial_requantisations()
    q = Requantisation(multipliers=multipliers, shifts=shifts, zero_point=zero_point, low=low, high=high)
    network, inputs = layer_with_accumulators(accumulators, q, depthwise, tmp_path)
    kernel = network.layers[0].kernel
    assert kernel.startswith("mn_helium_depthwise" if depthwise else "mn_helium_point") and "general" in kernel
    expected = requantised(accumulators, q)
    assert len(np.unique(expected)) > 80
    assert np.array_equal(run(network, inputs, tmp_path)[0], expected)


def has_fast_form(q: Requantisation, accumulator: int, weight: int) -> bool:
    ends = [accumulator + weight * (value - 127) for value in (-128, 127)]
    return fit(q, np.array([min(ends)]), np.array([max(ends)]), np.array([INT32_MAX])) is not None


def requantisation(multipliers: list[int], shifts: list[int]) -> Requantisation:
    return Requantisation(
        multipliers=np.array(multipliers), shifts=np.array(shifts), zero_point=-128, low=-128, high=127
    )


@pytest.mark.parametrize("run", [on_emulator, on_host], ids=["emulator", "portable"])
@pytest.mark.parametrize("depthwise", [False, True], ids=["point", "depthwise"])
def test_one_rounding(run: Callable[..., np.ndarray], depthwise: bool, tmp_path: Path) -> None:
    """The fast form on both sides of steps between two outputs."""
    random = np.random.default_rng(2)
    accumulators, multipliers, shifts = [], [], []
    for _ in range(300):
        shift, multiplier = int(random.integers(-10, -4)), int(random.integers(1 << 30, 1 << 31))
        one = requantisation([multiplier], [shift])
        step = int(thresholds(one, np.array([-1 << 24]), np.array([1 << 24]))[0, random.integers(255)])
        if all(has_fast_form(one, step - i, weight_of(len(accumulators) + i)) for i in (0, 1)):
            accumulators += [step, step - 1]
            multipliers += [multiplier] * 2
            shifts += [shift] * 2
    assert len(accumulators) > 300
    q = requantisation(multipliers, shifts)
    accumulators = np.array(accumulators)
    network, inputs = layer_with_accumulators(accumulators, q, depthwise, tmp_path)
    assert "fast" in network.layers[0].kernel
    expected = requantised(accumulators, q)
    assert np.all(expected[::2] == expected[1::2] + 1)
    assert np.array_equal(run(network, inputs, tmp_path)[0], expected)


def test_the_adversarial_values_tell_roundings_apart() -> None:
    """Rounding once, and rounding halves upwards twice, both give other outputs on them."""
    accumulators, multipliers, shifts = adversarial_requantisations()
    q = Requantisation(multipliers=multipliers, shifts=shifts, zero_point=0, low=-128, high=127)
    expected = requantised(accumulators, q)
    high = (accumulators * multipliers + (1 << 30)) >> 31
    upwards = np.clip((high + (1 << (-shifts - 1))) >> -shifts, -128, 127)
    once = np.clip((accumulators * multipliers // (1 << 30) // (1 << -shifts) + 1) >> 1, -128, 127)
    assert np.count_nonzero(upwards != expected) > 20
    assert np.count_nonzero(once != expected) > 20


def patches(inputs: np.ndarray, window: Window, sides: tuple[int, int], zero_point: int) -> np.ndarray:
    """Int64 (rows, columns, kernel rows, kernel columns, channels) of one input; outside lie zero points."""
    rows, columns, channels = inputs.shape
    taken = np.full((*sides, *window.size, channels), zero_point, np.int64)
    for y, x, i, j in np.ndindex(*sides, *window.size):
        r = y * window.stride[0] - window.pad_top + i * window.dilation[0]
        c = x * window.stride[1] - window.pad_left + j * window.dilation[1]
        if 0 <= r < rows and 0 <= c < columns:
            taken[y, x, i, j] = inputs[r, c]
    return taken


def random_requantisation(
    random: np.random.Generator, channels: int, products: int, zero_point: int, activation: bool
) -> Requantisation:
    reals = np.exp(random.uniform(-1, 1, channels)) / (60 * np.sqrt(products))
    shifts = np.minimum(np.floor(np.log2(reals)).astype(np.int64) + 1, -1)
    multipliers = np.round(reals * np.exp2(31.0 - shifts)).astype(np.int64)
    low = zero_point if activation else -128
    return Requantisation(multipliers=multipliers, shifts=shifts, zero_point=zero_point, low=low, high=127)


def random_step(
    random: np.random.Generator,
    source: Value,
    window: Window,
    sides: tuple[int, int],
    channels: int | None,
    zero_points: tuple[int, int],
    kind: type[ConvolutionStep] = ConvolutionStep,
) -> ConvolutionStep | DepthwiseConvolutionStep:
    """Depthwise where `channels` is None."""
    depth = source.shape[2]
    products = int(np.prod(window.size)) * (1 if channels is None else depth)
    count = channels or depth
    q = random_requantisation(random, count, products, zero_points[1], activation=bool(random.integers(2)))
    common = {
        "inputs": [source],
        "output": Value(f"after_{source.name}", (*sides, count)),
        "operators": (0,),
        "window": window,
        "bias": random.integers(-3000, 3000, count),
        "input_zero_point": zero_points[0],
        "requantisation": q,
    }
    if channels is None:
        weights = random.integers(-128, 128, (*window.size, depth)).astype(np.int8)
        return DepthwiseConvolutionStep(**common, weights=weights, multiplier=1)
    weights = random.integers(-128, 128, (channels, *window.size, depth)).astype(np.int8)
    return kind(**common, weights=weights)


def expected_of(step: ConvolutionStep | DepthwiseConvolutionStep, inputs: np.ndarray) -> np.ndarray:
    """Int8 (rows, columns, channels) by TFLM's definition."""
    rows, columns, _ = step.output.shape
    taken = patches(inputs, step.window, (rows, columns), step.input_zero_point) - step.input_zero_point
    subscripts = "yxijc,ijc->yxc" if isinstance(step, DepthwiseConvolutionStep) else "yxijc,oijc->yxo"
    sums = np.einsum(subscripts, taken, step.weights.astype(np.int64)) + step.bias
    return requantised(sums, step.requantisation)


# Input, window, output's rows and columns, output channels (None: depthwise).
SHAPES = {
    "one input": ((3, 3, 1), POINT, (3, 3), 5),
    "tail of a block, tail of four": ((4, 3, 15), POINT, (4, 3), 7),
    "one block, growing": ((5, 5, 16), POINT, (5, 5), 33),
    "two blocks, shrinking": ((5, 5, 17), POINT, (5, 5), 3),
    "three blocks": ((3, 4, 47), POINT, (3, 4), 8),
    "four blocks": ((3, 4, 64), POINT, (3, 4), 64),
    "five blocks": ((3, 4, 65), POINT, (3, 4), 66),
    "six blocks": ((2, 3, 96), POINT, (2, 3), 2),
    "many blocks, one pixel": ((1, 1, 641), POINT, (1, 1), 129),
    "stem": ((9, 9, 3), Window((3, 3), (2, 2)), (4, 4), 8),
    "stem of one channel": ((14, 10, 1), Window((10, 4), (2, 2), pad_top=4, pad_left=1), (7, 5), 13),
    "runs longer than a vector": ((5, 5, 17), SAME_3X3, (5, 5), 6),
    "kernel larger than the input": ((2, 3, 5), Window((5, 5), (1, 1), pad_top=2, pad_left=2), (2, 3), 4),
    "dilated": ((7, 7, 4), Window((3, 3), (1, 1), (2, 3), pad_top=2, pad_left=3), (7, 7), 5),
    "point with stride": ((5, 5, 20), Window((1, 1), (2, 2)), (3, 3), 9),
    "depthwise, one channel": ((4, 4, 1), SAME_3X3, (4, 4), None),
    "depthwise in place": ((6, 5, 64), SAME_3X3, (6, 5), None),
    "depthwise, tail of eight": ((5, 4, 19), SAME_3X3, (5, 4), None),
    "depthwise, stride 2": ((8, 8, 12), Window((3, 3), (2, 2)), (4, 4), None),
    "depthwise, stride 2, odd": ((7, 5, 16), Window((3, 3), (2, 2), pad_top=1, pad_left=1), (4, 3), None),
    "depthwise, strides apart": ((7, 9, 5), Window((3, 3), (1, 3), pad_top=1), (7, 3), None),
    "depthwise, inside only": ((6, 7, 9), Window((3, 3), (1, 1)), (4, 5), None),
    "depthwise, dilated": ((7, 7, 8), Window((3, 3), (1, 1), (2, 3), pad_top=2, pad_left=3), (7, 7), None),
    "depthwise, a single pixel": ((1, 1, 10), SAME_3X3, (1, 1), None),
}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda name: name.replace(" ", "_").replace(",", ""))
def test_layers_of_every_shape(shape: str, tmp_path: Path) -> None:
    source_shape, window, sides, channels = SHAPES[shape]
    random = np.random.default_rng(sorted(SHAPES).index(shape))
    zero_points = tuple(random.choice([-128, 127, int(random.integers(-128, 128))], 2).tolist())
    step = random_step(random, Value("input", source_shape), window, sides, channels, zero_points)
    network = compiled([step], tmp_path)
    assert network.layers[0].kernel.startswith("mn_helium_")
    inputs = random.integers(-128, 128, (3, *source_shape)).astype(np.int8)
    inputs[2] = random.choice([-128, 127], source_shape)
    expected = np.stack([expected_of(step, each) for each in inputs]).reshape(3, -1)
    assert np.array_equal(on_host(network, inputs, tmp_path), expected)
    assert np.array_equal(on_emulator(network, inputs, tmp_path), expected)


@pytest.mark.parametrize("first", ["point", "stem", "deep point"])
@pytest.mark.parametrize("stride", [(1, 2), (2, 2)], ids=["1x2", "2x2"])
def test_rows_run_into_the_depthwise_layer(first: str, stride: tuple[int, int], tmp_path: Path) -> None:
    """A wide map between two layers never exists as a whole."""
    random = np.random.default_rng(7)
    depth, channels = {"point": (3, 90), "stem": (2, 90), "deep point": (70, 290)}[first]
    source = Value("input", (13, 7, depth))
    window = SAME_3X3 if first == "stem" else POINT
    wide = random_step(random, source, window, (13, 7), channels, (4, -128))
    after = Window((3, 3), stride, pad_top=1, pad_left=1)
    sides = (-(-13 // stride[0]), 4)
    narrow = random_step(random, wide.output, after, sides, None, (-128, -9))
    last = random_step(random, narrow.output, POINT, sides, 4, (-9, 0))
    network = compiled([wide, narrow, last], tmp_path)
    assert network.arena_bytes < wide.output.size_bytes
    assert network.steps == 2
    inputs = random.integers(-128, 128, (2, *source.shape)).astype(np.int8)
    expected = [expected_of(last, expected_of(narrow, expected_of(wide, each))) for each in inputs]
    expected = np.stack(expected).reshape(2, -1)
    assert np.array_equal(on_host(network, inputs, tmp_path), expected)
    assert np.array_equal(on_emulator(network, inputs, tmp_path), expected)


def test_shifts_to_the_left_take_another_kernel(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    step = random_step(random, Value("input", (1, 1, 16)), POINT, (1, 1), 8, (0, 0), FullyConnectedStep)
    step.requantisation.shifts[5] = 0
    network = compiled([step], tmp_path)
    assert not network.layers[0].kernel.startswith("mn_helium_")
    inputs = random.integers(-128, 128, (2, 1, 1, 16)).astype(np.int8)
    expected = np.stack([expected_of(step, each) for each in inputs]).reshape(2, -1)
    assert np.array_equal(on_emulator(network, inputs, tmp_path), expected)
