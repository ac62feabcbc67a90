"""Table 2 and Figure 10: networks with 4-bit weights and activations."""

from micronets.paper import reasons
from micronets.paper.cells import Cell, Row, Table, measured, missing, of_paper
from micronets.paper.costs import BuiltCosts
from micronets.paper.figures import FourBit, Paper, PaperNetwork
from micronets.paper.here import Here
from micronets.paper.network_cells import latency_cell, score_cell, score_reason, with_reasons

FOUR_BIT_NETWORKS = ("micronet-kws-l", "micronet-kws-m", "micronet-kws-s")
_COLUMNS = (
    ("accuracy", "%"),
    ("latency on M", "ms"),
    ("longer than W8A8", "%"),
    ("model", ".tflite, kB"),
    ("SRAM", "kB"),
)
_EIGHT, _WEIGHTS, _BOTH = "W8A8", "W4A8", "W4A4"
_ENDING = {_WEIGHTS: "-w4a8", _BOTH: "-w4a4"}
_UNTRAINED = "4 bits train here (train.weight_bits, train.activation_bits), but no such network is in this run"


def four_bit_table(paper: Paper, here: Here) -> Table:
    """The paper's rows, and those of 4-bit weights with 8-bit activations."""
    rows = [_row(paper, here, entry) for entry in paper.four_bit]
    told = {(entry.network, entry.bits) for entry in paper.four_bit}
    rows += [
        _longer_row(paper, here, name, percent)
        for name, percent in paper.four_bit_longer_percent.items()
        if (name, _BOTH) not in told
    ]
    rows += [_weights_row(paper, here, name) for name in FOUR_BIT_NETWORKS]
    return Table("four-bit", "4-bit networks", "Table 2, Figure 10", _COLUMNS, tuple(rows))


def _title(paper: Paper, name: str, bits: str) -> str:
    return f"{paper.network(name).title}, {bits}"


def _row(paper: Paper, here: Here, entry: FourBit) -> Row:
    longer = paper.four_bit_longer_percent[entry.network] if entry.bits == _BOTH else 0.0
    papers = (
        of_paper(entry.accuracy_percent, f"{entry.accuracy_percent:g}"),
        of_paper(1e3 * entry.latency_s, f"{1e3 * entry.latency_s:g}"),
        of_paper(longer, f"{longer:+g}" if longer else "0"),
        of_paper(entry.tflite_kb, f"{entry.tflite_kb:g}", is_estimate="tflite_kb" in entry.estimated),
        of_paper(entry.sram_kb, f"{entry.sram_kb:g}", is_estimate="sram_kb" in entry.estimated),
    )
    if entry.bits == _BOTH:
        ours = _four_bits(paper, here, entry.network, _BOTH)
    else:
        network = paper.network(entry.network)
        why = (score_reason(here, network), reasons.LATENCY, "", reasons.MODEL, reasons.ARENA)
        ours = with_reasons(here, "kws", _eight_bits(paper, here, network), papers, why)
    return Row.beside(_title(paper, entry.network, entry.bits), "", papers, ours)


def _longer_row(paper: Paper, here: Here, name: str, percent: float) -> Row:
    unknown = missing("the paper gives how much longer it takes, in Figure 10, and nothing else")
    papers = (unknown, unknown, of_paper(percent, f"{percent:+g}"), unknown, unknown)
    return Row.beside(_title(paper, name, _BOTH), "", papers, _four_bits(paper, here, name, _BOTH))


def _built(paper: Paper, here: Here, name: str) -> tuple[BuiltCosts | None, float]:
    """On the medium board, and the size of the model in kB."""
    costs = here.costs[name, paper.board("M")]
    return costs.built, costs.tflite_bytes / 1e3


def _eight_bits(paper: Paper, here: Here, network: PaperNetwork) -> tuple[Cell, ...]:
    built, model_kb = _built(paper, here, network.name)
    nothing = Cell("measured", "0", value=0.0)
    return (score_cell(here, network), *_costs_cells(built, nothing, model_kb))


def _weights_row(paper: Paper, here: Here, name: str) -> Row:
    papers = (missing("the paper has no network with weights alone in 4 bits"),) * len(_COLUMNS)
    return Row.beside(_title(paper, name, _WEIGHTS), "", papers, _four_bits(paper, here, name, _WEIGHTS))


def _four_bits(paper: Paper, here: Here, name: str, bits: str) -> tuple[Cell, ...]:
    eight, _ = _built(paper, here, name)
    four, model_kb = _built(paper, here, name + _ENDING[bits])
    longer = missing("either does not fit the board")
    if eight and four and eight.latency_ms and four.latency_ms:
        percent = 100 * (four.latency_ms / eight.latency_ms - 1)
        longer = Cell("estimated", f"{percent:+.1f}", "of two estimates by the same model", value=percent)
    return (missing(_UNTRAINED), *_costs_cells(four, longer, model_kb))


def _costs_cells(built: BuiltCosts | None, longer: Cell, model_kb: float) -> tuple[Cell, ...]:
    if built is None:
        unfit = missing(reasons.NOT_DEPLOYED)
        return (unfit, longer, measured(model_kb), unfit)
    return (latency_cell(built), longer, measured(model_kb), measured(built.network_ram_bytes / 1e3))
