"""Rounding and gradients of fake quantisation."""

import numpy as np
import tensorflow as tf
from keras.ops import convert_to_numpy

from micronets.layers.fake_quantisation import ActivationRange, fake_quantise_kernel


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


def test_unsigned_range_acts_as_a_relu_with_a_ceiling():
    layer = ActivationRange(signed=False, ceiling=6.0)
    layer.set_range(0.0, 9.0)
    np.testing.assert_allclose(layer(np.array([-2.0, 7.0], np.float32)), [0.0, 6.0], rtol=1e-6)
    assert layer.get_range() == (0.0, 6.0)
