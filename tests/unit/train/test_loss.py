"""The distillation loss against plain numpy, and the accuracy that reads its targets."""

import keras
import numpy as np
from keras.ops import convert_to_numpy

from micronets.train.loss import DistillationLoss, LabelAccuracy, targets


def _softmax(logits):
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def test_both_parts_are_weighted_and_the_soft_one_scaled_by_the_squared_temperature():
    generator = np.random.default_rng(4)
    logits, teacher = generator.normal(0, 2, (2, 5, 3)).astype(np.float32)
    labels = np.eye(3, dtype=np.float32)[[0, 2, 1, 1, 0]]
    loss = DistillationLoss(weight=0.7, temperature=4.0, label_smoothing=0.0)
    hard = -(labels * np.log(_softmax(logits))).sum(-1).mean()
    soft = (_softmax(teacher / 4) * np.log(_softmax(teacher / 4) / _softmax(logits / 4))).sum(-1).mean()
    measured = float(convert_to_numpy(loss(targets(labels, teacher), logits)))
    np.testing.assert_allclose(measured, 0.3 * hard + 0.7 * 16 * soft, rtol=1e-5)


def test_a_student_that_answers_as_its_teacher_has_no_soft_loss():
    teacher = np.array([[3.0, -1.0, 0.5]], np.float32)
    loss = DistillationLoss(weight=1.0, temperature=4.0, label_smoothing=0.0)
    measured = loss(targets(np.array([[0.0, 1.0, 0.0]], np.float32), teacher), teacher)
    np.testing.assert_allclose(convert_to_numpy(measured), 0.0, atol=1e-5)


def test_without_weight_the_teacher_does_not_matter():
    logits = np.array([[1.0, 2.0]], np.float32)
    labels = np.array([[0.0, 1.0]], np.float32)
    loss = DistillationLoss(weight=0.0, temperature=2.0, label_smoothing=0.0)
    plain = keras.losses.CategoricalCrossentropy(from_logits=True)
    with_teacher = loss(targets(labels, np.array([[9.0, -9.0]], np.float32)), logits)
    np.testing.assert_allclose(convert_to_numpy(with_teacher), convert_to_numpy(plain(labels, logits)), rtol=1e-6)


def test_accuracy_reads_the_labels_and_not_the_teacher():
    labels = np.eye(2, dtype=np.float32)[[0, 1, 1, 0]]
    teacher = np.eye(2, dtype=np.float32)[[1, 0, 0, 1]]
    logits = np.array([[3, 1], [0, 2], [2, 0], [1, 0]], np.float32)
    metric = LabelAccuracy(classes=2)
    metric.update_state(targets(labels, teacher), logits)
    assert float(convert_to_numpy(metric.result())) == 0.75
