"""Pools, means, resizing and softmax by kernels of their own answer as TFLM does."""

import re

import numpy as np
import pytest

from micronets.boards import find_board
from micronets.compiler import compile_network
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.checks import edge_inputs
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.build import build_firmware
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host
from micronets.profile import profile_firmware

INPUT = (1, 8, 9, 32)
SAME, VALID = 0, 1
RELU6 = 3
KERNELS = [
    "mn_average_pool_2x2",
    "mn_average_pool_2x2_clamped",
    "mn_max_pool_2x2",
    "mn_max_pool_2x2_clamped",
    "mn_mean_fast",
    "mn_mean_rounded",
    "mn_resize_bilinear_twice",
    "mn_resize_nearest_twice",
    "mn_softmax",
]
BY_COLUMNS = {"mn_resize_bilinear_words", "max_pool_*"}
PORTABLE = {"mn_resize_bilinear", "mn_max_pool_3x3", "mn_max_pool_3x3_clamped"}
"""For the same windows, on a core without packed arithmetic."""
COPIES = {"mn_copy", "mn_copy_runs"}
"""Of concatenations."""


class Branches:
    """Operators on one input, each of which makes an output of its own."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.model = ModelBuilder()
        self.channels = shape[3]
        self.source = self.model.tensor(shape, "int8", 0.05, -3)
        self.outputs: list[int] = []

    def add(self, kind: str, shape: tuple[int, ...], options: dict, more: tuple = (), grid: tuple = (0.05, -3)) -> None:
        constants = [self.model.tensor((len(values),), "int32", data=np.array(values, np.int32)) for values in more]
        self.outputs.append(self.model.tensor(shape, "int8", *grid))
        self.model.operator(kind, [self.source, *constants], [self.outputs[-1]], options)

    def pool(
        self, kind: str, sides: tuple[int, int], size: int, stride: int, padding: int, activation: int = 0
    ) -> None:
        window = {"filterHeight": size, "filterWidth": size, "strideH": stride, "strideW": stride, "padding": padding}
        self.add(kind, (1, *sides, self.channels), {**window, "fusedActivationFunction": activation})

    def whole(self, kind: str) -> None:
        window = {"filterHeight": INPUT[1], "filterWidth": INPUT[2], "strideH": 1, "strideW": 1, "padding": VALID}
        self.add(kind, (1, 1, 1, INPUT[3]), {**window, "fusedActivationFunction": 0})

    def resize(self, sides: tuple[int, int], centred: bool, kind: str = "RESIZE_BILINEAR") -> None:
        options = {"alignCorners": False, "halfPixelCenters": centred}
        self.add(kind, (1, *sides, INPUT[3]), options, more=(sides,))

    def build(self) -> bytes:
        return self.model.build([self.source], self.outputs)


def branches() -> bytes:
    """An operator or more for each of KERNELS."""
    made = Branches(INPUT)
    for activation in (0, RELU6):
        made.pool("MAX_POOL_2D", (4, 4), 2, 2, VALID, activation)
    made.pool("MAX_POOL_2D", (4, 5), 3, 2, SAME)
    made.pool("MAX_POOL_2D", (3, 4), 3, 2, VALID, RELU6)
    for activation in (0, RELU6):
        made.pool("AVERAGE_POOL_2D", (4, 4), 2, 2, VALID, activation)
    made.whole("AVERAGE_POOL_2D")
    made.add("MEAN", (1, INPUT[3]), {"keepDims": False}, more=((1, 2),), grid=(0.011, 5))
    made.resize((16, 18), centred=False)
    made.resize((16, 18), centred=False, kind="RESIZE_NEAREST_NEIGHBOR")
    made.resize((11, 9), centred=True)
    made.add("SOFTMAX", INPUT, {"beta": 1.0}, grid=(1 / 256, -128))
    return made.build()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The file, inputs, and TFLM's outputs."""
    content = branches()
    file = tmp_path_factory.mktemp("branches") / "model.tflite"
    file.write_bytes(content)
    inputs = edge_inputs(INPUT, 6)
    return file, inputs, tflm_outputs(content, inputs).reshape(len(inputs), -1)


def kernels_of(network) -> set[str]:
    """Without copies; of pools by columns without their constants."""
    return {re.sub(r"^(average|max)_pool_.*", r"\1_pool_*", layer.kernel) for layer in network.layers} - COPIES


