"""No model takes more instructions, cycles or bytes than `recorded_costs.csv` says, but for 1 %.

After a change that is worth it: `python -m tests.recorded_costs` writes the file anew.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from micronets.errors import ConfigurationError
from tests.recorded_costs import (
    FIGURES,
    M4_BOARD,
    MODELS,
    OPTIMISED,
    Costs,
    c_compiler,
    find_regressions,
    measure_costs,
    read_record,
    write_record,
)

COSTS = Costs(
    "model", "board", "speed", instructions=1000, cycles=2000, network_ram_bytes=300, code_bytes=400, constant_bytes=0
)


@pytest.mark.parametrize(("model", "board", "optimise"), MODELS)
def test_no_model_costs_more_than_on_record(
    model: str, board: str, optimise: str, request: pytest.FixtureRequest
) -> None:
    if model.endswith(".tflite"):
        request.getfixturevalue("shared")
    compiler, rows = read_record()
    if (found := c_compiler()) != compiler:
        pytest.skip(f"recorded with version {compiler} of the C compiler, this is {found}")
    (recorded,) = [row for row in rows if row.key == (model, board, optimise)]
    assert find_regressions(recorded, measure_costs(model, board, optimise)) == []


@pytest.mark.parametrize("model", OPTIMISED)
def test_speed_is_faster_and_size_smaller_than_balanced(model: str) -> None:
    rows = {row.key: row for row in read_record()[1]}
    speed, balanced, size = (rows[model, M4_BOARD, optimise] for optimise in ("speed", "balanced", "size"))
    assert speed.cycles < balanced.cycles
    assert size.code_bytes + size.constant_bytes < balanced.code_bytes + balanced.constant_bytes
    assert size.network_ram_bytes <= balanced.network_ram_bytes


@pytest.mark.parametrize("figure", FIGURES)
def test_more_than_a_hundredth_more_is_told(figure: str) -> None:
    value = getattr(COSTS, figure)
    at_limit, above = (replace(COSTS, **{figure: value * 101 // 100 + more}) for more in (0, 1))
    assert find_regressions(COSTS, at_limit) == []
    assert find_regressions(COSTS, above) == [
        f"{figure} of model, board, speed rose from {value:,} to {value * 101 // 100 + 1:,}"
    ]
    assert find_regressions(above, COSTS) == []


def test_record_is_read_as_written(tmp_path: Path) -> None:
    rows = [COSTS, replace(COSTS, model="other")]
    write_record("12.2.1", rows, tmp_path / "costs.csv")
    assert read_record(tmp_path / "costs.csv") == ("12.2.1", rows)
    (tmp_path / "costs.csv").write_text("# arm-none-eabi-gcc 12.2.1\nmodel,board\na,b\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="costs.csv is damaged near KeyError"):
        read_record(tmp_path / "costs.csv")
