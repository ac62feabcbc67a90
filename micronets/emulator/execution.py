"""Runs a firmware on QEMU: inputs in, outputs out, everything that can go wrong reported in one sentence."""

import logging
import signal
import struct
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from micronets.emulator.plugin import Counts, plugin_argument, read_counts
from micronets.errors import EmulatorError
from micronets.linking.fault import describe_fault, read_fault
from micronets.linking.firmware import Firmware
from micronets.linking.symbols import Symbol, read_symbols
from micronets.linking.toolchain import find_tool
from micronets.progress import Progress

logger = logging.getLogger(__name__)

DEFAULT_TIMEOUT_S = 600.0
_POLL_S = 1.0

Counting = Literal["none", "instructions", "detail"]

# micronets/csrc/boards/host.h and semihosting.c
_RUN_RECORD = struct.Struct("<3I")
_RUN_MAGIC = 0x454E4F44
_EXIT_FAULT = 70
_EXIT_HOST_FILE = 71
_EXIT_NETWORK = 72


class FaultError(EmulatorError):
    """The processor faulted."""


class HangError(EmulatorError):
    """The firmware did not end in time."""


class SetUpError(EmulatorError):
    """The network's runtime could not set it up, or gave up in the middle of an inference."""


@dataclass(frozen=True, eq=False)
class Execution:
    """What one run of the firmware gave.

    Attributes:
        outputs: int8 of shape (inputs, output bytes).
        stack_bytes: deepest stack of one inference.
        counts: None where nothing was counted.
    """

    outputs: np.ndarray
    stack_bytes: int
    counts: Counts | None


