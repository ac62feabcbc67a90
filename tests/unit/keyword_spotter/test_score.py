"""Hits, misses, wrong words and false alarms."""

import pytest
from scipy.stats import poisson

from micronets.data.speech.spoken_stream import Event
from micronets.keyword_spotter.score import Detection, score


def said(end_ms: int, word: str, label: str | None = None) -> Event:
    return Event(end_ms - 1000, end_ms, word, label or word)


def heard(time_ms: int, label: str) -> Detection:
    return Detection(time_ms, label, 0.9)


def test_every_kind_of_verdict():
    events = [said(2000, "yes"), said(5000, "no"), said(8000, "up"), said(11000, "bed", "_unknown_"), said(14000, "go")]
    detections = [
        heard(1500, "yes"),  # as early as may be: a hit
        heard(2500, "yes"),  # again: a false alarm
        heard(5501, "no"),  # too late: a false alarm, and a miss
        heard(7900, "on"),  # a wrong word
        heard(8200, "up"),  # after it, the right one: too late
        heard(11100, "down"),  # another word taken for a keyword
        heard(12500, "left"),  # nobody said anything
        heard(14500, "go"),  # as late as may be
    ]
    found = score(detections, events, tolerance_ms=500, seconds=1800)
    assert [judged.verdict for judged in found.judged] == [
        "hit",
        "false alarm",
        "false alarm",
        "wrong word",
        "false alarm",
        "false alarm",
        "false alarm",
        "hit",
    ]
    assert found.missed == (events[1],)
    content = found.to_json()
    interval, rate = content.pop("hit_share"), content.pop("false_alarms_per_hour")
    assert content == {
        "keywords": 4,
        "hits": 2,
        "misses": 1,
        "wrong_words": 1,
        "false_alarms": 5,
        "false_alarms_on_other_words": 1,
        "false_alarms_repeated": 2,
        "false_alarms_in_noise": 2,
        "hours": 0.5,
        "median_delay_ms": 500,
    }
    assert interval["value"] == 0.5 and rate["value"] == 10
    # the ends of the interval are the rates at which so many, or so few, have a chance of 2.5 %
    assert poisson.sf(4, rate["low"] / 2) == pytest.approx(0.025)
    assert poisson.cdf(5, rate["high"] / 2) == pytest.approx(0.025)


def test_hits_misses_and_wrong_words_are_all_keywords():
    events = [said(1000 + 2000 * index, "yes") for index in range(10)]
    detections = [heard(event.end_ms, label) for event, label in zip(events, ["yes", "no", "yes"], strict=False)]
    content = score(detections, events, 750, 60).to_json()
    assert content["hits"] + content["misses"] + content["wrong_words"] == content["keywords"] == 10


def test_nothing_said_and_nothing_heard():
    content = score([], [], 750, 3600).to_json()
    assert content["hit_share"] is None and content["median_delay_ms"] is None
    assert content["false_alarms_per_hour"]["value"] == content["false_alarms_per_hour"]["low"] == 0
    assert content["false_alarms_per_hour"]["high"] == pytest.approx(3.689, abs=1e-3)


def test_a_detection_between_two_words_belongs_to_the_nearer():
    events = [said(2000, "yes"), said(3200, "no")]
    found = score([heard(2700, "no")], events, 750, 60)
    assert found.judged[0].verdict == "hit" and found.missed == (events[0],)
