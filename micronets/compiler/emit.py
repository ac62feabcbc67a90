"""Writes network.h and network.c."""

from dataclasses import dataclass
from pathlib import Path

from micronets.compiler.arena import ArenaPlan
from micronets.compiler.kernels import Kernel
from micronets.compiler.kernels.fused_rows import FusedRows
from micronets.compiler.kernels.kernel import PlannedKernel
from micronets.compiler.source import Source
from micronets.compiler.steps import Program, Step, Value


def layer_function(number: int, count: int, kind: str) -> str:
    return f"network_layer_{number:0{3 if count > 100 else 2}d}_{kind}"


@dataclass(frozen=True)
class EmittedLayer:
    function: str
    step: Step
    unit: int
    """Which call of network_invoke() runs it; a fused pair shares one."""
    kernel: str
    scratch_bytes: int
    constant_bytes: int


@dataclass(frozen=True)
class Emitted:
    header: str
    body: str
    layers: tuple[EmittedLayer, ...]


class _Emitter:
    def __init__(self, placement: ArenaPlan, count: int) -> None:
        self.placement = placement
        self.count = count
        self.layers: list[EmittedLayer] = []
        self.constants: list[str] = []
        self.bodies: list[str] = []
        self.calls: list[str] = []

    def address(self, value: Value) -> str:
        return _address(self.placement.offsets[id(value.storage)])

    def begin(self, step: Step) -> tuple[str, str, Source]:
        """The next layer's function, the prefix of its constants, and where they go."""
        number = len(self.layers)
        function = layer_function(number, self.count, step.kind)
        return function, f"layer_{function.removeprefix('network_layer_').split('_')[0]}", Source()

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
                inputs.append(source.array(f"{prefix}_input_{position}", value.constant))
        statements = kernel.emit(source, prefix, inputs, self.address(kernel.step.output), scratch)
        self.finish(function, kernel, source, "void", statements, kernel.scratch_bytes)
        self.calls.append(function)

    def fused(self, kernel: FusedRows, scratch: str) -> None:
        own = f"{scratch} + {kernel.buffer_bytes}"
        first, prefix, source = self.begin(kernel.first.step)
        rows = kernel.first.emit_rows(source, prefix, self.address(kernel.step.inputs[0]), own)
        parameters = "int32_t row, int32_t rows, int8_t *output"
        self.finish(first, kernel.first, source, parameters, rows, kernel.scratch_bytes)
        second, prefix, source = self.begin(kernel.second.step)
        band = kernel.second.emit_band(source, prefix, self.address(kernel.step.output), own)
        parameters = "int32_t row, int32_t rows, const int8_t *input"
        self.finish(second, kernel.second, source, parameters, band, kernel.scratch_bytes)
        driver = f"fused_{len(self.layers) - 2:02d}_{len(self.layers) - 1:02d}"
        self.bodies.append(kernel.emit_driver(driver, first, second, scratch))
        self.calls.append(driver)


def emit(program: Program, kernels: list[PlannedKernel], placement: ArenaPlan, name: str) -> Emitted:
    emitter = _Emitter(placement, sum(2 if isinstance(kernel, FusedRows) else 1 for kernel in kernels))
    definitions: dict[str, None] = {}
    for kernel, offset in zip(kernels, placement.scratch_offsets, strict=True):
        scratch = "0" if offset is None else _address(offset)
        if isinstance(kernel, FusedRows):
            definitions[kernel.second.definition()] = None
            emitter.fused(kernel, scratch)
        else:
            assert isinstance(kernel, Kernel)
            definitions[kernel.definition()] = None
            emitter.single(kernel, scratch)
    calls = "\n".join(f"    {name}();\n    NETWORK_AFTER_STEP({i});" for i, name in enumerate(emitter.calls))
    file = Path(program.file).name
    body = f"""/* {file}, compiled ahead of time. Generated; change the network, not this file. */
#include "network.h"

#include "depthwise_3x3.h"
#include "micronets_helium.h"
#include "micronets_kernels.h"

/* A test build may look at the arena here. */
#ifndef NETWORK_AFTER_STEP
#define NETWORK_AFTER_STEP(step)
#endif

#define LAYER static __attribute__((noipa)) void

static int8_t arena[NETWORK_ARENA_BYTES] __attribute__((aligned(8), section(".bss.network_arena")));

int8_t *const network_input = {emitter.address(program.input)};
const int8_t *const network_output = {emitter.address(program.output)};

{"".join(f"{text}{chr(10)}" for text in definitions if text)}{chr(10).join(emitter.constants)}
{chr(10).join(emitter.bodies)}
void network_invoke(void)
{{
{calls}
}}
"""
    return Emitted(_header(program, name, emitter.count, placement), body, tuple(emitter.layers))


def _address(offset: int) -> str:
    return f"arena + {offset}"


def _header(program: Program, name: str, layers: int, placement: ArenaPlan) -> str:
    first, last = program.input_quantisation, program.output_quantisation
    return f"""/* {Path(program.file).name}, compiled ahead of time. Generated; change the network, not this file. */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdint.h>

#define NETWORK_NAME "{name}"
#define NETWORK_LAYER_COUNT {layers}
#define NETWORK_INPUT_BYTES {program.input.size_bytes}
#define NETWORK_OUTPUT_BYTES {program.output.size_bytes}
#define NETWORK_ARENA_BYTES {max(placement.plan.arena_bytes, 4)}

/* real = scale * (q - zero point) */
#define NETWORK_INPUT_SCALE {first.scale!r}
#define NETWORK_INPUT_ZERO_POINT ({first.zero_point})
#define NETWORK_OUTPUT_SCALE {last.scale!r}
#define NETWORK_OUTPUT_ZERO_POINT ({last.zero_point})

/* In the arena: network_invoke may overwrite the input; the output holds until the arena is next written. */
extern int8_t *const network_input;
extern const int8_t *const network_output;

void network_invoke(void);

#endif
"""
