"""Keras layers, one network each, as the converter leaves them in int8: equal to TFLM, refused, or wrong.

`python -m tests.keras_layers [--int16] [name ...]` prints a line for each network, and the counts. Every network is
converted with any batch size, as Keras has it; where TFLM does not run that, with a batch size of 1. `--int16`: with
activations of int16, and weights of int8.
"""

import multiprocessing
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from multiprocessing.connection import Connection
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from micronets.compiler.compile import compile_network
from micronets.errors import ModelError
from micronets.fuzz.checks import edge_inputs
from micronets.fuzz.oracle import RefusedByTflm, tflm_outputs
from micronets.linking.host import build_guarded, run_on_host

Make = Callable[[int | None], keras.Model]
"""From the batch size; None for any."""

_IMAGE, _SERIES, _VECTOR = (12, 10, 4), (16, 6), (20,)


def _on(shape: tuple[int, ...], *stack: Callable) -> Make:
    """`stack` on an input of the shape; a layer is made when the network is."""

    def make(batch: int | None) -> keras.Model:
        inputs = keras.Input(shape, batch)
        value = inputs
        for part in stack:
            value = part()(value)
        return keras.Model(inputs, value)

    return make


def _two(shape: tuple[int, ...], merge: Callable) -> Make:
    def make(batch: int | None) -> keras.Model:
        inputs = keras.Input(shape, batch)
        first = layers.Dense(shape[-1])(inputs)
        second = layers.Dense(shape[-1], activation="relu")(inputs)
        return keras.Model(inputs, merge()([first, second]))

    return make


def _attention(batch: int | None) -> keras.Model:
    inputs = keras.Input(_SERIES, batch)
    return keras.Model(inputs, layers.MultiHeadAttention(2, 4)(inputs, inputs))


def _squeeze_and_excite(batch: int | None) -> keras.Model:
    inputs = keras.Input(_IMAGE, batch)
    gate = layers.GlobalAveragePooling2D(keepdims=True)(layers.Conv2D(8, 3)(inputs))
    gate = layers.Conv2D(8, 1, activation="hard_sigmoid")(gate)
    return keras.Model(inputs, layers.Multiply()([layers.Conv2D(8, 3)(inputs), gate]))


def _mobile_net(batch: int | None) -> keras.Model:
    inputs = keras.Input((32, 32, 3), batch)
    return keras.applications.MobileNet(input_tensor=inputs, alpha=0.25, weights=None, classes=4)


def _mobile_net_v2(batch: int | None) -> keras.Model:
    inputs = keras.Input((32, 32, 3), batch)
    return keras.applications.MobileNetV2(input_tensor=inputs, alpha=0.35, weights=None, classes=4)


def _arg_max(batch: int | None) -> keras.Model:
    inputs = keras.Input(_VECTOR, batch)
    return keras.Model(inputs, keras.ops.argmax(layers.Dense(7)(inputs), axis=-1))


