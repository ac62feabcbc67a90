"""Streams made of a prepared dataset."""

import numpy as np
import pytest
import soundfile

from micronets.data.speech.dataset import SpeechDataset
from micronets.data.speech.spoken_stream import SpokenStream, make_stream
from micronets.errors import DataError
from micronets.tasks import find_task


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dataset") / "data"
    options = {"generated": {"voice": "formant", "speakers": 4, "clips_per_word": 4, "unknown_words": 2}}
    find_task("kws").prepare(options, folder, seed=1, threads=1)
    return SpeechDataset.open(folder)


def test_words_lie_where_the_table_says(dataset):
    stream = make_stream(dataset, minutes=1, noise_volume=0.0, seed=1)
    clip = dataset.parameters.clip_samples
    rows = dataset.rows("testing")
    testing = dataset.audio[rows]
    words = dataset.clips["word"].to_numpy()[rows]
    assert len(stream.audio) == 60 * 16000 and 12 <= len(stream.events) <= 30
    rest = stream.audio.copy()
    for event in stream.events:
        heard = stream.audio[16 * event.start_ms : 16 * event.start_ms + clip]
        rest[16 * event.start_ms : 16 * event.end_ms] = 0
        # all but the faded ends is the clip of that word
        (found,) = np.flatnonzero((testing[:, 160:-160] == heard[160:-160]).all(axis=1))
        assert words[found] == event.word
        assert event.label in (event.word, "_unknown_") and event.end_ms - event.start_ms == 1000
    assert not rest.any()
    gaps = [later.start_ms - earlier.end_ms for earlier, later in zip(stream.events, stream.events[1:], strict=False)]
    assert min(gaps) >= 1000 and max(gaps) <= 3000


def test_every_word_comes_once_before_any_comes_again(dataset):
    spoken = sum(label != "_silence_" for label in dataset.clips["label"][dataset.rows("testing")])
    stream = make_stream(dataset, minutes=3, noise_volume=0.0, seed=1)
    clip = dataset.parameters.clip_samples
    pieces = [stream.audio[16 * event.start_ms :][:clip].tobytes() for event in stream.events]
    assert len(pieces) > spoken
    assert len(set(pieces[:spoken])) == spoken == len(set(pieces))


def test_noise_is_that_of_the_testing_split_at_a_volume_below_the_greatest(dataset):
    loud = make_stream(dataset, minutes=0.5, noise_volume=0.1, seed=2)
    quiet = make_stream(dataset, minutes=0.5, noise_volume=0.0, seed=2)
    assert loud.events == quiet.events
    noise = loud.audio.astype(np.int32) - quiet.audio
    greatest = max(
        np.abs(np.asarray(dataset.noise[part.first : part.first + part.samples], np.int32)).max()
        for part in dataset.noise_segments("testing")
    )
    assert 0 < np.abs(noise).max() <= 0.1 * greatest + 1
    # one piece, by its correlation with the segment it was cut from, at the stream's beginning
    first = noise[: 16 * loud.events[0].start_ms][:16000].astype(float)
    likeness = [
        np.corrcoef(first, dataset.noise[part.first : part.first + len(first)])[0, 1]
        for part in dataset.noise_segments("testing")
    ]
    assert max(likeness) > 0.95


def test_the_same_seed_gives_the_same_stream(dataset):
    one, same, other = (make_stream(dataset, 0.5, 0.1, seed) for seed in (3, 3, 4))
    assert np.array_equal(one.audio, same.audio) and one.events == same.events
    assert not np.array_equal(one.audio, other.audio)


def test_a_stream_too_short_for_a_word(dataset):
    with pytest.raises(DataError, match="has no room for a word; set spot.minutes higher"):
        make_stream(dataset, minutes=0.02, noise_volume=0, seed=1)


def test_a_stream_survives_its_files(dataset, tmp_path):
    stream = make_stream(dataset, 0.5, 0.1, seed=5)
    stream.save(tmp_path / "stream.wav", tmp_path / "truth.csv")
    again = SpokenStream.load(tmp_path / "stream.wav", tmp_path / "truth.csv", 16000)
    assert np.array_equal(again.audio, stream.audio) and again.events == stream.events
    assert stream.seconds == 30


def test_files_that_are_no_stream(dataset, tmp_path):
    make_stream(dataset, 0.2, 0.1, seed=5).save(tmp_path / "stream.wav", tmp_path / "truth.csv")
    (tmp_path / "truth.csv").write_text("start_ms,word\n1,yes\n", encoding="utf-8")
    with pytest.raises(DataError, match="it needs the columns start_ms, end_ms, word, label"):
        SpokenStream.load(tmp_path / "stream.wav", tmp_path / "truth.csv", 16000)
    with pytest.raises(DataError, match="no recording to listen to"):
        SpokenStream.load(tmp_path / "missing.wav", tmp_path / "truth.csv", 16000)


def test_recordings_of_ones_own_are_converted(dataset, tmp_path):
    stream = make_stream(dataset, 0.2, 0.1, seed=5)
    stream.save(tmp_path / "stream.wav", tmp_path / "truth.csv")
    soundfile.write(tmp_path / "two.wav", np.stack([stream.audio, stream.audio], axis=1), 16000)
    found = SpokenStream.load(tmp_path / "two.wav", tmp_path / "truth.csv", 16000)
    np.testing.assert_array_equal(found.audio, stream.audio)
    assert found.events == stream.events
