"""What a job asks a cluster for."""

import json

import pytest

from micronets.resources import UNKNOWN_EXAMPLES, Limits, Work, memory_mb, minutes, training_examples

STAGE = {"threads": 4, "memory_mb": 3000, "minutes": 15, "kb_per_example": 40, "ms_per_example": 1, "ms_per_mop": 3}


def test_time_and_memory_grow_with_epochs_examples_and_operations():
    work = Work(epochs=20, examples=60_000, mops=5.0)
    assert minutes(STAGE, work) == 15 + 20 * 60_000 * (1 + 3 * 5) // 60_000
    assert memory_mb(STAGE, work) == 3000 + 2400
    assert minutes({"minutes": 10}, work) == 10


def test_another_attempt_gets_more_but_never_more_than_the_limit():
    work = Work(epochs=1, examples=60_000, mops=0.0)
    assert [minutes(STAGE, work, attempt) for attempt in (1, 2, 3)] == [16, 32, 48]
    assert [minutes(STAGE, work, attempt, Limits(minutes=40)) for attempt in (1, 2, 3)] == [16, 32, 40]
    assert [memory_mb(STAGE, Work(), attempt, Limits(memory_mb=8000)) for attempt in (1, 2, 3)] == [3000, 6000, 8000]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"counts": {"training": -1}}', '{"counts": 3}', "[" * 100_000])
def test_of_a_dataset_that_is_not_there_or_damaged_many_examples_are_assumed(tmp_path, content):
    path = tmp_path / "dataset.json"
    assert training_examples(path) == UNKNOWN_EXAMPLES
    path.write_text(content, encoding="utf-8")
    assert training_examples(path) == UNKNOWN_EXAMPLES
    path.write_text(json.dumps({"counts": {"training": 7}}), encoding="utf-8")
    assert training_examples(path) == 7