NETWORKS: dict[str, Make] = {
    "Activation elu": _on(_IMAGE, lambda: layers.Conv2D(6, 3), lambda: layers.Activation("elu")),
    "Activation exponential": _on(_VECTOR, lambda: layers.Dense(6), lambda: layers.Activation("exponential")),
    "Activation gelu": _on(_VECTOR, lambda: layers.Dense(6), lambda: layers.Activation("gelu")),
    "Activation hard_sigmoid": _on(_IMAGE, lambda: layers.Conv2D(6, 3), lambda: layers.Activation("hard_sigmoid")),
    "Activation hard_swish": _on(_IMAGE, lambda: layers.Conv2D(6, 3), lambda: layers.Activation("hard_swish")),
    "Activation log_softmax": _on(_VECTOR, lambda: layers.Dense(6), lambda: layers.Activation("log_softmax")),
    "Activation relu6": _on(_IMAGE, lambda: layers.Conv2D(6, 3), lambda: layers.ReLU(6.0)),
    "Activation selu": _on(_VECTOR, lambda: layers.Dense(6), lambda: layers.Activation("selu")),
    "Activation sigmoid": _on(_IMAGE, lambda: layers.Conv2D(6, 3), lambda: layers.Activation("sigmoid")),
    "Activation softplus": _on(_VECTOR, lambda: layers.Dense(6), lambda: layers.Activation("softplus")),
    "Activation swish": _on(_IMAGE, lambda: layers.Conv2D(6, 3), lambda: layers.Activation("swish")),
    "Activation tanh": _on(_IMAGE, lambda: layers.Conv2D(6, 3), lambda: layers.Activation("tanh")),
    "Add": _two(_IMAGE, layers.Add),
    "Average": _two(_IMAGE, layers.Average),
    "AveragePooling1D": _on(_SERIES, lambda: layers.AveragePooling1D(2)),
    "AveragePooling2D": _on(_IMAGE, lambda: layers.AveragePooling2D(2)),
    "BatchNormalization": _on(_IMAGE, lambda: layers.Conv2D(6, 3), layers.BatchNormalization, layers.ReLU),
    "Bidirectional LSTM": _on(_SERIES, lambda: layers.Bidirectional(layers.LSTM(5))),
    "Bidirectional LSTM unrolled": _on(_SERIES, lambda: layers.Bidirectional(layers.LSTM(5, unroll=True))),
    "Concatenate": _two(_IMAGE, layers.Concatenate),
    "Conv1D": _on(_SERIES, lambda: layers.Conv1D(5, 3, padding="same", activation="relu")),
    "Conv1D causal": _on(_SERIES, lambda: layers.Conv1D(5, 3, padding="causal", dilation_rate=2)),
    "Conv1D grouped": _on(_SERIES, lambda: layers.Conv1D(6, 3, groups=2)),
    "Conv1DTranspose": _on(_SERIES, lambda: layers.Conv1DTranspose(5, 3, strides=2)),
    "Conv2D": _on(_IMAGE, lambda: layers.Conv2D(8, 3, activation="relu")),
    "Conv2D dilated": _on(_IMAGE, lambda: layers.Conv2D(8, 3, dilation_rate=2)),
    "Conv2D grouped": _on(_IMAGE, lambda: layers.Conv2D(8, 3, groups=2)),
    "Conv2D as many groups as channels": _on(_IMAGE, lambda: layers.Conv2D(8, 3, groups=4)),
    "Conv2DTranspose": _on(_IMAGE, lambda: layers.Conv2DTranspose(5, 3, strides=2, padding="same")),
    "Cropping1D": _on(_SERIES, lambda: layers.Conv1D(5, 3), lambda: layers.Cropping1D(2)),
    "Cropping2D": _on(_IMAGE, lambda: layers.Conv2D(5, 3), lambda: layers.Cropping2D(2)),
    "Dense": _on(_VECTOR, lambda: layers.Dense(8, activation="relu"), lambda: layers.Dense(3, activation="softmax")),
    "Dense on a series": _on(_SERIES, lambda: layers.Dense(7, activation="relu")),
    "DepthwiseConv1D": _on(_SERIES, lambda: layers.DepthwiseConv1D(3)),
    "DepthwiseConv2D": _on(_IMAGE, lambda: layers.DepthwiseConv2D(3, depth_multiplier=2)),
    "Dot": _two(_SERIES, lambda: layers.Dot(axes=2)),
    "Dropout": _on(_IMAGE, lambda: layers.Conv2D(5, 3), lambda: layers.Dropout(0.5), layers.ReLU),
    "ELU": _on(_IMAGE, lambda: layers.Conv2D(5, 3), layers.ELU),
    "Flatten": _on(_IMAGE, lambda: layers.Conv2D(5, 3), layers.Flatten, lambda: layers.Dense(3)),
    "GlobalAveragePooling1D": _on(_SERIES, lambda: layers.Conv1D(5, 3), layers.GlobalAveragePooling1D),
    "GlobalAveragePooling2D": _on(_IMAGE, lambda: layers.Conv2D(5, 3), layers.GlobalAveragePooling2D),
    "GlobalMaxPooling1D": _on(_SERIES, lambda: layers.Conv1D(5, 3), layers.GlobalMaxPooling1D),
    "GlobalMaxPooling2D": _on(_IMAGE, lambda: layers.Conv2D(5, 3), layers.GlobalMaxPooling2D),
    "GRU": _on(_SERIES, lambda: layers.GRU(5)),
    "GRU unrolled": _on(_SERIES, lambda: layers.GRU(5, unroll=True)),
    "LayerNormalization": _on(_SERIES, lambda: layers.Dense(8), layers.LayerNormalization),
    "LeakyReLU": _on(_IMAGE, lambda: layers.Conv2D(5, 3), lambda: layers.LeakyReLU(negative_slope=0.1)),
    "LSTM": _on(_SERIES, lambda: layers.LSTM(5)),
    "LSTM of sequences": _on(_SERIES, lambda: layers.LSTM(5, return_sequences=True)),
    "LSTM unrolled": _on(_SERIES, lambda: layers.LSTM(5, unroll=True)),
    "Maximum": _two(_IMAGE, layers.Maximum),
    "MaxPooling1D": _on(_SERIES, lambda: layers.MaxPooling1D(2)),
    "MaxPooling2D": _on(_IMAGE, lambda: layers.MaxPooling2D(2)),
    "Minimum": _two(_IMAGE, layers.Minimum),
    "MobileNet": _mobile_net,
    "MobileNetV2": _mobile_net_v2,
    "MultiHeadAttention": _attention,
    "Multiply": _two(_IMAGE, layers.Multiply),
    "Permute": _on(_IMAGE, lambda: layers.Conv2D(5, 3), lambda: layers.Permute((3, 1, 2))),
    "PReLU": _on(_IMAGE, lambda: layers.Conv2D(5, 3), lambda: layers.PReLU(shared_axes=[1, 2])),
    "RepeatVector": _on(_VECTOR, lambda: layers.Dense(5), lambda: layers.RepeatVector(4)),
    "Reshape": _on(_VECTOR, lambda: layers.Reshape((5, 4)), lambda: layers.Dense(3)),
    "SeparableConv1D": _on(_SERIES, lambda: layers.SeparableConv1D(5, 3)),
    "SeparableConv2D": _on(_IMAGE, lambda: layers.SeparableConv2D(5, 3, activation="relu")),
    "SimpleRNN": _on(_SERIES, lambda: layers.SimpleRNN(5)),
    "SimpleRNN unrolled": _on(_SERIES, lambda: layers.SimpleRNN(5, unroll=True)),
    "Softmax over rows": _on(_SERIES, lambda: layers.Dense(5), lambda: layers.Softmax(axis=1)),
    "Squeeze and excite": _squeeze_and_excite,
    "Subtract": _two(_IMAGE, layers.Subtract),
    "TimeDistributed Conv2D": _on(
        (3, 8, 8, 2), lambda: layers.TimeDistributed(layers.Conv2D(4, 3)), layers.Flatten, lambda: layers.Dense(3)
    ),
    "TimeDistributed Dense": _on(_SERIES, lambda: layers.TimeDistributed(layers.Dense(4)), layers.Flatten),
    "UnitNormalization": _on(_VECTOR, lambda: layers.Dense(8), layers.UnitNormalization),
    "UpSampling1D": _on(_SERIES, lambda: layers.Conv1D(5, 3), lambda: layers.UpSampling1D(2)),
    "UpSampling2D": _on(_IMAGE, lambda: layers.Conv2D(5, 3), lambda: layers.UpSampling2D(2)),
    "UpSampling2D bilinear": _on(
        _IMAGE, lambda: layers.Conv2D(5, 3), lambda: layers.UpSampling2D(2, interpolation="bilinear")
    ),
    "ZeroPadding1D": _on(_SERIES, lambda: layers.ZeroPadding1D(2), lambda: layers.Conv1D(5, 3)),
    "ZeroPadding2D": _on(_IMAGE, lambda: layers.ZeroPadding2D(1), lambda: layers.Conv2D(5, 3)),
    "ops.abs": _on(_VECTOR, lambda: layers.Dense(6), lambda: _ops(keras.ops.abs)),
    "ops.argmax": _arg_max,
    "ops.cumsum": _on(_VECTOR, lambda: layers.Dense(6), lambda: _ops(lambda x: keras.ops.cumsum(x, axis=1))),
    "ops.max": _on(_SERIES, lambda: layers.Dense(6), lambda: _ops(lambda x: keras.ops.max(x, axis=1))),
    "ops.mean of channels": _on(_IMAGE, lambda: layers.Conv2D(6, 3), lambda: _ops(lambda x: keras.ops.mean(x, -1))),
    "ops.split": _on(_SERIES, lambda: layers.Dense(6), lambda: _ops(lambda x: keras.ops.split(x, 2, -1)[1])),
}


