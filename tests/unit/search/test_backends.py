"""A step of training and of every kind of search on each backend that Keras may compute with."""

import importlib.util
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

_STEPS = """
import numpy as np
import keras
from micronets.layers.fake_quantisation import fake_quantise_kernel
from micronets.layers.network import Network
from micronets.search.budget import Budget
from micronets.search.decision_phase import DecisionPhase
from micronets.search.ds_cnn_space import DsCnnSpace
from micronets.search.sandwich import SandwichPhase
from micronets.search.supernets import supernet_of
from tests.unit.search.test_search import OPTIONS

# One block: elsewhere than under TensorFlow every operation is compiled for every shape of every network.
SPACE = DsCnnSpace((12, 8, 1), 3, 8, ((2, 2),), stem_kernel=(5, 4), width_steps=2)

kernel = np.random.default_rng(0).normal(size=(3, 3, 5, 1)).astype(np.float32)
high = np.linspace(0.5, 1.5, 5, dtype=np.float32)
step = high / 127
levels = np.round(np.clip(kernel, -high[:, None], high[:, None]) / step[:, None]) * step[:, None]
rounded = keras.ops.convert_to_numpy(fake_quantise_kernel(kernel, high, 8, 2))
np.testing.assert_allclose(rounded, levels, atol=1e-6)

features = np.random.default_rng(1).normal(size=(16, *SPACE.input_shape)).astype(np.float32)
labels = np.eye(3, dtype=np.float32)[np.arange(16) % 3]
network = Network(SPACE.architecture("trained", (1, 1, 1)), (-2.0, 3.0), quantised=True)
network.compile(keras.optimizers.AdamW(0.01), keras.losses.CategoricalCrossentropy(from_logits=True))
losses = [float(network.train_on_batch(features, labels)) for _ in range(8)]
assert losses[-1] < losses[0], losses

supernet = supernet_of(SPACE, (-2.0, 3.0))
decisions = DecisionPhase(supernet, OPTIONS, Budget(300, 500), 9)
before = np.array(keras.ops.convert_to_numpy(supernet.decisions.logits))
assert np.isfinite(decisions.step(features, labels)).all()
assert (before != keras.ops.convert_to_numpy(supernet.decisions.logits)).any()
sandwich = SandwichPhase(supernet, OPTIONS, 2, 9)
networks = ((1, 1, 1), (0, 0, 0))  # the other one skips the block
losses = [sandwich.step(networks, features, labels)["upper_loss"] for _ in range(8)]
assert losses[-1] < losses[0], losses
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_a_step_of_training_and_of_every_kind_of_search(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    environment = os.environ | {"KERAS_BACKEND": backend}
    ran = subprocess.run([sys.executable, "-c", _STEPS], env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-3000:]
