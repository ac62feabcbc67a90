"""Section 3 of the paper, its Table 1 and Figures 2, 4 and 5: boards, memory, latency by operations, power."""

import statistics
from collections.abc import Sequence

from micronets.boards import find_board
from micronets.paper import reasons
from micronets.paper.cells import (
    HERE_LINE,
    PAPER_LINE,
    Cell,
    Line,
    Row,
    Table,
    estimated,
    explained,
    explained_line,
    measured,
    missing,
    of_paper,
)
from micronets.paper.figures import Paper
from micronets.paper.here import Characterisation, Here

_BACKBONE = "how fast a backbone is per operation follows from its kinds of layers: these weigh less for our kernels"
_BACKBONES = {
    "kws": ("keyword spotting", "DS-CNN-L with four more blocks"),
    "cifar10": ("image classification", "ours, as the paper's is not published"),
    "vww": ("visual wake words", "MobileNetV2 of half the width; not in the paper"),
}
_FEW_OPERATIONS = "these random networks have much the same number of operations, which leaves little to explain by it"
_FASTER = "the Cortex-M7 gains on what is beside the multiply-accumulates, of which our kernels leave less"
_CHANNELS = "our kernels take any number of channels: weights lie in pairs, and an odd pair shares a channel"
_MEMORY_REASON = "no interpreter, no description of the graph, and buffers that share one arena"


def memory_table(paper: Paper, here: Here) -> Table:
    """Figure 2: what the memories of the medium board hold of MicroNet-KWS-L."""
    stated = paper.characterisation["memory_kb"]
    board = find_board(paper.board("M"))
    built = here.costs[stated["network"], board.name].built
    columns = tuple(
        (f"{memory}: {part}", "kB") for memory in ("SRAM", "flash") for part in ("network", "all else", "free")
    )
    sram, flash = stated["sram"], stated["flash"]
    papers = [
        *_thirds(sram, ("intermediate tensors", "persistent buffers")),
        *_thirds(flash, ("weights and biases", "quantisation parameters and graph")),
    ]
    if built is None:
        ours = [missing(reasons.NOT_DEPLOYED)] * len(columns)
    else:
        ours = [
            explained(measured(size_bytes / 1e3), other, _MEMORY_REASON)
            for size_bytes, other in zip(
                (
                    built.network_ram_bytes,
                    built.program_ram_bytes - built.network_ram_bytes,
                    board.sram_bytes - built.program_ram_bytes,
                    built.network_flash_bytes,
                    built.program_flash_bytes - built.network_flash_bytes,
                    board.flash_bytes - built.program_flash_bytes,
                ),
                papers,
                strict=True,
            )
        ]
    row = Row.beside(paper.network(stated["network"]).title, "", papers, ours)
    remark = "All else: in the paper TFLM and Mbed OS; here start-up code, the program that measures, and the stack."
    return Table("memory", f"Memories of {board.name}", "Figure 2", columns, (row,), (remark,))


def _thirds(stated: dict[str, float], network: Sequence[str]) -> list[Cell]:
    own = sum(stated[part] for part in network)
    rest = sum(size for part, size in stated.items() if part not in (*network, "free"))
    return [of_paper(value, f"{value:g}") for value in (own, rest, stated["free"])]


def latency_table(paper: Paper, here: Here) -> Table:
    """Figure 4: how far latency is linear in operations, by backbone and board."""
    stated = paper.characterisation
    low, high = stated["r2"]
    columns = (
        ("r²", "latency by operations"),
        ("throughput", "Mops/s"),
        ("of cifar10's", "throughput"),
        ("of the small board's", "throughput"),
    )
    rows = []
    for board in paper.boards:
        found = here.characterisations.get(board.board)
        if found is None:
            continue
        small = here.characterisations.get(paper.board("S"))
        for backbone, fit in found.fits.items():
            title, note = _BACKBONES[backbone]
            linear = Cell("paper", f"{low} to {high}", value=(low + high) / 2, error=(high - low) / 2)
            kws_over = stated["kws_over_cifar10_throughput"]
            faster = stated["medium_over_small_speed"]
            papers = (
                linear if backbone != "vww" else missing("not in the paper"),
                missing("a picture alone (Figure 4)"),
                of_paper(kws_over, f"{kws_over:g}", detail="about")
                if backbone == "kws"
                else missing("not in the paper"),
                of_paper(faster, f"{faster:g}", detail="around")
                if board.letter == "M"
                else missing("the board itself"),
            )
            why = (_FEW_OPERATIONS, "", _BACKBONE, _FASTER)
            ours = explained_line(_fit_cells(found, small, backbone), papers, why)
            detail = f"{note}; {fit.networks} random networks"
            rows.append(Row.beside(f"{title} on {board.letter}", detail, papers, ours))
    return Table("latency", "Latency of random networks", "Figure 4, section 3.3", columns, tuple(rows))


