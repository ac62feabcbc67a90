import pytest

from micronets.timing.published_latencies import MeasuredBoard, PublishedLatencies, Record, Submission
from micronets.timing.transfer import (
    ErrorBar,
    Pair,
    Transfer,
    find_pairs,
    fit_transfer,
    reference_errors,
    unseen_errors,
)

BOARDS = {
    name: MeasuredBoard(name, core, 100_000_000)
    for name, core in (
        ("nucleo-l4r5zi", "cortex-m4"),
        ("nucleo-f446re", "cortex-m4"),
        ("seven", "cortex-m7"),
        ("thirty-three", "cortex-m33"),
    )
}


def pair(software: str, macs: int, reference_cycles: float, cycles: float, reference: str = "nucleo-l4r5zi") -> Pair:
    return Pair(software, "1", "network", macs, reference, reference_cycles, "seven", cycles)


def submission(software: str, version: str, cycles: dict[str, dict[str, float]]) -> Submission:
    return Submission(software, version, "", cycles, {})


def test_products_stay_and_the_rest_shrinks() -> None:
    # 100 MACs are 50 cycles on both cores; of the other 150 half remain.
    assert Transfer(0.5).cycles(200, 100) == 50 + 75
    assert Transfer(0.5).reference_cycles(125, 100) == 200
    assert Transfer(0.5).cycles(40, 100) == 40  # fewer cycles than products: nothing else is there to shrink
    assert Transfer(0.5).cycles(200, 0) == 100


def test_fit_finds_the_share_that_made_the_figures() -> None:
    made = Transfer(0.37)
    pairs = [pair("one", macs, cycles, made.cycles(cycles, macs)) for macs, cycles in ((10, 50), (100, 900), (0, 7))]
    assert fit_transfer(pairs).rest == pytest.approx(0.37)


def test_fit_weighs_figures_by_their_relative_errors() -> None:
    # Both without products: the shares 0.4 and 0.6 of a large and a small network count alike.
    pairs = [pair("one", 0, 1e6, 0.4e6), pair("one", 0, 1e3, 0.6e3)]
    found = fit_transfer(pairs).rest
    errors = [found / 0.4 - 1, found / 0.6 - 1]
    assert sum(error * (error + 1) for error in errors) == pytest.approx(0)  # the derivative of their squares
    assert 0.4 < found < 0.5


def test_errors_are_those_of_software_that_the_fit_has_not_seen() -> None:
    pairs = [pair("one", 0, 100, 50), pair("one", 0, 200, 100), pair("two", 0, 100, 40)]
    assert unseen_errors(pairs) == pytest.approx((0.4 / 0.5 - 1, 0.4 / 0.5 - 1, 0.5 / 0.4 - 1))


def test_pairs_are_of_one_submission_and_take_the_reference_board_first() -> None:
    submissions = (
        Submission(
            "one",
            "1",
            "",
            {"nucleo-f446re": {"a": 90.0}, "nucleo-l4r5zi": {"a": 100.0, "b": 7.0}, "seven": {"a": 50.0}},
            {},
        ),
        Submission("one", "2", "", {"nucleo-l4r5zi": {"a": 10.0}, "thirty-three": {"a": 8.0, "b": 1.0}}, {}),
        Submission("two", "1", "", {"seven": {"a": 1.0}}, {}),
        Submission("three", "1", "", {"nucleo-f446re": {"b": 3.0}, "seven": {"b": 2.0}}, {}),
    )
    published = PublishedLatencies(BOARDS, {"a": 4, "b": 6}, Record("nucleo-l4r5zi", 1, 0.1, 0.1), submissions)
    assert find_pairs(published, "cortex-m7") == (
        Pair("one", "1", "a", 4, "nucleo-l4r5zi", 100.0, "seven", 50.0),
        Pair("three", "1", "b", 6, "nucleo-f446re", 3.0, "seven", 2.0),
    )
    assert [(found.network, found.cycles) for found in find_pairs(published, "cortex-m33")] == [("a", 8.0)]
    assert [found.board for found in find_pairs(published, "cortex-m4")] == ["nucleo-f446re"]


def test_a_second_cortex_m4_is_judged_over_a_third_board() -> None:
    # Half of the cycles remain on the third board, so its 60 stand for 120 on the reference board; the second took 100.
    pairs = [pair("one", 0, 80, 40), pair("two", 0, 100, 60, reference="nucleo-f446re")]
    assert reference_errors(pairs, "nucleo-f446re") == pytest.approx((0.2,))
    assert reference_errors(pairs, "elsewhere") == ()


def test_errors_of_an_estimate_from_an_estimate() -> None:
    bar = ErrorBar(0.03, 0.1, 12).and_then(ErrorBar.of([0.04, -0.04, 0.04]))
    assert (bar.mean, bar.worst, bar.figures) == (pytest.approx(0.05), pytest.approx(1.1 * 1.04 - 1), 3)
