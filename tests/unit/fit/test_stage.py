"""The network that leaves a search keeps its budget as the linker and the emulator count, not as it was expected to."""

import json

import pytest

from micronets.architecture import Architecture
from micronets.atomic import write_json
from micronets.boards import find_board
from micronets.errors import MicronetsError
from micronets.fit import fit_found_network
from micronets.profile.architecture import profile_architecture
from micronets.search.ds_cnn_space import DsCnnSpace

SPACE = DsCnnSpace((25, 10, 1), 4, 24, ((2, 2), (1, 1)), width_steps=3)
SECTION = {
    "board": "nucleo-f446re",
    "max_mops": 0,
    "backbone": {"channels": 24, "blocks": 2, "width_steps": 3},
    "epochs": 1,
    "warmup_epochs": 1,
    "batch_size": 1,
    "learning_rate": 1,
    "final_learning_rate": 0,
    "weight_decay": 0,
    "architecture": {"share": 0.5, "learning_rate": 1, "penalty": 1, "first_temperature": 1, "last_temperature": 1},
}
VALUES = [24, 1, 24, 1, 16]


def searched(folder, values=VALUES):
    choice = tuple(d.options.index(value) for d, value in zip(SPACE.decisions, values, strict=True))
    SPACE.architecture("mine", choice).save(folder / "found.json")
    names = [decision.name for decision in SPACE.decisions]
    chosen = [{"name": name, "chosen": value} for name, value in zip(names, VALUES, strict=True)]
    decisions = [{**entry, "options": [entry["chosen"]]} for entry in chosen]
    write_json(folder / "search.json", {"decisions": decisions})


def fit(folder, budget):
    files = folder / "found.json", folder / "search.json"
    return fit_found_network(*files, folder, {**SECTION, "budget": budget}, 1, optimise="balanced", weight_bits=8)


def profiled(path):
    return profile_architecture(Architecture.load(path), find_board("nucleo-f446re"), 1, optimise="balanced")


@pytest.mark.emulator
def test_what_leaves_the_search_keeps_its_budget_on_the_emulator(tmp_path):
    searched(tmp_path)
    found = profiled(tmp_path / "found.json")
    limit_ms = round(0.8 * found.latency_ms, 3)
    content = fit(tmp_path, {"latency_ms": limit_ms, "sram_bytes": found.firmware.linked_ram_bytes.network})
    assert content == json.loads((tmp_path / "fit.json").read_text(encoding="utf-8"))
    first, last = content["rounds"][0], content["rounds"][content["kept"]]
    assert first["values"] == VALUES
    assert first["boards"][0]["measured"]["latency_ms"] == pytest.approx(found.latency_ms, abs=1e-6)
    profile = profiled(tmp_path / "architecture.json")
    assert 0.85 * limit_ms < profile.latency_ms <= limit_ms
    assert last["boards"][0]["measured"]["flash_bytes"] == profile.firmware.flash_bytes.network
    assert {target["name"]: target["share"] <= 1 for target in last["boards"][0]["targets"]} == dict.fromkeys(
        ("flash", "RAM", "latency"), True
    )
    changed = {change["decision"]: change["after"] for change in content["changes"]}
    widths = [changed.get(d.name, value) for d, value in zip(SPACE.decisions, VALUES, strict=True)]
    assert widths == last["values"] != VALUES


def test_files_of_two_searches_are_refused(tmp_path):
    searched(tmp_path, [16, 1, 24, 1, 16])
    with pytest.raises(MicronetsError, match="search.json is of another search than .*found.json"):
        fit(tmp_path, {})
