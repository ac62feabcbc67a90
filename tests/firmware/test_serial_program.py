"""The serial program on an emulated board: MLPerf Tiny's protocol, tensors in bulk, faults."""

import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from micronets.boards import find_board
from micronets.compiler import compile_network
from micronets.export.writer import write_tflite
from micronets.hardware.measure import measure
from micronets.hardware.port import open_port
from micronets.linking.board_program import BoardProgram, build_board_program
from micronets.linking.build import build_firmware
from micronets.litert import describe
from micronets.profile import Profile, profile_firmware
from micronets.tflm.host import run_tflm
from tests.emulated_board import Runner, emulated_board
from tests.networks import random_network, small_residual

RESULTS = re.compile(r"m-results-\[([-0-9.,]+)\]")
LAP = re.compile(r"m-lap-us-(\d+)")


@dataclass(frozen=True)
class Built:
    """A network with random weights as a program for the emulated board.

    Attributes:
        inputs, outputs: int8 of shape (5, ...), the outputs as TFLM gives them.
        output_grid: scale and zero point of the outputs.
    """

    program: BoardProgram
    profile: Profile
    inputs: np.ndarray
    outputs: np.ndarray
    output_grid: tuple[float, int]


@pytest.fixture(scope="module")
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """For keyword spotting, unless the test asks for another task."""
    directory = tmp_path_factory.mktemp("built")
    tflite = directory / "model.tflite"
    architecture = small_residual()
    write_tflite(random_network(architecture, seed=3), tflite)
    board = find_board("netduinoplus2")
    compiled = compile_network(tflite, directory / "src", core=board.core)
    firmware = build_firmware(compiled, board, directory)
    inputs = np.random.default_rng(7).integers(-128, 128, (5, *architecture.input_shape), np.int8)
    outputs = run_tflm(tflite, inputs).reshape(5, -1)
    grid = describe(tflite)[1].quantisation
    return Built(
        program=build_board_program(compiled, firmware, task=getattr(request, "param", "kws")),
        profile=profile_firmware(firmware, inputs, outputs),
        inputs=inputs,
        outputs=outputs,
        output_grid=(grid.scale, grid.zero_point),
    )


@pytest.fixture
def runner(built: Built) -> Iterator[Runner]:
    with emulated_board(built.program.elf) as port:
        runner = Runner(port)
        runner.synchronise()
        yield runner
        runner.close()


def loadable(built: Built, tensor: np.ndarray) -> bytes:
    """What the runner of the task loads for an int8 input: pixels are 128 more."""
    if built.program.model == "vww01":
        return (tensor.astype(np.int16) + 128).astype(np.uint8).tobytes()
    return tensor.tobytes()


def results(lines: list[str]) -> np.ndarray:
    (found,) = [match for line in lines if (match := RESULTS.fullmatch(line))]
    return np.array([float(text) for text in found[1].split(",")])


@pytest.mark.parametrize("built", ["kws", "vww"], indirect=True)
def test_what_the_device_is(built: Built, runner: Runner) -> None:
    assert runner.command("name") == ["m-name-dut-[micronets]"]
    profile = runner.command("profile")
    assert re.fullmatch(r"m-profile-\[.+\]", profile[0])
    assert profile[1:] == [f"m-model-[{built.program.model}]"]
    assert built.program.model in ("kws01", "vww01")
    assert runner.command("help")
    first, second = (int(LAP.fullmatch(runner.command("timestamp")[0])[1]) for _ in range(2))
    assert second > first


@pytest.mark.parametrize("built", ["kws", "vww"], indirect=True)
def test_accuracy_mode(built: Built, runner: Runner) -> None:
    scale, zero_point = built.output_grid
    for tensor, expected in zip(built.inputs, built.outputs, strict=True):
        data = loadable(built, tensor)
        assert runner.load(data) == [f"m-[Expecting {len(data)} bytes]", "m-load-done"]
        lines = runner.command("infer 1")
        laps = [line for line in lines if LAP.fullmatch(line)]
        assert lines[:3] == ["m-warmup-start-10", "m-warmup-done", "m-infer-start-1"]
        assert lines[3:5] == laps and lines[5] == "m-infer-done" and len(lines) == 7
        answered = results(lines)
        real = scale * (expected.astype(np.float64) - zero_point)
        assert np.abs(answered - real).max() <= 0.5e-3
        assert np.array_equal(np.rint(answered / scale).astype(int) + zero_point, expected)
        assert runner.command("results") == lines[-1:]


def test_performance_mode(built: Built, runner: Runner) -> None:
    """The virtual clock counts instructions, so that times can be compared with counts."""
    runner.load(loadable(built, built.inputs[0]))
    lines = runner.command("infer 50 3")
    assert lines[:3] == ["m-warmup-start-3", "m-warmup-done", "m-infer-start-50"]
    begin, end = (int(match[1]) for line in lines if (match := LAP.fullmatch(line)))
    counted_us = 50 * built.profile.instructions[0] / 1000
    # Copying the input is part of an inference; sending the first lap's line takes some instructions, too.
    assert counted_us <= end - begin <= 1.02 * counted_us + 50


def test_the_buffer_is_printed(built: Built, runner: Runner) -> None:
    runner.command("db load 10")
    assert runner.command("db 00fF80") == []
    assert runner.command("db print") == ["m-buffer-00-ff-80"]
    assert runner.command("db 01020304050607") == ["m-load-done"]
    assert runner.command("db print") == ["m-buffer-00-ff-80-01-02-03-04-05", "m-buffer-06-07"]