def _ops(function: Callable) -> Callable:
    return function


def converted(model: keras.Model, dtype: str = "int8", seed: int = 0) -> bytes:
    """In int8 or int16 throughout, calibrated with noise."""
    random = np.random.default_rng(seed)
    shape = model.inputs[0].shape[1:]
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([random.normal(size=(1, *shape)).astype("f4")] for _ in range(8))
    kinds = tf.lite.OpsSet
    converter.target_spec.supported_ops = [
        kinds.TFLITE_BUILTINS_INT8
        if dtype == "int8"
        else kinds.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    ]
    converter.inference_input_type = converter.inference_output_type = tf.as_dtype(dtype)
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        return converter.convert()


def outcome(name: str, batch: int | None, dtype: str, folder: Path) -> str:
    """`exact`, `wrong: ...`, `refused: ...`, or why there is nothing to compare with."""
    keras.utils.set_random_seed(0)
    try:
        content = converted(NETWORKS[name](batch), dtype)
    except Exception as error:  # noqa: BLE001 - the converter raises whatever it likes
        return f"not converted: {' '.join(str(error).split())[:160]}"
    file = folder / "model.tflite"
    file.write_bytes(content)
    try:
        network, problem = compile_network(file, folder / "network"), ""
    except ModelError as error:
        network, problem = None, str(error).removeprefix(f"{file}: ")
    inputs = edge_inputs(network.input.shape if network else _input_shape(content), 0)
    try:
        expected = tflm_outputs(content, inputs)
    except RefusedByTflm:
        return f"TFLM refuses it, and we: {problem or 'compile it'}"
    if network is None:
        return f"refused: {problem}"
    executable = build_guarded(network, folder / "run", flags=("-O1",))
    outputs = run_on_host(executable, inputs, network.output.size_bytes)
    different = int((outputs.reshape(-1).view(np.int8) != expected.reshape(-1)).sum())
    return f"wrong: {different} of {outputs.size} bytes" if different else "exact"


