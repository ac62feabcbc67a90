"""Depthwise convolutions by lines of their kernels answer as TFLM does, and are chosen where they are faster."""

from pathlib import Path

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.compiler.kernels import choice
from micronets.compiler.kernels.depthwise_quads import DepthwiseQuads
from micronets.compiler.operators.int16_depthwise import Int16DepthwiseKernel
from micronets.fuzz.checks import edge_inputs
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host
from tests.depthwise_chain import DepthwiseChain, chains, int16_chains

LINES, QUADS = "mn_depthwise_lines", "mn_depthwise_rounded"
INT16_LINES, INT16_QUADS = "mn_int16_depthwise_lines", "mn_int16_depthwise_short"


@pytest.fixture
def lines_only(monkeypatch):
    """Where quads of channels would be faster, too."""
    monkeypatch.setattr(choice, "depthwise_3x3", lambda step, accumulators: None)
    monkeypatch.setattr(DepthwiseQuads, "cycles", float("inf"))


@pytest.fixture
def int16_lines_only(monkeypatch):
    monkeypatch.setattr(Int16DepthwiseKernel, "cycles", float("inf"))


def check_chain(chain: DepthwiseChain, kernel: str, tmp_path: Path) -> None:
    content = chain.build()
    (tmp_path / "model.tflite").write_bytes(content)
    network = compile_network(tmp_path / "model.tflite", tmp_path / "network")
    assert [layer.kernel for layer in network.layers] == [kernel] * chain.layers
    inputs = edge_inputs(chain.input_shape, 3)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    assert len(np.unique(expected)) > 20
    executable = build_guarded(network, tmp_path / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", chains())
def test_lines_equal_tflm(name, lines_only, tmp_path):
    check_chain(chains()[name], LINES, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", int16_chains())
def test_lines_of_int16_equal_tflm(name, int16_lines_only, tmp_path):
    check_chain(int16_chains()[name], INT16_LINES, tmp_path)


@pytest.mark.parametrize(
    ("shape", "kernel", "options", "core", "optimise", "expected"),
    [
        ((12, 12, 8), (5, 5), {}, "cortex-m4", "balanced", LINES),
        ((12, 12, 8), (7, 7), {"stride": (2, 2)}, "cortex-m7", "speed", LINES),
        ((49, 1, 128), (9, 1), {}, "cortex-m33", "balanced", LINES),
        ((49, 1, 8), (9, 1), {}, "cortex-m33", "balanced", QUADS),
        ((49, 1, 8), (9, 1), {}, "cortex-m33", "speed", LINES),
        ((12, 12, 8), (3, 3), {"multiplier": 2}, "cortex-m4", "balanced", LINES),
        ((12, 12, 8), (3, 3), {}, "cortex-m4", "balanced", "mn_depthwise_3x3"),
        ((2, 2, 8), (5, 5), {}, "cortex-m4", "balanced", QUADS),
        ((12, 12, 8), (5, 5), {}, "cortex-m4", "size", QUADS),
        ((12, 12, 8), (5, 5), {}, "cortex-m0plus", "balanced", QUADS),
        ((12, 12, 8), (5, 5), {"stride": (3, 3)}, "cortex-m4", "balanced", QUADS),
    ],
)
def test_the_choice_is_of_the_faster_kernel(shape, kernel, options, core, optimise, expected, tmp_path):
    check_choice(DepthwiseChain(1, shape).depthwise(kernel, **options), core, optimise, expected, tmp_path)


@pytest.mark.parametrize(
    ("shape", "kernel", "options", "core", "optimise", "expected"),
    [
        ((12, 12, 8), (3, 3), {}, "cortex-m4", "balanced", INT16_LINES),
        ((12, 12, 8), (3, 3), {}, "cortex-m55", "speed", INT16_LINES),
        ((12, 12, 1), (3, 3), {"multiplier": 8}, "cortex-m4", "balanced", INT16_LINES),
        ((12, 12, 8), (3, 3), {}, "cortex-m4", "size", INT16_QUADS),
        ((12, 12, 8), (3, 3), {}, "cortex-m0plus", "balanced", INT16_QUADS),
        ((12, 12, 8), (5, 5), {"stride": (3, 3)}, "cortex-m4", "balanced", INT16_QUADS),
        ((12, 12, 8), (3, 3), {"multiplier": 2, "scale": 1e6}, "cortex-m4", "balanced", "mn_int16_depthwise"),
    ],
)
def test_the_choice_of_int16_likewise(shape, kernel, options, core, optimise, expected, tmp_path):
    chain = DepthwiseChain(1, shape, dtype="int16").depthwise(kernel, **options)
    check_choice(chain, core, optimise, expected, tmp_path)


def check_choice(chain: DepthwiseChain, core: str, optimise: str, expected: str, tmp_path: Path) -> None:
    content = chain.build()
    (tmp_path / "model.tflite").write_bytes(content)
    network = compile_network(tmp_path / "model.tflite", tmp_path / "network", core=core, optimise=optimise)
    assert [layer.kernel for layer in network.layers] == [expected]


def inverted_bottleneck() -> bytes:
    """Of MCUNet's kind: 1x1, depthwise 5x5 with stride 2, 1x1; the largest map by far is the first one made."""
    chain = DepthwiseChain(7, (20, 16, 4))
    chain.point(24).depthwise((5, 5), stride=(2, 2)).point(4)
    return chain.build()


@pytest.mark.slow
def test_rows_of_a_convolution_go_into_lines_as_they_are_made(tmp_path):
    content = inverted_bottleneck()
    (tmp_path / "model.tflite").write_bytes(content)
    network = compile_network(tmp_path / "model.tflite", tmp_path / "network")
    assert any("run row by row" in note for note in network.notes), network.notes
    assert LINES in {layer.kernel for layer in network.layers}
    # Less than the 24 channels of all pixels.
    assert network.arena_bytes < 20 * 16 * 24
    inputs = edge_inputs((1, 20, 16, 4), 3)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    executable = build_guarded(network, tmp_path / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)
