from micronets.report.sources import read_results
from micronets.report.trade_offs import pareto_front, trade_off_pictures


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
