"""A library that stands in for TensorFlow Lite Micro, whose outputs and whose need of memory are easily foretold."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from micronets.compiler.graph import Graph
from micronets.linking.toolchain import core_flags, run_tool
from micronets.tflm import TflmLibrary

STAND_IN = Path(__file__).with_name("tflm_stand_in")
NODE_BYTES = 48
_INVERTED = {"AVERAGE_POOL_2D": 1, "CONV_2D": 3, "DEPTHWISE_CONV_2D": 4, "FULLY_CONNECTED": 9}


def build_library(core: str, directory: Path, *, log: bool = True) -> TflmLibrary:
    """Builds it for a core, with messages or without any; skips the test where there is no C++ compiler for it."""
    probe = ["arm-none-eabi-g++", "-E", "-x", "c++", "-include", "new", "/dev/null"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        pytest.skip("no arm-none-eabi-g++ with its library (libstdc++-arm-none-eabi-newlib)")
    flags = ["-std=c++17", "-Os", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-ffunction-sections"]
    compile_flags = [*core_flags(core), *flags, "-DTF_LITE_STATIC_MEMORY", f"-I{STAND_IN / 'include'}"]
    if not log:
        compile_flags.append("-DWITHOUT_LOG")
    directory.mkdir(parents=True, exist_ok=True)
    run_tool("arm-none-eabi-g++", [*compile_flags, "-c", STAND_IN / "library.cpp", "-o", directory / "library.o"])
    library = directory / "libtensorflow-microlite.a"
    run_tool("arm-none-eabi-gcc-ar", ["rcs", library, directory / "library.o"])
    return TflmLibrary(library, STAND_IN / "include")


def needed_bytes(graph: Graph) -> int:
    """What its interpreter needs of an arena."""
    tensors = [tensor for tensor in graph.tensors if tensor.data is None]
    return sum(-(-tensor.elements // 16) * 16 for tensor in tensors) + NODE_BYTES * len(graph.operators)


def outputs_of(graph: Graph, inputs: np.ndarray) -> np.ndarray:
    """Its outputs, int8 (n, bytes), of inputs int8 (n, ...)."""
    values = {graph.inputs[0]: inputs.reshape(len(inputs), -1)}
    for operator in graph.operators:
        size = graph.tensors[operator.outputs[0]].elements
        source = values[operator.inputs[0]]
        repeated = np.tile(source, (1, -(-size // source.shape[1])))[:, :size]
        values[operator.outputs[0]] = repeated ^ np.int8(_INVERTED.get(operator.kind, 0))
    return values[graph.outputs[0]]
