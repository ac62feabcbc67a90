"""Costs against the paper's tables, and against figures read from Arm's released files."""

import dataclasses

import pytest

from micronets.architecture import (
    Addition,
    Architecture,
    AveragePooling,
    Convolution,
    DepthwiseConvolution,
    TransposedConvolution,
)
from micronets.compiler import compile_network
from micronets.costs import costs
from micronets.export.random_weights import random_network
from micronets.export.writer import write_tflite
from micronets.published import published_architecture

# The paper's Table 4, column Mops.
PAPER_MOPS = {
    "micronet-kws-l": 129,
    "micronet-kws-m": 30.6,
    "micronet-kws-s": 16.4,
    "ds-cnn-l": 107.2,
    "ds-cnn-m": 37.3,
    "ds-cnn-s": 7.1,
    "micronet-vww-3": 45.1,  # the paper says 45.2
    "micronet-vww-4": 37.7,
    "micronet-ad-s": 37.5,
    "micronet-ad-m": 124.7,
    "micronet-ad-l": 129,
    "fc-ae": 0.5,
    "fc-ae-wide": 4.5,
    "conv-ae": 578,  # Table 3
}

# MACs, weights, and bytes of the greatest pair of maps, of Arm's released files and of the paper's descriptions.
RELEASED = {
    "micronet-kws-l": (65_714_076, 496_428, 169_740),
    "micronet-kws-m": (15_556_352, 110_432, 86_100),
    "micronet-kws-s": (8_326_752, 59_136, 51_660),
    "ds-cnn-l": (54_575_412, 407_652, 169_740),
    "ds-cnn-m": (18_939_264, 133_472, 105_780),
    "micronet-vww-2": (3_143_416, 85_840, 27_904),
    "micronet-vww-3": (22_565_040, 260_910, 71_680),
    "micronet-vww-4": (18_828_800, 228_602, 57_344),
    "mobilenet-v1-025": (7_489_664, 208_112, 55_296),
    "micronet-ad-s": (18_739_088, 193_124, 98_304),
    "micronet-ad-m": (62_345_616, 372_192, 245_760),
    "micronet-ad-l": (64_493_664, 358_416, 353_280),
    "fc-ae": (264_192, 264_192, 768),
}


@pytest.mark.parametrize(("name", "mops"), PAPER_MOPS.items())
def test_the_papers_operation_counts_to_the_digit(name, mops):
    found = costs(published_architecture(name)).paper_ops / 1e6
    digits = 0 if isinstance(mops, int) else 1
    assert round(found, digits) == mops


@pytest.mark.parametrize(("name", "expected"), RELEASED.items())
def test_costs_of_the_released_files(name, expected):
    found = costs(published_architecture(name))
    assert (found.macs, found.weights, found.sram_bytes) == expected
    assert found.ops == 2 * expected[0]


@pytest.mark.parametrize("weight_bits", [8, 4])
@pytest.mark.parametrize("name", ["micronet-kws-s", "micronet-vww-2", "mobilenet-v1-025", "micronet-ad-s", "fc-ae"])
def test_flash_is_at_most_an_eighth_above_what_the_compiler_lays_out(name, weight_bits, tmp_path):
    architecture = published_architecture(name).with_precision(weight_bits, 8)
    write_tflite(random_network(architecture, 1), tmp_path / "model.tflite")
    found = compile_network(tmp_path / "model.tflite", tmp_path / "network", core="cortex-m4").weights_bytes
    assert found <= costs(architecture).flash_bytes <= 1.125 * found


def separable(name: str, stem: int, blocks: list[tuple[int, int]]) -> Architecture:
    layers = [Convolution(stem, (3, 3))]
    for channels, stride in blocks:
        layers += [DepthwiseConvolution((3, 3), (stride, stride)), Convolution(channels)]
    return Architecture(name, (32, 32, 1), (*layers, AveragePooling(), Convolution(4, activation="linear")))


