"""Writes the C of a network itself, `<prefix>.h` and `<prefix>.c`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from micronets.compiler.arena import ArenaPlan
from micronets.compiler.compiled_network import EdgeQuantisation
from micronets.compiler.kernels import Kernel
from micronets.compiler.kernels.fused_residual import FusedResidual
from micronets.compiler.kernels.fused_rows import FusedRows
from micronets.compiler.kernels.kernel import PlannedKernel
from micronets.compiler.naming import OWN_PREFIX, Naming
from micronets.compiler.source import Source
from micronets.compiler.state import reset_call, reset_declaration, reset_definition, state_definition, state_offsets
from micronets.compiler.steps import Program, Quantised, Step, Value
from micronets.csrc import LICENCE_LINE

_ALWAYS_INCLUDED = ("depthwise_3x3.h", "micronets_helium.h", "micronets_kernels.h")
"""Headers of the kernels that `<prefix>.c` includes."""


def layer_function(number: int, count: int, kind: str, prefix: str = OWN_PREFIX) -> str:
    return f"{prefix}_layer_{_numeral(number, count)}_{kind}"


def _numeral(number: int, count: int) -> str:
    return f"{number:0{3 if count > 100 else 2}d}"


@dataclass(frozen=True)
class EmittedLayer:
    function: str
    step: Step
    unit: int
    """Which call of `<prefix>_invoke()` runs it; a fused pair shares one."""
    kernel: str
    scratch_bytes: int
    constant_bytes: int


@dataclass(frozen=True)
class Emitted:
    header: str
    body: str
    layers: tuple[EmittedLayer, ...]
    included: tuple[str, ...]
    """Headers of the kernels that the body includes."""


class _Emitter:
    def __init__(self, program: Program, placement: ArenaPlan, count: int, prefix: str) -> None:
        self.states = state_offsets(program)
        self.placement = placement
        self.prefix = prefix
        self.count = count
        self.layers: list[EmittedLayer] = []
        self.constants: list[str] = []
        self.bodies: list[str] = []
        self.calls: list[str] = []

    def address(self, value: Value) -> str:
        if id(value.storage) in self.states:
            return f"state + {self.states[id(value.storage)] + value.offset_bytes}"
        return _address(self.placement.offsets[id(value.storage)] + value.offset_bytes)

    def begin(self, step: Step) -> tuple[str, str, Source]:
        """The next layer's function, the prefix of its constants, and where they go."""
        number = len(self.layers)
        function = layer_function(number, self.count, step.kind, self.prefix)
        return function, f"layer_{_numeral(number, self.count)}", Source(self.prefix)

    def finish(
        self, function: str, kernel: Kernel, source: Source, parameters: str, statements: list[str], scratch_bytes: int
    ) -> None:
        step = kernel.step
        shapes = " + ".join("x".join(map(str, value.shape)) for value in step.inputs)
        shape = "x".join(map(str, step.output.shape))
        lines = "\n".join(f"    {statement}" for statement in statements)
        self.constants.append("\n".join(source.parts))
        self.bodies.append(
            f"/* {shapes} -> {shape}, {step.macs} MACs */\nLAYER {function}({parameters})\n{{\n{lines}\n}}\n"
        )
        self.layers.append(
            EmittedLayer(function, step, len(self.calls), kernel.function, scratch_bytes, source.constant_bytes)
        )

    def single(self, kernel: Kernel, scratch: str) -> None:
        function, prefix, source = self.begin(kernel.step)
        inputs = []
        for position, value in enumerate(kernel.step.inputs):
            if value.storage.constant is None:
                inputs.append(self.address(value))
            else:
                name = source.array(f"{prefix}_input_{position}", value.constant)
                inputs.append(name if value.item_bytes == 1 else f"(const int8_t *){name}")
        statements = kernel.emit(source, prefix, inputs, self.address(kernel.step.output), scratch)
        self.finish(function, kernel, source, "void", statements, kernel.scratch_bytes)
        self.calls.append(function)

    def fused(self, kernel: FusedRows, scratch: str) -> None:
        first, prefix, source = self.begin(kernel.first.step)
        rows = kernel.emit_first(source, prefix, self.address(kernel.step.inputs[0]), scratch)
        parameters = "int32_t row, int32_t rows, int8_t *output"
        self.finish(first, kernel.first, source, parameters, rows, kernel.scratch_bytes)
        second, prefix, source = self.begin(kernel.second.step)
        band = kernel.emit_second(source, prefix, self.address(kernel.step.output), scratch)
        parameters = "int32_t row, int32_t rows, const int8_t *input"
        self.finish(second, kernel.second, source, parameters, band, kernel.scratch_bytes)
        driver = f"fused_{len(self.layers) - 2:02d}_{len(self.layers) - 1:02d}"
        self.bodies.append(kernel.emit_driver(driver, first, second, scratch))
        self.calls.append(driver)

    def residual(self, kernel: FusedResidual, scratch: str) -> None:
        own = f"{scratch} + {kernel.buffer_bytes}"
        address = self.address(kernel.step.inputs[0])
        first, prefix, source = self.begin(kernel.first.step)
        rows = kernel.first.emit_rows(source, prefix, address, own)
        self.finish(
            first, kernel.first, source, "int32_t row, int32_t rows, int8_t *output", rows, kernel.scratch_bytes
        )
        second, prefix, source = self.begin(kernel.second.step)
        rows = kernel.second.emit_rows(source, prefix, "input", own)
        parameters = "int32_t row, int32_t rows, const int8_t *input, int8_t *output"
        self.finish(second, kernel.second, source, parameters, rows, kernel.scratch_bytes)
        addition, prefix, source = self.begin(kernel.addition.step)
        sums = kernel.addition.emit_part(source, prefix, kernel.band_bytes, ["first", "second"], "output")
        parameters = "const int8_t *first, const int8_t *second, int8_t *output"
        self.finish(addition, kernel.addition, source, parameters, sums, 0)
        driver = f"fused_{len(self.layers) - 3:02d}_{len(self.layers) - 1:02d}"
        layers = first, second, addition
        self.bodies.append(kernel.emit_driver(driver, layers, scratch, address, self.address(kernel.step.output)))
        self.calls.append(driver)


