from collections import Counter
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from micronets.data.speech.augmentation import NO_AUGMENTATION, Augmentation
from micronets.data.speech.batches import SpeechBatches
from micronets.features.filterbank import FilterbankParameters
from micronets.features.mfcc import mfcc

EVERYTHING = Augmentation(speed_probability=0.5, mixup_alpha=0.3)


def classes(stream, epoch):
    return np.concatenate([targets.argmax(axis=1) for _, targets in stream.epoch(epoch)])


def test_batches_are_full_and_typed(dataset):
    stream = SpeechBatches(dataset, EVERYTHING, seed=1, batch_size=32)
    batches = list(stream.epoch(0))
    assert stream.steps_per_epoch == len(batches) == 3  # 60 keywords + 6 unknown + 6 silence
    for features, targets in batches:
        assert features.shape == (32, 49, 10, 1)
        assert targets.shape == (32, 12)
        assert features.dtype == targets.dtype == np.float32
        assert np.isfinite(features).all()
        assert np.allclose(targets.sum(axis=1), 1)


def test_an_epoch_shows_each_keyword_clip_once_and_a_tenth_of_the_rest(dataset):
    counted = Counter(classes(SpeechBatches(dataset, Augmentation(), seed=1, batch_size=72), 0).tolist())
    assert counted == {index: 6 for index in range(12)}


def test_the_last_batch_is_filled_with_the_first_examples(dataset):
    batches = list(SpeechBatches(dataset, NO_AUGMENTATION, seed=1, batch_size=50).epoch(0))
    first, last = batches[0][1].argmax(axis=1), batches[1][1].argmax(axis=1)
    assert np.array_equal(last[22:], first[:28])


def test_a_batch_larger_than_the_epoch(dataset):
    stream = SpeechBatches(dataset, NO_AUGMENTATION, seed=1, batch_size=200)
    assert stream.steps_per_epoch == 1
    assert len(classes(stream, 0)) == 200


def test_a_batch_is_a_function_of_seed_and_epoch_alone(dataset):
    def second_epoch(threads):
        return list(SpeechBatches(dataset, EVERYTHING, seed=5, batch_size=32, threads=threads).epoch(1))

    used = SpeechBatches(dataset, EVERYTHING, seed=5, batch_size=32)
    list(used.epoch(0))
    list(islice(used.epoch(1), 1))  # an epoch left early
    for others in (second_epoch(1), second_epoch(3)):
        for (features, targets), (other_features, other_targets) in zip(used.epoch(1), others, strict=True):
            assert np.array_equal(features, other_features)
            assert np.array_equal(targets, other_targets)


def test_epochs_and_seeds_differ(dataset):
    def first_batch(seed, epoch):
        return next(SpeechBatches(dataset, Augmentation(), seed=seed, batch_size=32).epoch(epoch))[0]

    batches = [first_batch(1, 0), first_batch(1, 1), first_batch(2, 0)]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not np.array_equal(batches[one], batches[other])


def test_without_augmentation_words_are_those_of_the_dataset(dataset):
    stored = {row.tobytes() for row in np.round(dataset.features("training"), 3)}
    seen = 0
    for features, targets in SpeechBatches(dataset, NO_AUGMENTATION, seed=1, batch_size=24).epoch(0):
        words = features[targets.argmax(axis=1) != 10]
        seen += sum(row.tobytes() in stored for row in np.round(words, 3))
    assert seen == 66


def test_unknown_words_are_drawn_anew_in_every_epoch(dataset):
    stream = SpeechBatches(dataset, NO_AUGMENTATION, seed=1, batch_size=72)
    drawn = []
    for epoch in range(8):
        features, targets = next(stream.epoch(epoch))
        drawn.append(frozenset(row.tobytes() for row in features[targets.argmax(axis=1) == 11]))
    assert len(set(drawn)) > 1
    assert len(frozenset.union(*drawn)) > 12  # of 18 in the store, 6 an epoch


def test_silence_comes_from_the_training_part_of_the_noise(dataset):
    """With everything else of the noise wiped out, the stream stays the same."""
    noise = np.zeros_like(dataset.noise)
    for segment in dataset.noise_segments("training"):
        place = slice(segment.first, segment.first + segment.samples)
        noise[place] = dataset.noise[place]
    assert not np.array_equal(noise, dataset.noise)
    wiped = replace(dataset, noise=noise)
    streams = [SpeechBatches(given, Augmentation(), seed=1, batch_size=72).epoch(0) for given in (dataset, wiped)]
    assert np.array_equal(next(streams[0])[0], next(streams[1])[0])


