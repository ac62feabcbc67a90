import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from micronets.architecture import Architecture, AveragePooling, Convolution, DepthwiseConvolution
from micronets.boards import Board, find_board
from micronets.compiler import compile_network
from micronets.emulator.plugin import build_plugin
from micronets.errors import BuildError, ConfigurationError
from micronets.export.random_weights import random_network
from micronets.export.writer import write_tflite
from micronets.linking.build import build_firmware
from micronets.linking.firmware import Firmware
from micronets.linking.linker_map import read_linker_map
from micronets.linking.symbols import layer_functions, read_symbols
from micronets.linking.toolchain import run_tool

NETWORK = """
__attribute__((section(".rodata.network_weights"), used)) const int8_t weights[{flash_bytes}] = {{1}};
__attribute__((section(".bss.network_arena_2"), used)) int8_t more[{ram_bytes}];
__attribute__((noinline)) void network_layer_00_copy(void)
{{
    more[0] = weights[(uint8_t)arena[0] % {flash_bytes}];
}}
void network_invoke(void) {{ network_layer_00_copy(); }}
"""


def test_sizes_are_the_linkers(build: Callable[..., Firmware]) -> None:
    firmware = build(NETWORK.format(flash_bytes=1000, ram_bytes=500))
    sections = {}
    for line in run_tool("arm-none-eabi-size", ["-A", firmware.elf]).splitlines():
        if line.startswith("."):
            name, size, *_ = line.split()
            sections[name] = int(size)
    in_flash = [sections.get(name, 0) for name in (".vectors", ".text", ".rodata", ".data")]
    in_ram = [sections.get(name, 0) for name in (".stack", ".data", ".bss")]
    assert firmware.flash_bytes.total == sum(in_flash)
    assert firmware.linked_ram_bytes.total == sum(in_ram)
    # weights, network_input and network_output, and padding of less than a word for each of them
    assert 1000 + 8 <= firmware.flash_bytes.network_constants < 1000 + 8 + 3 * 4
    assert 64 + 500 <= firmware.linked_ram_bytes.network < 64 + 500 + 2 * 4
    assert firmware.input_bytes == 8
    assert firmware.output_bytes == 4
    assert firmware.layers == ("network_layer_00_copy",)


def test_map_adds_up(build: Callable[..., Firmware]) -> None:
    firmware = build(NETWORK.format(flash_bytes=10, ram_bytes=10))
    contributions = read_linker_map(firmware.map)
    ends = {}
    for part in contributions:
        assert part.address >= ends.get(part.output, 0) or part.object == "*script*"
        ends[part.output] = part.address + part.size_bytes
    assert any(part.section == ".rodata.network_weights" and part.size_bytes == 10 for part in contributions)


def test_flash_of_single_layers(tmp_path: Path) -> None:
    """Constants as the compiler counts them itself, code as the symbol table has it; kernels are nobody's own."""
    layers = (Convolution(8, kernel=(3, 3)), DepthwiseConvolution(), Convolution(12), AveragePooling(), Convolution(3))
    write_tflite(random_network(Architecture("small", (6, 6, 4), layers), seed=5), tmp_path / "small.tflite")
    board = find_board("nucleo-f446re")
    compiled = compile_network(tmp_path / "small.tflite", tmp_path / "src", core=board.core, optimise="balanced")
    firmware = build_firmware(compiled, board, tmp_path)
    assert [own.constants for own in firmware.layer_flash_bytes] == [layer.constant_bytes for layer in compiled.layers]
    sizes = {symbol.name: symbol.size_bytes for symbol in layer_functions(read_symbols(firmware.elf))}
    assert [own.code for own in firmware.layer_flash_bytes] == [sizes[name] for name in firmware.layers]
    assert all(own.code > 0 for own in firmware.layer_flash_bytes)
    assert sum(own.code for own in firmware.layer_flash_bytes) < firmware.flash_bytes.network_code
    assert Firmware.load(tmp_path) == firmware


