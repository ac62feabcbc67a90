"""Evaluates a .tflite file from elsewhere on a task's testing split."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from micronets.architecture import Shape, as_shape
from micronets.atomic import write_bytes, write_json, write_text
from micronets.data.dataset import Dataset, Sounds
from micronets.errors import ConfigurationError, DataError, ModelError
from micronets.evaluation import Score
from micronets.export.stage import Examples, check
from micronets.litert import TensorSpecification, describe
from micronets.tasks import open_dataset

logger = logging.getLogger(__name__)

_MOST_BEYOND = 0.5
_LEAST_STEPS = 8


@dataclass(frozen=True)
class EvaluationOptions:
    """The section `evaluate` of the configuration: what the file expects and answers.

    Attributes:
        labels: class names of its outputs, in order; empty: those of the dataset.
        input_shape: (height, width, channels) of the examples it reads; None: that of its input tensor.
        features: how examples are made where that departs from the task's own way.
        scale, offset: its real input values are `scale` x our features + `offset`.
    """

    labels: tuple[str, ...] = ()
    input_shape: Shape | None = None
    features: Mapping[str, Any] = field(default_factory=dict)
    scale: float = 1.0
    offset: float = 0.0

    @classmethod
    def from_section(cls, section: Mapping[str, Any]) -> "EvaluationOptions":
        """From the `evaluate` section of a validated configuration."""
        shape = section["input_shape"]
        return cls(
            tuple(section["labels"]),
            tuple(shape) if shape else None,
            dict(section["features"]),
            section["scale"],
            section["offset"],
        )


def evaluate(
    path: str | os.PathLike,
    dataset_directory: str | os.PathLike,
    directory: str | os.PathLike,
    options: EvaluationOptions,
    *,
    processes: int = 1,
) -> dict[str, Any]:
    """Runs a .tflite file on the testing split in LiteRT and in TFLM.

    Writes `metrics.json` (what `export.check` returns), `summary.txt` (the same in words) and `test_inputs.npz` (which
    the profile stage reads) to `directory`, and returns the metrics.

    Args:
        options: what the file expects and answers.
        processes: TFLM interpreters side by side.

    Raises:
        ModelError: the file is damaged, or its input or output does not fit the task.
        ConfigurationError: the options' labels lack one that the dataset has.
        DataError: the prepared dataset is missing or cannot serve such a network.
    """
    directory = Path(directory)
    metrics = _measure(path, dataset_directory, directory, options, processes)
    write_text(directory / "summary.txt", summary(metrics) + "\n")
    write_json(directory / "metrics.json", metrics)
    return metrics


def export_trained_elsewhere(
    path: str | os.PathLike,
    dataset_directory: str | os.PathLike,
    directory: str | os.PathLike,
    options: EvaluationOptions,
    *,
    processes: int = 1,
) -> dict[str, Any]:
    """Puts a .tflite file from elsewhere where `export` puts its own, with the same files beside it.

    Writes a copy, `model.tflite`, and `metrics.json` and `test_inputs.npz` as `evaluate` does; returns the metrics.
    Arguments and errors are those of `evaluate`.
    """
    directory = Path(directory)
    metrics = _measure(path, dataset_directory, directory, options, processes)
    write_bytes(directory / "model.tflite", Path(path).read_bytes())
    write_json(directory / "metrics.json", metrics)
    return metrics


def _measure(
    path: str | os.PathLike,
    dataset_directory: str | os.PathLike,
    directory: Path,
    options: EvaluationOptions,
    processes: int,
) -> dict[str, Any]:
    """Writes `test_inputs.npz`; returns the metrics."""
    source, sink = describe(path)
    shape = options.input_shape or as_shape(source.shape[1:])
    dataset = open_dataset(dataset_directory, shape, options.features)
    labels = options.labels or dataset.labels
    outputs, values = int(np.prod(sink.shape)), int(np.prod(shape))
    if outputs not in (len(labels), values):
        raise ModelError(
            f"{path} has {outputs} outputs, but there are {len(labels)} labels ({', '.join(labels)}); name its own, in "
            f"order, with {dataset.task}.evaluate.labels (on the command line, --labels)."
        )
    if len(dataset.truth("testing")) == 0:
        raise DataError(f"{dataset_directory} has no testing examples, so {path} cannot be evaluated on it.")
    truth = dataset.truth("testing").relabelled(_places(labels, dataset), len(labels))
    features = np.asarray(dataset.features("testing"), np.float32) * np.float32(options.scale)
    same_unit = (options.scale, options.offset) == (1.0, 0.0)
    sounds = dataset.parameters if same_unit and isinstance(dataset, Sounds) else None
    examples = Examples(features + np.float32(options.offset), truth, sounds)
    _warn_of_units(path, source, examples.features, dataset.task)
    metrics = check(path, examples, directory / "test_inputs.npz", processes=processes)
    about = {"file": os.fspath(path), "task": dataset.task, "labels": list(labels)}
    return metrics | about | {"reconstructs": outputs == values}


def _warn_of_units(path: str | os.PathLike, source: TensorSpecification, features: np.ndarray, task: str) -> None:
    """Says so where most values lie beyond what the input tensor can hold, or all in a few of its steps."""
    q = source.quantisation
    if q is None:
        return
    low, high = ((bound - q.zero_point) * q.scale for bound in (-128, 127))
    least, most = float(features.min()), float(features.max())
    beyond = float(np.mean((features < low - q.scale) | (features > high + q.scale)))
    if beyond > _MOST_BEYOND or most - least < _LEAST_STEPS * q.scale:
        logger.warning(
            "%s reads values from %.3g to %.3g, but the examples lie in %.3g to %.3g; is that its unit? See "
            "%s.evaluate.scale and offset.",
            path,
            low,
            high,
            least,
            most,
            task,
        )


def summary(metrics: Mapping[str, Any]) -> str:
    """The scores in TFLM, one a line, the most important first."""
    scores = {name: Score.from_json(score) for name, score in metrics["scores"]["tflm"].items()}
    lines = [f"{metrics['file']} on {metrics['test_count']:,} testing examples of {metrics['task']}, in TFLM:"]
    for name in sorted(scores, key=lambda name: (name != metrics["metric"], name)):
        score = scores[name]
        lines.append(f"  {name:24} {100 * score.value:5.1f} %  (95 %: {100 * score.low:.1f} to {100 * score.high:.1f})")
    return "\n".join(lines)


def _places(labels: tuple[str, ...], dataset: Dataset) -> np.ndarray:
    """Of every class of the dataset, its place among the file's outputs, int64 (classes,)."""
    missing = [label for label in dataset.labels if label not in labels]
    if missing:
        raise ConfigurationError(
            f"{dataset.task}.evaluate.labels lacks {missing[0]!r}, which the dataset has; name the outputs of the "
            f"file in order (on the command line, with --labels) with the names {', '.join(dataset.labels)}."
        )
    return np.array([labels.index(label) for label in dataset.labels], np.int64)
