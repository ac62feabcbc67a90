"""The small convolutional autoencoder from training to C: it learns sounds of one kind, and reconstructs no others."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from micronets.checkpoint import Checkpoint
from micronets.compiler import compile_network
from micronets.costs import costs
from micronets.evaluation import AnomalyTruth
from micronets.export import write_tflite
from micronets.layers.frozen import FrozenNetwork
from micronets.layers.network import Network
from micronets.linking.host import SANITIZERS, build_for_host, run_on_host
from micronets.litert import describe, invoke_litert
from micronets.published import published_architecture
from micronets.tflm.host import run_tflm
from micronets.train.phase import Phase, outputs_of
from tests.unit.train.test_phase import OPTIONS

RANGE = (-80.0, 0.0)
ARCHITECTURE = published_architecture("conv-ae-small")


def images(seed: int, count: int, faulty: bool = False) -> np.ndarray:
    """Log-mel images of a machine that hums in two bands, now louder, now fainter; a faulty one in other bands."""
    generator = np.random.default_rng(seed)
    found = generator.normal(-60, 2, (count, 32, 32, 1))
    bands = (2, 24) if faulty else (9, 17)
    for band in bands:
        found[:, :, band : band + 6] += generator.uniform(5, 45, (count, 1, 1, 1))
    return found.astype(np.float32)


class Hum:
    """Stands for a SpeechBatches."""

    steps_per_epoch = 32

    def epoch(self, index):
        for step in range(self.steps_per_epoch):
            yield images(1000 * index + step, 16), np.zeros((16, 1), np.float32)


def run_phase(folder: Path, network: Network, epochs: int, learning_rate: float) -> Phase:
    phase = Phase(
        "float",
        network,
        epochs=epochs,
        learning_rate=learning_rate,
        options=replace(OPTIONS, dropout=0.0),
        batches=Hum(),
        checkpoint=Checkpoint(folder / "state.npz", f"{network.quantised}"),
        validation=(images(77, 32), np.zeros(32, np.int64)),
        teacher=None,
        on_epoch=lambda epoch: None,
    )
    phase.run()
    return phase


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[Network, Phase, Phase]:
    keras.utils.set_random_seed(11)
    plain = Network(ARCHITECTURE, RANGE, quantised=False)
    first = run_phase(tmp_path_factory.mktemp("float"), plain, 8, 0.03)
    quantised = Network(ARCHITECTURE, RANGE, quantised=True)
    quantised.copy_from(plain)
    quantised.calibrate(images(5, 64))
    return quantised, first, run_phase(tmp_path_factory.mktemp("quantised"), quantised, 2, 0.001)


@pytest.fixture(scope="module")
def testing() -> tuple[np.ndarray, AnomalyTruth]:
    """12 normal and 12 faulty clips of 2 images each."""
    features = np.concatenate([images(1, 24), images(2, 24, faulty=True)])
    clips = np.arange(48) // 2
    return features, AnomalyTruth(np.zeros(48, np.int64), clips, clips >= 12, np.array(["hum_00"]))


def test_the_loss_falls_in_both_phases(trained):
    _, plain, quantised = trained
    losses = [epoch.validation_loss for epoch in plain.history]
    assert min(losses) < 0.3 * losses[0]
    # Far better than the mean image, whose error is the variance of the bands' loudness and of the noise.
    of_the_mean = np.square(images(77, 32) - images(5, 64).mean(axis=0)).mean() / 80**2
    assert min(losses) < 0.5 * of_the_mean
    assert min(epoch.validation_loss for epoch in quantised.history) < 1.5 * min(losses)


def test_folded_weights_reconstruct_as_the_network_does(trained):
    network = trained[0]
    plain = Network(ARCHITECTURE, RANGE, quantised=False)
    plain.copy_from(network)
    features = images(3, 8)
    folded = FrozenNetwork(plain.trained(("hum",)))
    np.testing.assert_allclose(folded.predict_on_batch(features), outputs_of(plain, features), rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m55"])
def test_the_firmware_reconstructs_bit_for_bit_as_tflm(trained, testing, tmp_path, core):
    network, features, truth = trained[0], *testing
    path = tmp_path / "model.tflite"
    write_tflite(network.trained(("hum",)), path)
    source, sink = describe(path)
    inputs = source.encode(features)
    expected = run_tflm(path, inputs)
    assert len(np.unique(expected)) > 60

    compiled = compile_network(path, tmp_path / "network", core=core)
    assert sum(layer.file_macs for layer in compiled.layers) == costs(ARCHITECTURE).macs
    executable = build_for_host(compiled, tmp_path / "run", flags=("-O1", *SANITIZERS))
    found = run_on_host(executable, inputs.reshape(len(inputs), -1), expected.shape[1])
    np.testing.assert_array_equal(found.reshape(expected.shape), expected)

    for others in (sink.encode(outputs_of(network, features)), invoke_litert(path, inputs)):
        assert np.mean(np.abs(expected.astype(int) - others) <= 1) > 0.98

    # Clips of the other bands are told by the error of their reconstruction.
    scores = truth.scores(source.decode(inputs), sink.decode(expected))
    assert scores["auc"].value > 0.95
