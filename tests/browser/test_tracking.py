"""What MLflow's pages show: the printed link opens runs with figures, and models can be compared by parameters."""

import re

import pytest

from micronets.tracking import STORE_VARIABLE, StageRun, prepare_store, record_over_seeds, store_uri
from tests.browser.chromium import browse
from tests.browser.tracking_pictures import mlflow_ui, pages

BOARD = "nucleo-l4r5zi"


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """The text of each page, of a store with two models and their mean."""
    folder = tmp_path_factory.mktemp("tracking")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv(STORE_VARIABLE, raising=False)
        prepare_store("results", {"kws": ["net-seed-1", "net-seed-2"]})
        for seed, accuracy in ((1, 0.8125), (2, 0.8375)):
            train = {"train": {"float_epochs": 33, "weight_bits": 4}, "seed": seed}
            with StageRun("results", "kws", f"net-seed-{seed}", "train", train) as run:
                run.log_summary({"accuracy": accuracy, f"{BOARD}/latency_ms": 12.25, f"{BOARD}/ram_bytes": 9876})
        row = {"model": "net", "board": BOARD, "runtime": "micronets", "seeds": 2, "int8_accuracy_percent": 82.5}
        record_over_seeds("results", "kws", [row], {"net": {"train": {"float_epochs": 33}}})
        with mlflow_ui(store_uri(), folder / "server.log") as address:
            return {
                name: re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", _dom(folder, page), flags=re.DOTALL)
                for name, page in pages(store_uri(), address, "kws").items()
            }


def _dom(folder, page):
    return browse(folder, (2400, 900), "--dump-dom", page).stdout


def test_the_link_opens_runs_with_their_figures(texts):
    for shown in ("net-seed-1", "net-seed-2", "mean of net", "0.8125", "0.8375", "12.25", "9876", "33"):
        assert shown in texts["runs"], shown
    assert f"{BOARD}/latency_ms" in texts["runs"] and "train.weight_bits" in texts["runs"]


def test_models_are_compared_by_parameters_and_metrics(texts):
    assert "No parameters to display" not in texts["compare"]
    for shown in ("net-seed-1", "net-seed-2", "train.float_epochs", "accuracy"):
        assert shown in texts["compare"], shown


def test_a_models_run_says_what_it_is(texts):
    assert "Network net-seed-2 of the task kws: accuracy 0.838" in " ".join(texts["model"].split())
