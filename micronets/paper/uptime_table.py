"""Table 3: how much of its time a board computes where anomalies are detected as they are heard."""

from micronets.paper import reasons
from micronets.paper.cells import Cell, Row, Table, estimated, explained, missing, of_paper
from micronets.paper.figures import Paper, PaperNetwork
from micronets.paper.here import Here

STRIDE_MS = 640.0
"""From one input of the paper's networks to the next: 20 frames of 32 ms."""
WINDOW_STRIDE_MS = 32.0
"""Of the fully connected autoencoders: a frame."""
_STRIDES_MS = {"fc-ae": WINDOW_STRIDE_MS, "fc-ae-wide": WINDOW_STRIDE_MS}
_NOT_DEPLOYABLE = "not deployable in the paper"


def uptime_table(paper: Paper, here: Here) -> Table:
    """Every network of the task on every board; the paper gives one board for each."""
    columns = tuple((f"uptime on {board.letter}", "%") for board in paper.boards)
    rows = []
    for network in paper.of_task("ad"):
        if network.name == "conv-ae":
            continue  # the paper gives no stride of it
        papers, ours = [], []
        for board in paper.boards:
            stated = network.uptime_percent.get(board.board)
            told = missing(_NOT_DEPLOYABLE if not network.uptime_percent else reasons.NOT_PUBLISHED)
            papers.append(told if stated is None else of_paper(stated, f"{stated:g}"))
            ours.append(explained(_uptime(here, network, board.board), papers[-1], reasons.UPTIME))
        rows.append(Row.beside(network.title, "", papers, ours))
    remark = (
        f"Latency over the time from one input to the next: {STRIDE_MS:g} ms, for the fully connected autoencoders a "
        f"frame of {WINDOW_STRIDE_MS:g} ms. Above 100 % a board cannot follow. Table 3's other columns are "
        "Table 4's."
    )
    return Table("uptime", "Anomaly detection: uptime", "Table 3", columns, tuple(rows), (remark,))


def _uptime(here: Here, network: PaperNetwork, board: str) -> Cell:
    costs = here.costs.get((network.name, board))
    if costs is None:
        return missing(network.unknown)
    if costs.built is None:
        return missing(costs.refusal)
    latency_ms, error_percent = costs.built.latency_ms, costs.built.latency_error_percent
    if latency_ms is None or error_percent is None:
        return missing("no cycle model for the board")
    return estimated(100 * latency_ms / _STRIDES_MS.get(network.name, STRIDE_MS), error_percent)
