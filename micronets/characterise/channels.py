"""The effect of channel counts that do not divide by four, which the paper reports of CMSIS-NN (138 against 140)."""

from dataclasses import dataclass

from micronets.architecture import Architecture, AveragePooling, Convolution
from micronets.boards import Board
from micronets.characterise.finished import Finished
from micronets.characterise.sampling import LayerSample, measure_networks

COUNTS = tuple(range(132, 145))
_MAP = (25, 5)


@dataclass(frozen=True)
class ChannelSample:
    """A 1x1 convolution of `channels` inputs and outputs on 25 x 5 pixels."""

    channels: int
    macs: int
    cycles: float


def measure_channels(board: Board, *, processes: int, optimise: str, finished: Finished) -> tuple[ChannelSample, ...]:
    """One convolution for every count of `COUNTS`; raises as `measure_networks`."""
    architectures = [
        Architecture(
            f"channels-{count}",
            (*_MAP, count),
            (Convolution(count), AveragePooling(), Convolution(4, activation="linear")),
        )
        for count in COUNTS
    ]
    samples = measure_networks(architectures, board, 0, processes=processes, optimise=optimise, finished=finished)
    first: dict[str, LayerSample] = {}
    for sample in samples.layers:
        first.setdefault(sample.network, sample)
    return tuple(
        ChannelSample(count, layer.macs, layer.cycles)
        for count in COUNTS
        if (layer := first.get(f"channels-{count}")) is not None
    )
