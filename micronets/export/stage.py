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


@dataclass(frozen=True, eq=False)
class TestSplit:
    """What the file is tested on: float32 features of shape (n, height, width, channels) and int classes (n,)."""

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

    `metrics.json`:
        test_count: examples of the testing split.
        labels: names of the classes, in the order of the logits.
        tflite_bytes: size of the file.
        tflm_arena_bytes: see `tflm_arena_bytes`.
        accuracy: shares of right answers on the testing split: `float` and `fake_quantised` as training measured
            them, `float_litert` (the float network as a file in LiteRT), `litert` and `tflm` (the int8 file).
        agreement_with_tflm: of `litert`, and of `fake_quantised` where training left its logits: `equal_share` of all
            logits, `largest_difference_lsb` in output steps, `top1_share` of equal answers.
        confusion: examples by true class (row) and TFLM's answer (column).

    `test_inputs.npz`: `inputs` int8 (n, height, width, channels), TFLM's `outputs` int8 (n, classes), `classes` int64
    (n,), all in the dataset's order.

    Args:
        train_metrics_path: JSON with `float` and `quantised`, each with `test_accuracy`.
        test_logits_path: .npy of the fake-quantised network's logits on the testing split, float32 (n, classes).
        processes: TFLM interpreters side by side.

    Raises:
        ModelError: a file of the training is damaged, or the network cannot be quantised.
        DataError: the dataset has no testing split or another number of classes.
    """
    directory = Path(directory)
    network = TrainedNetwork.load(network_path)
    split = _test_split(dataset_directory, network)
    trained = _training_accuracy(train_metrics_path)
    path = directory / "model.tflite"
    write_tflite(network, path)

    source, output = describe(path)
    inputs = source.encode(split.features)
    tflm = run_tflm(path, inputs, processes)
    agreement = {"litert": compare(litert := invoke_litert(path, inputs), tflm)}
    if test_logits_path is not None:
        logits = _load_logits(test_logits_path, tflm.shape)
        agreement["fake_quantised"] = compare(output.encode(logits), tflm)
    metrics = {
        "test_count": len(split.classes),
        "labels": list(network.labels),
        "tflite_bytes": path.stat().st_size,
        "tflm_arena_bytes": tflm_arena_bytes(path),
        "accuracy": {
            **trained,
            "float_litert": accuracy(_float_logits(float_network_path, split.features), split.classes),
            "litert": accuracy(litert, split.classes),
            "tflm": accuracy(tflm, split.classes),
        },
        "agreement_with_tflm": agreement,
        "confusion": confusion(tflm, split.classes).tolist(),
    }
    with atomic_file(directory / "test_inputs.npz") as beside:
        np.savez(beside, inputs=inputs, outputs=tflm, classes=split.classes.astype(np.int64))
    write_json(directory / "metrics.json", metrics)
    return metrics


def accuracy(outputs: np.ndarray, classes: np.ndarray) -> float:
    """Share of rows of `outputs` (n, classes) whose greatest value, the first of equals, is at its class."""
    return float(np.mean(outputs.argmax(axis=1) == classes))


def confusion(outputs: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """int64 (classes, classes): examples by true class (row) and answer (column)."""
    count = outputs.shape[1]
    return np.bincount(classes * count + outputs.argmax(axis=1), minlength=count * count).reshape(count, count)


def compare(outputs: np.ndarray, reference: np.ndarray) -> dict[str, float | int]:
    """How int8 `outputs` (n, classes) agree with `reference`: see `export`."""
    difference = np.abs(outputs.astype(np.int16) - reference)
    return {
        "equal_share": float(np.mean(difference == 0)),
        "largest_difference_lsb": int(difference.max()),
        "top1_share": float(np.mean(outputs.argmax(axis=1) == reference.argmax(axis=1))),
    }


def _test_split(dataset_directory: str | os.PathLike, network: TrainedNetwork) -> TestSplit:
    from micronets.data import PreparedDataset

    dataset = PreparedDataset.load(dataset_directory)
    features, classes = dataset.features("testing"), np.asarray(dataset.classes("testing"))
    if len(classes) == 0:
        raise DataError(f"{dataset_directory} has no testing examples; the exported file cannot be checked.")
    if tuple(dataset.labels) != network.labels:
        raise DataError(
            f"{dataset_directory} has the labels {', '.join(dataset.labels)}, but the network was trained on "
            f"{', '.join(network.labels)}; train it again."
        )
    shape = network.architecture.input_shape
    return TestSplit(np.asarray(features, np.float32).reshape(len(classes), *shape), classes)


def _training_accuracy(path: str | os.PathLike) -> dict[str, float]:
    try:
        metrics = json.loads(Path(path).read_text(encoding="utf-8"))
        return {
            "float": float(metrics["float"]["test_accuracy"]),
            "fake_quantised": float(metrics["quantised"]["test_accuracy"]),
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} lacks the accuracies of training ({error!r}); train the network again.") from error


def _load_logits(path: str | os.PathLike, shape: tuple[int, ...]) -> np.ndarray:
    try:
        logits = np.load(path)
    except (OSError, ValueError, EOFError) as error:
        raise ModelError(f"{path} cannot be read ({error}); train the network again.") from error
    if logits.shape != shape:
        raise ModelError(f"{path} has shape {logits.shape}, but the testing split needs {shape}; train again.")
    return logits


def _float_logits(float_network_path: str | os.PathLike, features: np.ndarray) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "float.tflite")
        write_tflite(TrainedNetwork.load(float_network_path), path)
        return run_litert(path, features)
