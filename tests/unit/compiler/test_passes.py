"""Every pass leaves the output as it was, bit for bit, and does what it is for."""

import re
from collections.abc import Callable

import numpy as np
import pytest

from micronets.cli import main
from micronets.compiler.compile import compile_program
from micronets.compiler.lower import lower
from micronets.compiler.operators.lookup import LookupStep
from micronets.compiler.operators.pad import PadStep
from micronets.compiler.passes import (
    drop_unused,
    fold_activations,
    fold_lookups,
    fold_padding,
    order_steps,
    remove_channels,
    widen_depthwise,
)
from micronets.compiler.reader import read_graph
from micronets.compiler.steps import ConvolutionStep, DepthwiseConvolutionStep, Program
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.checks import edge_inputs
from micronets.linking.host import build_guarded, run_on_host

_CONVOLUTION = {"padding": 0, "strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
_STRIDE_2 = {"strideH": 2, "strideW": 2}
_MULTIPLIER_6 = {"depthMultiplier": 6}


def _convolution(
    model, source, channels, *, size=1, bias=0, dead=(), padding=0, stride=1, activation=1, scale=0.4, dilation=1
):
    """RELU convolution; the channels `dead` have a bias that keeps them at zero."""
    random = np.random.default_rng(channels)
    _, rows, columns, depth = model.shape(source)
    weights = random.integers(-20, 21, (channels, size, size, depth))
    biases = np.full(channels, bias, np.int32)
    biases[list(dead)] = -10_000_000
    sides = [
        -(-side // stride) if padding == 0 else (side - (size - 1) * dilation - 1) // stride + 1
        for side in (rows, columns)
    ]
    output = model.tensor((1, *sides, channels), "int8", scale, -128)
    inputs = [
        source,
        model.tensor(weights.shape, "int8", np.full(channels, 0.02), 0, 0, weights.astype(np.int8)),
        model.tensor((channels,), "int32", np.full(channels, 0.001), 0, 0, biases),
    ]
    options = {**_CONVOLUTION, "padding": padding, "strideH": stride, "strideW": stride}
    options |= {"dilationHFactor": dilation, "dilationWFactor": dilation}
    model.operator("CONV_2D", inputs, [output], {**options, "fusedActivationFunction": activation})
    return output


def _depthwise(model, source):
    random = np.random.default_rng(2)
    _, rows, columns, depth = model.shape(source)
    weights = random.integers(-90, 91, (1, 3, 3, depth)).astype(np.int8)
    output = model.tensor((1, rows, columns, depth), "int8", 0.5, -128)
    inputs = [
        source,
        model.tensor(weights.shape, "int8", np.full(depth, 0.01), 0, 3, weights),
        model.tensor((depth,), "int32", np.full(depth, 0.004), 0, 0, np.full(depth, 500, np.int32)),
    ]
    options = {**_CONVOLUTION, "depthMultiplier": 1, "fusedActivationFunction": 1}
    model.operator("DEPTHWISE_CONV_2D", inputs, [output], options)
    return output


def _outputs(program: Program, tmp_path, name: str) -> np.ndarray:
    network = compile_program(program, tmp_path / name, core="cortex-m4", optimise="balanced")
    executable = build_guarded(network, tmp_path / f"{name}_run")
    return run_on_host(executable, edge_inputs(network.input.shape, 1), int(np.prod(network.output.shape)))


def _unchanged(content: bytes, run: Callable[[Program], object], tmp_path) -> tuple[Program, Program]:
    """The program before and after the pass `run`, having checked that both give the same outputs."""
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    before, after = lower(read_graph(file)), lower(read_graph(file))
    run(after)
    expected = _outputs(before, tmp_path, "before")
    assert len(np.unique(expected)) > 4
    assert np.array_equal(expected, _outputs(after, tmp_path, "after"))
    return before, after


def test_constant_channels_are_removed(tmp_path):
    model = ModelBuilder()
    source = model.tensor((1, 6, 5, 3), "int8", 0.05, -128)
    dead = _convolution(model, source, 12, size=3, bias=300, dead=(0, 1, 5, 11))
    spread = _depthwise(model, dead)
    output = _convolution(model, spread, 7, bias=200, dead=(2,))

    def run(program):
        while remove_channels(program):
            pass

    before, after = _unchanged(model.build([source], [output]), run, tmp_path)
    assert [step.output.shape[2] for step in before.steps] == [12, 12, 7]
    assert [step.output.shape[2] for step in after.steps] == [8, 8, 7]


def test_channels_of_a_residual_stay(tmp_path):
    model = ModelBuilder()
    source = model.tensor((1, 4, 4, 3), "int8", 0.05, -128)
    shared = _convolution(model, source, 6, bias=300, dead=(1, 4))
    spread = _depthwise(model, shared)
    output = model.tensor((1, 4, 4, 6), "int8", 0.6, -100)
    model.operator("ADD", [shared, spread], [output])
    before, after = _unchanged(model.build([source], [output]), remove_channels, tmp_path)
    assert [step.output.shape for step in before.steps] == [step.output.shape for step in after.steps]


@pytest.mark.parametrize("stride", [1, 2])
def test_padding_becomes_part_of_the_window(stride, tmp_path):
    model = ModelBuilder()
    source = model.tensor((1, 7, 6, 3), "int8", 0.05, -30)
    amounts = np.array([[0, 0], [1, 2], [2, 1], [0, 0]], np.int32)
    padded = model.tensor((1, 10, 9, 3), "int8", 0.05, -30)
    model.operator("PAD", [source, model.tensor((4, 2), "int32", data=amounts)], [padded])
    output = _convolution(model, padded, 5, size=3, bias=300, padding=1, stride=stride)
    _, after = _unchanged(model.build([source], [output]), fold_padding, tmp_path)
    assert [type(step) for step in after.steps] == [ConvolutionStep]


def test_padding_between_dilated_taps_becomes_part_of_the_window(tmp_path):
    """More than a window has taps, as causal convolutions over time have it."""
    model = ModelBuilder()
    source = model.tensor((1, 7, 9, 3), "int8", 0.05, -30)
    amounts = np.array([[0, 0], [4, 4], [8, 0], [0, 0]], np.int32)
    padded = model.tensor((1, 15, 17, 3), "int8", 0.05, -30)
    model.operator("PAD", [source, model.tensor((4, 2), "int32", data=amounts)], [padded])
    output = _convolution(model, padded, 5, size=3, bias=300, padding=1, dilation=4)
    _, after = _unchanged(model.build([source], [output]), fold_padding, tmp_path)
    assert [type(step) for step in after.steps] == [ConvolutionStep]


def test_padding_of_channels_stays(tmp_path):
    model = ModelBuilder()
    source = model.tensor((1, 5, 5, 3), "int8", 0.05, -30)
    amounts = np.array([[0, 0], [0, 0], [0, 0], [1, 2]], np.int32)
    padded = model.tensor((1, 5, 5, 6), "int8", 0.05, -30)
    model.operator("PAD", [source, model.tensor((4, 2), "int32", data=amounts)], [padded])
    output = _convolution(model, padded, 5, size=3, bias=300)
    _, after = _unchanged(model.build([source], [output]), fold_padding, tmp_path)
    assert isinstance(after.steps[0], PadStep)


def test_padding_of_another_value_stays(tmp_path):
    model = ModelBuilder()
    source = model.tensor((1, 7, 6, 3), "int8", 0.05, -30)
    amounts = model.tensor((4, 2), "int32", data=np.array([[0, 0], [1, 2], [2, 1], [0, 0]], np.int32))
    value = model.tensor((1,), "int8", 0.05, -30, data=np.array([90], np.int8))
    padded = model.tensor((1, 10, 9, 3), "int8", 0.05, -30)
    model.operator("PADV2", [source, amounts, value], [padded])
    output = _convolution(model, padded, 5, size=3, bias=300, padding=1)
    _, after = _unchanged(model.build([source], [output]), fold_padding, tmp_path)
    assert isinstance(after.steps[0], PadStep)


def test_clamps_become_part_of_the_convolution(tmp_path):
    model = ModelBuilder()
    source = model.tensor((1, 5, 5, 3), "int8", 0.05, -128)
    linear = _convolution(model, source, 6, bias=100, activation=0)
    output = model.tensor(model.shape(linear), "int8", 0.4, -128)
    model.operator("RELU6", [linear], [output])
    _, after = _unchanged(model.build([source], [output]), fold_activations, tmp_path)
    assert [type(step) for step in after.steps] == [ConvolutionStep]
    assert after.steps[0].requantisation.high == -128 + round(6 / 0.4)


def test_a_clamped_convolution_read_elsewhere_keeps_its_range(tmp_path):
    model = ModelBuilder()
    source = model.tensor((1, 5, 5, 3), "int8", 0.05, -128)
    linear = _convolution(model, source, 6, bias=100, activation=0)
    clamped = model.tensor(model.shape(linear), "int8", 0.4, -128)
    model.operator("RELU6", [linear], [clamped])
    output = model.tensor(model.shape(linear), "int8", 0.6, -90)
    model.operator("ADD", [linear, clamped], [output])
    _, after = _unchanged(model.build([source], [output]), fold_activations, tmp_path)
    assert isinstance(after.steps[1], LookupStep)


def test_pairs_of_tables_join_and_idle_ones_go(tmp_path):
    model = ModelBuilder()
    source = model.tensor((1, 5, 5, 3), "int8", 0.05, 3)
    values = [source]
    for scale, zero_point in ((0.07, -9), (0.03, 20), (0.03, 20)):
        values.append(model.tensor((1, 5, 5, 3), "int8", scale, zero_point))
        model.operator("QUANTIZE", [values[-2]], [values[-1]])
    before, after = _unchanged(model.build([source], [values[-1]]), fold_lookups, tmp_path)
    assert len(before.steps) == 3 and len(after.steps) == 1


def test_depthwise_convolutions_of_one_channel_are_convolutions(tmp_path):
    random = np.random.default_rng(2)
    model = ModelBuilder()
    source = model.tensor((1, 9, 7, 1), "int8", 0.05, -20)
    scales = random.uniform(0.01, 0.02, 6)
    weights = model.tensor((1, 4, 3, 6), "int8", scales, 0, 3, random.integers(-99, 99, (1, 4, 3, 6)).astype(np.int8))
    bias = model.tensor((6,), "int32", scales * 0.05, data=random.integers(-99, 99, 6).astype(np.int32))
    output = model.tensor((1, 5, 4, 6), "int8", 0.2, 10)
    model.operator("DEPTHWISE_CONV_2D", [source, weights, bias], [output], _CONVOLUTION | _STRIDE_2 | _MULTIPLIER_6)
    before, after = _unchanged(model.build([source], [output]), widen_depthwise, tmp_path)
    assert isinstance(before.steps[0], DepthwiseConvolutionStep) and isinstance(after.steps[0], ConvolutionStep)


def test_steps_nobody_reads_are_dropped(tmp_path):
    model = ModelBuilder()
    source = model.tensor((1, 6, 6, 3), "int8", 0.05, -128)
    output = _convolution(model, source, 4, bias=300)
    _convolution(model, _convolution(model, source, 20, bias=1), 30)
    before, after = _unchanged(model.build([source], [output]), drop_unused, tmp_path)
    assert len(before.steps) == 3 and len(after.steps) == 1


def test_branches_run_in_the_order_that_needs_least(tmp_path):
    """Two wide branches, each made narrow again: the file makes both wide before it narrows either."""
    model = ModelBuilder()
    source = model.tensor((1, 8, 8, 3), "int8", 0.05, -128)
    wide = [_convolution(model, source, channels, bias=300) for channels in (40, 41)]
    narrow = [_convolution(model, value, 4, bias=300) for value in wide]
    output = model.tensor((1, 8, 8, 4), "int8", 0.6, -90)
    model.operator("ADD", narrow, [output])
    before, after = _unchanged(model.build([source], [output]), order_steps, tmp_path)
    assert [step.operators[0] for step in before.steps] == [0, 1, 2, 3, 4]
    assert [step.operators[0] for step in after.steps] == [0, 2, 1, 3, 4]


def test_the_explanation_names_passes_layers_and_buffers(tmp_path, capsys):
    model = ModelBuilder()
    source = model.tensor((1, 6, 6, 3), "int8", 0.05, -128)
    hidden = _convolution(model, source, 8, bias=300, dead=(2, 3), scale=0.05)  # more than 16 levels
    output = _convolution(model, hidden, 4, bias=300)
    file = tmp_path / "model.tflite"
    file.write_bytes(model.build([source], [output]))
    assert main(["compile", str(file), "--explain"]) == 0
    text = capsys.readouterr().out
    after, before = map(int, re.search(r"(\d+) of (\d+) MACs", text).groups())
    assert after * 8 == before * 6  # two of eight channels of both layers
    assert "removed 2 channels" in text and "model_layer_01_conv_2d" in text and "scratch_0" in text
    assert main(["compile", str(tmp_path / "none.tflite")]) == 1
    assert "cannot be read" in capsys.readouterr().err
