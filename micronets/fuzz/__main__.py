"""`python -m micronets.fuzz`: random layers, networks and damaged files; any failure repeats from one line."""

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from micronets.fuzz.checks import KINDS, check
from micronets.fuzz.isolation import Result, Worker

_COMMAND = "python -m micronets.fuzz"


def _results(jobs: list[tuple[str, int]], processes: int) -> Iterator[Result]:
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


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog=_COMMAND, description=__doc__)
    parser.add_argument("--layers", type=int, default=2000)
    parser.add_argument("--operators", type=int, default=1000)
    parser.add_argument("--networks", type=int, default=200)
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--emulated", type=int, default=200)
    parser.add_argument("--seed", type=int, help="of the first model of each kind; drawn from the clock if left out")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs=2, metavar=("KIND", "SEED"), help=f"repeat one: {', '.join(KINDS)}")
    options = parser.parse_args(arguments)
    if options.only:
        jobs = [(options.only[0], int(options.only[1]))]
    else:
        seed = int(time.time()) % 1_000_000_000 if options.seed is None else options.seed
        print(f"seed {seed}", flush=True)
        counts = {
            "layer": options.layers,
            "operator": options.operators,
            "network": options.networks,
            "mutation": options.mutations,
            "emulated": options.emulated,
        }
        jobs = [(kind, seed + i) for kind, count in counts.items() for i in range(count)]
    failures, refusals, start = 0, 0, time.monotonic()
    for done, result in enumerate(_results(jobs, options.jobs), 1):
        refusals += result.refused
        if result.problem:
            failures += 1
            which = f"{result.kind} {result.seed}"
            print(f"{which}: {result.problem}\n    repeat: {_COMMAND} --only {which}", flush=True)
        if done % 500 == 0:
            rate = done / (time.monotonic() - start)
            print(f"{done} of {len(jobs)}, {(len(jobs) - done) / rate:.0f} s left", flush=True)
    print(f"{len(jobs)} checked, {failures} failed, {refusals} that TFLM refuses")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
