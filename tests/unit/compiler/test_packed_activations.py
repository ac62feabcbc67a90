"""Activations of 16 levels lie two in a byte, in less RAM, and networks of them answer as TFLM does."""

import re
from pathlib import Path

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.compiler.compiled_network import CompiledNetwork
from micronets.compiler.explain import explain
from micronets.fuzz.checks import edge_inputs
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host
from tests.four_bit_chain import INPUT, RELU6, RELU_N1_TO_1, Chain

pytestmark = pytest.mark.slow


def check(content: bytes, directory: Path, shape: tuple[int, ...] = INPUT, core: str = "cortex-m4") -> CompiledNetwork:
    """Compiles, runs with sanitizers and guards, compares with TFLM."""
    # Of maps as small as these, bands cost more memory than packing saves.
    file = directory / "model.tflite"
    file.write_bytes(content)
    network = compile_network(file, directory / "network", core=core, always_pack=True)
    inputs = edge_inputs(shape, 3)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    assert len(np.unique(expected)) > 5
    executable = build_guarded(network, directory / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)
    return network


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("levels", [(RELU6, 0.4, -128), (RELU_N1_TO_1, 1 / 7, -17)], ids=["relu6", "others"])
def test_every_kernel(bits, levels, tmp_path):
    """Stem, 3x3 with stride 1 and 2, KxK, 1x1 of odd and even fours of channels, depthwise, and both pools."""
    chain = Chain(bits, levels).convolution(12, (4, 3)).convolution(12, (3, 3), depthwise=True).convolution(20)
    chain.convolution(20, (3, 3), depthwise=True, stride=2).convolution(16).convolution(16, (3, 3))
    chain.convolution(12, (3, 2), stride=2).convolution(24).pool("MAX_POOL_2D", 2)
    chain.convolution(16).pool("AVERAGE_POOL_2D").convolution(5, coarse=False)
    network = check(chain.build(), tmp_path)
    assert {"mn_depthwise_3x3_nibbles", "mn_max_pool_nibbles", "mn_average_pool_nibbles"} <= {
        layer.kernel for layer in network.layers
    }
    if levels[0] == RELU6:  # packing carries out its clamp
        point = "mn_point_fields" if bits == 4 else "mn_point_nibbles_"
        assert any(layer.kernel.startswith(point) for layer in network.layers)
    assert "outputs of 16 levels lie two in a byte" in explain(network)


@pytest.mark.parametrize("bits", [4, 8])
def test_every_kernel_of_helium(bits, tmp_path):
    chain = Chain(bits, (RELU6, 0.4, -128)).convolution(12, (4, 3)).convolution(12, (3, 3), depthwise=True)
    chain.convolution(76).convolution(76, (3, 3), depthwise=True, stride=2).convolution(36).convolution(16, (3, 3))
    chain.convolution(8, coarse=False, scale=3.0).convolution(12).pool("AVERAGE_POOL_2D").convolution(5, coarse=False)
    network = check(chain.build(), tmp_path, core="cortex-m55")
    kernels = [layer.kernel for layer in network.layers]
    assert "mn_average_pool_nibbles" in kernels and all("helium" in kernel or "pool" in kernel for kernel in kernels)
    assert "outputs of 16 levels lie two in a byte" in explain(network)


def test_sums_move_out_of_their_fields(tmp_path):
    """Sums of 38 words of weights leave 12 bits, so that they move at the end of each of several chunks."""
    chain = Chain(4, (RELU6, 0.4, -128), (1, 5, 5, 2)).convolution(76).convolution(12).convolution(8, coarse=False)
    text = check(chain.build(), tmp_path, (1, 5, 5, 2)).sources[0].read_text()
    assert re.findall(r"[.]words = (\d+),\n *[.]chunk_words = (\d+),", text)[0] in {("38", "16"), ("38", "32")}


def test_linear_layers_of_all_shifts(tmp_path):
    """Their multipliers are below a half, on both sides of it, and above one."""
    shape = (1, 5, 5, 2)
    chain = Chain(4, (RELU6, 0.4, -128), shape)
    for scale in (3.0, 0.35, 0.03):
        chain.convolution(12).convolution(8, coarse=False, scale=scale)
    network = check(chain.build(), tmp_path, shape)
    linear = [layer.kernel for layer in network.layers if layer.output_shape[2] == 8]
    assert linear == ["mn_point_fields_to_bytes"] * 3


def test_bytes_behind_a_relu6(tmp_path):
    """Of 256 levels, by multipliers that the form for left shifts holds."""
    shape = (1, 5, 5, 2)
    chain = Chain(4, (RELU6, 0.4, -128), shape).convolution(12)
    chain.scale = 6 / 255
    network = check(chain.convolution(8).convolution(4, coarse=False).build(), tmp_path, shape)
    assert network.layers[1].kernel == "mn_point_fields_to_bytes"


def test_channels_left_over_are_fours(tmp_path):
    """Seven of twelve channels are no constants."""
    shape = (1, 16, 12, 2)
    chain = Chain(4, (RELU6, 0.4, -128), shape).convolution(12, constant=5).convolution(8).convolution(4, coarse=False)
    network = check(chain.build(), tmp_path, shape)
    assert network.layers[0].output_shape[2] == 8


def test_fully_connected_layers_read_bytes(tmp_path):
    content = Chain(4, (RELU6, 0.4, -128), (1, 5, 5, 2)).convolution(12).convolution(8).fully_connected(6).build()
    network = check(content, tmp_path, (1, 5, 5, 2))
    assert "operators 0: outputs of 16 levels lie two in a byte" in explain(network)


def test_half_the_memory(tmp_path):
    """Of maps that are large beside their rows."""
    peaks = {}
    for levels in ((RELU6, 0.4, -128), (RELU6, 6 / 255, -128)):
        chain = Chain(4, levels, (1, 28, 24, 2)).convolution(32).convolution(32, (3, 3), depthwise=True).convolution(36)
        content = chain.convolution(32).pool("AVERAGE_POOL_2D").convolution(5, coarse=False).build()
        (tmp_path / "model.tflite").write_bytes(content)
        peaks[levels[1]] = compile_network(tmp_path / "model.tflite", tmp_path / "network", optimise="size").arena_bytes
    assert peaks[0.4] < 0.6 * peaks[6 / 255]


def test_of_seventeen_levels_nothing_is_packed(tmp_path):
    content = Chain(8, (RELU6, 6 / 16, -128)).convolution(12).convolution(12).convolution(4, coarse=False).build()
    assert "nibbles" not in explain(check(content, tmp_path))


def test_other_channels_than_fours_stay_bytes(tmp_path):
    content = Chain(8, (RELU6, 0.4, -128)).convolution(10).convolution(14).convolution(4, coarse=False).build()
    assert "nibbles" not in explain(check(content, tmp_path))
