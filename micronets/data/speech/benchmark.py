"""How fast recordings are read and turned into features, by the clock and by the processor time it takes."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from micronets.data.speech.prepare import process_all
from micronets.errors import DataError
from micronets.features.mfcc import MfccParameters

_PASSES = 3
_CLIPS = 4096


def clips_per_second(
    root: Path, paths: list[str], parameters: MfccParameters, processes: int, clock: Callable[[], float]
) -> float:
    """Speed of the best of three passes over the recordings."""
    best_s = float("inf")
    for _ in range(_PASSES):
        start = clock()
        for _ in process_all(root, paths, parameters, processes):
            pass
        best_s = min(best_s, clock() - start)
    return len(paths) / best_s


def measure(root: Path) -> Iterator[str]:
    """Yields lines: clips per second of one process and of one per core, on at most 4,096 recordings.

    Raises DataError where the folder has no recordings in the layout of Speech Commands.
    """
    paths = sorted(str(file.relative_to(root)) for file in root.glob("[!_.]*/*.wav"))[:_CLIPS]
    if not paths:
        raise DataError(f"there are no <word>/*.wav files in {root}; give a folder in the Speech Commands layout")
    parameters = MfccParameters()
    cores = len(os.sched_getaffinity(0))
    alone = clips_per_second(root, paths, parameters, 1, time.perf_counter)
    busy = clips_per_second(root, paths, parameters, 1, time.process_time)
    yield f"1 process: {alone:,.0f} clips/s; {busy:,.0f} clips per second of processor time"
    if cores > 1:
        together = clips_per_second(root, paths, parameters, cores, time.perf_counter)
        yield f"{cores} processes: {together:,.0f} clips/s, {together / cores:,.0f} each"
