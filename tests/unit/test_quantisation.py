import numpy as np
import pytest

from micronets.errors import ModelError
from micronets.quantisation import Quantisation, activation_quantisation, quantise_weights


@pytest.mark.parametrize(
    ("bounds", "scale", "zero_point", "nudged"),
    [
        ((0.0, 255.0), 1.0, -128, (0.0, 255.0)),
        ((-128.0, 127.0), 1.0, 0, (-128.0, 127.0)),
        # -low / scale = 127.5 rounds up, so the grid moves half a step down.
        ((-127.5, 127.5), 1.0, 0, (-128.0, 127.0)),
        # A range above 0 is shifted to start there, one below to end there.
        ((10.0, 265.0), 1.0, -128, (0.0, 255.0)),
        ((-265.0, -10.0), 1.0, 127, (-255.0, 0.0)),
        ((0.0, 102.0), 0.4, -128, (0.0, 102.0)),
    ],
)
def test_activation_grid(bounds, scale, zero_point, nudged):
    quantisation = activation_quantisation(bounds, "x")
    assert quantisation.scale == np.float32(scale)
    assert quantisation.zero_point == zero_point
    assert quantisation.bounds == pytest.approx(nudged)
    assert quantisation.dequantise(np.int8(zero_point)) == 0.0


def test_values_are_rounded_half_up_and_saturate():
    quantisation = Quantisation(0.5, 3)
    values = np.array([-1000, -65.5, -65.3, 0, 0.24, 0.25, -0.25, 0.74, 0.75, 62.0, 1000])
    expected = [-128, -128, -128, 3, 3, 4, 3, 4, 5, 127, 127]
    np.testing.assert_array_equal(quantisation.quantise(values), expected)
    assert quantisation.quantise(values).dtype == np.int8


def test_every_integer_survives_the_round_trip():
    integers = np.arange(-128, 128, dtype=np.int8)
    quantisation = activation_quantisation((-3.7, 11.3), "x")
    np.testing.assert_array_equal(quantisation.quantise(quantisation.dequantise(integers)), integers)


@pytest.mark.parametrize("bounds", [(0, 0), (2, 1), (0, 1e-9), (np.nan, 1), (0, np.inf), (0, 1e12)])
def test_useless_ranges_are_refused_by_name(bounds):
    with pytest.raises(ModelError, match="range of the output of layer 3 .* train again"):
        activation_quantisation(bounds, "the output of layer 3")


def quantise(kernel, bias, scale, weight_bits=8, input_scale=0.1, output_scale=0.05):
    arrays = (np.asarray(values, np.float32) for values in (kernel, bias, scale))
    return quantise_weights(*arrays, weight_bits, input_scale, output_scale, "layer 7")


def test_weights_and_bias_take_the_nearest_integers():
    weights = quantise([[[[0.5, -0.3], [1.27, -0.9]]]], [1.234, -0.02], [0.01, 0.002])
    np.testing.assert_array_equal(weights.kernel, [[[[50, -127], [127, -127]]]])
    np.testing.assert_array_equal(weights.kernel_scale, np.float32([0.01, 0.002]))
    np.testing.assert_array_equal(weights.bias, [1234, -100])
    np.testing.assert_allclose(weights.bias_scale, [1e-3, 2e-4], rtol=1e-6)
    assert (weights.kernel.dtype, weights.bias.dtype) == (np.int8, np.int32)


def test_four_bit_weights_stay_symmetric():
    weights = quantise([[[[0.9, -0.9, 0.24]]]], [0, 0, 0], [0.1, 0.1, 0.1], weight_bits=4)
    np.testing.assert_array_equal(weights.kernel, [[[[7, -7, 2]]]])


@pytest.mark.parametrize("scale", [0.0, 1e-45, 1e-30, 1e-12])
@pytest.mark.parametrize("bias", [0.0, 3.0, -0.7])
def test_a_dead_channel_keeps_its_bias(scale, bias):
    weights = quantise([[[[0.0, 0.5], [0.0, 0.5]]]], [bias, 0], [scale, 0.005])
    assert (weights.kernel[..., 0] == 0).all()
    assert weights.kernel_scale[0] >= np.finfo(np.float32).tiny
    assert weights.bias[0] * float(weights.bias_scale[0]) == pytest.approx(bias, rel=1e-6)
    multiplier = 0.1 * float(weights.kernel_scale[0]) / 0.05
    assert 2**-32 < multiplier < 256  # what TFLM represents and XNNPACK accepts


def test_a_bias_too_large_for_its_weights_is_refused():
    with pytest.raises(ModelError, match="bias of output channel 1 of layer 7 does not fit int32"):
        quantise([[[[0.5, 0.5]]]], [1, 1e9], [0.004, 0.004])


def test_a_sum_that_could_overflow_is_refused():
    with pytest.raises(ModelError, match="channel 0 of layer 7 can overflow a 32-bit accumulator"):
        quantise(np.ones((1, 1, 70_000, 1)), [0], [1 / 127])


def test_an_output_range_too_narrow_for_the_weights_is_refused():
    with pytest.raises(ModelError, match="output range of layer 7 is too narrow"):
        quantise(np.ones((3, 3, 64, 1)), [0], [1 / 127], output_scale=1e-8)


@pytest.mark.parametrize(
    ("kernel", "bias", "scale"),
    [([[[[np.nan]]]], [0], [1]), ([[[[1]]]], [np.inf], [1]), ([[[[1]]]], [0], [-1]), ([[[[1]]]], [0], [np.nan])],
)
def test_numbers_of_a_diverged_training_are_refused(kernel, bias, scale):
    with pytest.raises(ModelError, match="layer 7 are not all finite"):
        quantise(kernel, bias, scale)
