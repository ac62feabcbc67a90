"""Anomaly detection on machine sounds, DCASE 2020's task 2: learnt from normal clips alone.

A classifier learns to tell the machine ids apart, and takes a clip for anomalous that it does not take for its own id
(the paper's way); an autoencoder learns to give its input back, and fails on what it has not heard.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from micronets.architecture import Shape
from micronets.data.machines.batches import MachineBatches
from micronets.data.machines.dataset import MachineDataset
from micronets.data.machines.options import MachineAugmentation, MachineOptions
from micronets.data.machines.prepare import prepare_machines
from micronets.data.machines.sources import expected_labels
from micronets.data.machines.views import VIEWS
from micronets.data.options import from_mapping
from micronets.errors import ConfigurationError
from micronets.features.log_mel import LogMelParameters

__all__ = ["TASK", "AnomalyDetection"]


@dataclass(frozen=True)
class AnomalyDetection:
    """See `micronets.tasks.Task`. The labels are the machine ids, `{machine}_{id}`, in alphabetical order."""

    name: str = "ad"
    title: str = "Anomaly detection"
    metric: str = "auc"
    data_options: type = MachineOptions
    augmentation_options: type = MachineAugmentation
    feature_options: type = LogMelParameters
    input_shape: Shape = (32, 32, 1)

    def check_input_shape(self, shape: Shape) -> None:
        """See `Task`: images, or the windows of the fully connected autoencoders."""
        if tuple(shape) not in VIEWS:
            raise ConfigurationError(
                f"{self.name} has inputs of {' or '.join(str(known) for known in VIEWS)}, not of {tuple(shape)}"
            )

    def labels(self, options: Mapping[str, Any]) -> tuple[str, ...]:
        """See `Task`."""
        return expected_labels(from_mapping(MachineOptions, options, f"{self.name}.data"))

    def prepare(self, options: Mapping[str, Any], directory: Path, seed: int, threads: int) -> None:
        """See `micronets.data.prepare`."""
        chosen = from_mapping(MachineOptions, options, f"{self.name}.data")
        prepare_machines(self.name, chosen, Path(directory), seed, threads)

    def open(self, directory: Path, input_shape: Shape, features: Mapping[str, Any] | None = None) -> MachineDataset:
        """See `Task`."""
        self.check_input_shape(input_shape)
        return MachineDataset.open(Path(directory), input_shape, features)

    def batches(
        self,
        dataset: MachineDataset,
        augmentation: Mapping[str, Any],
        seed: int,
        batch_size: int,
        *,
        subset: np.ndarray | None = None,
        threads: int = 2,
    ) -> MachineBatches:
        """See `MachineBatches`."""
        chosen = from_mapping(MachineAugmentation, augmentation, f"{self.name}.train.augmentation")
        return MachineBatches(dataset, chosen, seed, batch_size, subset=subset, threads=threads)


TASK = AnomalyDetection()
