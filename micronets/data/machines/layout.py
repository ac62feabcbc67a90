"""Finds recordings of machines in the layouts in which they are published, and in the simpler ones of people's own.

DCASE 2020   {machine}/{train,test}/{normal,anomaly}_id_{id}_{number}.wav, cut into training and testing by the
             challenge; clips of its evaluation set, whose names do not say what they are, are left out
MIMII        {snr}_dB_{machine}/{machine}/id_{id}/{normal,abnormal}/*.wav, also without the outermost folder
ToyADMOS     {machine}/case{id}/{NormalSound_IND,AnomalousSound_IND}/*_ch1_*.wav
own          {machine}/{id}/{normal,abnormal}/*.wav, {machine}/{normal,abnormal}/*.wav or {machine}/*.wav, all of them
             normal; of one machine also without its own folder

All but the first are cut as the challenge has cut them: all anomalous clips, and as many normal ones, are for testing;
of ids without anomalous clips a fifth. Recordings may have any format that soundfile reads.
"""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from micronets.data.files import RECORDINGS, files_below, files_beside, folders_in
from micronets.errors import DataError

logger = logging.getLogger(__name__)

_CHALLENGE_NAME = re.compile(r"(normal|anomaly)_id_([^_]+)_.*", re.IGNORECASE)
_UNLABELLED_NAME = re.compile(r"id_[^_]+_.*", re.IGNORECASE)
_NOISE_LEVEL = re.compile(r"(-?\d+)_dB_(.+)")
_ID_FOLDER = re.compile(r"id_(\d+)")
_CASE_FOLDER = re.compile(r"case(\d+)")
_MIMII_FOLDERS = {"normal": False, "abnormal": True}
_TOYADMOS_FOLDERS = {"NormalSound_IND": False, "AnomalousSound_IND": True}
_OWN_FOLDERS = {"normal": False, "abnormal": True, "anomaly": True, "anomalous": True}
_FIRST_CHANNEL = "_ch1_"
_ONLY_ID = "00"
_TESTED_SHARE = 5  # one in so many of the normal clips of an id without anomalous ones

COLUMNS = ["path", "machine", "id", "anomalous", "split"]
_UNCUT = ""

Row = tuple[str, str, str, bool, str]


def find_clips(root: Path, machines: tuple[str, ...], mimii_snr_db: int, seed: int) -> pd.DataFrame:
    """Every labelled clip under `root`, sorted by path.

    Args:
        machines: names to look for; empty: all that are there.
        mimii_snr_db: which noise level to take of a machine of MIMII that is there with several.
        seed: of the cut into training and testing, where the layout has none.

    Returns:
        Columns path (relative, with `/`), machine, id (two digits or more), anomalous, and split: training or testing.

    Raises:
        DataError: no such folder, a machine that is not in it, or one whose clips do not suffice to learn and to test.
    """
    if not root.is_dir():
        raise DataError(f"there is no folder {root}; set data.path to a folder in the layout of DCASE 2020's task 2")
    folders = _machine_folders(root, mimii_snr_db)
    missing = [machine for machine in machines if machine not in folders]
    if missing or not folders:
        what = f"{missing[0]}, only {', '.join(folders)}" if folders else "machines in it, like pump/normal/*.wav"
        raise DataError(f"{root} has no {what}; set data.path to another folder, or correct data.machines")
    rows = [row for machine in machines or folders for row in _clips_of(root, machine, folders[machine])]
    clips = pd.DataFrame(sorted(rows), columns=COLUMNS, dtype=object).astype({"anomalous": bool})
    clips["split"] = _cut(clips, seed)
    check_clips(root, clips)
    return clips


def label_of(clips: pd.DataFrame) -> pd.Series:
    """The class of every clip: `{machine}_{id}`."""
    return clips["machine"] + "_" + clips["id"]


def check_clips(root: Path, clips: pd.DataFrame) -> None:
    """Raises DataError where an id cannot be learnt, or no id can be tested."""
    training, testing = clips[clips["split"] == "training"], clips[clips["split"] == "testing"]
    learnt = set(zip(training["machine"], training["id"], strict=True))
    if testing.empty:
        raise DataError(f"{root} has {len(clips)} clips, too few to learn from some and to test others; add some")
    testable = False
    for (machine, identity), tested in testing.groupby(["machine", "id"], sort=True):
        if (machine, identity) not in learnt:
            raise DataError(
                f"{root} has no normal clips of {machine} {identity} to train on; add them, or take the clips of this "
                "id away"
            )
        testable |= tested["anomalous"].nunique() == 2
    if not testable:
        logger.warning(
            "%s has no id with both normal and anomalous clips to test, so that no network gets an AUC; normal clips "
            "suffice to learn",
            root,
        )


def _machine_folders(root: Path, mimii_snr_db: int) -> dict[str, Path]:
    """The folder of every machine by name, sorted."""
    if _is_own_machine(root):
        return {root.resolve().name: root}
    found: dict[str, dict[int | None, Path]] = {}
    for folder in folders_in(root).values():
        if match := _NOISE_LEVEL.fullmatch(folder.name):
            level, machine = int(match[1]), match[2]
            if (folder / machine).is_dir():
                found.setdefault(machine, {})[level] = folder / machine
        elif any(_is_part(entry) for entry in folders_in(folder).values()) or _is_own_machine(folder):
            found.setdefault(folder.name, {})[None] = folder
    chosen = {}
    for machine, levels in sorted(found.items()):
        if len(levels) > 1 and mimii_snr_db not in levels:
            raise DataError(f"{root} has {machine} several times, but not at data.mimii_snr_db = {mimii_snr_db}")
        chosen[machine] = levels[mimii_snr_db] if len(levels) > 1 else next(iter(levels.values()))
    return chosen


