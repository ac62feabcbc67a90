"""What cannot fit a board is refused before any C is written; what may fit is not."""

from dataclasses import replace
from pathlib import Path

import pytest

from micronets.architecture import Architecture, AveragePooling, Convolution, TransposedConvolution
from micronets.boards import find_board
from micronets.compiler import compile_network
from micronets.errors import BuildError
from micronets.export.random_weights import random_network
from micronets.export.writer import write_tflite
from micronets.firmware.stage import build_for_runtime
from micronets.runtime import MICRONETS
from tests.networks import random_network as network_of_bits
from tests.networks import small_ds_cnn

BOARD = find_board("nucleo-l4r5zi")


@pytest.fixture
def tflite(tmp_path: Path) -> Path:
    write_tflite(random_network(small_ds_cnn(), 3), tmp_path / "small.tflite")
    return tmp_path / "small.tflite"


# 5x4 to 8, 3x3, 8 to 12, 3x3, 12 to 8, 8 to 4
WEIGHTS = 5 * 4 * 8 + 9 * 8 + 8 * 12 + 9 * 12 + 12 * 8 + 8 * 4


def test_weights_larger_than_the_flash(tflite: Path) -> None:
    small = replace(BOARD, name="small", flash_bytes=WEIGHTS - 1)
    sentence = rf"small does not fit small: its weights alone take {WEIGHTS} bytes of flash of {WEIGHTS - 1}; choose a"
    with pytest.raises(BuildError, match=sentence):
        compile_network(tflite, tflite.parent / "src", memories=small)
    assert not (tflite.parent / "src").exists()
    compile_network(tflite, tflite.parent / "src", memories=replace(small, flash_bytes=WEIGHTS))


def test_arena_larger_than_the_ram(tflite: Path) -> None:
    arena_bytes = compile_network(tflite, tflite.parent / "src", memories=BOARD).arena_bytes
    compile_network(tflite, tflite.parent / "fits", memories=replace(BOARD, sram_bytes=arena_bytes))
    small = replace(BOARD, name="small", sram_bytes=arena_bytes - 1)
    with pytest.raises(BuildError, match=rf"its activations alone take {arena_bytes:,} bytes of SRAM of"):
        compile_network(tflite, tflite.parent / "fits_not", memories=small)
    assert not (tflite.parent / "fits_not").exists()


def test_an_input_larger_than_the_ram(tflite: Path) -> None:
    """Of 13x10."""
    small = replace(BOARD, sram_bytes=129)
    with pytest.raises(BuildError, match=r"its inputs alone take 130 bytes of SRAM of 129; choose a smaller"):
        compile_network(tflite, tflite.parent / "fits_not", memories=small)


@pytest.mark.parametrize("core", ["cortex-m3", "cortex-m4", "cortex-m55"])  # portable C, DSP, Helium
def test_nothing_is_refused_that_takes_no_more_than_there_is(core: str, tmp_path: Path) -> None:
    layers = (
        Convolution(7, (3, 3), (2, 2)),
        TransposedConvolution(5, (2, 2), (2, 2)),
        AveragePooling(),
        Convolution(3),
    )
    for architecture in (small_ds_cnn(), Architecture("odd", (9, 7, 3), layers)):
        for bits in (8, 4):
            write_tflite(network_of_bits(architecture, 1, bits), tmp_path / "model.tflite")
            compiled = compile_network(tmp_path / "model.tflite", tmp_path / "src", core=core, optimise="size")
            just = replace(BOARD, flash_bytes=compiled.weights_bytes, sram_bytes=compiled.arena_bytes)
            compile_network(tmp_path / "model.tflite", tmp_path / "src", core=core, optimise="size", memories=just)


def test_the_stage_refuses_megabytes_before_it_writes_them(tmp_path: Path) -> None:
    """4.2 million weights would become 20 MB of C."""
    wide = Architecture("wide", (4, 4, 1), (Convolution(2048), Convolution(2048), AveragePooling(), Convolution(2)))
    write_tflite(random_network(wide, 1), tmp_path / "wide.tflite")
    with pytest.raises(BuildError, match=r"wide does not fit nucleo-l4r5zi: its weights alone take 4,[\d,]+ bytes of"):
        build_for_runtime(
            tmp_path / "wide.tflite", BOARD, tmp_path / "out", {"optimise": "balanced"}, runtime=MICRONETS
        )
    assert not (tmp_path / "out").exists()
