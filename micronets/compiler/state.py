"""C text of what a network keeps between calls."""

import numpy as np

from micronets.compiler.naming import Naming
from micronets.compiler.offsets import aligned
from micronets.compiler.source import Source
from micronets.compiler.steps import Program


def state_offsets(program: Program) -> dict[int, int]:
    """id(state) -> offset in the block of states."""
    offsets, end = {}, 0
    for state in program.states:
        offsets[id(state)] = end
        end += aligned(state.size_bytes)
    return offsets


def state_definition(program: Program, naming: Naming) -> str:
    if not program.states:
        return ""
    size = sum(aligned(state.size_bytes) for state in program.states)
    return f"""static int8_t state[{size}] __attribute__((aligned(8), section(".bss.{naming.prefix}_state")));
static int8_t begun;

"""


def reset_definition(program: Program, naming: Naming) -> str:
    """Fills states that begin with one value, and copies others from a constant."""
    if not program.states:
        return ""
    source, lines = Source(), []
    for (number, state), offset in zip(enumerate(program.states), state_offsets(program).values(), strict=True):
        values = np.zeros(1, np.int8) if state.initial is None else state.initial.reshape(-1)
        if (values == values[0]).all():
            value = str(values[0])
        else:
            value = f"{source.array(f'initial_state_{number}', values)}[i]"
        lines += [
            f"    for (int32_t i = 0; i < {state.size_bytes}; i++)",
            "    {",
            f"        state[{offset} + i] = {value};",
            "    }",
        ]
    body = "\n".join(lines)
    return (
        "".join(f"{part}\n" for part in source.parts)
        + f"void {naming.prefix}_reset(void)\n{{\n{body}\n    begun = 1;\n}}\n\n"
    )


def reset_declaration(program: Program, naming: Naming) -> str:
    if not program.states:
        return ""
    return f"""
/* Forgets all earlier calls; the first call of {naming.prefix}_invoke does it by itself. */
void {naming.prefix}_reset(void);
"""


def reset_call(program: Program, naming: Naming) -> str:
    if not program.states:
        return ""
    return f"""    if (!begun)
    {{
        {naming.prefix}_reset();
    }}
"""
