"""The folder of a compiled network: its own C, the kernels it needs, and what it takes to build them anywhere."""

import re
from collections.abc import Iterable
from pathlib import Path

from micronets.compiler.compiled_network import CompiledNetwork
from micronets.compiler.cores import Core, Extension, find_core
from micronets.compiler.emit import Emitted
from micronets.compiler.naming import Naming
from micronets.csrc import INCLUDE, KERNELS, LICENCE, LICENCE_LINE
from micronets.output_folder import output_folder

_CONFIG = "micronets_config.h"
_INCLUDES = re.compile(r'^#include "([^"]+)"$', re.MULTILINE)
# Of all fully connected layers together, for which longer loops are worth their code.
_MANY_DENSE_MACS = 16384
_FEATURE_MACROS = {Extension.DSP: "__ARM_FEATURE_DSP", Extension.HELIUM: "__ARM_FEATURE_MVE"}


def write_folder(network: CompiledNetwork, emitted: Emitted, kernels: Iterable[str], directory: Path) -> None:
    """Writes all files into `directory`, see `output_folder`.

    Args:
        kernels: C files of micronets/csrc/kernels.
    """
    naming = Naming(network.prefix)
    core = find_core(network.core)
    texts = _with_headers((*kernels, *emitted.included), {_CONFIG: _config(core, network)})
    with output_folder(directory) as fresh:
        for name, text in texts.items():
            (fresh / naming.kernel_file(name)).write_text(naming.kernel_text(text), encoding="utf-8")
        (fresh / f"{naming.prefix}.h").write_text(emitted.header, encoding="utf-8")
        (fresh / f"{naming.prefix}.c").write_text(emitted.body, encoding="utf-8")
        (fresh / "CMakeLists.txt").write_text(_cmake(network, core), encoding="utf-8")
        (fresh / "README.md").write_text(_readme(network, core), encoding="utf-8")


def _with_headers(names: Iterable[str], generated: dict[str, str]) -> dict[str, str]:
    """Texts of the named files and of all headers that they include, by name."""
    texts: dict[str, str] = {}
    wanted = list(names)
    while wanted:
        name = wanted.pop()
        if name not in texts:
            path = KERNELS / name if (KERNELS / name).is_file() else INCLUDE / name
            texts[name] = generated[name] if name in generated else path.read_text(encoding="utf-8")
            wanted += _INCLUDES.findall(texts[name])
    return texts


def _config(core: Core, network: CompiledNetwork) -> str:
    check = ""
    if core.extension is not Extension.NONE:
        check = f"""
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
#ifndef {_FEATURE_MACROS[core.extension]}
#error "This network is for a {core.name}; call the compiler with {" ".join(core.gcc_flags)}"
#endif
#ifndef __OPTIMIZE__
#error "The assembly of the kernels needs more registers than are left without optimisation; use -O1, -O2, -O3 or -Os"
#endif
#endif
"""
    return f"""{LICENCE_LINE}
/* What the kernels are compiled for: a {core.name}. Generated; change the core, not this file. */
#ifndef MICRONETS_CONFIG_H
#define MICRONETS_CONFIG_H
{check}
/* 1 for cores that issue two instructions at a time. Kernels then read a word ahead, which the arena has room for. */
#define MN_DUAL_ISSUE {int(core.dual_issue)}
/* Unrolled steps of fully connected layers (4, 8 or 16) and of 1x1 convolutions (16 or 32). */
#define MN_DENSE_STEPS {_dense_steps(network)}
#define MN_POINT_STEPS {32 if network.optimise == "speed" else 16}
/* 1 where some convolution has 4-bit weights. */
#define MN_INT4_WEIGHTS {int(any(path.name.endswith("point_int4.c") for path in network.sources))}
/* 1 where some of these make nibbles, have the forms SHIFTED, ROUNDED or GENERAL, or the last of them. */
#define MN_INT4_MAKES_NIBBLES {_has_int4(network, "nibbles_int4_fast")}
#define MN_INT4_SHIFTED_FORM {_has_int4(network, "int4_shifted")}
#define MN_INT4_ROUNDED_FORMS {_has_int4(network, "int4_rounded", "int4_clamped", "int4_general")}
#define MN_INT4_GENERAL_FORM {_has_int4(network, "int4_general")}
#define MN_INT4_CLAMPED {_has_int4(network, "int4_clamped", "int4_general")}
/* 1 where 1x1 convolutions of nibbles with these make bytes. */
#define MN_FIELDS_BYTES_FORMS {_has_int4(network, "mn_point_fields_to_bytes")}

#endif
"""


def _has_int4(network: CompiledNetwork, *variants: str) -> int:
    return int(any(layer.kernel.endswith(variants) for layer in network.layers))


def _dense_steps(network: CompiledNetwork) -> int:
    macs = sum(layer.macs for layer in network.layers if layer.kernel.startswith("mn_dense"))
    if network.optimise == "size" or macs < _MANY_DENSE_MACS:
        return 4
    return 16 if network.optimise == "speed" else 8


def _cmake(network: CompiledNetwork, core: Core) -> str:
    target = network.prefix
    sources = "\n".join(f"    {path.name}" for path in network.sources)
    flags = " ".join((*network.compiler_flags, *(f"$<$<C_COMPILER_ID:GNU>:{flag}>" for flag in core.more_flags)))
    return f"""# {LICENCE}
# In a program's CMakeLists.txt: add_subdirectory(...) of this folder, target_link_libraries(program PRIVATE {target}).
# What says which processor it is ({" ".join(core.gcc_flags)}) belongs to the program's toolchain file.
cmake_minimum_required(VERSION 3.13)
project({target} C)
add_library({target} STATIC
{sources})
target_compile_features({target} PRIVATE c_std_99)
target_compile_options({target} PRIVATE {flags})
target_include_directories({target} PUBLIC ${{CMAKE_CURRENT_SOURCE_DIR}})
"""


def _readme(network: CompiledNetwork, core: Core) -> str:
    prefix, macro = network.prefix, Naming(network.prefix).macro
    flags = " ".join((*core.gcc_flags, *network.compiler_flags))
    shapes = ["x".join(map(str, edge.shape)) for edge in (network.input, network.output)]
    return f"""# {network.name}, compiled to C for a {core.name}

    #include "{prefix}.h"
    /* features: int8 {shapes[0]}, real / {macro}_INPUT_SCALE + {macro}_INPUT_ZERO_POINT */
    memcpy({prefix}_input, features, {macro}_INPUT_BYTES);
    {prefix}_invoke();
    /* {prefix}_output: int8 {shapes[1]}, until {prefix}_input is next written */

Compile all `.c` files of this folder with
`{flags}`, or use its `CMakeLists.txt`.
It takes {network.arena_bytes} bytes of static RAM and {network.weights_bytes} bytes of constants, and no heap.
Apache License 2.0 (https://www.apache.org/licenses/LICENSE-2.0); the weights are the model's.
"""
