"""Files that cannot be used: how many a data stage puts up with."""

import logging
from pathlib import Path

import pandas as pd

logger = logging.getLogger(__name__)

REJECTED_COLUMNS = ["path", "reason"]


def judge(root: Path, rejected: pd.DataFrame, read: int, what: str, most_percent: float) -> str | None:
    """Why the data stage must stop, None where it may go on; then a warning says what is left out.

    Args:
        root: the folder that the files are in.
        rejected: with the columns path and reason.
        read: files in all.
        what: they are, in the plural.
        most_percent: share that is put up with, `data.rejected_percent`.
    """
    if rejected.empty:
        return None
    percent = 100 * len(rejected) / read
    share = f"{percent:.0f}" if percent >= 10 else f"{percent:.2g}"
    first = "; ".join(f"{row.path}: {row.reason}" for row in rejected.head(3).itertuples())
    message = f"{len(rejected)} of {read} {what} ({share} %) in {root} cannot be used ({first})"
    if percent > most_percent:
        return f"{message}, more than data.rejected_percent = {most_percent:g}"
    logger.warning("%s; they are left out and listed in rejected.csv", message)
    return None
