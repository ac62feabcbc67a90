"""The published models against TensorFlow Lite Micro's outputs, on the host, under the sanitizers."""

import json

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.linking.host import SANITIZERS, build_for_host, run_on_host

pytestmark = pytest.mark.slow

MODELS = (
    "ad01_int8",
    "ad_small_int8",
    "kws_micronet_m",
    "kws_micronet_s",
    "kws_ref_model",
    "vww2_50_50_INT8",
    "vww_96_int8",
)


def pseudo_random_bytes(count: int) -> np.ndarray:
    """The generator tflm_outputs.json describes."""
    state, values = 12345, []
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append(state >> 24)
    return np.array(values, np.uint8).view(np.int8)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m55"])
def test_outputs_equal_tflm(model, core, shared, tmp_path):
    golden = json.loads((shared / "models" / "tflm_outputs.json").read_text())[f"{model}.tflite"]
    network = compile_network(shared / "models" / f"{model}.tflite", tmp_path / "network", core=core)
    executable = build_for_host(network, tmp_path / "run", flags=("-O1", *SANITIZERS))
    size = int(np.prod(network.input.shape))
    inputs = np.stack([np.zeros(size, np.int8), pseudo_random_bytes(size)])
    outputs = run_on_host(executable, inputs, int(np.prod(network.output.shape)))
    assert outputs[0].tolist() == golden["zeros"]
    assert outputs[1].tolist() == golden["prng"]
