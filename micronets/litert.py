"""Runs .tflite files in LiteRT, and reads what their input and output look like."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from micronets.errors import ModelError
from micronets.quantisation import Quantisation


@dataclass(frozen=True)
class TensorSpecification:
    """An input or output: its shape with a batch of 1, dtype, and grid (None where it is not quantised)."""

    shape: tuple[int, ...]
    dtype: np.dtype
    quantisation: Quantisation | None

    @property
    def grid(self) -> np.ndarray:
        """Scale and zero point, float64 (2,); 1 and 0 of a tensor that is not quantised."""
        q = self.quantisation
        return np.array([1.0, 0.0] if q is None else [q.scale, q.zero_point])

    def encode(self, values: np.ndarray) -> np.ndarray:
        """float32 of shape (n, ...) → this tensor's dtype and shape (n, *shape[1:])."""
        values = np.asarray(values, np.float32).reshape(len(values), *self.shape[1:])
        return values if self.quantisation is None else self.quantisation.quantise(values)

    def decode(self, values: np.ndarray) -> np.ndarray:
        """This tensor's dtype → float32."""
        return np.asarray(values, np.float32) if self.quantisation is None else self.quantisation.dequantise(values)


def describe(path: str | os.PathLike) -> tuple[TensorSpecification, TensorSpecification]:
    """Input and output of a .tflite file.

    Raises ModelError where the file is missing, damaged, or has not exactly one input and one output of batch 1 that
    are int8 or float32.
    """
    interpreter = _load(path)
    ends = []
    for name, details in (("input", interpreter.get_input_details()), ("output", interpreter.get_output_details())):
        if len(details) != 1 or not _is_supported(details[0]):
            raise ModelError(f"{path} must have exactly one {name}: quantised int8 or float32, with a batch of 1.")
        ends.append(_specification(details[0]))
    return ends[0], ends[1]


def quantise_input(path: str | os.PathLike, features: np.ndarray) -> np.ndarray:
    """float32 features of shape (n, ...) as the file's input tensor takes them: int8 (float32 where it is float)."""
    return describe(path)[0].encode(features)


def run_litert(path: str | os.PathLike, features: np.ndarray) -> np.ndarray:
    """Logits, float32 of shape (n, classes), of float32 features of shape (n, ...)."""
    source, output = describe(path)
    return output.decode(invoke_litert(path, source.encode(features)))


def invoke_litert(path: str | os.PathLike, inputs: np.ndarray) -> np.ndarray:
    """Raw outputs of raw inputs (n, *input shape), one inference after the other, with LiteRT's default kernels."""
    check_inputs(path, inputs)
    interpreter = _load(path)
    try:
        interpreter.allocate_tensors()
        (source,), (output,) = interpreter.get_input_details(), interpreter.get_output_details()
        outputs = np.empty((len(inputs), *output["shape"][1:]), output["dtype"])
        for index, values in enumerate(inputs):
            interpreter.set_tensor(source["index"], values[np.newaxis])
            interpreter.invoke()
            outputs[index] = interpreter.get_tensor(output["index"])[0]
    except RuntimeError as error:
        raise ModelError(f"LiteRT cannot run {path}: {str(error).strip()}") from error
    return outputs


def check_inputs(path: str | os.PathLike, inputs: np.ndarray) -> TensorSpecification:
    """The file's output; raises ModelError where `inputs` are not what its input tensor takes."""
    source, output = describe(path)
    if inputs.dtype != source.dtype or inputs.shape[1:] != source.shape[1:]:
        raise ModelError(
            f"{path} takes {source.dtype} of shape (n, {', '.join(map(str, source.shape[1:]))}), "
            f"but was given {inputs.dtype} of shape {inputs.shape}; quantise_input prepares features."
        )
    return output


def _load(path: str | os.PathLike) -> Interpreter:
    if not Path(path).is_file():
        raise ModelError(f"{path} does not exist; export the network first.")
    try:
        return Interpreter(os.fspath(path))
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"{path} is not a .tflite file that LiteRT can read: {str(error).strip()}") from error


def _is_supported(details: dict) -> bool:
    quantised = details["dtype"] == np.int8 and details["quantization"][0] > 0
    return (quantised or details["dtype"] == np.float32) and list(details["shape"][:1]) == [1]


def _specification(details: dict) -> TensorSpecification:
    scale, zero_point = details["quantization"]
    quantisation = Quantisation(float(scale), int(zero_point)) if details["dtype"] == np.int8 else None
    return TensorSpecification(tuple(int(size) for size in details["shape"]), np.dtype(details["dtype"]), quantisation)
