"""Rounding and gradients of fake quantisation."""

import numpy as np
import tensorflow as tf
from keras.ops import convert_to_numpy

from micronets.layers.fake_quantisation import ActivationRange, fake_quantise_kernel, least_error_ceiling


def test_kernel_is_rounded_to_symmetric_levels_per_channel():
    kernel = np.array([[-3.0, 0.1], [1.0, -0.26], [0.4, 0.3]], np.float32)
    rounded = convert_to_numpy(fake_quantise_kernel(kernel, np.array([2.0, 0.254], np.float32), 8, 1))
    # Channel 0: step 2/127, -3 is clipped to -2. Channel 1: step 0.002, values beyond ±0.254 are clipped.
    np.testing.assert_allclose(rounded[:, 0], [-2.0, 64 * 2 / 127, 25 * 2 / 127], rtol=1e-5)
    np.testing.assert_allclose(rounded[:, 1], [0.1, -0.254, 0.254], rtol=1e-5)


def test_clipped_values_move_the_range_and_kept_ones_pass_their_gradient():
    layer = ActivationRange(signed=False, ceiling=6.0)
    layer.set_range(0.0, 2.0)
    inputs = tf.constant([-1.0, 0.5, 1.5, 3.0, 4.0])
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        total = tf.reduce_sum(layer(inputs) * tf.constant([1.0, 2.0, 3.0, 4.0, 5.0]))
    to_inputs, to_high = tape.gradient(total, [inputs, layer.high.value])
    np.testing.assert_array_equal(to_inputs, [0.0, 2.0, 3.0, 0.0, 0.0])
    np.testing.assert_allclose(to_high, 9.0)


def test_four_bits_leave_sixteen_levels():
    layer = ActivationRange(signed=False, ceiling=6.0, bits=4)
    layer.set_range(0.0, 3.0)
    levels = np.unique(convert_to_numpy(layer(np.linspace(-1, 4, 500, dtype=np.float32))))
    np.testing.assert_allclose(levels, np.arange(16) * 0.2, rtol=1e-6)


def test_a_range_of_few_levels_gives_up_a_rare_great_value():
    # 99,999 values evenly below 1 and a single 4: up to 4, steps of 4/15 lose (4/15)²/12 = 0.0059 on average; up to 1,
    # steps of 1/15 lose 0.00037 and the single value 9 / 100,000.
    values = np.append(np.linspace(0, 1, 99_999), 4.0).astype(np.float32)
    np.testing.assert_allclose(least_error_ceiling(values, 16), 1.0)
    # Of values evenly up to 3, those from 2.85 on (5 %) lose 0.0075 on average when cut there, the others 0.19²/12;
    # together 0.0032, where steps up to 3 lose 0.2²/12 = 0.0033.
    np.testing.assert_allclose(least_error_ceiling(np.linspace(-1, 3, 1000, dtype=np.float32), 16), 2.85)


def test_unsigned_range_acts_as_a_relu_with_a_ceiling():
    layer = ActivationRange(signed=False, ceiling=6.0)
    layer.set_range(0.0, 9.0)
    np.testing.assert_allclose(layer(np.array([-2.0, 7.0], np.float32)), [0.0, 6.0], rtol=1e-6)
    assert layer.get_range() == (0.0, 6.0)
