"""Pictures of the characterisation."""

from collections.abc import Mapping, Sequence

import numpy as np

from micronets.characterise.channels import ChannelSample
from micronets.characterise.regression import LatencyFit
from micronets.characterise.samples import LayerSample, NetworkSample
from micronets.layer_costs import NetworkCosts, of_eight_bits
from micronets.style import BLUE, GREEN, INK, MUTED, PURPLE, VERMILION, Picture, blank_figure, finish, styled

_COLOURS = (BLUE, VERMILION, GREEN, PURPLE, MUTED)
_HEIGHT_INCHES = 4.2


def latency_picture(
    board: str, samples: Mapping[str, Sequence[NetworkSample]], fits: Mapping[str, LatencyFit]
) -> Picture:
    """Latency of every network against its operations, by backbone, with the fitted lines."""
    with styled():
        figure = blank_figure(6.6, _HEIGHT_INCHES)
        axes = figure.subplots()
        for colour, (backbone, networks) in zip(_COLOURS, samples.items(), strict=False):
            mops = np.array([network.ops for network in networks]) / 1e6
            axes.scatter(
                mops, [network.latency_ms for network in networks], s=12, color=colour, alpha=0.7, linewidths=0
            )
            ends, fit = np.array([0, mops.max()]), fits[backbone]
            label = f"{backbone}: {fit.mops_per_s:.0f} Mops/s, r² {fit.r2:.3f}, {fit.networks} networks"
            axes.plot(ends, fit.intercept_ms + fit.ms_per_mop * ends, color=colour, linewidth=1.2, label=label)
        axes.set_xlabel("million operations (2 per multiply-accumulate)")
        axes.set_ylabel("ms, estimated")
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.set_title(board)
        axes.legend(loc="upper left", fontsize=8.5)
        return finish(
            figure,
            f"{board}_latency",
            "Latency against operations",
            "Each point is a network drawn at random from its backbone, compiled and run on the emulator; latency is "
            "estimated from its counted instructions. The paper states r² between 0.95 and 0.99 for one backbone.",
            "; ".join(f"{name}: r² {fit.r2:.3f}, {fit.mops_per_s:.0f} Mops/s" for name, fit in fits.items()),
        )


def layer_cost_picture(name: str, title: str, layers: Sequence[LayerSample], costs: NetworkCosts) -> Picture:
    """What the fitted table expects of every layer, against what it took; hollow where any of its bits are 4."""
    kinds = list(costs.kinds.values())
    with styled():
        figure = blank_figure(6.6, _HEIGHT_INCHES)
        axes = figure.subplots()
        colours = dict(zip(sorted({of_eight_bits(cost.kind) for cost in kinds}), _COLOURS, strict=False))
        for cost in kinds:
            of_kind = [layer for layer in layers if layer.kind == cost.kind]
            colour, fewer_bits = colours[of_eight_bits(cost.kind)], cost.kind != of_eight_bits(cost.kind)
            label = None if fewer_bits else f"{cost.kind}: mean error {cost.mean_error_percent:.1f} %"
            took, expected = [layer.cycles for layer in of_kind], [cost.cycles(layer) for layer in of_kind]
            fill, width = ("none", 0.6) if fewer_bits else (colour, 0)
            axes.scatter(
                took, expected, s=9, facecolor=fill, edgecolor=colour, alpha=0.6, linewidths=width, label=label
            )
        ends = [min(layer.cycles for layer in layers), max(layer.cycles for layer in layers)]
        axes.plot(ends, ends, color=INK, linewidth=0.9)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("cycles, from counted instructions")
        axes.set_ylabel("cycles, by the fitted table")
        axes.set_title(title)
        if kinds:
            axes.legend(loc="upper left", fontsize=8.5)
        return finish(
            figure,
            name,
            "Fitted cost table",
            "Each point is a layer of the networks, hollow where weights or activations have 4 bits. Errors are those "
            "of layers that the fit had not seen.",
            "; ".join(f"{cost.kind}: mean error {cost.mean_error_percent:.1f} %" for cost in kinds),
        )


def channel_picture(board: str, samples: Sequence[ChannelSample]) -> Picture:
    """Cycles per multiply-accumulate of a 1x1 convolution by its channels."""
    with styled():
        figure = blank_figure(6.6, 3.2)
        axes = figure.subplots()
        counts = np.array([sample.channels for sample in samples])
        cycles = np.array([sample.cycles / sample.macs for sample in samples])
        axes.bar(counts, cycles, color=np.where(counts % 4 == 0, BLUE, MUTED), width=0.7)
        axes.set_xlabel("input and output channels (blue: multiples of four)")
        axes.set_ylabel("cycles per MAC")
        axes.set_xticks(counts)
        axes.grid(axis="x", visible=False)
        axes.set_title(board)
        return finish(
            figure,
            f"{board}_channels",
            "Channels that do not divide by four",
            "A 1x1 convolution on 25 x 5 pixels. The paper measured 37.5 ms with 138 channels and 21.5 ms with 140 "
            "under CMSIS-NN; here the compiler pads and packs the weights beforehand.",
            ", ".join(f"{count}: {value:.2f}" for count, value in zip(counts, cycles, strict=True)),
        )


def comparison_picture(board: str, other: str, points: Mapping[str, Sequence[tuple[float, float]]]) -> Picture:
    """Latency in ms of the same networks on two boards, (`board`, `other`), by backbone."""
    with styled():
        figure = blank_figure(6.6, _HEIGHT_INCHES)
        axes = figure.subplots()
        highest, ratios = 0.0, {}
        for colour, (backbone, pairs) in zip(_COLOURS, points.items(), strict=False):
            first, second = np.array(pairs).T
            highest, ratios[backbone] = max(highest, first.max()), (first / second).mean()
            label = f"{backbone}: {ratios[backbone]:.2f} times as fast"
            axes.scatter(first, second, s=12, color=colour, alpha=0.7, linewidths=0, label=label)
        axes.plot([0, highest], [0, highest / 2], color=INK, linewidth=0.9, label="twice as fast")
        axes.set_xlabel(f"ms on {board}, estimated")
        axes.set_ylabel(f"ms on {other}, estimated")
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper left", fontsize=8.5)
        return finish(
            figure,
            f"{board}_{other}",
            f"{other} beside {board}",
            "Each point is a random network that fits both boards. The paper measured the F746ZG to be about twice as "
            "fast as the F446RE.",
            "; ".join(f"{name}: {ratio:.2f}" for name, ratio in ratios.items()),
        )
