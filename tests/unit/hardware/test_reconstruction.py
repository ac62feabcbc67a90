"""A network that reconstructs real numbers, as MLPerf Tiny's anomaly detection has it, on the emulated board."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from micronets.boards import find_board
from micronets.hardware.measure import measure
from micronets.hardware.port import open_port
from micronets.linking.board_program import BoardProgram
from micronets.linking.firmware import Firmware
from tests.emulated_board import Runner, emulated_board

# In real numbers, the input and a quarter more.
NETWORK = """
__attribute__((noinline)) void network_layer_00_copy(void)
{
    for (int i = 0; i < 8; i++) { arena[32 + i] = (int8_t)(2 * arena[i] - 12); }
}
void network_invoke(void) { network_layer_00_copy(); NETWORK_AFTER_STEP(0); }
"""
DEFINES = {
    "NETWORK_INPUT_SCALE": "0.5",
    "NETWORK_INPUT_ZERO_POINT": "(3)",
    "NETWORK_OUTPUT_BYTES": "8",
    "NETWORK_OUTPUT_SCALE": "0.25",
    "NETWORK_OUTPUT_ZERO_POINT": "(-7)",
}


@pytest.fixture
def program(build: Callable[..., Firmware]) -> BoardProgram:
    return BoardProgram.load(build(NETWORK, find_board("netduinoplus2"), task="ad", defines=DEFINES).elf.parent)


@pytest.fixture
def runner(program: BoardProgram) -> Iterator[Runner]:
    with emulated_board(program.elf) as port:
        runner = Runner(port)
        runner.synchronise()
        yield runner
        runner.close()


def score(values: np.ndarray) -> float:
    """In exact arithmetic; halves are rounded away from zero."""
    real = values.astype(np.float64)
    scaled = real / 0.5 + 3
    steps = np.clip(np.trunc(scaled + np.copysign(0.5, scaled)), -128, 127)
    answered = 0.25 * ((2 * steps - 12) + 7)
    return float(np.mean((answered - real) ** 2))


def answered(runner: Runner, values: np.ndarray) -> float:
    assert runner.load(values.tobytes())[-1] == "m-load-done"
    line = runner.command("infer 1 0")[-1]
    assert runner.command("results") == [line]
    return float(line.removeprefix("m-results-[").removesuffix("]"))


def test_the_result_is_the_mean_square_of_the_error(runner: Runner) -> None:
    assert runner.command("profile")[1] == "m-model-[ad01]"
    assert runner.command("db load 33")[0].startswith("e-[")
    generator = np.random.default_rng(9)
    cases = [generator.uniform(-20, 20, 8), np.zeros(8), np.full(8, -0.25), np.linspace(-25, 25, 8)]
    for case in cases:
        values = case.astype("<f4")
        assert answered(runner, values) == pytest.approx(score(values), rel=1e-5, abs=0.6e-3)


def test_numbers_that_are_none_do_not_stop_the_board(runner: Runner) -> None:
    for value in (np.nan, np.inf, -np.inf, 3e38):
        answered(runner, np.full(8, value, "<f4"))
    assert runner.command("name") == ["m-name-dut-[micronets]"]


def test_bulk_tensors_are_int8_all_the_same(program: BoardProgram) -> None:
    inputs = np.arange(-16, 16, dtype=np.int8).reshape(4, 8)
    with emulated_board(program.elf) as name, open_port(name) as port:
        found = measure(program, port, inputs, timeout_s=60)
    assert np.array_equal(found.outputs, 2 * inputs - 12)
