from dataclasses import replace

import pytest

from micronets.benchmark.layer_causes import LayerCost, describe_layers, layer_costs, worst_layers
from micronets.boards import find_board
from micronets.export.writer import write_tflite
from micronets.profile.model import profile_model
from micronets.profile.result import INVOKE, Profile
from micronets.timing.cycles import LayerCounts
from tests.networks import random_network, small_ds_cnn

pytestmark = pytest.mark.emulator


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    folder = tmp_path_factory.mktemp("causes")
    write_tflite(random_network(small_ds_cnn(), seed=1), folder / "small.tflite")
    return profile_model(folder / "small.tflite", find_board("nucleo-l4r5zi"), folder, optimise="balanced", inputs=1)


def test_causes_add_up(profile: Profile) -> None:
    costs = layer_costs(profile)
    assert [cost.name for cost in costs] == list(profile.firmware.layers)
    for cost in costs:
        assert sum(cost.causes.values()) == pytest.approx(1)
        assert min(cost.causes.values()) >= 0
        assert list(cost.causes.values()) == sorted(cost.causes.values(), reverse=True)


def test_causes_of_known_instructions(profile: Profile) -> None:
    # 10 loads from flash of 2 cycles, 10 multiply-accumulates, 20 additions, 10 branches of which 9 are taken
    classes = {"load": 10, "mac": 10, "alu": 20, "branch": 10}
    cycles = 10 * 2 + 10 + 20 + 10 + 9 * 2 + 10 * 2.58
    counts = LayerCounts(50, classes, taken_branches=9, flash_loads=10, ram_loads=0, ram_stores=0, cycles=cycles)
    firmware = replace(profile.firmware, layers=("only",), layer_macs=(20,))
    (cost,) = layer_costs(replace(profile, firmware=firmware, layers=(("only", counts), (INVOKE, counts))))
    assert cost.share_of_floor == pytest.approx(10 / cycles)
    parts = {cause: share * cycles for cause, share in cost.causes.items()}
    assert parts == pytest.approx(
        {
            "branches": 28,
            "waits for the flash": 25.8,
            "loads and stores": 20,
            "other arithmetic": 20,
            "multiply-accumulates": 10,
        }
    )


def test_worst_are_those_with_most_cycles_above_the_floor() -> None:
    a, b = LayerCost("a", 100, 10, {}), LayerCost("b", 500, 480, {})
    c, d = LayerCost("c", 300, 100, {}), LayerCost("d", 95, 0, {})
    assert worst_layers([a, b, c, d]) == [c, d, a]


def test_description_names_three_layers_and_all_shares(profile: Profile) -> None:
    head, _, *worst = describe_layers("small", profile).splitlines()
    shares = head.removeprefix("small: share of the floor by layer, in %: ").split()
    assert len(shares) == len(profile.firmware.layers)
    assert len(worst) == 3
    assert all("loads and stores" in line and "network_layer_" in line for line in worst)
