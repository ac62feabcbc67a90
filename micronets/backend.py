"""Makes the Keras backend repeatable."""

import functools
import operator
from collections.abc import Callable
from typing import Any

import keras


def make_deterministic(seed: int) -> None:
    """Seeds Python, numpy and the backend, and has TensorFlow choose operations that give the same bits every time.

    Call it once per process, before the first operation.
    """
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
        # It turns additions one after the other into AddN.
        tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})
        _add_gradients_in_order()


def _add_gradients_in_order() -> None:
    """Has gradients of one tensor added one after the other, with the operation Add.

    TensorFlow's own AddN takes first, of all its inputs, one whose memory nobody else needs any longer. Which one that
    is differs from run to run, even on one thread, and with it the last bits of a sum of more than two.
    """
    from tensorflow.python import pywrap_tfe
    from tensorflow.python.eager import backprop

    usual = backprop._default_vspace

    def add(gradients: Any) -> Any:
        import tensorflow as tf

        if all(isinstance(gradient, tf.Tensor) for gradient in gradients):
            return functools.reduce(operator.add, gradients)
        return usual.aggregate_fn(gradients)

    pywrap_tfe.TFE_Py_RegisterVSpace(usual._replace(aggregate_fn=add))


def traces_shapes() -> bool:
    """Whether one traced function computes on maps of any number of channels: TensorFlow's graphs do, XLA does not."""
    return keras.backend.backend() == "tensorflow"


def traced(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` as one graph where the backend `traces_shapes`: its operations are not dispatched one by one."""
    if not traces_shapes():
        return function
    import tensorflow as tf

    return tf.function(function)


def limit_threads(threads: int) -> None:
    """Has the backend compute on `threads` cores; the split of sums, and so the last bits, depends on it.

    Raises RuntimeError where the backend has already started with another number.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        if tf.config.threading.get_intra_op_parallelism_threads() != threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