@pytest.mark.parametrize(
    ("architecture", "mops", "expected"),
    [
        (
            separable("ad-l", 276, [(248, 2), (276, 1), (276, 1), (248, 2), (248, 2)]),
            129,
            (64_493_664, 358_416, 353_280),
        ),
        (
            separable("ad-m", 192, [(276, 2), (276, 1), (276, 1), (276, 2), (276, 2)]),
            124.7,
            (62_345_616, 372_192, 245_760),
        ),
        (separable("ad-s", 72, [(164, 2), (220, 1), (276, 2), (276, 2)]), 37.5, (18_739_088, 193_124, 98_304)),
    ],
    ids=lambda item: item.name if isinstance(item, Architecture) else None,
)
def test_maps_that_divide_evenly_need_no_convention(architecture, mops, expected):
    found = costs(architecture)
    assert (found.macs, found.weights, found.sram_bytes) == expected
    assert found.paper_macs == found.macs
    assert round(found.paper_ops / 1e6, 0 if isinstance(mops, int) else 1) == mops


def inverted_bottlenecks(name: str, size: int, stem: int, stages: list) -> Architecture:
    """MobileNetV2 with residual additions inside a stage; stages are (stride, [(expanded, projected), ...])."""
    layers = [Convolution(stem, (3, 3), (2, 2))]
    for stride, blocks in stages:
        for index, (expanded, projected) in enumerate(blocks):
            before = len(layers) - 1
            step = (stride, stride) if index == 0 else (1, 1)
            layers += [Convolution(expanded), DepthwiseConvolution((3, 3), step)]
            layers.append(Convolution(projected, activation="linear"))
            if index > 0:
                layers.append(Addition(before))
    layers += [Convolution(128), AveragePooling(), Convolution(2, activation="linear")]
    return Architecture(name, (size, size, 1), tuple(layers))


VWW_2 = inverted_bottlenecks(
    "vww-2",
    50,
    12,
    [
        (1, [(4, 8)]),
        (2, [(28, 24), (28, 20)]),
        (2, [(128, 28), (152, 16), (152, 28)]),
        (2, [(152, 24), (112, 24), (112, 12), (76, 32)]),
        (1, [(76, 16), (56, 28), (56, 28)]),
        (2, [(56, 16), (96, 16), (96, 16)]),
        (1, [(96, 32)]),
    ],
)
VWW_3 = inverted_bottlenecks(
    "vww-3",
    128,
    9,
    [
        (1, [(3, 6)]),
        (2, [(9, 14), (28, 16)]),
        (2, [(28, 32), (115, 25), (115, 32)]),
        (2, [(172, 51), (307, 51), (307, 44), (307, 57)]),
        (1, [(230, 48), (288, 48), (288, 76)]),
        (2, [(115, 16), (96, 16), (96, 16)]),
        (1, [(96, 32)]),
    ],
)
VWW_4 = inverted_bottlenecks(
    "vww-4",
    128,
    8,
    [
        (1, [(4, 4)]),
        (2, [(8, 12), (14, 16)]),
        (2, [(28, 32), (96, 28), (96, 28)]),
        (2, [(152, 44), (268, 40), (268, 52), (268, 44)]),
        (1, [(192, 68), (172, 68), (172, 48)]),
        (2, [(288, 16), (96, 16), (96, 32)]),
        (1, [(96, 32)]),
    ],
)


@pytest.mark.parametrize(
    ("architecture", "thousand_macs", "weights", "live_bytes"),
    [(VWW_2, 3_143, 85_840, 27_904), (VWW_3, 22_565, 260_910, 71_680), (VWW_4, 18_829, 228_602, 57_344)],
    ids=lambda item: item.name if isinstance(item, Architecture) else None,
)
def test_residual_networks_of_the_released_files(architecture, thousand_macs, weights, live_bytes):
    found = costs(architecture)
    assert (round(found.macs / 1000), found.weights, found.sram_bytes) == (thousand_macs, weights, live_bytes)


