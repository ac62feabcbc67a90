"""Pictures of a stream, and other thresholds on it."""

import numpy as np

from micronets.data.speech.spoken_stream import Event, SpokenStream
from micronets.keyword_spotter.operating_points import THRESHOLDS, operating_picture, operating_points
from micronets.keyword_spotter.options import SpotOptions
from micronets.keyword_spotter.picture import stream_picture
from micronets.keyword_spotter.run import Answers
from micronets.keyword_spotter.score import Detection, score
from micronets.keyword_spotter.settings import DetectorSettings

LABELS = ("yes", "no", "_silence_", "_unknown_")


def test_a_picture_is_repeatable_and_says_what_it_shows():
    events = [Event(1000 + 3000 * i, 2000 + 3000 * i, word, word) for i, word in enumerate(("yes", "no") * 20)]
    events.append(Event(122_000, 123_000, "bed", "_unknown_"))
    stream = SpokenStream(np.zeros(16 * 130_000, np.int16), 16000, tuple(events))
    settings = DetectorSettings.of(SpotOptions(), LABELS, 20)
    time_ms = np.arange(1000, 130_001, 100)
    sums = np.random.default_rng(0).integers(0, 256 * settings.window, (len(time_ms), 4)).astype(np.uint16)
    answers = Answers(time_ms, sums, sums, np.full(len(time_ms), -1, np.int16))
    detections = [Detection(event.end_ms + 100, event.label, 0.8) for event in events[2:40]]
    detections += [Detection(123_100, "no", 0.75), Detection(128_000, "yes", 0.75)]
    scored = score(detections, stream.events, 750, stream.seconds)
    one, same = (stream_picture(stream, answers, scored, settings) for _ in range(2))
    assert one.png == same.png and one.png.startswith(b"\x89PNG")
    assert one.alternative == "38 hits, 2 misses, 0 wrong words, 2 false alarms in 2.2 minutes"


def test_a_stream_in_which_nothing_happens():
    settings = DetectorSettings.of(SpotOptions(), LABELS, 20)
    nothing = Answers(*(np.zeros((0, *shape), np.int64) for shape in ((), (4,), (4,), ())))
    stream = SpokenStream(np.zeros(1600, np.int16), 16000, ())
    assert stream_picture(stream, nothing, score([], [], 750, 0.1), settings).alternative.startswith("0 hits, 0 misses")


def test_other_thresholds_are_what_the_detector_makes_of_them():
    """One word is certain, one doubtful, and something in the noise sounds like a word."""
    settings = DetectorSettings.of(SpotOptions(step_ms=100, smoothing_ms=100), LABELS, 20)
    time_ms = np.arange(1000, 60_001, 100)
    likely = np.zeros((len(time_ms), 4), np.uint16)
    likely[:, 2] = 128
    for heard_ms, label, posterior in ((5000, 0, 230), (20_000, 1, 160), (40_000, 0, 135)):
        likely[time_ms == heard_ms, label] = posterior
    events = [Event(4000, 5000, "yes", "yes"), Event(19_000, 20_000, "no", "no")]
    answers = Answers(time_ms, likely, likely, np.full(len(time_ms), -1, np.int16))
    points = operating_points(answers, settings, events, 750, 60)
    found = {point.threshold: (point.hits, point.misses, point.false_alarms) for point in points}
    # 135 of 256 is 0.527, 160 is 0.625, 230 is 0.898; what is below 128, half, is silence
    expected = {True: (2, 0, 1), False: (2, 0, 0)}
    for threshold in THRESHOLDS:
        if threshold <= 0.6:
            assert found[threshold] == expected[threshold <= 0.5]
        else:
            assert found[threshold] == ((1, 1, 0) if threshold <= 0.85 else (0, 2, 0))
    assert points[0].false_alarms_per_hour == 60
    picture = operating_picture(points, settings)
    assert picture.png == operating_picture(points, settings).png
    assert operating_points(answers, settings, [], 750, 60) == ()
