"""From a .tflite file to C: read, lower, choose kernels, plan memory, emit."""

import re
import shutil
from pathlib import Path

from micronets import atomic
from micronets.compiler.compiled_network import CompiledNetwork, EdgeQuantisation, Layer, PlannedBuffer
from micronets.compiler.emit import emit
from micronets.compiler.intervals import Analysis
from micronets.compiler.kernels import choose_kernel
from micronets.compiler.kernels.account import four_bit_notes
from micronets.compiler.lower import lower
from micronets.compiler.passes import optimise_program
from micronets.compiler.reader import read_graph
from micronets.compiler.row_fusion import fuse_rows
from micronets.compiler.steps import Program
from micronets.csrc import INCLUDE, KERNELS
from micronets.errors import BuildError, ModelError

CORES = ("cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55")
OPTIMISE = ("speed", "balanced", "size")

_COMPILER_FLAGS = {"speed": ("-O3",), "balanced": ("-O2",), "size": ("-Os",)}

_INNER_HEADERS = (
    "depthwise_3x3.h",
    "helium_move.h",
    "helium_round.h",
    "point.h",
    "point_block.h",
    "point_dsp.h",
    "point_int4.h",
    "point_int4_dsp.h",
)
_LARGEST_VALUE_BYTES = 4 << 20

# Share of the arena that running two layers row by row must save: it costs a few per cent of the layers' time.
_LEAST_GAIN = {"speed": 0.2, "balanced": 0.02, "size": 0.0}


def compile_network(
    tflite: Path, directory: Path, *, core: str = "cortex-m4", optimise: str = "balanced"
) -> CompiledNetwork:
    """Writes network.h, network.c and the kernel sources they need into `directory`, whole or not at all.

    Args:
        directory: replaced if it is there.
        core: what the code is for; the kernels themselves pick instructions by what the C compiler is told.
        optimise: `speed` runs layers row by row only where that saves a fifth of the arena, `balanced` 2 %, `size`
            always; and it chooses the C compiler's flags.

    Raises:
        ModelError: the file is damaged, or asks for what the compiler does not support.
        BuildError: `core` or `optimise` is not one of `CORES` or `OPTIMISE`.
    """
    if core not in CORES:
        raise BuildError(f"core {core!r} is not known; choose one of {', '.join(CORES)}")
    if optimise not in OPTIMISE:
        raise BuildError(f"optimise {optimise!r} is not known; choose one of {', '.join(OPTIMISE)}")
    program = lower(read_graph(Path(tflite)))
    largest = max(value.size_bytes for value in (program.input, *(step.output for step in program.steps)))
    if largest > _LARGEST_VALUE_BYTES:
        raise ModelError(f"{tflite}: one activation takes {largest} bytes, too many for a microcontroller")
    optimise_program(program)
    return compile_program(program, Path(directory), core=core, optimise=optimise)


def compile_program(program: Program, directory: Path, *, core: str, optimise: str) -> CompiledNetwork:
    """The part of `compile_network` behind the passes."""
    analysis = Analysis(program)
    chosen = [choose_kernel(step, analysis, core, optimise) for step in program.steps]
    program.notes += four_bit_notes(chosen)
    kernels, placement = fuse_rows(program, list(chosen), _LEAST_GAIN[optimise])
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", Path(program.file).stem) or "network"
    emitted = emit(program, kernels, placement, name)
    files = sorted({file for kernel in kernels for file in kernel.files()})
    with atomic.atomic_directory(directory) as beside:
        (beside / "network.h").write_text(emitted.header, encoding="utf-8")
        (beside / "network.c").write_text(emitted.body, encoding="utf-8")
        for file in (*files, *_INNER_HEADERS):
            shutil.copyfile(KERNELS / file, beside / file)
        for header in sorted(INCLUDE.glob("micronets_*.h")):
            shutil.copyfile(header, beside / header.name)
    layers = tuple(
        Layer(
            function=layer.function,
            step=layer.unit,
            operator=layer.step.kind,
            operators=layer.step.operators,
            input_shape=layer.step.inputs[0].shape,
            output_shape=layer.step.output.shape,
            macs=layer.step.macs,
            file_macs=sum(program.operator_macs.get(operator, 0) for operator in layer.step.operators),
            kernel=layer.kernel,
            scratch_bytes=layer.scratch_bytes,
            constant_bytes=layer.constant_bytes,
        )
        for layer in emitted.layers
    )
    buffers = tuple(
        PlannedBuffer(buffer.name, offset, buffer.size_bytes, buffer.first_step, buffer.last_step)
        for buffer, offset in zip(placement.buffers, placement.plan.offsets, strict=True)
    )
    first, last = program.input_quantisation, program.output_quantisation
    return CompiledNetwork(
        name=name,
        core=core,
        optimise=optimise,
        sources=tuple(directory / file for file in ("network.c", *files)),
        include_directories=(directory,),
        compiler_flags=_COMPILER_FLAGS[optimise],
        arena_bytes=max(placement.plan.arena_bytes, 4),
        weights_bytes=sum(layer.constant_bytes for layer in layers),
        steps=len(kernels),
        buffers=buffers,
        layers=layers,
        input=EdgeQuantisation(first.scale, first.zero_point, first.shape),
        output=EdgeQuantisation(last.scale, last.zero_point, last.shape),
        notes=tuple(program.notes),
    )
