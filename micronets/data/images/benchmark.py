"""How fast photographs are decoded and made into batches, by the clock and by the processor time it takes."""

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import pandas as pd

from micronets.data.images.batches import ImageBatches
from micronets.data.images.coco import PARTS, find_year, read_images
from micronets.data.images.dataset import ImageDataset
from micronets.data.images.options import ImageAugmentation, ImageOptions
from micronets.data.images.prepare import STORED_SIZE, decoded, prepare_images

_PASSES = 3
_IMAGES = 2048
_BATCH = 32
_BATCHES = 64
_SHAPES = ((50, 50, 1), (96, 96, 3), (128, 128, 1), (160, 160, 1))


def per_second(count: int, work: Callable[[], Iterable], clock: Callable[[], float]) -> float:
    """Speed of the best of three passes over `count` things."""
    best_s = float("inf")
    for _ in range(_PASSES):
        start = clock()
        for _ in work():
            pass
        best_s = min(best_s, clock() - start)
    return count / best_s


def measure(root: Path) -> Iterator[str]:
    """Yields lines: photographs per second, decoded by one process and by one per core; then in training batches from
    one thread, for some input shapes. From the second pass on they come from the page cache.

    Raises DataError where the folder has no photographs in COCO's layout.
    """
    images = pd.concat([read_images(root, find_year(root), part, 0.5) for part in PARTS])
    paths = images["path"].tolist()[:_IMAGES]
    cores = len(os.sched_getaffinity(0))
    alone = per_second(len(paths), lambda: decoded(root, paths, STORED_SIZE, 1), time.perf_counter)
    busy = per_second(len(paths), lambda: decoded(root, paths, STORED_SIZE, 1), time.process_time)
    yield f"decoded, 1 process: {alone:,.0f} images/s; {busy:,.0f} per second of processor time"
    if cores > 1:
        together = per_second(len(paths), lambda: decoded(root, paths, STORED_SIZE, cores), time.perf_counter)
        yield f"decoded, {cores} processes: {together:,.0f} images/s, {together / cores:,.0f} each"
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "data"
        options = ImageOptions(source="folder", path=os.fspath(root), rejected_percent=100)
        prepare_images("vww", options, STORED_SIZE, directory, 1, cores)
        for shape in _SHAPES:
            dataset = ImageDataset.open(directory, shape)
            rows = dataset.rows("training").repeat(_BATCHES * _BATCH // len(dataset.rows("training")) + 1)
            stream = ImageBatches(dataset, ImageAugmentation(), 1, _BATCH, subset=rows[: _BATCHES * _BATCH], threads=1)
            speed = per_second(_BATCHES * _BATCH, partial(stream.epoch, 0), time.perf_counter)
            yield f"batches of {'x'.join(map(str, shape))}, 1 thread: {speed:,.0f} images/s"
