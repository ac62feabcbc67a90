"""A phase on a small synthetic task: it learns, keeps its best epoch, and an interruption changes nothing."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy
from scipy.special import softmax

from micronets.architecture import Architecture, AveragePooling, Convolution, DepthwiseConvolution
from micronets.checkpoint import Checkpoint
from micronets.layers.frozen import FrozenNetwork
from micronets.layers.network import Network
from micronets.train.options import Distillation, TrainingOptions
from micronets.train.phase import Phase, outputs_of

SMALL = Architecture(
    "small",
    (8, 6, 1),
    (
        Convolution(8, (3, 3)),
        DepthwiseConvolution((3, 3), (2, 2)),
        Convolution(8),
        AveragePooling(),
        Convolution(3, activation="linear"),
    ),
)
OPTIONS = TrainingOptions(
    float_epochs=5,
    quantised_epochs=0,
    batch_size=16,
    learning_rate=0.01,
    quantised_learning_rate=0.001,
    final_learning_rate=0.01,
    warmup_epochs=1,
    weight_decay=0.001,
    dropout=0.1,
    label_smoothing=0.0,
    weight_bits=8,
    augmentation={},
    distillation=Distillation(weight=0.5, temperature=2.0),
)


def _images(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise in one of three thirds of the image height: the class says in which it is strong."""
    generator = np.random.default_rng(seed)
    classes = generator.integers(0, 3, count)
    images = generator.normal(0, 0.3, (count, 8, 6, 1))
    for index, where in enumerate(classes):
        images[index, where * 3 : where * 3 + 2] += 1.5
    return images.astype(np.float32), classes


class Batches:
    """Stands for a SpeechBatches: batches are a pure function of the epoch."""

    steps_per_epoch = 6

    def epoch(self, index):
        for step in range(self.steps_per_epoch):
            images, classes = _images(1000 * index + step, 16)
            yield images, np.eye(3, dtype=np.float32)[classes]


class KilledError(Exception):
    pass


def _phase(path, *, kill_after=None, teacher=None, epochs=5, batches=None, options=OPTIONS) -> Phase:
    keras.utils.set_random_seed(11)
    network = Network(SMALL, (-2.0, 2.0), quantised=False, dropout=options.dropout)

    def on_epoch(epoch):
        if epoch.epoch == kill_after:
            raise KilledError

    phase = Phase(
        "float",
        network,
        epochs=epochs,
        learning_rate=options.learning_rate,
        options=options,
        batches=batches or Batches(),
        checkpoint=Checkpoint(path / "float.npz", "same"),
        validation=_images(5, 90),
        teacher=teacher,
        on_epoch=on_epoch,
    )
    phase.network = network
    return phase


def _weights(phase: Phase) -> list[np.ndarray]:
    return [convert_to_numpy(variable) for variable in phase.network.variables]


def test_learns_and_ends_with_its_best_epoch(tmp_path):
    phase = _phase(tmp_path, epochs=10)
    phase.run()
    assert [epoch.epoch for epoch in phase.history] == list(range(10))
    best = min(phase.history, key=lambda epoch: epoch.validation_loss)
    assert best.validation_accuracy > 0.9
    images, classes = _images(5, 90)
    logits = outputs_of(phase.network, images)
    assert np.mean(logits.argmax(axis=1) == classes) == pytest.approx(best.validation_accuracy)
    probabilities = softmax(logits.astype(np.float64), axis=1)[np.arange(90), classes]
    assert -np.mean(np.log(probabilities)) == pytest.approx(best.validation_loss)
    assert phase.history[-1].learning_rate < phase.history[1].learning_rate


@pytest.mark.parametrize("kill_after", [0, 3, 4])
def test_an_interrupted_phase_ends_with_the_same_bits(tmp_path, kill_after):
    whole = _phase(tmp_path / "whole")
    whole.run()
    killed = _phase(tmp_path / "killed", kill_after=kill_after)
    with pytest.raises(KilledError):
        killed.run()
    resumed = _phase(tmp_path / "killed")
    resumed.run()
    for expected, found in zip(_weights(whole), _weights(resumed), strict=True):
        np.testing.assert_array_equal(expected, found)
    assert [epoch.loss for epoch in whole.history] == [epoch.loss for epoch in resumed.history]


def test_a_resumed_phase_keeps_the_best_epoch_of_before(tmp_path):
    killed = _phase(tmp_path, kill_after=2)
    with pytest.raises(KilledError):
        killed.run()
    checkpoint = Checkpoint(tmp_path / "float.npz", "same")
    groups, notes = checkpoint.load()
    groups["best"] = [np.full_like(array, 0.25) for array in groups["best"]]
    checkpoint.save(groups, {**notes, "least_loss": 0.0})  # better than any epoch can become
    resumed = _phase(tmp_path)
    resumed.run()
    assert len(resumed.history) == 5
    for expected, found in zip(groups["best"], _weights(resumed), strict=True):
        np.testing.assert_array_equal(expected, found)


def test_a_student_learns_from_its_teacher_alone(tmp_path):
    teacher = _phase(tmp_path / "teacher", epochs=8)
    teacher.run()
    frozen = FrozenNetwork(teacher.network.trained(("a", "b", "c")))

    class Mislabelled(Batches):
        def epoch(self, index):
            for images, labels in super().epoch(index):
                yield images, np.roll(labels, 1, axis=-1)

    options = replace(OPTIONS, distillation=Distillation(weight=1.0, temperature=2.0))
    student = _phase(tmp_path / "student", teacher=frozen, epochs=8, batches=Mislabelled(), options=options)
    student.run()
    images, classes = _images(5, 90)
    assert np.mean(outputs_of(student.network, images).argmax(axis=1) == classes) > 0.8


AUTOENCODER = Architecture(
    "autoencoder", (1, 1, 12), (Convolution(16), Convolution(6), Convolution(16), Convolution(12, activation="linear"))
)


class Combinations:
    """Inputs of twelve values that are mixtures of two patterns, far from 0 as levels in dB are; no classes."""

    steps_per_epoch = 20
    patterns = np.random.default_rng(7).normal(0, 8, (2, 12))

    def draw(self, seed, count):
        generator = np.random.default_rng(seed)
        mixtures = generator.uniform(-1, 1, (count, 2)) @ self.patterns - 40
        return mixtures.astype(np.float32).reshape(count, 1, 1, 12)

    def epoch(self, index):
        for step in range(self.steps_per_epoch):
            yield self.draw(1000 * index + step, 32), np.zeros((32, 1), np.float32)


def test_an_autoencoder_learns_to_give_its_input_back(tmp_path):
    batches = Combinations()
    validation = batches.draw(99, 64)
    keras.utils.set_random_seed(11)
    network = Network(AUTOENCODER, (-60.0, 0.0), quantised=False)
    phase = Phase(
        "float",
        network,
        epochs=12,
        learning_rate=0.03,
        options=OPTIONS,
        batches=batches,
        checkpoint=Checkpoint(tmp_path / "state.npz", "x"),
        validation=(validation, np.zeros(64, np.int64)),
        teacher=None,
        on_epoch=lambda epoch: None,
    )
    phase.run()
    best = min(epoch.validation_loss for epoch in phase.history)
    mean_square = np.mean((outputs_of(network, validation) - validation.reshape(64, 12)) ** 2)
    assert best == pytest.approx(mean_square / 60**2, rel=1e-4)
    assert mean_square < 0.4 * validation.var(axis=0).mean()
    assert all(epoch.accuracy is None and epoch.validation_accuracy is None for epoch in phase.history)
