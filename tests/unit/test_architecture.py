import dataclasses
import json
import re

import pytest

from micronets.architecture import (
    Addition,
    Architecture,
    AveragePooling,
    Convolution,
    DepthwiseConvolution,
    TransposedConvolution,
)
from micronets.costs import costs
from micronets.errors import ModelError
from tests.networks import (
    mixed_ds_cnn,
    small_autoencoder,
    small_ds_cnn,
    small_one_dimensional,
    small_residual,
    small_shortcut,
    small_skip_pool,
)

CLASSIFIER = (AveragePooling(), Convolution(2, activation="linear"))


def network(*layers, input_shape=(9, 6, 3)) -> Architecture:
    return Architecture("net", input_shape, (*layers, *CLASSIFIER))


@pytest.mark.parametrize(
    "architecture",
    [
        small_ds_cnn(),
        small_residual(),
        small_skip_pool(),
        small_autoencoder(),
        small_one_dimensional(),
        mixed_ds_cnn(),
    ],
)
def test_json_round_trip(tmp_path, architecture):
    path = tmp_path / "folder" / "architecture.json"
    architecture.save(path)
    assert Architecture.load(path) == architecture
    content = json.loads(path.read_text(encoding="utf-8"))
    assert Architecture.from_json(content) == architecture
    first = path.read_bytes()
    Architecture.load(path).save(path)
    assert path.read_bytes() == first


def test_shapes_round_up_at_strides():
    architecture = network(
        Convolution(4, (3, 3), (2, 2)), DepthwiseConvolution(stride=(2, 1)), AveragePooling((2, 2), (2, 2))
    )
    assert architecture.output_shapes() == ((5, 3, 4), (3, 3, 4), (2, 2, 4), (1, 1, 4), (1, 1, 2))
    assert architecture.input_shapes() == ((9, 6, 3), (5, 3, 4), (3, 3, 4), (2, 2, 4), (1, 1, 4))
    assert architecture.classes == 2


def test_without_padding_a_map_loses_what_the_kernel_reaches_over():
    unpadded = (
        Convolution(4, (3, 2), padding="valid"),
        DepthwiseConvolution((4, 3), (2, 2), padding="valid"),
        Convolution(3),
    )
    architecture = network(*unpadded)
    # 9 - 3 + 1 rows, of which windows of 4 fit at 0 and 2; 6 - 2 + 1 columns, windows of 3 at 0 and 2
    assert architecture.output_shapes()[:3] == ((7, 5, 4), (2, 2, 4), (2, 2, 3))
    layers = architecture.to_json()["layers"]
    assert [layer.get("padding") for layer in layers[:3]] == ["valid", "valid", None]
    # in the paper's way of counting a stride divides, without rounding: 4 / 2 rows by 3 / 2 columns of 12 x 4 weights
    assert [layer.paper_macs for layer in costs(architecture).layers[:2]] == [72 * 35, 48 * 2 * 1.5]


def test_an_addition_is_as_wide_as_the_wider_side():
    assert network(Convolution(4), Convolution(7), Addition(0)).output_shapes()[2] == (9, 6, 7)
    assert network(Convolution(7), Convolution(4), Addition(0)).output_shapes()[2] == (9, 6, 7)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((Convolution(4), Addition(1)), "Layer 1 of 'net' adds layer 1, which is not before it"),
        ((Convolution(4), Addition(-1)), "adds layer -1"),
        ((Convolution(4), Convolution(4, stride=(2, 2)), Addition(0)), r"adds maps of \(9, 6\) and \(5, 3\) pixels"),
        ((Convolution(0),), "number of channels of layer 0 of 'net' holds 0"),
        ((Convolution(2.5),), "number of channels of layer 0 of 'net' holds 2.5; whole numbers from 1 to 65,536"),
        ((Convolution(10**9),), "number of channels of layer 0 of 'net' holds 1000000000"),
        ((Convolution(True),), "number of channels of layer 0 of 'net' holds True"),
        ((Convolution(4, (3,)),), r"kernel of layer 0 of 'net' is \(3,\); it must be 2 whole numbers"),
        ((Convolution(4, (3, 0)),), "kernel of layer 0 of 'net' holds 0"),
        ((Convolution(4, 3),), "kernel of layer 0 of 'net' is 3; it must be 2 whole numbers"),
        ((Convolution(4), DepthwiseConvolution(stride=(0, 1))), "stride of layer 1 of 'net' holds 0"),
        ((AveragePooling((2, 2), (-1, 1)),), "stride of layer 0 of 'net' holds -1"),
        ((TransposedConvolution(4, (2, 2), (2, "2")),), "stride of layer 0 of 'net' holds '2'"),
        ((Convolution(4, activation="gelu"),), "activation of layer 0 of 'net' is 'gelu'; it must be relu6 or linear"),
        ((Convolution(4, padding="full"),), "padding of layer 0 of 'net' is 'full'; it must be same or valid"),
        ((Convolution(4, (10, 1), padding="valid"),), r"kernel of layer 0 of 'net' is larger than its map of \(9, 6\)"),
        ((Convolution(4), Convolution(4, source="0")), "source of layer 1 of 'net' is '0'; it must be the index"),
        ((Convolution(4), Convolution(4), Addition(0, "gelu")), "activation of layer 2 of 'net' is 'gelu'"),
        ((Convolution(4), Addition("0")), "source of layer 1 of 'net' is '0'; it must be the index of a layer"),
    ],
)
def test_layers_that_do_not_fit_are_refused(layers, message):
    with pytest.raises(ModelError, match=message):
        network(*layers)


