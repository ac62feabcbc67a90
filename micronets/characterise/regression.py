"""What the samples say: latency of networks by their operations, cycles of layers by their shape."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import nnls

from micronets.characterise.samples import LayerSample, NetworkSample
from micronets.layer_costs import TERMS, LayerCost, LayerCostTable, of_eight_bits

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
    """The table of a board, scaled to whole networks: to what else they compute, and to their large layers, which a fit
    to the relative errors of all layers underestimates.

    Where some networks have 8 bits throughout, these alone decide the scale and the costs of such layers; the others
    add those of fewer bits."""
    mixed = {layer.network for layer in layers if layer.kind != of_eight_bits(layer.kind)}
    whole_bytes = [sample for sample in networks if sample.network not in mixed]
    if not whole_bytes or not mixed:
        return _fit_scale(board, clock_hz, networks, layers, seed)
    of_bytes = [layer for layer in layers if layer.network not in mixed]
    table = _fit_scale(board, clock_hz, whole_bytes, of_bytes, seed)
    rest = [layer for layer in layers if layer.network in mixed]
    return _with_fewer_bits(table, [sample for sample in networks if sample.network in mixed], rest, seed)


def _fit_scale(
    board: str, clock_hz: int, networks: Sequence[NetworkSample], layers: Sequence[LayerSample], seed: int
) -> LayerCostTable:
    unscaled = LayerCostTable(board, clock_hz, {cost.kind: cost for cost in fit_layer_costs(layers, seed)})
    expected = _expected_cycles(unscaled, networks, layers)
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


def _with_fewer_bits(
    table: LayerCostTable, networks: Sequence[NetworkSample], layers: Sequence[LayerSample], seed: int
) -> LayerCostTable:
    """Adds kinds of layers of fewer bits, times a common factor by which networks take what they took, as nearly as
    relative errors allow (least squares)."""
    fewer = [layer for layer in layers if layer.kind != of_eight_bits(layer.kind)]
    added = {cost.kind: cost for cost in fit_layer_costs(fewer, seed)}
    if not added or len(networks) < 2:
        return table
    new = replace(table, kinds=added)
    by_new = [layer for layer in layers if layer.kind in added]
    by_old = [layer for layer in layers if layer.kind not in added]
    cycles = np.array([sample.cycles for sample in networks]) / table.scale
    scaled = np.array(list(_expected_cycles(new, networks, by_new).values())) / cycles
    fixed = np.array(list(_expected_cycles(table, networks, by_old).values())) / cycles
    products, squares = scaled * (1 - fixed), scaled**2
    unseen = (products.sum() - products) / np.maximum(squares.sum() - squares, 1e-12)
    errors = 100 * np.abs(fixed + unseen * scaled - 1)
    factor = float(products.sum() / squares.sum())
    costs = (
        replace(cost, coefficients={name: factor * value for name, value in cost.coefficients.items()})
        for cost in added.values()
    )
    return replace(
        table,
        kinds={**table.kinds, **{cost.kind: cost for cost in costs}},
        mixed_networks=len(networks),
        mixed_mean_error_percent=float(errors.mean()),
        mixed_worst_error_percent=float(errors.max()),
    )


def _expected_cycles(
    table: LayerCostTable, networks: Sequence[NetworkSample], layers: Sequence[LayerSample]
) -> dict[str, float]:
    """By network, of its layers, before the table's scale."""
    expected = dict.fromkeys((sample.network for sample in networks), 0.0)
    for layer in layers:
        cost = table.find(layer.kind)
        if cost is not None:
            expected[layer.network] += cost.cycles(layer)
    return expected


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
