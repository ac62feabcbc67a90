"""Builds a compiled network for this machine and runs it, for tests, fuzzing and sanitizers."""

import subprocess
import tempfile
from pathlib import Path

import numpy as np

from micronets.compiler.compiled_network import CompiledNetwork
from micronets.csrc import CSRC
from micronets.errors import BuildError, EmulatorError
from micronets.linking.objects import compile_object
from micronets.linking.toolchain import run_tool

_COMPILER = "gcc"
_HOST = CSRC / "host"
_WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def build_for_host(network: CompiledNetwork, executable: Path, *, flags: tuple[str, ...] = ("-O1",)) -> Path:
    """Compiles the network with the host's gcc into `executable`.

    Raises:
        BuildError: the compiler is missing or refuses the code.
    """
    return build_program(network, executable, (_HOST / "main.c",), flags=flags)


def build_guarded(network: CompiledNetwork, executable: Path, *, flags: tuple[str, ...] = ("-O1",)) -> Path:
    """As `build_for_host`, and the program ends with an error when a step writes to memory that is not its own."""
    ranges: list[list[tuple[int, int]]] = [[] for _ in range(network.steps)]
    offset = 0
    for buffer in network.buffers:
        if buffer.name == "input":
            offset = buffer.offset_bytes
        elif buffer.first_step < network.steps:
            ranges[buffer.first_step].append((buffer.offset_bytes, buffer.size_bytes))
    rows = ", ".join(
        "{" + ", ".join(f"{{{a}, {b}}}" for a, b in (*own, (0, 0), (0, 0))[:2]) + "}" for own in (*ranges, [])
    )
    guard = executable.parent / f"{executable.name}_guard"
    guard.mkdir(exist_ok=True)
    text = f"#define GUARD_INPUT_OFFSET {offset}\nstatic const long guard_ranges[][2][2] = {{{rows}}};\n"
    (guard / "guard.h").write_text(text, encoding="utf-8")
    hook = (f"-I{guard}", f"-I{_HOST}", "-include", "guarded.h")
    return build_program(network, executable, (_HOST / "guarded.c",), flags=flags, hook=hook)


def build_program(
    network: CompiledNetwork,
    executable: Path,
    sources: tuple[Path, ...],
    *,
    flags: tuple[str, ...] = ("-O1",),
    hook: tuple[str, ...] = (),
) -> Path:
    """Compiles a program of other C files around the network; raises BuildError as `build_for_host`.

    Args:
        hook: more flags, for these files and the network's own, but not for kernels.
    """
    common, includes = ["-std=c11", *_WARNINGS, *flags], network.include_directories
    own, *kernels = network.sources
    jobs = [*((source, [*common, *hook]) for source in (own, *sources)), *((source, common) for source in kernels)]
    names = [f"{index:02d}-{source.stem}.o" for index, (source, _) in enumerate(jobs)]
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        try:
            for (source, with_flags), name in zip(jobs, names, strict=True):
                compile_object(_COMPILER, with_flags, includes, source, name, work)
            run_tool(_COMPILER, [*flags, *names, "-o", executable.resolve()], work)
        except BuildError as error:
            raise BuildError(f"{network.name} cannot be built for this machine: {error}") from error
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