@pytest.mark.parametrize("command", ["infer 999999999", "infer 1 999999999"], ids=["inferences", "warm-ups"])
def test_a_long_command_is_stopped(built: Built, runner: Runner, command: str) -> None:
    runner.load(loadable(built, built.inputs[0]))
    runner.send(command.encode() + b"%\r\n")
    time.sleep(0.2)
    runner.send(b"%")
    told = re.fullmatch(r"e-\[stopped; (?:inferences|warm-ups) done: (\d+)\]", runner.answer()[-1])
    assert told is not None and 0 < int(told[1]) < 999_999_999
    runner.send(command.encode() + b"%")
    time.sleep(0.2)
    runner.send(b"name%")  # begins with what stops the other
    assert runner.answer()[-1].startswith("e-[stopped; ")
    assert runner.answer() == ["m-name-dut-[micronets]"]


def test_a_session_stops_a_long_command(built: Built) -> None:
    with emulated_board(built.program.elf) as name:
        runner = Runner(name)
        runner.synchronise()
        runner.load(loadable(built, built.inputs[0]))
        runner.send(b"infer 999999999%")
        time.sleep(0.2)
        runner.close()
        with open_port(name) as port:
            found = measure(built.program, port, built.inputs[:1], timeout_s=60)
        assert np.array_equal(found.outputs, built.outputs[:1])


WRONG = [
    "infr 1",
    "infer",
    "infer 0",
    "infer -1",
    "infer 1 -1",
    "infer ten",
    "infer 99999999999999999999",
    "infer 1 2 3",
    "db",
    "db load",
    "db load 0",
    "db load -5",
    "db load 999999999",
    "db load 4 4",
    "db 0",
    "db 0g",
    "db 00 00",
    "results",
    "name name",
    "",
    "   ",
    "x" * 81,
    "db " + "0" * 500,
    "\xa5\x01\x02",
    "n\x00me",
]


def test_mistakes_get_one_error_and_never_stop_the_board(runner: Runner) -> None:
    for wrong in WRONG:
        lines = runner.command(wrong)
        assert len(lines) == 1 and re.fullmatch(r"e-\[[ -~]+\]", lines[0]), (wrong, lines)
        assert runner.command("name") == ["m-name-dut-[micronets]"], wrong
    assert runner.command("infr 1") == ["e-[Unknown command: infr]"]


def test_mistakes_while_loading_lose_nothing(built: Built, runner: Runner) -> None:
    data = loadable(built, built.inputs[0])
    runner.command(f"db load {len(data)}")
    assert runner.command(f"db {data[:2].hex()}") == []
    for wrong in ("db 123", "db zz", "infer 1", "db " + "00" * 39):
        (line,) = runner.command(wrong)
        assert line.startswith("e-["), wrong
    digits = data[2:].hex()
    for start in range(0, len(digits), 70):
        lines = runner.command(f"db {digits[start : start + 70]}")
    assert lines == ["m-load-done"]
    (line,) = runner.command("db 00")
    assert line.startswith("e-[")
    answered = results(runner.command("infer 1 0"))
    assert answered.argmax() == built.outputs[0].argmax()


def test_a_command_is_understood_however_it_is_cut(runner: Runner) -> None:
    runner.send(b"\r\n na")
    runner.send(b"me%  timest")
    assert runner.answer() == ["m-name-dut-[micronets]"]
    runner.send(b"amp\r\n  %")
    (line,) = runner.answer()
    assert LAP.fullmatch(line)


def test_the_longest_command_is_accepted(built: Built, runner: Runner) -> None:
    data = loadable(built, built.inputs[0])[:38]
    runner.command(f"db load {len(data)}")
    command = f"db {data.hex()}"
    assert runner.command(command.ljust(80)) == ["m-load-done"]
    (line,) = runner.command(command.ljust(81))
    assert line.startswith("e-[")


def test_noise_does_not_stop_the_board(built: Built, runner: Runner) -> None:
    noise = random.Random(11)
    pieces = [b"\xa5", b"\xa5\x5a", b"\xa5\x5a\x01\x03", b"%", b"infer 1%", b"db ", b"\r\n", b"\xff" * 40]
    for _ in range(30):
        runner.send(b"".join(noise.choice([*pieces, noise.randbytes(20)]) for _ in range(20)))
    # A frame that the noise has begun ends when nothing more comes.
    time.sleep(0.5)
    runner.synchronise()
    assert runner.command("name") == ["m-name-dut-[micronets]"]
    runner.load(loadable(built, built.inputs[1]))
    assert results(runner.command("infer 1 0")).argmax() == built.outputs[1].argmax()


@pytest.mark.parametrize("many_bytes", [10**6, 1], ids=["slowly", "fast"])
def test_bulk_measurement(built: Built, monkeypatch: pytest.MonkeyPatch, many_bytes: int) -> None:
    monkeypatch.setattr("micronets.hardware.measure._MANY_BYTES", many_bytes)
    with emulated_board(built.program.elf) as name, open_port(name) as port:
        found = measure(built.program, port, built.inputs, timeout_s=60)
    assert np.array_equal(found.outputs, built.outputs)
    assert (found.repeated, found.resets) == (0, 0)
    # An instruction takes a nanosecond of virtual time: what was measured is what was counted, but for the few
    # instructions around the call.
    counted = built.profile.instructions
    assert counted[0] == counted[1]
    assert np.all(np.abs(found.cycles - counted[0]) <= 20)
    assert found.stack_bytes == pytest.approx(built.profile.stack_bytes, abs=64)
    instructions = {row["layer"]: row["instructions"] for row in built.profile.layer_rows()}
    assert [layer for step in found.steps for layer in step] == list(built.profile.firmware.layers)
    for layers, cycles in zip(found.steps, found.step_cycles, strict=True):
        least = sum(instructions[layer] for layer in layers)
        # What drives a fused pair is counted to network_invoke.
        most = least + (instructions["network_invoke"] if len(layers) > 1 else 0) + 20
        assert least <= cycles <= most
