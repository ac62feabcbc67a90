"""What every look at a folder of data has in common."""

import contextlib
import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from micronets.data.files import shown
from micronets.proposal.commented_yaml import Line

_DATA = logging.getLogger("micronets.data")
_EXAMPLES = 5
_LEAST_EPOCHS, _MOST_EPOCHS = 10, 60


@dataclass(frozen=True)
class Look:
    """What a folder holds, and what follows from it.

    Attributes:
        found: sentences, one a line.
        models: of the configuration, as are all others.
    """

    found: tuple[str, ...]
    models: tuple[Line, ...]
    data: tuple[Line, ...]
    train: tuple[Line, ...]
    further: tuple[Line, ...] = ()


@contextlib.contextmanager
def heard(level: int) -> Iterator[list[str]]:
    """Collects what the readers of data say from `level` on, instead of logging it."""

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    lines: list[str] = []
    ear, before = Ear(level), (_DATA.level, _DATA.propagate)
    _DATA.addHandler(ear)
    _DATA.setLevel(level)
    _DATA.propagate = False
    try:
        yield lines
    finally:
        _DATA.removeHandler(ear)
        _DATA.setLevel(before[0])
        _DATA.propagate = before[1]


def spread(items: Sequence[Any], most: int) -> list[Any]:
    """At most so many of the items, from the first on at equal distances."""
    return list(items[:: max(1, math.ceil(len(items) / most))])


def some(looked_at: int, there: int) -> str:
    """The files that were looked at."""
    return "they are" if looked_at == there else f"{looked_at:,} of them, spread over all, are"


def lengths(seconds: Sequence[float]) -> str:
    """Of recordings, in words."""
    least, middle, most = np.quantile(seconds, (0, 0.5, 1))
    return f"{least:.3g} to {most:.3g} s long, half of them up to {middle:.3g} s"


def unusable(rejected: Sequence[tuple[str, str]], looked_at: int, what: str) -> list[str]:
    """Files that cannot be used, with reasons; a line for each of the first, and one for the others."""
    if not rejected:
        return []
    lines = [f"{len(rejected)} of {looked_at} {what} cannot be used:"]
    lines += [f"  {shown(path)}: {reason}" for path, reason in rejected[:_EXAMPLES]]
    if len(rejected) > _EXAMPLES:
        lines.append(f"  and {len(rejected) - _EXAMPLES} more; the data stage lists them in rejected.csv")
    return lines


def path_lines(source: str, root: Path, rejected: int, looked_at: int) -> tuple[Line, ...]:
    """Where the data is, and how many unusable files are put up with where there are any."""
    where = "" if root.is_absolute() else "seen from where snakemake is started"
    lines = [Line("source", source), Line("path", str(root), where)]
    if rejected:
        percent = min(math.ceil(100 * rejected / looked_at) + 1, 100)
        why = f"{rejected} of {looked_at} cannot be used; mend them, and take this line out"
        lines.append(Line("rejected_percent", percent, why))
    return tuple(lines)


def epochs(examples: int, wanted: int, batch_size: int, what: str) -> tuple[Line, ...]:
    """How long to train on so many examples an epoch, so that about `wanted` are seen."""
    count = min(max(round(wanted / max(examples, 1)), _LEAST_EPOCHS), _MOST_EPOCHS)
    return (
        Line("float_epochs", count, f"of {examples:,} {what}; several times as many are better, and slower"),
        Line("quantised_epochs", max(round(count / 5), 2), "a fifth of them"),
        Line("batch_size", batch_size),
    )


def batch_size(examples: int) -> int:
    """Small where an epoch would have few steps otherwise."""
    return 16 if examples < 1000 else 32 if examples < 5000 else 64


def counted(counts: dict[str, int]) -> str:
    """`bird 36, cat 36`; of many, the first."""
    listed = [f"{shown(name)} {count:,}" for name, count in counts.items()]
    return ", ".join(listed) if len(listed) <= 40 else ", ".join(listed[:40]) + f", and {len(listed) - 40} more"
