"""Evaluates a .tflite file from elsewhere on a task's testing split."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from micronets.architecture import Shape
from micronets.atomic import write_json, write_text
from micronets.data.dataset import Dataset, Sounds
from micronets.errors import ConfigurationError, ModelError
from micronets.evaluation import Score
from micronets.export.stage import Examples, check
from micronets.litert import TensorSpecification, describe
from micronets.tasks import open_dataset


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
    source, sink = describe(path)
    shape = options.input_shape or _example_shape(path, source)
    dataset = open_dataset(dataset_directory, shape, options.features)
    labels = options.labels or dataset.labels
    outputs = int(np.prod(sink.shape))
    if outputs not in (len(labels), int(np.prod(shape))):
        raise ModelError(
            f"{path} has {outputs} outputs, but there are {len(labels)} labels ({', '.join(labels)}); name its own, in "
            f"order, with {dataset.task}.evaluate.labels (on the command line, --labels)."
        )
    truth = dataset.truth("testing").relabelled(_places(labels, dataset), len(labels))
    features = np.asarray(dataset.features("testing"), np.float32) * np.float32(options.scale)
    same_unit = (options.scale, options.offset) == (1.0, 0.0)
    sounds = dataset.parameters if same_unit and isinstance(dataset, Sounds) else None
    examples = Examples(features + np.float32(options.offset), truth, sounds)
    directory = Path(directory)
    metrics = check(path, examples, directory / "test_inputs.npz", processes=processes)
    metrics |= {"file": os.fspath(path), "task": dataset.task, "labels": list(labels)}
    write_text(directory / "summary.txt", summary(metrics) + "\n")
    write_json(directory / "metrics.json", metrics)
    return metrics


def summary(metrics: Mapping[str, Any]) -> str:
    """The scores in TFLM, one a line, the most important first."""
    scores = {name: Score.from_json(score) for name, score in metrics["scores"]["tflm"].items()}
    lines = [f"{metrics['file']} on {metrics['test_count']:,} testing examples of {metrics['task']}, in TFLM:"]
    for name in sorted(scores, key=lambda name: (name != metrics["metric"], name)):
        score = scores[name]
        lines.append(f"  {name:24} {100 * score.value:5.1f} %  (95 %: {100 * score.low:.1f} to {100 * score.high:.1f})")
    return "\n".join(lines)


def _example_shape(path: str | os.PathLike, source: TensorSpecification) -> Shape:
    """(height, width, channels) of an input tensor with a batch of 1; a vector stands for channels."""
    shape = source.shape[1:]
    if not 1 <= len(shape) <= 3:
        raise ModelError(f"{path} has an input of shape {source.shape}; set evaluate.input_shape (--input-shape).")
    height, width, channels = [1] * (3 - len(shape)) + list(shape)
    return height, width, channels


def _places(labels: tuple[str, ...], dataset: Dataset) -> np.ndarray:
    """Of every class of the dataset, its place among the file's outputs, int64 (classes,)."""
    missing = [label for label in dataset.labels if label not in labels]
    if missing:
        raise ConfigurationError(
            f"{dataset.task}.evaluate.labels lacks {missing[0]!r}, which the dataset has; name the outputs of the "
            f"file in order (on the command line, with --labels) with the names {', '.join(dataset.labels)}."
        )
    return np.array([labels.index(label) for label in dataset.labels], np.int64)
