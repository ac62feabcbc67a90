"""A long recording with known words in it: clips of the testing split, one after the other, in background noise.

As in the streaming test of Speech Commands (Warden, arXiv:1804.03209, section 7.4): words as they were recorded, noise
under everything.
"""

import csv
import io
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np

from micronets.atomic import atomic_file, write_text
from micronets.data.recording import ClipRejected, read_recording
from micronets.data.speech.dataset import SpeechDataset
from micronets.data.speech.noise import NoiseSegment
from micronets.data.speech.vocabulary import SILENCE
from micronets.data.wave_file import write_wave
from micronets.errors import DataError

LEAST_GAP_MS, MOST_GAP_MS = 1000, 3000
"""Between two words."""
_FADE_MS = 10  # of clips, whose own background begins and ends suddenly
_LONGEST_NOISE_MS = 10_000  # of one recording at one volume


@dataclass(frozen=True)
class Event:
    """A word in a stream; `label` is its class. Its recording lasts from `start_ms` to `end_ms`."""

    start_ms: int
    end_ms: int
    word: str
    label: str


@dataclass(frozen=True, eq=False)
class SpokenStream:
    """Audio, int16 (samples,), and the words in it in the order of time."""

    audio: np.ndarray
    sample_rate_hz: int
    events: tuple[Event, ...]

    @property
    def seconds(self) -> float:
        return len(self.audio) / self.sample_rate_hz

    def save(self, audio: Path, truth: Path) -> None:
        """Writes a WAV file and a table of the words."""
        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow([field.name for field in fields(Event)])
        writer.writerows(astuple(event) for event in self.events)
        with atomic_file(audio) as beside:
            write_wave(beside, self.audio, self.sample_rate_hz)
        write_text(truth, table.getvalue())

    @classmethod
    def load(cls, audio: Path, truth: Path, sample_rate_hz: int) -> "SpokenStream":
        """Reads what `save` wrote, or a recording of one's own.

        Raises DataError where a file is missing or damaged, or the recording has another rate.
        """
        try:
            samples = read_recording(audio, sample_rate_hz)
        except ClipRejected as error:
            raise DataError(f"{audio} is no recording to listen to: {error}.") from None
        try:
            with open(truth, encoding="utf-8", newline="") as stream:
                rows = list(csv.DictReader(stream))
            events = [Event(int(row["start_ms"]), int(row["end_ms"]), row["word"], row["label"]) for row in rows]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{truth} is no table of words ({error!r}); it needs the columns start_ms, end_ms, word, label."
            ) from error
        return cls(samples, sample_rate_hz, tuple(sorted(events, key=lambda event: event.start_ms)))


def make_stream(dataset: SpeechDataset, minutes: float, noise_volume: float, seed: int) -> SpokenStream:
    """Strings the testing split's words together in an order drawn from the seed, and again in another one where they
    do not last; between two of them 1 to 3 s.

    Args:
        minutes: of the stream; the last word has ended before.
        noise_volume: greatest gain of the noise; every 10 s at most, recording and gain are drawn anew.

    Raises DataError where the testing split has no words, or the stream no room for one.
    """
    generator = np.random.default_rng([seed, 0x5907])
    rate, clip = dataset.parameters.sample_rate_hz, dataset.parameters.clip_samples
    audio = _background(dataset, round(60 * minutes * rate), noise_volume, generator)
    rows = dataset.rows("testing")
    classes = dataset.clips["class"].to_numpy()[rows]
    spoken = rows.start + np.flatnonzero(classes != dataset.labels.index(SILENCE))
    if len(spoken) == 0:
        raise DataError(f"{dataset.directory} has no words in its testing split to make a stream of.")
    words, labels = dataset.clips["word"].to_numpy(), dataset.clips["label"].to_numpy()
    fade = np.ones(clip, np.float32)
    edge = _FADE_MS * rate // 1000
    fade[:edge] = np.arange(edge) / edge
    fade[clip - edge :] = fade[:edge][::-1]
    events: list[Event] = []
    waiting: list[int] = []
    start = _milliseconds(generator.integers(LEAST_GAP_MS, MOST_GAP_MS, endpoint=True), rate)
    while start + clip <= len(audio):
        if not waiting:
            waiting = generator.permutation(spoken).tolist()
        row = waiting.pop()
        audio[start : start + clip] += dataset.audio[row] * fade
        first_ms, last_ms = start * 1000 // rate, (start + clip) * 1000 // rate
        events.append(Event(first_ms, last_ms, str(words[row]), str(labels[row])))
        start += clip + _milliseconds(generator.integers(LEAST_GAP_MS, MOST_GAP_MS, endpoint=True), rate)
    if not events:
        raise DataError(f"A stream of {minutes:g} minutes has no room for a word; set spot.minutes higher.")
    return SpokenStream(np.clip(np.rint(audio), -32768, 32767).astype(np.int16), rate, tuple(events))


def _milliseconds(duration: np.integer, rate_hz: int) -> int:
    return int(duration) * rate_hz // 1000


def _background(
    dataset: SpeechDataset, samples: int, noise_volume: float, generator: np.random.Generator
) -> np.ndarray:
    """Noise of the testing split, float32 (samples,) in units of int16; silence where there is none."""
    audio = np.zeros(samples, np.float32)
    segments = dataset.noise_segments("testing")
    longest = _LONGEST_NOISE_MS * dataset.parameters.sample_rate_hz // 1000
    place = 0
    while segments and place < samples:
        piece = _noise(dataset, segments[generator.integers(len(segments))], longest)[: samples - place]
        audio[place : place + len(piece)] = piece * np.float32(generator.uniform(0, noise_volume))
        place += len(piece)
    return audio


def _noise(dataset: SpeechDataset, segment: NoiseSegment, longest: int) -> np.ndarray:
    return np.asarray(dataset.noise[segment.first : segment.first + min(segment.samples, longest)])
