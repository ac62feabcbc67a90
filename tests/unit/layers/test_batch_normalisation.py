"""The fused kernel against Keras's composed one."""

import keras
import numpy as np
from keras.ops import convert_to_numpy

from micronets.layers.batch_normalisation import BatchNormalisation


def test_fused_training_step_equals_the_composed_one():
    inputs = np.random.default_rng(0).normal(3, 2, (6, 5, 4, 3)).astype(np.float32)
    fused = BatchNormalisation(momentum=0.9, epsilon=1e-3)
    composed = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-3)
    outputs = [convert_to_numpy(layer(inputs, training=True)) for layer in (fused, composed)]
    np.testing.assert_allclose(outputs[0], outputs[1], atol=1e-4)
    np.testing.assert_allclose(convert_to_numpy(fused.moving_mean), convert_to_numpy(composed.moving_mean), rtol=1e-4)
    pixels = 6 * 5 * 4
    # The fused kernel tracks the unbiased variance (n / (n - 1)), the composed one the biased.
    gained = convert_to_numpy(fused.moving_variance) - 0.9
    np.testing.assert_allclose(
        gained, (convert_to_numpy(composed.moving_variance) - 0.9) * pixels / (pixels - 1), rtol=1e-3
    )