def test_a_map_kept_for_a_later_addition_stays_live():
    architecture = Architecture(
        "kept",
        (4, 4, 1),
        (
            Convolution(5),  # 80 bytes, kept for layer 3
            Convolution(10),
            Convolution(10),
            Addition(0),
            AveragePooling(),
            Convolution(2, activation="linear"),
        ),
    )
    live = [layer.live_bytes for layer in costs(architecture).layers]
    assert live == [16 + 80, 80 + 160, 160 + 160 + 80, 160 + 160 + 80, 160 + 10, 10 + 2]


def test_a_transposed_convolution_multiplies_its_inputs_by_the_whole_kernel():
    architecture = Architecture(
        "up", (5, 6, 1), (Convolution(3, (3, 3), (5, 2)), TransposedConvolution(1, (4, 2), (5, 2), activation="linear"))
    )
    first, second = costs(architecture).layers
    assert (second.weights, second.macs) == (4 * 2 * 3, 4 * 2 * 3 * (1 * 3))
    assert second.flash_bytes == second.weights + 16 + 84
    assert (first.live_bytes, second.live_bytes) == (30 + 9, 9 + 30)
    assert second.paper_macs == second.macs


def test_the_papers_convention_goes_on_behind_a_transposed_convolution():
    architecture = Architecture(
        "odd",
        (5, 5, 1),
        (
            Convolution(2, (1, 1), (2, 2)),  # 3 x 3, to the paper 2.5 x 2.5
            TransposedConvolution(2, (2, 2), (2, 2)),  # reads them: 8 and 4 weights per pixel
            Convolution(2, (1, 1)),  # 6 x 6, to the paper 5 x 5
            AveragePooling(),
            Convolution(1),
        ),
    )
    found = costs(architecture).layers
    assert [layer.macs for layer in found] == [2 * 9, 16 * 9, 4 * 36, 0, 2]
    assert [layer.paper_macs for layer in found] == [2 * 6.25, 16 * 6.25, 4 * 25, 0, 2]


def test_the_size_of_the_papers_convolutional_autoencoder():
    # Table 3: 4.1 MB.
    assert round(costs(published_architecture("conv-ae")).weights / 1e6, 1) == 4.1


def test_four_bits_are_half_a_byte_of_flash_or_of_working_memory_each():
    layers = (
        Convolution(8, (3, 3), weight_bits=4),  # 216 weights, 8 x 8 x 8 outputs
        DepthwiseConvolution(activation_bits=4),  # 72 weights
        Convolution(4, weight_bits=4, activation_bits=4),  # 32 weights
        AveragePooling(),
        Convolution(3, activation="linear", weight_bits=4),
    )
    found = costs(Architecture("mixed", (8, 8, 3), layers))
    assert [layer.live_bytes for layer in found.layers] == [192 + 512, 512 + 256, 256 + 128, 128 + 2, 2 + 3]
    plain = costs(Architecture("plain", (8, 8, 3), tuple(_without_bits(layer) for layer in layers)))
    saved = [eight.flash_bytes - four.flash_bytes for eight, four in zip(plain.layers, found.layers, strict=True)]
    # Half the weights, and 8 bytes of every channel whose weights are packed.
    assert saved == [108 + 64, 0, 16 + 32, 0, 6 + 24]
    assert (found.macs, found.weights) == (plain.macs, plain.weights)


def _without_bits(layer):
    if isinstance(layer, AveragePooling):
        return layer
    return dataclasses.replace(layer, weight_bits=None, activation_bits=None)


def test_pooling_and_additions_have_no_weights():
    layers = costs(VWW_2).layers
    for layer, found in zip(VWW_2.layers, layers, strict=True):
        assert (found.macs == found.weights == 0) == isinstance(layer, Addition | AveragePooling)
