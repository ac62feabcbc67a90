"""Small hand-written networks, built for a board, in place of compiled ones; and configurations."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml

from micronets.boards import Board, find_board
from micronets.compiler.compiled_network import PlannedBuffer
from micronets.configuration import Configuration, merge, resolve
from micronets.linking.board_program import build_board_program
from micronets.linking.build import build_firmware
from micronets.linking.firmware import Firmware

HEADER = """
#include <stdint.h>
#define NETWORK_INPUT_BYTES 8
#define NETWORK_OUTPUT_BYTES 4
#define NETWORK_INPUT_SCALE 1.0
#define NETWORK_INPUT_ZERO_POINT (0)
#define NETWORK_OUTPUT_SCALE 0.00390625
#define NETWORK_OUTPUT_ZERO_POINT (-128)
extern int8_t *const network_input;
extern const int8_t *const network_output;
void network_invoke(void);
"""

PROLOGUE = """
#include "network.h"
#ifndef NETWORK_AFTER_STEP
#define NETWORK_AFTER_STEP(step)
#endif
__attribute__((section(".bss.network_arena"), aligned(4))) static int8_t arena[64];
int8_t *const network_input = arena;
const int8_t *const network_output = arena + 32;
"""


@dataclass(frozen=True)
class Layer:
    function: str
    macs: int
    step: int = 0
    is_reference: bool = False


@dataclass(frozen=True)
class Network:
    """What `build_firmware` asks of a compiled network."""

    name: str
    sources: tuple[Path, ...]
    include_directories: tuple[Path, ...]
    layers: tuple[Layer, ...]
    archives: tuple[Path, ...] = ()
    arena_bytes: int = 64
    buffers: tuple[PlannedBuffer, ...] = (PlannedBuffer("input", 0, 8, 0, 0), PlannedBuffer("output", 32, 4, 0, 1))
    core: str = "cortex-m4"
    optimise: str = "balanced"
    steps: int = 0


@pytest.fixture
def board() -> Board:
    return find_board("nucleo-l4r5zi")


@pytest.fixture
def tiny_board(board: Board) -> Board:
    """8 KiB of flash and of SRAM."""
    return replace(board, name="tiny", flash_bytes=8192, sram_bytes=8192)


@pytest.fixture
def build(tmp_path: Path, board: Board) -> Callable[..., Firmware]:
    """Builds a firmware whose network.c is the given text after `PROLOGUE`; with a task, for the board itself, too."""

    def build_text(
        body: str,
        target: Board = board,
        layer_macs: Sequence[int] = (),
        core: str | None = None,
        task: str = "",
        defines: Mapping[str, str] = MappingProxyType({}),
    ) -> Firmware:
        header = HEADER
        for name, value in defines.items():
            header = re.sub(rf"(?m)^#define {name} .*$", f"#define {name} {value}", header)
        source = tmp_path / "network.c"
        source.write_text(PROLOGUE + body, encoding="utf-8")
        (tmp_path / "network.h").write_text(header, encoding="utf-8")
        functions = re.findall(r"void (network_layer_\w+)\(", body)
        steps = len(re.findall(r"NETWORK_AFTER_STEP", body))
        layers = tuple(
            Layer(name, macs, step) for step, (name, macs) in enumerate(zip_longest(functions, layer_macs, fillvalue=0))
        )
        network = Network("trial", (source,), (tmp_path,), layers, core=core or target.core, steps=steps)
        firmware = build_firmware(network, target, tmp_path / "firmware")
        if task:
            build_board_program(network, firmware, task=task)
        return firmware

    return build_text


@pytest.fixture(scope="session")
def defaults(repository: Path) -> dict[str, Any]:
    """What config/config.yaml says."""
    return yaml.safe_load((repository / "config" / "config.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def resolved(defaults: dict[str, Any]) -> Callable[[dict[str, Any]], Configuration]:
    """Resolves the defaults of keyword spotting with other keys over them."""

    def resolve_over(over: dict[str, Any]) -> Configuration:
        return resolve(merge({**defaults, "tasks": ["kws"]}, over))

    return resolve_over
