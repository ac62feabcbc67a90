"""How a network answers to features from the device.

The testing split of a prepared dataset goes through TensorFlow Lite Micro twice: with the features of the host, rounded
to the network's input, and with the integers that the device computes from the same sounds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from micronets.data.dataset import Sounds
from micronets.device_features.sound import clip_windows
from micronets.errors import ConfigurationError, ModelError
from micronets.evaluation import Score
from micronets.litert import describe
from micronets.tasks import open_dataset
from micronets.tflm.host import run_tflm


@dataclass(frozen=True)
class Comparison:
    """A network on features of host and device.

    Attributes:
        count: examples.
        different: share of input values that differ; `furthest` is the greatest difference in steps of the input.
        host, device: scores by name.
    """

    count: int
    different: float
    furthest: int
    host: Mapping[str, Score]
    device: Mapping[str, Score]


def compare(
    dataset_directory: Path, model: Path, changes: Mapping[str, Any] | None = None, *, processes: int = 1
) -> Comparison:
    """Runs an int8 .tflite file, whose outputs are the dataset's classes in order, on its testing split.

    Args:
        changes: parameters of the features that depart from the dataset's.
        processes: TFLM interpreters side by side.

    Raises:
        ModelError: the file is damaged, or does not read such features as int8.
        ConfigurationError: the dataset holds no sounds.
        DataError: the prepared dataset is missing or cannot serve such a network.
    """
    source, sink = describe(model)
    if source.quantisation is None:
        raise ModelError(f"{model} reads float32; features on a device are int8")
    inner = source.shape[1:]
    rows, columns, channels = (1,) * (3 - len(inner)) + tuple(inner)
    dataset = open_dataset(dataset_directory, (rows, columns, channels), changes)
    if not isinstance(dataset, Sounds):
        raise ConfigurationError(f"{dataset_directory} holds no sounds: {dataset.task} has no features on the device")
    grid = source.quantisation.scale, source.quantisation.zero_point
    host = source.encode(dataset.features("testing"))
    device = np.concatenate(
        [
            clip_windows(clip[None], dataset.parameters, *grid).reshape(-1, *inner)
            for clip in dataset.recordings("testing")
        ]
    )
    truth = dataset.truth("testing")
    scores = []
    for inputs in (host, device):
        outputs = run_tflm(model, inputs, processes)
        scores.append(truth.scores(source.decode(inputs), sink.decode(outputs)))
    apart = np.abs(host.astype(np.int64) - device)
    return Comparison(len(host), float(np.mean(apart > 0)), int(apart.max()), *scores)
