"""The folder layout of the official Speech Commands archive and of people's own recordings, and its rule for splits.

<word>/<speaker>_nohash_<n>.wav     one-second recordings; people's own may have any name, in folders further down, too
_background_noise_/*.wav            long recordings without speech
validation_list.txt, testing_list.txt   the clips of two splits, `<word>/<file>` a line
"""

import hashlib
import logging
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from micronets.data.files import RECORDINGS, check_case, files_below, files_beside, folders_in, has_files_below
from micronets.data.speech.vocabulary import UNKNOWN, Vocabulary
from micronets.errors import DataError
from micronets.schema import closest

logger = logging.getLogger(__name__)

BACKGROUND_NOISE = "_background_noise_"
LISTS = {"validation": "validation_list.txt", "testing": "testing_list.txt"}
ALL_FOLDERS = "auto"
_SPLIT_NAMES = {"train", "training", "val", "valid", "validation", "dev", "test", "testing"}
OTHER_FOLDERS, NO_FOLDERS = "others", "none"
_SPEAKER_ENDS = "_nohash_"
_MAX_CLIPS_PER_WORD = 2**27 - 1


@dataclass(frozen=True)
class SpokenFolder:
    """A folder of recordings.

    Attributes:
        clips: one row per recording, sorted by path: path (relative, with `/`), word, speaker, split.
        splits_from: what the splits were made from, in words.
    """

    vocabulary: Vocabulary
    clips: pd.DataFrame
    splits_from: str


def hash_split(file_name: str, validation_percent: float = 10, testing_percent: float = 10) -> str:
    """The split of a clip by the hash of its speaker: all clips of a speaker fall into one.

    SHA-1 of the file name up to `_nohash_`, modulo 2**27, as a percentage (Warden, arXiv:1804.03209, and the README of
    the archive).
    """
    speaker = re.sub(r"_nohash_.*$", "", file_name)
    number = int(hashlib.sha1(speaker.encode("utf-8", "surrogateescape")).hexdigest(), 16) % (_MAX_CLIPS_PER_WORD + 1)
    percent = number * (100.0 / _MAX_CLIPS_PER_WORD)
    if percent < validation_percent:
        return "validation"
    if percent < validation_percent + testing_percent:
        return "testing"
    return "training"


def file_splits(paths: list[str], validation_percent: float, testing_percent: float) -> dict[str, str]:
    """The split of every recording of a word whose speakers nobody knows: shares of them, in the order of their hashes,
    but at least one of three for each split."""
    order = sorted(paths, key=lambda path: hashlib.sha1(path.encode("utf-8", "surrogateescape")).digest())
    tested = _share(len(order), testing_percent, 2)
    validated = min(_share(len(order), validation_percent, 3), len(order) - tested)
    splits = ["testing"] * tested + ["validation"] * validated
    splits += ["training"] * (len(order) - len(splits))
    return dict(zip(order, splits, strict=True))


def _share(count: int, percent: float, least: int) -> int:
    return 0 if percent == 0 or count < least else min(max(1, round(count * percent / 100)), count - 1)


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
            lines = (root / name).read_text(encoding="utf-8-sig").split("\n")
        except UnicodeDecodeError:
            raise DataError(f"{root / name} is no UTF-8 text; fetch the list anew") from None
        for path in filter(None, (line.strip() for line in lines)):
            if splits.setdefault(path, split) != split:
                raise DataError(f"{path} is both in {LISTS['validation']} and in {LISTS['testing']} of {root}")
    return splits


def find_vocabulary(root: Path, keywords: tuple[str, ...] | str, unknown: tuple[str, ...] | str) -> Vocabulary:
    """The words that a folder of recordings has, as far as its folders tell; arguments and errors as `find_clips`."""
    return _words(root, keywords, unknown)[0]


def find_clips(
    root: Path,
    keywords: tuple[str, ...] | str,
    validation_percent: float,
    testing_percent: float,
    unknown: tuple[str, ...] | str = OTHER_FOLDERS,
) -> SpokenFolder:
    """Every recording of a word under `root`.

    Args:
        keywords: names of folders, or `auto` for all of them.
        unknown: names of the folders whose words are `_unknown_`, `others` for all that are no keywords, or `none`.

    Raises:
        DataError: no such folder, or a keyword without recordings.
    """
    vocabulary, folders = _words(root, keywords, unknown)
    names = {word: files_below(folder, RECORDINGS) for word, folder in folders.items()}
    missing = [word for word in vocabulary.keywords if not names.get(word)]
    if missing:
        raise DataError(f"{root} has no recordings of {', '.join(missing)}; every keyword needs a folder of them")
    if loose := files_beside(root, folders_in(root), RECORDINGS)[""]:
        logger.warning("%s: %d recordings right in it, in no word's folder, are left out", root, loose)
    listed = _read_lists(root)
    rows, by_speaker = [], 0
    for word, files in names.items():
        folder = folders[word].name
        paths = [f"{folder}/{file}" for file in files]
        of_file = file_splits(
            [path for path in paths if _SPEAKER_ENDS not in PurePosixPath(path).name],
            validation_percent,
            testing_percent,
        )
        by_speaker += len(paths) - len(of_file)
        for path in paths:
            name = PurePosixPath(path).name
            if listed is not None:
                split = listed.get(path, "training")
            else:
                split = of_file.get(path) or hash_split(name, validation_percent, testing_percent)
            rows.append((path, word, name.split(_SPEAKER_ENDS)[0].removesuffix(".wav"), split))
    # objects, because pandas' text holds no names that are no UTF-8
    clips = pd.DataFrame(rows, columns=["path", "word", "speaker", "split"], dtype=object)
    if listed is not None:
        absent = len(listed) - int(clips["path"].isin(listed.keys()).sum())
        if absent:
            logger.warning("%d of %d clips in the lists of %s are not there", absent, len(listed), root)
    return SpokenFolder(vocabulary, clips, _splits_from(listed is not None, by_speaker, len(clips) - by_speaker))


