"""The data stage for machine sounds: from recordings to a prepared dataset."""

import hashlib
import importlib.metadata
import json
import logging
import shutil
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from micronets.atomic import atomic_directory, write_json
from micronets.data.dataset import SPLITS
from micronets.data.files import shown
from micronets.data.machines.dataset import FORMAT
from micronets.data.machines.layout import check_clips, find_clips, label_of
from micronets.data.machines.options import MachineOptions
from micronets.data.machines.sources import find_source
from micronets.data.machines.views import VIEWS, distinct_spectrograms, spectrogram_path
from micronets.data.parallel import in_chunks
from micronets.data.recording import ClipRejected, read_converted
from micronets.data.rejected import REJECTED_COLUMNS, judge
from micronets.data.store import ArrayWriter
from micronets.errors import DataError
from micronets.features.log_mel import log_mel
from micronets.progress import Progress

logger = logging.getLogger(__name__)

_SPECTROGRAMS = distinct_spectrograms()
SAMPLE_RATE_HZ = _SPECTROGRAMS[0].sample_rate_hz
_CHUNK_CLIPS = 8

Processed = tuple[list[np.ndarray], list[list[np.ndarray]], list[int], list[tuple[str, str]], Counter[str]]


def prepare_machines(task: str, options: MachineOptions, directory: Path, seed: int, processes: int) -> None:
    """Makes the prepared dataset `directory`, whole or not at all.

    The same recordings, options and seed give the same files, whatever the number of processes.

    Args:
        seed: of generated machines, and of cuts into splits.

    Raises:
        DataError: no recordings, or more unusable ones than `options.rejected_percent`; `directory` then holds the list
            of them, rejected.csv, and nothing else.
    """
    for leftover in directory.parent.glob(f".{directory.name}.*.partial"):  # of a run that was killed
        shutil.rmtree(leftover)
    failure = None
    with atomic_directory(directory) as beside:
        root, provenance = find_source(options, directory, beside, seed, processes)
        found = find_clips(root, options.machines, options.mimii_snr_db, seed)
        logger.info("%d clips of %s in %s", len(found), ", ".join(dict.fromkeys(found["machine"])), root)
        used, rejected = _store(root, _in_order(found), beside, processes)
        rejected.to_csv(beside / "rejected.csv", index=False)
        failure = judge(root, rejected, len(found), "recordings", options.rejected_percent)
        if failure is None:
            _check_ids(root, found, used)
            check_clips(root, used)
            _describe(task, _hold_out(used, options.validation_percent, seed), rejected, beside, seed, provenance)
        else:
            (beside / "audio.npy").unlink()
            shutil.rmtree(beside / "spectrograms")
    if failure is not None:
        raise DataError(f"{failure}; see {directory / 'rejected.csv'}")
    logger.info("prepared dataset %s is complete", directory)


def _check_ids(root: Path, found: pd.DataFrame, used: pd.DataFrame) -> None:
    """Raises DataError where all recordings of an id are unusable: a class of the configured networks."""
    for label in sorted(set(label_of(found)) - set(label_of(used))):
        raise DataError(f"{root} has no usable recordings of {label}; mend them, or take this id away")


def process_clips(root: Path, paths: list[str]) -> Processed:
    """Reads clips and computes their spectrograms.

    Returns:
        of every usable clip the audio, int16 (samples,), and its spectrograms, float32 (frames, bands); the index in
        `paths` of each; (path, reason) of every clip that was rejected; and how many were converted in which way.
    """
    audio, spectrograms, usable, rejected = [], [], [], []
    conversions: Counter[str] = Counter()
    for index, path in enumerate(paths):
        try:
            clip, converted = read_machine(root / path)
        except ClipRejected as reason:
            rejected.append((path, str(reason)))
            continue
        audio.append(clip)
        spectrograms.append([log_mel(clip[None], parameters)[0] for parameters in _SPECTROGRAMS])
        usable.append(index)
        conversions.update(converted)
    return audio, spectrograms, usable, rejected, conversions


def read_machine(path: Path) -> tuple[np.ndarray, list[str]]:
    """A recording's first channel, int16 (samples,) at `SAMPLE_RATE_HZ`, with words for all that was converted.

    Raises ClipRejected where it cannot be read, or is too short for a network's input.
    """
    clip, converted = read_converted(path, SAMPLE_RATE_HZ, first_channel=True)
    if any(parameters.windows(len(clip)) < 1 for parameters in VIEWS.values()):
        raise ClipRejected(f"too short: {len(clip) / SAMPLE_RATE_HZ:.1f} s")
    return clip, converted


def _in_order(clips: pd.DataFrame) -> pd.DataFrame:
    """Training before testing, each by path: the order in which clips are stored."""
    testing = clips["split"] == "testing"
    return pd.concat([clips[~testing], clips[testing]], ignore_index=True)


