"""Training batches of recordings of one shape."""

from collections.abc import Callable

import numpy as np

from micronets.data.arrays.dataset import ArrayDataset
from micronets.data.batches import Batch, ShuffledBatches


class ArrayBatches(ShuffledBatches):
    """See `ShuffledBatches`.

    Args:
        augment: varies a batch, float32 (batch, height, width, channels), by draws of the generator alone; called in
            several threads at once.
        subset: rows of the training split to keep to; None for all.
    """

    def __init__(
        self,
        dataset: ArrayDataset,
        augment: Callable[[np.ndarray, np.random.Generator], np.ndarray],
        seed: int,
        batch_size: int,
        *,
        subset: np.ndarray | None = None,
        threads: int = 2,
    ):
        super().__init__(dataset.rows("training") if subset is None else subset, seed, batch_size, threads)
        self._examples = dataset.examples
        self._augment = augment
        self._targets = np.eye(len(dataset.labels), dtype=np.float32)[dataset.table["class"].to_numpy(np.int64)]

    def _make(self, rows: np.ndarray, generator: np.random.Generator) -> Batch:
        features = self._augment(np.asarray(self._examples[rows]), generator)
        return np.asarray(features, np.float32), self._targets[rows]