@pytest.mark.parametrize("shape", [(9, 6), (9, 6, 3, 1), (9, 0, 3), (9, 6, 1.5), (9, 6, 10**9)])
def test_input_shapes_that_no_network_can_have_are_refused(shape):
    with pytest.raises(ModelError, match="The input shape of 'net'"):
        network(input_shape=shape)


def test_nested_beyond_measure_is_refused_by_name(tmp_path):
    path = tmp_path / "architecture.json"
    path.write_text("[" * 200_000, encoding="utf-8")
    with pytest.raises(ModelError, match="architecture.json is damaged .* make it anew: rm"):
        Architecture.load(path)


def test_a_description_that_fits_nothing_is_refused_with_its_file(tmp_path):
    path = tmp_path / "architecture.json"
    content = small_ds_cnn().to_json()
    content["layers"][0]["stride"] = [0, 1]
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ModelError, match="architecture.json: The stride of layer 0 .* Mend it, or make it anew: rm"):
        Architecture.load(path)


def test_a_transposed_convolution_multiplies_the_sides_by_its_stride():
    architecture = network(
        TransposedConvolution(5, (3, 3), (2, 3)),
        TransposedConvolution(4, (1, 2), (1, 1)),
        Convolution(2, (3, 3), (2, 2)),
    )
    assert architecture.output_shapes()[:3] == ((18, 18, 5), (18, 18, 4), (9, 9, 2))


def test_an_autoencoder_ends_in_the_shape_of_its_input():
    architecture = small_autoencoder()
    assert architecture.reconstructs
    assert architecture.output_shapes()[-1] == (12, 8, 1)
    assert not small_ds_cnn().reconstructs


@pytest.mark.parametrize(
    "layers",
    [
        (),
        (Convolution(4),),
        # 9 rows become 5 and then 10; 6 columns 3 and then 6 again.
        (Convolution(4, stride=(2, 2)), TransposedConvolution(3, (3, 3), (2, 2))),
    ],
)
def test_a_network_without_logits_or_reconstruction_is_refused(layers):
    with pytest.raises(ModelError, match="must end in a 1 x 1 map or in its input's shape; pool globally"):
        Architecture("net", (9, 6, 3), layers)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("layers"),
        lambda content: content.pop("input_shape"),
        lambda content: content.update(layers=3),
        lambda content: content["layers"][0].update(kind="recurrent"),
        lambda content: content["layers"][0].pop("kind"),
        lambda content: content["layers"][0].update(colour="red"),
        lambda content: content["layers"][0].pop("channels"),
        lambda content: content.update(layers=["convolution"]),
    ],
)
def test_damaged_descriptions_are_refused(change):
    content = small_ds_cnn().to_json()
    change(content)
    with pytest.raises(ModelError, match="Not an architecture description"):
        Architecture.from_json(content)


@pytest.mark.parametrize("content", ["[]", "null", "7"])
def test_json_that_is_no_object_is_refused(content):
    with pytest.raises(ModelError, match="Not an architecture description"):
        Architecture.from_json(json.loads(content))


