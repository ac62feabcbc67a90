"""What `optimise` promises holds on every published model: counts are exact, so no tolerance is needed."""

from pathlib import Path

import pytest

from micronets.boards import find_board
from micronets.profile.model import profile_model
from micronets.profile.result import Profile

pytestmark = pytest.mark.slow

MODELS = (
    "kws_ref_model",
    "vww_96_int8",
    "ad01_int8",
    "kws_micronet_s",
    "kws_micronet_m",
    "vww2_50_50_INT8",
    "ad_small_int8",
)


@pytest.mark.parametrize("model", MODELS)
def test_speed_is_no_slower_and_size_no_larger_than_balanced(model: str, shared: Path, tmp_path: Path) -> None:
    def profiled(optimise: str) -> Profile:
        tflite = shared / "models" / f"{model}.tflite"
        board = find_board("nucleo-l4r5zi")
        return profile_model(tflite, board, tmp_path / optimise, optimise=optimise, inputs=1)

    speed, balanced, size = map(profiled, ("speed", "balanced", "size"))
    assert {profile.different_outputs for profile in (speed, balanced, size)} == {0}
    assert (speed.cycles or 0) <= (balanced.cycles or 0)
    assert size.firmware.flash_bytes.network < balanced.firmware.flash_bytes.network
    assert size.firmware.linked_ram_bytes.network <= balanced.firmware.linked_ram_bytes.network
