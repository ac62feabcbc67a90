"""From a .tflite file to C: read, lower, choose kernels, plan memory, emit."""

import re
from dataclasses import replace
from pathlib import Path

from micronets.compiler.arena import ArenaPlan, plan_arena
from micronets.compiler.compiled_network import CompiledNetwork, EdgeQuantisation, Layer, PlannedBuffer
from micronets.compiler.cores import Core, Extension, find_core
from micronets.compiler.emit import emit
from micronets.compiler.folder import write_folder
from micronets.compiler.intervals import Analysis
from micronets.compiler.kernels import Kernel
from micronets.compiler.kernels.account import four_bit_notes, reference_notes
from micronets.compiler.kernels.kernel import PlannedKernel
from micronets.compiler.lower import lower
from micronets.compiler.memories import Memories, check_arena, check_edges, check_weights
from micronets.compiler.naming import OWN_PREFIX, Naming
from micronets.compiler.packing import pack_activations, packing_notes, unpack_activations
from micronets.compiler.passes import optimise_program
from micronets.compiler.reader import read_graph
from micronets.compiler.registry import analyse, choose_kernel
from micronets.compiler.row_fusion import fuse_rows, widen_rows
from micronets.compiler.shared_code import share_dense_code, share_int4_code, share_sweeps
from micronets.compiler.shared_weights import arena_limit_bytes, share_weights
from micronets.compiler.steps import Program
from micronets.errors import ConfigurationError, ModelError

OPTIMISE_FLAGS = {"speed": ("-O2",), "balanced": ("-O2",), "size": ("-Os",)}
"""What to optimise for, and the flags of the C compiler that the code is then meant for."""

OPTIMISE = tuple(OPTIMISE_FLAGS)

_LARGEST_VALUE_BYTES = 4 << 20

# Share of the arena that running two layers row by row must save: it costs a few per cent of the layers' time.
_LEAST_GAIN = {"speed": 0.2, "balanced": 0.02, "size": 0.0}
# And that storing activations in 4 bits must save.
_LEAST_PACKING_GAIN = {"speed": 0.4, "balanced": 0.1, "size": 0.0}


def compile_network(
    tflite: Path,
    directory: Path,
    *,
    core: str = "cortex-m4",
    optimise: str = "balanced",
    memories: Memories | None = None,
    prefix: str = OWN_PREFIX,
    always_pack: bool = False,
) -> CompiledNetwork:
    """Writes `<prefix>.h`, `<prefix>.c` and all that it takes to build them into `directory`, whole or not at all.

    Args:
        directory: what others put there stays, see `output_folder`.
        core: what the code is for; the kernels themselves pick instructions by what the C compiler is told.
        prefix: begins the names of files, symbols and public macros, so that one program can hold several networks.
        optimise: `speed` runs layers row by row only where that saves a fifth of the arena, `balanced` 2 %, `size`
            always; and it chooses the C compiler's flags.
        always_pack: store all activations in 4 bits that can be, also where the arena hardly shrinks by that.
        memories: of the board that the program is for; None where any size will do.

    Raises:
        ModelError: the file is damaged, or asks for what the compiler does not support.
        ConfigurationError: `core` is not one of `CORES`, `optimise` not one of `OPTIMISE`, or `prefix` no good name.
        BuildError: weights or activations alone are larger than `memories`.
        OutputError: files of others are in the way.
    """
    find_core(core)
    Naming(prefix)
    if optimise not in OPTIMISE:
        raise ConfigurationError(f"optimise {optimise!r} is not known; choose one of {', '.join(OPTIMISE)}.")
    program = lower(read_graph(Path(tflite)))
    largest = max(value.size_bytes for value in (program.input, *(step.output for step in program.steps)))
    if largest > _LARGEST_VALUE_BYTES:
        raise ModelError(f"{tflite}: one activation takes {largest} bytes, too many for a microcontroller")
    optimise_program(program)
    return compile_program(
        program,
        Path(directory),
        core=core,
        optimise=optimise,
        memories=memories,
        prefix=prefix,
        always_pack=always_pack,
    )