def _store(root: Path, clips: pd.DataFrame, beside: Path, processes: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Writes audio and spectrograms; returns the rows that are in them, with their samples, and the rejected files."""
    progress = Progress(logger, "clips", len(clips))
    usable, samples, rejected, start = [], [], [], 0
    conversions: Counter[str] = Counter()
    silent: list[str] = []
    first: dict[int, int] = {}
    twins: list[str] = []
    kinds = list(zip(clips["machine"], clips["id"], clips["anomalous"], clips["split"], strict=True))
    (beside / "spectrograms").mkdir()
    with ExitStack() as files:
        audio_file = files.enter_context(ArrayWriter(beside / "audio.npy", (), np.int16))
        spectrogram_files = [
            files.enter_context(ArrayWriter(spectrogram_path(beside, each), (each.mel_bands,), np.float32))
            for each in _SPECTROGRAMS
        ]
        for chunk, (audio, spectrograms, kept, refused, converted) in in_chunks(
            partial(process_clips, root), clips["path"].tolist(), _CHUNK_CLIPS, processes
        ):
            for clip, of_clip in zip(audio, spectrograms, strict=True):
                audio_file.append(clip)
                for file, spectrogram in zip(spectrogram_files, of_clip, strict=True):
                    file.append(spectrogram)
            for place, clip in zip(kept, audio, strict=True):
                row = start + place
                if not clip.any():
                    silent.append(shown(clips["path"][row]))
                elif kinds[twin := first.setdefault(hash(clip.tobytes()), row)] != kinds[row]:
                    twins.append(f"{shown(clips['path'][row])} and {shown(clips['path'][twin])}")
            usable += [start + place for place in kept]
            samples += [len(clip) for clip in audio]
            rejected += [(shown(path), reason) for path, reason in refused]
            conversions += converted
            start += len(chunk)
            progress.advance(len(chunk), f"{len(rejected)} rejected" if rejected else "")
    if conversions:
        logger.info("converted: %s", ", ".join(f"{count} {how}" for how, count in sorted(conversions.items())))
    for what, paths in (("are without any sound", silent), ("are the same as others of another kind", twins)):
        if paths:
            logger.warning("%s: %d recordings %s: %s", root, len(paths), what, ", ".join(paths[:3]))
    used = clips.iloc[usable].reset_index(drop=True).assign(samples=np.array(samples, np.int64))
    used["path"] = [shown(path) for path in used["path"]]
    return used, pd.DataFrame(rejected, columns=REJECTED_COLUMNS)


def _hold_out(clips: pd.DataFrame, validation_percent: float, seed: int) -> pd.DataFrame:
    """Moves a share of every id's training clips, at least one, to validation; the only clip of an id is left to
    training and validates as well, since nothing else can."""
    splits = clips["split"].to_numpy(object).copy()
    training = clips[clips["split"] == "training"]
    lonely = []
    for number, ((machine, identity), of_id) in enumerate(training.groupby(["machine", "id"], sort=True)):
        if len(of_id) == 1:
            lonely.append((f"{machine} {identity}", of_id.index[0]))
            continue
        count = min(max(1, round(len(of_id) * validation_percent / 100)), len(of_id) - 1)
        drawn = np.random.default_rng([seed, 0xAD, number]).permutation(of_id.index.to_numpy())
        splits[drawn[:count]] = "validation"
    validates = splits == "validation"
    validates[[row for _, row in lonely]] = True
    if lonely:
        logger.warning(
            "%s: only one clip to train on; it is in the validation split as well, whose loss then says little",
            ", ".join(name for name, _ in lonely),
        )
    return clips.assign(split=splits, validates=validates)


def _describe(
    task: str, clips: pd.DataFrame, rejected: pd.DataFrame, beside: Path, seed: int, provenance: dict[str, Any]
) -> None:
    names = label_of(clips)
    labels = sorted(names.unique())
    clips.insert(3, "class", names.map(labels.index))
    clips.to_csv(beside / "clips.csv", index=False)

    def count(chosen: pd.Series) -> dict[str, int]:
        return {label: int((chosen & (names == label)).sum()) for label in labels}

    counts = {split: count(clips["split"] == split) for split in SPLITS}
    anomalous = count(clips["anomalous"])
    features = [asdict(parameters) for parameters in VIEWS.values()]
    digest = hashlib.sha256((beside / "clips.csv").read_bytes())
    digest.update(json.dumps([labels, features], sort_keys=True).encode())
    audio = np.load(beside / "audio.npy", mmap_mode="r")
    for start in range(0, len(audio), 1 << 24):
        digest.update(np.ascontiguousarray(audio[start : start + (1 << 24)]).data)
    write_json(
        beside / "dataset.json",
        {
            "format": FORMAT,
            "task": task,
            "labels": labels,
            "clips": len(clips),
            "samples": len(audio),
            "sample_rate_hz": SAMPLE_RATE_HZ,
            "counts": counts,
            "anomalous": anomalous,
            "recordings_read": len(clips) + len(rejected),
            "recordings_rejected": len(rejected),
            "features": features,
            "seed": seed,
            "source": provenance,
            "content_hash": digest.hexdigest(),
            "versions": {name: importlib.metadata.version(name) for name in ("numpy", "scipy", "soundfile")},
        },
    )
    for label in labels:
        logger.info(
            "%s: %s clips, %d anomalous",
            label,
            ", ".join(f"{counts[split][label]} {split}" for split in SPLITS),
            anomalous[label],
        )
