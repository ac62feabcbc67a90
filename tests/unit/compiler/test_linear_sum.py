"""Additions as a plane: what is found equals TFLM's sums for every pair of inputs, on this machine and in TFLM."""

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.compiler.arithmetic import quantise_multiplier
from micronets.compiler.linear_sum import add_every_pair, fit_linear_sum
from micronets.compiler.operators.add_step import AddStep
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host

_EVERY_PAIR = np.stack(np.meshgrid(np.arange(-128, 128), np.arange(-128, 128), indexing="ij"), axis=-1)


def _step(scales, out_scale, zero_points, out_zero_point, low=-128, high=127):
    twice_larger = 2 * max(scales)
    return AddStep(
        inputs=[],
        output=None,
        operators=(),
        input_zero_points=zero_points,
        input_multipliers=tuple(quantise_multiplier(scale / twice_larger) for scale in scales),
        output_multiplier=quantise_multiplier(twice_larger / ((1 << 20) * out_scale)),
        zero_point=out_zero_point,
        low=low,
        high=high,
    )


def test_planes_are_found_for_most_quantisations_and_hold_for_every_pair():
    random = np.random.default_rng(3)
    found = 0
    for _ in range(20):
        scales = np.exp(random.uniform(-1, 1, 2)).tolist()
        out_scale = sum(scales) * random.uniform(0.6, 1)
        low, high = sorted(random.integers(-128, 128, 2).tolist())
        step = _step(scales, out_scale, tuple(random.integers(-128, 128, 2).tolist()), 7, low, high)
        linear = fit_linear_sum(step)
        if linear is None:
            continue
        found += 1
        sums = _EVERY_PAIR[..., 0] * linear.first_factor + _EVERY_PAIR[..., 1] * linear.second_factor
        assert np.array_equal(np.clip((sums + linear.constant) >> linear.shift, low, high), add_every_pair(step))
    assert found >= 15


def test_an_output_of_fine_steps_takes_a_smaller_shift():
    linear = fit_linear_sum(_step((1.0, 1.1), 0.21, (0, 0), 0))
    assert linear is not None
    assert (128 * (abs(linear.first_factor) + abs(linear.second_factor))).bit_length() <= 31
    assert linear.shift == 20  # 2.1 / 0.21 = 10 times the inputs: 4 bits of the 31 - 7 that bytes leave


def test_factors_that_leave_int32_are_given_up():
    assert fit_linear_sum(_step((1.0, 1.0), 1e-4, (0, 0), 0)) is None


@pytest.mark.parametrize(
    ("activation", "out_scale", "scales"),
    [(activation, out_scale, (0.043, 0.031)) for activation in (0, 1) for out_scale in (0.061, 0.0121)]
    + [(0, 1.42, (0.49, 1.49))],  # for which no plane is found
)
def test_every_sum_equals_tflm(activation, out_scale, scales, tmp_path):
    """Every int8 plus every other, and five more sums, which make no whole words."""
    pairs = np.concatenate([_EVERY_PAIR.reshape(-1, 2), [[5, -7], [127, 127], [-128, -128], [0, 9], [-1, 1]]]).astype(
        np.int8
    )
    shape = (1, 3, len(pairs) // 3, 1)
    model = ModelBuilder()
    source = model.tensor(shape, "int8", scales[0], 3)
    constant = model.tensor(shape, "int8", scales[1], -5, data=pairs[:, 1])
    output = model.tensor(shape, "int8", out_scale, -9)
    model.operator("ADD", [source, constant], [output], {"fusedActivationFunction": activation})
    content = model.build([source], [output])
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    network = compile_network(file, tmp_path / "network")
    kernel = "mn_add_linear" + "_shifted" * (out_scale < 0.02) + "_clamped" * activation
    kernel = "mn_add_same" if out_scale > 1 else kernel
    assert [layer.kernel for layer in network.layers] == [kernel]
    inputs = pairs[None, :, 0]
    expected = tflm_outputs(content, inputs.reshape(1, *shape)).reshape(1, -1)
    executable = build_guarded(network, tmp_path / "run", flags=SANITIZERS)
    assert len(np.unique(expected)) > 50
    assert np.array_equal(run_on_host(executable, inputs, len(pairs)), expected)
