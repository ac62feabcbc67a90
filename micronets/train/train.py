"""The train stage: an architecture and a prepared dataset in, a trained network in float and quantised out."""

import csv
import hashlib
import io
import logging
import os
import shutil
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np

from micronets.architecture import Architecture
from micronets.atomic import atomic_file, write_json, write_text
from micronets.backend import limit_threads, make_deterministic
from micronets.checkpoint import Checkpoint, fingerprint
from micronets.data.dataset import Stream
from micronets.layers.frozen import FrozenNetwork
from micronets.layers.network import Network
from micronets.network import TrainedNetwork
from micronets.tasks import find_task, open_dataset
from micronets.train.options import TrainingOptions
from micronets.train.phase import Epoch, Phase, evaluate, logits_of

logger = logging.getLogger(__name__)

CALIBRATION_BATCHES = 4


class MetricSink(Protocol):
    """Where live metrics go; `micronets.tracking.StageRun` is one."""

    def log_metrics(self, metrics: dict[str, float], step: int) -> None: ...


def train(
    dataset_directory: str | os.PathLike,
    architecture_path: str | os.PathLike,
    directory: str | os.PathLike,
    section: dict[str, Any],
    seed: int,
    *,
    threads: int,
    teacher_path: str | os.PathLike | None = None,
    sink: MetricSink | None = None,
) -> None:
    """Trains one network; an interrupted call, repeated, goes on after the last finished epoch.

    Writes into `directory`: `float.npz` and `network.npz` (TrainedNetworks, float and quantised), `history.csv`
    (one line per epoch), `test_logits.npy` (float32 of shape (clips, classes): the quantised network's answers to
    the test split) and `metrics.json` (accuracies, 0 to 1).

    Args:
        section: the `train` section of the configuration.
        threads: cores to compute on.
        teacher_path: a float TrainedNetwork to learn from, or None.
        sink: receives the metrics of every epoch.

    Raises:
        MicronetsError: a file is damaged or does not fit the others.
    """
    _train(
        dataset_directory,
        architecture_path,
        Path(directory),
        TrainingOptions.from_section(section),
        seed,
        threads,
        teacher_path,
        sink,
    )


def train_teacher(
    dataset_directory: str | os.PathLike,
    architecture_path: str | os.PathLike,
    directory: str | os.PathLike,
    section: dict[str, Any],
    seed: int,
    *,
    threads: int,
    sink: MetricSink | None = None,
) -> None:
    """Trains a teacher: the float phase alone, with the overrides in `section["teacher"]`.

    Writes `float.npz`, `history.csv` and `metrics.json` into `directory`; arguments and errors as `train`.
    """
    options = TrainingOptions.from_section(section).for_teacher(section["teacher"])
    _train(
        dataset_directory,
        architecture_path,
        Path(directory),
        options,
        seed,
        threads,
        None,
        sink,
    )


def _train(
    dataset_directory: str | os.PathLike,
    architecture_path: str | os.PathLike,
    directory: Path,
    options: TrainingOptions,
    seed: int,
    threads: int,
    teacher_path: str | os.PathLike | None,
    sink: MetricSink | None,
) -> None:
    architecture = Architecture.load(architecture_path)
    dataset = open_dataset(dataset_directory, architecture.input_shape)
    limit_threads(threads)
    make_deterministic(seed)
    checkpoints = directory / "checkpoint"
    facts = {
        "architecture": architecture.to_json(),
        "data": dataset.content_hash,
        "options": asdict(options),
        "seed": seed,
        "threads": threads,
        "teacher": None if teacher_path is None else _hash_of_file(teacher_path),
        "versions": {"keras": keras.__version__, "backend": keras.backend.backend()},
    }
    stream = find_task(dataset.task).stream(
        dataset, options.augmentation, seed, options.batch_size, threads=max(1, threads // 2)
    )
    validation = (dataset.features("validation"), dataset.classes("validation"))
    testing = (dataset.features("testing"), dataset.classes("testing"))
    kept = dataset.input_range
    history: list[Epoch] = []
    metrics: dict[str, dict[str, float]] = {}

    def finish_epoch(epoch: Epoch) -> None:
        if sink is not None:
            values = {key: value for key, value in asdict(epoch).items() if isinstance(value, float)}
            sink.log_metrics({f"{epoch.phase}/{key}": value for key, value in values.items()}, epoch.epoch)

    def run_phase(name: str, network: Network, epochs: int, learning_rate: float) -> None:
        phase = Phase(
            name,
            network,
            epochs=epochs,
            learning_rate=learning_rate,
            options=options,
            stream=stream,
            checkpoint=Checkpoint(checkpoints / f"{name}.npz", fingerprint(**facts)),
            validation=validation,
            teacher=None if teacher_path is None else FrozenNetwork(TrainedNetwork.load(teacher_path)),
            on_epoch=finish_epoch,
        )
        phase.run()
        history.extend(phase.history)
        metrics[name] = {
            "validation_accuracy": evaluate(network, *validation)[1],
            "test_accuracy": evaluate(network, *testing)[1],
        }
        logger.info("%s network: %.1f %% on the test split", name, 100 * metrics[name]["test_accuracy"])

    float_network = Network(architecture, kept, quantised=False, dropout=options.dropout)
    logger.info(
        "%s: %d parameters, %d batches per epoch",
        architecture.name,
        float_network.count_params(),
        stream.steps_per_epoch,
    )
    run_phase("float", float_network, options.float_epochs, options.learning_rate)
    float_network.trained(dataset.labels).save(directory / "float.npz")
    if options.quantised_epochs:
        network = Network(architecture, kept, quantised=True, weight_bits=options.weight_bits, dropout=options.dropout)
        network.copy_from(float_network)
        network.calibrate(_calibration_features(stream))
        run_phase("quantised", network, options.quantised_epochs, options.quantised_learning_rate)
        network.trained(dataset.labels).save(directory / "network.npz")
        with atomic_file(directory / "test_logits.npy") as beside:
            np.save(beside, logits_of(network, testing[0]))
    _write_history(directory / "history.csv", history)
    write_json(directory / "metrics.json", metrics)
    shutil.rmtree(checkpoints, ignore_errors=True)


def _calibration_features(stream: Stream) -> np.ndarray:
    batches = []
    for features, _ in stream.epoch(0):
        batches.append(features)
        if len(batches) == CALIBRATION_BATCHES:
            break
    return np.concatenate(batches)


def _write_history(path: Path, history: list[Epoch]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Epoch)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(epoch) for epoch in history)
    write_text(path, text.getvalue())


def _hash_of_file(path: str | os.PathLike) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
