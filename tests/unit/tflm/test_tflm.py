"""What is read of a .tflite file and of TFLM's headers for a program on TensorFlow Lite Micro."""

import struct
from pathlib import Path

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.compiler.registry import OPERATORS
from micronets.compiler.schema import OPERATOR_CODES
from micronets.errors import BuildError, ModelError
from micronets.export.writer import write_tflite
from micronets.fuzz.builder import ModelBuilder
from micronets.tflm import TflmLibrary, write_tflm_program
from micronets.tflm.network import read_network
from tests.networks import random_network, small_ds_cnn, small_residual
from tests.tflm_library import STAND_IN

NAMES = {OPERATOR_CODES[name]: name for name in OPERATORS}
RESOLVER = "tensorflow/lite/micro/micro_mutable_op_resolver.h"


@pytest.fixture
def library(tmp_path: Path) -> TflmLibrary:
    (tmp_path / "library.a").write_bytes(b"!<arch>\n")
    return TflmLibrary(tmp_path / "library.a", STAND_IN / "include")


def dense(*, dtype: str = "int8", scale: float | list[float] | None = 0.5) -> tuple[ModelBuilder, int, int]:
    """A model of one FULLY_CONNECTED from 6 to 4, and its input and output."""
    model = ModelBuilder()
    source = model.tensor((1, 6), dtype, scale, -3)
    weights = model.tensor((4, 6), "int8", 0.1, data=np.ones((4, 6), np.int8))
    bias = model.tensor((4,), "int32", 0.05, data=np.zeros(4, np.int32))
    output = model.tensor((1, 4), "int8", 0.25, 7)
    model.operator("FULLY_CONNECTED", [source, weights, bias], [output])
    return model, source, output


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("architecture", [small_ds_cnn(), small_residual()], ids=lambda item: item.name)
def test_multiply_accumulates_are_those_that_our_compiler_finds_in_the_file(tmp_path, architecture):
    tflite = tmp_path / "model.tflite"
    write_tflite(random_network(architecture, seed=1), tflite)
    operators = read_network(tflite, NAMES).operators
    compiled = compile_network(tflite, tmp_path / "src")
    assert sum(operator.macs for operator in operators) == sum(layer.file_macs for layer in compiled.layers) > 0


def test_a_transposed_convolution_multiplies_once_for_every_input_and_tap(tmp_path):
    model = ModelBuilder()
    shape = model.tensor((4,), "int32", data=np.array([1, 8, 6, 5], np.int32))
    weights = model.tensor((5, 3, 2, 7), "int8", 0.1, data=np.ones((5, 3, 2, 7), np.int8))
    source = model.tensor((1, 4, 3, 7), "int8", 0.5)
    output = model.tensor((1, 8, 6, 5), "int8", 0.5)
    model.operator("TRANSPOSE_CONV", [shape, weights, source], [output], {"strideH": 2, "strideW": 2})
    network = read_network(write(tmp_path / "model.tflite", model.build([source], [output])), NAMES)
    assert [operator.macs for operator in network.operators] == [4 * 3 * 7 * 5 * 3 * 2]


def test_edges_and_operators(tmp_path):
    model, source, output = dense()
    network = read_network(write(tmp_path / "model.tflite", model.build([source], [output])), NAMES)
    assert [(operator.index, operator.kind, operator.macs) for operator in network.operators] == [
        (0, "FULLY_CONNECTED", 24)
    ]
    assert (network.input.scale, network.input.zero_point, network.input.shape) == (0.5, -3, (1, 6))
    assert (network.output.scale, network.output.zero_point, network.output.shape) == (0.25, 7, (1, 4))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"dtype": "float32", "scale": None}, "the input t0 is float32; export it as int8"),
        ({"scale": None}, "the input is not int8 with one scale"),
        ({"scale": [0.5] * 6}, "the input is not int8 with one scale"),
    ],
)
def test_edges_that_are_not_int8_are_refused(tmp_path, options, complaint):
    model, source, output = dense(**options)
    with pytest.raises(ModelError, match=complaint):
        read_network(write(tmp_path / "model.tflite", model.build([source], [output])), NAMES)


