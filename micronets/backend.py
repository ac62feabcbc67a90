"""Makes the Keras backend repeatable."""

import keras


def make_deterministic(seed: int, *, rewrite_graphs: bool = True) -> None:
    """Seeds Python, numpy and the backend, and has TensorFlow choose operations that give the same bits every time.

    Call it once per process, before the first operation.

    Args:
        rewrite_graphs: whether TensorFlow may rewrite graphs. It reorders long sums of scalars, such as the costs of a
            search, differently in every process.
    """
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
        if not rewrite_graphs:
            tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


def limit_threads(threads: int) -> None:
    """Has the backend compute on `threads` cores; the split of sums, and so the last bits, depends on it.

    Raises RuntimeError where the backend has already started with another number.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        if tf.config.threading.get_intra_op_parallelism_threads() != threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