def _is_part(folder: Path) -> bool:
    name = folder.name
    published = name in ("train", "test") or _ID_FOLDER.fullmatch(name) or _CASE_FOLDER.fullmatch(name)
    return bool(published) or any(kind.lower() in _OWN_FOLDERS for kind in folders_in(folder))


def _is_own_machine(folder: Path) -> bool:
    """Whether the folder holds a machine's clips: right in it, or in folders that say what they are."""
    kinds = any(name.lower() in _OWN_FOLDERS for name in folders_in(folder))
    return kinds or any(entry.is_file() and entry.suffix.lower() in RECORDINGS for entry in _visible(folder))


def _visible(folder: Path) -> Iterator[Path]:
    return (entry for entry in sorted(folder.iterdir()) if not entry.name.startswith("."))


def _clips_of(root: Path, machine: str, folder: Path) -> Iterator[Row]:
    if (folder / "train").is_dir() or (folder / "test").is_dir():
        yield from _challenge_clips(root, machine, folder)
        return
    if _is_own_machine(folder):
        yield from _own_clips(root, machine, _ONLY_ID, folder)
        return
    for part in folders_in(folder).values():
        for pattern, kinds in ((_ID_FOLDER, _MIMII_FOLDERS), (_CASE_FOLDER, _TOYADMOS_FOLDERS)):
            if match := pattern.fullmatch(part.name):
                for kind, anomalous in kinds.items():
                    for file in _recordings(part / kind):
                        if pattern is _ID_FOLDER or _FIRST_CHANNEL in file.name:
                            yield _relative(root, file), machine, f"{int(match[1]):02d}", anomalous, _UNCUT
                break
        else:
            # a machine's name ends where its id, without such a line, begins
            identity = part.name.removeprefix("id_").replace("_", "-")
            yield from _own_clips(root, machine, identity, part)


def _own_clips(root: Path, machine: str, identity: str, folder: Path) -> Iterator[Row]:
    """Clips in folders that say what they are, or right in the folder: normal ones."""
    kinds = {name: inner for name, inner in folders_in(folder).items() if name.lower() in _OWN_FOLDERS}
    if kinds and (others := files_beside(folder, kinds, RECORDINGS)):
        where = ", ".join(f"{count} in {name}" if name else f"{count} right in it" for name, count in others.items())
        logger.warning("%s: recordings outside of %s are left out: %s", folder, " and ".join(kinds), where)
    for name, inner in kinds.items():
        for file in _recordings(inner):
            yield _relative(root, file), machine, identity, _OWN_FOLDERS[name.lower()], _UNCUT
    if not kinds:
        for file in _recordings(folder):
            yield _relative(root, file), machine, identity, False, _UNCUT


def _challenge_clips(root: Path, machine: str, folder: Path) -> Iterator[Row]:
    unlabelled = 0
    for part, split in (("train", "training"), ("test", "testing")):
        for file in _recordings(folder / part):
            if match := _CHALLENGE_NAME.fullmatch(file.name):
                anomalous = match[1].lower() == "anomaly"
                if anomalous and split == "training":
                    raise DataError(f"{file} is anomalous, but training knows normal clips only; move it to test")
                yield _relative(root, file), machine, match[2], anomalous, split
            elif _UNLABELLED_NAME.fullmatch(file.name):
                unlabelled += 1
            else:
                raise DataError(
                    f"{file} is not named like normal_id_00_00000000.wav; rename it, or put clips into folders named "
                    "normal and abnormal in the place of train and test"
                )
    if unlabelled:
        logger.warning("%d clips of %s do not say whether they are normal; they are left out", unlabelled, folder)


def _recordings(folder: Path) -> list[Path]:
    return [folder / file for file in files_below(folder, RECORDINGS)]


def _relative(root: Path, file: Path) -> str:
    return file.relative_to(root).as_posix()


def _cut(clips: pd.DataFrame, seed: int) -> np.ndarray:
    """The split of every clip: that of its layout; or testing for all anomalous clips of an id and as many normal ones,
    at most half of them; or for a fifth of the normal ones, where there are no others."""
    splits = clips["split"].to_numpy(object).copy()
    if not (splits == "testing").any():
        splits[:] = _UNCUT  # of the challenge's clips, too, where only those to train on are there
    uncut = clips[splits == _UNCUT]
    for number, (_, of_id) in enumerate(uncut.groupby(["machine", "id"], sort=True)):
        normal = of_id.index[~of_id["anomalous"]].to_numpy()
        anomalous = of_id.index[of_id["anomalous"]].to_numpy()
        drawn = np.random.default_rng([seed, 0xD7, number]).permutation(normal.copy())
        tested = min(len(anomalous), len(normal) // 2) or (0 if len(anomalous) else len(normal) // _TESTED_SHARE)
        splits[anomalous] = splits[drawn[:tested]] = "testing"
        splits[drawn[tested:]] = "training"
    return splits
