"""The stage export: a trained network becomes `model.tflite`, checked on the testing split."""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from micronets.atomic import atomic_file, write_json
from micronets.errors import DataError, ModelError
from micronets.export.litert import describe, invoke_litert, run_litert
from micronets.export.tflm import run_tflm, tflm_arena_bytes
from micronets.export.writer import write_tflite
from micronets.network import TrainedNetwork
from micronets.tasks import open_dataset


@dataclass(frozen=True, eq=False)
class Examples:
    """The testing split: float32 features of shape (n, height, width, channels) and int64 classes (n,)."""

    features: np.ndarray
    classes: np.ndarray


def export(
    network_path: str | os.PathLike,
    float_network_path: str | os.PathLike,
    train_metrics_path: str | os.PathLike,
    dataset_directory: str | os.PathLike,
    directory: str | os.PathLike,
    *,
    test_logits_path: str | os.PathLike | None = None,
    processes: int = 1,
) -> dict[str, Any]:
    """Writes `model.tflite`, `test_inputs.npz` and `metrics.json` to `directory`; returns the metrics.

    `metrics.json`: what `check` returns, and in `accuracy` also `float` and `fake_quantised` as training measured them
    and `float_litert`, that of the float network as a file in LiteRT.

    Args:
        train_metrics_path: JSON with `float` and `quantised`, each with `test_accuracy`.
        test_logits_path: .npy of the fake-quantised network's logits on the testing split, float32 (n, classes).
        processes: TFLM interpreters side by side.

    Raises:
        ModelError: a file of the training is damaged, or the network cannot be quantised.
        DataError: the dataset has no testing split or other labels.
    """
    network = TrainedNetwork.load(network_path)
    float_network = TrainedNetwork.load(float_network_path)
    trained = _training_accuracy(train_metrics_path)
    examples = _testing_examples(dataset_directory, network)
    logits = None if test_logits_path is None else _load_logits(test_logits_path, len(examples.classes), network)

    path = Path(directory, "model.tflite")
    write_tflite(network, path)
    metrics = check(path, examples, Path(directory, "test_inputs.npz"), logits=logits, processes=processes)
    metrics["labels"] = list(network.labels)
    metrics["accuracy"] |= trained | {"float_litert": _float_accuracy(float_network, examples)}
    write_json(Path(directory, "metrics.json"), metrics)
    return metrics


def check(
    path: str | os.PathLike,
    examples: Examples,
    test_inputs_path: str | os.PathLike,
    *,
    logits: np.ndarray | None = None,
    processes: int = 1,
) -> dict[str, Any]:
    """Runs an int8 .tflite file on the examples in LiteRT and in TFLM.

    Writes `test_inputs_path`, a .npz of `inputs` int8 (n, height, width, channels), TFLM's `outputs` int8 (n, classes)
    and `classes` int64 (n,), in the order of the examples.

    Args:
        logits: of the fake-quantised network, float32 (n, classes).
        processes: TFLM interpreters side by side.

    Returns:
        test_count: number of examples.
        tflite_bytes: size of the file.
        tflm_arena_bytes: see the function of this name.
        accuracy: shares of right answers in `litert` and `tflm`.
        agreement_with_tflm: of `litert`, and of `fake_quantised` where `logits` are given; see `agreement`.
        confusion: examples by true class (row) and TFLM's answer (column).
    """
    source, output = describe(path)
    inputs = source.encode(examples.features)
    litert = invoke_litert(path, inputs)
    tflm = run_tflm(path, inputs, processes)
    agreements = {"litert": agreement(litert, tflm)}
    if logits is not None:
        agreements["fake_quantised"] = agreement(output.encode(logits), tflm)
    with atomic_file(test_inputs_path) as beside:
        np.savez(beside, inputs=inputs, outputs=tflm, classes=examples.classes)
    return {
        "test_count": len(examples.classes),
        "tflite_bytes": os.path.getsize(path),
        "tflm_arena_bytes": tflm_arena_bytes(path),
        "accuracy": {"litert": accuracy(litert, examples.classes), "tflm": accuracy(tflm, examples.classes)},
        "agreement_with_tflm": agreements,
        "confusion": confusion(tflm, examples.classes).tolist(),
    }


def accuracy(outputs: np.ndarray, classes: np.ndarray) -> float:
    """Share of rows of `outputs` (n, classes) whose greatest value, the first of equals, is at its class."""
    return float(np.mean(outputs.argmax(axis=1) == classes))


def confusion(outputs: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """int64 (classes, classes): examples by true class (row) and answer (column)."""
    count = outputs.shape[1]
    return np.bincount(classes * count + outputs.argmax(axis=1), minlength=count * count).reshape(count, count)


def agreement(outputs: np.ndarray, reference: np.ndarray) -> dict[str, float | int]:
    """Of two int8 arrays (n, classes): share of equal logits, largest difference in steps, share of equal answers."""
    difference = np.abs(outputs.astype(np.int16) - reference)
    return {
        "equal_share": float(np.mean(difference == 0)),
        "largest_difference_lsb": int(difference.max()),
        "top1_share": float(np.mean(outputs.argmax(axis=1) == reference.argmax(axis=1))),
    }


def _testing_examples(dataset_directory: str | os.PathLike, network: TrainedNetwork) -> Examples:
    dataset = open_dataset(dataset_directory, network.architecture.input_shape)
    features, classes = dataset.features("testing"), dataset.classes("testing")
    if len(classes) == 0:
        raise DataError(f"{dataset_directory} has no testing examples, so an exported file cannot be checked on it.")
    if (dataset.labels, features.shape[1:]) != (network.labels, network.architecture.input_shape):
        raise DataError(
            f"{dataset_directory} has features of {features.shape[1:]} and the labels {', '.join(dataset.labels)}, but "
            f"{network.architecture.name!r} was trained on {network.architecture.input_shape} and "
            f"{', '.join(network.labels)}; train it again."
        )
    return Examples(np.asarray(features, np.float32), classes)


def _training_accuracy(path: str | os.PathLike) -> dict[str, float]:
    try:
        metrics = json.loads(Path(path).read_text(encoding="utf-8"))
        return {
            "float": float(metrics["float"]["test_accuracy"]),
            "fake_quantised": float(metrics["quantised"]["test_accuracy"]),
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} lacks the accuracies of training ({error!r}); train the network again.") from error


def _load_logits(path: str | os.PathLike, count: int, network: TrainedNetwork) -> np.ndarray:
    try:
        logits = np.load(path)
    except (OSError, ValueError, EOFError) as error:
        raise ModelError(f"{path} cannot be read ({error}); train the network again.") from error
    expected = (count, network.architecture.classes)
    if logits.shape != expected:
        raise ModelError(f"{path} has shape {logits.shape}, but the testing split needs {expected}; train again.")
    return logits


def _float_accuracy(network: TrainedNetwork, examples: Examples) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "float.tflite")
        write_tflite(network, path)
        return accuracy(run_litert(path, examples.features), examples.classes)
