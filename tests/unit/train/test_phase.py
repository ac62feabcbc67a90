"""A phase on a small synthetic task: it learns, keeps its best epoch, and an interruption changes nothing."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from micronets.architecture import Architecture, AveragePooling, Convolution, DepthwiseConvolution
from micronets.checkpoint import Checkpoint
from micronets.layers.frozen import FrozenNetwork
from micronets.layers.network import Network
from micronets.train.options import Distillation, TrainingOptions
from micronets.train.phase import Phase, evaluate

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


class Stream:
    """Stands for a TrainingStream: batches are a pure function of the epoch."""

    steps_per_epoch = 6

    def epoch(self, index):
        for step in range(self.steps_per_epoch):
            images, classes = _images(1000 * index + step, 16)
            yield images, np.eye(3, dtype=np.float32)[classes]


class KilledError(Exception):
    pass


def _phase(path, *, kill_after=None, teacher=None, epochs=5, stream=None, options=OPTIONS) -> Phase:
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
        stream=stream or Stream(),
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
    assert evaluate(phase.network, *_images(5, 90)) == pytest.approx((best.validation_loss, best.validation_accuracy))
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


def test_a_student_learns_from_its_teacher_alone(tmp_path):
    teacher = _phase(tmp_path / "teacher", epochs=8)
    teacher.run()
    frozen = FrozenNetwork(teacher.network.trained(("a", "b", "c")))

    class Mislabelled(Stream):
        def epoch(self, index):
            for images, labels in super().epoch(index):
                yield images, np.roll(labels, 1, axis=-1)

    options = replace(OPTIONS, distillation=Distillation(weight=1.0, temperature=2.0))
    student = _phase(tmp_path / "student", teacher=frozen, epochs=8, stream=Mislabelled(), options=options)
    student.run()
    assert evaluate(student.network, *_images(5, 90))[1] > 0.8
