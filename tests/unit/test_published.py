import pytest

from micronets.architecture import AveragePooling, Convolution, DepthwiseConvolution
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


def test_every_published_network_is_known():
    assert set(PUBLISHED) == set(WIDTHS)


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


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ConfigurationError, match="'micronet-kws-xl'; known are .*micronet-kws-l.*ds-cnn-s"):
        published_architecture("micronet-kws-xl")
