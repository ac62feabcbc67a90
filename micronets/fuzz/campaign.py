"""Many checks over some processes, told line by line."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from micronets.fuzz.checks import check
from micronets.fuzz.isolation import Result, Worker

_CHECKS_A_LINE = 500


def run_campaign(jobs: Sequence[tuple[str, int]], processes: int, *, repeat: str) -> int:
    """Checks every kind and seed; prints failures, progress and a summary, and returns the number of failures.

    Args:
        repeat: the command that repeats a check where its kind and seed are appended.
    """
    failures, refusals, start = 0, 0, time.monotonic()
    for done, result in enumerate(_results(jobs, processes), 1):
        refusals += result.refused
        if result.problem:
            failures += 1
            which = f"{result.kind} {result.seed}"
            print(f"{which}: {result.problem}\n    repeat: {repeat} {which}", flush=True)
        if done % _CHECKS_A_LINE == 0:
            rate = done / (time.monotonic() - start)
            print(f"{done} of {len(jobs)}, {(len(jobs) - done) / rate:.0f} s left", flush=True)
    print(f"{len(jobs)} checked, {failures} failed, {refusals} that TFLM refuses")
    return failures


def _results(jobs: Sequence[tuple[str, int]], processes: int) -> Iterator[Result]:
    """In the order of the jobs."""
    idle: SimpleQueue[Worker] = SimpleQueue()
    for _ in range(processes):
        idle.put(Worker(check))

    def run(job: tuple[str, int]) -> Result:
        worker = idle.get()
        try:
            return worker.run(*job)
        finally:
            idle.put(worker)

    with ThreadPoolExecutor(processes) as threads:
        yield from threads.map(run, jobs)
    for _ in range(processes):
        idle.get().close()
