"""Which operators are supported, from what the compiler does with random models of each: docs/operators.md."""

import re
import tempfile
from functools import cache
from pathlib import Path

from micronets.compiler.cores import find_core
from micronets.compiler.kernels import Kernel
from micronets.compiler.lower import lower
from micronets.compiler.reader import read_graph
from micronets.compiler.registry import OPERATORS, analyse, choose_kernel
from micronets.csrc import INCLUDE, KERNELS
from micronets.errors import ModelError
from micronets.fuzz.samples import SAMPLES, sample_of
from micronets.tflm.operators import BUILTIN_OPERATORS

_SEEDS = range(12)
_INT4 = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
_HEAD = """# Supported operators

Written by `micronets operators` from what the compiler does with random models of every operator; a test
holds it true. The list is that of TensorFlow Lite Micro's resolver. Every operator that is supported takes int8
activations, in batches of any size, and equals TFLM's reference kernel bit for bit; CONV_2D, DEPTHWISE_CONV_2D and
FULLY_CONNECTED take int4 weights, too. What moves values (CONCATENATION, SLICE, TRANSPOSE, ...) also takes int16, int32
and bool; QUANTIZE and CAST turn one into the other, comparisons and logical operators make bool, ARG_MAX int32.

- **portable**: C that runs on every core; *no code*: the bytes are seen in another shape, or the network's edge moves.
- **DSP**: `yes` where the C has a path for the DSP extension (Cortex-M4, M7, M33); otherwise the portable C runs.
- **Helium**: `yes` where a Cortex-M55 gets a kernel of its own; otherwise what the column before says runs.

| operator | portable | DSP | Helium | int4 weights |
|---|---|---|---|---|
"""


def support_page() -> str:
    """The text of docs/operators.md."""
    rows = [f"| {name} | {' | '.join(_cells(name))} |" for name in sorted({*BUILTIN_OPERATORS, *OPERATORS})]
    supported = sum(name in OPERATORS for name in BUILTIN_OPERATORS)
    tail = f"\n{supported} of TFLM's {len(BUILTIN_OPERATORS)} built-in operators. [Adding one](add_an_operator.md).\n"
    return _HEAD + "\n".join(rows) + "\n" + tail


def _cells(name: str) -> tuple[str, ...]:
    if name not in OPERATORS:
        return ("—",) * 4
    int4 = "yes" if name in _INT4 else "—"
    if name not in SAMPLES:
        return "no code", "—", "—", int4
    kernels = [kernel for seed in _SEEDS for kernel in _kernels(name, seed, "cortex-m4")]
    if not kernels:
        return "no code", "—", "—", int4
    files = set().union(*(kernel.files() for kernel in kernels))
    vectorised = [kernel.function for seed in _SEEDS for kernel in _kernels(name, seed, "cortex-m55")]
    dsp, helium = any(map(_has_dsp, files)), any("helium" in function for function in vectorised)
    return "yes", "yes" if dsp else "—", "yes" if helium else "—", int4


def _kernels(name: str, seed: int, core: str) -> list[Kernel]:
    """Of the steps that the operator becomes in a random model of it; none where TFLM refuses the model, too."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "model.tflite")
        file.write_bytes(sample_of(name, seed))
        graph = read_graph(file)
        try:
            program = lower(graph)
        except ModelError:
            return []
    analysis = analyse(program)
    own = [step for step in program.steps if any(graph.operators[index].kind == name for index in step.operators)]
    return [choose_kernel(step, analysis, find_core(core), "balanced") for step in own]


@cache
def _has_dsp(file: str) -> bool:
    """Whether a kernel's C, or a header of its own, uses an instruction of the DSP extension."""
    header = (INCLUDE / "micronets_dsp.h").read_text(encoding="utf-8")
    # From the instructions' wrappers to their portable forms, and what is built on either.
    names = {"mn_dot", *re.findall(r"(mn_\w+)\(", header.split("#if MN_DSP\n")[1].split("#else\n")[0])}
    text = (KERNELS / file).read_text(encoding="utf-8")
    if any(re.search(rf"\b{name}\(", text) for name in names):
        return True
    return any(_has_dsp(header) for header in re.findall(r'#include "(.*)"', text) if (KERNELS / header).is_file())
