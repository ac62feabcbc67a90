import json
import logging

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from micronets.errors import ModelError
from micronets.export import write_tflite
from micronets.export.flatbuffer import BUILTIN, GraphBuilder
from micronets.litert import describe, invoke_litert, quantise_input, run_litert
from micronets.tflm.host import run_tflm, tflm_arena_bytes
from tests.networks import random_network, small_ds_cnn
from tests.unit.export.integer_reference import run_integers

PUBLISHED = [
    "kws_ref_model.tflite",
    "vww_96_int8.tflite",
    "ad01_int8.tflite",
    "kws_micronet_s.tflite",
    "kws_micronet_m.tflite",
    "vww2_50_50_INT8.tflite",
    "ad_small_int8.tflite",
]


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.tflite"
    write_tflite(random_network(small_ds_cnn()), path)
    return path


@pytest.fixture
def float_model(tmp_path):
    path = tmp_path / "float.tflite"
    write_tflite(random_network(small_ds_cnn(), quantised=False), path)
    return path


def inputs(count: int) -> np.ndarray:
    return np.random.default_rng(2).integers(-128, 128, (count, *small_ds_cnn().input_shape)).astype(np.int8)


def test_description(model, float_model):
    source, output = describe(model)
    assert (source.shape, output.shape) == ((1, 13, 10, 1), (1, 4))
    assert source.dtype == output.dtype == np.int8
    assert source.quantisation.bounds == pytest.approx((-8, 8), abs=16 / 255)
    assert describe(float_model)[0].quantisation is None


def test_logits_are_the_decoded_outputs_of_the_quantised_features(model):
    features = np.random.default_rng(1).uniform(-10, 10, (7, 13, 10, 1)).astype(np.float32)
    quantised = quantise_input(model, features)
    assert quantised.dtype == np.int8
    source = describe(model)[0].quantisation
    inside = np.abs(features) < 7.9
    steps = (quantised.astype(np.float64) - source.zero_point)[inside]
    assert np.abs(steps - features[inside] * 255 / 16).max() < 0.5001
    assert set(np.unique(quantised[np.abs(features) > 8.1])) == {-128, 127}
    outputs = invoke_litert(model, quantised)
    grid = describe(model)[1].quantisation
    expected = (outputs.astype(np.float64) - grid.zero_point) * grid.scale
    np.testing.assert_allclose(run_litert(model, features), expected, rtol=1e-6)


def test_features_without_a_channel_axis_are_accepted(model):
    features = np.zeros((3, 13, 10), np.float32)
    assert quantise_input(model, features).shape == (3, 13, 10, 1)


def test_a_float_file_takes_features_as_they_are(float_model):
    features = np.random.default_rng(1).uniform(-10, 10, (7, 13, 10, 1)).astype(np.float32)
    np.testing.assert_array_equal(quantise_input(float_model, features), features)
    np.testing.assert_array_equal(run_litert(float_model, features), invoke_litert(float_model, features))


def test_parts_of_several_processes_are_put_together_in_order(model, caplog):
    values = inputs(133)
    with caplog.at_level(logging.INFO, "micronets"):
        together = run_tflm(model, values, processes=3)
    np.testing.assert_array_equal(together, run_integers(model, values))
    assert "133/133 inferences in TFLM" in caplog.text


def test_no_inputs_give_no_outputs(model):
    assert run_tflm(model, inputs(0)).shape == (0, 4)
    assert invoke_litert(model, inputs(0)).shape == (0, 4)


def test_the_arena_holds_at_least_the_largest_pair_of_maps(tmp_path):
    arenas = {}
    for channels in (8, 32):
        path = tmp_path / "model.tflite"
        write_tflite(random_network(small_ds_cnn(channels)), path)
        arenas[channels] = tflm_arena_bytes(path)
    stem_and_block = {channels: 13 * 10 * channels + 7 * 5 * channels for channels in arenas}
    assert arenas[8] > stem_and_block[8]
    assert arenas[32] - arenas[8] > stem_and_block[32] - stem_and_block[8]


