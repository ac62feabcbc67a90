"""Weights of four rows that are multiplied with the same inputs, for `four_rows.h`."""

import numpy as np

INT16_ORDER = (0, 2, 1, 3)
"""Of a quad's weights, where SXTB16 takes them apart for inputs of int16."""


def interleave(weights: np.ndarray, order: tuple[int, ...] = (0, 1, 2, 3)) -> np.ndarray:
    """[quad of inputs][row][4], and behind the quads [remaining input][row]: int8 (..., 4 * depth).

    Args:
        weights: int8 (..., 4, depth).
    """
    *others, rows, depth = weights.shape
    count = depth // 4
    quads = np.swapaxes(weights[..., : 4 * count].reshape(*others, rows, count, 4)[..., list(order)], -3, -2)
    rest = np.swapaxes(weights[..., 4 * count :], -2, -1)
    lines = (quads.reshape(*others, 4 * rows * count), rest.reshape(*others, rows * (depth - 4 * count)))
    return np.concatenate(lines, axis=-1)