def test_several_edges_of_any_types_lie_one_behind_the_other(tmp_path, library, monkeypatch):
    model, source, output = dense()
    old, wide = model.tensor((1, 3), "uint8", 0.5, 128), model.tensor((1, 5), "int16", 0.25)
    model.operator("QUANTIZE", [old], [wide])
    content = model.build([source, old], [output, wide])
    path = write(tmp_path / "model.tflite", content)
    network = read_network(path, NAMES)
    assert [(edge.dtype, edge.size_bytes) for edge in network.inputs] == [("int8", 6), ("uint8", 3)]
    assert [(edge.dtype, edge.size_bytes) for edge in network.outputs] == [("int8", 4), ("int16", 10)]
    assert network.input.shape == (9,) and network.output.shape == (14,)
    methods = {"FULLY_CONNECTED": "AddFullyConnected", "QUANTIZE": "AddQuantize"}
    monkeypatch.setattr(TflmLibrary, "add_methods", lambda self: methods)
    monkeypatch.setattr(TflmLibrary, "operator_names", lambda self: {OPERATOR_CODES[name]: name for name in methods})
    write_tflm_program(path, tmp_path / "src", library, core="cortex-m4", optimise="balanced", arena_bytes=1024)
    header = (tmp_path / "src" / "network.h").read_text(encoding="utf-8")
    assert "#define NETWORK_INPUT_BYTES 9\n" in header and "#define NETWORK_OUTPUT_1_OFFSET 4\n" in header
    edges = (tmp_path / "src" / "operators.h").read_text(encoding="utf-8")
    assert "#define NETWORK_STAGED 1" in edges
    assert "EDGE(1, 6, 3, 128)" in edges and "EDGE(1, 4, 10, 0)" in edges


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        (32, r"operator 0 \(custom operator \) is not one of"),
        (110, r"operator 0 \(built-in operator 110\) is not one of"),
    ],
)
def test_foreign_operators_are_named(tmp_path, code, complaint):
    model, source, output = dense()
    content = bytearray(model.build([source], [output]))
    word = content.index(struct.pack("<i", OPERATOR_CODES["FULLY_CONNECTED"]))
    content[word : word + 4] = struct.pack("<i", code)
    with pytest.raises(ModelError, match=complaint):
        read_network(write(tmp_path / "model.tflite", bytes(content)), {**NAMES, 32: "CUSTOM"})


def test_damage_ends_in_a_sentence(tmp_path):
    model, source, output = dense()
    content = model.build([source], [output])
    refused = 0
    for length in range(0, len(content), 5):
        try:
            read_network(write(tmp_path / "model.tflite", content[:length]), NAMES)
        except ModelError as error:
            assert "model.tflite" in str(error) and "\n" not in str(error)
            refused += 1
    assert refused > len(content) // 5 // 2
    with pytest.raises(ModelError, match="cannot be read"):
        read_network(tmp_path / "none.tflite", NAMES)


def test_methods_are_read_from_the_librarys_own_header(library):
    methods = library.add_methods()
    assert methods["CONV_2D"] == "AddConv2D"
    assert methods["DEPTHWISE_CONV_2D"] == "AddDepthwiseConv2D"
    assert methods["FULLY_CONNECTED"] == "AddFullyConnected"
    assert "MEAN" not in methods
    names = library.operator_names()
    assert (names[0], names[3], names[40]) == ("ADD", "CONV_2D", "MEAN")


def test_a_header_without_methods_is_no_resolver(tmp_path):
    for header in (RESOLVER, "tensorflow/lite/schema/schema_generated.h"):
        (tmp_path / header).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / header).write_text("class Nothing;\n", encoding="utf-8")
    library = TflmLibrary(tmp_path / "library.a", tmp_path)
    with pytest.raises(BuildError, match=r"micro_mutable_op_resolver\.h has no methods Add"):
        library.add_methods()
    with pytest.raises(BuildError, match=r"schema_generated\.h lists no operators"):
        library.operator_names()


def test_a_kind_is_added_once_and_every_operator_is_a_layer(tmp_path, library):
    tflite = tmp_path / "model.tflite"
    write_tflite(random_network(small_ds_cnn(), seed=1), tflite)
    program = write_tflm_program(tflite, tmp_path / "src", library, core="cortex-m4", optimise="size", arena_bytes=4096)
    text = (tmp_path / "src" / "operators.h").read_text(encoding="utf-8")
    assert text.count("AddConv2D") == text.count("AddDepthwiseConv2D") == text.count("AddReshape") == 1
    assert [layer.function for layer in program.layers if layer.function in text] == [
        f"network_layer_{index:02d}_{operator.kind.lower()}"
        for index, operator in enumerate(read_network(tflite, NAMES).operators)
    ]
    header = (tmp_path / "src" / "network.h").read_text(encoding="utf-8")
    assert "#define NETWORK_ARENA_BYTES 4096\n" in header
    assert f"#define NETWORK_INPUT_BYTES {13 * 10}\n" in header


def test_the_model_is_in_the_program_byte_for_byte(tmp_path, library):
    model, source, output = dense()
    tflite = write(tmp_path / "model.tflite", model.build([source], [output]))
    write_tflm_program(tflite, tmp_path / "src", library, core="cortex-m4", optimise="size", arena_bytes=64)
    text = (tmp_path / "src" / "model.cpp").read_text(encoding="utf-8")
    numbers = text[text.index("{\n") + 2 : text.index("\n}")]
    assert bytes(int(number) for number in numbers.split(",")) == tflite.read_bytes()


@pytest.mark.parametrize("arena_bytes", [0, -16, 1000])
def test_arenas_are_multiples_of_16(tmp_path, library, arena_bytes):
    with pytest.raises(BuildError, match="no multiple of 16"):
        write_tflm_program(
            tmp_path / "x", tmp_path / "src", library, core="cortex-m4", optimise="size", arena_bytes=arena_bytes
        )


def test_headers_that_tflm_includes_are_found_in_a_checkout(tmp_path):
    folder = tmp_path / "tensorflow/lite/micro/tools/make/downloads/flatbuffers/include"
    folder.mkdir(parents=True)
    assert TflmLibrary(tmp_path / "x.a", tmp_path).include_directories == (tmp_path, folder)
