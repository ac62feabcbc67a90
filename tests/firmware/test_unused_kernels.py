"""An operator that a network does not use costs nothing: the linked program holds the network's own kernels only."""

import re

import pytest

from micronets.boards import find_board
from micronets.compiler import compile_network
from micronets.fuzz.samples import sample_of
from micronets.linking.build import build_firmware
from micronets.linking.toolchain import run_tool


@pytest.mark.parametrize("operator", ["RELU", "ADD_N", "SOFTMAX int16"])
def test_the_program_holds_the_networks_own_kernels_only(operator, tmp_path):
    file = tmp_path / "model.tflite"
    file.write_bytes(sample_of(operator, 0))
    network = compile_network(file, tmp_path / "src")
    firmware = build_firmware(network, find_board("nucleo-l4r5zi"), tmp_path / "firmware")
    symbols = run_tool("arm-none-eabi-nm", ["--defined-only", firmware.elf])
    kernels = set(re.findall(r"\bmn_\w+", symbols))
    assert kernels == {layer.kernel for layer in network.layers}
    copied = {path.stem for path in (tmp_path / "src").glob("*.c")} - {"network"}
    assert copied == {path.stem for path in network.sources} - {"network"}
