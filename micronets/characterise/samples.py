"""What is measured of a network and of its layers."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True)
class NetworkSample:
    """One network on one board.

    Attributes:
        ops: 2 x MACs, real map sizes; paper_ops: under the paper's convention.
        instructions: counted; cycles and latency_ms: estimated by the board's cycle model.
    """

    network: str
    ops: int
    paper_ops: float
    weights: int
    instructions: int
    cycles: float
    latency_ms: float
    network_ram_bytes: int
    flash_bytes: int


@dataclass(frozen=True)
class LayerSample:
    """One layer of such a network, as the compiler executes it.

    Attributes:
        kind: see `micronets.layer_costs.kind_of`.
        macs: as executed; inputs, outputs: values of the maps read and written; channels: of the output.
    """

    network: str
    layer: str
    kind: str
    macs: int
    inputs: int
    outputs: int
    channels: int
    cycles: float


def table(samples: Sequence[NetworkSample] | Sequence[LayerSample]) -> str:
    """CSV, one row per sample."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(samples[0])], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(sample) for sample in samples)
    return text.getvalue()
