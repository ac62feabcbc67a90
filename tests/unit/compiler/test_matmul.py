"""Products of matrices answer as TFLM does, by four columns at a time where there are enough rows."""

import numpy as np
import pytest

from micronets.compiler import compile_network
from micronets.fuzz.checks import edge_inputs
from micronets.fuzz.oracle import tflm_outputs
from micronets.linking.host import SANITIZERS, build_guarded, run_on_host
from tests.matmul_models import BY_COLUMNS, Product


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_COLUMNS)
def test_products_by_columns_equal_tflm(name, tmp_path):
    content = BY_COLUMNS[name].build()
    (tmp_path / "model.tflite").write_bytes(content)
    network = compile_network(tmp_path / "model.tflite", tmp_path / "network")
    form = name.split()[0]
    # Inputs at odd addresses are copied first.
    assert network.layers[-1].kernel == ("mn_int16_matmul_columns" if form == "int16" else f"mn_matmul_columns_{form}")
    inputs = edge_inputs(network.input.shape, 3)
    expected = tflm_outputs(content, inputs).reshape(len(inputs), -1)
    executable = build_guarded(network, tmp_path / "run", flags=("-O1", *SANITIZERS))
    assert np.array_equal(run_on_host(executable, inputs, expected.shape[1]), expected)


@pytest.mark.parametrize(
    ("product", "core", "expected"),
    [
        (Product(1, 16, 32, 16), "cortex-m55", "mn_matmul_columns_fast"),
        (Product(1, 16, 32, 16), "cortex-m3", "mn_matmul"),
        (Product(1, 16, 32, 16, dtype="int16"), "cortex-m33", "mn_int16_matmul_columns"),
        (Product(1, 16, 32, 16, dtype="int16"), "cortex-m0plus", "mn_int16_matmul"),
        (Product(1, 1, 32, 16), "cortex-m4", "mn_matmul"),
        (Product(1, 16, 32, 1, across=True, down=True), "cortex-m4", "mn_matmul"),
        (Product(1, 3, 32, 16, across=True), "cortex-m4", "mn_matmul"),
    ],
)
def test_columns_are_widened_for_enough_rows(product, core, expected, tmp_path):
    (tmp_path / "model.tflite").write_bytes(product.build())
    network = compile_network(tmp_path / "model.tflite", tmp_path / "network", core=core)
    assert [layer.kernel for layer in network.layers] == [expected]
