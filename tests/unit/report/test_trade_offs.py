import pytest

from micronets.report.charts.fronts import front_charts
from micronets.report.sources import read_results
from micronets.report.trade_offs import COSTS, pareto_front, points, trade_off_pictures


def test_front_holds_what_nothing_beats_in_both():
    points = [(5, 0.9), (3, 0.8), (4, 0.7), (8, 0.95), (9, 0.95), (3, 0.6)]
    assert pareto_front(points) == [(3, 0.8), (5, 0.9), (8, 0.95)]


def test_front_of_one_point_is_that_point():
    assert pareto_front([(1, 0.5)]) == [(1, 0.5)]


def test_a_picture_per_cost_names_every_model(whole_results, models):
    pictures = {
        picture.name: picture for picture in trade_off_pictures(read_results("kws", models, whole_results.root))
    }
    assert list(pictures) == ["accuracy_flash", "accuracy_ram", "accuracy_instructions", "accuracy_latency"]
    words = pictures["accuracy_instructions"].alternative
    assert "micronet-kws-s 87.5 % at 9,412,345 instructions per inference" in words
    assert all(name in words for name in models)


def test_a_cost_that_is_not_known_has_no_picture(results_folder):
    results_folder.published("ds-cnn-s")
    results_folder.train("ds-cnn-s", 0.85, 0.85)
    results_folder.export("ds-cnn-s", 0.85, 50_000, 30_000)
    results_folder.firmware("ds-cnn-s")
    models = {"ds-cnn-s": ["nucleo-f446re"]}
    names = [picture.name for picture in trade_off_pictures(read_results("kws", models, results_folder.root))]
    assert names == ["accuracy_flash"]


def test_seeds_are_one_point_with_their_deviation(results_folder):
    shares, instructions = (0.84, 0.86, 0.5), (4_000_000, 5_000_000, 2_000_000)
    models = dict.fromkeys(("net-seed-1", "net-seed-2", "other"), ["nucleo-f446re"])
    for name, share, count in zip(models, shares, instructions, strict=True):
        results_folder.searched(name)
        results_folder.everything(name, share, count, 30.0)
    groups = {"net-seed-1": "net", "net-seed-2": "net"}
    results = read_results("kws", models, results_folder.root, groups)
    (board,) = {build.board for model in results.models for build in model.builds}
    mean, other = points(results.models, board, COSTS[2])
    assert (mean.name, mean.seeds, mean.cost, other.name, other.seeds) == ("net", 2, 4_500_000, "other", 1)
    assert mean.score == pytest.approx(0.85)
    deviation, of_cost = 0.02 / 2**0.5, 1_000_000 / 2**0.5  # of two values: their difference by the root of 2
    assert mean.interval == pytest.approx((0.85 - deviation, 0.85 + deviation))
    assert mean.cost_interval == pytest.approx((4_500_000 - of_cost, 4_500_000 + of_cost))
    assert mean.spread == "2 seeds: ± 1.4" and other.spread == "95 %: 47.0 to 53.0 %"
    (picture,) = [each for each in trade_off_pictures(results) if each.name == "accuracy_instructions"]
    assert picture.alternative.startswith("net 85.0 % at 4,500,000 instructions")
    assert "standard deviation around the mean over seeds" in picture.caption
    assert all("net 85.0 % at" in chart.alternative for chart in front_charts(results))
