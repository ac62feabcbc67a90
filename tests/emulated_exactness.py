"""Whether a file answers on an emulated board as it does in TensorFlow Lite Micro."""

from pathlib import Path

from micronets.boards import find_board
from micronets.compiler import compile_network
from micronets.fuzz.checks import edge_inputs
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.build import build_firmware
from micronets.profile import profile_firmware


def require_equal_on_the_emulator(content: bytes, shape: tuple[int, ...], folder: Path, *, seed: int) -> None:
    """Builds a `.tflite` of one int8 input of `shape` (batch of 1 first) for NUCLEO-L4R5ZI, and compares its outputs of
    edge and random inputs bit for bit; raises AssertionError where one differs, MicronetsError where a build fails."""
    file = folder / "model.tflite"
    file.write_bytes(content)
    inputs = edge_inputs(shape, seed)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    board = find_board("nucleo-l4r5zi")
    firmware = build_firmware(compile_network(file, folder / "network", core=board.core), board, folder)
    profile = profile_firmware(firmware, inputs.reshape(len(inputs), *shape[1:]), expected)
    assert (profile.compared_outputs, profile.different_outputs) == (len(inputs), 0)
