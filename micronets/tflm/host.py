"""Runs .tflite files in TensorFlow Lite Micro's host interpreter, whose reference kernels are the oracle.

The interpreter holds Python's lock and writes to the process's standard streams from C++, so it runs in processes of
its own: `host_worker.py`.
"""

import logging
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from micronets.errors import ModelError
from micronets.litert import check_inputs
from micronets.progress import Progress
from micronets.tflm.network import read_edges

logger = logging.getLogger(__name__)

_WORKER = Path(__file__).with_name("host_worker.py")
_LEAST_PER_PROCESS = 32
"""Starting a process takes as long as some dozens of inferences."""


def run_tflm(path: str | os.PathLike, inputs: np.ndarray, processes: int = 1) -> np.ndarray:
    """Raw outputs (n, *output shape) of raw inputs (n, *input shape), both int8, or float32 for a float file.

    Logs its progress. Raises ModelError where TFLM does not know an operator of the file or its inputs do not fit.
    """
    output = check_inputs(path, inputs)
    return _run(path, inputs, (output.shape[1:], output.dtype), processes)


def run_tflm_bytes(path: str | os.PathLike, inputs: np.ndarray) -> np.ndarray:
    """The bytes of all outputs, uint8 (n, bytes), for those of all inputs, uint8 (n, bytes), in the file's own types.

    Raises ModelError where TFLM does not run the file, or its inputs take another number of bytes.
    """
    sources, results = read_edges(Path(path))
    sizes = [sum(edge.size_bytes for edge in edges) for edges in (sources, results)]
    if inputs.dtype != np.uint8 or inputs.ndim != 2 or inputs.shape[1] != sizes[0]:
        raise ModelError(f"{path} takes {sizes[0]} bytes of inputs, but was given {inputs.dtype} {inputs.shape}.")
    return _run(path, inputs, ((sizes[1],), np.dtype(np.uint8)), 1, (len(sources), len(results)))


def _run(
    path: str | os.PathLike,
    inputs: np.ndarray,
    output: tuple[tuple[int, ...], np.dtype],
    processes: int,
    counts: tuple[int, int] = (1, 1),
) -> np.ndarray:
    """`output`: shape and type of each; `counts`: of inputs and outputs, which the bytes are those of."""
    shape, dtype = output
    total = len(inputs)
    progress, lock = Progress(logger, "inferences in TFLM", total), threading.Lock()
    parts = max(1, min(processes, total // _LEAST_PER_PROCESS))
    bounds = [total * part // parts for part in range(parts + 1)]
    with tempfile.TemporaryDirectory() as folder:
        inputs_path, outputs_path = Path(folder, "inputs.npy"), Path(folder, "outputs.npy")
        np.save(inputs_path, inputs)
        np.save(outputs_path, np.zeros((total, *shape), dtype))

        def run_part(part: int) -> None:
            arguments = [inputs_path, outputs_path, bounds[part], bounds[part + 1], *counts]
            for line in _run_worker(path, [str(argument) for argument in arguments]):
                with lock:
                    progress.advance(int(line))

        with ThreadPoolExecutor(parts) as pool:
            list(pool.map(run_part, range(parts)))
        return np.load(outputs_path)


def tflm_arena_bytes(path: str | os.PathLike) -> int:
    """Bytes of the tensor arena that TFLM's recording allocator counts on this machine, persistent buffers included.

    Pointers are 8 bytes here and 4 on a microcontroller, so the arena there is a little smaller.
    """
    read_edges(Path(path))
    for line in _run_worker(path, []):
        if found := re.search(r"Arena allocation total (\d+) bytes", line):
            return int(found.group(1))
    raise ModelError(f"TFLM's interpreter did not report the arena of {path}; check the version of tflite-micro.")


def _run_worker(path: str | os.PathLike, arguments: list[str]) -> Iterator[str]:
    """Yields the lines of the worker's standard output; raises ModelError with its complaint where it fails."""
    # -P: the folder of this package must not shadow other packages' modules.
    command = [sys.executable, "-P", str(_WORKER), os.fspath(path), *arguments]
    with tempfile.TemporaryFile() as complaints:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True) as process:
            assert process.stdout is not None
            yield from process.stdout
        if process.returncode != 0:
            complaints.seek(0)
            lines = complaints.read().decode(errors="replace").strip().splitlines()
            reason = " ".join(lines[-4:]) or f"its interpreter ended with status {process.returncode}"
            raise ModelError(f"TFLM cannot run {path}: {reason}")
