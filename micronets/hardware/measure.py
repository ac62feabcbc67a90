"""Runs inputs on a board and measures their cycles."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from micronets.errors import BoardError
from micronets.hardware.flashing import flash
from micronets.hardware.link import REPLY_LIMIT_S, BoardFaultError, BoardResetError, Identity, Link
from micronets.hardware.port import Port, open_port, reserve
from micronets.linking.board_program import BoardProgram
from micronets.linking.fault import describe_fault
from micronets.linking.symbols import read_symbols
from micronets.progress import Progress

logger = logging.getLogger(__name__)

RESETS = 2
"""A board may start anew so often in one measurement before it is given up."""

_LEAST_LIMIT_S = 3.0

# From here on it is worth a higher speed of the line: half a minute at the usual one.
_MANY_BYTES = 300_000

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Measurement:
    """What a board measured. Cycles are without those that reporting the steps takes.

    Attributes:
        outputs: int8 of shape (inputs, output bytes).
        cycles: of every inference, shape (inputs,).
        step_cycles: of the first inference by step.
        stack_bytes: deepest stack of the first inference, the functions that report the steps included.
        programmer: the tool that flashed the board; None where it was not flashed.
        repeated: requests that had to be sent again.
        resets: how often the board started anew in the middle.
    """

    port: str
    programmer: str | None
    identity: Identity
    outputs: np.ndarray
    cycles: np.ndarray
    step_cycles: tuple[int, ...]
    steps: tuple[tuple[str, ...], ...]
    stack_bytes: int
    repeated: int
    resets: int

    @property
    def latency_ms(self) -> float:
        """Of the first input's inference."""
        return self._milliseconds(self.cycles[0])

    def _milliseconds(self, cycles: float) -> float:
        return float(cycles) / self.identity.clock_hz * 1e3

    def to_json(self, estimated: Mapping[str, float | None]) -> dict:
        """For `profile.json`.

        Args:
            estimated: cycles by layer function, for the same input; `network_invoke` among them.
        """
        total = _sum(estimated.values())
        return {
            "board": self.identity.board,
            "port": self.port,
            "programmer": self.programmer,
            "build": self.identity.build,
            "clock_hz": self.identity.clock_hz,
            "clock_source": "internal oscillator" if self.identity.internal_clock else "external clock",
            "inputs": len(self.cycles),
            "cycles": int(self.cycles[0]),
            "cycles_min": int(self.cycles.min()),
            "cycles_max": int(self.cycles.max()),
            "latency_ms": round(self.latency_ms, 6),
            "estimate_error": None if total is None else round(total / float(self.cycles[0]) - 1, 4),
            "stack_bytes": self.stack_bytes,
            "step_overhead_cycles": self.identity.step_overhead_cycles,
            "repeated_requests": self.repeated,
            "resets": self.resets,
            "steps": [
                {
                    "layers": list(layers),
                    "cycles": cycles,
                    "ms": round(self._milliseconds(cycles), 6),
                    "estimated_cycles": _sum(estimated.get(layer) for layer in layers),
                }
                for layers, cycles in zip(self.steps, self.step_cycles, strict=True)
            ],
        }


def _sum(values: Iterable[float | None]) -> float | None:
    """None where one of them is not known."""
    known = list(values)
    return None if None in known else round(sum(value for value in known if value is not None), 2)


def flash_and_measure(program: BoardProgram, name: str, inputs: np.ndarray, *, timeout_s: float) -> Measurement:
    """Programs the board behind the serial port `name` and measures every input on it.

    Args:
        inputs: int8 of shape (inputs, ...), `program.input_bytes` each.
        timeout_s: limit of one inference.

    Raises:
        BoardError: the port is missing or in use, the board cannot be programmed, is silent, answers what cannot be
            understood, faults, hangs, or does not run the program that was built.
    """
    with reserve(name):
        programmer = flash(program.board, program.elf)
        logger.info("%s has programmed %s", programmer, program.board.name)
        with open_port(name) as port:
            return measure(program, port, inputs, timeout_s=timeout_s, programmer=programmer)


def measure(
    program: BoardProgram,
    port: Port,
    inputs: np.ndarray,
    *,
    timeout_s: float,
    programmer: str | None = None,
    reply_limit_s: float = REPLY_LIMIT_S,
) -> Measurement:
    """Measures every input on the board behind `port`, as `flash_and_measure`."""
    if len(inputs) == 0 or inputs.nbytes != len(inputs) * program.input_bytes:
        raise BoardError(
            f"{program.network} takes inputs of {program.input_bytes} bytes each; "
            f"got an array of shape {inputs.shape}, {inputs.nbytes} bytes in all."
        )
    run = _Run(program, Link(port, reply_limit_s=reply_limit_s), port, timeout_s)
    try:
        return run.all(inputs, programmer)
    except BoardFaultError as error:
        raise BoardError(_describe(error, program)) from None