def run_inputs(firmware: Firmware, inputs: np.ndarray, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> np.ndarray:
    """Outputs of the firmware, int8 of shape (inputs, output bytes), for int8 inputs of shape (inputs, ...).

    All inputs go through one run of the emulator. Raises EmulatorError as `execute` does.
    """
    return execute(firmware, inputs, counting="none", timeout_s=timeout_s).outputs


def execute(
    firmware: Firmware, inputs: np.ndarray, *, counting: Counting, timeout_s: float = DEFAULT_TIMEOUT_S
) -> Execution:
    """Runs the firmware on all inputs.

    Args:
        inputs: any dtype; every entry along axis 0 must take exactly `firmware.input_bytes` bytes.
        counting: `instructions` counts them per inference (nearly free); `detail` also counts branches and memory
            accesses by layer (several times slower).
        timeout_s: wall-clock limit; the emulator is killed when it is over.

    Raises:
        EmulatorError: wrong input size, crash, or an incomplete run; a HangError at a timeout, a FaultError at a fault
            (with registers and layer), a SetUpError where the network's runtime gives up.
    """
    if inputs.shape[0] == 0 or inputs.nbytes != inputs.shape[0] * firmware.input_bytes:
        raise EmulatorError(
            f"{firmware.network} takes inputs of {firmware.input_bytes} bytes each; "
            f"got an array of shape {inputs.shape}, {inputs.nbytes} bytes in all."
        )
    symbols = read_symbols(firmware.elf)
    with tempfile.TemporaryDirectory(prefix="micronets-emulator-") as temporary:
        work = Path(temporary)
        inputs.tofile(work / "inputs.bin")
        command = _command(firmware, symbols, counting)
        with open(work / "printed.txt", "wb") as printed:
            process = subprocess.Popen(
                command, cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=printed
            )
            try:
                ended = _wait(process, firmware, len(inputs), work, timeout_s)
            finally:
                _stop(process)
        if not ended:
            raise HangError(
                f"The firmware of {firmware.network} did not end within {timeout_s:g} s: "
                f"{_finished(firmware, work)} of {len(inputs)} {firmware.calls} were done"
                f"{_where_it_ended(firmware, work, counting)}; raise the time limit if it only was slow."
            )
        _check_exit(process.returncode, firmware, symbols, work, counting)
        return _collect(firmware, len(inputs), work, counting)


def _command(firmware: Firmware, symbols: dict[str, Symbol], counting: Counting) -> list[str]:
    # The emulator of a firmware that hangs must not outlive this process, however that ends.
    command = [find_tool("setpriv"), "--pdeathsig", "KILL"]
    command += [find_tool("qemu-system-arm"), "-machine", firmware.board.emulator, "-nodefaults", "-display", "none"]
    command += ["-semihosting-config", "enable=on,target=native", "-kernel", str(firmware.elf.resolve())]
    if counting != "none":
        command += ["-plugin", plugin_argument(firmware, symbols, Path("counts.txt"), counting == "detail")]
    return command


def _wait(process: subprocess.Popen, firmware: Firmware, inferences: int, work: Path, timeout_s: float) -> bool:
    """Whether the emulator ended within the time; logs the inferences done meanwhile."""
    progress = Progress(logger, f"{firmware.calls} of {firmware.network} on {firmware.board.emulator}", inferences)
    logged = 0
    deadline = time.monotonic() + timeout_s
    while (left := deadline - time.monotonic()) > 0:
        try:
            process.wait(min(_POLL_S, left))
            return True
        except subprocess.TimeoutExpired:
            finished = _finished(firmware, work)
            progress.advance(finished - logged)
            logged = finished
    return False


def _finished(firmware: Firmware, work: Path) -> int:
    """Inferences whose outputs are there."""
    outputs = work / "outputs.bin"
    return outputs.stat().st_size // firmware.output_bytes if outputs.is_file() else 0


def _stop(process: subprocess.Popen) -> None:
    """Asks first: on a polite request the emulator ends in order, and the plugin says where it was."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _where_it_ended(firmware: Firmware, work: Path, counting: Counting) -> str:
    """` in <layer>`, or nothing where that is not known."""
    if counting == "none":
        return ""
    try:
        layer = read_counts(work / "counts.txt").unfinished_layer
    except EmulatorError:
        return ""
    if layer is None:
        return ""
    return f" in {(*firmware.layers, firmware.entry)[layer]}"


def _check_exit(code: int, firmware: Firmware, symbols: dict[str, Symbol], work: Path, counting: Counting) -> None:
    if code == 0 and (work / "run.bin").is_file():
        return
    if code == _EXIT_FAULT:
        fault = read_fault((work / "fault.bin").read_bytes())
        place = _where_it_ended(firmware, work, counting)
        raise FaultError(describe_fault(fault, firmware.network, symbols, place))
    if code == _EXIT_HOST_FILE:
        raise EmulatorError(f"The firmware of {firmware.network} could not read or write a file; is the disk full?")
    printed = (work / "printed.txt").read_text(encoding="utf-8", errors="replace")
    last_lines = " | ".join(line for line in printed.strip().splitlines() if "has no peer" not in line)[-1500:]
    if code == _EXIT_NETWORK:
        raise SetUpError(
            f"The runtime of {firmware.network} gave up{_where_it_ended(firmware, work, counting)}: "
            f"{last_lines or 'it logged nothing'}"
        )
    place = _where_it_ended(firmware, work, counting)
    if code == -signal.SIGKILL:
        raise EmulatorError(
            f"The emulator was ended by SIGKILL while it ran {firmware.network}{place}; where memory ran out, close "
            "other programs, and run the same command again."
        )
    raise EmulatorError(
        f"The emulator ended with code {code} while it ran {firmware.network}{place}: "
        f"{last_lines or 'it printed nothing'}"
    )


def _collect(firmware: Firmware, inferences: int, work: Path, counting: Counting) -> Execution:
    magic, finished, stack_bytes = _RUN_RECORD.unpack((work / "run.bin").read_bytes())
    outputs = np.fromfile(work / "outputs.bin", np.int8)
    if magic != _RUN_MAGIC or finished != inferences or outputs.size != inferences * firmware.output_bytes:
        raise EmulatorError(
            f"The firmware of {firmware.network} ended after {finished} of {inferences} {firmware.calls} "
            f"with {outputs.size} bytes of output."
        )
    counts = read_counts(work / "counts.txt") if counting != "none" else None
    if counts is not None and len(counts.inferences) != inferences:
        raise EmulatorError(
            f"The plugin counted {len(counts.inferences)} {firmware.calls} of {firmware.network}, but {inferences} ran."
        )
    return Execution(outputs.reshape(inferences, firmware.output_bytes), stack_bytes, counts)
