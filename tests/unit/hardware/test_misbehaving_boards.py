"""The host's side of the serial line against boards and lines that misbehave: a retry or a sentence, never a hang."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from micronets.boards import find_board
from micronets.errors import BoardError
from micronets.hardware.measure import Measurement, measure
from micronets.hardware.port import open_port, reserve
from micronets.linking.board_program import BoardProgram
from tests.unit.hardware.simulated_board import (
    CYCLES,
    DAMAGED,
    FAST,
    HELLO,
    INPUT_BYTES,
    OVERHEAD,
    READ_OUTPUT,
    RUN,
    SLOW,
    STEP_CYCLES,
    WRITE_INPUT,
    SimulatedBoard,
    plugged_in,
    slowly,
)

PROGRAM = BoardProgram(
    elf=Path("not needed"),
    board=find_board("netduinoplus2"),
    network="trial",
    build="0011223344556677",
    model="kws01",
    input_bytes=INPUT_BYTES,
    output_bytes=4,
    steps=(("network_layer_00_a", "network_layer_01_b"), ("network_layer_02_c",)),
)
INPUTS = np.random.default_rng(2).integers(-127, 128, (3, INPUT_BYTES), np.int8)


SOON_S = 0.2
"""For boards that are to be found silent: how long to wait for them."""


def run(board: SimulatedBoard, timeout_s: float = 20, reply_limit_s: float = 2) -> Measurement:
    with plugged_in(board), open_port(board.port) as port:
        return measure(PROGRAM, port, INPUTS, timeout_s=timeout_s, reply_limit_s=reply_limit_s)


def check(found: Measurement) -> None:
    assert np.array_equal(found.outputs, -INPUTS[:, :4])
    assert found.cycles.tolist() == [CYCLES - 2 * OVERHEAD] * 3
    assert found.step_cycles == STEP_CYCLES
    assert found.stack_bytes == 128


def every(number: int, act: Callable[[bytes], bytes | None]) -> Callable[[SimulatedBoard, int, bytes], bytes | None]:
    """Spoils every so manieth reply."""
    return lambda board, kind, reply: act(reply) if board.served % number == 0 else reply


def flip(reply: bytes) -> bytes:
    return reply[:9] + bytes([reply[9] ^ 0x10]) + reply[10:]


def test_a_board_that_behaves() -> None:
    found = run(SimulatedBoard())
    check(found)
    assert (found.repeated, found.resets) == (0, 0)


@pytest.mark.parametrize(
    "spoil",
    [every(4, lambda reply: None), every(4, lambda reply: reply[: len(reply) // 2]), every(3, flip)],
    ids=["lost", "half", "flipped bit"],
)
def test_spoilt_replies_are_asked_for_again(spoil) -> None:
    found = run(SimulatedBoard(spoil), timeout_s=0.3, reply_limit_s=SOON_S)
    check(found)
    assert found.repeated > 0 and found.resets == 0


def test_a_request_that_arrived_damaged_is_sent_again() -> None:
    board = SimulatedBoard(
        lambda board, kind, reply: board.frame(kind, reply[4], bytes([DAMAGED])) if board.served in (1, 4, 7) else reply
    )
    found = run(board)
    check(found)
    # The first was that for a session.
    assert found.repeated == 2


def test_noise_and_text_around_frames_do_not_matter() -> None:
    noise = random.Random(3)

    def surround(board: SimulatedBoard, kind: int, reply: bytes) -> bytes:
        before = bytes(noise.choice([0x00, 0xA5, 0xFF, 0x5A, 0x0D]) for _ in range(6)).replace(b"\xa5\x5a", b"..")
        return b"e-[Empty command]\r\nm-ready\r\n" + before + b"\x00" + reply + b"\xa5 trailing"

    check(run(SimulatedBoard(surround)))


def test_a_slow_line() -> None:
    check(run(SimulatedBoard(slowly)))


def test_silence() -> None:
    with pytest.raises(BoardError, match=r"The board on /dev/pts/\d+ does not answer; check"):
        run(SimulatedBoard(lambda board, kind, reply: None), reply_limit_s=SOON_S)


def test_garbage() -> None:
    noise = random.Random(4)
    with pytest.raises(BoardError, match=r"cannot be understood \(\d+ bytes, \d+ damaged frames\); check"):
        run(SimulatedBoard(lambda board, kind, reply: noise.randbytes(300)), reply_limit_s=SOON_S)


def test_frames_that_never_end() -> None:
    with pytest.raises(BoardError, match="cannot be understood"):
        run(
            SimulatedBoard(lambda board, kind, reply: b"\xa5\x5a\x01\x81\x01\xff\x01half a frame"), reply_limit_s=SOON_S
        )


def test_another_version() -> None:
    with pytest.raises(BoardError, match="speaks version 2 of the protocol, not 1; build and flash it again"):
        run(SimulatedBoard(version=2))


@pytest.mark.parametrize(
    ("difference", "sentence"),
    [
        ({"build": "ff" * 8}, r"holds another program \(f{16}\) than the one built for it \(0011223344556677\)"),
        ({"name": "nucleo-f446re"}, "is a nucleo-f446re, not a netduinoplus2"),
        ({"clock_hz": 16_000_000}, "runs at 16 MHz instead of 1000: its clocks did not start"),
    ],
    ids=["program", "board", "clock"],
)
def test_not_the_board_that_was_meant(difference: dict, sentence: str) -> None:
    with pytest.raises(BoardError, match=sentence):
        run(SimulatedBoard(**difference))


class ResetsIn:
    """Starts anew instead of answering the given runs."""

    def __init__(self, *runs: int) -> None:
        self.left = list(runs)
        self.runs = 0

    def __call__(self, board: SimulatedBoard, kind: int, reply: bytes) -> bytes:
        self.runs += kind == RUN
        if kind == RUN and self.runs in self.left:
            return board.reset()
        return reply


@pytest.mark.parametrize("runs", [(1,), (3,), (2, 4)], ids=["first", "later", "twice"])
def test_a_board_that_is_reset_in_the_middle(runs: tuple[int, ...]) -> None:
    found = run(SimulatedBoard(ResetsIn(*runs)))
    check(found)
    assert found.resets == len(runs)


def test_a_reset_whose_greeting_was_lost() -> None:
    resets = ResetsIn(3)

    def lose(board: SimulatedBoard, kind: int, reply: bytes) -> bytes | None:
        return reply if resets(board, kind, reply) == reply else None

    found = run(SimulatedBoard(lose), timeout_s=0.3, reply_limit_s=SOON_S)
    check(found)
    assert found.resets == 1


def test_a_board_that_is_reset_again_and_again() -> None:
    with pytest.raises(BoardError, match="started anew 3 times in the middle; check its power supply"):
        run(SimulatedBoard(ResetsIn(*range(2, 100))))


def test_a_board_that_does_nothing_but_start() -> None:
    with pytest.raises(BoardError, match="starts anew again and again"):
        run(SimulatedBoard(lambda board, kind, reply: board.reset()))


def test_an_inference_that_never_ends() -> None:
    hangs: list[bool] = []

    def hang(board: SimulatedBoard, kind: int, reply: bytes) -> bytes | None:
        hangs.extend([True] * (kind == RUN))
        return None if hangs else reply

    with pytest.raises(BoardError, match="did not end an inference within 0.3 s"):
        run(SimulatedBoard(hang), timeout_s=0.3, reply_limit_s=SOON_S)


def test_a_lost_request_for_an_inference_is_no_hang() -> None:
    runs: list[bool] = []

    def lose_second(board: SimulatedBoard, kind: int, reply: bytes) -> bytes | None:
        runs.extend([True] * (kind == RUN))
        return None if kind == RUN and len(runs) == 2 else reply

    found = run(SimulatedBoard(lose_second), timeout_s=0.3, reply_limit_s=SOON_S)
    check(found)
    assert found.repeated >= 1


@pytest.mark.parametrize("moment", [HELLO, WRITE_INPUT, READ_OUTPUT])
def test_a_port_that_vanishes(moment: int) -> None:
    def unplug(board: SimulatedBoard, kind: int, reply: bytes) -> bytes:
        if kind == moment:
            board.unplug()
        return reply

    with pytest.raises(BoardError, match=r"/dev/pts/\d+ went away .* still plugged in"):
        run(SimulatedBoard(unplug))


@pytest.fixture
def many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the inputs were worth a higher speed."""
    monkeypatch.setattr("micronets.hardware.measure._MANY_BYTES", 1)


