"""The stage export: a trained network becomes `model.tflite`, checked on the testing split."""

import math
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from micronets.atomic import atomic_file, write_json
from micronets.data.dataset import Sounds
from micronets.errors import DataError, ModelError
from micronets.evaluation import ClassTruth, Score, Truth, pack_truth
from micronets.export.writer import write_tflite
from micronets.features.sound_features import SoundFeatures, to_text
from micronets.litert import describe, invoke_litert, run_litert
from micronets.network import TrainedNetwork
from micronets.stage_file import read_json, reading
from micronets.tasks import open_dataset
from micronets.tflm.host import run_tflm, tflm_arena_bytes


@dataclass(frozen=True, eq=False)
class Examples:
    """A testing split: features (n, height, width, channels) in their own units, and the right answers to them.

    Attributes:
        sounds: how the features come from sounds; None where they come from something else, or in another unit.
    """

    features: np.ndarray
    truth: Truth
    sounds: SoundFeatures | None = None


def export(
    network_path: str | os.PathLike,
    float_network_path: str | os.PathLike,
    train_metrics_path: str | os.PathLike,
    dataset_directory: str | os.PathLike,
    directory: str | os.PathLike,
    *,
    test_outputs_path: str | os.PathLike | None = None,
    processes: int = 1,
) -> dict[str, Any]:
    """Writes `model.tflite`, `test_inputs.npz` and `metrics.json` to `directory`; returns the metrics.

    `metrics.json`: what `check` returns, and in `scores` also `float` and `fake_quantised` as training measured them
    and `float_litert`, those of the float network as a file in LiteRT.

    Args:
        train_metrics_path: JSON with `float` and `quantised`, each with the scores of `testing`.
        test_outputs_path: .npy of the fake-quantised network's outputs on the testing split, float32 (n, outputs).
        processes: TFLM interpreters side by side.

    Raises:
        ModelError: a file of the training is damaged, or the network cannot be quantised.
        DataError: the dataset has no testing split or other labels.
    """
    network = TrainedNetwork.load(network_path)
    float_network = TrainedNetwork.load(float_network_path)
    trained = _training_scores(train_metrics_path)
    examples = _testing_examples(dataset_directory, network)
    outputs = None
    if test_outputs_path is not None:
        outputs = _load_outputs(test_outputs_path, len(examples.truth), network)

    path = Path(directory, "model.tflite")
    write_tflite(network, path)
    metrics = check(path, examples, Path(directory, "test_inputs.npz"), outputs=outputs, processes=processes)
    metrics["labels"] = list(network.labels)
    metrics["scores"] |= trained | {"float_litert": _float_scores(float_network, examples)}
    write_json(Path(directory, "metrics.json"), metrics)
    return metrics


def check(
    path: str | os.PathLike,
    examples: Examples,
    test_inputs_path: str | os.PathLike,
    *,
    outputs: np.ndarray | None = None,
    processes: int = 1,
) -> dict[str, Any]:
    """Runs an int8 .tflite file on the examples in LiteRT and in TFLM.

    Writes `test_inputs_path`, a .npz of `inputs` int8 (n, height, width, channels), TFLM's `outputs` int8 (n, outputs),
    the scale and zero point of both as `input_grid` and `output_grid`, float64 (2,), the truth, in the order of the
    examples, and `sounds`, the definition of the features as text, where they come from sounds.

    Args:
        outputs: of the fake-quantised network, float32 (n, outputs).
        processes: TFLM interpreters side by side.

    Returns:
        test_count: number of examples.
        tflite_bytes: size of the file.
        tflm_arena_bytes: see the function of this name.
        metric: name of the score that networks are compared by.
        scores: of `litert` and `tflm`, by name.
        agreement_with_tflm: of `litert`, and of `fake_quantised` where `outputs` are given; see `agreement`.
        confusion: of classes, examples by true class (row) and TFLM's answer (column).
    """
    source, sink = describe(path)
    inputs = source.encode(examples.features)
    litert = invoke_litert(path, inputs)
    tflm = run_tflm(path, inputs, processes)
    agreements = {"litert": agreement(litert, tflm)}
    if outputs is not None:
        agreements["fake_quantised"] = agreement(sink.encode(outputs), tflm)
    truth = examples.truth
    with atomic_file(test_inputs_path) as beside:
        arrays: dict[str, Any] = {"input_grid": source.grid, "output_grid": sink.grid}
        if examples.sounds is not None:
            arrays["sounds"] = np.array(to_text(examples.sounds))
        np.savez(beside, inputs=inputs, outputs=tflm, **(arrays | pack_truth(truth)))
    read = source.decode(inputs)
    metrics = {
        "test_count": len(truth),
        "tflite_bytes": os.path.getsize(path),
        "tflm_arena_bytes": tflm_arena_bytes(path),
        "metric": truth.metric,
        "scores": {
            "litert": _scores(truth, read, sink.decode(litert)),
            "tflm": _scores(truth, read, sink.decode(tflm)),
        },
        "agreement_with_tflm": agreements,
    }
    if isinstance(truth, ClassTruth):
        metrics["confusion"] = confusion(tflm, truth.classes).tolist()
    return metrics


def _scores(truth: Truth, inputs: np.ndarray, outputs: np.ndarray) -> dict[str, dict[str, float]]:
    return {name: score.to_json() for name, score in truth.scores(inputs, outputs).items()}


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
    features, truth = dataset.features("testing"), dataset.truth("testing")
    if len(truth) == 0:
        raise DataError(f"{dataset_directory} has no testing examples, so an exported file cannot be checked on it.")
    if (dataset.labels, features.shape[1:]) != (network.labels, network.architecture.input_shape):
        raise DataError(
            f"{dataset_directory} has features of {features.shape[1:]} and the labels {', '.join(dataset.labels)}, but "
            f"{network.architecture.name!r} was trained on {network.architecture.input_shape} and "
            f"{', '.join(network.labels)}; train it again."
        )
    return Examples(features, truth, dataset.parameters if isinstance(dataset, Sounds) else None)


def _training_scores(path: str | os.PathLike) -> dict[str, dict[str, dict[str, float]]]:
    metrics = read_json(path, "training", kind=ModelError)
    with reading(path, kind=ModelError):
        return {
            variant: {name: Score.from_json(score).to_json() for name, score in metrics[phase]["testing"].items()}
            for variant, phase in (("float", "float"), ("fake_quantised", "quantised"))
        }


def _load_outputs(path: str | os.PathLike, count: int, network: TrainedNetwork) -> np.ndarray:
    expected = (count, math.prod(network.architecture.output_shapes()[-1]))
    with reading(path, kind=ModelError):
        outputs = np.load(path)
        if outputs.shape != expected or outputs.dtype != np.float32:
            raise ValueError(f"{outputs.dtype} of shape {outputs.shape}, where float32 of {expected} is needed")
    return outputs


def _float_scores(network: TrainedNetwork, examples: Examples) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "float.tflite")
        write_tflite(network, path)
        return _scores(examples.truth, examples.features, run_litert(path, examples.features))
