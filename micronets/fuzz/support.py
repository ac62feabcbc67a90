"""Which operators are supported, from what the compiler does with random models of each: docs/operators.md."""

import re
import tempfile
from functools import cache
from pathlib import Path

from micronets.compiler.cores import find_core
from micronets.compiler.graph import Graph
from micronets.compiler.kernels import Kernel
from micronets.compiler.left_out import OF_TFLM
from micronets.compiler.lower import lower
from micronets.compiler.reader import read_graph
from micronets.compiler.registry import OPERATORS, analyse, choose_kernel
from micronets.csrc import INCLUDE, KERNELS
from micronets.errors import ModelError
from micronets.fuzz.samples import SAMPLES, sample_of
from micronets.fuzz.samples.int16 import SUFFIX
from micronets.tflm.operators import BUILTIN_OPERATORS

_SEEDS = range(12)
_INT4_SEEDS = range(40)
"""Of which some draw weights of 4 bits, where the operator has any."""
_HEAD = """# Supported operators

Written by `micronets operators` from what the compiler does with random models of every operator; a test
holds it true. The list is that of TensorFlow Lite Micro's resolver. Every operator that is supported takes int8
activations, in batches of any size, and equals TFLM's reference kernel bit for bit. What moves values (CONCATENATION,
SLICE, TRANSPOSE, ...) also takes int16, int32 and bool; QUANTIZE and CAST turn one into the other, comparisons and
logical operators make bool, ARG_MAX int32. What TFLM has in float32 only (EXP, LOG, SIN, ...) is supported between a
DEQUANTIZE and a QUANTIZE, as a function of one int8 value, with whatever functions of one value stand beside it; it
becomes a table of 256 values. REDUCE_PROD, which TFLM lacks, is worked out of shapes while compiling, as Keras's layers
for any batch size need it.

- **portable**: C that runs on every core; *no code*: the bytes are seen in another shape, or the network's edge moves.
- **DSP**: `yes` where the C has a path for the DSP extension (Cortex-M4, M7, M33); otherwise the portable C runs.
- **Helium**: `yes` where a Cortex-M55 gets a kernel of its own; otherwise what the column before says runs.
- **int4 weights**: beside those of int8.
- **int16**: activations of int16, with zero points of 0 as converters write them, weights of int8 and biases of int64
  or int32 (16x8). TFLM takes them in no operator beside these but GREATER, whose multipliers it never sets for int16,
  and DEQUANTIZE, EXPAND_DIMS, SQUEEZE and variables, which take any type here as there.

| operator | portable | DSP | Helium | int4 weights | int16 |
|---|---|---|---|---|---|
"""


def support_page() -> str:
    """The text of docs/operators.md."""
    rows = [f"| {name} | {' | '.join(_cells(name))} |" for name in sorted({*BUILTIN_OPERATORS, *OPERATORS})]
    missing = {name: OF_TFLM[name] for name in BUILTIN_OPERATORS if name not in OPERATORS}
    supported = len(BUILTIN_OPERATORS) - len(missing)
    tail = f"\n{supported} of TFLM's {len(BUILTIN_OPERATORS)} built-in operators. [Adding one](add_an_operator.md).\n\n"
    tail += "\n".join(["Left out:", *(f"- {name}: {why}." for name, why in missing.items())]) + "\n"
    return _HEAD + "\n".join(rows) + "\n" + tail


def _cells(name: str) -> tuple[str, ...]:
    if name not in OPERATORS:
        return ("—",) * 5
    last = ("yes" if _takes_int4(name) else "—", _int16(name))
    if name not in SAMPLES:
        return "no code", "—", "—", *last
    kernels = [kernel for seed in _SEEDS for kernel in _kernels(name, seed, "cortex-m4")]
    if not kernels:
        return "no code", "—", "—", *last
    files = set().union(*(kernel.files() for kernel in kernels))
    vectorised = [kernel.function for seed in _SEEDS for kernel in _kernels(name, seed, "cortex-m55")]
    dsp, helium = any(map(_has_dsp, files)), any("helium" in function for function in vectorised)
    return "yes", "yes" if dsp else "—", "yes" if helium else "—", *last


def _takes_int4(name: str) -> bool:
    """Whether a random model whose weights have 4 bits is accepted."""
    if name not in SAMPLES or not any(_reads_constant(name, seed, ("int8", "int4")) for seed in _SEEDS[:2]):
        return False
    return any(_reads_constant(name, seed, ("int4",)) and _kernels(name, seed, "cortex-m4") for seed in _INT4_SEEDS)


def _reads_constant(name: str, seed: int, dtypes: tuple[str, ...]) -> bool:
    graph = _read(name, seed)
    read = {i for operator in graph.operators if operator.kind == name for i in operator.inputs if i >= 0}
    return any(graph.tensors[i].data is not None and graph.tensors[i].dtype in dtypes for i in read)


def _int16(name: str) -> str:
    return "yes" if name + SUFFIX in SAMPLES else "—"


def _kernels(name: str, seed: int, core: str) -> list[Kernel]:
    """Of the steps that the operator becomes in a random model of it; none where TFLM refuses the model, too."""
    graph = _read(name, seed)
    try:
        program = lower(graph)
    except ModelError:
        return []
    analysis = analyse(program)
    own = [step for step in program.steps if any(graph.operators[index].kind == name for index in step.operators)]
    return [choose_kernel(step, analysis, find_core(core), "balanced") for step in own]


@cache
def _read(name: str, seed: int) -> Graph:
    """The graph of a random model."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "model.tflite")
        file.write_bytes(sample_of(name, seed))
        return read_graph(file)


@cache
def _has_dsp(file: str) -> bool:
    """Whether a kernel's C, or a header of its own, uses an instruction of the DSP extension."""
    header = (INCLUDE / "micronets_dsp.h").read_text(encoding="utf-8")
    # From the instructions' wrappers to their portable forms, and what is built on either.
    names = {"mn_dot", *re.findall(r"(mn_\w+)\(", header.split("#if MN_DSP\n")[1].split("#else\n")[0])}
    text = (KERNELS / file).read_text(encoding="utf-8")
    if "#if MN_DSP" in text or any(re.search(rf"\b{name}\(", text) for name in names):
        return True
    return any(_has_dsp(header) for header in re.findall(r'#include "(.*)"', text) if (KERNELS / header).is_file())
