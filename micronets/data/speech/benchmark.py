"""How fast recordings are read and turned into features: `python -m micronets.data.speech.benchmark <folder>`.

The folder holds .wav files in folders, as Speech Commands does. Prints clips per second of one process, by the clock
and by the processor time it got (the same on an idle machine), and of one process per core; each the best of three
passes over at most 4,096 recordings.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from micronets.data.speech.prepare import process_all
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


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m micronets.data.speech.benchmark", description=__doc__)
    parser.add_argument("folder", type=Path, help="recordings in the Speech Commands layout")
    root = parser.parse_args().folder
    paths = sorted(str(file.relative_to(root)) for file in root.glob("[!_.]*/*.wav"))[:_CLIPS]
    if not paths:
        sys.exit(f"there are no <word>/*.wav files in {root}; give a folder in the Speech Commands layout")
    parameters = MfccParameters()
    cores = len(os.sched_getaffinity(0))
    alone = clips_per_second(root, paths, parameters, 1, time.perf_counter)
    busy = clips_per_second(root, paths, parameters, 1, time.process_time)
    print(f"1 process: {alone:,.0f} clips/s; {busy:,.0f} clips per second of processor time")
    if cores > 1:
        together = clips_per_second(root, paths, parameters, cores, time.perf_counter)
        print(f"{cores} processes: {together:,.0f} clips/s, {together / cores:,.0f} each")


if __name__ == "__main__":
    main()
