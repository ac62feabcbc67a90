"""What `optimise` promises holds on every published model: counts are exact, so no tolerance is needed."""

from pathlib import Path

import pytest

from micronets.boards import find_board
from micronets.profile.model import profile_model
from micronets.profile.result import Profile
from tests.published_models import PUBLISHED_MODELS

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("model", PUBLISHED_MODELS)
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