@pytest.mark.parametrize("content", [b"", b'{"name": "ne', b"\xff\xfe\x00"])
def test_files_that_are_no_json_are_refused_by_name(tmp_path, content):
    path = tmp_path / "architecture.json"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="architecture.json is damaged .* make it anew: rm"):
        Architecture.load(path)


def test_a_convolution_may_read_an_earlier_layer():
    layers = (
        Convolution(4, (3, 3)),
        Convolution(8, (3, 3), (2, 2), "linear"),
        Convolution(8, (1, 1), (2, 2), "linear", source=0),
        Addition(1, "relu6"),
        AveragePooling(),
        Convolution(3, activation="linear"),
    )
    architecture = Architecture("shortcut", (8, 8, 3), layers)
    assert architecture.input_shapes()[2] == (8, 8, 4) and architecture.output_shapes()[2] == (4, 4, 8)
    assert Architecture.from_json(architecture.to_json()) == architecture
    # the map of layer 0 is held until its shortcut has read it; then both branches, until they are added
    live = [layer.live_bytes for layer in costs(architecture).layers]
    assert live[:4] == [192 + 256, 256 + 128, 128 + 256 + 128, 3 * 128]
    with pytest.raises(ModelError, match="Layer 1 of 'late' reads layer 1, which is not before it"):
        Architecture("late", (8, 8, 3), (layers[0], Convolution(8, source=1)))


def test_a_uniform_precision_leaves_alone_what_a_layer_fixes_and_what_cannot_have_four_bits():
    plain = small_ds_cnn()
    layers = (dataclasses.replace(plain.layers[0], weight_bits=8, activation_bits=8), *plain.layers[1:])
    filled = dataclasses.replace(plain, layers=layers).with_precision(4, 4)
    assert filled.weight_bits() == (8, 4, 4, 4, 4, 8, 4)  # the pool has none
    assert filled.activation_bits() == (8, 4, 4, 4, 4, 4, 8)  # pooled as they come; the logits are no ReLU6's
    assert Architecture.from_json(json.loads(json.dumps(filled.to_json()))) == filled
    assert plain.with_precision(8, 8) == plain


def test_maps_that_an_addition_reads_or_makes_keep_eight_bits():
    # ResNet's stem goes into an addition and into a convolution; its blocks end in additions with a ReLU6.
    network = small_shortcut().with_precision(4, 4)
    for index, (layer, bits) in enumerate(zip(network.layers, network.activation_bits(), strict=True)):
        read = any(isinstance(other, Addition) and other.source == index for other in network.layers)
        kept = read or not isinstance(layer, Convolution) or layer.activation == "linear"
        assert bits == (8 if kept else 4), index
    assert network.activation_bits().count(4) == 2  # the first convolution of either block


@pytest.mark.parametrize(
    ("index", "fields", "message"),
    [
        (0, {"weight_bits": 3}, "The weight_bits of layer 0 of 'small-ds-cnn' are 3; they must be 8 or 4"),
        (2, {"activation_bits": True}, "The activation_bits of layer 2 .* are True"),
        (6, {"activation_bits": 4}, "The output of layer 6 of 'small-ds-cnn' cannot have 4 bits: only"),
    ],
)
def test_bits_that_nothing_runs_are_refused(index, fields, message):
    plain = small_ds_cnn()
    changed = dataclasses.replace(plain.layers[index], **fields)
    with pytest.raises(ModelError, match=message):
        dataclasses.replace(plain, layers=(*plain.layers[:index], changed, *plain.layers[index + 1 :]))


def test_what_older_descriptions_do_not_say_is_not_written():
    chain = Architecture("plain", (4, 4, 1), (Convolution(2), Convolution(2), Addition(0), AveragePooling()))
    assert {"source", "activation"} & set(chain.to_json()["layers"][0]) == {"activation"}
    assert chain.to_json()["layers"][2] == {"kind": "addition", "source": 0}


def test_the_description_in_the_documentation_is_a_network(repository):
    page = (repository / "docs" / "own_data.md").read_text(encoding="utf-8")
    described = Architecture.from_json(json.loads(re.search(r'title="mine.json"\n(.*?)```', page, re.DOTALL)[1]))
    assert (described.input_shape, described.classes) == ((32, 32, 1), 4)
    kinds = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert kinds == {
        kind.kind for kind in (Convolution, DepthwiseConvolution, TransposedConvolution, AveragePooling, Addition)
    }
