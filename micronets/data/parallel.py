"""Work on many files over several processes, in order."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import joblib
from threadpoolctl import threadpool_limits

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_chunks(
    work: Callable[[Sequence[Item]], Result], items: Sequence[Item], chunk: int, processes: int
) -> Iterator[tuple[Sequence[Item], Result]]:
    """Yields every `chunk` of the items with what `work` makes of it, in order.

    Args:
        work: importable, or a `functools.partial` of something importable.
        chunk: items in one unit of work; fixed by the caller, so that the number of processes cannot change a result.
    """
    chunks = [items[first : first + chunk] for first in range(0, len(items), chunk)]
    workers = min(processes, len(chunks))
    if workers <= 1:
        with threadpool_limits(limits=1, user_api="blas"):
            for part in chunks:
                yield part, work(part)
        return
    # Processes, because reading a short file is mostly Python; joblib's do not import the main module again, which in a
    # workflow's script would run the stage once more.
    with joblib.parallel_config("loky", inner_max_num_threads=1):
        jobs = (joblib.delayed(work)(part) for part in chunks)
        results = joblib.Parallel(n_jobs=workers, return_as="generator", pre_dispatch=4 * workers)(jobs)
        yield from zip(chunks, results, strict=True)
