"""Training batches: their order, and how they are made ahead in background threads."""

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_limits

Batch = tuple[np.ndarray, np.ndarray]
"""Features, float32 (batch, height, width, channels), and class probabilities, float32 (batch, classes)."""

_BATCHES_AHEAD = 4


def made_ahead(make: Callable[[int, np.ndarray], Batch], order: Iterable[np.ndarray], threads: int) -> Iterator[Batch]:
    """Yields `make(step, rows)` for the rows of every step, in order, while `threads` threads make the next ones."""
    pending: deque[Future] = deque()
    # One BLAS thread for each of ours: more only wait for one another, and take the training's cores.
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        try:
            for step, rows in enumerate(order):
                pending.append(pool.submit(make, step, rows))
                if len(pending) >= threads + _BATCHES_AHEAD:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


class ShuffledBatches(ABC):
    """Training batches (see `TrainingBatches`) that show every row once in an epoch, in a new order each time.

    Those who inherit say how a batch is made.

    Args:
        rows: to be shown, int64 (n,).
        batch_size: rows in a batch; the last batch of an epoch is filled with the epoch's first rows.
        threads: background threads that make batches.
    """

    def __init__(self, rows: np.ndarray, seed: int, batch_size: int, threads: int):
        self._shown = np.asarray(rows, np.int64)
        self._seed = seed
        self._batch_size = batch_size
        self._threads = threads

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch."""
        return math.ceil(len(self._shown) / self._batch_size)

    def epoch(self, index: int) -> Iterator[Batch]:
        """Yields the `steps_per_epoch` batches of an epoch."""
        order = np.random.default_rng([self._seed, index, 0]).permutation(self._shown)
        batches = np.resize(order, (self.steps_per_epoch, self._batch_size))

        def make(step: int, rows: np.ndarray) -> Batch:
            return self._make(rows, np.random.default_rng([self._seed, index, step + 1]))

        return made_ahead(make, batches, self._threads)

    @abstractmethod
    def _make(self, rows: np.ndarray, generator: np.random.Generator) -> Batch:
        """The batch of these rows; called in several threads at once."""
