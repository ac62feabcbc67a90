"""The data stage for spoken words: from recordings to a prepared dataset."""

import hashlib
import importlib.metadata
import json
import logging
import math
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from micronets.atomic import atomic_directory, write_json
from micronets.data.clips import ClipRejected, read_clips, read_recording
from micronets.data.dataset import SPLITS
from micronets.data.parallel import in_chunks
from micronets.data.rejected import REJECTED_COLUMNS, judge
from micronets.data.speech.dataset import FORMAT
from micronets.data.speech.layout import find_background_noise, find_clips
from micronets.data.speech.noise import NoiseSegment, draw_crops, split_recording
from micronets.data.speech.sources import SpeechOptions, find_source
from micronets.data.store import ArrayWriter
from micronets.errors import DataError
from micronets.features.mfcc import MfccParameters, mfcc
from micronets.progress import Progress

logger = logging.getLogger(__name__)

_CHUNK_CLIPS = 64
_COLUMNS = ["path", "word", "label", "class", "speaker", "split", "samples", "offset", "volume"]


class SpokenTask(Protocol):
    """What a task on spoken words says of itself.

    Attributes:
        name: of the task.
        keywords: the words that are told apart.
        classes: labels by class index: keywords, `_silence_`, `_unknown_`.
        features: what the recordings become.
    """

    @property
    def name(self) -> str: ...
    @property
    def keywords(self) -> tuple[str, ...]: ...
    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def features(self) -> MfccParameters: ...


def prepare_speech(task: SpokenTask, options: SpeechOptions, directory: Path, seed: int, threads: int) -> None:
    """Makes the prepared dataset `directory`, whole or not at all.

    The same recordings, options and seed give the same files, whatever the number of processes.

    Args:
        task: labels, keywords and features.
        options: the section `data` of the configuration.
        directory: to make; what stands there is replaced.
        seed: of the generated recordings, and of the draws of unknown words and silence.
        threads: processes that read clips and compute features.

    Raises:
        DataError: no recordings, or more unusable ones than `options.rejected_percent`; `directory` then holds the
            list of them, rejected.csv, and nothing else.
    """
    for leftover in directory.parent.glob(f".{directory.name}.*.partial"):  # of a run that was killed
        shutil.rmtree(leftover)
    failure = None
    with atomic_directory(directory) as beside:
        root, provenance = find_source(options, directory, beside, seed, threads)
        preparation = _Preparation(task, options, root, beside, seed, threads)
        try:
            preparation.run(provenance)
        except _TooManyRejected as error:
            failure = error
            for file in beside.glob("*.npy"):
                file.unlink()
    if failure is not None:
        raise DataError(f"{failure}; see {directory / 'rejected.csv'}")
    logger.info("prepared dataset %s is complete", directory)


class _TooManyRejected(Exception):
    """More recordings are unusable than the configuration allows."""


def process_clips(
    root: Path, paths: list[str], parameters: MfccParameters
) -> tuple[np.ndarray, np.ndarray, list[int], list[int], list[tuple[str, str]]]:
    """Reads clips and computes their features.

    Returns:
        audio and features of the usable clips, and the rest of what `read_clips` returns.
    """
    audio, usable, samples, rejected = read_clips(root, paths, parameters.sample_rate_hz, parameters.clip_samples)
    return audio, mfcc(audio, parameters), usable, samples, rejected


def process_all(root: Path, paths: list[str], parameters: MfccParameters, processes: int) -> Iterator[tuple]:
    """`process_clips` in chunks over several processes, in order."""
    work = partial(process_clips, root, parameters=parameters)
    for chunk, result in in_chunks(work, paths, _CHUNK_CLIPS, processes):
        yield chunk, *result


