"""Fits on samples whose law is known."""

from dataclasses import replace

import numpy as np
import pytest

from micronets.characterise.regression import fit_board, fit_latency, fit_layer_costs
from micronets.characterise.samples import LayerSample, NetworkSample


def network(ops: int, latency_ms: float) -> NetworkSample:
    return NetworkSample("n", ops, float(ops), 0, 0, 0.0, latency_ms, 0, 0)


def test_a_line_is_found_with_its_scatter():
    generator = np.random.default_rng(4)
    mops = generator.uniform(5, 80, 400)
    noise = generator.normal(0, 2.0, 400)
    fit = fit_latency([network(int(1e6 * x), 7.0 + 5.0 * x + e) for x, e in zip(mops, noise, strict=True)])
    assert fit.mops_per_s == pytest.approx(200, rel=0.01)
    assert fit.intercept_ms == pytest.approx(7.0, abs=0.7)
    assert fit.residual_ms == pytest.approx(2.0, rel=0.1)
    assert fit.r2 == pytest.approx(1 - 4 / np.var(7 + 5 * mops + noise), abs=1e-3)


def layers(kind: str, count: int, seed: int, spread: float) -> list[LayerSample]:
    generator = np.random.default_rng(seed)
    samples = []
    for _ in range(count):
        macs, inputs, outputs, channels = (int(generator.integers(low, 50 * low)) for low in (9000, 900, 900, 4))
        cycles = (1.2 * macs + 3 * inputs + 8 * outputs + 50 * channels + 700) * generator.uniform(
            1 - spread, 1 + spread
        )
        samples.append(LayerSample("n", "l", kind, macs, inputs, outputs, channels, cycles))
    return samples


def test_the_table_finds_the_costs_of_layers_it_has_not_seen():
    (cost,) = fit_layer_costs(layers("depthwise", 300, 1, 0.0), seed=2)
    assert cost.coefficients["per_mac"] == pytest.approx(1.2, rel=1e-3)
    assert cost.coefficients["per_output"] == pytest.approx(8, rel=1e-3)
    assert cost.worst_error_percent < 0.01
    unseen = layers("depthwise", 1, 77, 0.0)[0]
    assert cost.cycles(unseen) == pytest.approx(unseen.cycles, rel=1e-3)


def test_errors_are_those_of_the_scatter_and_kinds_stay_apart():
    found = fit_layer_costs([*layers("depthwise", 400, 1, 0.2), *layers("1x1 convolution", 40, 5, 0.0)], seed=2)
    errors = {cost.kind: cost.mean_error_percent for cost in found}
    assert errors["1x1 convolution"] < 0.1
    assert 8 < errors["depthwise"] < 13  # uniform within 20 %: 10 % on average
    assert fit_layer_costs(layers("depthwise", 19, 1, 0.0), seed=2) == ()


def test_networks_of_fewer_bits_change_nothing_about_the_others():
    def networks(kinds: list[str], first: int, surcharge: float) -> tuple[list[NetworkSample], list[LayerSample]]:
        of_networks, of_layers = [], []
        for index in range(first, first + 30):
            own = [replace(layer, network=str(index)) for kind in kinds for layer in layers(kind, 2, index, 0.0)]
            cycles = sum(layer.cycles * surcharge for layer in own)
            of_networks.append(NetworkSample(str(index), 1, 1.0, 1, 1, cycles, 1.0, 1, 1))
            of_layers += own
        return of_networks, of_layers

    fewer = "depthwise, bits of inputs 4, outputs 4"
    plain = networks(["depthwise", "1x1 convolution"], 0, 1.1)
    mixed = networks(["depthwise", fewer], 100, 1.1)
    alone = fit_board("board", 1000, *plain, seed=1)
    table = fit_board("board", 1000, plain[0] + mixed[0], plain[1] + mixed[1], seed=1)
    assert table.of_bytes == alone.of_bytes and alone.mixed is None and table.of_bytes.networks == 30
    assert table.mixed == fit_board("board", 1000, *mixed, seed=1).mixed
    assert set(table.mixed.kinds) == {"depthwise", fewer} and table.mixed.scale == pytest.approx(1.1)
    assert table.mixed.worst_error_percent < 0.1