def _splits_from(listed: bool, by_speaker: int, by_file: int) -> str:
    if listed:
        return f"{LISTS['validation']} and {LISTS['testing']}"
    kinds = [(by_speaker, "speaker, as their names tell"), (by_file, "file, as their names tell no speaker")]
    return " and ".join(f"{count} recordings by {what}" for count, what in kinds if count)


def _words(
    root: Path, keywords: tuple[str, ...] | str, unknown: tuple[str, ...] | str
) -> tuple[Vocabulary, dict[str, Path]]:
    """The vocabulary, and the folder of every word in it, sorted by word."""
    if not root.is_dir():
        raise DataError(
            f"there is no folder {root}; set data.path to a folder with a folder of recordings of each word"
        )
    # Macs write accented letters in two characters
    folders = {unicodedata.normalize("NFC", name): folder for name, folder in folders_in(root).items()}
    words = {word: folder for word, folder in folders.items() if not word.startswith("_")}
    named = () if isinstance(unknown, str) else unknown
    if keywords == ALL_FOLDERS:
        chosen = tuple(word for word in words if word not in named and has_files_below(words[word], RECORDINGS))
        if not chosen:
            raise DataError(f"{root} has no folders with recordings of words{_deeper(root)}; correct data.path")
    else:
        chosen = tuple(unicodedata.normalize("NFC", word) for word in keywords)
        if len(set(chosen)) < len(chosen):
            raise DataError(f"data.keywords names a word twice, in two ways to write an accent: {', '.join(chosen)}")
    if unknown == OTHER_FOLDERS:
        others = {word for word in (*words, UNKNOWN) if word in folders and word not in chosen}
    else:
        others = set(named)
    for word in (*chosen, *sorted(others)):
        if word not in folders:
            remedy = (
                _deeper(root, word) or f"; {closest(word, words) if words else 'every word needs a folder of them'}"
            )
            raise DataError(f"{root} has no recordings of {word}{remedy}")
    others = {word for word in others if word in named or has_files_below(folders[word], RECORDINGS)}
    wanted = {word: folder for word, folder in folders.items() if word in chosen or word in others}
    check_case(root, wanted)
    if keywords == ALL_FOLDERS:
        _check_depth(root, chosen, folders)
    return Vocabulary(chosen, bool(others)), wanted


def _check_depth(root: Path, words: tuple[str, ...], folders: dict[str, Path]) -> None:
    """Where all folders are words: whether they are splits, or the one folder holds those of the words."""
    splits = [word for word in words if word.lower() in _SPLIT_NAMES]
    if splits and len(splits) == len(words):
        raise DataError(
            f"{root} has the folders {', '.join(splits)}, which are splits and no words; put the recordings of each "
            f"word into one folder, and the splits into {' and '.join(LISTS.values())}"
        )
    if len(words) == 1 and not _files_in(folders[words[0]]) and len(folders_in(folders[words[0]])) > 1:
        raise DataError(
            f"{root} has one folder, {words[0]}, and that has others; is {folders[words[0]]} "
            "data.path? If it is a word, name it in data.keywords"
        )


def _files_in(folder: Path) -> bool:
    return any(entry.is_file() and entry.suffix.lower() in RECORDINGS for entry in folder.iterdir())


def _deeper(root: Path, word: str = "") -> str:
    """A remedy where the folder of a word, or of any, lies one folder further down; empty where it does not."""
    below = {name: folders_in(folder) for name, folder in folders_in(root).items()}
    within = [name for name, folders in below.items() if (word in folders if word else folders)]
    return f", but {root / within[0]} has folders; is that data.path?" if within else ""


def find_background_noise(root: Path) -> list[str]:
    """Paths (relative, with `/`) of the recordings without speech, sorted."""
    folder = root / BACKGROUND_NOISE
    return [f"{BACKGROUND_NOISE}/{file}" for file in files_below(folder, RECORDINGS)]