@pytest.mark.parametrize(("core", "more"), [("cortex-m4", BY_COLUMNS), ("cortex-m0plus", PORTABLE)])
def test_every_kernel_equals_tflm(core, more, model, tmp_path):
    file, inputs, expected = model
    network = compile_network(file, tmp_path / "network", core=core)
    assert kernels_of(network) == set(KERNELS) | more
    assert len(np.unique(expected)) > 200
    executable = build_guarded(network, tmp_path / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)


@pytest.mark.emulator
def test_every_kernel_equals_tflm_on_the_emulator(model, tmp_path):
    file, inputs, expected = model
    board = find_board("nucleo-l4r5zi")
    firmware = build_firmware(compile_network(file, tmp_path / "network", core=board.core), board, tmp_path)
    profile = profile_firmware(firmware, inputs.reshape(len(inputs), *INPUT[1:]), expected)
    assert (profile.compared_outputs, profile.different_outputs) == (len(inputs), 0)


@pytest.mark.parametrize(
    ("channels", "core"),
    [(1, "cortex-m4"), (3, "cortex-m4"), (5, "cortex-m4"), (16, "cortex-m4"), (1, "cortex-m0plus")],
)
def test_windows_of_any_kind_equal_tflm(channels, core, tmp_path):
    shape = (1, 9, 11, channels)
    made = Branches(shape)
    made.pool("MAX_POOL_2D", (9, 11), 3, 1, SAME)
    made.pool("MAX_POOL_2D", (5, 6), 2, 2, SAME, RELU6)
    made.pool("MAX_POOL_2D", (3, 5), 7, 1, VALID, RELU6)
    made.pool("MAX_POOL_2D", (2, 2), 5, 4, VALID)
    made.pool("MAX_POOL_2D", (3, 4), 4, 3, SAME)
    made.pool("MAX_POOL_2D", (5, 6), 1, 2, VALID)
    made.pool("AVERAGE_POOL_2D", (5, 6), 3, 2, SAME)
    made.pool("AVERAGE_POOL_2D", (5, 6), 2, 2, SAME, RELU6)
    made.pool("AVERAGE_POOL_2D", (3, 5), 7, 1, VALID)
    made.add("MEAN", (1, channels), {"keepDims": False}, more=((1, 2),), grid=(0.011, 5))
    content = made.build()
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    network = compile_network(file, tmp_path / "net", core=core)
    means = {1: "mean_of_99", 3: "mn_mean_few", 5: "mn_mean", 16: "mn_mean"}
    mean = f"{means[channels]}_rounded{'_rest' if channels == 5 else ''}"
    packed = {"average_pool_*", "max_pool_*", "mn_max_pool_rows"}
    assert kernels_of(network) == {mean} | (packed if core == "cortex-m4" else {"mn_average_pool", "mn_max_pool"})
    inputs = edge_inputs(shape, 6)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    executable = build_guarded(network, tmp_path / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)


@pytest.mark.parametrize("scale", [0.0009, 0.03, 0.4])
def test_softmax_of_two_equals_tflm_for_every_difference(scale, tmp_path):
    model = ModelBuilder()
    source = model.tensor((1, 511, 2), "int8", scale, 4)
    output = model.tensor((1, 511, 2), "int8", 1 / 256, -128)
    model.operator("SOFTMAX", [source], [output], {"beta": 1.0})
    content = model.build([source], [output])
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    differences = np.arange(-255, 256)
    first = differences // 2
    inputs = np.stack([first, first - differences], axis=1).astype(np.int8)[None]
    expected = tflm_outputs(content, inputs).reshape(1, -1)
    network = compile_network(file, tmp_path / "net")
    assert [layer.kernel for layer in network.layers] == ["mn_softmax_pair"]
    executable = build_guarded(network, tmp_path / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)


@pytest.mark.parametrize(("scale", "classes"), [(0.4, 3), (0.02, 18)], ids=["a short table", "rows that end in a word"])
def test_softmax_equals_tflm_where_the_table_and_rows_end(scale, classes, tmp_path):
    shape = (1, 40, classes)
    model = ModelBuilder()
    source = model.tensor(shape, "int8", scale, 4)
    output = model.tensor(shape, "int8", 1 / 256, -128)
    model.operator("SOFTMAX", [source], [output], {"beta": 1.0})
    content = model.build([source], [output])
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    inputs = edge_inputs(shape, 6)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    executable = build_guarded(compile_network(file, tmp_path / "net"), tmp_path / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)
