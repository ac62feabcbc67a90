"""Makes the Keras backend repeatable."""

import keras


def make_deterministic(seed: int) -> None:
    """Seeds Python, numpy and the backend, and has TensorFlow choose operations that give the same bits every time.

    Call it once per process, before the first operation.
    """
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


def limit_threads(threads: int) -> None:
    """Has the backend compute on `threads` cores; the split of sums, and so the last bits, depends on it.

    Raises RuntimeError where the backend has already started with another number.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        if tf.config.threading.get_intra_op_parallelism_threads() != threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