def emit(program: Program, kernels: list[PlannedKernel], placement: ArenaPlan, name: str, naming: Naming) -> Emitted:
    prefix, macro = naming.prefix, naming.macro
    count = sum({FusedRows: 2, FusedResidual: 3}.get(type(kernel), 1) for kernel in kernels)
    emitter = _Emitter(program, placement, count, prefix)
    definitions: dict[str, None] = {}
    for kernel, offset in zip(kernels, placement.scratch_offsets, strict=True):
        scratch = "0" if offset is None else _address(offset)
        if isinstance(kernel, FusedRows):
            definitions[kernel.second.definition()] = None
            emitter.fused(kernel, scratch)
        elif isinstance(kernel, FusedResidual):
            emitter.residual(kernel, scratch)
        else:
            assert isinstance(kernel, Kernel)
            definitions[kernel.definition()] = None
            emitter.single(kernel, scratch)
    calls = "\n".join(f"    {name}();\n    {macro}_AFTER_STEP({i});" for i, name in enumerate(emitter.calls))
    file = Path(program.file).name
    headers = (*_ALWAYS_INCLUDED, *sorted(set().union(*(kernel.headers() for kernel in kernels))))
    includes = "\n".join(f'#include "{header}"' for header in headers)
    parts = [*(text for text in definitions if text), *emitter.constants, *emitter.bodies]
    body = f"""{LICENCE_LINE}
/* {file}, compiled ahead of time. Generated; change the network, not this file. */
#include "{prefix}.h"

{naming.kernel_text(includes)}

/* A test build may look at the arena here. */
#ifndef {macro}_AFTER_STEP
#define {macro}_AFTER_STEP(step)
#endif

#if defined(__clang__)
#define LAYER static __attribute__((noinline)) void
#else
#define LAYER static __attribute__((noipa)) void
#endif

/* Descriptions hold addresses, which other systems than a microcontroller's do not have among their constants. */
#if defined(__arm__)
#define SECTION(name) __attribute__((section(name)))
#else
#define SECTION(name)
#endif

static int8_t arena[{macro}_ARENA_BYTES] __attribute__((aligned(8), section(".bss.{prefix}_arena")));

{state_definition(program, naming)}int8_t *const {prefix}_input = {emitter.address(program.input)};
const int8_t *const {prefix}_output = {emitter.address(program.output)};

{naming.kernel_text(chr(10).join(parts))}
{reset_definition(program, naming)}void {prefix}_invoke(void)
{{
{reset_call(program, naming)}{calls}
}}
"""
    return Emitted(_header(program, name, emitter.count, placement, naming), body, tuple(emitter.layers), headers)


def _address(offset: int) -> str:
    return f"arena + {offset}"


def edge_macros(macro: str, kind: str, edges: Sequence[Quantised | EdgeQuantisation]) -> str:
    """Where each of several inputs or outputs lies, and what its bytes stand for."""
    if len(edges) == 1:
        return ""
    lines, offset = [], 0
    for number, edge in enumerate(edges):
        prefix = f"#define {macro}_{kind}_{number}"
        name = re.sub(r"[^\w.:;/ -]", "_", edge.name)[:60]
        size = edge.size_bytes
        lines.append(f"/* {name}: {edge.dtype} {'x'.join(map(str, edge.shape))} */")
        lines.append(f"{prefix}_OFFSET {offset}\n{prefix}_BYTES {size}")
        lines.append(f"{prefix}_SCALE {edge.scale!r}\n{prefix}_ZERO_POINT ({edge.zero_point})")
        offset += size
    return "\n".join([f"\n#define {macro}_{kind}_COUNT {len(edges)}", *lines, ""])


def _header(program: Program, name: str, layers: int, placement: ArenaPlan, naming: Naming) -> str:
    first, last = program.inputs[0], program.outputs[0]
    prefix, macro = naming.prefix, naming.macro
    return f"""{LICENCE_LINE}
/* {Path(program.file).name}, compiled ahead of time. Generated; change the network, not this file. */
#ifndef {macro}_H
#define {macro}_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

#define {macro}_NAME "{name}"
#define {macro}_LAYER_COUNT {layers}
#define {macro}_INPUT_BYTES {program.input.size_bytes}
#define {macro}_OUTPUT_BYTES {program.output.size_bytes}
#define {macro}_ARENA_BYTES {max(placement.plan.arena_bytes, 4)}

/* real = scale * (q - zero point) */
#define {macro}_INPUT_SCALE {first.scale!r}
#define {macro}_INPUT_ZERO_POINT ({first.zero_point})
#define {macro}_OUTPUT_SCALE {last.scale!r}
#define {macro}_OUTPUT_ZERO_POINT ({last.zero_point})
{edge_macros(macro, "INPUT", program.inputs)}{edge_macros(macro, "OUTPUT", program.outputs)}
/* In the arena: {prefix}_invoke may overwrite the input; the output holds until the arena is next written. */
extern int8_t *const {prefix}_input;
extern const int8_t *const {prefix}_output;

/* One inference. Not reentrant: there is one arena. */
void {prefix}_invoke(void);
{reset_declaration(program, naming)}
#ifdef __cplusplus
}}
#endif

#endif
"""
