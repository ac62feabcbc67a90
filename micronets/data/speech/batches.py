"""Batches for training: drawn anew every epoch, and augmented."""

import math
from collections.abc import Iterator
from functools import partial

import numpy as np

from micronets.data.batches import Batch, made_ahead
from micronets.data.mixup import mixup
from micronets.data.speech.augmentation import Augmentation, change_speed, shift, spectral_masks
from micronets.data.speech.dataset import SpeechDataset
from micronets.data.speech.noise import draw_crops
from micronets.data.speech.vocabulary import SILENCE, UNKNOWN
from micronets.features.speech_features import speech_features

_SILENCE = -1  # in an epoch's order: not a row of the dataset, but a fresh crop of background noise


class SpeechBatches:
    """Endless, repeatable training batches.

    Each epoch shows every keyword clip once, a fresh draw of unknown words and fresh silence, each in the dataset's
    percentage of the keyword clips, in a new order. Batch and order are pure functions of (seed, epoch, step): an
    interrupted training that starts again at an epoch sees the same batches, whatever the number of threads.

    Args:
        dataset: the prepared dataset.
        augmentation: what is varied; `NO_AUGMENTATION` for none.
        seed: of order, draws and augmentation.
        batch_size: examples in a batch; the last batch of an epoch is filled with the epoch's first examples.
        subset: rows of the training split to keep to (see `SpeechDataset.split_indices`); None for all.
        threads: background threads that make batches.
    """

    def __init__(
        self,
        dataset: SpeechDataset,
        augmentation: Augmentation,
        seed: int,
        batch_size: int,
        *,
        subset: np.ndarray | None = None,
        threads: int = 2,
    ):
        self._dataset = dataset
        self._augmentation = augmentation
        self._seed = seed
        self._batch_size = batch_size
        self._threads = threads
        training = dataset.rows("training")
        rows = np.arange(training.start, training.stop) if subset is None else np.asarray(subset, np.int64)
        self._classes = dataset.clips["class"].to_numpy(np.int64)
        self._silence_class = dataset.labels.index(SILENCE)
        unknown = np.isin(self._classes[rows], [dataset.labels.index(UNKNOWN)] if UNKNOWN in dataset.labels else [])
        self._keyword_rows, self._unknown_rows = rows[~unknown], rows[unknown]
        keywords = len(self._keyword_rows)
        self._unknown_count = min(math.ceil(keywords * dataset.unknown_percent / 100), len(self._unknown_rows))
        self._silence_count = math.ceil(keywords * dataset.silence_percent / 100)
        self._segments = dataset.noise_segments("training")
        self._examples = keywords + self._unknown_count + self._silence_count

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch."""
        return math.ceil(self._examples / self._batch_size)

    def epoch(self, index: int) -> Iterator[Batch]:
        """The `steps_per_epoch` batches of an epoch.

        Yields:
            Features, float32 (B, *input_shape), and class probabilities, float32 (B, classes).
        """
        return made_ahead(partial(self._make, index), self._order(index), self._threads)

    def _order(self, epoch: int) -> np.ndarray:
        """Rows of the epoch's batches, int64 (steps_per_epoch, batch_size)."""
        generator = np.random.default_rng([self._seed, epoch, 0])
        unknown = generator.choice(self._unknown_rows, self._unknown_count, replace=False)
        silence = np.full(self._silence_count, _SILENCE, np.int64)
        rows = generator.permutation(np.concatenate([self._keyword_rows, unknown, silence]))
        return np.resize(rows, (self.steps_per_epoch, self._batch_size))

    def _make(self, epoch: int, step: int, rows: np.ndarray) -> Batch:
        generator = np.random.default_rng([self._seed, epoch, step + 1])
        dataset, augmentation, parameters = self._dataset, self._augmentation, self._dataset.parameters
        silent = rows == _SILENCE
        audio = np.empty((len(rows), parameters.clip_samples), np.float32)
        audio[~silent] = self._words(rows[~silent], generator)
        audio[silent] = self._silence(int(silent.sum()), generator)
        masks = spectral_masks(augmentation, len(audio), parameters.frames, parameters.mel_bands, generator)
        features = speech_features(audio, parameters, masks).reshape(len(rows), *dataset.input_shape)
        classes = np.where(silent, self._silence_class, self._classes[rows])
        targets = np.eye(len(dataset.labels), dtype=np.float32)[classes]
        if augmentation.mixup_alpha > 0:
            features, targets = mixup(features, targets, augmentation.mixup_alpha, generator)
        return features, targets

    def _words(self, rows: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Words at another speed, shifted, with noise in proportion to their level, louder or quieter; float32 (rows,
        clip_samples)."""
        augmentation, parameters = self._augmentation, self._dataset.parameters
        count = len(rows)
        fastest = augmentation.speed_range
        rates = generator.uniform(1 - fastest, 1 + fastest, count)
        other_speed = generator.random(count) < augmentation.speed_probability
        furthest = int(augmentation.shift_ms * parameters.sample_rate_hz / 1000)
        shifts = generator.integers(-furthest, furthest, size=count, endpoint=True)
        volumes = generator.uniform(0, augmentation.noise_volume, count).astype(np.float32)
        volumes[generator.random(count) >= augmentation.noise_probability] = 0
        noisy = bool(self._segments) and volumes.any()
        if noisy:
            _, places = draw_crops(self._segments, count, parameters.clip_samples, generator)
        clips = np.empty((count, parameters.clip_samples), np.float32)
        gains = np.ones(count, np.float32)
        if augmentation.level_range_db > 0:
            decibels = generator.uniform(-augmentation.level_range_db, augmentation.level_range_db, count)
            gains = (10 ** (decibels / 20)).astype(np.float32)
        for index, row in enumerate(rows):
            clip = self._dataset.audio[row] * np.float32(1 / 32768)
            if other_speed[index]:
                clip = change_speed(clip, rates[index])
            if shifts[index]:
                clip = shift(clip, int(shifts[index]))
            if noisy and volumes[index]:
                peak = max(clip.max(), -clip.min())
                clip += self._noise(places[index]) * (volumes[index] * peak / 32768)
            clips[index] = clip * gains[index] if gains[index] != 1 else clip
        return clips

    def _silence(self, count: int, generator: np.random.Generator) -> np.ndarray:
        """Crops of background noise at any volume, float32 (count, clip_samples)."""
        volumes = generator.uniform(0, 1, count).astype(np.float32)
        clips = np.empty((count, self._dataset.parameters.clip_samples), np.float32)
        if count:
            _, places = draw_crops(self._segments, count, clips.shape[1], generator)
            for index, place in enumerate(places):
                np.multiply(self._noise(place), volumes[index] / 32768, out=clips[index])
        return clips

    def _noise(self, place: int) -> np.ndarray:
        return self._dataset.noise[place : place + self._dataset.parameters.clip_samples]
