"""One check per random model: compile, build with sanitizers and guards, run, compare with TensorFlow Lite Micro."""

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from micronets.boards import find_board
from micronets.compiler.compile import OPTIMISE, compile_network
from micronets.compiler.compiled_network import CompiledNetwork
from micronets.compiler.graph import Graph
from micronets.compiler.reader import read_graph
from micronets.compiler.steps import ITEM_BYTES
from micronets.emulator.execution import run_inputs
from micronets.errors import MicronetsError, ModelError
from micronets.fuzz.layers import random_layer
from micronets.fuzz.mutations import mutated_model
from micronets.fuzz.networks import random_network
from micronets.fuzz.oracle import tflm_outputs
from micronets.fuzz.samples import random_operator, sample_of
from micronets.linking.build import build_firmware
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host
from micronets.profile import profile_firmware

_MODELS = {"layer": random_layer, "operator": random_operator, "network": random_network}

Runner = Callable[[Path, np.ndarray, int], tuple[CompiledNetwork, np.ndarray]]

# One for each set of kernels.
_CORES = ("cortex-m4", "cortex-m0plus", "cortex-m55")
_BOARDS = ("nucleo-l4r5zi", "nucleo-l4r5zi", "corstone-300", "corstone-300", "nucleo-f746zg", "nucleo-f207zg")
_LONGEST_COMPILATION_S = 10.0
_MOST_MEMORY_BYTES = 1 << 30
"""Of a compilation, beside what the process has already."""
_RANDOM_INPUTS = 3
# Share of the accepted damaged files that are also built and run.
_BUILT_MUTATIONS = 0.05


def check(kind: str, seed: int, directory: Path) -> str | None:
    """None where all is well, else one line saying what is wrong; `kind` is one of `micronets.fuzz.KINDS`.

    Raises:
        RefusedByTflm: there is nothing to compare with.
    """
    if kind == "mutation":
        return _check_mutation(seed, directory)
    if kind == "emulated":
        kind = "layer" if seed % 3 else ("network", "operator")[seed // 3 % 2]
        model = _MODELS[kind](seed)
        return _check_model(model, seed, directory, _emulated_outputs)
    model = _MODELS[kind](seed)
    return _check_model(model, seed, directory, _host_outputs)


def check_sample(operator: str, seed: int, directory: Path, *, emulated: bool = False) -> str | None:
    """The same for a random model of one operator, by the schema's name, on this machine or on an emulated board."""
    return _check_model(sample_of(operator, seed), seed, directory, _emulated_outputs if emulated else _host_outputs)


def edge_inputs(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Random and saturating int8 inputs, (count, *shape)."""
    random = np.random.default_rng([seed, 2])
    noise = random.integers(-128, 128, (_RANDOM_INPUTS, *shape))
    extremes = [np.full((1, *shape), -128), np.full((1, *shape), 127), random.choice([-128, 127], (1, *shape))]
    return np.concatenate([noise, *extremes]).astype(np.int8)


def _input_shape(graph: Graph) -> tuple[int, ...]:
    """Of the inputs' bytes, one behind the other where there are several."""
    tensors = [graph.tensors[index] for index in graph.inputs]
    if len(tensors) == 1 and tensors[0].dtype == "int8":
        return tensors[0].shape
    return (sum(tensor.elements * ITEM_BYTES[tensor.dtype] for tensor in tensors),)


def _host_outputs(file: Path, inputs: np.ndarray, seed: int) -> tuple[CompiledNetwork, np.ndarray]:
    network = compile_network(file, file.parent / "network", core=_CORES[seed % len(_CORES)], always_pack=seed % 2 == 0)
    executable = build_guarded(network, file.parent / "run", flags=("-O1", *SANITIZERS))
    return network, run_on_host(executable, inputs, int(np.prod(network.output.shape)))


def _emulated_outputs(file: Path, inputs: np.ndarray, seed: int) -> tuple[CompiledNetwork, np.ndarray]:
    # What a check is of follows from its seed modulo 6 and, with 16 levels, 12.
    board = find_board(_BOARDS[seed // 6 % len(_BOARDS)])
    network = compile_network(
        file,
        file.parent / "network",
        core=board.core,
        optimise=OPTIMISE[seed // 7 % len(OPTIMISE)],
        always_pack=seed % 2 == 0,
    )
    firmware = build_firmware(network, board, file.parent / "firmware")
    profile_firmware(firmware, inputs[:1])  # refuses accesses outside of the program's memory
    return network, run_inputs(firmware, inputs)


def _check_model(model: bytes, seed: int, directory: Path, run: Runner) -> str | None:
    file = directory / "model.tflite"
    file.write_bytes(model)
    graph = read_graph(file)
    inputs = edge_inputs(_input_shape(graph), seed)
    expected = tflm_outputs(model, inputs)
    try:
        network, outputs = run(file, inputs, seed)
    except MicronetsError as error:
        return f"failed: {error}"
    different = int((outputs != expected.reshape(outputs.shape)).sum())
    if different:
        kernels = ", ".join(layer.kernel for layer in network.layers)
        return f"{different} of {outputs.size} outputs differ from TFLM's ({kernels})"
    return None


@contextmanager
def _limited_memory() -> Iterator[None]:
    """At most `_MOST_MEMORY_BYTES` more data than the process has."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    data = next(line for line in status.splitlines() if line.startswith("VmData"))
    resource.setrlimit(resource.RLIMIT_DATA, (1024 * int(data.split()[1]) + _MOST_MEMORY_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _check_mutation(seed: int, directory: Path) -> str | None:
    file = directory / "model.tflite"
    file.write_bytes(mutated_model(seed))
    start = time.process_time()
    try:
        with _limited_memory():
            network = compile_network(file, directory / "network", core=_CORES[seed % len(_CORES)])
    except MemoryError:
        return f"compiling takes more than {_MOST_MEMORY_BYTES} bytes of memory"
    except ModelError as error:
        if "\n" in str(error) or len(str(error)) > 600:
            return f"the error is no sentence: {str(error)[:200]}"
        network = None
    except Exception as error:  # noqa: BLE001 - whatever else it raises is the finding
        return f"{type(error).__name__}: {error}"
    elapsed_s = time.process_time() - start
    if elapsed_s > _LONGEST_COMPILATION_S:
        return f"compiling took {elapsed_s:.0f} s of the processor"
    if network is None or np.random.default_rng([seed, 5]).random() >= _BUILT_MUTATIONS:
        return None
    try:
        executable = build_guarded(network, directory / "run", flags=("-O1", *SANITIZERS))
        run_on_host(executable, edge_inputs(network.input.shape, seed), int(np.prod(network.output.shape)))
    except MicronetsError as error:
        return f"failed: {error}"
    return None
