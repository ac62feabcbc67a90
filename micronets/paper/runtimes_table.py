"""The same networks under TensorFlow Lite Micro, as the paper ran it and as it is today, and compiled by us."""

from micronets.benchmark.models import BASELINE, M4_BOARD
from micronets.benchmark.peers import PeerFigures, load_peers
from micronets.boards import find_board
from micronets.paper import reasons
from micronets.paper.cells import HERE_LINE, PAPER_LINE, Cell, Line, Row, Table, estimated, measured, missing, of_paper
from micronets.paper.figures import Paper, PaperNetwork
from micronets.paper.here import Here
from micronets.report.records import Build
from micronets.runtime import TFLM
from micronets.timing.cycle_models import find_cycle_model

_TODAY = "TFLM today"
_NOT_RUN = (
    "no run of TFLM for this network and board: it takes TFLM's library (firmware.tflm), and the figures that come "
    "with this project are of four of Arm's files"
)


def runtimes_table(paper: Paper, here: Here) -> Table:
    """RAM and latency of every network that is known by name."""
    columns = (("SRAM", "kB"), *((f"latency on {board.letter}", "ms") for board in paper.boards))
    peers = {model.title: model.peers[BASELINE] for model in load_peers().models if BASELINE in model.peers}
    rows = []
    for network in paper.networks:
        costs = {board.letter: here.costs.get((network.name, board.board)) for board in paper.boards}
        if not any(costs.values()):
            continue
        built = {letter: found.built for letter, found in costs.items() if found and found.built}
        unfit = next(found.refusal for found in reversed(costs.values()) if found) or reasons.NOT_DEPLOYED
        ram = measured(next(iter(built.values())).network_ram_bytes / 1e3) if built else missing(unfit)
        ours = [ram]
        for board in paper.boards:
            found = built.get(board.letter)
            if found is None or found.latency_ms is None or found.latency_error_percent is None:
                refused = costs[board.letter]
                ours.append(missing(refused.refusal if refused and refused.refusal else reasons.NOT_DEPLOYED))
            else:
                ours.append(estimated(found.latency_ms, found.latency_error_percent))
        lines = (
            Line(f"TFLM of 2020, {PAPER_LINE}", tuple(_paper_cells(paper, network))),
            Line(_TODAY, tuple(_today_cells(paper, here, network, peers.get(network.peer)))),
            Line(f"compiled, {HERE_LINE}", tuple(ours)),
        )
        rows.append(Row(network.title, "", lines))
    remark = (
        f"{_TODAY}: of Arm's files, with CMSIS-NN on {M4_BOARD}, latency estimated as ours (benchmark/peers.yaml), and "
        "carried over to the boards here; of the others, the arena of its reference kernels on this machine; where the "
        "run has a build for TFLM, that one."
    )
    return Table("runtimes", "Runtimes side by side", "Table 4", columns, tuple(rows), (remark,))


def _paper_cells(paper: Paper, network: PaperNetwork) -> list[Cell]:
    sram = network.sram_kb
    estimate = network.is_estimate("sram_kb")
    cells = [missing(reasons.NOT_PUBLISHED) if sram is None else of_paper(sram, f"{sram:g}", is_estimate=estimate)]
    for board in paper.boards:
        seconds = network.latency_s.get(board.board)
        estimate = network.is_estimate("latency_s", board.board)
        told = None if seconds is None else of_paper(1e3 * seconds, f"{1e3 * seconds:g}", is_estimate=estimate)
        cells.append(told or missing(reasons.NOT_DEPLOYED))
    return cells


def _today_cells(paper: Paper, here: Here, network: PaperNetwork, peer: PeerFigures | None) -> list[Cell]:
    model = here.model(network.task, network.name)
    builds = {} if model is None else {build.board.name: build for build in model.builds if build.runtime == TFLM}
    arenas = [build.firmware.arena_bytes for build in builds.values() if build.firmware]
    if arenas:
        ram = measured(min(arenas) / 1e3, detail="in this run")
    elif peer is not None and peer.network_ram_bytes is not None:
        ram = measured(peer.network_ram_bytes / 1e3, detail="Arm's file")
    else:
        bytes_on_host = next(costs.tflm_arena_bytes for (name, _), costs in here.costs.items() if name == network.name)
        ram = measured(bytes_on_host / 1e3, detail="on the host")
    return [ram, *(_today_latency(here, network, board.board, builds.get(board.board), peer) for board in paper.boards)]


def _today_latency(
    here: Here, network: PaperNetwork, board_name: str, build: Build | None, peer: PeerFigures | None
) -> Cell:
    """Of a build in this run, or else the published file's cycles on a Cortex-M4, carried over to the board's core."""
    if build is not None and build.profile is not None and build.profile.estimate is not None:
        estimate = build.profile.estimate
        return estimated(estimate.latency_ms, estimate.mean_error_percent, detail="in this run")
    board = find_board(board_name)
    model, costs = find_cycle_model(board), here.costs.get((network.name, board_name))
    if peer is None or model is None or costs is None:
        return missing(_NOT_RUN)
    cycles = model.cycles(peer.latency_ms / 1e3 * find_board(M4_BOARD).clock_hz, costs.macs)
    return estimated(cycles / board.clock_hz * 1e3, 100 * model.errors.mean)
