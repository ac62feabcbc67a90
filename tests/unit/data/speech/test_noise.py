import numpy as np

from micronets.data.speech.noise import draw_crops, split_recording


def test_splits_share_no_sample_and_cover_the_recording():
    segments = split_recording("n.wav", 1_000_000, 500, 16000)
    assert [(s.split, s.offset, s.samples) for s in segments] == [
        ("training", 0, 800_000),
        ("validation", 800_000, 100_000),
        ("testing", 900_000, 100_000),
    ]
    assert [s.first for s in segments] == [500, 800_500, 900_500]


def test_short_recordings():
    assert [s.samples for s in split_recording("n.wav", 48000, 0, 16000)] == [16000] * 3
    assert [(s.split, s.samples) for s in split_recording("n.wav", 47999, 0, 16000)] == [("training", 47999)]
    assert split_recording("n.wav", 15999, 0, 16000) == []


def test_crops_stay_within_their_segment_and_reach_both_ends():
    segments = [s for n in (0, 1) for s in split_recording("n.wav", 48010, n * 48010, 16000) if s.split == "training"]
    chosen, places = draw_crops(segments, 2000, 16000, np.random.default_rng(0))
    for index, segment in enumerate(segments):
        inside = places[chosen == index] - segment.first
        assert inside.min() == 0
        assert inside.max() == segment.samples - 16000 == 10
        assert abs((chosen == index).mean() - 0.5) < 0.05
