"""The folder layout of the official Speech Commands archive, and its rule for splits.

<word>/<speaker>_nohash_<n>.wav     one-second recordings
_background_noise_/*.wav            long recordings without speech
validation_list.txt, testing_list.txt   the clips of two splits, `<word>/<file>` a line
"""

import hashlib
import logging
import re
from pathlib import Path

import pandas as pd

from micronets.errors import DataError

logger = logging.getLogger(__name__)

BACKGROUND_NOISE = "_background_noise_"
LISTS = {"validation": "validation_list.txt", "testing": "testing_list.txt"}
_MAX_CLIPS_PER_WORD = 2**27 - 1


def hash_split(file_name: str, validation_percent: float = 10, testing_percent: float = 10) -> str:
    """The split of a clip by the hash of its speaker: all clips of a speaker fall into one.

    SHA-1 of the file name up to `_nohash_`, modulo 2**27, as a percentage (Warden, arXiv:1804.03209, and the README of
    the archive).
    """
    speaker = re.sub(r"_nohash_.*$", "", file_name)
    number = int(hashlib.sha1(speaker.encode()).hexdigest(), 16) % (_MAX_CLIPS_PER_WORD + 1)
    percent = number * (100.0 / _MAX_CLIPS_PER_WORD)
    if percent < validation_percent:
        return "validation"
    if percent < validation_percent + testing_percent:
        return "testing"
    return "training"


def _read_lists(root: Path) -> dict[str, str] | None:
    """Split by clip path from the two official lists; None where there are none."""
    present = [name for name in LISTS.values() if (root / name).is_file()]
    if not present:
        return None
    if len(present) < len(LISTS):
        (missing,) = set(LISTS.values()) - set(present)
        raise DataError(f"{root} has {present[0]} but no {missing}; add it, or remove both to split by hash")
    splits: dict[str, str] = {}
    for split, name in LISTS.items():
        try:
            lines = (root / name).read_text(encoding="utf-8").split("\n")
        except UnicodeDecodeError:
            raise DataError(f"{root / name} is no UTF-8 text; fetch the list anew") from None
        for path in filter(None, (line.strip() for line in lines)):
            if splits.setdefault(path, split) != split:
                raise DataError(f"{path} is both in {LISTS['validation']} and in {LISTS['testing']} of {root}")
    return splits


def find_clips(
    root: Path, keywords: tuple[str, ...], validation_percent: float, testing_percent: float
) -> pd.DataFrame:
    """Every recording of a word under `root`, sorted by path.

    Returns:
        A table with the columns path (relative, with `/`), word, speaker and split.

    Raises:
        DataError: no such folder, or a keyword without recordings.
    """
    if not root.is_dir():
        raise DataError(f"there is no folder {root}; set data.path to a folder in the Speech Commands layout")
    folders = sorted(entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith((".", "_")))
    names = {folder.name: sorted(file.name for file in folder.iterdir() if _is_wave(file)) for folder in folders}
    missing = [word for word in keywords if not names.get(word)]
    if missing:
        raise DataError(f"{root} has no recordings of {', '.join(missing)}; every keyword needs a folder of .wav files")
    listed = _read_lists(root)
    rows = []
    for word, files in names.items():
        for file in files:
            path = f"{word}/{file}"
            if listed is None:
                split = hash_split(file, validation_percent, testing_percent)
            else:
                split = listed.get(path, "training")
            rows.append((path, word, file.split("_nohash_")[0].removesuffix(".wav"), split))
    clips = pd.DataFrame(rows, columns=["path", "word", "speaker", "split"])
    if listed is not None:
        absent = len(listed) - int(clips["path"].isin(listed.keys()).sum())
        if absent:
            logger.warning("%d of %d clips in the lists of %s are not there", absent, len(listed), root)
    return clips


def find_background_noise(root: Path) -> list[str]:
    """Paths (relative, with `/`) of the recordings without speech, sorted."""
    folder = root / BACKGROUND_NOISE
    if not folder.is_dir():
        return []
    return [f"{BACKGROUND_NOISE}/{file.name}" for file in sorted(folder.iterdir()) if _is_wave(file)]


def _is_wave(file: Path) -> bool:
    return file.suffix.lower() == ".wav" and not file.name.startswith(".")
