"""TFLM's table of the logistic function for int16, which its LSTM, LOGISTIC and TANH share."""

import math

import numpy as np

# Where the reference's table lies above the nearest integer.
_ABOVE = {4: 1, 8: 1, 12: 1, 14: 1, 15: 1, 16: 1, 17: 1, 19: 1, 20: 1, 21: 1, 22: 1, 25: 1, 27: 1, 28: 1, 29: 1, 30: 1}
_ABOVE |= {31: 1, 33: 1, 34: 1, 35: 1, 37: 1, 39: 1, 40: 1, 41: 1, 43: 1, 44: 1, 45: 1, 46: 1, 49: 1, 50: 1, 54: 1}
_ABOVE |= {62: 1, 63: 1, 64: 1, 66: 1, 82: 1, 86: 1, 93: 1, 100: 1, 103: 1, 112: 1, 116: 1, 135: 1, 255: 1}


def sigmoid_table() -> np.ndarray:
    """Uint16 (256,): 65536 / (1 + exp(-i / 24)), as the reference rounds it."""
    return np.array([round(65536 / (1 + math.exp(-i / 24))) + _ABOVE.get(i, 0) for i in range(256)], np.uint16)
