"""Builds a compiled network for this machine and runs it, for tests, fuzzing and sanitizers."""

import subprocess
from pathlib import Path

import numpy as np

from micronets.errors import BuildError, EmulatorError
from micronets.firmware.compiled import CompiledNetwork

_MAIN = Path(__file__).resolve().parents[2] / "firmware" / "host" / "main.c"
_WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def build_for_host(network: CompiledNetwork, executable: Path, *, flags: tuple[str, ...] = ("-O1",)) -> Path:
    """Compiles the network with the host's gcc into `executable`.

    Raises:
        BuildError: the compiler is missing or refuses the code.
    """
    command = ["gcc", "-std=c11", *_WARNINGS, *flags]
    command += [f"-I{directory}" for directory in network.include_directories]
    command += [str(source) for source in network.sources] + [str(_MAIN), "-o", str(executable)]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    except FileNotFoundError as error:
        raise BuildError("gcc is missing; install it to build networks for this machine") from error
    if result.returncode:
        raise BuildError(f"{network.name}: gcc refuses the generated C: {result.stderr[:2000]}")
    return executable


def run_on_host(executable: Path, inputs: np.ndarray, output_bytes: int, *, timeout_s: float = 120) -> np.ndarray:
    """Outputs int8 (count, output_bytes) for inputs int8 (count, ...).

    Raises:
        EmulatorError: the program crashed, hung, or a sanitizer spoke up.
    """
    try:
        result = subprocess.run([executable], input=inputs.tobytes(), capture_output=True, timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        raise EmulatorError(f"{executable}: no answer within {timeout_s} s") from error
    if result.returncode:
        message = result.stderr.decode(errors="replace")[:3000]
        raise EmulatorError(f"{executable}: exit status {result.returncode}: {message}")
    if len(result.stdout) != len(inputs) * output_bytes:
        raise EmulatorError(
            f"{executable}: {len(result.stdout)} bytes of output instead of {len(inputs) * output_bytes}"
        )
    return np.frombuffer(result.stdout, np.int8).reshape(len(inputs), output_bytes)
