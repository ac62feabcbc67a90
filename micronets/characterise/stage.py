"""The paper's characterisation of hardware: how latency follows from operations, by backbone and board."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from micronets.atomic import atomic_directory, write_json, write_text
from micronets.boards import Board, find_board
from micronets.characterise.backbones import find_backbone
from micronets.characterise.channels import ChannelSample, measure_channels
from micronets.characterise.finished import Finished
from micronets.characterise.pictures import channel_picture, latency_picture, layer_cost_picture
from micronets.characterise.regression import LatencyFit, fit_board, fit_latency, layers_by_bits
from micronets.characterise.samples import table
from micronets.characterise.sampling import Samples, measure_networks
from micronets.errors import ConfigurationError
from micronets.timing.cycle_models import CycleModel, find_cycle_model

logger = logging.getLogger(__name__)


def characterise(
    directory: str | os.PathLike,
    board_name: str,
    backbones: Sequence[str],
    *,
    networks: int,
    seed: int,
    optimise: str,
    processes: int,
) -> dict[str, Any]:
    """Measures random networks of every backbone on one board and fits latency and layer costs.

    Writes to `directory`: `{backbone}_networks.csv` and `{backbone}_layers.csv`, `layer_costs.json` (the table),
    `characterisation.json` (all figures), `summary.txt` and `pictures/*.png`; returns the figures. While it runs,
    `finished/` keeps what is measured: a later call goes on from there.

    Args:
        networks: how many of each backbone.
        processes: networks measured side by side; the figures do not depend on it.

    Raises:
        ConfigurationError: an unknown backbone, or a board without a cycle model.
        EmulatorError: an output differs from TFLM's.
    """
    board, directory = find_board(board_name), Path(directory)
    model = find_cycle_model(board)
    if model is None:
        raise ConfigurationError(f"there is no cycle model for {board.core}, so {board_name} cannot be characterised")
    chosen = [find_backbone(name) for name in backbones]
    finished = Finished(directory / "finished", board, optimise)
    measured: dict[str, Samples] = {}
    for backbone in chosen:
        logger.info("%s: %d random networks", backbone.name, networks)
        architectures = [backbone.sample(seed, index) for index in range(networks)]
        measured[backbone.name] = measure_networks(
            architectures, board, seed, processes=processes, optimise=optimise, finished=finished
        )
    channels = measure_channels(board, processes=processes, optimise=optimise, finished=finished)
    fits = {name: fit_latency(samples.networks) for name, samples in measured.items()}
    layers = [layer for samples in measured.values() for layer in samples.layers]
    every = [network for samples in measured.values() for network in samples.networks]
    costs = fit_board(board.name, board.clock_hz, every, layers, seed)
    figures = {
        "board": board.name,
        "core": board.core,
        "clock_hz": board.clock_hz,
        "seed": seed,
        "optimise": optimise,
        "cycle_model": model.to_json(),
        "backbones": {
            backbone.name: {
                "note": backbone.note,
                "too_large": measured[backbone.name].too_large,
                **fits[backbone.name].to_json(),
            }
            for backbone in chosen
        },
        "channels": {str(sample.channels): round(sample.cycles / sample.macs, 4) for sample in channels},
    }
    for name, samples in measured.items():
        write_text(directory / f"{name}_networks.csv", table(samples.networks))
        write_text(directory / f"{name}_layers.csv", table(samples.layers))
    write_json(directory / "layer_costs.json", costs.to_json())
    with atomic_directory(directory / "pictures") as beside:
        latency_picture(board.name, {name: found.networks for name, found in measured.items()}, fits).save(beside)
        of_bytes, mixed = layers_by_bits(layers)
        if of_bytes:
            layer_cost_picture(f"{board.name}_layers", board.name, of_bytes, costs.of_bytes).save(beside)
        if costs.mixed is not None:
            title = f"{board.name}, networks with layers of 4 bits"
            layer_cost_picture(f"{board.name}_mixed_layers", title, mixed, costs.mixed).save(beside)
        channel_picture(board.name, channels).save(beside)
    write_text(directory / "summary.txt", summary(board, model, fits, channels) + "\n")
    write_json(directory / "characterisation.json", figures)
    finished.remove()
    return figures


def summary(board: Board, model: CycleModel, fits: Mapping[str, LatencyFit], channels: Sequence[ChannelSample]) -> str:
    """The figures beside the paper's statements, in words."""
    lines = [
        f"{board.name} ({board.core}, {board.clock_hz / 1e6:g} MHz), latencies estimated from counted instructions, "
        f"mean error {model.errors.mean:.1%}, worst {model.errors.worst:.1%}"
    ]
    for name, fit in fits.items():
        lines.append(
            f"  {name:10} {fit.networks} networks: {fit.mops_per_s:6.1f} Mops/s, r² {fit.r2:.4f}, residual "
            f"{fit.residual_ms:.2f} ms, at worst {fit.worst_residual_percent:.1f} %  (paper: r² 0.95 to 0.99)"
        )
    if {"kws", "cifar10"} <= set(fits):
        ratio = fits["kws"].mops_per_s / fits["cifar10"].mops_per_s
        lines.append(f"  throughput of kws over cifar10: {ratio:.2f}  (paper: 1.4, with backbones it does not publish)")
    per_mac = {sample.channels: sample.cycles / sample.macs for sample in channels}
    if {138, 140} <= set(per_mac):
        lines.append(
            f"  1x1 convolution, cycles per MAC: {per_mac[138]:.3f} with 138 channels, {per_mac[140]:.3f} with 140, "
            f"ratio {per_mac[138] / per_mac[140]:.2f}  (paper, CMSIS-NN on a Cortex-M7: 1.74)"
        )
    return "\n".join(lines)
