"""The C of the reference's integer arithmetic, against exact fractions: halves, signs and ends above all."""

import math
import subprocess
from fractions import Fraction

import numpy as np
import pytest

from micronets.csrc import CSRC

PROGRAM = """
#include <stdio.h>
#include "micronets_arithmetic.h"
int main(void)
{
    int32_t v[3];
    while (fread(v, 4, 3, stdin) == 3)
    {
        const int32_t r[4] = {mn_high_multiply(v[0], v[1]), mn_rounding_shift(v[0], v[2]),
                              mn_multiply_quantised(v[0], v[1], -v[2]), mn_clamp(v[0], -128, 127)};
        fwrite(r, 4, 4, stdout);
    }
    return 0;
}
"""


def half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


def half_away(value: Fraction) -> int:
    return half_up(value) if value >= 0 else -half_up(-value)


@pytest.mark.slow
def test_every_rounding_is_the_references(tmp_path):
    (tmp_path / "a.c").write_text(PROGRAM, encoding="utf-8")
    subprocess.run(
        ["cc", "-O1", f"-I{CSRC / 'include'}", "a.c", "-o", "a"], cwd=tmp_path, check=True, capture_output=True
    )
    random = np.random.default_rng(0)
    ends = [-(2**31), -(2**31) + 1, -129, -128, -3, -2, -1, 0, 1, 2, 3, 126, 127, 128, 2**30, 2**31 - 1]
    triples = [(a, b, e) for a in ends for b in (1, 2**30, 2**31 - 1) for e in (0, 1, 2, 7, 30, 31)]
    triples += [(a * 2**e // 2, 2**30 + 1, e) for a in range(-9, 10) for e in range(0, 25)]  # halves
    triples += [tuple(random.integers(-(2**31), 2**31, 2).tolist()) + (int(random.integers(32)),) for _ in range(500)]
    done = subprocess.run(
        ["./a"], cwd=tmp_path, input=np.array(triples, np.int32).tobytes(), capture_output=True, check=True
    )
    found = np.frombuffer(done.stdout, np.int32).reshape(-1, 4).tolist()
    for (a, b, exponent), row in zip(triples, found, strict=True):
        high = half_up(Fraction(a * b, 2**31))
        expected = [high, half_away(Fraction(a, 2**exponent)), half_away(Fraction(high, 2**exponent))]
        assert row == [*expected, min(max(a, -128), 127)], (a, b, exponent)


MEANS = """
#include <stdio.h>
#include "bytes.h"
int main(void)
{
    for (int32_t first = -256; first < 255; first++)
    {
        for (int32_t second = -256; second < 255; second++)
        {
            const int32_t a = first >> 1, b = first - a, c = second >> 1, d = second - c;
            const uint32_t means[2] = {
                mn_mean_of_four(mn_four_times(a), mn_four_times(b), mn_four_times(c), mn_four_times(d)),
                mn_mean_of_two(mn_four_times(a), mn_four_times(b))};
            fwrite(means, 4, 2, stdout);
        }
    }
    return 0;
}
"""


@pytest.mark.slow
def test_means_of_bytes_are_exact_for_all_sums(tmp_path):
    (tmp_path / "a.c").write_text(MEANS, encoding="utf-8")
    include = [f"-I{CSRC / name}" for name in ("include", "kernels")]
    subprocess.run(["cc", "-O1", *include, "a.c", "-o", "a"], cwd=tmp_path, check=True, capture_output=True)
    done = subprocess.run(["./a"], cwd=tmp_path, capture_output=True, check=True)
    found = np.frombuffer(done.stdout, np.int8).reshape(511, 511, 2, 4)
    two = np.arange(-256, 255)
    four = two[:, None] + two[None, :]
    assert np.array_equal(found[:, :, 0], np.repeat(rounded_away(four, 4)[:, :, None], 4, axis=2))
    assert np.array_equal(found[:, 0, 1, 0], rounded_away(two, 2))


def rounded_away(sums: np.ndarray, count: int) -> np.ndarray:
    return np.sign(sums) * np.floor(np.abs(sums) / count + 0.5).astype(np.int64)