def _fit_cells(found: Characterisation, small: Characterisation | None, backbone: str) -> tuple[Cell, ...]:
    fit = found.fits[backbone]
    cifar10 = found.fits.get("cifar10")
    over = missing("cifar10 was not characterised in this run")
    if cifar10 is not None:
        over = Cell("estimated", f"{fit.mops_per_s / cifar10.mops_per_s:.2f}", "of two estimates by the same model",
                    value=fit.mops_per_s / cifar10.mops_per_s)  # fmt: skip
    times = missing("the board itself")
    if small is not None and small.board != found.board and backbone in small.fits:
        error = (found.error_percent**2 + small.error_percent**2) ** 0.5
        times = estimated(fit.mops_per_s / small.fits[backbone].mops_per_s, error, 2)
    return (
        Cell("estimated", f"{fit.r2:.3f}", "of estimated latencies", value=fit.r2),
        estimated(fit.mops_per_s, found.error_percent),
        over,
        times,
    )


def channels_table(paper: Paper, here: Here) -> Table:
    """Section 3.2: a convolution whose channels divide by four, and one whose do not."""
    stated = paper.characterisation["channels_ms"]
    columns = (("138 channels", "ms"), ("140 channels", "ms"), ("138 over 140", "per multiply-accumulate"))
    per_mac = stated[138] / 138**2 / (stated[140] / 140**2)
    papers = (
        of_paper(stated[138], f"{stated[138]:g}"),
        of_paper(stated[140], f"{stated[140]:g}"),
        of_paper(per_mac, f"{per_mac:.2f}"),
    )
    rows = [Row("convolution on L", "its map is not published", (Line(PAPER_LINE, papers),))]
    for board in paper.boards:
        found = here.characterisations.get(board.board)
        if found is None or not {138, 140} <= set(found.cycles_per_mac):
            continue
        times = [found.cycles_per_mac[count] * 25 * 5 * count**2 / found.clock_hz * 1e3 for count in (138, 140)]
        ratio = found.cycles_per_mac[138] / found.cycles_per_mac[140]
        same = Cell("estimated", f"{ratio:.2f}", "of two estimates by the same model", value=ratio)
        ours = (*(estimated(ms, found.error_percent) for ms in times), explained(same, papers[2], _CHANNELS))
        rows.append(Row(f"1x1 convolution on {board.letter}", "a map of 25x5", (Line(HERE_LINE, ours),)))
    return Table("channels", "Channels that divide by four", "Section 3.2", columns, tuple(rows))


def power_table(paper: Paper, here: Here) -> Table:
    """Table 1 and Figure 5: the power of the boards, and whether it depends on the network."""
    columns = (
        ("power", "W"),
        ("energy over latency", "W, of the networks of Table 4"),
        ("spread of power", "σ/µ, of 400 networks"),
    )
    rows = []
    for board in paper.boards:
        powers = paper_powers(paper, board.board)
        between = missing(reasons.NOT_PUBLISHED)
        if powers:
            spread = statistics.stdev(powers) / statistics.mean(powers)
            detail = f"{len(powers)} networks, σ/µ {spread:.3f}"
            between = Cell("paper", f"{min(powers):.3f} to {max(powers):.3f}", detail)
        spread = paper.characterisation["power_sigma_over_mean"]
        papers = (
            of_paper(board.power_w, f"{board.power_w:g}", detail="nominal"),
            between,
            of_paper(spread, f"{spread:g}") if board.letter != "L" else missing(reasons.NOT_PUBLISHED),
        )
        nothing = (missing(reasons.NO_SILICON),) * len(columns)
        rows.append(Row.beside(f"{board.letter}: {board.board}", "", papers, nothing))
    remark = (
        "Energies here are the latency times the middle of the second column, which is the paper's: that power does "
        "not depend on the network is taken from it, and not tested."
    )
    return Table("power", "Power", "Table 1, Figure 5", columns, tuple(rows), (remark,))


def paper_powers(paper: Paper, board: str) -> list[float]:
    """Energy over latency of the networks that the paper has measured on a board, in W."""
    return [
        network.energy_mj[board] / 1e3 / network.latency_s[board]
        for network in paper.networks
        if board in network.energy_mj and board in network.latency_s and not misplaced_energy(network.name)
    ]


def misplaced_energy(name: str) -> bool:
    """Whether the paper's energies of a network stand in the wrong columns (see the data file)."""
    return name == "mobilenet-v2-s"
