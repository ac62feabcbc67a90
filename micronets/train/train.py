"""The train stage: an architecture and a prepared dataset in, a trained network in float and quantised out."""

import csv
import hashlib
import io
import itertools
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
from micronets.data.dataset import Dataset, TrainingBatches
from micronets.errors import DataError
from micronets.layers.frozen import FrozenNetwork
from micronets.layers.network import Network
from micronets.network import TrainedNetwork
from micronets.tasks import find_task, open_dataset
from micronets.train.options import TrainingOptions
from micronets.train.phase import Epoch, Phase, outputs_of

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
    (one line per epoch), `test_outputs.npy` (float32 (n, outputs): the quantised network's outputs for the test split)
    and `metrics.json` (scores of both networks by split).

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
    if len(dataset.labels) < 2 and not architecture.reconstructs:
        raise DataError(
            f"{dataset_directory} has one class alone, {dataset.labels[0]}, and nothing that {architecture.name} could "
            "tell it from; add data of another, or train an autoencoder."
        )
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
    batches = find_task(dataset.task).batches(
        dataset, options.augmentation, seed, options.batch_size, threads=max(1, threads // 2)
    )
    validation = (dataset.features("validation"), dataset.classes("validation"))
    kept = dataset.input_range
    history: list[Epoch] = []
    metrics: dict[str, Any] = {"metric": dataset.truth("testing").metric}

    def finish_epoch(epoch: Epoch) -> None:
        if sink is not None:
            values = {key: value for key, value in asdict(epoch).items() if isinstance(value, float)}
            sink.log_metrics({f"{epoch.phase}/{key}": value for key, value in values.items()}, epoch.epoch)

    def run_phase(
        name: str, network: Network, epochs: int, learning_rate: float, teacher: TrainedNetwork | None
    ) -> np.ndarray:
        phase = Phase(
            name,
            network,
            epochs=epochs,
            learning_rate=learning_rate,
            options=options,
            batches=batches,
            checkpoint=Checkpoint(checkpoints / f"{name}.npz", fingerprint(**facts)),
            validation=validation,
            teacher=None if teacher is None else FrozenNetwork(teacher),
            on_epoch=finish_epoch,
        )
        phase.run()
        history.extend(phase.history)
        outputs = {split: outputs_of(network, dataset.features(split)) for split in ("validation", "testing")}
        metrics[name] = {split: _scores(dataset, split, outputs[split]) for split in outputs}
        score = metrics[name]["testing"].get(metrics["metric"])
        told = "cannot be told of these clips" if score is None else f"{100 * score['value']:.1f} %"
        logger.info("%s network: %s in testing: %s", name, metrics["metric"], told)
        return outputs["testing"]

    float_network = Network(architecture, kept, quantised=False, dropout=options.dropout)
    logger.info(
        "%s: %d parameters, %d batches per epoch",
        architecture.name,
        float_network.count_params(),
        batches.steps_per_epoch,
    )
    teacher = None if teacher_path is None else TrainedNetwork.load(teacher_path)
    run_phase("float", float_network, options.float_epochs, options.learning_rate, teacher)
    trained_in_float = float_network.trained(dataset.labels)
    trained_in_float.save(directory / "float.npz")
    if options.quantised_epochs:
        decided = architecture.with_precision(options.weight_bits, options.activation_bits)
        network = Network(decided, kept, quantised=True, dropout=options.dropout)
        network.copy_from(float_network)
        network.calibrate(_calibration_features(batches))
        if options.distillation.from_float and options.distillation.weight > 0:
            teacher = trained_in_float
        test_outputs = run_phase(
            "quantised", network, options.quantised_epochs, options.quantised_learning_rate, teacher
        )
        network.trained(dataset.labels).save(directory / "network.npz")
        with atomic_file(directory / "test_outputs.npy") as beside:
            np.save(beside, test_outputs)
    _write_history(directory / "history.csv", history)
    write_json(directory / "metrics.json", metrics)
    shutil.rmtree(checkpoints, ignore_errors=True)


def _scores(dataset: Dataset, split: str, outputs: np.ndarray) -> dict[str, dict[str, float]]:
    """Scores by name of a network's outputs, float32 (n, outputs), for a split."""
    scores = dataset.truth(split).scores(dataset.features(split), outputs)
    return {name: score.to_json() for name, score in scores.items()}


def _calibration_features(batches: TrainingBatches) -> np.ndarray:
    first = [features for features, _ in itertools.islice(batches.epoch(0), CALIBRATION_BATCHES)]
    return np.concatenate(first)


def _write_history(path: Path, history: list[Epoch]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Epoch)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(epoch) for epoch in history)
    write_text(path, text.getvalue())


def _hash_of_file(path: str | os.PathLike) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
