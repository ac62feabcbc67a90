"""Training batches of windows of machine sounds."""

import numpy as np

from micronets.data.batches import Batch, ShuffledBatches
from micronets.data.machines.dataset import MachineDataset
from micronets.data.machines.options import MachineAugmentation
from micronets.data.mixup import mixup


class MachineBatches(ShuffledBatches):
    """Batches of windows, in dB; see `ShuffledBatches`.

    Args:
        subset: windows of the training split to keep to, by number; None for all.
        threads: background threads that make batches.
    """

    def __init__(
        self,
        dataset: MachineDataset,
        augmentation: MachineAugmentation,
        seed: int,
        batch_size: int,
        *,
        subset: np.ndarray | None = None,
        threads: int = 2,
    ):
        self._windows = dataset.windows("training")
        super().__init__(np.arange(len(self._windows)) if subset is None else subset, seed, batch_size, threads)
        self._augmentation = augmentation
        self._targets = np.eye(len(dataset.labels), dtype=np.float32)[dataset.classes("training")]

    def _make(self, rows: np.ndarray, generator: np.random.Generator) -> Batch:
        furthest = self._augmentation.shift_frames
        shifts = generator.integers(-furthest, furthest, size=len(rows), endpoint=True)
        features, targets = self._windows.cut(rows, shifts), self._targets[rows]
        if self._augmentation.mixup_alpha > 0:
            return mixup(features, targets, self._augmentation.mixup_alpha, generator)
        return features, targets
