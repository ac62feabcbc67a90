import pytest

from micronets.architecture import Addition, AveragePooling, Convolution, DepthwiseConvolution
from micronets.costs import costs
from micronets.errors import ConfigurationError
from micronets.published import PUBLISHED, published_architecture

# Table 5 of the paper: channels of the stem, then of the blocks.
WIDTHS = {
    "micronet-kws-l": (276, 248, 276, 276, 248, 248, 248, 248),
    "micronet-kws-m": (140, 140, 140, 140, 112, 196),
    "micronet-kws-s": (84, 112, 84, 84, 84, 196),
    "ds-cnn-l": (276,) * 6,
    "ds-cnn-m": (172,) * 5,
    "ds-cnn-s": (64,) * 5,
}


def test_names_are_those_of_the_networks():
    assert set(PUBLISHED) > set(WIDTHS)
    assert [published_architecture(name).name for name in PUBLISHED] == list(PUBLISHED)


def test_another_number_of_classes_changes_the_classifier_alone():
    for name in PUBLISHED:
        ours, theirs = published_architecture(name, 7), published_architecture(name)
        assert ours.layers[:-1] == theirs.layers[:-1]
        assert ours == theirs if theirs.reconstructs else ours.classes == 7
    autoencoders = [name for name in PUBLISHED if published_architecture(name).reconstructs]
    assert autoencoders == ["fc-ae", "fc-ae-wide", "conv-ae", "conv-ae-small"]


def test_the_convolutional_autoencoder_goes_down_and_up_again():
    architecture = published_architecture("conv-ae")
    shapes = [architecture.input_shape, *architecture.output_shapes()]
    # Ribeiro et al., arXiv 2006.10417: 32, 64, 128, 256 and 512 filters, then 40 numbers.
    assert shapes[:7] == [(32, 128, 1), (32, 64, 32), (32, 32, 64), (16, 16, 128), (8, 8, 256), (4, 4, 512), (1, 1, 40)]
    assert shapes[7:] == shapes[:6][::-1]
    down, up = architecture.layers[:6], architecture.layers[:5:-1]
    assert [(layer.kernel, layer.stride) for layer in down] == [(layer.kernel, layer.stride) for layer in up]
    assert [layer.activation for layer in architecture.layers] == [
        *["relu6"] * 5,
        *["linear"] * 2,
        *["relu6"] * 4,
        "linear",
    ]


def test_bottlenecks_add_what_they_have_read():
    layers = published_architecture("micronet-vww-2").layers
    additions = [index for index, layer in enumerate(layers) if isinstance(layer, Addition)]
    assert len(additions) == 10  # 17 bottlenecks in 7 stages
    for index in additions:
        assert layers[index - 1].activation == "linear"
        source = layers[layers[index].source]
        assert isinstance(source, Addition) or source.activation == "linear"


@pytest.mark.parametrize("name", WIDTHS)
def test_layers_of_the_published_networks(name):
    architecture = published_architecture(name)
    assert architecture.name == name
    assert architecture.input_shape == (49, 10, 1)
    *body, pool, classifier = architecture.layers
    assert pool == AveragePooling()
    assert classifier == Convolution(12, (1, 1), (1, 1), "linear")
    stem, depthwise, pointwise = body[0], body[1::2], body[2::2]
    assert (stem.kernel, stem.stride) == ((10, 4), (1, 1))
    assert (stem.channels, *(layer.channels for layer in pointwise)) == WIDTHS[name]
    assert depthwise[0] == DepthwiseConvolution((3, 3), (2, 2))
    assert set(depthwise[1:]) == {DepthwiseConvolution((3, 3), (1, 1))}
    assert {layer.activation for layer in body} == {"relu6"}
    assert {(layer.kernel, layer.stride) for layer in pointwise} == {((1, 1), (1, 1))}


def test_resnet_8_is_that_of_mlperf_tiny():
    """12.5 million multiply-accumulates (Banbury et al., MLPerf Tiny, arXiv 2106.07597)."""
    architecture = published_architecture("resnet-8")
    assert costs(architecture).macs == 12_501_632
    shapes = architecture.output_shapes()
    assert [shape for layer, shape in zip(architecture.layers, shapes, strict=True) if isinstance(layer, Addition)] == [
        (32, 32, 16),
        (16, 16, 32),
        (8, 8, 64),
    ]
    shortcuts = [layer for layer in architecture.layers if isinstance(layer, Convolution) and layer.source is not None]
    assert [(layer.channels, layer.kernel, layer.stride) for layer in shortcuts] == [
        (32, (1, 1), (2, 2)),
        (64, (1, 1), (2, 2)),
    ]


def test_the_wake_word_network_is_that_of_mlperf_tiny():
    """Maps and multiply-accumulates in ST Edge AI's report on the reference model (mlcommons/tiny, 1afd2c9,
    sww_ref_l4r5zi/X-CUBE-AI/App/sww_model_generate_report.txt), which counts a bias for every channel as well."""
    architecture = published_architecture("ds-cnn-1d")
    assert architecture.input_shape == (30, 1, 40)
    shapes = architecture.output_shapes()
    assert [shape[0] for shape in shapes] == [28, 28, 24, 24, 15, 15, 1, 1, 1]
    assert [shape[2] for shape in shapes] == [40, 128, 128, 128, 128, 128, 128, 32, 3]
    reported = [3_400, 143_488, 15_488, 393_344, 19_328, 245_888, 2_048, 4_128, 99]
    layers = costs(architecture).layers
    assert [layer.macs + shape[2] for layer, shape in zip(layers, shapes, strict=True)] == reported
    assert [layer.activation for layer in architecture.layers] == ["linear", "relu6"] * 4 + ["linear"]


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ConfigurationError, match="'micronet-kws-xl'; known are .*micronet-kws-l.*ds-cnn-s"):
        published_architecture("micronet-kws-xl")
