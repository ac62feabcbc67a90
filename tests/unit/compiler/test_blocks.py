"""Blocks of an image that become a batch are padded with 0, as TFLM does in an arena of zeros."""

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.fuzz.builder import ModelBuilder
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host


def test_padding_of_blocks(tmp_path):
    model = ModelBuilder()
    source = model.tensor((1, 3, 4, 2), "int8", 0.1, 17)
    block = model.tensor((2,), "int32", data=np.array([2, 3], np.int32))
    amounts = model.tensor((2, 2), "int32", data=np.array([[1, 0], [0, 2]], np.int32))
    output = model.tensor((6, 2, 2, 2), "int8", 0.1, 17)
    model.operator("SPACE_TO_BATCH_ND", [source, block, amounts], [output])
    file = tmp_path / "model.tflite"
    file.write_bytes(model.build([source], [output]))
    network = compile_network(file, tmp_path / "network")
    inputs = np.random.default_rng(2).integers(-128, 128, (2, 3, 4, 2)).astype(np.int8)
    padded = np.pad(inputs, ((0, 0), (1, 0), (0, 2), (0, 0)))
    expected = np.stack([padded[:, i::2, j::3] for i in range(2) for j in range(3)], axis=1)
    executable = build_guarded(network, tmp_path / "run", flags=SANITIZERS)
    assert np.array_equal(run_on_host(executable, inputs, 48), expected.reshape(2, -1))


def _dilated(kind: str, sides: int, block: list[int], crops: list[list[int]], width: int = 2) -> bytes:
    """SPACE_TO_BATCH_ND, a padded convolution of 3 or of 3 rows, BATCH_TO_SPACE_ND."""
    random = np.random.default_rng(sides)
    model = ModelBuilder()
    shape = (1, 12, 9, 4)[: sides - 1] + (4,)
    source = model.tensor(shape, "int8", 0.1, 0)

    def integers(values: object) -> int:
        array = np.array(values, np.int32)
        return model.tensor(array.shape, "int32", data=array)

    small = [side // step for side, step in zip(shape[1:-1], block, strict=True)]
    images = int(np.prod(block))
    split = model.tensor((images, *small, 4), "int8", 0.1, 0)
    model.operator("SPACE_TO_BATCH_ND", [source, integers(block), integers([[0, 0]] * len(block))], [split])
    rows, columns = small if sides == 4 else (1, small[0])
    kernel = (3, width) if sides == 4 else (1, 3)
    weights = random.integers(-90, 91, (1, *kernel, 4) if kind == "DEPTHWISE_CONV_2D" else (4, *kernel, 4))
    scales = np.full(4, 0.01)
    axis = 3 if kind == "DEPTHWISE_CONV_2D" else 0
    inputs = [
        split if sides == 4 else model.tensor((images, 1, columns, 4), "int8", 0.1, 0),
        model.tensor(weights.shape, "int8", scales, 0, axis, weights.astype(np.int8)),
        model.tensor((4,), "int32", scales * 0.1, data=random.integers(-900, 900, 4).astype(np.int32)),
    ]
    if sides == 3:
        model.operator("RESHAPE", [split, integers([images, 1, columns, 4])], [inputs[0]])
    made = model.tensor((images, rows, columns, 4), "int8", 0.2, 3)
    options = {"padding": 0, "strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
    model.operator(kind, inputs, [made], options | ({"depthMultiplier": 1} if axis else {}))
    if sides == 3:
        flat = model.tensor((images, columns, 4), "int8", 0.2, 3)
        model.operator("RESHAPE", [made, integers([images, columns, 4])], [flat])
        made = flat
    kept = [side * step - sum(crop) for side, step, crop in zip(small, block, crops, strict=True)]
    output = model.tensor((1, *kept, 4), "int8", 0.2, 3)
    model.operator("BATCH_TO_SPACE_ND", [made, integers(block), integers(crops)], [output])
    return model.build([source], [output])


@pytest.mark.parametrize(
    ("kind", "sides", "block", "crops"),
    [
        ("CONV_2D", 4, [2, 3], [[1, 0], [0, 2]]),
        ("DEPTHWISE_CONV_2D", 4, [3, 1], [[0, 1], [0, 0]]),
        ("CONV_2D", 3, [4], [[2, 1]]),
    ],
)
def test_convolution_of_blocks_is_a_dilated_one(kind, sides, block, crops, tmp_path):
    content = _dilated(kind, sides, block, crops)
    file = tmp_path / "model.tflite"
    file.write_bytes(content)
    network = compile_network(file, tmp_path / "network")
    assert any("one dilated convolution" in note for note in network.notes)
    assert len(network.layers) == 1
    shape = network.input.shape
    inputs = np.random.default_rng(2).integers(-128, 128, (3, *shape)).astype(np.int8)
    executable = build_guarded(network, tmp_path / "run", flags=SANITIZERS)
    outputs = run_on_host(executable, inputs, int(np.prod(network.output.shape)))
    assert np.array_equal(outputs.reshape(-1), tflm_outputs(content, inputs).reshape(-1))


def test_convolution_of_3x3_stays_in_blocks(tmp_path):
    """Kernels of 3x3 have no dilation, and win more than the movement costs."""
    file = tmp_path / "model.tflite"
    file.write_bytes(_dilated("CONV_2D", 4, [2, 3], [[0, 0], [0, 0]], width=3))
    layers = compile_network(file, tmp_path / "network").layers
    assert [layer.operator for layer in layers] == ["movement", "images", "movement"]
