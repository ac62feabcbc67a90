"""Writes the C++ program that runs a .tflite file on TensorFlow Lite Micro."""

import math
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from micronets.compiler.compiled_network import EdgeQuantisation, PlannedBuffer
from micronets.compiler.emit import edge_macros, layer_function
from micronets.csrc import CSRC, LICENCE_LINE
from micronets.errors import BuildError, ModelError
from micronets.output_folder import output_folder
from micronets.tflm.library import TflmLibrary
from micronets.tflm.network import TflmNetwork, read_network

ARENA_ALIGNMENT_BYTES = 16
"""What TFLM asks of its arena."""

_SOURCES = CSRC / "tflm"
_BYTES_A_LINE = 24


@dataclass(frozen=True)
class TflmLayer:
    """One operator; `function` is the C function the profiler attributes instructions to."""

    function: str
    macs: int
    step: int
    is_reference: bool = False


@dataclass(frozen=True)
class TflmProgram:
    """What `micronets.profile.build_firmware` needs, as of a compiled network."""

    name: str
    core: str
    optimise: str
    sources: tuple[Path, ...]
    include_directories: tuple[Path, ...]
    archives: tuple[Path, ...]
    layers: tuple[TflmLayer, ...]
    arena_bytes: int
    input: EdgeQuantisation
    """See `TflmNetwork.input`."""
    output: EdgeQuantisation
    inputs: tuple[EdgeQuantisation, ...]
    outputs: tuple[EdgeQuantisation, ...]

    @property
    def steps(self) -> int:
        """Every operator is one."""
        return len(self.layers)

    @property
    def buffers(self) -> tuple[PlannedBuffer, ...]:
        """TFLM plans them when it starts; nobody knows them here."""
        return ()


def write_tflm_program(
    tflite: Path, directory: Path, library: TflmLibrary, *, core: str, optimise: str, arena_bytes: int
) -> TflmProgram:
    """Writes network.h, network.cpp, operators.h, model.cpp and system_calls.c into `directory`, whole or not at all.

    Args:
        directory: what others put there stays, see `output_folder`.
        arena_bytes: a multiple of `ARENA_ALIGNMENT_BYTES`.

    Raises:
        ModelError: the file is damaged or no network for TFLM (see `read_network`), or has an operator that the
            resolver has no method for; the sentence names it.
        BuildError: the library's headers cannot be understood.
        OutputError: files of others are in the way.
    """
    if arena_bytes <= 0 or arena_bytes % ARENA_ALIGNMENT_BYTES:
        raise BuildError(f"An arena of {arena_bytes} bytes is no multiple of {ARENA_ALIGNMENT_BYTES}.")
    network = read_network(Path(tflite), library.operator_names())
    methods = library.add_methods()
    for operator in network.operators:
        if operator.kind not in methods:
            raise ModelError(
                f"{tflite}: operator {operator.index} ({operator.kind}) has no Add method in the "
                f"MicroMutableOpResolver of {library.include}; use a newer TensorFlow Lite Micro, or another network"
            )
    count = len(network.operators)
    layers = tuple(
        TflmLayer(layer_function(operator.index, count, operator.kind.lower()), operator.macs, operator.index)
        for operator in network.operators
    )
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", Path(tflite).stem) or "network"
    kinds = {kind: methods[kind] for kind in dict.fromkeys(operator.kind for operator in network.operators)}
    directory = Path(directory)
    with output_folder(directory) as beside:
        (beside / "network.h").write_text(_header(network, name, arena_bytes), encoding="utf-8")
        (beside / "operators.h").write_text(
            _operators(network, layers, kinds, has_log=library.has_log()), encoding="utf-8"
        )
        (beside / "model.cpp").write_text(_model(network.content, name), encoding="utf-8")
        for file in ("network.cpp", "system_calls.c"):
            shutil.copyfile(_SOURCES / file, beside / file)
    return TflmProgram(
        name=name,
        core=core,
        optimise=optimise,
        sources=tuple(directory / file for file in ("network.cpp", "model.cpp", "system_calls.c")),
        include_directories=(directory, *library.include_directories),
        archives=(library.library,),
        layers=layers,
        arena_bytes=arena_bytes,
        input=network.input,
        output=network.output,
        inputs=network.inputs,
        outputs=network.outputs,
    )


