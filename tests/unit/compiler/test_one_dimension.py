"""Depthwise convolutions of maps one column wide are computed along a row, and answer as TFLM does."""

from pathlib import Path

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.checks import edge_inputs
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host

SAME, VALID = 0, 1
CHANNELS = 6


def one_wide(
    frames: int, kernel: int, *, padding=VALID, stride=(1, 1), dilation=1, multiplier=1, bits=8, columns=1, width=1
) -> bytes:
    """A depthwise convolution of `kernel` x `width` over `frames` x `columns` x `CHANNELS`, with a zero point of 17."""
    random = np.random.default_rng(6)
    channels = CHANNELS * multiplier
    reach = (kernel - 1) * dilation + 1
    rows = -(-frames // stride[0]) if padding == SAME else -(-(frames - reach + 1) // stride[0])
    out_columns = -(-columns // stride[1]) if padding == SAME else -(-(columns - width + 1) // stride[1])
    limit = 7 if bits == 4 else 127
    model = ModelBuilder()
    source = model.tensor((1, frames, columns, CHANNELS), "int8", 0.05, 17)
    scales = random.uniform(0.02, 0.05, channels) / limit * 7
    weights = random.integers(-limit, limit + 1, (1, kernel, width, channels)).astype(np.int8)
    tensor = model.tensor(weights.shape, f"int{bits}", scales, 0, 3, weights)
    biases = random.integers(-400, 400, channels).astype(np.int32)
    inputs = [source, tensor, model.tensor((channels,), "int32", scales * 0.05, data=biases)]
    output = model.tensor((1, rows, out_columns, channels), "int8", 0.05, -3)
    options = {
        "padding": padding,
        "strideH": stride[0],
        "strideW": stride[1],
        "dilationHFactor": dilation,
        "dilationWFactor": 1,
        "fusedActivationFunction": 0,
        "depthMultiplier": multiplier,
    }
    model.operator("DEPTHWISE_CONV_2D", inputs, [output], options, 7 if bits == 4 else 3)
    return model.build([source], [output])


@pytest.mark.slow
@pytest.mark.parametrize(
    "shape",
    [
        {"frames": 9, "kernel": 3},
        {"frames": 15, "kernel": 15},
        {"frames": 9, "kernel": 5, "padding": SAME},
        {"frames": 2, "kernel": 5, "padding": SAME},
        {"frames": 11, "kernel": 4, "stride": (2, 1)},
        {"frames": 11, "kernel": 4, "stride": (3, 2), "padding": SAME},
        {"frames": 12, "kernel": 4, "dilation": 2},
        {"frames": 9, "kernel": 4, "multiplier": 2},
        {"frames": 9, "kernel": 5, "bits": 4, "padding": SAME},
        {"frames": 9, "kernel": 5, "columns": 2, "padding": SAME},
        {"frames": 9, "kernel": 5, "width": 3, "padding": SAME},
    ],
    ids=str,
)
def test_one_wide_maps_equal_tflm(shape, tmp_path: Path):
    content = one_wide(**shape)
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    network = compile_network(file, tmp_path / "network")
    inputs = edge_inputs((1, shape["frames"], shape.get("columns", 1), CHANNELS), 3)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    assert len(np.unique(expected)) > 5
    executable = build_guarded(network, tmp_path / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)
    described = (tmp_path / "network" / "network.c").read_text(encoding="utf-8")
    along_a_row = shape.get("columns", 1) == shape.get("width", 1) == 1
    assert (f".in = {{ .rows = 1, .columns = {shape['frames']}," in " ".join(described.split())) == along_a_row