def compile_program(
    program: Program,
    directory: Path,
    *,
    core: str,
    optimise: str,
    memories: Memories | None = None,
    prefix: str = OWN_PREFIX,
    always_pack: bool = False,
) -> CompiledNetwork:
    """The part of `compile_network` behind the passes."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", Path(program.file).stem) or "network"
    if memories is not None:
        check_weights(name, program, memories)
        check_edges(name, program, memories)
    analysis = analyse(program)
    chosen = [choose_kernel(step, analysis, find_core(core), optimise) for step in program.steps]
    program.notes += reference_notes(chosen)
    if optimise != "speed":
        chosen = share_int4_code(share_dense_code(chosen, find_core(core)), find_core(core))
    kernels, placement, limit_bytes = _plan(program, chosen, analysis, find_core(core), optimise, always_pack)
    program.notes += four_bit_notes(kernels)
    placement = share_weights(program, kernels, placement, find_core(core), optimise, limit_bytes)
    if find_core(core).extension is Extension.DSP and optimise != "size":
        placement = widen_rows(kernels, placement)
    placement = share_sweeps(kernels, placement)
    if memories is not None:
        check_arena(name, placement.plan.arena_bytes, memories)
    naming = Naming(prefix)
    emitted = emit(program, kernels, placement, name, naming)
    reference = {kernel.function for kernel in chosen if kernel.is_reference}
    files = sorted({file for kernel in kernels for file in kernel.files()})
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
            is_reference=layer.kernel in reference,
            scratch_bytes=layer.scratch_bytes,
            constant_bytes=layer.constant_bytes,
        )
        for layer in emitted.layers
    )
    buffers = tuple(
        PlannedBuffer(buffer.name, offset, buffer.size_bytes, buffer.first_step, buffer.last_step)
        for buffer, offset in zip(placement.buffers, placement.plan.offsets, strict=True)
    )
    inputs, outputs = (
        tuple(EdgeQuantisation(edge.scale, edge.zero_point, edge.shape, edge.dtype, edge.name) for edge in edges)
        for edges in (program.inputs, program.outputs)
    )
    network = CompiledNetwork(
        name=name,
        prefix=prefix,
        core=core,
        optimise=optimise,
        sources=(directory / f"{prefix}.c", *(directory / naming.kernel_file(file) for file in files)),
        include_directories=(directory,),
        compiler_flags=OPTIMISE_FLAGS[optimise],
        arena_bytes=max(placement.plan.arena_bytes, 4),
        weights_bytes=sum(layer.constant_bytes for layer in layers),
        steps=len(kernels),
        buffers=buffers,
        layers=layers,
        input=_all(inputs),
        output=_all(outputs),
        inputs=inputs,
        outputs=outputs,
        notes=tuple(program.notes),
    )
    write_folder(network, emitted, files, directory)
    return network


def _plan(
    program: Program, chosen: list[Kernel], analysis: Analysis, core: Core, optimise: str, always_pack: bool
) -> tuple[list[PlannedKernel], ArenaPlan, int]:
    """Layers row by row, and activations in 4 bits, where they save memory, and what the arena may grow to for speed.

    Adds to the program's notes.
    """
    notes = list(program.notes)

    def most_bytes(placement: ArenaPlan) -> int:
        return arena_limit_bytes(program, placement.plan.arena_bytes, core, optimise)

    kernels, placement = fuse_rows(program, chosen, _LEAST_GAIN[optimise])
    limit_bytes = most_bytes(placement)
    packed = pack_activations(program, chosen, analysis, core, optimise)
    if packed is None:
        return kernels, placement, limit_bytes
    own_notes, program.notes = program.notes, list(notes)
    packed_kernels, packed_placement = fuse_rows(program, packed, _LEAST_GAIN[optimise])
    packed_limit_bytes = most_bytes(packed_placement)
    # With Helium, kernels that leave the clamp to the packing are the faster ones, too.
    most_packed_bytes = limit_bytes * (1 - _LEAST_PACKING_GAIN[optimise])
    if core.extension is Extension.HELIUM:
        most_packed_bytes = limit_bytes + 1
    if always_pack or packed_limit_bytes < most_packed_bytes:
        whole: list[PlannedKernel] = list(packed)
        placement = plan_arena(program, whole)
        # Layers that run row by row take longer.
        if placement.plan.arena_bytes <= packed_limit_bytes:
            packed_kernels, packed_placement, program.notes = whole, placement, notes
        program.notes += packing_notes(program, packed_placement)
        return packed_kernels, packed_placement, packed_limit_bytes
    unpack_activations(program)
    program.notes = own_notes
    return kernels, placement, limit_bytes


def _all(edges: tuple[EdgeQuantisation, ...]) -> EdgeQuantisation:
    if len(edges) == 1 and edges[0].dtype == "int8":
        return edges[0]
    return replace(edges[0], shape=(sum(edge.size_bytes for edge in edges),), dtype="int8")
