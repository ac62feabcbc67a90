"""The range that a network's quantised input keeps."""

import numpy as np

from micronets.network import Range

OUTLIERS_PERCENT = 0.01
"""Share of input values, at either end, that the quantised input clips."""


def input_range(features: np.ndarray) -> Range:
    """The range of all but the most extreme input values, widened to hold 0, which padding needs exactly."""
    low, high = np.percentile(features, [OUTLIERS_PERCENT, 100 - OUTLIERS_PERCENT])
    return min(float(low), 0.0), max(float(high), 0.0)
