"""What the samples say: latency of networks by their operations, cycles of layers by their shape."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import nnls

from micronets.characterise.samples import LayerSample, NetworkSample
from micronets.layer_costs import TERMS, LayerCost, LayerCostTable, NetworkCosts, of_eight_bits

FOLDS = 10


@dataclass(frozen=True)
class LatencyFit:
    """latency_ms = intercept_ms + ms_per_mop x Mops, by least squares over networks of one backbone on one board.

    Attributes:
        r2: share of the latency's variance that it explains.
        residual_ms: standard deviation of what is left.
        worst_residual_percent: largest residual as a share of its latency.
    """

    networks: int
    intercept_ms: float
    ms_per_mop: float
    r2: float
    residual_ms: float
    worst_residual_percent: float

    @property
    def mops_per_s(self) -> float:
        """Throughput: the inverse of the slope."""
        return 1e3 / self.ms_per_mop

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "mops_per_s": self.mops_per_s}


def fit_latency(samples: Sequence[NetworkSample]) -> LatencyFit:
    """The line through (Mops, latency), two unknowns, so at least three networks."""
    mops = np.array([sample.ops for sample in samples]) / 1e6
    latency_ms = np.array([sample.latency_ms for sample in samples])
    slope, intercept = np.polyfit(mops, latency_ms, 1)
    residuals = latency_ms - (intercept + slope * mops)
    return LatencyFit(
        networks=len(samples),
        intercept_ms=float(intercept),
        ms_per_mop=float(slope),
        r2=float(1 - np.sum(residuals**2) / np.sum((latency_ms - latency_ms.mean()) ** 2)),
        residual_ms=float(np.std(residuals, ddof=2)),
        worst_residual_percent=float(100 * np.max(np.abs(residuals) / latency_ms)),
    )


def fit_layer_costs(samples: Sequence[LayerSample], seed: int) -> tuple[LayerCost, ...]:
    """One `LayerCost` for every kind of layer with enough samples to judge it by.

    Args:
        seed: of the cut into parts for the cross-validation.
    """
    costs = []
    for kind in sorted({sample.kind for sample in samples}):
        of_kind = [sample for sample in samples if sample.kind == kind]
        if len(of_kind) >= 2 * FOLDS:
            costs.append(_fit_kind(kind, of_kind, seed))
    return tuple(costs)


def fit_board(
    board: str, clock_hz: int, networks: Sequence[NetworkSample], layers: Sequence[LayerSample], seed: int
) -> LayerCostTable:
    """The table of a board: one part by the networks with 8 bits throughout, one by all others."""
    of_bytes, mixed = layers_by_bits(layers)
    mixed_names = {layer.network for layer in mixed}
    plain = [sample for sample in networks if sample.network not in mixed_names]
    others = [sample for sample in networks if sample.network in mixed_names]
    costs_of_mixed = _fit_networks(others, mixed, seed) if mixed else None
    return LayerCostTable(board, clock_hz, _fit_networks(plain, of_bytes, seed), costs_of_mixed)


def layers_by_bits(layers: Sequence[LayerSample]) -> tuple[list[LayerSample], list[LayerSample]]:
    """Layers of networks with 8 bits throughout, and those of all others."""
    mixed = {layer.network for layer in layers if layer.kind != of_eight_bits(layer.kind)}
    return (
        [layer for layer in layers if layer.network not in mixed],
        [layer for layer in layers if layer.network in mixed],
    )


def _fit_networks(networks: Sequence[NetworkSample], layers: Sequence[LayerSample], seed: int) -> NetworkCosts:
    """Costs of layers, scaled to whole networks: to what else they compute, and to their large layers, which a fit to
    the relative errors of all layers underestimates."""
    unscaled = NetworkCosts({cost.kind: cost for cost in fit_layer_costs(layers, seed)})
    of_network: dict[str, list[LayerSample]] = {sample.network: [] for sample in networks}
    for layer in layers:
        of_network[layer.network].append(layer)
    expected = {name: unscaled.cycles(own) for name, own in of_network.items()}
    found = [sample for sample in networks if expected[sample.network]]
    if len(found) < 2:
        return unscaled
    logs = np.log([sample.cycles / expected[sample.network] for sample in found])
    unseen = (logs.sum() - logs) / (len(logs) - 1)
    errors = 100 * np.abs(np.exp(unseen - logs) - 1)
    return replace(
        unscaled,
        scale=float(np.exp(logs.mean())),
        networks=len(found),
        mean_error_percent=float(errors.mean()),
        worst_error_percent=float(errors.max()),
    )


def _fit_kind(kind: str, samples: Sequence[LayerSample], seed: int) -> LayerCost:
    terms = np.array([[term(sample) for term in TERMS.values()] for sample in samples], float)
    cycles = np.array([sample.cycles for sample in samples])
    folds = np.random.default_rng(seed).permutation(len(samples)) % FOLDS
    errors = np.empty(len(samples))
    for fold in range(FOLDS):
        unseen = folds == fold
        coefficients = _relative_fit(terms[~unseen], cycles[~unseen])
        errors[unseen] = np.abs(terms[unseen] @ coefficients / cycles[unseen] - 1)
    return LayerCost(
        kind=kind,
        layers=len(samples),
        coefficients=dict(zip(TERMS, _relative_fit(terms, cycles).tolist(), strict=True)),
        mean_error_percent=float(100 * errors.mean()),
        worst_error_percent=float(100 * errors.max()),
    )


def _relative_fit(terms: np.ndarray, cycles: np.ndarray) -> np.ndarray:
    coefficients, _ = nnls(terms / cycles[:, None], np.ones(len(cycles)))
    return coefficients
