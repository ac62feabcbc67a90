import math
from dataclasses import replace
from pathlib import Path

import pytest

from micronets.architecture import Architecture, AveragePooling, Convolution, DepthwiseConvolution
from micronets.boards import Board, find_board
from micronets.cli import main
from micronets.export.random_weights import random_network
from micronets.export.writer import write_tflite
from micronets.profile.model import profile_model
from micronets.timing.cycle_models import find_cycle_model
from micronets.timing.published_latencies import load_published_latencies
from micronets.timing.transfer import ErrorBar, find_pairs, reference_errors, unseen_errors

L4R5, F446, F746, U575 = (find_board(f"nucleo-{name}") for name in ("l4r5zi", "f446re", "f746zg", "u575zi-q"))


@pytest.mark.parametrize("name", ["corstone-300", "nucleo-f207zg", "frdm-kl25z", "netduinoplus2"])
def test_no_model(name: str) -> None:
    assert find_cycle_model(find_board(name)) is None


@pytest.mark.parametrize("board", [F746, find_board("nucleo-f767zi"), U575])
def test_errors_are_those_of_the_reference_and_of_unseen_software(board: Board) -> None:
    published, model = load_published_latencies(), find_cycle_model(board)
    unseen = unseen_errors(find_pairs(published, board.core))
    assert model.errors.figures == len(unseen) >= 20
    mean = sum(map(abs, unseen)) / len(unseen)
    assert model.errors.mean == pytest.approx(math.hypot(published.cortex_m4_record.mean_error, mean))
    assert model.errors.worst > max(map(abs, unseen))
    assert 0 < model.transfer.rest < 1


def test_a_second_board_with_a_cortex_m4_is_less_certain() -> None:
    published = load_published_latencies()
    reference, second = find_cycle_model(L4R5), find_cycle_model(F446)
    assert (reference.errors.mean, reference.errors.worst) == (0.032, 0.097)
    errors = reference_errors(find_pairs(published, "cortex-m7"), "nucleo-f446re")
    assert second.errors == reference.errors.and_then(ErrorBar.of(errors))
    assert second.cycles(1000, 50) == 1000
    # Of one that nothing is published of, so much is known: two boards with this core differ by a third.
    unknown = find_cycle_model(replace(F446, name="homemade"))
    assert unknown.errors.worst > 0.3 > second.errors.worst


@pytest.mark.emulator
def test_model_of_a_dual_issue_core_does_not_depend_on_the_order_of_loads(tmp_path: Path) -> None:
    """Built for a Cortex-M7, whose loads stand apart, a network has as many cycles to carry over as for a Cortex-M4."""
    layers = (
        Convolution(32, kernel=(3, 3)),
        DepthwiseConvolution(),
        Convolution(48),
        DepthwiseConvolution(stride=(2, 2)),
        Convolution(32),
        AveragePooling(),
        Convolution(4, activation="linear"),
    )
    write_tflite(random_network(Architecture("small", (12, 12, 8), layers), seed=3), tmp_path / "small.tflite")
    cycles, macs = {}, 0
    for board in (L4R5, F746):
        profile = profile_model(tmp_path / "small.tflite", board, tmp_path / board.name, optimise="balanced", inputs=1)
        cycles[board.name], macs = profile.cycles, sum(profile.firmware.layer_macs)
    transfer = find_cycle_model(F746).transfer
    assert transfer.reference_cycles(cycles["nucleo-f746zg"], macs) == pytest.approx(cycles["nucleo-l4r5zi"], rel=0.05)


def test_calibrate_prints_every_error_bar(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate"]) == 0
    text = capsys.readouterr().out
    for core in ("cortex-m7", "cortex-m33"):
        bar = ErrorBar.of(unseen_errors(find_pairs(load_published_latencies(), core)))
        assert f"software left out of the fit:  mean {bar.mean:.1%}, worst {bar.worst:.1%} over {bar.figures}" in text
    assert "disco-f746ng" not in text
    assert main(["calibrate", "--figures"]) == 0
    figures = capsys.readouterr().out
    assert figures.count(" ms, estimated ") == 47 + 24