@pytest.mark.parametrize("run", [run_tflm, invoke_litert])
@pytest.mark.parametrize("values", [np.zeros((2, 13, 10, 1), np.float32), np.zeros((2, 10, 13, 1), np.int8)])
def test_inputs_that_do_not_fit_are_refused(model, run, values):
    with pytest.raises(ModelError, match=r"takes int8 of shape \(n, 13, 10, 1\)"):
        run(model, values)


@pytest.mark.parametrize("content", [b"", b"no flatbuffer at all, only text"])
def test_files_that_are_no_model_are_refused(tmp_path, content):
    path = tmp_path / "damaged.tflite"
    path.write_bytes(content)
    for run in (describe, tflm_arena_bytes):
        with pytest.raises(ModelError, match="damaged.tflite is not a .tflite file"):
            run(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match="absent.tflite does not exist"):
        describe(tmp_path / "absent.tflite")


def one_operator(path, dtype, output_shape, builtin, options_type, options) -> None:
    graph = GraphBuilder()
    scale = 0.1 if dtype == np.int8 else None
    source = graph.activation("in", (1, 4), dtype, scale)
    output = graph.activation("out", output_shape, dtype, scale)
    graph.operator(builtin, 1, (source,), output, options_type, options)
    path.write_bytes(graph.finish(source, output, "", "1.5.0"))


def test_inputs_of_another_type_are_refused(tmp_path):
    path = tmp_path / "integers.tflite"
    one_operator(path, np.int32, (1, 4), BUILTIN.ABS, schema.BuiltinOptions.AbsOptions, schema.AbsOptionsT())
    with pytest.raises(ModelError, match="exactly one input: quantised int8 or float32"):
        describe(path)


def test_a_scalar_output_is_refused(tmp_path):
    path = tmp_path / "scalar.tflite"
    one_operator(path, np.float32, (), BUILTIN.ABS, schema.BuiltinOptions.AbsOptions, schema.AbsOptionsT())
    with pytest.raises(ModelError, match="exactly one output: .* with a batch of 1"):
        describe(path)


def test_an_operator_that_tflm_lacks_is_an_error_with_its_reason(tmp_path):
    path = tmp_path / "unknown.tflite"
    one_operator(path, np.float32, (1, 4), BUILTIN.RANK, schema.BuiltinOptions.RankOptions, schema.RankOptionsT())
    with pytest.raises(ModelError, match="TFLM cannot run .*unknown.tflite: .*RANK"):
        run_tflm(path, np.zeros((1, 4), np.float32))


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_models_give_the_outputs_of_a_microcontroller(shared, name):
    expected = json.loads((shared / "models" / "tflm_outputs.json").read_text(encoding="utf-8"))[name]
    path = shared / "models" / name
    source, output = describe(path)
    state, pseudorandom = 12345, np.empty(int(np.prod(source.shape)), np.uint8)
    for index in range(pseudorandom.size):
        state = (state * 1664525 + 1013904223) % 2**32
        pseudorandom[index] = state >> 24
    values = np.stack([np.zeros_like(pseudorandom), pseudorandom]).view(np.int8).reshape(2, *source.shape[1:])
    outputs = run_tflm(path, values).reshape(2, -1)
    np.testing.assert_array_equal(outputs, [expected["zeros"], expected["prng"]])


@pytest.mark.parametrize("name", ["kws_micronet_s.tflite", "kws_micronet_m.tflite", "ad_small_int8.tflite"])
def test_the_numpy_integers_hold_for_foreign_files_too(shared, name):
    path = shared / "models" / name
    source, _ = describe(path)
    values = np.random.default_rng(4).integers(-128, 128, (4, *source.shape[1:])).astype(np.int8)
    np.testing.assert_array_equal(run_integers(path, values), run_tflm(path, values))
