"""Random budgets are kept as measured, or refused; the measurements of the unit tests are stand-ins."""

import csv
from dataclasses import replace

import pytest

from micronets.benchmark import budgets
from micronets.benchmark.budgets import FAMILIES, Row, format_budgets, run_budgets
from micronets.boards import find_board
from micronets.cli import main
from micronets.costs import costs
from micronets.fit.measured import Measured
from micronets.layer_costs import find_layer_costs, layer_shapes

BOARD = find_board("nucleo-f446re")
TABLE = find_layer_costs(BOARD.name)


def stand_in(architecture, *_, **__):
    exact = costs(architecture)
    taken = exact.flash_bytes + 6_000, round(1.1 * exact.sram_bytes)
    return Measured(*taken, 490_000, 120_000, 1.1 * TABLE.latency_ms(layer_shapes(architecture)), None)


def test_every_budget_is_kept_or_refused_and_the_families_take_turns(tmp_path, monkeypatch):
    monkeypatch.setattr(budgets, "measure", stand_in)
    rows = run_budgets(tmp_path, BOARD, 6, 1, "balanced", 2, tmp_path / "unfinished.npz")
    assert [row.backbone for row in rows[:4]] == [*FAMILIES, "ds-cnn"]
    assert all(row.keeps != bool(row.refusal) for row in rows)
    assert sum(row.keeps for row in rows) >= 3
    with open(tmp_path / "budgets.csv", encoding="utf-8", newline="") as stream:
        written = list(csv.DictReader(stream))
    assert [int(row["flash_limit_bytes"]) for row in written] == [row.flash_limit_bytes for row in rows]
    assert rows == run_budgets(tmp_path, BOARD, 6, 1, "balanced", 1, tmp_path / "unfinished.npz")
    assert "0 were broken." in format_budgets(rows)
    assert [path.name for path in tmp_path.iterdir()] == ["budgets.csv"]


@pytest.mark.parametrize("share", [0.6, 1.1])
def test_the_smallest_network_is_measured_before_a_budget_is_refused(share, monkeypatch):
    asked = []

    def measured(architecture, *_, **__):
        asked.append(architecture)
        taken = stand_in(architecture)
        return replace(taken, network_ram_bytes=round(share * costs(architecture).sram_bytes), latency_ms=1.0)

    monkeypatch.setattr(budgets, "measure", measured)
    monkeypatch.setattr(budgets, "RAM_BYTES", (7_500, 9_800))  # 12,288 are expected of the smallest residual network
    row = budgets._row(BOARD, 2, 1, "balanced")  # of a residual network
    assert row.keeps == (share < 1)
    assert costs(asked[0]).sram_bytes == 12_288
    assert share < 1 or "13,517 of" in row.refusal


def test_an_interrupted_run_goes_on_after_the_budgets_that_were_finished(tmp_path, monkeypatch):
    worked_on = []

    def row(board, number, seed, optimise):
        worked_on.append(number)
        if number == 2 and worked_on.count(2) == 1:
            raise KeyboardInterrupt
        return Row(number, "resnet", 1_000, 1_000, 1.0, refusal=f"of seed {seed}")

    monkeypatch.setattr(budgets, "_row", row)
    unfinished = tmp_path / "unfinished.npz"
    with pytest.raises(KeyboardInterrupt):
        run_budgets(tmp_path, BOARD, 4, 1, "balanced", 1, unfinished)
    kept = unfinished.read_bytes()
    rows = run_budgets(tmp_path, BOARD, 4, 1, "balanced", 1, unfinished)
    assert [row.number for row in rows] == [0, 1, 2, 3]
    assert sorted(worked_on) == [0, 1, 2, 2, 3]
    unfinished.write_bytes(kept)
    rows = run_budgets(tmp_path, BOARD, 4, 2, "balanced", 1, unfinished)
    assert {row.refusal for row in rows} == {"of seed 2"}


def test_a_figure_above_its_limit_is_no_kept_budget():
    row = Row(7, "resnet", 1_000, 1_000, 1.0, 900, 900, 0.9, 0.1, 1, 0.9)
    assert row.keeps and not replace(row, latency_ms=1.001).keeps and not replace(row, network_ram_bytes=1_001).keeps
    assert "1 were broken: [7]" in format_budgets([replace(row, flash_bytes=1_001)])


@pytest.mark.emulator
@pytest.mark.slow
def test_the_command_measures_on_the_emulator(tmp_path, capsys):
    assert main(["benchmark", "budgets", "--count", "1", "--seed", "3", "--output", str(tmp_path / "out")]) == 0
    assert "ds-cnn" in capsys.readouterr().out
    with open(tmp_path / "out" / "budgets.csv", encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["refusal"] or int(row["measured"]) >= 1
