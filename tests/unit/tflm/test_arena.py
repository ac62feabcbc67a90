import math

import pytest

from micronets.tflm.arena import bisect


@pytest.mark.parametrize("most", [1, 2, 3, 17, 64, 65, 1000])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.5, 0.99, 1.0])
def test_the_smallest_multiple_of_16_that_works_is_found(most, share):
    needed_bytes = 1 + round(share * (16 * most - 1))
    trials = bisect(most, lambda size_bytes: size_bytes >= needed_bytes, "network")
    smallest = min(size_bytes for size_bytes, works in trials if works)
    assert smallest == -(-needed_bytes // 16) * 16
    # It is known to be the smallest: the next smaller one was tried, unless that is none at all.
    assert smallest == 16 or (smallest - 16, False) in trials
    assert len(trials) == len(set(trials)) <= 1 + math.ceil(math.log2(most) if most > 1 else 0)
    assert trials[0] == (16 * most, True)


def test_progress_is_logged(caplog):
    caplog.set_level("INFO")
    bisect(1, lambda size_bytes: True, "model")
    assert "1/1 arenas of model, 16 bytes are enough" in caplog.text