def test_many_inputs_go_faster_and_end_slowly(many_bytes: None) -> None:
    board = SimulatedBoard()
    check(run(board))
    assert board.speeds == [FAST, SLOW]


def test_a_line_that_does_not_bear_the_speed(many_bytes: None) -> None:
    board = SimulatedBoard(bears_fast=False)
    found = run(board, reply_limit_s=SOON_S)
    check(found)
    assert (board.speeds, found.resets) == ([FAST], 1)


@pytest.mark.parametrize("runs", [(1,), (3,)])
def test_a_board_that_is_reset_at_high_speed_goes_on_slowly(many_bytes: None, runs: tuple[int, ...]) -> None:
    board = SimulatedBoard(ResetsIn(*runs))
    found = run(board, timeout_s=0.3, reply_limit_s=SOON_S)
    check(found)
    assert (board.speeds[0], found.resets) == (FAST, 1)


def test_an_inference_that_never_ends_at_high_speed(many_bytes: None) -> None:
    hangs: list[bool] = []

    def hang(board: SimulatedBoard, kind: int, reply: bytes) -> bytes | None:
        hangs.extend([True] * (kind == RUN))
        return None if hangs else reply

    with pytest.raises(BoardError, match="did not end an inference within 0.3 s"):
        run(SimulatedBoard(hang), timeout_s=0.3, reply_limit_s=SOON_S)


def test_wrong_inputs() -> None:
    board = SimulatedBoard(lambda board, kind, reply: reply if kind == HELLO else None)
    with plugged_in(board), open_port(board.port) as port:
        with pytest.raises(BoardError, match=r"takes inputs of 700 bytes each; got an array of shape \(3, 699\)"):
            measure(PROGRAM, port, INPUTS[:, 1:], timeout_s=1)


def test_a_missing_port(tmp_path: Path) -> None:
    name = str(tmp_path / "ttyACM7")
    with pytest.raises(BoardError, match="ttyACM7 cannot be opened .*profile.target"):
        with open_port(name):
            pass
    with pytest.raises(BoardError, match="ttyACM7 cannot be opened .*profile.target"):
        with reserve(name):
            pass


def test_a_port_is_one_jobs_at_a_time(tmp_path: Path) -> None:
    """Even when it is another device meanwhile, as after flashing."""
    line, end = os.openpty()
    name = tmp_path / "ttyACM0"
    name.symlink_to("/dev/null")
    with reserve(str(name)):
        name.unlink()
        name.symlink_to(os.ttyname(end))
        with pytest.raises(BoardError, match="Another job has been using .*ttyACM0 for 0.1 s"):
            with reserve(str(name), wait_limit_s=0.1):
                pass
    with reserve(str(name), wait_limit_s=0.1), open_port(str(name)):
        with pytest.raises(BoardError, match="ttyACM0 cannot be opened"):
            with open_port(str(name)):
                pass
    os.close(line)
    os.close(end)