def check_outputs(measured: Measurement, expected: np.ndarray, network: str) -> None:
    """Raises BoardError unless all outputs equal the expected ones, int8 of shape (inputs, ...), bit for bit."""
    flat = np.ascontiguousarray(expected).view(np.int8).reshape(measured.outputs.shape)
    different = int((flat != measured.outputs).any(axis=1).sum())
    if different:
        raise BoardError(
            f"{different} of {len(flat)} outputs of {network} on the board at {measured.port} differ from TensorFlow "
            "Lite Micro's; the compiler or a kernel is wrong."
        )


class _Run:
    def __init__(self, program: BoardProgram, link: Link, port: Port, timeout_s: float) -> None:
        self.program = program
        self.link = link
        self.port = port
        self.timeout_s = timeout_s
        self.resets = 0

    def all(self, inputs: np.ndarray, programmer: str | None) -> Measurement:
        identity = self._begin()
        if inputs.nbytes >= _MANY_BYTES:
            self._lasting(self.link.speed_up)
        stack_bytes = self._lasting(lambda: self._stack(inputs[0]))
        progress = Progress(logger, f"inferences of {self.program.network} on {identity.board}", len(inputs))
        outputs, cycles = [], []
        step_cycles: list[int] = []
        limit_s = self.timeout_s
        for index, tensor in enumerate(inputs):
            count, output, steps = self._lasting(partial(self._one, tensor, index == 0, limit_s))
            step_cycles = step_cycles or steps
            outputs.append(np.frombuffer(output, np.int8))
            cycles.append(count - identity.steps * identity.step_overhead_cycles)
            # Once it is known how long one takes, a lost reply need not cost the whole limit.
            limit_s = min(self.timeout_s, _LEAST_LIMIT_S + 10 * count / identity.clock_hz)
            progress.advance()
        self.link.slow_down()
        return Measurement(
            port=self.port.name,
            programmer=programmer,
            identity=identity,
            outputs=np.stack(outputs),
            cycles=np.array(cycles, np.int64),
            step_cycles=tuple(step_cycles),
            steps=self.program.steps,
            stack_bytes=stack_bytes,
            repeated=self.link.repeated,
            resets=self.resets,
        )

    def _begin(self) -> Identity:
        identity = self.link.hello()
        board, program = self.program.board, self.program
        if identity.board != board.name:
            raise BoardError(
                f"The board on {self.port.name} is a {identity.board}, not a {board.name}; name its port in "
                "profile.target, or that board in boards."
            )
        if identity.build != program.build:
            raise BoardError(
                f"The board on {self.port.name} holds another program ({identity.build}) than the one built for it "
                f"({program.build}); flash it again."
            )
        if identity.clock_hz != board.clock_hz:
            raise BoardError(
                f"{board.name} runs at {identity.clock_hz / 1e6:g} MHz instead of {board.clock_hz / 1e6:g}: its clocks "
                "did not start; check its jumpers and supply."
            )
        return identity

    def _lasting(self, act: Callable[[], Result]) -> Result:
        """What `act` gives, done again in a new session where the board starts anew meanwhile."""
        while True:
            try:
                return act()
            except BoardResetError:
                self.resets += 1
                if self.resets > RESETS:
                    raise BoardError(
                        f"{self.program.board.name} on {self.port.name} started anew {self.resets} times in the "
                        "middle; check its power supply and cable."
                    ) from None
                logger.warning("%s was reset; beginning again with the same input", self.program.board.name)
                self._begin()

    def _stack(self, tensor: np.ndarray) -> int:
        self.link.write_input(np.ascontiguousarray(tensor).tobytes())
        return self.link.run_for_stack(limit_s=self.timeout_s)

    def _one(self, tensor: np.ndarray, with_steps: bool, limit_s: float) -> tuple[int, bytes, list[int]]:
        self.link.write_input(np.ascontiguousarray(tensor).tobytes())
        cycles = self.link.run(limit_s=limit_s)
        steps = self.link.read_steps(len(self.program.steps)) if with_steps else []
        return cycles, self.link.read_output(self.program.output_bytes), steps


def _describe(error: BoardFaultError, program: BoardProgram) -> str:
    step = error.fault.step
    place = ""
    if step is not None:
        place = f" in {' and '.join(program.steps[step])}" if step < len(program.steps) else " in network_invoke"
    return describe_fault(error.fault, program.network, read_symbols(Path(program.elf)), f"{place} on the board")