def _input_shape(content: bytes) -> tuple[int, ...]:
    details = tf.lite.Interpreter(model_content=content).get_input_details()
    shape = tuple(int(side) for side in details[0]["shape"])
    return shape if details[0]["dtype"] == np.int8 else (2 * int(np.prod(shape)),)


def isolated(name: str, batch: int | None, dtype: str) -> str:
    """`outcome` in a process of its own, as the converter and TFLM may crash."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_send, args=(theirs, name, batch, dtype))
    process.start()
    theirs.close()
    try:
        return str(ours.recv())
    except EOFError:
        process.join()
        return f"crashed: the process ended with status {process.exitcode}"
    finally:
        process.join()


def _send(connection: Connection, name: str, batch: int | None, dtype: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        connection.send(outcome(name, batch, dtype, Path(folder)))


def main(arguments: list[str]) -> int:
    """Returns the number of networks with other outputs than TFLM's."""
    dtype = "int16" if "--int16" in arguments else "int8"
    names = [argument for argument in arguments if argument != "--int16"]
    counts: Counter[str] = Counter()
    for name in names or NETWORKS:
        for batch in (None, 1):
            result = isolated(name, batch, dtype)
            print(f"{name}{', batch of 1' if batch else ''}: {result}", flush=True)
            if result == "exact":
                break
        counts[result.partition(":")[0].partition(",")[0]] += 1
    print(", ".join(f"{count} {kind}" for kind, count in counts.most_common()))
    return counts["wrong"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
