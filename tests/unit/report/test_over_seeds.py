"""Means and standard deviations over the seeds of a sweep."""

import pandas as pd
import pytest

from micronets.report.over_seeds import over_seeds, write_over_seeds

GROUPS = {"net-seed-1": "net", "net-seed-2": "net", "net-seed-3": "net", "wide-seed-1": "wide"}


@pytest.fixture
def summary():
    """Accuracies 80, 90 and 85: mean 85, sample variance (25 + 25 + 0) / 2 = 25."""
    return pd.DataFrame(
        {
            "model": ["net-seed-1", "net-seed-2", "net-seed-3", "wide-seed-1", "other"],
            "board": "b",
            "runtime": "micronets",
            "emulator_accuracy_percent": [80.0, 90.0, 85.0, 50.0, 40.0],
            "emulator_accuracy_percent_low": [70.0, 80.0, 75.0, 40.0, 30.0],
            "flash_bytes": [1000, 1000, 1000, 9, 9],
            "estimated_latency_ms": [None] * 5,
        }
    )


def test_a_group_of_seeds_has_a_mean_and_a_sample_deviation(summary):
    (row,) = over_seeds(summary, GROUPS).to_dict("records")
    assert (row["model"], row["board"], row["seeds"]) == ("net", "b", 3)
    assert row["emulator_accuracy_percent"] == pytest.approx(85.0)
    assert row["emulator_accuracy_percent_sd"] == pytest.approx(5.0)
    assert (row["flash_bytes"], row["flash_bytes_sd"]) == (1000, 0)
    assert "emulator_accuracy_percent_low" not in row


def test_the_table_for_the_terminal_is_added_once_there_are_seeds(summary, tmp_path):
    summary.to_csv(tmp_path / "summary.csv", index=False)
    (tmp_path / "summary.txt").write_text("all models\n", encoding="utf-8")
    assert write_over_seeds(tmp_path, {}).empty
    assert (tmp_path / "summary.txt").read_text(encoding="utf-8") == "all models\n"
    write_over_seeds(tmp_path, GROUPS)
    text = (tmp_path / "summary.txt").read_text(encoding="utf-8")
    assert text.startswith("all models\n\nOver seeds") and "85.0 ± 5.0" in text and "low" not in text
    assert pd.read_csv(tmp_path / "over_seeds.csv")["seeds"].tolist() == [3]