def test_firmware_is_found_again(build: Callable[..., Firmware]) -> None:
    firmware = build(NETWORK.format(flash_bytes=10, ram_bytes=10), layer_macs=(7,))
    assert Firmware.load(firmware.elf.parent) == firmware


def test_same_sources_give_the_same_bytes(build: Callable[..., Firmware]) -> None:
    first = build(NETWORK.format(flash_bytes=10, ram_bytes=10))
    contents = [first.elf.read_bytes(), first.map.read_bytes()]
    second = build(NETWORK.format(flash_bytes=10, ram_bytes=10))
    assert [second.elf.read_bytes(), second.map.read_bytes()] == contents


def test_damaged_description(build: Callable[..., Firmware]) -> None:
    firmware = build(NETWORK.format(flash_bytes=10, ram_bytes=10))
    path = firmware.elf.with_name("firmware.json")
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["layers"]
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(BuildError, match="firmware.json is damaged .*: rm .*firmware.json"):
        Firmware.load(path.parent)


def test_too_much_flash(build: Callable[..., Firmware], tiny_board: Board) -> None:
    fitting = build(NETWORK.format(flash_bytes=4000, ram_bytes=10), tiny_board)
    needed = fitting.flash_bytes.total - 4000 + 10_000
    with pytest.raises(BuildError, match=rf"trial does not fit tiny: it needs {needed:,} bytes of flash of 8,192;"):
        build(NETWORK.format(flash_bytes=10_000, ram_bytes=10), tiny_board)


def test_too_much_of_both(build: Callable[..., Firmware], tiny_board: Board) -> None:
    numbers = r"needs [\d,]+ bytes of flash of 8,192 and needs 1\d,\d+ bytes of SRAM of 8,192"
    with pytest.raises(BuildError, match=numbers):
        build(NETWORK.format(flash_bytes=10_000, ram_bytes=10_000), tiny_board)


def test_inlined_layer_is_noticed(build: Callable[..., Firmware]) -> None:
    body = "static inline void network_layer_00_gone(void) { arena[32] = 1; }"
    with pytest.raises(BuildError, match="network_layer_00_gone missing, none more"):
        build(f"{body} void network_invoke(void) {{ network_layer_00_gone(); }}")


def test_other_core(build: Callable[..., Firmware]) -> None:
    with pytest.raises(BuildError, match="compiled for cortex-m7, but nucleo-l4r5zi is a cortex-m4"):
        build(NETWORK.format(flash_bytes=10, ram_bytes=10), core="cortex-m7")


def test_c_errors_are_shown(build: Callable[..., Firmware]) -> None:
    with pytest.raises(BuildError, match="no_such_type"):
        build("void network_invoke(void) { no_such_type variable; }")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"emulator": "pdp-11"}, "emulator machine 'pdp-11'; known are microbit, mps2-an385"),
        ({"flash_bytes": 64 << 20}, "more memory than its emulator machine"),
        ({"core": "z80"}, "Unknown core 'z80'; known are cortex-m0plus"),
    ],
)
def test_impossible_boards(build: Callable[..., Firmware], board: Board, change: dict, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        build(NETWORK.format(flash_bytes=10, ram_bytes=10), replace(board, **change))


def test_missing_toolchain(build: Callable[..., Firmware], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match="apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi"):
        build(NETWORK.format(flash_bytes=10, ram_bytes=10))


def test_harness_needs_no_library(build: Callable[..., Firmware]) -> None:
    """Otherwise what it takes of the C library would be booked on the network."""
    firmware = build("void network_invoke(void) {}")
    objects = {part.object for part in read_linker_map(firmware.map)}
    assert not [name for name in objects if ".a(" in name]


def test_plugin_is_built_once(tmp_path: Path) -> None:
    library = build_plugin(tmp_path)
    built = library.stat().st_mtime_ns
    assert build_plugin(tmp_path) == library
    assert library.stat().st_mtime_ns == built
    assert [path.name for path in tmp_path.iterdir()] == [library.name]
