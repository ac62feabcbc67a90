"""The data stage for spoken words: from recordings to a prepared dataset."""

import hashlib
import importlib.metadata
import json
import logging
import math
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from micronets.atomic import atomic_directory, write_json
from micronets.data.clips import Clips, read_clips
from micronets.data.dataset import SPLITS
from micronets.data.files import shown
from micronets.data.parallel import in_chunks
from micronets.data.rejected import REJECTED_COLUMNS, judge
from micronets.data.speech.dataset import FORMAT
from micronets.data.speech.layout import SpokenFolder, find_clips
from micronets.data.speech.noise import NoiseSegment, background_noise, draw_crops
from micronets.data.speech.oddities import Oddities, check_counts
from micronets.data.speech.sources import SpeechOptions, find_source
from micronets.data.speech.vocabulary import SILENCE
from micronets.data.store import ArrayWriter
from micronets.errors import DataError
from micronets.features.mfcc import MfccParameters, mfcc
from micronets.progress import Progress

logger = logging.getLogger(__name__)

_CHUNK_CLIPS = 64
_COLUMNS = ["path", "word", "label", "class", "speaker", "split", "samples", "offset", "volume"]


def prepare_speech(
    task: str, features: MfccParameters, options: SpeechOptions, directory: Path, seed: int, threads: int
) -> None:
    """Makes the prepared dataset `directory`, whole or not at all.

    The same recordings, options and seed give the same files, whatever the number of processes.

    Args:
        task: its name.
        features: what the recordings become.
        options: the section `data` of the configuration.
        directory: to make; what stands there is replaced.
        seed: of generated recordings and noise, and of the draws of unknown words and silence.
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
        preparation = _Preparation(task, features, options, root, beside, seed, threads)
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


def process_clips(root: Path, paths: list[str], parameters: MfccParameters) -> tuple[Clips, np.ndarray]:
    """Reads clips and computes the features of the usable ones, float32 (usable, frames, coefficients)."""
    clips = read_clips(root, paths, parameters.sample_rate_hz, parameters.clip_samples)
    return clips, mfcc(clips.audio, parameters)


def process_all(
    root: Path, paths: list[str], parameters: MfccParameters, processes: int
) -> Iterator[tuple[list[str], Clips, np.ndarray]]:
    """`process_clips` in chunks over several processes, in order."""
    work = partial(process_clips, root, parameters=parameters)
    for chunk, result in in_chunks(work, paths, _CHUNK_CLIPS, processes):
        yield list(chunk), *result


class _Preparation:
    """One run of the stage; collects rows while the arrays grow on disk."""

    def __init__(
        self,
        task: str,
        parameters: MfccParameters,
        options: SpeechOptions,
        root: Path,
        beside: Path,
        seed: int,
        threads: int,
    ):
        self._task, self._parameters, self._options = task, parameters, options
        self._root, self._beside, self._seed, self._threads = root, beside, seed, threads
        self._rows: list[tuple] = []
        self._rejected: list[tuple[str, str]] = []
        self._oddities = Oddities()
        self._read = 0
        self._hash = hashlib.sha256()

    def run(self, provenance: dict[str, Any]) -> None:
        options, parameters = self._options, self._parameters
        found = find_clips(
            self._root, options.keywords, options.validation_percent, options.testing_percent, options.unknown
        )
        self._vocabulary, clips = found.vocabulary, found.clips
        check_counts(self._root, found, "recordings")
        noise, segments = self._background_noise()
        is_keyword = clips["word"].isin(self._vocabulary.keywords)
        plan = {split: clips[is_keyword & (clips["split"] == split)] for split in SPLITS}
        others = {split: clips[~is_keyword & (clips["split"] == split)] for split in SPLITS}
        held_out = SPLITS[1:]
        total = len(plan["training"]) + len(others["training"])
        total += sum(len(plan[split]) + min(self._share(len(plan[split])), len(others[split])) for split in held_out)
        logger.info("%d recordings of words in %s, of which %d are used", len(clips), self._root, total)
        logger.info("split by %s", found.splits_from)
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
        self._finish(found, noise, segments, provenance)

    def _share(self, keywords: int) -> int:
        return math.ceil(keywords * self._options.unknown_percent / 100)

    def _background_noise(self) -> tuple[np.ndarray, list[NoiseSegment]]:
        wanted = self._options.silence_percent > 0
        found = background_noise(self._root, self._parameters, self._seed, required=wanted)
        self._read += found.read
        self._rejected += found.rejected
        return found.samples, found.segments

    def _add(self, clips: pd.DataFrame, at_most: int | None = None) -> int:
        """Appends clips, or the first `at_most` usable ones; returns how many."""
        added, start = 0, 0
        wanted = len(clips) if at_most is None else at_most
        while added < wanted and start < len(clips):
            part = clips.iloc[start : start + wanted - added]
            start += len(part)
            added += self._add_all(part)
        return added

    def _add_all(self, planned: pd.DataFrame) -> int:
        added, start = 0, 0
        labels = self._vocabulary.labels
        for chunk, clips, features in process_all(
            self._root, planned["path"].tolist(), self._parameters, self._threads
        ):
            part = planned.iloc[start : start + len(chunk)].iloc[clips.usable]
            start += len(chunk)
            for path, word, speaker, split, count, audio in zip(
                part["path"], part["word"], part["speaker"], part["split"], clips.samples, clips.audio, strict=True
            ):
                label = self._vocabulary.label(word)
                row = (shown(path), word, label, labels.index(label), shown(speaker), split, count, 0, 1.0)
                self._rows.append(row)
                self._oddities.look_at(shown(path), word, split, audio)
            self._oddities.conversions += clips.conversions
            self._append(clips.audio, features)
            self._read += len(chunk)
            self._rejected += clips.rejected
            added += len(clips.audio)
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
        number = self._vocabulary.labels.index(SILENCE)
        for index, place, volume in zip(chosen, places, volumes, strict=True):
            segment = segments[index]
            offset = segment.offset + int(place) - segment.first
            self._rows.append((segment.path, SILENCE, SILENCE, number, "", split, length, offset, float(volume)))
        with threadpool_limits(limits=1, user_api="blas"):
            self._append(audio, mfcc(audio, self._parameters))

    def _append(self, audio: np.ndarray, features: np.ndarray) -> None:
        self._audio.append(audio)
        self._features.append(features)
        self._hash.update(np.ascontiguousarray(audio).data)

    def _finish(
        self, found: SpokenFolder, noise: np.ndarray, segments: list[NoiseSegment], provenance: dict[str, Any]
    ) -> None:
        rejected = pd.DataFrame([(shown(path), reason) for path, reason in self._rejected], columns=REJECTED_COLUMNS)
        rejected.to_csv(self._beside / "rejected.csv", index=False)
        failure = judge(self._root, rejected, self._read, "recordings", self._options.rejected_percent)
        if failure is not None:
            raise _TooManyRejected(failure)
        labels = self._vocabulary.labels
        clips = pd.DataFrame(self._rows, columns=_COLUMNS)
        check_counts(self._root, replace(found, clips=clips[clips["label"] != SILENCE]), "usable recordings")
        self._oddities.tell(self._root, self._parameters.clip_ms)
        tallies = Counter(zip(clips["split"], clips["label"], strict=True))
        counts = {split: {label: tallies[split, label] for label in labels} for split in SPLITS}
        for split in SPLITS:
            logger.info("%s: %s", split, ", ".join(f"{label} {count}" for label, count in counts[split].items()))
        clips.to_csv(self._beside / "clips.csv", index=False)
        np.save(self._beside / "noise.npy", noise)
        features = asdict(self._parameters)
        segment_table = [asdict(segment) for segment in segments]
        self._hash.update(clips.to_csv(index=False).encode())
        self._hash.update(np.ascontiguousarray(noise).data)
        self._hash.update(json.dumps([labels, features, segment_table], sort_keys=True).encode())
        write_json(
            self._beside / "dataset.json",
            {
                "format": FORMAT,
                "task": self._task,
                "labels": list(labels),
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