class _Preparation:
    """One run of the stage; collects rows while the arrays grow on disk."""

    def __init__(self, task: SpokenTask, options: SpeechOptions, root: Path, beside: Path, seed: int, threads: int):
        self._task, self._options, self._root, self._beside = task, options, root, beside
        self._seed, self._threads = seed, threads
        self._parameters = task.features
        self._rows: list[tuple] = []
        self._rejected: list[tuple[str, str]] = []
        self._read = 0
        self._hash = hashlib.sha256()

    def run(self, provenance: dict[str, Any]) -> None:
        task, options, parameters = self._task, self._options, self._parameters
        found = find_clips(self._root, task.keywords, options.validation_percent, options.testing_percent)
        is_keyword = found["word"].isin(task.keywords)
        noise, segments = self._background_noise()
        plan = {split: found[is_keyword & (found["split"] == split)] for split in SPLITS}
        others = {split: found[~is_keyword & (found["split"] == split)] for split in SPLITS}
        held_out = SPLITS[1:]
        total = len(plan["training"]) + len(others["training"])
        total += sum(len(plan[split]) + min(self._share(len(plan[split])), len(others[split])) for split in held_out)
        logger.info("%d recordings of words in %s, of which %d are used", len(found), self._root, total)
        self._progress = Progress(logger, "clips", total)
        shape = (parameters.frames, parameters.coefficients)
        with (
            ArrayWriter(self._beside / "audio.npy", (parameters.clip_samples,), np.int16) as self._audio,
            ArrayWriter(self._beside / "features.npy", shape, np.float32) as self._features,
        ):
            for number, split in enumerate(SPLITS):
                keywords = self._add(plan[split])
                if split == "training":
                    self._add(others[split])
                else:
                    generator = np.random.default_rng([self._seed, number])
                    drawn = others[split].iloc[generator.permutation(len(others[split]))]
                    self._add(drawn, self._share(keywords))
                    of_split = [segment for segment in segments if segment.split == split]
                    self._add_silence(noise, of_split, split, keywords, generator)
        self._finish(noise, segments, provenance)

    def _share(self, keywords: int) -> int:
        return math.ceil(keywords * self._options.unknown_percent / 100)

    def _background_noise(self) -> tuple[np.ndarray, list[NoiseSegment]]:
        """All usable background recordings after one another, int16 (samples,), and their cut into splits."""
        recordings, segments, first = [], [], 0
        for path in find_background_noise(self._root):
            self._read += 1
            try:
                samples = read_recording(self._root / path, self._parameters.sample_rate_hz)
            except ClipRejected as reason:
                self._rejected.append((path, str(reason)))
                continue
            recordings.append(samples)
            segments += split_recording(path, len(samples), first, self._parameters.clip_samples)
            first += len(samples)
        missing = [split for split in SPLITS if not any(segment.split == split for segment in segments)]
        if missing and self._options.silence_percent > 0:
            raise DataError(
                f"{self._root} has no background noise for {', '.join(missing)}; put recordings of at least "
                f"{3 * self._parameters.clip_ms / 1000:g} s into _background_noise_, or set data.silence_percent to 0"
            )
        return np.concatenate(recordings) if recordings else np.zeros(0, np.int16), segments

    def _add(self, clips: pd.DataFrame, at_most: int | None = None) -> int:
        """Appends clips, or the first `at_most` usable ones; returns how many."""
        added, start = 0, 0
        wanted = len(clips) if at_most is None else at_most
        while added < wanted and start < len(clips):
            part = clips.iloc[start : start + wanted - added]
            start += len(part)
            added += self._add_all(part)
        return added

    def _add_all(self, clips: pd.DataFrame) -> int:
        added, start = 0, 0
        labels = self._task.classes
        for chunk, audio, features, usable, samples, rejected in process_all(
            self._root, clips["path"].tolist(), self._parameters, self._threads
        ):
            part = clips.iloc[start : start + len(chunk)].iloc[usable]
            start += len(chunk)
            for path, word, speaker, split, count in zip(
                part["path"], part["word"], part["speaker"], part["split"], samples, strict=True
            ):
                label = word if word in self._task.keywords else "_unknown_"
                self._rows.append((path, word, label, labels.index(label), speaker, split, count, 0, 1.0))
            self._append(audio, features)
            self._read += len(chunk)
            self._rejected += rejected
            added += len(audio)
            self._progress.advance(len(chunk), f"{len(self._rejected)} rejected" if self._rejected else "")
        return added

    def _add_silence(
        self,
        noise: np.ndarray,
        segments: list[NoiseSegment],
        split: str,
        keywords: int,
        generator: np.random.Generator,
    ) -> None:
        count = math.ceil(keywords * self._options.silence_percent / 100)
        if not count:
            return
        length = self._parameters.clip_samples
        chosen, places = draw_crops(segments, count, length, generator)
        volumes = generator.uniform(0, 1, count).round(6)
        audio = np.stack([noise[place : place + length] for place in places])
        audio = np.rint(audio * volumes[:, None]).astype(np.int16)
        label = "_silence_"
        for index, place, volume in zip(chosen, places, volumes, strict=True):
            segment = segments[index]
            offset = segment.offset + int(place) - segment.first
            number = self._task.classes.index(label)
            self._rows.append((segment.path, label, label, number, "", split, length, offset, float(volume)))
        with threadpool_limits(limits=1, user_api="blas"):
            self._append(audio, mfcc(audio, self._parameters))

    def _append(self, audio: np.ndarray, features: np.ndarray) -> None:
        self._audio.append(audio)
        self._features.append(features)
        self._hash.update(np.ascontiguousarray(audio).data)

    def _finish(self, noise: np.ndarray, segments: list[NoiseSegment], provenance: dict[str, Any]) -> None:
        rejected = pd.DataFrame(self._rejected, columns=REJECTED_COLUMNS)
        rejected.to_csv(self._beside / "rejected.csv", index=False)
        failure = judge(self._root, rejected, self._read, "recordings", self._options.rejected_percent)
        if failure is not None:
            raise _TooManyRejected(failure)
        clips = pd.DataFrame(self._rows, columns=_COLUMNS)
        counts = {
            split: {
                label: int(((clips["split"] == split) & (clips["label"] == label)).sum())
                for label in self._task.classes
            }
            for split in SPLITS
        }
        for split in SPLITS:
            if not any(counts[split][word] for word in self._task.keywords):
                raise DataError(f"{self._root} has no usable keyword clips for {split}; check its split lists")
            logger.info("%s: %s", split, ", ".join(f"{label} {count}" for label, count in counts[split].items()))
        clips.to_csv(self._beside / "clips.csv", index=False)
        np.save(self._beside / "noise.npy", noise)
        features = asdict(self._parameters)
        segment_table = [asdict(segment) for segment in segments]
        self._hash.update(clips.to_csv(index=False).encode())
        self._hash.update(np.ascontiguousarray(noise).data)
        self._hash.update(json.dumps([self._task.classes, features, segment_table], sort_keys=True).encode())
        write_json(
            self._beside / "dataset.json",
            {
                "format": FORMAT,
                "task": self._task.name,
                "labels": list(self._task.classes),
                "clips": len(clips),
                "counts": counts,
                "recordings_read": self._read,
                "recordings_rejected": len(rejected),
                "features": features,
                "noise": segment_table,
                "noise_samples": len(noise),
                "silence_percent": self._options.silence_percent,
                "unknown_percent": self._options.unknown_percent,
                "seed": self._seed,
                "source": provenance,
                "content_hash": self._hash.hexdigest(),
                "versions": {name: importlib.metadata.version(name) for name in ("numpy", "scipy", "soundfile")},
            },
        )
