"""Convolutions run row by row into a pool, or into an addition, where that saves memory, and answer as TFLM does."""

from pathlib import Path

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.checks import edge_inputs
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host

pytestmark = pytest.mark.slow

INPUT = (1, 15, 10, 2)
CHANNELS = 24
CONVOLVED_BYTES = 15 * 10 * CHANNELS
SAME, VALID = 0, 1


def convolution_and_pool(kind: str, size: int, stride: int, padding: int) -> bytes:
    """A 3x3 convolution, SAME, whose output is pooled."""
    random = np.random.default_rng(5)
    model = ModelBuilder()
    source = model.tensor(INPUT, "int8", 0.05, -128)
    weights = random.integers(-90, 91, (CHANNELS, 3, 3, INPUT[3])).astype(np.int8)
    scales = random.uniform(0.005, 0.02, CHANNELS)
    tensors = [
        source,
        model.tensor(weights.shape, "int8", scales, 0, 0, weights),
        model.tensor((CHANNELS,), "int32", scales * 0.05, data=random.integers(-500, 900, CHANNELS).astype(np.int32)),
    ]
    convolved = model.tensor((*INPUT[:3], CHANNELS), "int8", 0.2, -128)
    options = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
    model.operator("CONV_2D", tensors, [convolved], {**options, "padding": SAME, "fusedActivationFunction": 1})
    sides = [-(-side // stride) if padding == SAME else (side - size) // stride + 1 for side in INPUT[1:3]]
    pooled = model.tensor((1, *sides, CHANNELS), "int8", 0.2, -128)
    options = {"padding": padding, "strideH": stride, "strideW": stride, "filterHeight": size, "filterWidth": size}
    model.operator(kind, [convolved], [pooled], options)
    return model.build([source], [pooled])


def residual_block(kernel: int, swapped: bool) -> bytes:
    """A convolution, and two more whose sums are added to what it makes; the addition's inputs in either order."""
    random = np.random.default_rng(6)
    model = ModelBuilder()
    source = model.tensor(INPUT, "int8", 0.05, -128)

    def convolved(value: int, depth: int, side: int, channels: int) -> int:
        weights = random.integers(-90, 91, (channels, side, side, depth)).astype(np.int8)
        scales = random.uniform(0.005, 0.02, channels)
        bias = random.integers(-500, 900, channels).astype(np.int32)
        output = model.tensor((*INPUT[:3], channels), "int8", 0.3, -20)
        inputs = [
            value,
            model.tensor(weights.shape, "int8", scales, 0, 0, weights),
            model.tensor((channels,), "int32", scales * 0.05, data=bias),
        ]
        options = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
        model.operator("CONV_2D", inputs, [output], {**options, "padding": SAME, "fusedActivationFunction": 0})
        return output

    stem = convolved(source, INPUT[3], 1, CHANNELS)
    inner = convolved(convolved(stem, CHANNELS, 3, CHANNELS + 3), CHANNELS + 3, kernel, CHANNELS)
    output = model.tensor((*INPUT[:3], CHANNELS), "int8", 0.41, 3)
    model.operator("ADD", [inner, stem] if swapped else [stem, inner], [output], {"fusedActivationFunction": 0})
    return model.build([source], [output])


def compiled_and_checked(content: bytes, core: str, directory: Path):
    """The compiled network, whose outputs equal TFLM's, run with sanitizers and guards."""
    file = directory / "model.tflite"
    file.write_bytes(content)
    network = compile_network(file, directory / "network", core=core)
    inputs = edge_inputs(INPUT, 3)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    assert len(np.unique(expected)) > 20
    executable = build_guarded(network, directory / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)
    return network


@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m55"])
@pytest.mark.parametrize(
    ("kind", "size", "stride", "padding"),
    [
        ("AVERAGE_POOL_2D", 2, 2, VALID),
        ("AVERAGE_POOL_2D", 2, 2, SAME),
        ("MAX_POOL_2D", 3, 2, VALID),
        ("AVERAGE_POOL_2D", 3, 1, VALID),
    ],
)
def test_rows_go_straight_into_a_pool(kind, size, stride, padding, core, tmp_path):
    network = compiled_and_checked(convolution_and_pool(kind, size, stride, padding), core, tmp_path)
    assert any("row by row" in note for note in network.notes)
    pooled_bytes = int(np.prod(network.output.shape))
    assert network.arena_bytes < max(CONVOLVED_BYTES, pooled_bytes + CONVOLVED_BYTES // 2)


@pytest.mark.parametrize(("size", "stride", "padding"), [(3, 1, SAME), (2, 3, VALID)], ids=["above", "between"])
def test_windows_that_begin_above_the_input_or_leave_rows_out_need_all_rows(size, stride, padding, tmp_path):
    content = convolution_and_pool("MAX_POOL_2D", size, stride, padding)
    network = compiled_and_checked(content, "cortex-m4", tmp_path)
    assert not any("row by row" in note for note in network.notes)


@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m55"])
@pytest.mark.parametrize(("kernel", "swapped"), [(3, False), (1, True), (5, True)])
def test_a_residual_block_holds_one_map(kernel, swapped, core, tmp_path):
    network = compiled_and_checked(residual_block(kernel, swapped), core, tmp_path)
    assert any(note.startswith("operators 1, 2, 3 run row by row") for note in network.notes)
    maps = [buffer for buffer in network.buffers if not buffer.name.startswith("scratch")]
    read, added = [buffer for buffer in maps if buffer.size_bytes >= CONVOLVED_BYTES]
    assert abs(read.offset_bytes - added.offset_bytes) < CONVOLVED_BYTES
