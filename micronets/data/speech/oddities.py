"""What a user should know of recordings that can be used, but may not be what they are taken for."""

import logging
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from micronets.data.clips import CUT
from micronets.data.dataset import SPLITS
from micronets.data.speech.layout import SpokenFolder
from micronets.data.speech.vocabulary import UNKNOWN
from micronets.errors import DataError

logger = logging.getLogger(__name__)

_EXAMPLES = 3


def check_counts(root: Path, found: SpokenFolder, what: str) -> None:
    """Raises DataError, with the counts, where a split has no keywords or a keyword cannot be learnt; warns of words
    that are not heard in validation or testing, and of a lack of other words.

    Args:
        what: the rows of `found.clips` are.
    """
    clips, vocabulary = found.clips, found.vocabulary
    words = clips["word"].where(clips["word"].isin(vocabulary.keywords), UNKNOWN)
    counts = pd.crosstab(words, clips["split"])
    wanted = [*vocabulary.keywords, *((UNKNOWN,) if vocabulary.has_unknown else ())]
    counts = counts.reindex(index=wanted, columns=SPLITS, fill_value=0)
    of_keywords = counts.loc[list(vocabulary.keywords)]
    totals = of_keywords.sum()
    if empty := [split for split in SPLITS if not totals[split]]:
        raise DataError(
            f"{root} has no {what} of keywords for {' and '.join(empty)} ({_in_words(totals)}; split by "
            f"{found.splits_from}); add recordings, or change their split with {{validation,testing}}_list.txt or "
            "data.{validation,testing}_percent"
        )
    if unlearnt := [str(word) for word in of_keywords.index[of_keywords["training"] == 0]]:
        word = unlearnt[0]
        raise DataError(
            f"{root} has no {what} of {', '.join(unlearnt)} to train on ({word}: {_in_words(of_keywords.loc[word])}; "
            f"split by {found.splits_from}); add recordings, or leave the word out of data.keywords"
        )
    lacking = counts[(counts == 0).any(axis=1)]
    for word, row in lacking.iterrows():
        name = "other words" if word == UNKNOWN else word
        logger.warning("%s: few %s of %s: %s", root, what, name, _in_words(row))
    if not vocabulary.has_unknown:
        logger.warning("%s: there is no class for other words; they will be taken for keywords", root)


def _in_words(counts: pd.Series) -> str:
    return ", ".join(f"{split} {counts[split]}" for split in SPLITS)


class Oddities:
    """Collects what is seen while clips are read.

    Attributes:
        conversions: how many clips were converted in which way.
    """

    def __init__(self) -> None:
        self.conversions: Counter[str] = Counter()
        self._silent: list[str] = []
        self._first: dict[int, tuple[str, str, str]] = {}
        self._twins: list[str] = []

    def look_at(self, path: str, word: str, split: str, audio: np.ndarray) -> None:
        """Notes a clip without sound, and one that is heard as another word or in another split as well."""
        if not audio.any():
            self._silent.append(path)
            return
        twin = self._first.setdefault(hash(audio.tobytes()), (path, word, split))
        if twin[1:] != (word, split):
            self._twins.append(f"{path} and {twin[0]}")

    def tell(self, root: Path, clip_ms: int) -> None:
        """Writes all of it into the log."""
        if self.conversions:
            converted = ", ".join(f"{count} {how}" for how, count in sorted(self.conversions.items()))
            level = logging.WARNING if self.conversions[CUT] else logging.INFO
            logger.log(level, "%s: clips of %g s were made of recordings: %s", root, clip_ms / 1000, converted)
        if self._silent:
            logger.warning("%s: %d recordings without any sound are used: %s", root, *_examples(self._silent))
        if self._twins:
            logger.warning(
                "%s: %d recordings are the same as others of another word or split: %s", root, *_examples(self._twins)
            )


def _examples(items: list[str]) -> tuple[int, str]:
    return len(items), ", ".join(items[:_EXAMPLES]) + (", …" if len(items) > _EXAMPLES else "")
