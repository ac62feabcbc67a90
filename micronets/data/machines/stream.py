"""Training batches of windows of machine sounds, made ahead in background threads."""

import math
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from micronets.data.augmentation import mixup
from micronets.data.machines.dataset import MachineDataset
from micronets.data.machines.options import MachineAugmentation

_BATCHES_AHEAD = 4


class MachineStream:
    """An endless, repeatable stream of training batches; see `Stream`.

    Every epoch shows every window once, in a new order.

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
        self._augmentation = augmentation
        self._seed = seed
        self._batch_size = batch_size
        self._threads = threads
        self._windows = dataset.windows("training")
        self._rows = np.arange(len(self._windows)) if subset is None else np.asarray(subset, np.int64)
        self._targets = np.eye(len(dataset.labels), dtype=np.float32)[dataset.classes("training")]

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch; the last one is filled with the epoch's first windows."""
        return math.ceil(len(self._rows) / self._batch_size)

    def epoch(self, index: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields features, float32 (B, height, width, channels), in dB, and class probabilities, float32."""
        order = np.random.default_rng([self._seed, index, 0]).permutation(self._rows)
        batches = np.resize(order, (self.steps_per_epoch, self._batch_size))
        pending: deque[Future] = deque()
        with ThreadPoolExecutor(self._threads) as pool:
            try:
                for step, rows in enumerate(batches):
                    pending.append(pool.submit(self._make, index, step, rows))
                    if len(pending) >= self._threads + _BATCHES_AHEAD:
                        yield pending.popleft().result()
                while pending:
                    yield pending.popleft().result()
            finally:
                for future in pending:
                    future.cancel()

    def _make(self, epoch: int, step: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        generator = np.random.default_rng([self._seed, epoch, step + 1])
        furthest = self._augmentation.shift_frames
        shifts = generator.integers(-furthest, furthest, size=len(rows), endpoint=True)
        features, targets = self._windows.cut(rows, shifts), self._targets[rows]
        if self._augmentation.mixup_alpha > 0:
            return mixup(features, targets, self._augmentation.mixup_alpha, generator)
        return features, targets
