"""Writes network.h and network.c."""

from dataclasses import dataclass
from pathlib import Path

from micronets.firmware.kernels import Kernel
from micronets.firmware.plan import Buffer, Overlap, Plan, plan_memory
from micronets.firmware.source import Source
from micronets.firmware.steps import Program, Value


@dataclass(frozen=True)
class Placement:
    """The memory plan of a program: where every value and every step's scratch lies."""

    buffers: tuple[Buffer, ...]
    plan: Plan
    offsets: dict[int, int]
    """id(storage value) -> offset."""
    scratch_offsets: tuple[int | None, ...]


def place(program: Program, kernels: list[Kernel]) -> Placement:
    first: dict[int, int] = {id(program.input.storage): 0}
    last: dict[int, int] = {}
    storages: dict[int, Value] = {id(program.input.storage): program.input.storage}
    for number, kernel in enumerate(kernels):
        for value in (*kernel.step.inputs, kernel.step.output):
            storage = value.storage
            if storage.constant is None:
                storages.setdefault(id(storage), storage)
                first.setdefault(id(storage), number)
                last[id(storage)] = number
    last[id(program.output.storage)] = len(kernels)
    last.setdefault(id(program.input.storage), 0)
    buffers = [Buffer(v.name, v.size_bytes, first[key], last[key]) for key, v in storages.items()]
    index = {key: i for i, key in enumerate(storages)}
    overlaps = []
    for number, kernel in enumerate(kernels):
        target = index[id(kernel.step.output.storage)]
        for position, distance in kernel.overlaps().items():
            storage = kernel.step.inputs[position].storage
            shared = sum(value.storage is storage for value in kernel.step.inputs) > 1
            if storage.constant is None and last[id(storage)] == number and not shared:
                overlaps.append(Overlap(index[id(storage)], target, distance.least, distance.exact))
    scratch_index: list[int | None] = []
    for number, kernel in enumerate(kernels):
        if kernel.scratch_bytes:
            scratch_index.append(len(buffers))
            buffers.append(Buffer(f"scratch_{number}", kernel.scratch_bytes, number, number))
        else:
            scratch_index.append(None)
    plan = plan_memory(buffers, overlaps)
    return Placement(
        tuple(buffers),
        plan,
        {key: plan.offsets[i] for key, i in index.items()},
        tuple(None if i is None else plan.offsets[i] for i in scratch_index),
    )


def layer_function(number: int, count: int, kind: str) -> str:
    return f"network_layer_{number:0{3 if count > 100 else 2}d}_{kind}"


@dataclass(frozen=True)
class Emitted:
    header: str
    body: str
    functions: tuple[str, ...]
    constant_bytes: tuple[int, ...]
    """Per layer."""


def emit(program: Program, kernels: list[Kernel], placement: Placement, name: str) -> Emitted:
    functions, bodies, constants, sizes = [], [], [], []
    for number, kernel in enumerate(kernels):
        step = kernel.step
        function = layer_function(number, len(kernels), step.kind)
        prefix = function.removeprefix("network_layer_").split("_")[0]
        source = Source()
        inputs = []
        for position, value in enumerate(step.inputs):
            if value.storage.constant is None:
                inputs.append(_address(placement.offsets[id(value.storage)]))
            else:
                inputs.append(source.array(f"layer_{prefix}_input_{position}", value.constant))
        output = _address(placement.offsets[id(step.output.storage)])
        scratch_offset = placement.scratch_offsets[number]
        scratch = "0" if scratch_offset is None else _address(scratch_offset)
        statements = kernel.emit(source, f"layer_{prefix}", inputs, output, scratch)
        shapes = " + ".join("x".join(map(str, value.shape)) for value in step.inputs)
        shape = "x".join(map(str, step.output.shape))
        lines = "\n".join(f"    {statement}" for statement in statements)
        constants.append("\n".join(source.parts))
        bodies.append(f"/* {shapes} -> {shape}, {step.macs} MACs */\nLAYER {function}(void)\n{{\n{lines}\n}}\n")
        functions.append(function)
        sizes.append(source.constant_bytes)
    texts = dict.fromkeys(kernel.definition() for kernel in kernels)
    definitions = "".join(f"{text}\n" for text in texts if text)
    calls = "\n".join(f"    {function}();" for function in functions)
    input_offset = placement.offsets[id(program.input.storage)]
    output_offset = placement.offsets[id(program.output.storage)]
    file = Path(program.file).name
    body = f"""/* {file}, compiled ahead of time. Generated; change the network, not this file. */
#include "network.h"

#include "depthwise_3x3.h"
#include "micronets_kernels.h"

#define LAYER static __attribute__((noinline)) void

static int8_t arena[NETWORK_ARENA_BYTES] __attribute__((aligned(8), section(".bss.network_arena")));

int8_t *const network_input = arena + {input_offset};
const int8_t *const network_output = arena + {output_offset};

{definitions}{chr(10).join(constants)}
{chr(10).join(bodies)}
void network_invoke(void)
{{
{calls}
}}
"""
    return Emitted(_header(program, name, len(kernels), placement), body, tuple(functions), tuple(sizes))


def _address(offset: int) -> str:
    return f"arena + {offset}"


def _header(program: Program, name: str, layers: int, placement: Placement) -> str:
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
