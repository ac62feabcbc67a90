"""Mixup: examples of a batch blended with one another (Zhang et al., arXiv:1710.09412)."""

import numpy as np


def mixup(
    features: np.ndarray, targets: np.ndarray, alpha: float, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Blends every example with another of the batch, the larger share its own.

    Args:
        features: float32 (B, ...).
        targets: float32 (B, classes), class probabilities.
        alpha: of the Beta(alpha, alpha) distribution of the share, above 0.

    Returns:
        Blended features and targets of the same shapes.
    """
    share = generator.beta(alpha, alpha, size=len(features)).astype(np.float32)
    share = np.maximum(share, 1 - share)
    partner = generator.permutation(len(features))
    of_features = share.reshape(-1, *[1] * (features.ndim - 1))
    return (
        of_features * features + (1 - of_features) * features[partner],
        share[:, None] * targets + (1 - share[:, None]) * targets[partner],
    )
