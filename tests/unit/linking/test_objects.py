from pathlib import Path

import pytest

from micronets.architecture import Architecture, AveragePooling, Convolution, DepthwiseConvolution
from micronets.boards import find_board
from micronets.compiler import compile_network
from micronets.export.random_weights import random_network
from micronets.export.writer import write_tflite
from micronets.linking import objects
from micronets.linking.build import build_firmware
from micronets.linking.toolchain import run_tool

BOARD = find_board("nucleo-f446re")


def build(folder: Path, channels: int) -> bytes:
    layers = (Convolution(channels, kernel=(3, 3)), DepthwiseConvolution(), AveragePooling(), Convolution(3))
    folder.mkdir()
    write_tflite(random_network(Architecture("small", (6, 6, 4), layers), seed=5), folder / "small.tflite")
    compiled = compile_network(folder / "small.tflite", folder / "src", core=BOARD.core, optimise="balanced")
    return build_firmware(compiled, BOARD, folder).elf.read_bytes()


def test_kernels_are_compiled_once_and_programs_stay_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = []

    def run(name: str, arguments: list, directory: Path | None = None) -> str:
        compiled.append(Path(arguments[arguments.index("-c") + 1]).name)
        return run_tool(name, arguments, directory)

    monkeypatch.setattr(objects, "run_tool", run)
    monkeypatch.setattr(objects, "_kept", {})
    alone = build(tmp_path / "alone", 8)
    kernels = {name for name in compiled if (tmp_path / "alone/src" / name).is_file() and name != "network.c"}
    assert len(kernels) >= 3
    build(tmp_path / "other", 12)
    compiled.clear()
    assert build(tmp_path / "after", 8) == alone
    assert "network.c" in compiled
    assert not kernels & set(compiled)


@pytest.mark.parametrize("changed", ["source", "header", "flags"])
def test_whatever_decides_the_object_decides_whether_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    kernels = tmp_path / "kernels"
    kernels.mkdir()
    monkeypatch.setattr(objects, "KERNELS", kernels)
    monkeypatch.setattr(objects, "_kept", {})
    source, header = tmp_path / "src/kernel.c", tmp_path / "src/size.h"
    source.parent.mkdir()

    def compile_one(value: int, size: int, flag: str) -> bytes:
        source.write_text(
            f'#include "size.h"\nint kernel(void) {{ return {value} * SIZE * MORE; }}\n', encoding="utf-8"
        )
        (kernels / "kernel.c").write_bytes(source.read_bytes())
        header.write_text(f"#define SIZE {size}\n", encoding="utf-8")
        flags = ["-mcpu=cortex-m4", "-mthumb", flag]
        objects.compile_object("arm-none-eabi-gcc", flags, [source.parent], source, "kernel.o", tmp_path)
        return (tmp_path / "kernel.o").read_bytes()

    first = compile_one(2, 3, "-DMORE=1")
    assert compile_one(2, 3, "-DMORE=1") == first
    other = {"source": (5, 3, "-DMORE=1"), "header": (2, 5, "-DMORE=1"), "flags": (2, 3, "-DMORE=5")}[changed]
    assert compile_one(*other) != first