def _header(network: TflmNetwork, name: str, arena_bytes: int) -> str:
    first, last = network.input, network.output
    return f"""{LICENCE_LINE}
/* {name} on TensorFlow Lite Micro. Generated; change the network, not this file. */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

#define NETWORK_NAME "{name}"
#define NETWORK_LAYER_COUNT {len(network.operators)}
#define NETWORK_INPUT_BYTES {math.prod(first.shape)}
#define NETWORK_OUTPUT_BYTES {math.prod(last.shape)}
#define NETWORK_ARENA_BYTES {arena_bytes}

/* real = scale * (q - zero point) */
#define NETWORK_INPUT_SCALE {first.scale!r}
#define NETWORK_INPUT_ZERO_POINT ({first.zero_point})
#define NETWORK_OUTPUT_SCALE {last.scale!r}
#define NETWORK_OUTPUT_ZERO_POINT ({last.zero_point})
{edge_macros("NETWORK", "INPUT", network.inputs)}{edge_macros("NETWORK", "OUTPUT", network.outputs)}
/* In the arena, from network_start() on: network_invoke may overwrite the input. */
extern int8_t *network_input;
extern const int8_t *network_output;

/* Sets the network up once, in so many bytes of the arena; 0 where TensorFlow Lite Micro refuses. */
int network_set_up(uint32_t arena_bytes);

/* Sets it up in the whole arena; does not return where it cannot. */
void network_start(void);
#define NETWORK_START() network_start()

void network_invoke(void);

#ifdef __cplusplus
}}
#endif

#endif
"""


def _operators(network: TflmNetwork, layers: tuple[TflmLayer, ...], kinds: dict[str, str], *, has_log: bool) -> str:
    """The kinds of operators with the resolver's methods, and all operators in order, as lists for macros."""
    without_log = "" if has_log else "\n/* As the library was built. */\n#define TF_LITE_STRIP_ERROR_STRINGS 1\n"
    numbers = {kind: number for number, kind in enumerate(kinds)}
    adds = [f"KIND({numbers[kind]}, {kind}, {method})" for kind, method in kinds.items()]
    calls = [
        f"LAYER({layer.step}, {layer.function}, {numbers[operator.kind]})"
        for layer, operator in zip(layers, network.operators, strict=True)
    ]
    separator = " \\\n    "
    return f"""{LICENCE_LINE}
/* Generated; change the network, not this file. */
#ifndef OPERATORS_H
#define OPERATORS_H
{without_log}
#define OPERATOR_KINDS {len(kinds)}

/* number, name in the schema, method of the resolver */
#define KINDS(KIND){separator}{separator.join(adds)}

/* number, function, number of its kind */
#define LAYERS(LAYER){separator}{separator.join(calls)}

/* Whether inputs and outputs are copied from and to where network.h has them. */
#define NETWORK_STAGED {int(_is_staged(network))}

/* number, where it begins, bytes, what its bytes are exclusive-ored with */
#define INPUT_EDGES(EDGE){separator}{separator.join(_edges(network.inputs))}
#define OUTPUT_EDGES(EDGE){separator}{separator.join(_edges(network.outputs))}

#endif
"""


def _is_staged(network: TflmNetwork) -> bool:
    edges = (*network.inputs, *network.outputs)
    return len(edges) > 2 or any(edge.dtype == "uint8" for edge in edges)


def _edges(edges: tuple[EdgeQuantisation, ...]) -> list[str]:
    calls, offset = [], 0
    for number, edge in enumerate(edges):
        calls.append(f"EDGE({number}, {offset}, {edge.size_bytes}, {0x80 if edge.dtype == 'uint8' else 0})")
        offset += edge.size_bytes
    return calls


def _model(content: bytes, name: str) -> str:
    lines = [
        ",".join(map(str, content[start : start + _BYTES_A_LINE])) for start in range(0, len(content), _BYTES_A_LINE)
    ]
    values = ",\n    ".join(lines)
    return f"""{LICENCE_LINE}
/* {name}.tflite, {len(content)} bytes. Generated; change the network, not this file. */
extern "C" const unsigned char network_model[];
alignas({ARENA_ALIGNMENT_BYTES}) const unsigned char network_model[] = {{
    {values}
}};
"""
