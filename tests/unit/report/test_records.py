import math

import pytest

from micronets.report.records import Accuracy


@pytest.mark.parametrize(("share", "count"), [(0.5, 10), (0.9, 480), (0.0, 25), (1.0, 25), (0.853, 4890)])
def test_interval_bounds_solve_wilsons_equation(share, count):
    z = 1.959963984540054  # 97.5 % quantile of the normal distribution
    right = round(share * count)
    for bound in Accuracy(share, count).interval:
        distance = abs(right / count - bound)
        assert distance == pytest.approx(z * math.sqrt(bound * (1 - bound) / count), abs=1e-9)


def test_interval_of_a_well_known_example():
    low, high = Accuracy(0.8, 10).interval
    assert (low, high) == (pytest.approx(0.4902, abs=5e-5), pytest.approx(0.9433, abs=5e-5))