def test_noise_is_as_strong_as_configured(dataset):
    """A clip plus noise of a known gain, made by hand, has the features of the stream."""
    loud = replace(NO_AUGMENTATION, noise_probability=1.0, noise_volume=0.5)
    constant = replace(dataset, noise=np.full_like(dataset.noise, 16384), silence_percent=0)
    stream = SpeechBatches(constant, loud, seed=1, batch_size=66, threads=1)
    rows = stream._order(0)[0]
    features, _ = next(stream.epoch(0))
    clips = dataset.audio[rows] / np.float32(32768)
    peaks = np.abs(clips).max(axis=1, keepdims=True)
    quiet, loudest = (mfcc(clips + gain * 0.5 * peaks, dataset.parameters) for gain in (0.0, 0.5))
    lowest_band_energy = features[:, :, 0, 0].mean()
    assert quiet[..., 0].mean() != pytest.approx(lowest_band_energy, abs=1e-3)
    between = sorted([quiet[..., 0].mean(), loudest[..., 0].mean()])
    assert between[0] < lowest_band_energy < between[1]


def test_subset_keeps_to_its_rows(dataset):
    first, second = dataset.split_indices(0.5, seed=1)
    halves = [SpeechBatches(dataset, NO_AUGMENTATION, seed=1, batch_size=36, subset=rows) for rows in (first, second)]
    assert [stream.steps_per_epoch for stream in halves] == [1, 1]
    seen = [
        {row.tobytes() for features, targets in stream.epoch(0) for row in features[targets.argmax(axis=1) != 10]}
        for stream in halves
    ]
    assert len(seen[0]) == len(seen[1]) == 33
    assert not seen[0] & seen[1]


def test_a_failure_in_a_thread_reaches_the_caller(dataset):
    broken = replace(dataset, audio=dataset.audio[:3])
    with pytest.raises(IndexError):
        list(SpeechBatches(broken, NO_AUGMENTATION, seed=1, batch_size=32).epoch(0))


@pytest.fixture
def filterbanks(dataset):
    """The same clips for a 1-D network."""
    return dataset.with_features(FilterbankParameters(), (30, 1, 40), {})


def test_batches_have_the_shape_that_the_network_reads(filterbanks):
    stored = {row.tobytes() for row in np.round(filterbanks.features("training"), 3)}
    seen = 0
    for features, targets in SpeechBatches(filterbanks, NO_AUGMENTATION, seed=1, batch_size=24).epoch(0):
        assert features.shape == (24, 30, 1, 40)
        seen += sum(row.tobytes() in stored for row in np.round(features[targets.argmax(axis=1) != 10], 3))
    assert seen == 66


def test_levels_change_by_no_more_than_configured_and_mfcc_do_not_feel_it(dataset, filterbanks):
    louder = replace(NO_AUGMENTATION, level_range_db=6.0)
    batches = {}
    for name, augmentation in (("as recorded", NO_AUGMENTATION), ("louder", louder)):
        silent = replace(filterbanks, silence_percent=0)
        stream = SpeechBatches(silent, augmentation, seed=1, batch_size=66, threads=1)
        batches[name] = next(stream.epoch(0))[0]
    inside = np.logical_and.reduce([(0.01 < features) & (features < 0.99) for features in batches.values()])
    changes_db = 64 * (batches["louder"] - batches["as recorded"])
    of_clip = [changes_db[clip][inside[clip]] for clip in range(66)]
    # a gain moves every band of a clip by the same number of dB
    assert all(np.ptp(change) < 0.05 for change in of_clip)
    means = np.array([change.mean() for change in of_clip])
    assert means.min() < -4 and means.max() > 4 and np.abs(means).max() < 6.01
    plain, gained = (
        next(SpeechBatches(replace(dataset, silence_percent=0), chosen, seed=1, batch_size=66).epoch(0))[0]
        for chosen in (NO_AUGMENTATION, louder)
    )
    np.testing.assert_allclose(gained, plain, atol=2e-3)
